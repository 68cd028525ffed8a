use std::collections::BTreeSet;
use std::time::Duration;

use chassis::{Health, Metrics};
use clinical::Kind;
use proptest::prelude::*;
use schemas::records::RejectedReading;
use schemas::{Codec, Record};
use stream::record::Incoming;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::batch::OpenBatch;
use crate::columns::{RowBinary, Shape};
use crate::decode::place_of;
use crate::memory_limit::MemoryLimit;
use crate::rows::Row;
use crate::rows::samples::weight;
use crate::store::Store;

const TABLE: Table = Table::Readings(Kind::WeighingScale);

/// A runtime whose time passes when nothing is left to do.
pub(crate) fn paused_runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap()
}

/// A store that refuses some rows, by their origin's offset, and fails as scripted before that.
#[derive(Default)]
pub(crate) struct FakeStore {
    pub(crate) poison: BTreeSet<i64>,
    pub(crate) script: Mutex<Vec<StoreError>>,
    pub(crate) other_shape_once: Mutex<bool>,
    pub(crate) inserted: Mutex<Vec<i64>>,
}

fn offsets(rows: &[u8]) -> Vec<i64> {
    let mut one = RowBinary::default();
    let place = crate::rows::samples::place(0);
    Row::Reading(weight(60.0)).walk(place, &mut one).unwrap();
    let offset = |row: &[u8]| i64::from_le_bytes(*row.last_chunk().unwrap());
    rows.chunks(one.size()).map(offset).collect()
}

fn complete_shape() -> Shape {
    Row::Reading(weight(60.0)).shape(crate::rows::samples::place(0)).unwrap()
}

impl Inserter for FakeStore {
    async fn insert(&self, _: Table, shape: &Shape, rows: bytes::Bytes) -> Result<(), StoreError> {
        assert_eq!(shape, &complete_shape());
        if let Some(error) = self.script.lock().unwrap().pop() {
            return Err(error);
        }
        let offsets = offsets(&rows);
        if offsets.iter().any(|offset| self.poison.contains(offset)) {
            return Err(StoreError::Exception { code: 469 });
        }
        self.inserted.lock().unwrap().extend(offsets);
        Ok(())
    }

    async fn check(&self, table: Table, _: &Shape) -> Result<(), StoreError> {
        if std::mem::take(&mut *self.other_shape_once.lock().unwrap()) {
            let table = table.name().to_owned();
            return Err(StoreError::OtherShape { table, difference: "column x".to_owned() });
        }
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct FakeDeadLetters(pub(crate) Mutex<Vec<RejectedReading>>);

impl DeadLetters for FakeDeadLetters {
    async fn write(&self, record: &RejectedReading) {
        self.0.lock().unwrap().push(record.clone());
    }
}

pub(crate) fn table_writer<S: Inserter>(
    store: S,
    health: &Health,
) -> TableWriter<S, FakeDeadLetters> {
    let metrics = Metrics::for_service("writer");
    TableWriter {
        store: Arc::new(store),
        dead_letters: Arc::new(FakeDeadLetters::default()),
        decoders: Arc::new(Decoders::new(&Codec::default())),
        topics: Topics::default(),
        offsets: SharedOffsets::default(),
        metrics: WriterMetrics::register(&metrics).unwrap(),
        troubles: Troubles::new(health.component("clickhouse")),
    }
}

pub(crate) fn record_of<T: Record>(value: &T, offset: i64) -> Incoming {
    let topic = "readings.accepted";
    Incoming {
        topic: topic.into(),
        partition: 3,
        offset,
        timestamp_ms: 7,
        key: Some(b"key".to_vec()),
        payload: Some(Codec::default().encoder(topic).unwrap().encode(value).unwrap()),
    }
}

/// A batch of one weight for each offset, the raw record's being the record's own.
pub(crate) fn batch(
    offsets: &SharedOffsets,
    memory: &MemoryLimit,
    weights: &[(i64, f64)],
) -> Batch {
    let now = Instant::now();
    let (id, lease) = offsets.with(|l| (l.open(now), l.assigned("readings.accepted", 3)));
    let mut open: Option<OpenBatch> = None;
    for (offset, kilograms) in weights {
        let mut accepted = weight(*kilograms);
        accepted.origin.offset = *offset;
        accepted.reading.observation_time += offset * 1000;
        let record = record_of(&accepted, *offset);
        let row = Row::Reading(accepted);
        let open = open.get_or_insert_with(|| {
            OpenBatch::new(id, TABLE, Arc::new(complete_shape()), memory.acquire(0), now)
        });
        open.write(&row, place_of(&record)).unwrap();
        offsets.with(|l| l.placed(lease, *offset, id)).unwrap();
        open.keep(record, memory.acquire(100));
    }
    open.expect("a row").cut()
}

fn rows(count: i64) -> Vec<(i64, f64)> {
    (0..count).map(|offset| (offset, 60.0)).collect()
}

fn error() -> impl Strategy<Value = StoreError> {
    prop_oneof![
        Just(StoreError::Unreachable),
        Just(StoreError::TimedOut),
        Just(StoreError::Exception { code: 252 }),
        Just(StoreError::Exception { code: 60 }),
        Just(StoreError::Exception { code: 27 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_row_is_inserted_once_or_a_dead_letter_once(
        count in 1i64..60,
        poison in proptest::collection::btree_set(0i64..60, 0..6),
        script in proptest::collection::vec(error(), 0..8),
        other_shape: bool,
    ) {
        paused_runtime().block_on(async {
            let health = Health::new();
            // A row-like error in the script must not cost a row: a single one counts only
            // when it is said twice, so the script never says it twice in a row.
            let mut script = script;
            script.dedup();
            let store = FakeStore {
                poison: poison.clone(),
                script: Mutex::new(script),
                other_shape_once: Mutex::new(other_shape),
                ..FakeStore::default()
            };
            let table_writer = table_writer(store, &health);
            let memory = MemoryLimit::new(1_000_000);
            let batch = batch(&table_writer.offsets, &memory, &rows(count));
            let (to, from) = unbounded_channel();
            let queued = Queued::default();
            queued.add();
            to.send(batch).unwrap();
            drop(to);
            table_writer.run(from, queued.clone()).await;

            let mut inserted = table_writer.store.inserted.lock().unwrap().clone();
            inserted.sort_unstable();
            let good: Vec<i64> = (0..count).filter(|offset| !poison.contains(offset)).collect();
            prop_assert_eq!(inserted, good);
            let dead_letters: Vec<i64> =
                table_writer.dead_letters.0.lock().unwrap().iter().map(|record| record.origin.offset).collect();
            let bad: Vec<i64> = poison.into_iter().filter(|offset| *offset < count).collect();
            prop_assert_eq!(dead_letters, bad);
            let next: Vec<i64> =
                table_writer.offsets.with(|l| l.committable()).iter().map(|c| c.next).collect();
            prop_assert_eq!(next, vec![count]);
            prop_assert_eq!(memory.in_flight(), 0);
            prop_assert!(queued.is_empty());
            Ok(())
        })?;
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_refused_is_a_dead_letter_without_its_values_in_the_detail() {
    let health = Health::new();
    let store = FakeStore { poison: BTreeSet::from([1]), ..FakeStore::default() };
    let table_writer = table_writer(store, &health);
    let batch = batch(&table_writer.offsets, &MemoryLimit::new(1), &rows(3));
    table_writer.deliver(&batch).await;
    let dead_letters = table_writer.dead_letters.0.lock().unwrap().clone();
    let [record] = &dead_letters[..] else { panic!("one record is refused") };
    assert_eq!(record.reason, "store_refused");
    assert_eq!(
        record.detail,
        "readings.accepted, partition 3, offset 1: table weighing_scale refuses the row: \
         ClickHouse exception 469"
    );
    assert_eq!(Some(&record.bytes), batch.record(1).payload.as_ref());
    assert_eq!(record.key.as_deref(), Some(&b"key"[..]));
    assert_eq!(record.patient.as_deref(), Some("AB0001/P1"));
    assert_eq!((record.origin.partition, record.origin.offset), (3, 1));
}

#[tokio::test]
async fn a_clickhouse_that_accepts_and_never_answers_is_reported_and_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let silent = tokio::spawn(async move {
        let mut connections = Vec::new();
        loop {
            connections.push(listener.accept().await);
        }
    });
    let client = clickhouse::Client::default().with_url(format!("http://{address}"));
    let health = Health::new();
    let table_writer = table_writer(Store::new(client, Duration::from_millis(100)), &health);
    let batch = batch(&table_writer.offsets, &MemoryLimit::new(1), &rows(1));
    let delivering = table_writer.deliver(&batch);
    let reported = async {
        let retried = || table_writer.metrics.retries(Fault::Passing) >= 2;
        while !retried() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        health.readiness()
    };
    tokio::select! {
        () = delivering => panic!("nothing was inserted"),
        reported = tokio::time::timeout(Duration::from_secs(20), reported) => {
            let (ready, said) = reported.expect("it was never reported");
            assert!(!ready);
            let reason = said["components"][0]["reason"].as_str().unwrap();
            assert_eq!(reason, "weighing_scale: ClickHouse did not answer in time");
        }
    }
    assert!(table_writer.offsets.with(|l| l.committable()).is_empty());
    silent.abort();
}
