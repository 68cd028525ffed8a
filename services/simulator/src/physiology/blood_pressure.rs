//! Blood pressure at home: a morning and an evening occasion of two readings each.
//!
//! Systolic pressure is the person's own level, plus a daily course that is highest after waking,
//! plus a deviation of the day that lasts for days, plus the spread between readings (about
//! 4 mmHg). The first reading of an occasion is a little higher than the second. Diastolic pressure
//! follows at half the size.

use clinical::{Span, Timestamp};
use schemas::Reading;
use schemas::reading::{BloodPressure, Measurement};

use super::at_home;
use crate::chance::{Chance, Purpose, persistent};
use crate::civil::{Day, minute_of_day};
use crate::population::Patient;
use crate::scenario::Quantity;

const READING_SPREAD: f64 = 4.0;
/// From a severe surge on, systolic pressure is this, mmHg.
const SURGE: (f64, f64) = (186.0, 206.0);

/// A surge of blood pressure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surge {
    /// Both readings of the occasion are severe.
    Lasting,
    /// The second reading is back at the usual level.
    Settling,
}

pub(super) fn of_day(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    let mut chance = patient.chance(Purpose::PressureDay, day.0);
    let habits = &patient.habits;
    let surging = chance.happens(patient.pressure.surges).then(|| {
        let kind = if chance.happens(0.6) { Surge::Lasting } else { Surge::Settling };
        (chance.happens(0.5), kind)
    });
    for (is_morning, minute, adherence) in [
        (true, habits.morning + 12.0, habits.morning_adherence),
        (false, habits.evening, habits.evening_adherence),
    ] {
        let start = day.at_minute((minute + chance.normal(0.0, 14.0)).clamp(245.0, 1430.0));
        let measures = chance.happens(adherence);
        let surge = surging.filter(|(morning, _)| *morning == is_morning).map(|(_, kind)| kind);
        // Who feels a surge measures.
        if measures || surge.is_some() {
            readings.extend(occasion(patient, start, surge, &mut chance));
        }
    }
}

/// The readings of one occasion: usually two, 61 to 110 seconds apart.
pub(crate) fn occasion(
    patient: &Patient,
    start: Timestamp,
    surge: Option<Surge>,
    chance: &mut Chance,
) -> Vec<Reading> {
    let again = start + Span::from_seconds(chance.whole(61, 110));
    let count = if surge.is_some() || chance.happens(0.92) { 2 } else { 1 };
    let severe = chance.between(SURGE.0, SURGE.1);
    [start, again]
        .into_iter()
        .take(count)
        .enumerate()
        .map(|(order, at)| {
            let severe = match surge {
                Some(Surge::Lasting) => Some(severe - 2.0 * order as f64),
                Some(Surge::Settling) if order == 0 => Some(severe),
                _ => None,
            };
            let alerting = if order == 0 { patient.pressure.alerting } else { 0.0 };
            at_home(patient, at, reading(patient, at, alerting, severe, chance))
        })
        .collect()
}

pub(super) fn reading(
    patient: &Patient,
    at: Timestamp,
    alerting: f64,
    severe: Option<f64>,
    chance: &mut Chance,
) -> Measurement {
    let traits = &patient.pressure;
    let excess = excess(patient, at) + alerting + chance.normal(0.0, READING_SPREAD);
    let (systolic, diastolic) = match severe {
        Some(systolic) => (systolic, traits.diastolic + 0.42 * (systolic - traits.systolic)),
        None => {
            (traits.systolic + excess, traits.diastolic + 0.5 * excess + chance.normal(0.0, 2.5))
        }
    };
    let systolic = systolic.round().clamp(80.0, 220.0);
    let diastolic = diastolic.round().clamp(42.0, 128.0).min(systolic - 20.0);
    let irregular = chance.happens(traits.irregular + patient.change(Quantity::Irregular, at));
    let pulse = pulse(patient, at) + chance.normal(0.0, if irregular { 9.0 } else { 3.0 });
    Measurement::BloodPressure(BloodPressure {
        systolic: systolic as i32,
        diastolic: diastolic as i32,
        pulse_rate: Some(pulse.round().clamp(44.0, 132.0) as i32),
        measurement_position: None,
        irregular_pulse: Some(irregular),
    })
}

/// How far systolic pressure is above the person's evening level at a time, mmHg, apart from what
/// differs between readings.
pub fn excess(patient: &Patient, at: Timestamp) -> f64 {
    let traits = &patient.pressure;
    let deviation = persistent(Day::of(at).0, 0.4, |day| {
        patient.chance(Purpose::Pressure, day).normal(0.0, 1.0)
    });
    traits.morning_rise * daily_course(minute_of_day(at))
        + traits.day_spread * deviation
        + patient.change(Quantity::Systolic, at)
}

/// The pulse rate at rest at a time, /min, apart from what differs between readings.
pub(super) fn pulse(patient: &Patient, at: Timestamp) -> f64 {
    patient.pressure.pulse
        + 2.5 * (1.0 - daily_course(minute_of_day(at)))
        + patient.change(Quantity::Pulse, at)
}

/// 1 after waking (07:00), 0 at bedtime (22:00), lowest in between at night.
fn daily_course(minute: f64) -> f64 {
    let phase = (minute - 420.0) / 1440.0 * std::f64::consts::TAU;
    let bedtime = (900.0_f64 / 1440.0 * std::f64::consts::TAU).cos();
    (phase.cos() - bedtime) / (1.0 - bedtime)
}
