//! Temperature and oxygen saturation, for those who own the device.

use clinical::{Span, Timestamp};
use schemas::Reading;
use schemas::reading::{BodyTemperature, Measurement, OxygenSaturation};

use super::{at_home, blood_pressure};
use crate::chance::{Chance, Purpose, tenths};
use crate::civil::{Day, minute_of_day};
use crate::population::{Patient, Profile};
use crate::scenario::Quantity;

const FEVER_DAYS: i64 = 40;
const SLOW_MS: i64 = Span::from_minutes(20).millis();

pub(super) fn of_day(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    let habits = &patient.habits;
    if patient.owned.thermometer {
        let mut chance = patient.chance(Purpose::Temperature, day.0);
        let at = day.at_minute(habits.morning + chance.between(2.0, 9.0));
        if chance.happens(0.7) || fever(patient, at) > 0.5 {
            readings.push(at_home(patient, at, body_temperature(patient, at, &mut chance)));
        }
    }
    if patient.owned.oximeter {
        let mut chance = patient.chance(Purpose::Oxygen, day.0);
        for minute in [habits.morning + 20.0, habits.evening - 15.0] {
            let at = day.at_minute(minute + chance.between(0.0, 8.0));
            if chance.happens(0.8) {
                readings.push(at_home(patient, at, oxygen_saturation(patient, at)));
            }
        }
    }
}

/// What a thermometer shows at a time.
pub(crate) fn body_temperature(
    patient: &Patient,
    at: Timestamp,
    chance: &mut Chance,
) -> Measurement {
    let usual = patient.chance(Purpose::Temperature, i64::MIN).normal(36.4, 0.15);
    // Lowest before waking, highest in the evening.
    let course = -0.25 * ((minute_of_day(at) - 300.0) / 1440.0 * std::f64::consts::TAU).cos();
    let value = usual + course + fever(patient, at) + chance.normal(0.0, 0.1);
    Measurement::BodyTemperature(BodyTemperature { temperature: tenths(value.clamp(34.8, 40.8)) })
}

/// Degrees of fever at a time: as the patient's scenario says, or else in one of five spans of 40
/// days, for two to four days.
fn fever(patient: &Patient, at: Timestamp) -> f64 {
    if patient.planted.is_some() {
        return patient.change(Quantity::Temperature, at);
    }
    let day = Day::of(at);
    let span = day.0.div_euclid(FEVER_DAYS);
    let mut chance = patient.chance(Purpose::Temperature, i64::MIN / 2 + span);
    let happens = chance.happens(0.2);
    let lasts = chance.whole(2, 4);
    let into = day.0.rem_euclid(FEVER_DAYS) - chance.whole(0, FEVER_DAYS - 5);
    let height = chance.between(1.0, 2.6);
    if happens && (0..lasts).contains(&into) { height * 0.75_f64.powi(into as i32) } else { 0.0 }
}

/// What an oximeter shows at a time.
pub(crate) fn oxygen_saturation(patient: &Patient, at: Timestamp) -> Measurement {
    let (usual, spread) = match patient.profile {
        Profile::HeartFailure => (95.4, 0.9),
        Profile::Elderly => (96.2, 0.8),
        _ => (97.6, 0.6),
    };
    let step = at.millis().div_euclid(SLOW_MS);
    let into = at.millis().rem_euclid(SLOW_MS) as f64 / SLOW_MS as f64;
    // Far from the days' numbers, which other draws of this purpose use.
    let knot = |step: i64| patient.chance(Purpose::Oxygen, step + (1 << 40)).normal(0.0, 1.0);
    let slow = knot(step) * (1.0 - into) + knot(step + 1) * into;
    let pulse = blood_pressure::pulse(patient, at) + 3.0 * slow;
    let change = patient.change(Quantity::Oxygen, at);
    Measurement::OxygenSaturation(OxygenSaturation {
        spo2: (usual + spread * slow + change).round().clamp(70.0, 100.0),
        pulse_rate: Some(pulse.round().clamp(44.0, 130.0) as i32),
    })
}
