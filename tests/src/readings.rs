//! Readings to send.

use clinical::{Span, Timestamp};
use schemas::Reading;
use schemas::reading::{
    BloodGlucose, BloodPressure, BloodPressureCheckup, Comparator, DataInput, Device,
    GlucoseMethod, Hba1c, Measurement, OriginOfTime, OxygenSaturation, ReadingStatus, Source,
    TestLab, WeighingScale,
};

/// The present.
pub fn now() -> Timestamp {
    Timestamp::from_millis(chassis::now_ms())
}

/// Some seconds ago, on a whole second, as devices observe.
pub fn seconds_ago(seconds: i64) -> Timestamp {
    Timestamp::from_seconds((now() - Span::from_seconds(seconds)).seconds())
}

/// A home blood pressure.
pub fn blood_pressure(patient: &str, at: Timestamp, systolic: i32, diastolic: i32) -> Reading {
    let measurement = Measurement::BloodPressure(BloodPressure {
        systolic,
        diastolic,
        pulse_rate: Some(71),
        measurement_position: None,
        irregular_pulse: None,
    });
    reading(patient, at, "BP-0001", measurement)
}

/// A value of a glucose sensor.
pub fn sensor_glucose(patient: &str, at: Timestamp, value: f64) -> Reading {
    let measurement = Measurement::BloodGlucose(BloodGlucose {
        glucose_value: value,
        glucose_method: GlucoseMethod::ContinuousSensor,
        meal_timing: None,
        glucose_unit: None,
        glucose_comparator: None,
    });
    reading(patient, at, "CGM-0001", measurement)
}

/// A sensor that says LO: glucose is below 40 mg/dL.
pub fn sensor_low(patient: &str, at: Timestamp) -> Reading {
    let mut low = sensor_glucose(patient, at, 40.0);
    if let Measurement::BloodGlucose(glucose) = &mut low.measurement {
        glucose.glucose_comparator = Some(Comparator::Below);
    }
    low
}

/// A saturation of an oximeter, which may count the pulse.
pub fn oxygen_saturation(
    patient: &str,
    at: Timestamp,
    spo2: f64,
    pulse_rate: Option<i32>,
) -> Reading {
    let measurement = Measurement::OxygenSaturation(OxygenSaturation { spo2, pulse_rate });
    reading(patient, at, "OX-0001", measurement)
}

/// A weight of a scale.
pub fn body_weight(patient: &str, at: Timestamp, body_weight: f64) -> Reading {
    let measurement = Measurement::WeighingScale(WeighingScale { body_weight, body_fat: None });
    reading(patient, at, "WS-0001", measurement)
}

/// A blood pressure of a check-up.
pub fn checkup_pressure(patient: &str, at: Timestamp, systolic: i32, diastolic: i32) -> Reading {
    let pressure = BloodPressureCheckup { systolic, diastolic, ..BloodPressureCheckup::default() };
    of_a_checkup(patient, at, Measurement::BloodPressureCheckup(pressure))
}

/// A laboratory's HbA1c.
pub fn hba1c(patient: &str, at: Timestamp, hba1c_value: f64) -> Reading {
    of_a_checkup(patient, at, Measurement::Hba1c(Hba1c { hba1c_value, ..Hba1c::default() }))
}

fn of_a_checkup(patient: &str, at: Timestamp, measurement: Measurement) -> Reading {
    Reading {
        source: Source::TestLab(TestLab { test_lab_id: "131000000001".to_owned() }),
        origin_of_time: None,
        ..reading(patient, at, "", measurement)
    }
}

fn reading(patient: &str, at: Timestamp, serial: &str, measurement: Measurement) -> Reading {
    let (consortium_id, person_id) = patient.split_once('/').unwrap();
    Reading {
        consortium_id: consortium_id.to_owned(),
        person_id: person_id.to_owned(),
        observation_time: at.millis(),
        utc_offset_minutes: schemas::reading::japan(),
        update_time: at.millis(),
        source: Source::Device(Device {
            manufacturer: "KAWASEMI".to_owned(),
            model_number: Some("K-1".to_owned()),
            serial: serial.to_owned(),
        }),
        data_input: DataInput::Device,
        origin_of_time: Some(OriginOfTime::Device),
        status: ReadingStatus::Final,
        measurement,
        send_time: None,
        vendor: None,
    }
}

/// The same reading, with another pressure and registered so many milliseconds later.
pub fn corrected(reading: &Reading, later_ms: i64, systolic: i32, diastolic: i32) -> Reading {
    let mut corrected = reading.clone();
    corrected.update_time += later_ms;
    corrected.data_input = DataInput::Modified;
    if let Measurement::BloodPressure(pressure) = &mut corrected.measurement {
        (pressure.systolic, pressure.diastolic) = (systolic, diastolic);
    }
    corrected
}

/// The same reading, said so many milliseconds later to be entered in error.
pub fn entered_in_error(reading: &Reading, later_ms: i64) -> Reading {
    Reading {
        update_time: reading.update_time + later_ms,
        status: ReadingStatus::EnteredInError,
        ..reading.clone()
    }
}

/// Readings of one consortium as an exchange document.
pub fn document(readings: &[Reading]) -> String {
    let consortium = &readings.first().expect("a reading").consortium_id;
    simulator::exchange::document(consortium, now(), readings).to_string()
}

/// In another order, the same for the same seed.
pub fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut shuffled = items.to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for place in (1..shuffled.len()).rev() {
        // xorshift: an order, not a secret.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        shuffled.swap(place, (state % (place as u64 + 1)) as usize);
    }
    shuffled
}
