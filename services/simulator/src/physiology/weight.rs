//! Body weight: a slow drift, the day's water and meals (about 0.3 kg), and in heart failure spells
//! of retention: 2.5 to 4.5 kg gained within six days and lost over the ten that follow.

use schemas::Reading;
use schemas::reading::{Measurement, WeighingScale};

use super::at_home;
use crate::chance::{Purpose, persistent, tenths};
use crate::civil::Day;
use crate::population::{Patient, Profile};
use crate::scenario::Quantity;

const SPELL_DAYS: i64 = 35;

pub(super) fn of_day(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    if !patient.owned.scale {
        return;
    }
    let mut chance = patient.chance(Purpose::BodyDay, day.0);
    let adherence = match patient.profile {
        _ if patient.planted.is_some() => 0.97,
        Profile::HeartFailure => 0.93,
        _ => 0.55,
    };
    if !chance.happens(adherence) {
        return;
    }
    let minute = patient.habits.morning + 5.0 + chance.normal(0.0, 10.0);
    readings.push(at_home(
        patient,
        day.at_minute(minute.clamp(242.0, 700.0)),
        on_scale(patient, day),
    ));
}

/// What the patient's scale shows on a day.
pub(crate) fn on_scale(patient: &Patient, day: Day) -> Measurement {
    let weight = weight(patient, day);
    let fat = patient.body.fat + 0.25 * (weight - patient.body.weight);
    Measurement::WeighingScale(WeighingScale {
        body_weight: tenths(weight.clamp(28.0, 180.0)),
        body_fat: Some(tenths(fat.clamp(5.0, 55.0))),
    })
}

/// The patient's weight in the morning of a day, kg.
pub fn weight(patient: &Patient, day: Day) -> f64 {
    let mut phases = patient.chance(Purpose::Body, 1);
    let wave =
        |period: f64, phase: f64| ((day.0 as f64 / period + phase) * std::f64::consts::TAU).sin();
    let drift = 0.7 * wave(phases.between(150.0, 360.0), phases.share())
        + 0.3 * wave(phases.between(35.0, 80.0), phases.share());
    let daily = persistent(day.0, 0.4, |step| {
        patient.chance(Purpose::Body, step + 1_000_000).normal(0.0, 0.3)
    });
    let retained = match &patient.planted {
        // In the morning, when people weigh themselves.
        Some(planted) => planted.change(Quantity::Weight, day.at_minute(420.0)),
        None if patient.profile == Profile::HeartFailure => retention(patient, day),
        None => 0.0,
    };
    patient.body.weight + patient.body.drift * drift + daily + retained
}

/// Water retained in heart failure, kg. At most one spell in 35 days.
fn retention(patient: &Patient, day: Day) -> f64 {
    let shift = patient.chance(Purpose::Body, 2).whole(0, SPELL_DAYS - 1);
    let spell = (day.0 + shift).div_euclid(SPELL_DAYS);
    let since_start = (day.0 + shift).rem_euclid(SPELL_DAYS);
    let mut chance = patient.chance(Purpose::Body, 2_000_000 + spell);
    let happens = chance.happens(0.45);
    let gain = chance.between(2.5, 4.5);
    let day_of_spell = since_start - chance.whole(0, SPELL_DAYS - 17);
    match day_of_spell {
        _ if !happens => 0.0,
        0..=6 => gain * day_of_spell as f64 / 6.0,
        7..=16 => gain * (16 - day_of_spell) as f64 / 10.0,
        _ => 0.0,
    }
}
