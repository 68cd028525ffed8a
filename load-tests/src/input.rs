//! What processor and writer are given.

use std::time::{Duration, Instant};

use anyhow::Context;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use schemas::{Codec, Encoder, Reading};
use simulator::population::population;
use stream::partition_for_key;

use crate::stage::{PARTITIONS, Stage};
use crate::turns::{Mix, Turns};

const SEED: u64 = 20_260_401;
const CONSORTIA: u32 = 20;

const PATIENCE: Duration = Duration::from_secs(60);

/// The tables that the readings go to.
pub const TABLES: [&str; 2] = ["blood_pressure", "blood_glucose"];

/// A record as it stands in a topic.
pub struct Record {
    /// In which partition.
    pub partition: i32,
    /// Kafka key.
    pub key: Box<[u8]>,
    /// Value, in Avro's single-object encoding.
    pub payload: Box<[u8]>,
}

/// Records in the order in which they are sent.
pub struct Input {
    records: Vec<Record>,
}

impl Input {
    /// So many raw readings of so many patients: blood pressure at home, and glucose of those who have
    /// diabetes, the patients taking turns at random, each with such a mix. The same every time, but
    /// for the dates.
    ///
    /// # Errors
    /// When the patients have fewer readings than were asked for.
    pub fn make(records: usize, patients: u32, mix: Mix) -> anyhow::Result<Self> {
        let encoder = Codec::new(None)?.encoder("readings.raw")?;
        let population = population(SEED, patients, CONSORTIA);
        let made = Turns::of(&population, SEED, mix)
            .take(records)
            .map(|reading| raw(&encoder, &reading))
            .collect::<anyhow::Result<Vec<_>>>()?;
        anyhow::ensure!(
            made.len() == records,
            "{patients} patients have only {} readings; ask for more patients",
            made.len()
        );
        Ok(Self { records: made })
    }

    /// What stands in a topic: so many committed records.
    ///
    /// # Errors
    /// When they do not come.
    pub fn read_back(stage: &Stage, topic: &str, records: u64) -> anyhow::Result<Self> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", stage.bootstrap_servers())
            .set("group.id", format!("{topic}-reading-back"))
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .create()?;
        consumer.subscribe(&[topic])?;
        let deadline = Instant::now() + PATIENCE;
        let mut read = Vec::with_capacity(records as usize);
        while read.len() < records as usize {
            anyhow::ensure!(Instant::now() < deadline, "{topic} has only {} records", read.len());
            let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
            let message = message?;
            read.push(Record {
                partition: message.partition(),
                key: message.key().unwrap_or_default().into(),
                payload: message.payload().unwrap_or_default().into(),
            });
        }
        Ok(Self { records: read })
    }

    /// Spreads raw readings over another number of partitions.
    pub fn spread_over(&mut self, partitions: i32) {
        for record in &mut self.records {
            record.partition = partition_for_key(&record.key, partitions);
        }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The records.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Mean length of key and payload.
    pub fn mean_bytes(&self) -> usize {
        let bytes: usize = self.records.iter().map(|r| r.key.len() + r.payload.len()).sum();
        bytes / self.records.len().max(1)
    }
}

fn raw(encoder: &Encoder<Reading>, reading: &Reading) -> anyhow::Result<Record> {
    let payload = encoder.encode(reading).context("a made reading cannot be encoded")?;
    let key = reading.key().into_bytes();
    let partition = partition_for_key(&key, PARTITIONS);
    Ok(Record { partition, key: key.into(), payload: payload.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_holds_what_was_asked_for_and_some_of_it_twice() {
        let input = Input::make(2_000, 50, Mix::USUAL).unwrap();
        assert_eq!(input.len(), 2_000);
        let mut seen = std::collections::HashSet::new();
        let again = input.records().iter().filter(|raw| !seen.insert(raw.payload.clone())).count();
        assert!((100..300).contains(&again), "{again} duplicates in 2,000");
    }

    #[test]
    fn asking_for_more_than_there_is_is_an_error() {
        assert!(Input::make(100_000, 1, Mix::USUAL).is_err());
    }
}
