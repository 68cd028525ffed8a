//! Readings as they come from many patients: each patient's in order, the patients taking turns at
//! random, with duplicates and corrections. The same for the same seed, but for the dates.

use std::collections::VecDeque;

use clinical::{Span, Timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::Reading;
use schemas::reading::Measurement;
use simulator::physiology::Truth;
use simulator::population::Patient;

/// So far back the readings begin: inside the window in which versions are remembered.
const DAYS_BACK: i64 = 30;
/// A reading that comes late comes after so many later ones of its patient.
const LATE_BY: usize = 10;

/// What is sent besides each reading once, in order.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    /// Share of sends that repeat an earlier one: a device's memory sent again.
    pub duplicates: f64,
    /// Share of sends that correct an earlier one.
    pub corrections: f64,
    /// Among how many of a patient's newest readings the one is chosen that is sent again.
    pub reach: usize,
    /// Share of readings that come after later ones.
    pub late: f64,
    /// Nothing but blood pressure, which rules look at.
    pub only_pressure: bool,
}

impl Mix {
    /// As it comes: duplicates and corrections of the last reading.
    pub const USUAL: Mix =
        Mix { duplicates: 0.10, corrections: 0.05, reach: 1, late: 0.0, only_pressure: false };

    fn wants(&self, reading: &Reading) -> bool {
        match reading.measurement {
            Measurement::BloodPressure(_) => true,
            Measurement::BloodGlucose(_) => !self.only_pressure,
            _ => false,
        }
    }
}

/// Blood pressure at home, and glucose of those who have diabetes, until nobody has any left.
pub struct Turns<'p> {
    mix: Mix,
    draw: ChaCha8Rng,
    turns: Vec<Turn<'p>>,
}

/// One patient's readings.
struct Turn<'p> {
    truth: Truth<'p>,
    /// The newest that were sent.
    sent: VecDeque<Reading>,
    /// How many were sent for the first time.
    fresh: usize,
    /// Those that come late, and after how many of them.
    held: VecDeque<(usize, Reading)>,
}

impl<'p> Turns<'p> {
    /// What patients send between thirty days and an hour ago.
    pub fn of(patients: impl IntoIterator<Item = &'p Patient>, seed: u64, mix: Mix) -> Self {
        let now = Timestamp::from_millis(chassis::now_ms());
        let (from, to) = (now - Span::from_days(DAYS_BACK), now - Span::from_hours(1));
        let turn = |patient| Turn {
            truth: simulator::truth(patient, from, to),
            sent: VecDeque::new(),
            fresh: 0,
            held: VecDeque::new(),
        };
        Self {
            mix,
            draw: ChaCha8Rng::seed_from_u64(seed),
            turns: patients.into_iter().map(turn).collect(),
        }
    }
}

impl Turn<'_> {
    fn next(&mut self, mix: &Mix, draw: &mut ChaCha8Rng) -> Option<Reading> {
        let chance: f64 = draw.random();
        let reading = if chance < mix.duplicates + mix.corrections && !self.sent.is_empty() {
            let which = draw.random_range(0..self.sent.len());
            let known = self.sent.remove(which)?;
            if chance < mix.duplicates { known } else { corrected(known) }
        } else {
            self.fresh(mix, draw)?
        };
        self.sent.push_back(reading.clone());
        if self.sent.len() > mix.reach {
            self.sent.pop_front();
        }
        Some(reading)
    }

    fn fresh(&mut self, mix: &Mix, draw: &mut ChaCha8Rng) -> Option<Reading> {
        self.fresh += 1;
        while self.held.front().is_none_or(|(after, _)| *after > self.fresh) {
            match self.truth.find(|reading| mix.wants(reading)) {
                Some(reading) if mix.late > 0.0 && draw.random_bool(mix.late) => {
                    self.held.push_back((self.fresh + LATE_BY, reading));
                }
                Some(reading) => return Some(reading),
                None => break,
            }
        }
        self.held.pop_front().map(|(_, reading)| reading)
    }
}

impl Iterator for Turns<'_> {
    type Item = Reading;

    fn next(&mut self) -> Option<Reading> {
        while !self.turns.is_empty() {
            let turn = self.draw.random_range(0..self.turns.len());
            match self.turns[turn].next(&self.mix, &mut self.draw) {
                Some(reading) => return Some(reading),
                None => drop(self.turns.swap_remove(turn)),
            }
        }
        None
    }
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

#[cfg(test)]
mod tests {
    use simulator::population::population;

    use super::*;

    #[test]
    fn late_readings_come_after_later_ones_and_none_is_lost() {
        let population = population(7, 20, 1);
        let in_order = Mix { duplicates: 0.0, corrections: 0.0, ..Mix::USUAL };
        let sorted = |mix| {
            let mut all: Vec<_> = Turns::of(&population, 7, mix)
                .map(|reading| (reading.key(), reading.observation_time))
                .collect();
            let disordered = all
                .iter()
                .enumerate()
                .filter(|(at, (key, time))| {
                    all[..*at].iter().any(|(other, later)| other == key && later > time)
                })
                .count();
            all.sort();
            (all, disordered)
        };
        let (all, disordered) = sorted(in_order);
        assert_eq!(disordered, 0);
        let (late, disordered) = sorted(Mix { late: 0.2, ..in_order });
        assert_eq!(late, all);
        let share = disordered as f64 / late.len() as f64;
        assert!((0.1..0.3).contains(&share), "{share}");
    }
}
