//! Who a patient is to people: name, reading, birth date, chart number, whom to call. Parsed once from what
//! a list or a sealed record holds; a value of [`Identity`] holds nothing that cannot be one.
//!
//! None of these types shows its content in its `Debug` form, so that no log line holds a name by accident.

/// A `Debug` form without the content.
macro_rules! hidden {
    ($($type:ty = $shown:literal),+ $(,)?) => {
        $(impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($shown)
            }
        })+
    };
}

mod forms;
mod search;
mod telephone;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::source::{normalised, written_by_a_person};

pub use search::{Search, SearchForms};
pub use telephone::Telephone;

/// Most characters of a name.
const LONGEST_NAME: usize = 100;
/// Most characters of how somebody is related to the patient.
const LONGEST_RELATIONSHIP: usize = 50;
/// Most characters of a chart number. Ours: hospitals use 5 to 12 digits.
const LONGEST_CHART_NUMBER: usize = 30;
/// Nobody is born earlier. Ours: older than anybody alive.
const FIRST_BIRTH_YEAR: i16 = 1890;

/// An identity as it is written: in a list that is imported, and in what is sealed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenIdentity {
    /// Name as people write it.
    pub name: String,
    /// How the name is read, in kana.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kana: Option<String>,
    /// `yyyy-MM-dd`; lists may write `/` and leave leading zeros out, as spreadsheets do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The number of the patient's chart at the clinic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_number: Option<String>,
    /// The patient's telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    /// Whom to call when the patient does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_contact: Option<WrittenContact>,
}

/// Somebody to call, as it is written.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenContact {
    /// Name as people write it.
    pub name: String,
    /// Such as 長女 or spouse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relationship: Option<String>,
    /// Telephone number.
    pub telephone: String,
}

/// Who a patient is to people.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    name: String,
    kana: Option<String>,
    birth_date: Option<Date>,
    chart_number: Option<String>,
    telephone: Option<Telephone>,
    emergency_contact: Option<EmergencyContact>,
}

/// Whom to call when the patient does not answer.
#[derive(Clone, PartialEq, Eq)]
pub struct EmergencyContact {
    /// Name as people write it, 1 to 100 characters.
    pub name: String,
    /// Such as 長女 or spouse.
    pub relationship: Option<String>,
    /// Telephone number.
    pub telephone: Telephone,
}

/// A part of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentityField {
    /// Name.
    Name,
    /// Reading.
    Kana,
    /// Birth date.
    BirthDate,
    /// Chart number.
    ChartNumber,
    /// Telephone number.
    Telephone,
    /// Name of the emergency contact.
    EmergencyName,
    /// How the emergency contact is related to the patient.
    EmergencyRelationship,
    /// Telephone number of the emergency contact.
    EmergencyTelephone,
}

impl IdentityField {
    /// Its name: a column of a list that is imported.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kana => "kana",
            Self::BirthDate => "birth_date",
            Self::ChartNumber => "chart_number",
            Self::Telephone => "telephone",
            Self::EmergencyName => "emergency_name",
            Self::EmergencyRelationship => "emergency_relationship",
            Self::EmergencyTelephone => "emergency_telephone",
        }
    }
}

/// A part of an identity that cannot be one. It names the part and the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {rule}", field.as_str())]
pub struct IdentityFault {
    /// Which part.
    pub field: IdentityField,
    /// What it has to be.
    pub rule: &'static str,
}

const A_NAME: &str = "has to have 1 to 100 printable characters";
const A_READING: &str = "has to be kana, 100 characters at most";
const A_BIRTH_DATE: &str = "has to be a day written yyyy-MM-dd, from 1890 up to today";
const A_CHART_NUMBER: &str = "has to have 1 to 30 printable characters without space";
const SHORTENED: &str = "was shortened by a spreadsheet (1.2E+11): format the column as text";
const A_RELATIONSHIP: &str = "has to have 1 to 50 printable characters";

impl Identity {
    /// Parses an identity. A part that is blank is none, as in a list with empty cells.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(written: &WrittenIdentity, today: Date) -> Result<Self, Vec<IdentityFault>> {
        let mut faults = Vec::new();
        let mut take = Take { faults: &mut faults };
        let name = take.of(IdentityField::Name, &written.name, a_name);
        let contact = written.emergency_contact.as_ref().filter(|contact| !contact.is_blank());
        let emergency_contact = contact.and_then(|contact| {
            use IdentityField::{EmergencyName, EmergencyRelationship, EmergencyTelephone};
            let of = contact.relationship.as_deref();
            let name = take.of(EmergencyName, &contact.name, a_name);
            let relationship = take.maybe(EmergencyRelationship, of, a_relationship);
            let telephone = take.of(EmergencyTelephone, &contact.telephone, Telephone::parse);
            Some(EmergencyContact { name: name?, relationship, telephone: telephone? })
        });
        let kana = take.maybe(IdentityField::Kana, written.kana.as_deref(), a_reading);
        let born = |text: &str| a_birth_date(text, today);
        let birth_date = take.maybe(IdentityField::BirthDate, written.birth_date.as_deref(), born);
        let (chart, call) = (written.chart_number.as_deref(), written.telephone.as_deref());
        let chart_number = take.maybe(IdentityField::ChartNumber, chart, a_chart_number);
        let telephone = take.maybe(IdentityField::Telephone, call, Telephone::parse);
        match name {
            Some(name) if faults.is_empty() => {
                Ok(Self { name, kana, birth_date, chart_number, telephone, emergency_contact })
            }
            _ => Err(faults),
        }
    }

    /// The form in which it is written down: parsed, it is equal.
    pub fn written(&self) -> WrittenIdentity {
        WrittenIdentity {
            name: self.name.clone(),
            kana: self.kana.clone(),
            birth_date: self.birth_date.map(|date| date.to_string()),
            chart_number: self.chart_number.clone(),
            telephone: self.telephone.as_ref().map(|number| number.as_str().to_owned()),
            emergency_contact: self.emergency_contact.as_ref().map(|contact| WrittenContact {
                name: contact.name.clone(),
                relationship: contact.relationship.clone(),
                telephone: contact.telephone.as_str().to_owned(),
            }),
        }
    }

    /// Name as people write it, 1 to 100 characters: the characters that were written. An old form of a
    /// character, as in 髙橋, stays the old form.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the name is read, in full-width katakana.
    pub fn kana(&self) -> Option<&str> {
        self.kana.as_deref()
    }

    /// Birth date.
    pub const fn birth_date(&self) -> Option<Date> {
        self.birth_date
    }

    /// Chart number, 1 to 30 characters.
    pub fn chart_number(&self) -> Option<&str> {
        self.chart_number.as_deref()
    }

    /// Telephone number.
    pub const fn telephone(&self) -> Option<&Telephone> {
        self.telephone.as_ref()
    }

    /// Whom to call when the patient does not answer.
    pub const fn emergency_contact(&self) -> Option<&EmergencyContact> {
        self.emergency_contact.as_ref()
    }
}

impl WrittenContact {
    /// Whether nothing of it is written.
    fn is_blank(&self) -> bool {
        let relationship = self.relationship.as_deref().unwrap_or_default();
        [&self.name, relationship, &self.telephone].iter().all(|text| text.trim().is_empty())
    }
}

/// Reads parts and gathers what is wrong with them.
struct Take<'f> {
    faults: &'f mut Vec<IdentityFault>,
}

impl Take<'_> {
    /// A part that has to be there.
    fn of<T>(
        &mut self,
        field: IdentityField,
        text: &str,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let value = read(text);
        value.map_err(|rule| self.faults.push(IdentityFault { field, rule })).ok()
    }

    /// A part that may be missing.
    fn maybe<T>(
        &mut self,
        field: IdentityField,
        text: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let text = text.filter(|text| !normalised(text).is_empty())?;
        self.of(field, text, read)
    }
}

fn a_name(text: &str) -> Result<String, &'static str> {
    one_line(text, LONGEST_NAME).ok_or(A_NAME)
}

fn a_relationship(text: &str) -> Result<String, &'static str> {
    one_line(text, LONGEST_RELATIONSHIP).ok_or(A_RELATIONSHIP)
}

/// What a person has written in one line, each run of white space one space. Forms of characters stay: which
/// one a family writes is theirs.
fn one_line(text: &str, longest: usize) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    written_by_a_person(&line, longest).map(str::to_owned)
}

fn a_reading(text: &str) -> Result<String, &'static str> {
    let reading = forms::katakana(&normalised(text));
    let is_short = reading.chars().count() <= LONGEST_NAME;
    (is_short && forms::is_kana(&reading)).then_some(reading).ok_or(A_READING)
}

fn a_birth_date(text: &str, today: Date) -> Result<Date, &'static str> {
    let date = a_day(&normalised(text));
    date.filter(|date| date.year() >= FIRST_BIRTH_YEAR && *date <= today).ok_or(A_BIRTH_DATE)
}

fn a_day(text: &str) -> Option<Date> {
    let mut parts = text.split(['-', '/']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || ![year, month, day].into_iter().all(is_number) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn a_chart_number(text: &str) -> Result<String, &'static str> {
    let number = normalised(text);
    if forms::is_shortened(&number) {
        return Err(SHORTENED);
    }
    let is_fit = |character: char| !character.is_control() && !character.is_whitespace();
    let is_short = (1..=LONGEST_CHART_NUMBER).contains(&number.chars().count());
    let is_number = is_short && number.chars().all(is_fit);
    is_number.then(|| number.into_owned()).ok_or(A_CHART_NUMBER)
}

hidden! {
    WrittenIdentity = "(identity)",
    WrittenContact = "(contact)",
    Identity = "(identity)",
    EmergencyContact = "(contact)",
    Telephone = "(telephone)",
}

#[cfg(test)]
mod tests;
