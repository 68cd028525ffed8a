//! Bodies of the two records that come in millions, read field after field.
//!
//! Reading them through the schema, as all other records are, costs several times as much and was
//! most of what processor and writer did. What is read here is what the schema says: a test holds
//! both ways to the same answer for whole, cut and damaged bodies.

use crate::reading::{
    Activity, BloodGlucose, BloodPressure, BloodPressureCheckup, BodyTemperature, DataInput,
    Device, GlucoseMethod, Hba1c, MealTiming, Measurement, OriginOfTime, OxygenSaturation, Reading,
    ReadingStatus, Source, TestLab, WeighingScale,
};
use crate::records::{AcceptedReading, Origin, StoredOutcome};

/// How a record is read from its body.
pub type ReadBody<T> = fn(&mut Body<'_>) -> Result<T, Misfit>;

/// What does not match the schema, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct Misfit {
    field: &'static str,
    problem: &'static str,
}

impl Misfit {
    pub(crate) const fn of(field: &'static str, problem: &'static str) -> Self {
        Self { field, problem }
    }
}

/// Avro's binary form, read from the front.
#[derive(Debug)]
pub struct Body<'b> {
    rest: &'b [u8],
}

impl<'b> Body<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is not read yet.
    pub(crate) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    fn bytes(&mut self, field: &'static str, count: usize) -> Result<&'b [u8], Misfit> {
        let (bytes, rest) =
            self.rest.split_at_checked(count).ok_or(Misfit { field, problem: "is cut short" })?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Seven bits a byte, the lowest first, the sign in the lowest bit.
    pub(crate) fn long(&mut self, field: &'static str) -> Result<i64, Misfit> {
        let mut bits = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(field, 1)?[0];
            bits |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
        }
        Err(Misfit { field, problem: "is no number of 64 bits" })
    }

    fn int(&mut self, field: &'static str) -> Result<i32, Misfit> {
        let number = self.long(field)?;
        number.try_into().map_err(|_| Misfit { field, problem: "is no number of 32 bits" })
    }

    fn double(&mut self, field: &'static str) -> Result<f64, Misfit> {
        let bytes = self.bytes(field, 8)?;
        Ok(f64::from_le_bytes(bytes.try_into().expect("8 bytes were read")))
    }

    fn boolean(&mut self, field: &'static str) -> Result<bool, Misfit> {
        match self.bytes(field, 1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Misfit { field, problem: "is neither true nor false" }),
        }
    }

    fn sized(&mut self, field: &'static str) -> Result<&'b [u8], Misfit> {
        let length = self.long(field)?;
        let length = length.try_into().map_err(|_| Misfit { field, problem: "has no length" })?;
        self.bytes(field, length)
    }

    pub(crate) fn str(&mut self, field: &'static str) -> Result<&'b str, Misfit> {
        let text = std::str::from_utf8(self.sized(field)?);
        text.map_err(|_| Misfit { field, problem: "is not UTF-8" })
    }

    fn text(&mut self, field: &'static str) -> Result<String, Misfit> {
        self.str(field).map(str::to_owned)
    }

    pub(crate) fn skip_text(&mut self, field: &'static str) -> Result<(), Misfit> {
        self.sized(field).map(|_| ())
    }

    /// Which symbol of an enum, or which type of a union.
    fn one_of<T: Copy>(&mut self, field: &'static str, all: &[T]) -> Result<T, Misfit> {
        let index = self.long(field)?;
        let chosen = usize::try_from(index).ok().and_then(|index| all.get(index));
        chosen.copied().ok_or(Misfit { field, problem: "is none of what it can be" })
    }

    pub(crate) fn optional<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Result<T, Misfit>,
    ) -> Result<Option<T>, Misfit> {
        let is_there = self.one_of(field, &[false, true])?;
        is_there.then(|| read(self, field)).transpose()
    }

    /// Nothing must be left.
    pub(crate) fn end(&self) -> Result<(), Misfit> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Misfit { field: "the record", problem: "is longer than its fields" })
        }
    }
}

/// Reads a `Reading`.
pub(crate) fn reading(body: &mut Body<'_>) -> Result<Reading, Misfit> {
    Ok(Reading {
        consortium_id: body.text("consortium_id")?,
        person_id: body.text("person_id")?,
        observation_time: body.long("observation_time")?,
        utc_offset_minutes: body.int("utc_offset_minutes")?,
        update_time: body.long("update_time")?,
        source: source(body)?,
        data_input: body
            .one_of("data_input", &[DataInput::Device, DataInput::Manual, DataInput::Modified])?,
        origin_of_time: body.optional("origin_of_time", |body, field| {
            body.one_of(field, &[OriginOfTime::Device, OriginOfTime::App])
        })?,
        status: status(body)?,
        measurement: measurement(body)?,
        send_time: body.optional("send_time", Body::long)?,
        vendor: body.optional("vendor", Body::text)?,
    })
}

pub(crate) fn outcome(body: &mut Body<'_>) -> Result<StoredOutcome, Misfit> {
    use StoredOutcome::{Conflict, Correction, Historical, New, Stale};
    body.one_of("outcome", &[New, Correction, Historical, Stale, Conflict])
}

/// Reads an `AcceptedReading`.
pub(crate) fn accepted_reading(body: &mut Body<'_>) -> Result<AcceptedReading, Misfit> {
    Ok(AcceptedReading {
        reading: reading(body)?,
        outcome: outcome(body)?,
        reading_id: body.text("reading_id")?,
        version: body.long("version")?,
        origin: Origin {
            partition: body.int("partition")?,
            offset: body.long("offset")?,
            received_at: body.long("received_at")?,
        },
    })
}

pub(crate) fn status(body: &mut Body<'_>) -> Result<ReadingStatus, Misfit> {
    body.one_of("status", &[ReadingStatus::Final, ReadingStatus::EnteredInError])
}

fn source(body: &mut Body<'_>) -> Result<Source, Misfit> {
    let is_lab = body.one_of("source", &[false, true])?;
    Ok(if is_lab {
        Source::TestLab(TestLab { test_lab_id: body.text("test_lab_id")? })
    } else {
        Source::Device(Device {
            manufacturer: body.text("manufacturer")?,
            model_number: body.optional("model_number", Body::text)?,
            serial: body.text("serial")?,
        })
    })
}

pub(crate) fn skip_source(body: &mut Body<'_>) -> Result<(), Misfit> {
    if body.one_of("source", &[false, true])? {
        return body.skip_text("test_lab_id");
    }
    body.skip_text("manufacturer")?;
    body.optional("model_number", Body::skip_text)?;
    body.skip_text("serial")
}

pub(crate) fn measurement(body: &mut Body<'_>) -> Result<Measurement, Misfit> {
    Ok(match body.long("measurement")? {
        0 => Measurement::WeighingScale(WeighingScale {
            body_weight: body.double("body_weight")?,
            body_fat: body.optional("body_fat", Body::double)?,
        }),
        1 => Measurement::BloodPressure(BloodPressure {
            systolic: body.int("systolic")?,
            diastolic: body.int("diastolic")?,
            pulse_rate: body.optional("pulse_rate", Body::int)?,
            measurement_position: body.optional("measurement_position", Body::text)?,
            irregular_pulse: body.optional("irregular_pulse", Body::boolean)?,
        }),
        2 => Measurement::Activity(activity(body)?),
        3 => Measurement::Hba1c(Hba1c {
            hba1c_value: body.double("hba1c_value")?,
            measurement_method_code: body.optional("measurement_method_code", Body::text)?,
            value_criteria_code: body.optional("value_criteria_code", Body::text)?,
        }),
        4 => Measurement::BloodPressureCheckup(BloodPressureCheckup {
            systolic: body.int("systolic")?,
            diastolic: body.int("diastolic")?,
            pulse_rate: body.optional("pulse_rate", Body::int)?,
            measurement_position: body.optional("measurement_position", Body::text)?,
        }),
        5 => Measurement::BloodGlucose(blood_glucose(body)?),
        6 => Measurement::BodyTemperature(BodyTemperature {
            temperature: body.double("temperature")?,
        }),
        7 => Measurement::OxygenSaturation(OxygenSaturation {
            spo2: body.double("spo2")?,
            pulse_rate: body.optional("pulse_rate", Body::int)?,
        }),
        _ => return Err(Misfit { field: "measurement", problem: "is none of what it can be" }),
    })
}

fn activity(body: &mut Body<'_>) -> Result<Activity, Misfit> {
    Ok(Activity {
        step: body.int("step")?,
        walk_time: body.optional("walk_time", Body::int)?,
        moderate_intensity_activity: body.optional("moderate_intensity_activity", Body::int)?,
        calories: body.optional("calories", Body::double)?,
        total_calories: body.optional("total_calories", Body::double)?,
        distance: body.optional("distance", Body::double)?,
        exercise: body.optional("exercise", Body::double)?,
        physical_activity: body.optional("physical_activity", Body::double)?,
        total_active_duration: body.optional("total_active_duration", Body::int)?,
        measurement_position_code: body.optional("measurement_position_code", Body::text)?,
    })
}

fn blood_glucose(body: &mut Body<'_>) -> Result<BloodGlucose, Misfit> {
    use GlucoseMethod::{ContinuousSensor, FingerStick, Laboratory};
    use MealTiming::{AfterMeal, Bedtime, BeforeMeal, Fasting, Unknown};
    Ok(BloodGlucose {
        glucose_value: body.double("glucose_value")?,
        glucose_method: body
            .one_of("glucose_method", &[FingerStick, ContinuousSensor, Laboratory])?,
        meal_timing: body.optional("meal_timing", |body, field| {
            body.one_of(field, &[Fasting, BeforeMeal, AfterMeal, Bedtime, Unknown])
        })?,
    })
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
