//! Readings: one table a kind, the columns before and after the measured values being the same.

use clinical::Kind;
use schemas::reading::{
    DataInput, GlucoseMethod, MealTiming, Measurement, OriginOfTime, ReadingStatus, Source,
};
use schemas::records::{AcceptedReading, StoredOutcome};

use crate::columns::{Columns, Unfit, Value};

pub(super) fn table_of(measurement: &Measurement) -> Kind {
    match measurement {
        Measurement::WeighingScale(_) => Kind::WeighingScale,
        Measurement::BloodPressure(_) => Kind::BloodPressure,
        Measurement::Activity(_) => Kind::Activity,
        Measurement::Hba1c(_) => Kind::Hba1c,
        Measurement::BloodPressureCheckup(_) => Kind::BloodPressureCheckup,
        Measurement::BloodGlucose(_) => Kind::BloodGlucose,
        Measurement::BodyTemperature(_) => Kind::BodyTemperature,
        Measurement::OxygenSaturation(_) => Kind::OxygenSaturation,
    }
}

pub(super) fn walk(accepted: &AcceptedReading, to: &mut impl Columns) -> Result<(), Unfit> {
    let reading = &accepted.reading;
    to.put("patient", Value::Text(&[&reading.consortium_id, "/", &reading.person_id]));
    source(&reading.source, to);
    to.seconds("observation_time", reading.observation_time)?;
    to.put("version", Value::UInt64(accepted.version.cast_unsigned()));
    to.put("withdrawn", Value::Bool(reading.status == ReadingStatus::EnteredInError));
    measurement(&reading.measurement, to)?;
    to.int16("utc_offset_minutes", reading.utc_offset_minutes)?;
    to.put(
        "data_input",
        Value::Int8(match reading.data_input {
            DataInput::Device => 0,
            DataInput::Manual => 1,
            DataInput::Modified => 2,
        }),
    );
    to.put(
        "origin_of_time",
        Value::Int8(match reading.origin_of_time {
            None => 0,
            Some(OriginOfTime::Device) => 1,
            Some(OriginOfTime::App) => 2,
        }),
    );
    to.millis("update_time", reading.update_time)?;
    to.informative_millis("send_time", reading.send_time);
    to.text("vendor", reading.vendor.as_deref().unwrap_or(""));
    to.put(
        "outcome",
        Value::Int8(match accepted.outcome {
            StoredOutcome::New => 0,
            StoredOutcome::Correction => 1,
            StoredOutcome::Historical => 2,
            StoredOutcome::Stale => 3,
            StoredOutcome::Conflict => 4,
        }),
    );
    to.informative_millis("received_at", Some(accepted.origin.received_at));
    to.put("origin_partition", Value::Int32(accepted.origin.partition));
    to.put("origin_offset", Value::Int64(accepted.origin.offset));
    Ok(())
}

/// The source in its written form, [`clinical::Source::written`], which is only asked when a part
/// needs escaping; a test holds both to the same text.
fn source(source: &Source, to: &mut impl Columns) {
    let plain = |part: &str| !part.bytes().any(|byte| byte == b'|' || byte == b'%');
    match source {
        Source::Device(device) => {
            let model = device.model_number.as_deref().unwrap_or("");
            if plain(&device.manufacturer) && plain(model) && plain(&device.serial) {
                let parts = [&device.manufacturer, "|", model, "|", &device.serial];
                to.put("source", Value::Text(&parts));
            } else {
                let escaped = clinical::Source::Device {
                    manufacturer: device.manufacturer.as_str().into(),
                    model_number: device.model_number.as_deref().map(Into::into),
                    serial: device.serial.as_str().into(),
                };
                to.text("source", &escaped.written());
            }
        }
        Source::TestLab(lab) => {
            if plain(&lab.test_lab_id) {
                to.put("source", Value::Text(&["lab|", &lab.test_lab_id]));
            } else {
                let test_lab_id = lab.test_lab_id.as_str().into();
                to.text("source", &clinical::Source::TestLab { test_lab_id }.written());
            }
        }
    }
}

fn measurement(measurement: &Measurement, to: &mut impl Columns) -> Result<(), Unfit> {
    let number = |value: Option<f64>| value.unwrap_or(-1.0);
    match measurement {
        Measurement::WeighingScale(scale) => {
            to.float("body_weight", scale.body_weight);
            to.float("body_fat", scale.body_fat.unwrap_or(0.0));
        }
        Measurement::BloodPressure(pressure) => {
            to.uint16("systolic", pressure.systolic)?;
            to.uint16("diastolic", pressure.diastolic)?;
            to.uint16("pulse_rate", pressure.pulse_rate.unwrap_or(0))?;
            to.put("irregular_pulse", Value::Int8(pressure.irregular_pulse.map_or(-1, i8::from)));
            let position = pressure.measurement_position.as_deref();
            to.text("measurement_position", position.unwrap_or(""));
        }
        Measurement::Activity(activity) => {
            to.uint32("step", activity.step)?;
            to.int16("walk_time", activity.walk_time.unwrap_or(-1))?;
            to.int16(
                "moderate_intensity_activity",
                activity.moderate_intensity_activity.unwrap_or(-1),
            )?;
            to.float("calories", number(activity.calories));
            to.float("total_calories", number(activity.total_calories));
            to.float("distance", number(activity.distance));
            to.float("exercise", number(activity.exercise));
            to.float("physical_activity", number(activity.physical_activity));
            to.int16("total_active_duration", activity.total_active_duration.unwrap_or(-1))?;
            let position = activity.measurement_position_code.as_deref();
            to.text("measurement_position_code", position.unwrap_or(""));
        }
        Measurement::Hba1c(hba1c) => {
            to.float("hba1c_value", hba1c.hba1c_value);
            let method = hba1c.measurement_method_code.as_deref();
            to.text("measurement_method_code", method.unwrap_or(""));
            to.text("value_criteria_code", hba1c.value_criteria_code.as_deref().unwrap_or(""));
        }
        Measurement::BloodPressureCheckup(pressure) => {
            to.uint16("systolic", pressure.systolic)?;
            to.uint16("diastolic", pressure.diastolic)?;
            to.uint16("pulse_rate", pressure.pulse_rate.unwrap_or(0))?;
            let position = pressure.measurement_position.as_deref();
            to.text("measurement_position", position.unwrap_or(""));
        }
        Measurement::BloodGlucose(glucose) => {
            to.float("glucose_value", glucose.glucose_value);
            to.put(
                "glucose_method",
                Value::Int8(match glucose.glucose_method {
                    GlucoseMethod::FingerStick => 0,
                    GlucoseMethod::ContinuousSensor => 1,
                    GlucoseMethod::Laboratory => 2,
                }),
            );
            to.put(
                "meal_timing",
                Value::Int8(match glucose.meal_timing {
                    None => -1,
                    Some(MealTiming::Fasting) => 0,
                    Some(MealTiming::BeforeMeal) => 1,
                    Some(MealTiming::AfterMeal) => 2,
                    Some(MealTiming::Bedtime) => 3,
                    Some(MealTiming::Unknown) => 9,
                }),
            );
        }
        Measurement::BodyTemperature(temperature) => {
            to.float("temperature", temperature.temperature);
        }
        Measurement::OxygenSaturation(saturation) => {
            to.float("spo2", saturation.spo2);
            to.uint16("pulse_rate", saturation.pulse_rate.unwrap_or(0))?;
        }
    }
    Ok(())
}
