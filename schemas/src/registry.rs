//! The master lists, one compacted topic each: who is registered and who follows whom.
//!
//! Field by field as `avro/registry_*.avsc` say.
#![allow(missing_docs, reason = "the Avro schemas beside it document every field")]

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consortium {
    pub consortium_id: String,
    pub name: String,
    #[serde(default = "tokyo")]
    pub time_zone: String,
}

fn tokyo() -> String {
    "Asia/Tokyo".to_owned()
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
}
