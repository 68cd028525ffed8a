//! The master lists, one compacted topic each: who is registered and who follows whom.
//!
//! Field by field as `avro/registry_*.avsc` say.
#![allow(missing_docs, reason = "the Avro schemas beside it document every field")]

use clinical::local_time::LocalTime;
use clinical::reliability::{ProductDigest, Trust};
use serde::{Deserialize, Serialize};

use crate::codec::{Codec, EncodeError, Record, RegistryError};
use crate::topics::{Topic, Topics};

/// The time zone of a consortium that names none, or that has no entry.
pub use clinical::local_time::DEFAULT_TIME_ZONE;

/// Entries of any of the master lists: what a registry file holds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MasterLists {
    pub consortia: Vec<Consortium>,
    pub participants: Vec<Participant>,
    pub test_labs: Vec<TestLabEntry>,
    pub assays: Vec<Assay>,
    pub devices: Vec<DeviceModel>,
    pub activity_aggregations: Vec<ActivityAggregation>,
    pub vendors: Vec<Vendor>,
    pub practitioners: Vec<Practitioner>,
    pub care_teams: Vec<CareTeam>,
}

/// An entry of a master list as it is written: an earlier record of the same key is replaced by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRecord {
    /// The topic's full name.
    pub topic: String,
    pub key: String,
    pub payload: Vec<u8>,
}

/// Why master lists are not encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeListError {
    /// The schema registry does not answer, or refuses a schema.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An entry does not fit its schema.
    #[error(transparent)]
    Entry(#[from] EncodeError),
}

impl MasterLists {
    /// Every entry as a record of its topic, list by list. Blocks when a schema registry is asked.
    ///
    /// # Errors
    /// When the schema registry does not answer, or an entry does not fit its schema.
    pub fn encode(
        &self,
        codec: &Codec,
        topics: &Topics,
    ) -> Result<Vec<ListRecord>, EncodeListError> {
        let mut records = Records { codec, topics, records: Vec::new() };
        let model = |manufacturer: &str, number: &str| format!("{manufacturer}|{number}");
        records.add(Topic::RegistryConsortia, &self.consortia, |it| it.consortium_id.clone())?;
        records.add(Topic::RegistryParticipants, &self.participants, |it| {
            format!("{}/{}", it.consortium_id, it.person_id)
        })?;
        records.add(Topic::RegistryTestLabs, &self.test_labs, |it| {
            format!("{}/{}", it.consortium_id, it.test_lab_id)
        })?;
        records.add(Topic::RegistryAssays, &self.assays, |it| it.assay_code.clone())?;
        records.add(Topic::RegistryDevices, &self.devices, |it| {
            model(&it.manufacturer, &it.model_number)
        })?;
        records.add(Topic::RegistryActivityAggregations, &self.activity_aggregations, |it| {
            model(&it.manufacturer, &it.model_number)
        })?;
        records.add(Topic::RegistryVendors, &self.vendors, |it| it.vendor_id.clone())?;
        records.add(Topic::RegistryPractitioners, &self.practitioners, |it| {
            it.practitioner_id.clone()
        })?;
        records.add(Topic::RegistryCareTeams, &self.care_teams, |it| it.patient.clone())?;
        Ok(records.records)
    }
}

struct Records<'a> {
    codec: &'a Codec,
    topics: &'a Topics,
    records: Vec<ListRecord>,
}

impl Records<'_> {
    fn add<T: Record>(
        &mut self,
        topic: Topic,
        entries: &[T],
        key: impl Fn(&T) -> String,
    ) -> Result<(), EncodeListError> {
        if entries.is_empty() {
            return Ok(());
        }
        let topic = self.topics.name(topic);
        let encoder = self.codec.encoder::<T>(&topic)?;
        for entry in entries {
            let payload = encoder.encode(entry)?;
            self.records.push(ListRecord { topic: topic.clone(), key: key(entry), payload });
        }
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consortium {
    pub consortium_id: String,
    pub name: String,
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
}

impl Consortium {
    /// The local time by which the consortium lives; none where its zone is not in the tz database.
    pub fn local_time(&self) -> Option<LocalTime> {
        LocalTime::of(&self.time_zone)
    }
}

fn default_time_zone() -> String {
    DEFAULT_TIME_ZONE.to_owned()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    pub consortium_id: String,
    pub person_id: String,
    #[serde(default)]
    pub birth_year: Option<i32>,
    #[serde(default)]
    pub birth_month: Option<i32>,
    #[serde(default)]
    pub sex: Sex,
    #[serde(default)]
    pub participation_start: Option<String>,
    #[serde(default)]
    pub participation_end: Option<String>,
    #[serde(default)]
    pub residence: Option<String>,
    #[serde(default)]
    pub commuting: Option<String>,
    #[serde(default)]
    pub medication: Option<String>,
    #[serde(default)]
    pub device_position_code: Option<String>,
}

impl Participant {
    /// A participant of whom nothing is known but who it is.
    pub fn unknown(consortium_id: impl Into<String>, person_id: impl Into<String>) -> Self {
        Self {
            consortium_id: consortium_id.into(),
            person_id: person_id.into(),
            birth_year: None,
            birth_month: None,
            sex: Sex::Unknown,
            participation_start: None,
            participation_end: None,
            residence: None,
            commuting: None,
            medication: None,
            device_position_code: None,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Female,
    Male,
    Other,
    #[default]
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestLabEntry {
    pub consortium_id: String,
    pub test_lab_id: String,
    pub name: String,
    #[serde(default)]
    pub prefecture: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assay {
    pub assay_code: String,
    pub assay_class: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceModel {
    pub manufacturer: String,
    pub model_number: String,
    pub name: String,
    #[serde(default)]
    pub corrects_clock: bool,
    #[serde(default)]
    pub conformity: Option<String>,
    #[serde(default)]
    pub accuracy: Option<String>,
    #[serde(default)]
    pub trust: Option<Trust>,
    #[serde(default)]
    pub reliability: Option<DeviceReliability>,
}

impl DeviceModel {
    /// The product, and how far it is trusted; none where nobody has decided.
    pub fn trusted(&self) -> Option<(ProductDigest, Trust)> {
        Some((ProductDigest::of(&self.manufacturer, &self.model_number)?, self.trust?))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceReliability {
    pub kind: String,
    pub field: String,
    pub determined_on: String,
    pub pairs: i32,
    pub wearers: i32,
    pub mean_error: f64,
    pub mean_absolute_error: f64,
    pub first_quartile: f64,
    pub median: f64,
    pub third_quartile: f64,
    pub within_band: f64,
    pub between_wearers: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActivityAggregation {
    pub manufacturer: String,
    pub model_number: String,
    pub description: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vendor {
    pub vendor_id: String,
    pub name: String,
    pub token_hashes: Vec<String>,
    pub consortia: Vec<String>,
    #[serde(default)]
    pub every_consortium: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Practitioner {
    pub practitioner_id: String,
    pub name: String,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Physician,
    Operator,
}

impl Role {
    /// Whether whoever has it sees the patients of their care teams.
    pub const fn sees_patients(self) -> bool {
        matches!(self, Self::Physician)
    }

    /// The role's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Physician => "physician",
            Self::Operator => "operator",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CareTeam {
    pub patient: String,
    pub practitioners: Vec<String>,
    #[serde(default)]
    pub on_call: Vec<OnCallEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnCallEntry {
    pub practitioner: String,
    pub channel: String,
    pub address: String,
    pub after_seconds: i32,
    #[serde(default)]
    pub hours: Vec<DutyHours>,
    #[serde(default)]
    pub reviews: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyHours {
    #[serde(default)]
    pub days: Vec<String>,
    pub from: String,
    pub until: String,
}

/// Who a patient is to people, sealed with the patient's own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedIdentity {
    pub patient: String,
    #[serde(with = "apache_avro::serde::bytes")]
    pub sealed: Vec<u8>,
    pub written_at: i64,
}

impl CareTeam {
    /// What stands in the place of the person in the entry of a fallback team: `CGM005/*` follows every
    /// patient of its consortium whom no other team follows. No person's id is written so.
    pub const FALLBACK: &str = "/*";

    /// A team without an on-call list of its own.
    pub fn of(patient: impl Into<String>, practitioners: Vec<String>) -> Self {
        Self { patient: patient.into(), practitioners, on_call: Vec::new() }
    }

    /// The entry of the fallback team for a patient's consortium; none where it is no patient.
    pub fn fallback_of(patient: &str) -> Option<String> {
        let (consortium, _) = patient.split_once('/')?;
        Some(format!("{consortium}{}", Self::FALLBACK))
    }

    /// The consortium for which an entry is the fallback team.
    pub fn fallback_consortium(entry: &str) -> Option<&str> {
        entry.strip_suffix(Self::FALLBACK)
    }
}
