//! Glucose: one course for each patient, which finger-sticks sample at habits and a sensor every
//! five minutes.
//!
//! The course is a basal level that differs from day to day, a rise at dawn, a response to each of
//! three meals (times and sizes of the day), slow noise, and in treated diabetes an occasional fall.
//! Who wears a sensor now and then falls or rises beyond what it can say.

use clinical::kinds::Readout;
use clinical::{Kind, Span, Timestamp};
use schemas::Reading;
use schemas::reading::{
    BloodGlucose, Comparator, GlucoseMethod, GlucoseUnit, MealTiming, Measurement,
};

use super::at_home;
use crate::chance::{Purpose, persistent, tenths};
use crate::civil::{Day, minute_of_day};
use crate::population::Patient;
use crate::scenario::Quantity;

/// Minutes between two values of a sensor.
pub const SENSOR_MINUTES: i64 = 5;
/// A sensor is worn for so many days; the first hour of the next one gives nothing.
const SENSOR_WEAR_DAYS: i64 = 14;

/// What shapes glucose on one day. Times are minutes of the civil day.
struct Course {
    basal: f64,
    /// Time and rise of each meal.
    meals: [(f64, f64); 3],
    /// Time and depth of a fall.
    low: Option<(f64, f64)>,
}

impl Course {
    fn of(patient: &Patient, day: Day) -> Self {
        let traits = &patient.glucose;
        let mut chance = patient.chance(Purpose::GlucoseDay, day.0);
        let spread = 0.06 * traits.basal;
        let basal = traits.basal
            + persistent(day.0, 0.5, |step| {
                patient.chance(Purpose::Glucose, step + 1_000_000).normal(0.0, spread)
            });
        let mut meal = |minute: f64, size: f64| {
            (minute + chance.normal(0.0, 18.0), traits.meal * size * chance.between(0.6, 1.4))
        };
        let mut meals =
            [meal(patient.habits.morning + 40.0, 0.8), meal(735.0, 0.95), meal(1140.0, 1.2)];
        let mut low = chance.happens(traits.lows).then(|| {
            let minute = chance.one_of(&[190.0, 690.0, 1080.0]) + chance.normal(0.0, 30.0);
            (minute, basal - chance.between(44.0, 68.0))
        });
        if patient.owned.glucose_sensor {
            if let Some((_, depth)) = low.as_mut().filter(|_| chance.happens(0.2)) {
                *depth += chance.between(30.0, 60.0);
            }
            if chance.happens(0.02) && patient.planted.is_none() {
                meals[2].1 *= chance.between(2.0, 3.0);
            }
        }
        Self { basal, meals, low }
    }

    /// The rise above the basal level at a minute, which may lie on the next day.
    fn rise(&self, peak: f64, minute: f64) -> f64 {
        self.meals
            .iter()
            .map(|(time, rise)| {
                let since = ((minute - time) / peak).max(0.0);
                rise * since * (1.0 - since).exp()
            })
            .sum()
    }

    fn fall(&self, minute: f64) -> f64 {
        self.low.map_or(0.0, |(time, depth)| depth * bell((minute - time) / 28.0))
    }
}

fn bell(x: f64) -> f64 {
    (-0.5 * x * x).exp()
}

/// The course of two days, from which any minute of the second can be computed.
struct Glucose<'p> {
    patient: &'p Patient,
    yesterday: Course,
    today: Course,
}

impl<'p> Glucose<'p> {
    fn of(patient: &'p Patient, day: Day) -> Self {
        let yesterday = Course::of(patient, Day(day.0 - 1));
        Self { patient, yesterday, today: Course::of(patient, day) }
    }

    fn at(&self, time: Timestamp) -> f64 {
        let traits = &self.patient.glucose;
        let minute = minute_of_day(time);
        // The level passes from one day's to the next's over the first four hours.
        let passed = (minute / 240.0).min(1.0);
        let basal = self.yesterday.basal * (1.0 - passed) + self.today.basal * passed;
        let dawn = traits.dawn * bell((minute - 400.0) / 110.0);
        let rise = self.yesterday.rise(traits.peak, minute + 1440.0)
            + self.today.rise(traits.peak, minute);
        let change = self.patient.change(Quantity::Glucose, time);
        let level =
            basal + dawn + rise - self.today.fall(minute) + traits.noise * self.slow(time) + change;
        level.clamp(38.0, 480.0)
    }

    /// Noise of about unit variance that changes over an hour.
    fn slow(&self, time: Timestamp) -> f64 {
        let step = time.millis().div_euclid(SLOW_MS);
        let into = time.millis().rem_euclid(SLOW_MS) as f64 / SLOW_MS as f64;
        let knot = |step| self.patient.chance(Purpose::GlucoseNoise, step).normal(0.0, 1.0);
        knot(step) * (1.0 - into) + knot(step + 1) * into
    }
}

const SLOW_MS: i64 = Span::from_minutes(50).millis();

/// Glucose of a patient at a time, mg/dL.
pub fn level(patient: &Patient, time: Timestamp) -> f64 {
    Glucose::of(patient, Day::of(time)).at(time)
}

/// Mean glucose over the eight weeks before a day, mg/dL: what HbA1c follows.
pub fn mean_before(patient: &Patient, day: Day) -> f64 {
    let mut sum = 0.0;
    let mut count = 0.0;
    for week in 0..8 {
        let sampled = Day(day.0 - 3 - 7 * week);
        let course = Glucose::of(patient, sampled);
        for half_hour in 0..48 {
            sum += course.at(sampled.at_minute(f64::from(half_hour) * 30.0));
            count += 1.0;
        }
    }
    sum / count
}

pub(super) fn of_day(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    if patient.owned.glucose_meter {
        finger_sticks(patient, day, readings);
    }
    if patient.owned.glucose_sensor {
        sensor(patient, day, readings);
    }
}

fn finger_sticks(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    let course = Glucose::of(patient, day);
    let mut chance = patient.chance(Purpose::GlucoseSensor, day.0);
    let [breakfast, _, dinner] = course.today.meals;
    let habits = [
        (breakfast.0 - 12.0, MealTiming::Fasting, patient.habits.morning_adherence),
        (dinner.0 - 15.0, MealTiming::BeforeMeal, 0.35),
        (dinner.0 + 120.0, MealTiming::AfterMeal, 0.45),
        (patient.habits.evening - 10.0, MealTiming::Bedtime, 0.25),
    ];
    for (minute, timing, adherence) in habits {
        let at = day.at_minute((minute + chance.normal(0.0, 4.0)).clamp(240.0, 1435.0));
        let error = chance.normal(1.0, 0.05);
        if chance.happens(adherence) {
            let measurement = finger_stick(patient, course.at(at) * error, timing);
            readings.push(at_home(patient, at, measurement));
        }
    }
}

/// What devices show in the place of a plain number, as it is declared.
const READOUT: &Readout = match Kind::BloodGlucose.fields()[0].readout {
    Some(readout) => readout,
    None => panic!("glucose has a readout"),
};

/// mg/dL in one mmol/L.
pub(crate) const MG_DL_IN_MMOL_L: f64 = READOUT.units[GlucoseUnit::MmolL as usize].1;

/// What a sensor can say, mg/dL.
const SENSOR_RANGE: (f64, f64) = match &READOUT.devices[GlucoseMethod::ContinuousSensor as usize] {
    Some(sensor) => (sensor.low, sensor.high),
    None => panic!("a sensor has limits"),
};

/// What a patient's meter shows.
pub(crate) fn finger_stick(patient: &Patient, glucose: f64, timing: MealTiming) -> Measurement {
    let (glucose_value, glucose_unit) = shown(patient, glucose.clamp(30.0, 600.0));
    Measurement::BloodGlucose(BloodGlucose {
        glucose_value,
        glucose_method: GlucoseMethod::FingerStick,
        meal_timing: Some(timing),
        glucose_unit,
        glucose_comparator: None,
    })
}

/// What a patient's sensor says: beyond its range only that it is below or above.
fn sensor_value(patient: &Patient, glucose: f64) -> Measurement {
    let rounded = glucose.round();
    let (low, high) = SENSOR_RANGE;
    let (glucose_value, glucose_unit) = shown(patient, rounded.clamp(low, high));
    Measurement::BloodGlucose(BloodGlucose {
        glucose_value,
        glucose_method: GlucoseMethod::ContinuousSensor,
        meal_timing: None,
        glucose_unit,
        glucose_comparator: match rounded {
            value if value < low => Some(Comparator::Below),
            value if value > high => Some(Comparator::Above),
            _ => None,
        },
    })
}

/// Glucose in mg/dL, as the patient's device writes it.
fn shown(patient: &Patient, glucose: f64) -> (f64, Option<GlucoseUnit>) {
    match patient.owned.shows_millimoles {
        true => (tenths(glucose / MG_DL_IN_MMOL_L), Some(GlucoseUnit::MmolL)),
        false => (glucose.round(), None),
    }
}

fn sensor(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    let course = Glucose::of(patient, day);
    let mut chance = patient.chance(Purpose::GlucoseSensor, day.0);
    // Second of the five minutes in which this patient's sensor reports, and day of its change.
    let mut wearer = patient.chance(Purpose::Glucose, 1);
    let phase = wearer.whole(0, SENSOR_MINUTES * 60 - 1);
    let changed = (day.0 + wearer.whole(0, SENSOR_WEAR_DAYS - 1)) % SENSOR_WEAR_DAYS == 0;
    let change = changed.then_some((600.0, 660.0));
    let lost = chance.happens(0.12).then(|| {
        let from = chance.between(0.0, 1300.0);
        (from, from + chance.between(20.0, 200.0))
    });
    for slot in 0..24 * 60 / SENSOR_MINUTES {
        let minute = (slot * SENSOR_MINUTES) as f64 + phase as f64 / 60.0;
        let error = chance.normal(1.0, 0.025);
        let within =
            |gap: Option<(f64, f64)>| gap.is_some_and(|(from, to)| (from..to).contains(&minute));
        let at = day.at_minute(minute);
        // A lost connection would hide what is planted, and no rule could flag it.
        let is_planted = patient.change(Quantity::Glucose, at) != 0.0;
        if within(change) || within(lost) && !is_planted {
            continue;
        }
        readings.push(at_home(patient, at, sensor_value(patient, course.at(at) * error)));
    }
}
