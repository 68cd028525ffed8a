//! Readings as they come from many patients: each patient's in order, the patients taking turns at
//! random, with duplicates and corrections. The same for the same seed, but for the dates.

use clinical::{Span, Timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::Reading;
use schemas::reading::Measurement;
use simulator::physiology::Truth;
use simulator::population::Patient;

/// Share of sends that repeat an earlier one: a device's memory sent again.
const DUPLICATES: f64 = 0.10;
/// Share of sends that correct an earlier one.
const CORRECTIONS: f64 = 0.05;
/// So far back the readings begin: inside the window in which versions are remembered.
const DAYS_BACK: i64 = 30;

/// Blood pressure at home, and glucose of those who have diabetes, until nobody has any left.
pub struct Turns<'p> {
    draw: ChaCha8Rng,
    turns: Vec<(Truth<'p>, Option<Reading>)>,
}

impl<'p> Turns<'p> {
    /// What patients send between thirty days and an hour ago.
    pub fn of(patients: impl IntoIterator<Item = &'p Patient>, seed: u64) -> Self {
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        let (from, to) = (now - Span::from_days(DAYS_BACK), now - Span::from_hours(1));
        let turn = |patient| (simulator::truth(patient, from, to), None);
        Self {
            draw: ChaCha8Rng::seed_from_u64(seed),
            turns: patients.into_iter().map(turn).collect(),
        }
    }
}

impl Iterator for Turns<'_> {
    type Item = Reading;

    fn next(&mut self) -> Option<Reading> {
        while !self.turns.is_empty() {
            let turn = self.draw.random_range(0..self.turns.len());
            let (truth, last) = &mut self.turns[turn];
            let chance: f64 = self.draw.random();
            let reading = match last.take() {
                Some(known) if chance < DUPLICATES => known,
                Some(known) if chance < DUPLICATES + CORRECTIONS => corrected(known),
                _ => match truth.find(is_wanted) {
                    Some(reading) => reading,
                    None => {
                        self.turns.swap_remove(turn);
                        continue;
                    }
                },
            };
            *last = Some(reading.clone());
            return Some(reading);
        }
        None
    }
}

fn is_wanted(reading: &Reading) -> bool {
    matches!(reading.measurement, Measurement::BloodPressure(_) | Measurement::BloodGlucose(_))
}

fn corrected(mut reading: Reading) -> Reading {
    reading.update_time += 1000;
    match &mut reading.measurement {
        Measurement::BloodPressure(pressure) => pressure.systolic += 2,
        Measurement::BloodGlucose(glucose) => glucose.glucose_value += 3.0,
        _ => {}
    }
    reading
}
