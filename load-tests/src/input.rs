//! What the processor is given: readings as devices send them, in their wire form.

use anyhow::Context;
use clinical::{Span, Timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::reading::Measurement;
use schemas::{Codec, Encoder, Reading};
use simulator::population::population;

const SEED: u64 = 20_260_401;
const CONSORTIA: u32 = 20;
/// Share of sends that repeat an earlier one: a device's memory sent again.
const DUPLICATES: f64 = 0.10;
/// Share of sends that correct an earlier one.
const CORRECTIONS: f64 = 0.05;
/// So far back the readings begin: inside the window in which versions are remembered.
const DAYS_BACK: i64 = 30;

/// A raw record.
pub struct Raw {
    /// Kafka key: the patient.
    pub key: Box<[u8]>,
    /// An Avro `Reading` in single-object encoding.
    pub payload: Box<[u8]>,
}

/// Raw records in the order in which they are sent.
pub struct Input {
    records: Vec<Raw>,
}

impl Input {
    /// So many records of so many patients: blood pressure at home, and glucose of those who have
    /// diabetes, each patient's in order, the patients taking turns at random; with duplicates and
    /// corrections. The same every time, but for the dates.
    ///
    /// # Errors
    /// When the patients have fewer readings than were asked for.
    pub fn make(records: usize, patients: u32) -> anyhow::Result<Self> {
        let encoder = Codec::new(None)?.encoder("readings.raw")?;
        let mut draw = ChaCha8Rng::seed_from_u64(SEED);
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        let (from, to) = (now - Span::from_days(DAYS_BACK), now - Span::from_hours(1));
        let population = population(SEED, patients, CONSORTIA);
        let mut turns: Vec<_> = (population.iter())
            .map(|patient| (simulator::truth(patient, from, to), None::<Reading>))
            .collect();
        let mut made = Vec::with_capacity(records);
        while made.len() < records && !turns.is_empty() {
            let turn = draw.random_range(0..turns.len());
            let (truth, last) = &mut turns[turn];
            let chance: f64 = draw.random();
            let reading = match last.take() {
                Some(known) if chance < DUPLICATES => known,
                Some(known) if chance < DUPLICATES + CORRECTIONS => corrected(known),
                _ => match truth.find(is_wanted) {
                    Some(reading) => reading,
                    None => {
                        turns.swap_remove(turn);
                        continue;
                    }
                },
            };
            made.push(raw(&encoder, &reading)?);
            *last = Some(reading);
        }
        anyhow::ensure!(
            made.len() == records,
            "{patients} patients have only {} readings; ask for more patients",
            made.len()
        );
        Ok(Self { records: made })
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The records.
    pub fn records(&self) -> &[Raw] {
        &self.records
    }

    /// Mean length of key and payload.
    pub fn mean_bytes(&self) -> usize {
        let bytes: usize = self.records.iter().map(|raw| raw.key.len() + raw.payload.len()).sum();
        bytes / self.records.len().max(1)
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

fn raw(encoder: &Encoder<Reading>, reading: &Reading) -> anyhow::Result<Raw> {
    let payload = encoder.encode(reading).context("a made reading cannot be encoded")?;
    Ok(Raw { key: reading.key().into_bytes().into(), payload: payload.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_holds_what_was_asked_for_and_some_of_it_twice() {
        let input = Input::make(2_000, 50).unwrap();
        assert_eq!(input.len(), 2_000);
        let mut seen = std::collections::HashSet::new();
        let again = input.records().iter().filter(|raw| !seen.insert(raw.payload.clone())).count();
        assert!((100..300).contains(&again), "{again} duplicates in 2,000");
    }

    #[test]
    fn asking_for_more_than_there_is_is_an_error() {
        assert!(Input::make(100_000, 1).is_err());
    }
}
