//! What Kafka holds of rejected records: the rejections, the raw records, and who has sent which of
//! them again. Blocks the thread.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use schemas::topics::{Topic, Topics};
use schemas::{AuditEvent, Codec, Decoder, RejectedReading};
use stream::KafkaArgs;
use stream::browse::{read_to_end, record_at};
use stream::follow::Start;

use super::address::Address;
use super::entry::Replay;

/// How far brokers' and services' clocks may be apart.
const CLOCKS_APART_MS: i64 = 60 * 60 * 1000;

/// The topics that hold what is known of rejected records.
pub(super) struct Archive {
    pub(super) kafka: KafkaArgs,
    pub(super) topics: Topics,
    rejected: Decoder<RejectedReading>,
    audit: Decoder<AuditEvent>,
}

/// Replays by the address of what was sent again, oldest first.
pub(super) type Replays = BTreeMap<Address, Vec<Replay>>;

impl Archive {
    pub(super) fn new(kafka: KafkaArgs, topics: Topics, codec: &Codec) -> Self {
        Self { kafka, topics, rejected: codec.decoder(), audit: codec.decoder() }
    }

    /// Goes through the rejections of records received since a time, partition after partition.
    pub(super) fn rejections(
        &self,
        since_ms: i64,
        mut take: impl FnMut(RejectedReading) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.each(None, Some(since_ms), |rejected| {
            if rejected.origin.received_at >= since_ms {
                take(rejected)?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The rejections of some raw records, in the order of their addresses. One that is not found is
    /// missing from the answer.
    pub(super) fn find(
        &self,
        addresses: &BTreeSet<Address>,
    ) -> anyhow::Result<BTreeMap<Address, RejectedReading>> {
        let mut found = BTreeMap::new();
        let partitions: BTreeSet<i32> = addresses.iter().map(|of| of.partition).collect();
        for partition in partitions {
            let here: Vec<Address> =
                addresses.iter().copied().filter(|of| of.partition == partition).collect();
            let Some(first) = here.first() else { continue };
            // As long as the raw record is there, it says since when to look.
            let received = self.raw(*first)?.map(|raw| raw.timestamp_ms);
            let mut missing = here.len();
            self.each(Some(partition), received, |rejected| {
                let address = Address::from(rejected.origin);
                if here.contains(&address) && found.insert(address, rejected).is_none() {
                    missing -= 1;
                }
                Ok(if missing == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        Ok(found)
    }

    /// A raw record, as long as `readings.raw` keeps it.
    pub(super) fn raw(&self, address: Address) -> anyhow::Result<Option<stream::record::Incoming>> {
        let topic = self.topics.name(Topic::ReadingsRaw);
        Ok(record_at(&self.kafka, &topic, address.into())?)
    }

    /// What was sent again since a time. Nothing is sent again before it was received.
    pub(super) fn replays(&self, since_ms: i64) -> anyhow::Result<Replays> {
        let topic = self.topics.name(Topic::AuditEvents);
        let mut replays = Replays::new();
        let start = Start::Time(since_ms.saturating_sub(CLOCKS_APART_MS));
        read_to_end(&self.kafka, &topic, None, start, |record| {
            let event = record.payload.map(|bytes| self.audit.decode(&bytes));
            // What cannot be read is no replay: those are written by this program.
            if let Some(Ok(event)) = event
                && let Some((address, replay)) = Replay::recorded(event)
            {
                replays.entry(address).or_default().push(replay);
            }
            ControlFlow::Continue(())
        })?;
        Ok(replays)
    }

    fn each(
        &self,
        partition: Option<i32>,
        since_ms: Option<i64>,
        mut take: impl FnMut(RejectedReading) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        let topic = self.topics.name(Topic::ReadingsRejected);
        let early = |since: i64| Start::Time(since.saturating_sub(CLOCKS_APART_MS));
        let start = since_ms.map_or(Start::Beginning, early);
        let mut taken = Ok(ControlFlow::Continue(()));
        read_to_end(&self.kafka, &topic, partition, start, |record| {
            let Some(bytes) = record.payload else { return ControlFlow::Continue(()) };
            taken = match self.rejected.decode(&bytes) {
                Ok(rejected) => take(rejected),
                Err(error) if error.is_retryable() => Err(error.into()),
                Err(error) => {
                    let (partition, offset) = (record.partition, record.offset);
                    eprintln!(
                        "mimamori: {topic}, partition {partition}, offset {offset}: {error}; left out"
                    );
                    Ok(ControlFlow::Continue(()))
                }
            };
            match taken {
                Ok(ControlFlow::Continue(())) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        })?;
        taken.map(|_| ())
    }
}
