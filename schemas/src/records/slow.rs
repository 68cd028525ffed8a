//! The record of `readings.slow`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowReadings {
    pub patient: String,
    pub changed_at: i64,
    #[serde(default)]
    pub readings: Vec<SlowReading>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowReading {
    pub reading_id: String,
    /// As that of an accepted reading.
    pub version: i64,
    pub entered_in_error: bool,
    pub values: BTreeMap<String, f64>,
}
