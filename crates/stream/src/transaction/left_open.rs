//! Transactions that an earlier owner of a partition has left open, because it was killed or stands
//! still. Whoever reads what is committed waits at the first record of such a transaction. That
//! record names its producer, so the next owner can end the transaction at once and need not wait
//! for the broker to do so.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::{Offset, TopicPartitionList};

use super::args::LoopArgs;
use super::offsets::{OffsetClient, Wanted};
use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::Watch;
use crate::error::StreamError;
use crate::open_transactions::take_over;

/// The header with the transactional id, on the first record that a transaction writes to a
/// partition.
const OWNER: &str = "transactional.id";

/// A transaction that was just committed is open to its readers until the broker has marked its end,
/// which takes milliseconds. What is open for longer was left.
const MARKED_WITHIN: Duration = Duration::from_millis(500);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How long the broker may take to hand out a record or to end a transaction.
const PATIENCE: Duration = Duration::from_secs(5);
/// Several may have been left, one behind the other.
const MOST_ROUNDS: usize = 8;

/// Where the transaction at hand has written to.
pub(super) struct Written<'a> {
    id: &'a str,
    places: HashMap<String, HashSet<i32>>,
}

impl<'a> Written<'a> {
    pub(super) fn by(id: &'a str) -> Self {
        Self { id, places: HashMap::new() }
    }

    /// The headers of the next record for a partition: for the first one, who writes.
    pub(super) fn headers(&mut self, topic: &str, partition: i32) -> Option<OwnedHeaders> {
        let is_first = match self.places.get_mut(topic) {
            Some(partitions) => partitions.insert(partition),
            None => self.places.insert(topic.to_owned(), HashSet::from([partition])).is_none(),
        };
        is_first.then(|| OwnedHeaders::new().insert(Header { key: OWNER, value: Some(self.id) }))
    }
}

/// Where readers of committed records wait: topic, partition and offset.
type Place = (String, i32, i64);

/// Ends what former members of the group have left open in partitions that are this one's now. What
/// cannot be ended so (its first record names nobody of the group, or the broker does not answer) is
/// left to the broker.
///
/// # Errors
/// When a client cannot be made or Kafka does not answer.
pub(super) fn end(
    kafka: &KafkaArgs,
    args: &LoopArgs,
    partitions: &[i32],
    cancelled: &AtomicBool,
) -> Result<(), StreamError> {
    let all = OffsetClient::new(kafka, &args.group, "read_uncommitted")?;
    let decided = OffsetClient::new(kafka, &args.group, "read_committed")?;
    let look = || open(&all, &decided, &args.outputs, partitions);
    for _ in 0..MOST_ROUNDS {
        let mut left = look()?;
        let until = Instant::now() + MARKED_WITHIN;
        while !left.is_empty() && Instant::now() < until {
            std::thread::sleep(BETWEEN_LOOKS);
            if cancelled.load(Ordering::Relaxed) {
                return Ok(());
            }
            let now = look()?;
            left.retain(|place| now.contains(place));
        }
        if left.is_empty() {
            return Ok(());
        }
        let mut owners = owners(kafka, args, &left)?;
        if owners.is_empty() {
            return Ok(());
        }
        // A member is alive, and has ended its transactions on what is not its own any more: the
        // broker is only slow to say so.
        let members = members(&all, &args.group)?;
        owners.retain(|id| !members.contains(id));
        for id in &owners {
            tracing::info!(transactional_id = id, "ending a transaction that was left open");
            if let Err(error) = take_over(kafka, &args.group, id) {
                // Another new owner may be about it too.
                tracing::info!(transactional_id = id, %error, "ending what was left open");
            }
        }
    }
    Ok(())
}

/// The first offsets of open transactions.
fn open(
    all: &OffsetClient,
    decided: &OffsetClient,
    topics: &[String],
    partitions: &[i32],
) -> Result<BTreeSet<Place>, StreamError> {
    let mut places = BTreeSet::new();
    for topic in topics {
        // In this order what is written meanwhile is not taken for an open transaction.
        let written = all.offsets(topic, partitions, Wanted::Next)?;
        let readable = decided.offsets(topic, partitions, Wanted::Next)?;
        for (partition, readable) in readable {
            if written.get(&partition).is_some_and(|written| readable < *written) {
                places.insert((topic.clone(), partition, readable));
            }
        }
    }
    Ok(places)
}

/// The other members of the group, present or past, that the first records of transactions name.
fn owners(
    kafka: &KafkaArgs,
    args: &LoopArgs,
    places: &BTreeSet<Place>,
) -> Result<BTreeSet<String>, StreamError> {
    let consumer: BaseConsumer<Watch> = kafka
        .consumer("mimamori-rebuild", &args.group)
        .set("isolation.level", "read_uncommitted")
        .set("enable.partition.eof", "true")
        .set("statistics.interval.ms", "0")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a consumer"))?;
    let (own, of_the_group) = (args.transactional_id(), args.transactional_id_of(""));
    let mut owners = BTreeSet::new();
    for place in places {
        match owner(&consumer, place)? {
            Some(id) if id != own && id.starts_with(&of_the_group) => {
                owners.insert(id);
            }
            _ => {}
        }
    }
    Ok(owners)
}

/// The transactional ids of the group's present members.
fn members(asking: &OffsetClient, group: &str) -> Result<HashSet<String>, StreamError> {
    let groups = asking
        .consumer()
        .fetch_group_list(Some(group), PATIENCE)
        .map_err(StreamError::while_doing("asking for the group's members"))?;
    let members = groups.groups().iter().flat_map(|group| group.members());
    Ok(members.map(|member| member.client_id().to_owned()).collect())
}

fn owner(
    consumer: &BaseConsumer<Watch>,
    (topic, partition, offset): &Place,
) -> Result<Option<String>, StreamError> {
    let mut assignment = TopicPartitionList::new();
    assignment
        .add_partition_offset(topic, *partition, Offset::Offset(*offset))
        .and_then(|()| consumer.assign(&assignment))
        .map_err(StreamError::while_doing("assigning a partition"))?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match consumer.poll(BETWEEN_LOOKS) {
            Some(Ok(first)) if first.topic() == topic && first.partition() == *partition => {
                let is_there = first.offset() == *offset;
                let id = first.headers().and_then(|headers| {
                    let header = headers.iter().find(|header| header.key == OWNER)?;
                    String::from_utf8(header.value?.to_vec()).ok()
                });
                return Ok(id.filter(|_| is_there));
            }
            // Of the place before.
            Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) | None => {}
            Some(Err(error)) => tracing::info!(%error, "reading what was left open; going on"),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_record_of_a_transaction_in_each_partition_names_its_producer() {
        let mut written = Written::by("group-one");
        for (topic, partition) in [("a", 0), ("a", 1), ("b", 0)] {
            let headers = written.headers(topic, partition).unwrap();
            let header = headers.get(0);
            assert_eq!((header.key, header.value), (OWNER, Some(&b"group-one"[..])));
            assert!(written.headers(topic, partition).is_none());
        }
    }
}
