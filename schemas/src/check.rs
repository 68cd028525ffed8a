//! From what a sender says to what is believed: [`Reading::check`].

use std::convert::Infallible;

use clinical::measurement as m;
use clinical::patient::InvalidId;
use clinical::plausibility as p;
use clinical::plausibility::Implausible;
use clinical::timeline::TooMany;
use clinical::{Measurement, PatientId, Source, Span, Timestamp, Version};
use xxhash_rust::xxh3::xxh3_64;

use crate::fields::{Field, Value, Visitor};
use crate::reading as wire;

/// How far ahead of the receipt a clock may be. A reading from further in the future cannot be
/// true and would hide later ones.
pub const CLOCK_TOLERANCE: Span = Span::from_hours(1);

/// Why a raw record is rejected: the code that vendors see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionReason {
    /// The bytes are no record.
    Undecodable,
    /// Written with a schema that is not known.
    UnknownSchema,
    /// The Kafka record has no key.
    KeyMissing,
    /// The Kafka key is not the reading's patient.
    KeyMismatch,
    /// A field is not made as the exchange standard says.
    Malformed,
    /// A value cannot be true.
    Implausible,
    /// A time is before 2000 or in the future.
    TimeOutOfRange,
    /// More devices for one patient than any patient has.
    TooManyDevices,
    /// More readings of a kind for one patient than any patient takes.
    TooManyReadings,
    /// More bytes than any reading has.
    TooLarge,
}

impl RejectionReason {
    /// Every reason.
    pub const ALL: [RejectionReason; 10] = [
        RejectionReason::Undecodable,
        RejectionReason::UnknownSchema,
        RejectionReason::KeyMissing,
        RejectionReason::KeyMismatch,
        RejectionReason::Malformed,
        RejectionReason::Implausible,
        RejectionReason::TimeOutOfRange,
        RejectionReason::TooManyDevices,
        RejectionReason::TooManyReadings,
        RejectionReason::TooLarge,
    ];

    /// The code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::UnknownSchema => "unknown_schema",
            Self::KeyMissing => "key_missing",
            Self::KeyMismatch => "key_mismatch",
            Self::Malformed => "malformed",
            Self::Implausible => "implausible",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::TooManyDevices => "too_many_devices",
            Self::TooManyReadings => "too_many_readings",
            Self::TooLarge => "too_large",
        }
    }
}

impl From<TooMany> for RejectionReason {
    fn from(too_many: TooMany) -> Self {
        match too_many {
            TooMany::Sources => Self::TooManyDevices,
            TooMany::Readings => Self::TooManyReadings,
        }
    }
}

/// Why a reading is rejected. Names fields and rules, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Rejection {
    /// The code.
    pub reason: RejectionReason,
    /// The exchange standard's name of the field at fault.
    pub field: &'static str,
    /// The rule, for a person.
    pub detail: String,
}

impl Rejection {
    fn new(reason: RejectionReason, field: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, field, detail: detail.into() }
    }
}

impl From<Implausible> for Rejection {
    fn from(error: Implausible) -> Self {
        Self::new(RejectionReason::Implausible, error.field(), error.to_string())
    }
}

impl From<InvalidId> for Rejection {
    fn from(error: InvalidId) -> Self {
        let field = match error {
            InvalidId::Consortium => "consortium_id",
            InvalidId::Person | InvalidId::Patient => "person_id",
        };
        Self::new(RejectionReason::Malformed, field, error.to_string())
    }
}

impl wire::Reading {
    /// Believes a reading that was received at `received`.
    ///
    /// # Errors
    /// [`Rejection`] names the field and the rule that it breaks.
    pub fn check(&self, received: Timestamp) -> Result<clinical::Reading, Rejection> {
        let patient = PatientId::from_parts(&self.consortium_id, &self.person_id)?;
        let observation_time =
            time("observation_time", self.observation_time, received)?.floor_to_second();
        let update_time = time("update_time", self.update_time, received)?;
        if !(-1080..=1080).contains(&self.utc_offset_minutes) {
            return Err(Rejection::new(
                RejectionReason::Malformed,
                "utc_offset_minutes",
                "utc_offset_minutes must be between -1080 and 1080",
            ));
        }
        let measurement = self.measurement.check()?;
        let source = self.source.check(measurement.kind())?;
        if let Some(vendor) = &self.vendor {
            printable("vendor", vendor, 0, 200)?;
        }
        Ok(clinical::Reading {
            patient,
            observation_time,
            version: Version::new(update_time, self.content_digest()),
            source,
            entered_in_error: self.status == wire::ReadingStatus::EnteredInError,
            measurement,
        })
    }

    /// XXH3-64 of everything a correction can change: the fields in the order of the numbers that
    /// are declared, each optional one preceded by whether it is there. Fields that came to their
    /// kind later follow with their numbers, and only where they are there, so that the digest of
    /// an earlier reading stays. Its form never changes: it is part of stored versions.
    fn content_digest(&self) -> u64 {
        let mut content = Content(Vec::with_capacity(96));
        content.int(self.utc_offset_minutes);
        content.byte(self.data_input as u8);
        match self.origin_of_time {
            None => content.byte(0),
            Some(clock) => content.0.extend([1, clock as u8]),
        }
        content.byte(self.status as u8);
        content.byte(self.measurement.kind().number());
        let Ok(()) = self.measurement.visit(&mut content);
        xxh3_64(&content.0)
    }
}

struct Content(Vec<u8>);

impl Content {
    fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    fn int(&mut self, value: i32) {
        self.0.extend(value.to_le_bytes());
    }

    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Integer(value) => self.int(value),
            Value::Decimal(value) => self.0.extend(value.to_le_bytes()),
            Value::Flag(value) => self.byte(value.into()),
            Value::Code(code) => self.byte(code as u8),
            Value::Text(text) => {
                self.0.extend((text.len() as u32).to_le_bytes());
                self.0.extend(text.as_bytes());
            }
        }
    }
}

impl Visitor for Content {
    type Error = Infallible;

    #[inline]
    fn field(&mut self, field: &'static Field, value: Option<Value<'_>>) -> Result<(), Infallible> {
        match (value, field.declared.added) {
            (None, true) => return Ok(()),
            (None, false) => self.byte(0),
            (Some(_), true) => self.byte(field.declared.number),
            (Some(_), false) if !field.declared.required => self.byte(1),
            (Some(_), false) => {}
        }
        if let Some(value) = value {
            self.value(value);
        }
        Ok(())
    }
}

fn time(field: &'static str, millis: i64, received: Timestamp) -> Result<Timestamp, Rejection> {
    let time = Timestamp::from_millis(millis);
    let refuse = |rule: &str| {
        Err(Rejection::new(RejectionReason::TimeOutOfRange, field, format!("{field} {rule}")))
    };
    if time < Timestamp::EARLIEST {
        refuse("is before the year 2000: the clock was lost")
    } else if time > received + CLOCK_TOLERANCE || time > Timestamp::LATEST {
        refuse("is more than an hour in the future: check clock and time zone")
    } else {
        Ok(time)
    }
}

fn text(
    field: &'static str,
    value: &str,
    shortest: usize,
    longest: usize,
) -> Result<Box<str>, Rejection> {
    printable(field, value, shortest, longest).map(|()| value.into())
}

fn printable(
    field: &'static str,
    value: &str,
    shortest: usize,
    longest: usize,
) -> Result<(), Rejection> {
    let long = value.chars().count();
    if (shortest..=longest).contains(&long) && !value.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Rejection::new(
            RejectionReason::Malformed,
            field,
            format!("{field} must have {shortest} to {longest} printable characters"),
        ))
    }
}

fn optional_text(
    field: &'static str,
    value: Option<&str>,
    longest: usize,
) -> Result<Option<Box<str>>, Rejection> {
    value.map(|value| text(field, value, 0, longest)).transpose()
}

impl wire::Source {
    fn check(&self, kind: clinical::Kind) -> Result<Source, Rejection> {
        let from_checkup =
            matches!(kind, clinical::Kind::Hba1c | clinical::Kind::BloodPressureCheckup);
        match self {
            wire::Source::Device(device) if !from_checkup => Ok(Source::Device {
                manufacturer: text("model_manufacturer_code", &device.manufacturer, 1, 50)?,
                // An empty one is none: both are written, and so known, in the same way.
                model_number: optional_text("model_number", device.model_number.as_deref(), 50)?
                    .filter(|model| !model.is_empty()),
                serial: text("production_specification_serial", &device.serial, 1, 50)?,
            }),
            wire::Source::TestLab(lab) if from_checkup => {
                Ok(Source::TestLab { test_lab_id: text("test_lab_id", &lab.test_lab_id, 1, 12)? })
            }
            wire::Source::Device(_) => Err(Rejection::new(
                RejectionReason::Malformed,
                "test_lab_id",
                "a check-up record comes from a test lab, not from a device",
            )),
            wire::Source::TestLab(_) => Err(Rejection::new(
                RejectionReason::Malformed,
                "model_manufacturer_code",
                "a reading at home comes from a device, not from a test lab",
            )),
        }
    }
}

impl wire::Measurement {
    pub(crate) fn check(&self) -> Result<Measurement, Rejection> {
        use wire::Measurement as M;
        Ok(match self {
            M::WeighingScale(w) => Measurement::WeighingScale(m::WeighingScale {
                body_weight: p::BodyWeight::new(w.body_weight)?,
                body_fat: w.body_fat.map(p::BodyFat::new).transpose()?,
            }),
            M::BloodPressure(bp) => Measurement::BloodPressure(m::BloodPressure::new(
                p::Systolic::new(bp.systolic)?,
                p::Diastolic::new(bp.diastolic)?,
                bp.pulse_rate.map(p::PulseRate::new).transpose()?,
                bp.irregular_pulse,
                optional_text("measurement_position", bp.measurement_position.as_deref(), 200)?,
            )?),
            M::BloodPressureCheckup(bp) => {
                Measurement::BloodPressureCheckup(m::BloodPressure::new(
                    p::Systolic::new(bp.systolic)?,
                    p::Diastolic::new(bp.diastolic)?,
                    bp.pulse_rate.map(p::PulseRate::new).transpose()?,
                    None,
                    optional_text("measurement_position", bp.measurement_position.as_deref(), 200)?,
                )?)
            }
            M::Activity(a) => Measurement::Activity(m::Activity {
                step: p::Steps::new(a.step)?,
                walk_time: minutes("walk_time", a.walk_time)?,
                moderate_intensity_activity: minutes(
                    "moderate_intensity_activity",
                    a.moderate_intensity_activity,
                )?,
                calories: energy("calories", a.calories)?,
                total_calories: energy("total_calories", a.total_calories)?,
                distance: a.distance.map(p::Distance::new).transpose()?,
                exercise: a.exercise.map(p::Exercise::new).transpose()?,
                physical_activity: a.physical_activity.map(p::PhysicalActivity::new).transpose()?,
                total_active_duration: minutes("total_active_duration", a.total_active_duration)?,
                measurement_position_code: position_code(a.measurement_position_code.as_deref())?,
            }),
            M::Hba1c(h) => Measurement::Hba1c(m::Hba1c {
                hba1c_value: p::Hba1cValue::new(h.hba1c_value)?,
                measurement_method_code: optional_text(
                    "measurement_method_code",
                    h.measurement_method_code.as_deref(),
                    6,
                )?,
                value_criteria_code: optional_text(
                    "value_criteria_code",
                    h.value_criteria_code.as_deref(),
                    1,
                )?,
            }),
            M::BloodGlucose(g) => Measurement::BloodGlucose(m::BloodGlucose {
                glucose_value: p::GlucoseValue::new(g.glucose_value)?,
                method: match g.glucose_method {
                    wire::GlucoseMethod::FingerStick => m::GlucoseMethod::FingerStick,
                    wire::GlucoseMethod::ContinuousSensor => m::GlucoseMethod::ContinuousSensor,
                    wire::GlucoseMethod::Laboratory => m::GlucoseMethod::Laboratory,
                },
                meal_timing: g.meal_timing.map(|timing| match timing {
                    wire::MealTiming::Fasting => m::MealTiming::Fasting,
                    wire::MealTiming::BeforeMeal => m::MealTiming::BeforeMeal,
                    wire::MealTiming::AfterMeal => m::MealTiming::AfterMeal,
                    wire::MealTiming::Bedtime => m::MealTiming::Bedtime,
                    wire::MealTiming::Unknown => m::MealTiming::Unknown,
                }),
            }),
            M::BodyTemperature(t) => {
                Measurement::BodyTemperature(p::Temperature::new(t.temperature)?)
            }
            M::OxygenSaturation(o) => Measurement::OxygenSaturation(m::OxygenSaturation {
                spo2: p::Spo2::new(o.spo2)?,
                pulse_rate: o.pulse_rate.map(p::PulseRate::new).transpose()?,
            }),
        })
    }
}

fn minutes(
    field: &'static str,
    value: Option<i32>,
) -> Result<Option<p::MinutesOfDay>, Implausible> {
    value.map(|value| p::MinutesOfDay::new(field, value)).transpose()
}

fn energy(field: &'static str, value: Option<f64>) -> Result<Option<p::Energy>, Implausible> {
    value.map(|value| p::Energy::new(field, value)).transpose()
}

/// Codes of the exchange standard for where an activity tracker is worn.
pub const POSITION_CODES: [&str; 8] = ["10", "11", "20", "21", "30", "31", "40", "50"];

fn position_code(value: Option<&str>) -> Result<Option<Box<str>>, Rejection> {
    match value {
        None => Ok(None),
        Some(code) if POSITION_CODES.contains(&code) => Ok(Some(code.into())),
        Some(_) => Err(Rejection::new(
            RejectionReason::Malformed,
            "measurement_position_code",
            format!("measurement_position_code must be one of {}", POSITION_CODES.join(", ")),
        )),
    }
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod digest_tests;
