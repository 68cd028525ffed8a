//! Readings as the API says them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::time::Instant;

/// The standing version of a reading.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Reading {
    /// Which reading; the same in every version.
    pub id: String,
    /// What kind.
    #[schema(value_type = Kind)]
    pub kind: clinical::Kind,
    /// When it was observed, in the civil time of the place.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Instant,
    /// When this version was registered or changed at its sender.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
    /// When this version arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Instant,
    /// What this version was when it arrived.
    pub outcome: Outcome,
    /// What measured it.
    pub source: Source,
    /// How it was entered.
    pub data_input: DataInput,
    /// Field names of the exchange standard, values in its units, e.g. `systolic` in mmHg,
    /// `glucose_value` in mg/dL, `body_weight` in kg; what was not measured is left out.
    pub values: BTreeMap<String, Value>,
}

/// The kinds of readings.
// For the document only: `clinical::Kind` is what the code uses.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Home blood pressure.
    BloodPressure,
    /// Blood pressure at a check-up or in the office.
    BloodPressureCheckup,
    /// Glucose by finger-stick, sensor or laboratory.
    BloodGlucose,
    /// Body weight and fat.
    WeighingScale,
    /// Steps and activity of a day.
    Activity,
    /// Glycated haemoglobin.
    Hba1c,
    /// Body temperature.
    BodyTemperature,
    /// Oxygen saturation.
    OxygenSaturation,
}

/// What a version was when it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The first of its reading.
    New,
    /// Newer than the one known.
    Correction,
    /// Too old for a rule.
    Historical,
    /// Older than the one known.
    Stale,
    /// As new as the one known, of other content.
    Conflict,
}

/// How a reading was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataInput {
    /// Sent by the device.
    Device,
    /// Typed in.
    Manual,
    /// Sent by the device, then changed by hand.
    Modified,
}

/// What measured a reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Source {
    /// A device or an app.
    Device(DeviceSource),
    /// A laboratory or check-up site.
    Lab(LabSource),
}

/// A device or an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceSource {
    /// Manufacturer code.
    pub manufacturer: String,
    /// Model.
    pub model_number: Option<String>,
    /// Serial number.
    pub serial: String,
}

/// A laboratory or check-up site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LabSource {
    /// Its registered id.
    pub test_lab_id: String,
}

impl From<clinical::Source> for Source {
    fn from(source: clinical::Source) -> Self {
        match source {
            clinical::Source::Device { manufacturer, model_number, serial } => {
                Self::Device(DeviceSource {
                    manufacturer: manufacturer.into(),
                    model_number: model_number.map(Into::into),
                    serial: serial.into(),
                })
            }
            clinical::Source::TestLab { test_lab_id } => {
                Self::Lab(LabSource { test_lab_id: test_lab_id.into() })
            }
        }
    }
}

/// Readings of a patient, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PatientReadings {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The readings.
    pub readings: Vec<Reading>,
    /// There are more than the limit: these are the newest.
    pub truncated: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_every_kind() {
        let schema = serde_json::to_value(<Kind as utoipa::PartialSchema>::schema()).unwrap();
        let mut named: Vec<&str> = schema["oneOf"]
            .as_array()
            .or(schema["enum"].as_array())
            .into_iter()
            .flatten()
            .map(|name| {
                name.as_str().or(name["const"].as_str()).or(name["enum"][0].as_str()).unwrap()
            })
            .collect();
        let mut kinds = clinical::Kind::ALL.map(clinical::Kind::as_str);
        named.sort_unstable();
        kinds.sort_unstable();
        assert_eq!(named, kinds);
    }
}
