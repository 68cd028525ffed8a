//! What a patient measures besides the usual because the scenario says so.

use schemas::Reading;
use schemas::reading::MealTiming;

use super::{at_home, blood_pressure, glucose, vitals, weight};
use crate::chance::Purpose;
use crate::civil::Day;
use crate::population::Patient;
use crate::scenario::Measurable;

pub(super) fn of_day(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    let Some(planted) = &patient.planted else { return };
    for (what, at) in planted.measured_on(day) {
        let mut chance = patient.chance(Purpose::Planted, at.millis());
        let measurement = match what {
            Measurable::BloodPressure => {
                blood_pressure::reading(patient, at, 0.0, None, &mut chance)
            }
            Measurable::BloodGlucose => {
                let level = glucose::level(patient, at);
                glucose::finger_stick(patient, level, MealTiming::Unknown)
            }
            Measurable::OxygenSaturation => vitals::oxygen_saturation(patient, at),
            Measurable::BodyTemperature => vitals::body_temperature(patient, at, &mut chance),
            Measurable::WeighingScale => weight::on_scale(patient, Day::of(at)),
        };
        readings.push(at_home(patient, at, measurement));
    }
}
