//! `Reading` as it travels: nothing is believed yet. [`Reading::check`](crate::check) makes a
//! [`clinical::Reading`] of it.
//!
//! Field by field as `avro/reading.avsc` says, which holds units and ranges.
#![allow(missing_docs, reason = "the Avro schema beside it documents every field")]

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub consortium_id: String,
    pub person_id: String,
    /// Milliseconds since the epoch.
    pub observation_time: i64,
    #[serde(default = "japan")]
    pub utc_offset_minutes: i32,
    /// Milliseconds since the epoch.
    pub update_time: i64,
    pub source: Source,
    pub data_input: DataInput,
    #[serde(default)]
    pub origin_of_time: Option<OriginOfTime>,
    #[serde(default)]
    pub status: ReadingStatus,
    pub measurement: Measurement,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub send_time: Option<i64>,
    #[serde(default)]
    pub vendor: Option<String>,
}

/// Offset of Japan's civil time from UTC, minutes.
pub const fn japan() -> i32 {
    540
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Source {
    Device(Device),
    TestLab(TestLab),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    pub manufacturer: String,
    #[serde(default)]
    pub model_number: Option<String>,
    pub serial: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestLab {
    pub test_lab_id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataInput {
    Device,
    Manual,
    Modified,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginOfTime {
    Device,
    App,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingStatus {
    #[default]
    Final,
    EnteredInError,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Measurement {
    WeighingScale(WeighingScale),
    BloodPressure(BloodPressure),
    Activity(Activity),
    Hba1c(Hba1c),
    BloodPressureCheckup(BloodPressureCheckup),
    BloodGlucose(BloodGlucose),
    BodyTemperature(BodyTemperature),
    OxygenSaturation(OxygenSaturation),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeighingScale {
    pub body_weight: f64,
    #[serde(default)]
    pub body_fat: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BloodPressure {
    pub systolic: i32,
    pub diastolic: i32,
    #[serde(default)]
    pub pulse_rate: Option<i32>,
    #[serde(default)]
    pub measurement_position: Option<String>,
    #[serde(default)]
    pub irregular_pulse: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    pub step: i32,
    #[serde(default)]
    pub walk_time: Option<i32>,
    #[serde(default)]
    pub moderate_intensity_activity: Option<i32>,
    #[serde(default)]
    pub calories: Option<f64>,
    #[serde(default)]
    pub total_calories: Option<f64>,
    #[serde(default)]
    pub distance: Option<f64>,
    #[serde(default)]
    pub exercise: Option<f64>,
    #[serde(default)]
    pub physical_activity: Option<f64>,
    #[serde(default)]
    pub total_active_duration: Option<i32>,
    #[serde(default)]
    pub measurement_position_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hba1c {
    pub hba1c_value: f64,
    #[serde(default)]
    pub measurement_method_code: Option<String>,
    #[serde(default)]
    pub value_criteria_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BloodPressureCheckup {
    pub systolic: i32,
    pub diastolic: i32,
    #[serde(default)]
    pub pulse_rate: Option<i32>,
    #[serde(default)]
    pub measurement_position: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BloodGlucose {
    pub glucose_value: f64,
    pub glucose_method: GlucoseMethod,
    #[serde(default)]
    pub meal_timing: Option<MealTiming>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GlucoseMethod {
    FingerStick,
    ContinuousSensor,
    Laboratory,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MealTiming {
    Fasting,
    BeforeMeal,
    AfterMeal,
    Bedtime,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BodyTemperature {
    pub temperature: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OxygenSaturation {
    pub spo2: f64,
    #[serde(default)]
    pub pulse_rate: Option<i32>,
}

impl Reading {
    /// The Kafka key: `consortium_id/person_id`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.consortium_id, self.person_id)
    }
}
