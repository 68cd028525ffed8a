//! Steps and activity, reported once a day in the late evening. Weekends are quieter for those who
//! commute, and one day in six it rains.

use schemas::Reading;
use schemas::reading::{Activity, Measurement};

use super::registered;
use crate::chance::{Purpose, tenths};
use crate::civil::Day;
use crate::population::Patient;

pub(super) fn of_day(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    if !patient.owned.tracker {
        return;
    }
    let mut chance = patient.chance(Purpose::ActivityDay, day.0);
    let reported = day.at_minute(chance.between(1325.0, 1435.0));
    if !chance.happens(0.95) {
        return;
    }
    let weekday = match (patient.commutes, day.is_sunday(), day.is_saturday()) {
        (true, true, _) => 0.7,
        (true, _, true) => 0.85,
        (true, false, false) => 1.1,
        (false, true, _) => 0.9,
        (false, ..) => 1.0,
    };
    let weather = if chance.happens(1.0 / 6.0) { 0.75 } else { 1.0 };
    let steps = patient.steps * weekday * weather * chance.normal(0.0, 0.25).exp();
    let steps = steps.clamp(150.0, 38_000.0).round();
    let walk = (steps / 105.0).round();
    let brisk = (walk * chance.between(0.15, 0.35)).round();
    let active = (walk * chance.between(1.3, 1.9)).round().min(1200.0);
    let weight = patient.body.weight;
    // Walking at about 3.3 METs; 1 MET·h is about 1.05 kcal a kilogram.
    let calories = walk / 60.0 * 3.3 * 1.05 * weight;
    let measurement = Measurement::Activity(Activity {
        step: steps as i32,
        walk_time: Some(walk as i32),
        moderate_intensity_activity: Some(brisk as i32),
        calories: Some(tenths(calories)),
        total_calories: Some(tenths(22.0 * weight + calories)),
        distance: Some(tenths(steps * 0.42 * patient.body.height / 1000.0)),
        exercise: Some(tenths(brisk / 60.0 * 4.0)),
        physical_activity: Some(tenths(walk / 60.0 * 3.3)),
        total_active_duration: Some(active as i32),
        measurement_position_code: Some("31".to_owned()),
    });
    // The record is of the whole day: its clock time is zero, as the exchange standard has it.
    readings.push(registered(patient, day.start(), reported, false, measurement));
}
