//! What people do: care events, and the keys that their words are sealed with.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CareEvent {
    pub patient: String,
    pub at: i64,
    pub actor: String,
    pub action: CareAction,
    #[serde(default)]
    pub alert_id: Option<String>,
    #[serde(default)]
    pub text: String,
    /// Of [`CareAction::SetPlan`]: the value of the record in `care.plans`.
    #[serde(default, with = "apache_avro::serde::bytes_opt")]
    pub plan: Option<Vec<u8>>,
    #[serde(default)]
    pub act: Option<AlertAct>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CareAction {
    AcknowledgeAlert,
    SetPlan,
    Note,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertAct {
    pub id: String,
    pub kind: String,
    #[serde(default)]
    pub covered: Option<Covered>,
    #[serde(default)]
    pub assigned_to: Option<String>,
    #[serde(default)]
    pub until: Option<i64>,
    #[serde(default)]
    pub outcome: Option<String>,
    #[serde(default)]
    pub undoes: Option<String>,
    /// Sealed.
    #[serde(default, with = "apache_avro::serde::bytes_opt")]
    pub text: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    pub changed_at: i64,
    pub raised_at: i64,
    pub severity: String,
    pub stage: String,
    #[serde(default)]
    pub crisis_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonKey {
    pub patient: String,
    pub master_key: String,
    #[serde(with = "apache_avro::serde::bytes")]
    pub wrapped: Vec<u8>,
    pub made_at: i64,
}
