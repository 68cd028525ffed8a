//! The form of a case. Whatever a file says that is not named here is an error.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use schemas::reading::{DataInput, ReadingStatus};
use serde::Deserialize;

use crate::BadCase;
use crate::ids;
use crate::seen::{Metric, Seen};
use crate::sent::rendered;

/// A case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its file.
    #[serde(skip)]
    pub file: String,
    /// Its place among all cases, from 0: its patients' ids are made of it.
    #[serde(skip)]
    pub number: usize,
    /// What happens and what must be, in a sentence.
    pub title: String,
    /// Its patients by names that the file gives them; one of the name `patient` where none is named.
    #[serde(default)]
    pub patients: BTreeMap<String, Patient>,
    /// What is sent, one after another.
    pub send: Vec<Step>,
    /// What must be seen of a patient once all is sent.
    #[serde(default)]
    pub seen: Vec<Seen>,
    /// What services must have counted.
    #[serde(default)]
    pub metrics: Vec<Metric>,
}

/// How a patient is registered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patient {
    /// Zone of the consortium, in which times of its documents are read.
    pub time_zone: String,
    /// Id of the consortium, where the case is about it; beginning with `FLD`, and of no other case.
    pub consortium: Option<String>,
    /// Whether the consortium is in its list.
    pub consortium_is_registered: bool,
    /// Whether the patient is in the list of participants.
    pub is_registered: bool,
    /// Who follows the patient; nobody where empty.
    pub followed_by: String,
    /// Who follows the consortium's patients whom nobody follows; nobody where empty.
    pub fallback: String,
}

impl Default for Patient {
    fn default() -> Self {
        Self {
            time_zone: "Asia/Tokyo".to_owned(),
            consortium: None,
            consortium_is_registered: true,
            is_registered: true,
            followed_by: PHYSICIAN.to_owned(),
            fallback: String::new(),
        }
    }
}

/// The physician of a patient whose case names none.
pub const PHYSICIAN: &str = "dr.sato";
/// The name of a case's patient where it names none.
const ONLY_PATIENT: &str = "patient";

/// A patient's ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Id of the consortium.
    pub consortium: String,
    /// Id of the person in it.
    pub person: String,
}

impl Address {
    /// `consortium_id/person_id`.
    pub fn patient(&self) -> String {
        format!("{}/{}", self.consortium, self.person)
    }
}

/// Something that is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Step {
    /// A request to the gateway.
    Http(Box<Http>),
    /// Records of `readings.raw`, as a vendor's own producer writes them.
    Kafka(Box<Kafka>),
}

impl Step {
    /// Whose it is, by the name in the file.
    pub fn patient(&self) -> Option<&str> {
        match self {
            Self::Http(http) => http.patient.as_deref(),
            Self::Kafka(kafka) => kafka.patient.as_deref(),
        }
    }
}

/// A request to the gateway. Either `body`, or the records of one person in an envelope of the
/// exchange standard.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Whose, where the case has several patients.
    pub patient: Option<String>,
    /// Zone in which times are written; that of the patient's consortium where none is said.
    pub zone: Option<String>,
    /// Records of `healthcare_information` by their array, one a line.
    pub home: BTreeMap<String, String>,
    /// Records of `health_checkup_information` by their array, one a line.
    pub checkup: BTreeMap<String, String>,
    /// So many times each line with `{n}` in it, which counts from 0.
    pub repeat: Option<u32>,
    /// The whole body. Where lines are repeated, blank ones are left out.
    pub body: Option<String>,
    /// What the text begins with, hexadecimal.
    pub begins_with: String,
    /// `Content-Encoding`: `gzip`, `x-gzip`, `zstd`, or nothing.
    pub encoding: Option<String>,
    /// What comes behind the text, or behind its compressed form, hexadecimal.
    pub followed_by: String,
    /// What the gateway must say.
    pub answer: Answer,
}

/// What the gateway must answer. Rejections and warnings are all that there may be.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The status; 202 where none is said.
    pub status: Option<u16>,
    /// How many readings are accepted.
    pub accepted: usize,
    /// How many are rejected; as many as `errors` name where none is said.
    pub rejected: Option<usize>,
    /// What is wrong with those that are rejected.
    pub errors: Vec<Fault>,
    /// What is tolerated.
    pub warnings: Vec<Fault>,
    /// Of a body that is not taken at all, the code at the end of the problem's `type`.
    pub problem: Option<String>,
    /// What the versions of each accepted reading became, the greatest first, as the sender's receipts
    /// say once all is sent.
    pub receipts: Option<Vec<Vec<String>>>,
    /// Of which of its fields the receipt of each accepted reading warns, `field:rule`, once all is sent.
    pub receipt_warnings: Option<Vec<Vec<String>>>,
}

/// A rule at a place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The rule's code.
    pub rule: String,
    /// How the JSON pointer ends, `blood_pressure/0/pulse_rate`; of all pointers where empty.
    #[serde(default)]
    pub at: String,
    /// Which document of the body, from 0.
    #[serde(default)]
    pub document: u64,
    /// Words that its message holds.
    #[serde(default)]
    pub says: String,
}

/// Records of `readings.raw`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// Whose, where the case has several patients.
    pub patient: Option<String>,
    /// Zone of a civil time and of the offset that is sent; that of the patient's consortium where
    /// none is said.
    pub zone: Option<String>,
    /// When it was observed: see [`crate::time::When`].
    pub observed: String,
    /// When it was registered or changed; when it was observed where nothing is said.
    pub updated: Option<String>,
    /// The device's manufacturer.
    #[serde(default = "manufacturer")]
    pub manufacturer: String,
    /// The device's model.
    #[serde(default = "model")]
    pub model_number: String,
    /// The device's serial.
    #[serde(default = "serial")]
    pub serial: String,
    /// Whose credentials it says that it came in with.
    pub vendor: Option<String>,
    /// The person's id as it is sent, with `{person}` for what it should be.
    pub person: Option<String>,
    /// The offset that is sent instead of the zone's, minutes.
    pub utc_offset_minutes: Option<i32>,
    /// How the value came in.
    #[serde(default = "by_device")]
    pub data_input: DataInput,
    /// Final, or entered in error.
    #[serde(default)]
    pub status: ReadingStatus,
    /// The kind of reading.
    pub kind: String,
    /// Its values, by the names of `reading.avsc`; `nan` and `inf` are numbers here.
    pub values: toml::Table,
    /// So many records, with `{n}` in times and serial from 0.
    pub repeat: Option<u32>,
    /// What the receipt of each record tells the vendor that it names was not taken as it was sent,
    /// `field:rule`.
    pub warnings: Option<Vec<String>>,
}

fn manufacturer() -> String {
    crate::text::MANUFACTURER.to_owned()
}

fn model() -> String {
    crate::text::MODEL.to_owned()
}

fn serial() -> String {
    crate::text::SERIAL.to_owned()
}

fn by_device() -> DataInput {
    DataInput::Device
}

impl Case {
    /// Reads the case of a file, which is so many in the order of all.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(file: &str, number: usize, text: &str) -> Result<Self, BadCase> {
        let bad = |what: String| BadCase { file: file.to_owned(), what };
        let mut case: Self =
            toml::from_str(text).map_err(|error| bad(error.to_string().trim_end().to_owned()))?;
        case.file = file.to_owned();
        case.number = number;
        if case.patients.is_empty() {
            case.patients.insert(ONLY_PATIENT.to_owned(), Patient::default());
        }
        ids::check(number, case.patients.len()).map_err(bad)?;
        case.check().map_err(bad)?;
        Ok(case)
    }

    /// The ids of one of its patients; of the only one where none is named.
    ///
    /// # Errors
    /// When there is no such patient, or several and none is named.
    pub fn address(&self, name: Option<&str>) -> Result<Address, String> {
        let (name, patient) = self.patient(name)?;
        let mut person = format!("C{:03}{name}", self.number);
        person.retain(|character| character.is_ascii_alphanumeric());
        person.truncate(20);
        Ok(Address { consortium: self.consortium(patient), person })
    }

    /// One of its patients with the name; the only one where none is named.
    ///
    /// # Errors
    /// When there is no such patient, or several and none is named.
    pub fn patient(&self, name: Option<&str>) -> Result<(&str, &Patient), String> {
        let found = match name {
            Some(name) => self.patients.get_key_value(name),
            None if self.patients.len() == 1 => self.patients.first_key_value(),
            None => return Err("the case has several patients: say which".to_owned()),
        };
        let none = || format!("no patient is named {:?}", name.unwrap_or_default());
        let (name, patient) = found.ok_or_else(none)?;
        Ok((name.as_str(), patient))
    }

    /// The consortium of a patient: the common one, or one of the case's own where it is not as most
    /// are.
    fn consortium(&self, patient: &Patient) -> String {
        if let Some(consortium) = &patient.consortium {
            return consortium.clone();
        }
        let usual = Patient::default();
        let is_usual = patient.time_zone == usual.time_zone
            && patient.consortium_is_registered
            && patient.fallback.is_empty();
        if is_usual {
            return ids::common_consortium();
        }
        let place = self.patients.values().position(|other| {
            (&other.time_zone, other.consortium_is_registered, &other.fallback)
                == (&patient.time_zone, patient.consortium_is_registered, &patient.fallback)
        });
        ids::consortium(self.number, place.unwrap_or_default())
    }

    /// The zone in which something is sent.
    ///
    /// # Errors
    /// When there is no such zone or patient.
    pub fn zone(&self, step: &Step) -> Result<TimeZone, String> {
        let (_, patient) = self.patient(step.patient())?;
        let said = match step {
            Step::Http(http) => http.zone.as_ref(),
            Step::Kafka(kafka) => kafka.zone.as_ref(),
        };
        let name = said.unwrap_or(&patient.time_zone);
        TimeZone::get(name).map_err(|_| format!("there is no time zone {name:?}"))
    }

    /// Holds what a type cannot say.
    fn check(&self) -> Result<(), String> {
        let is_sentence = self.title.starts_with(char::is_uppercase) && self.title.contains(' ');
        if !is_sentence || self.title.ends_with('.') {
            return Err(
                "title is a sentence that begins with a capital and has no full stop".into()
            );
        }
        if self.send.is_empty() {
            return Err("nothing is sent".to_owned());
        }
        for (place, step) in self.send.iter().enumerate() {
            // At any present: whether every place can be filled and every value is one.
            let sent = rendered(self, step, jiff::Timestamp::UNIX_EPOCH);
            sent.map_err(|what| format!("send {place}: {what}"))?;
            if let Step::Http(http) = step {
                http.answer.check().map_err(|what| format!("send {place}: answer: {what}"))?;
            }
        }
        for (place, seen) in self.seen.iter().enumerate() {
            seen.check(self).map_err(|what| format!("seen {place}: {what}"))?;
        }
        Ok(())
    }
}

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status.unwrap_or(202)
    }

    /// How many readings are rejected.
    pub fn rejected(&self) -> usize {
        self.rejected.unwrap_or(self.errors.len())
    }

    fn check(&self) -> Result<(), String> {
        let Self { accepted, receipts, receipt_warnings, .. } = self;
        match (self.status(), accepted) {
            (202, 0) => return Err("202 with accepted = 0: say how many are accepted".to_owned()),
            (202, _) if self.problem.is_some() => return Err("202 is no problem".to_owned()),
            _ => {}
        }
        let mut of_receipts = [receipts, receipt_warnings].into_iter().flatten();
        match of_receipts.find(|receipts| receipts.len() != *accepted) {
            Some(receipts) => {
                Err(format!("{} receipts for {accepted} accepted readings", receipts.len()))
            }
            None => Ok(()),
        }
    }
}
