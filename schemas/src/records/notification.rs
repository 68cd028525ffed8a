//! What became of telling people of alerts.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationEvent {
    pub patient: String,
    pub alert_id: String,
    pub occasion: i64,
    pub at: i64,
    pub what: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub step: String,
    #[serde(default)]
    pub severity: String,
    #[serde(default)]
    pub practitioner: String,
    #[serde(default)]
    pub channel: String,
    #[serde(default)]
    pub recipient: String,
    #[serde(default)]
    pub attempt: i32,
    #[serde(default)]
    pub reason: String,
}
