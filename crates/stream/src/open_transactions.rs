//! Transactions that are open: who has them, since when, and ending them. What an open transaction
//! wrote, and everything after it in its partitions, is hidden from those who read what is committed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chassis::printable;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, Producer};

use crate::connection::{ClientSettings, KafkaArgs, TRANSACTION_TIMEOUT};
use crate::context::Watch;
use crate::error::{NotAsked, StreamError};
use crate::wire::{Api, Reader, Wire, WireError, Writer, accepted};

const PATIENCE: Duration = Duration::from_secs(10);

/// Asked of a partition's leader; the right to read the topic is enough. Kafka 2.8.
const DESCRIBE_PRODUCERS: Api = Api { key: 61, version: 0, is_flexible: true };
/// Asked of every broker: each answers for the transactional ids that it coordinates. Kafka 3.0.
const LIST_TRANSACTIONS: Api = Api { key: 66, version: 0, is_flexible: true };
/// Asked of the coordinator of a transactional id. Kafka 3.0.
const DESCRIBE_TRANSACTIONS: Api = Api { key: 65, version: 0, is_flexible: true };
/// Asked of a partition's leader; needs ClusterAction, or Alter on the cluster. Kafka 2.8.
const WRITE_TXN_MARKERS: Api = Api { key: 27, version: 1, is_flexible: true };

/// A transaction that is open in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTransaction {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offset of its first record.
    pub offset: i64,
    /// Who writes, by the broker's number.
    pub producer_id: i64,
    /// Which life of that producer.
    pub producer_epoch: i32,
    /// Which life of its coordinator.
    pub coordinator_epoch: i32,
    /// Time of its last record there, milliseconds since 1970 in UTC.
    pub last_record_ms: i64,
    /// What its coordinator knows of it; none where that knows nothing, or does not tell this user.
    pub coordinated: Option<Coordinated>,
    /// Why a coordinator may know it that does not say so: a broker that could not be asked. None
    /// where every broker has answered.
    pub not_asked: Option<NotAsked>,
}

/// What a coordinator knows of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinated {
    /// The name that its producer goes by, as it has chosen it; [`Self::shown_id`] is for showing.
    pub transactional_id: String,
    /// `Ongoing` and others.
    pub state: String,
    /// When it began, milliseconds since 1970 in UTC; none where nothing is open.
    pub began_ms: Option<i64>,
    /// After which time the coordinator ends it, milliseconds.
    pub timeout_ms: i32,
}

impl Coordinated {
    /// The name that its producer goes by, as a terminal and a page may be given it.
    pub fn shown_id(&self) -> String {
        printable(&self.transactional_id, LONGEST_SHOWN_ID)
    }
}

/// Characters of a transactional id that are shown, at most.
const LONGEST_SHOWN_ID: usize = 100;

/// How an open transaction was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its coordinator has ended it, and its producer is refused until it begins anew.
    ByCoordinator,
    /// Its end was written to the partition, for no coordinator knew of it.
    ByMarker,
}

/// Which broker leads a partition, and where brokers are.
struct Cluster {
    leaders: BTreeMap<(String, i32), i32>,
    addresses: BTreeMap<i32, (String, i32)>,
}

impl Cluster {
    fn of(kafka: &KafkaArgs, topics: &[String]) -> Result<Self, StreamError> {
        let consumer: BaseConsumer<Watch> = kafka
            .client("mimamori-transactions")
            .create_with_context(Watch::default())
            .map_err(StreamError::while_doing("creating a client"))?;
        let mut cluster = Self { leaders: BTreeMap::new(), addresses: BTreeMap::new() };
        for topic in topics {
            let metadata = consumer
                .fetch_metadata(Some(topic), PATIENCE)
                .map_err(StreamError::while_doing("asking for a topic's partitions"))?;
            for broker in metadata.brokers() {
                cluster.addresses.insert(broker.id(), (broker.host().to_owned(), broker.port()));
            }
            for found in metadata.topics().iter().filter(|found| found.error().is_none()) {
                for partition in found.partitions() {
                    let place = (found.name().to_owned(), partition.id());
                    cluster.leaders.insert(place, partition.leader());
                }
            }
        }
        Ok(cluster)
    }

    fn connect(&self, kafka: &KafkaArgs, broker: i32) -> Result<Wire, WireError> {
        let (host, port) = self.addresses.get(&broker).ok_or(WireError::Answered(6))?;
        Wire::connect(kafka, host, *port)
    }
}

/// The open transactions of topics, in the order of topics, partitions and offsets. Blocks.
///
/// # Errors
/// When Kafka does not answer, or a broker refuses.
pub fn open(kafka: &KafkaArgs, topics: &[String]) -> Result<Vec<OpenTransaction>, StreamError> {
    let cluster = Cluster::of(kafka, topics)?;
    let mut places: BTreeMap<i32, BTreeMap<String, Vec<i32>>> = BTreeMap::new();
    for ((topic, partition), leader) in &cluster.leaders {
        places.entry(*leader).or_default().entry(topic.clone()).or_default().push(*partition);
    }
    let mut all = Vec::new();
    for (leader, places) in &places {
        let mut wire = cluster.connect(kafka, *leader)?;
        let answer = wire.ask(DESCRIBE_PRODUCERS, describe_producers(places))?;
        all.extend(read_producers(&answer)?);
    }
    if !all.is_empty() {
        let (known, not_asked) = coordinated(kafka, &cluster, &all);
        for transaction in &mut all {
            transaction.coordinated = known.get(&transaction.producer_id).cloned();
            transaction.not_asked.clone_from(&not_asked);
        }
    }
    all.sort_by(|one, other| {
        let place = |it: &OpenTransaction| (it.topic.clone(), it.partition, it.offset);
        place(one).cmp(&place(other))
    });
    Ok(all)
}

fn describe_producers(places: &BTreeMap<String, Vec<i32>>) -> Writer {
    let mut body = Writer::default();
    body.compact_length(places.len());
    for (topic, partitions) in places {
        body.compact_text(topic);
        body.compact_length(partitions.len());
        partitions.iter().for_each(|partition| body.i32(*partition));
        body.no_tags();
    }
    body.no_tags();
    body
}

fn read_producers(answer: &[u8]) -> Result<Vec<OpenTransaction>, WireError> {
    let mut answer = Reader::new(answer);
    let _throttled = answer.i32()?;
    let topics = answer.compact_list(|answer| {
        let topic = answer.compact_text()?;
        let partitions = answer.compact_list(|answer| {
            let partition = answer.i32()?;
            let code = answer.i16()?;
            let _message = answer.compact_text()?;
            let producers = answer.compact_list(|answer| {
                let transaction = OpenTransaction {
                    topic: topic.clone(),
                    partition,
                    producer_id: answer.i64()?,
                    producer_epoch: answer.i32()?,
                    last_record_ms: {
                        let _sequence = answer.i32()?;
                        answer.i64()?
                    },
                    coordinator_epoch: answer.i32()?,
                    offset: answer.i64()?,
                    coordinated: None,
                    not_asked: None,
                };
                answer.tags()?;
                Ok(transaction)
            })?;
            answer.tags()?;
            accepted(code)?;
            Ok(producers)
        })?;
        answer.tags()?;
        Ok(partitions)
    })?;
    // Who has nothing open has no first offset.
    let producers = topics.into_iter().flatten().flatten();
    Ok(producers.filter(|producer| producer.offset >= 0).collect())
}

/// What coordinators know, by producer, and why a broker could not be asked, where one could not: the
/// transactions are shown all the same.
fn coordinated(
    kafka: &KafkaArgs,
    cluster: &Cluster,
    open: &[OpenTransaction],
) -> (BTreeMap<i64, Coordinated>, Option<NotAsked>) {
    let mut producers: Vec<i64> = open.iter().map(|transaction| transaction.producer_id).collect();
    producers.sort_unstable();
    producers.dedup();
    let (mut known, mut not_asked) = (BTreeMap::new(), None);
    for broker in cluster.addresses.keys() {
        let of_broker = cluster.connect(kafka, *broker).and_then(|mut wire| {
            let mut listed =
                read_listed(&wire.ask(LIST_TRANSACTIONS, list_transactions(&producers))?)?;
            for (_, transaction) in &mut listed {
                let asked = describe_transaction(&transaction.transactional_id);
                let answer = wire.ask(DESCRIBE_TRANSACTIONS, asked)?;
                (transaction.timeout_ms, transaction.began_ms) = read_described(&answer)?;
            }
            Ok(listed)
        });
        match of_broker {
            Ok(listed) => known.extend(listed),
            Err(error) => {
                tracing::info!(broker, %error, "a coordinator does not tell its transactions");
                not_asked = Some(NotAsked { broker: *broker, source: Arc::new(error) });
            }
        }
    }
    (known, not_asked)
}

fn list_transactions(producers: &[i64]) -> Writer {
    let mut body = Writer::default();
    body.compact_length(0);
    body.compact_length(producers.len());
    producers.iter().for_each(|producer| body.i64(*producer));
    body.no_tags();
    body
}

fn read_listed(answer: &[u8]) -> Result<Vec<(i64, Coordinated)>, WireError> {
    let mut answer = Reader::new(answer);
    let _throttled = answer.i32()?;
    accepted(answer.i16()?)?;
    let _unknown_states = answer.compact_list(Reader::compact_text)?;
    answer.compact_list(|answer| {
        let transactional_id = answer.compact_text()?;
        let producer = answer.i64()?;
        let state = answer.compact_text()?;
        answer.tags()?;
        Ok((producer, Coordinated { transactional_id, state, began_ms: None, timeout_ms: 0 }))
    })
}

fn describe_transaction(transactional_id: &str) -> Writer {
    let mut body = Writer::default();
    body.compact_length(1);
    body.compact_text(transactional_id);
    body.no_tags();
    body
}

fn read_described(answer: &[u8]) -> Result<(i32, Option<i64>), WireError> {
    let mut answer = Reader::new(answer);
    let _throttled = answer.i32()?;
    if answer.compact_length()? != 1 {
        return Err(WireError::Unreadable);
    }
    accepted(answer.i16()?)?;
    let _transactional_id = answer.compact_text()?;
    let _state = answer.compact_text()?;
    let timeout_ms = answer.i32()?;
    let began_ms = answer.i64()?;
    Ok((timeout_ms, (began_ms >= 0).then_some(began_ms)))
}

/// How an open transaction is to be ended.
#[derive(Debug, PartialEq, Eq)]
enum Way<'a> {
    /// By becoming its producer, which goes by this name.
    TakeOver(&'a str),
    /// By writing its end to the partition.
    Marker,
}

/// A marker is written only where no coordinator can have the transaction open: a coordinator that
/// has it would commit it afterwards, in its other partitions and with the offsets in it.
fn way(transaction: &OpenTransaction) -> Result<Way<'_>, StreamError> {
    match (&transaction.coordinated, &transaction.not_asked) {
        (Some(known), _) if known.began_ms.is_some() => Ok(Way::TakeOver(&known.transactional_id)),
        // What its own coordinator says counts, whoever else does not answer.
        (Some(_), _) | (None, None) => Ok(Way::Marker),
        (None, Some(why)) => Err(StreamError::CoordinatorNotAsked(why.clone())),
    }
}

/// Ends an open transaction; what it wrote is never read by those who read what is committed. Where
/// its coordinator knows it, the coordinator ends it, in all its partitions. Blocks.
///
/// # Errors
/// When Kafka does not answer, or refuses; and where no coordinator knows it, but not all were asked.
pub fn abort(kafka: &KafkaArgs, transaction: &OpenTransaction) -> Result<Ended, StreamError> {
    if let Way::TakeOver(id) = way(transaction)? {
        take_over(kafka, "mimamori-transactions", id)?;
        return Ok(Ended::ByCoordinator);
    }
    let cluster = Cluster::of(kafka, std::slice::from_ref(&transaction.topic))?;
    let place = (transaction.topic.clone(), transaction.partition);
    let leader = cluster.leaders.get(&place).copied().unwrap_or(-1);
    let answer = cluster.connect(kafka, leader)?.ask(WRITE_TXN_MARKERS, marker(transaction))?;
    read_marked(&answer)?;
    Ok(Ended::ByMarker)
}

fn marker(transaction: &OpenTransaction) -> Writer {
    let mut body = Writer::default();
    body.compact_length(1);
    body.i64(transaction.producer_id);
    body.i16(transaction.producer_epoch as i16);
    let is_committed = false;
    body.flag(is_committed);
    body.compact_length(1);
    body.compact_text(&transaction.topic);
    body.compact_length(1);
    body.i32(transaction.partition);
    body.no_tags();
    // A coordinator that is not known counts as the first.
    body.i32(transaction.coordinator_epoch.max(0));
    body.no_tags();
    body.no_tags();
    body
}

fn read_marked(answer: &[u8]) -> Result<(), WireError> {
    let mut answer = Reader::new(answer);
    answer.compact_list(|answer| {
        let _producer = answer.i64()?;
        answer.compact_list(|answer| {
            let _topic = answer.compact_text()?;
            answer.compact_list(|answer| {
                let _partition = answer.i32()?;
                let code = answer.i16()?;
                answer.tags()?;
                accepted(code)
            })?;
            answer.tags()
        })?;
        answer.tags()
    })?;
    Ok(())
}

/// Becomes the producer of that id for a moment: the broker ends what the earlier one has open, and
/// refuses whatever that still wants to write.
pub(crate) fn take_over(kafka: &KafkaArgs, client_id: &str, id: &str) -> Result<(), StreamError> {
    let producer: BaseProducer<Watch> = kafka
        .client(client_id)
        .set("transactional.id", id)
        .set("transaction.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string())
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a transactional producer"))?;
    producer
        .init_transactions(PATIENCE)
        .map_err(StreamError::while_doing("ending a transaction left open"))
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    fn transaction() -> OpenTransaction {
        OpenTransaction {
            topic: "t".to_owned(),
            partition: 3,
            offset: 42,
            producer_id: 17,
            producer_epoch: 2,
            coordinator_epoch: -1,
            last_record_ms: 1_000,
            coordinated: None,
            not_asked: None,
        }
    }

    /// An answer to the question for producers: one with a transaction, one without.
    fn producers(code: i16) -> Vec<u8> {
        let mut answer = Writer::default();
        answer.i32(0);
        answer.compact_length(1);
        answer.compact_text("t");
        answer.compact_length(1);
        answer.i32(3);
        answer.i16(code);
        answer.compact_text("");
        answer.compact_length(2);
        for (producer, offset) in [(17, 42), (18, -1)] {
            answer.i64(producer);
            answer.i32(2);
            answer.i32(99);
            answer.i64(1_000);
            answer.i32(-1);
            answer.i64(offset);
            answer.no_tags();
        }
        answer.no_tags();
        answer.no_tags();
        answer.no_tags();
        answer.into_bytes()
    }

    #[test]
    fn who_has_a_transaction_open_is_read_and_who_has_none_is_left_out() {
        assert_eq!(read_producers(&producers(0)).unwrap(), [transaction()]);
        let error = read_producers(&producers(29)).unwrap_err().to_string();
        assert!(error.contains("may not read the topic"), "{error}");
        let answer = producers(0);
        for end in 0..answer.len() - 1 {
            assert!(read_producers(&answer[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_marker_is_written_only_where_no_coordinator_can_have_the_transaction_open() {
        let known = |began_ms| Coordinated {
            transactional_id: "vendor-7".to_owned(),
            state: "Ongoing".to_owned(),
            began_ms,
            timeout_ms: 60_000,
        };
        let source = Arc::new(WireError::Refused("no such user".to_owned()));
        let not_asked = Some(NotAsked { broker: 2, source });
        let mut it = transaction();
        assert_eq!(way(&it).unwrap(), Way::Marker, "every broker has answered");
        it.not_asked.clone_from(&not_asked);
        let error = way(&it).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains("(broker 2: the broker does not let this user in"), "{shown}");
        assert!(shown.contains("no such user") && shown.contains("try again"), "{shown}");
        let not_asked = error.source().and_then(|source| source.downcast_ref::<NotAsked>());
        assert!(not_asked.is_some_and(|not_asked| not_asked.broker == 2), "{error:?}");
        it.coordinated = Some(known(None));
        assert_eq!(way(&it).unwrap(), Way::Marker, "its coordinator has nothing open");
        it.coordinated = Some(known(Some(5)));
        assert_eq!(way(&it).unwrap(), Way::TakeOver("vendor-7"));
    }

    #[test]
    fn an_abort_is_written_as_the_protocol_says() {
        let written = marker(&transaction()).into_bytes();
        let expected = [
            &[2_u8][..],
            &17_i64.to_be_bytes(),
            &2_i16.to_be_bytes(),
            &[0, 2, 2, b't', 2],
            &3_i32.to_be_bytes(),
            &[0],
            &0_i32.to_be_bytes(),
            &[0, 0],
        ];
        assert_eq!(written, expected.concat());
    }

    #[test]
    fn a_marker_that_is_refused_is_an_error() {
        let answer = |code: i16| {
            let mut answer = Writer::default();
            answer.compact_length(1);
            answer.i64(17);
            answer.compact_length(1);
            answer.compact_text("t");
            answer.compact_length(1);
            answer.i32(3);
            answer.i16(code);
            (0..4).for_each(|_| answer.no_tags());
            answer.into_bytes()
        };
        assert!(read_marked(&answer(0)).is_ok());
        assert!(read_marked(&answer(31)).unwrap_err().to_string().contains("ClusterAction"));
    }
}
