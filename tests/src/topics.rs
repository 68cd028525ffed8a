//! Reading and writing the topics of a stack, as any Kafka client may.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use schemas::Reading;
use schemas::codec::Record;
use schemas::topics::Topic;
use stream::follow::{FollowHandle, Followed, Incoming, Start, follow};
use stream::producer::{Delivery, Outgoing, Position};
use stream::{KafkaArgs, SendError};

use crate::run::run;
use crate::stack::{PARTITIONS, Stack};
use crate::wait;

/// What a topic holds, and what is appended to it, as consumers see it that read committed records
/// only.
pub struct Tail {
    seen: Arc<Mutex<Seen>>,
    name: String,
    kafka: KafkaArgs,
    _follower: FollowHandle,
}

#[derive(Default)]
struct Seen {
    records: Vec<Incoming>,
    caught_up: bool,
}

impl Tail {
    /// Everything up to now.
    pub fn records(&self) -> Vec<Incoming> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).records.clone()
    }

    /// Waits until the records are as they should be.
    #[track_caller]
    pub fn wait_for<T>(&self, promise: &str, look: impl Fn(&[Incoming]) -> Result<T, String>) -> T {
        const ALMOST: Duration = Duration::from_secs(1);
        let begun = Instant::now();
        wait::eventually(&format!("{promise} ({})", self.name), || {
            let seen = look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner).records);
            // A moment before patience ends: whether what is missing was written at all.
            seen.map_err(|instead| match begun.elapsed() > wait::PATIENCE - ALMOST {
                true => format!("{instead}; {}", self.read_and_written()),
                false => instead,
            })
        })
    }

    /// How many records were read of each partition, and where it ends.
    fn read_and_written(&self) -> String {
        let ends = stream::topics::all_offsets(&self.kafka, &self.name);
        let read = |partition| self.records().iter().filter(|it| it.partition == partition).count();
        let Ok(ends) = ends else { return "Kafka does not say what is written".to_owned() };
        let each = ends.iter().map(|end| {
            let (partition, read) = (end.partition, read(end.partition));
            format!("partition {partition}: {read} read, {} to {} written", end.first, end.next)
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

impl Stack {
    /// Follows a topic from its beginning; returns when everything that is there was read.
    pub fn tail(&self, topic: Topic) -> Tail {
        let name = self.topics.name(topic);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let here = Arc::clone(&seen);
        let follower = follow(
            &self.kafka,
            &[(&name, Start::Beginning)],
            || false,
            move |followed| {
                let mut seen = here.lock().unwrap_or_else(PoisonError::into_inner);
                match followed {
                    Followed::Record(record) => seen.records.push(record),
                    Followed::CaughtUp => seen.caught_up = true,
                }
            },
        )
        .unwrap();
        wait::eventually(&format!("the records of {name} are read"), || {
            let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.caught_up { Ok(()) } else { Err(format!("{} of them", seen.records.len())) }
        });
        Tail { seen, name, kafka: self.kafka.clone(), _follower: follower }
    }

    /// Partitions with a transaction that nobody ends: readers of committed records stay at the same
    /// place before their end for longer than any transaction takes. None as soon as that is known.
    pub fn left_open(&self, topic: Topic) -> Vec<i32> {
        const LONGER_THAN_A_TRANSACTION: Duration = Duration::from_secs(1);
        let until = Instant::now() + LONGER_THAN_A_TRANSACTION;
        let mut places = self.waiting_readers(topic);
        while !places.is_empty() && Instant::now() < until {
            let now = self.waiting_readers(topic);
            places.retain(|place| now.contains(place));
        }
        places.into_iter().map(|(partition, _)| partition).collect()
    }

    /// Where readers of committed records wait: partition and offset.
    fn waiting_readers(&self, topic: Topic) -> Vec<(i32, i64)> {
        let topic = self.topics.name(topic);
        let ends = |isolation: &str| -> Vec<i64> {
            let consumer: BaseConsumer = ClientConfig::new()
                .set("bootstrap.servers", &self.kafka.bootstrap_servers)
                .set("isolation.level", isolation)
                .create()
                .unwrap();
            let end = |partition| {
                let ends = consumer.fetch_watermarks(&topic, partition, Duration::from_secs(10));
                ends.unwrap().1
            };
            (0..PARTITIONS).map(end).collect()
        };
        // In this order what is written meanwhile cannot be taken for an open transaction.
        let written = ends("read_uncommitted");
        let decided = ends("read_committed");
        let places = (0..).zip(decided.iter().copied());
        places
            .zip(written)
            .filter(|((_, decided), end)| decided < end)
            .map(|(place, _)| place)
            .collect()
    }

    /// Everything that a topic holds now.
    pub fn records(&self, topic: Topic) -> Vec<Incoming> {
        self.tail(topic).records()
    }

    /// Everything that a topic holds now, read.
    pub fn read<T: Record>(&self, topic: Topic) -> Vec<T> {
        self.decoded(&self.records(topic))
    }

    /// Records, read.
    pub fn decoded<T: Record>(&self, records: &[Incoming]) -> Vec<T> {
        let decoder = self.codec.decoder::<T>();
        let decode = |record: &Incoming| {
            let bytes = record.payload.as_deref().expect("a value");
            decoder.decode(bytes).unwrap_or_else(|error| panic!("{}: {error}", record.topic))
        };
        records.iter().map(decode).collect()
    }

    /// Writes a reading to `readings.raw`, as a vendor's own producer does.
    pub fn produce(&self, reading: &Reading) -> Position {
        let payload = self.encoded(reading);
        self.produce_bytes(None, Some(reading.key().as_bytes()), Some(&payload))
    }

    /// A reading in its wire form.
    pub fn encoded(&self, reading: &Reading) -> Vec<u8> {
        self.encoder.encode(reading).unwrap()
    }

    /// Queues a record for `readings.raw`.
    ///
    /// # Errors
    /// When the queue is full.
    pub fn enqueue(&self, key: &[u8], payload: &[u8]) -> Result<Delivery, SendError> {
        let topic = self.topics.name(Topic::ReadingsRaw);
        let (partition, key, payload) = (None, Some(key), Some(payload));
        self.producer.enqueue(Outgoing { topic: &topic, partition, key, payload })
    }

    /// Writes anything to `readings.raw`.
    pub fn produce_bytes(
        &self,
        partition: Option<i32>,
        key: Option<&[u8]>,
        payload: Option<&[u8]>,
    ) -> Position {
        let topic = self.topics.name(Topic::ReadingsRaw);
        let sent = self.producer.send(Outgoing { topic: &topic, partition, key, payload });
        run().wait_for(sent).unwrap()
    }
}
