use std::collections::BTreeSet;
use std::sync::mpsc;

use chassis::Health;
use proptest::prelude::*;
use schemas::Codec;

use super::*;
use crate::batch::Limits;
use crate::pipeline::{start_table_writers, table_writers};
use crate::rows::samples::weight;
use crate::table_writer::tests::{FakeStore, paused_runtime, record_of, table_writer};

const TOPIC: &str = "readings.accepted";
const NEVER: Limits = Limits { rows: 1_000_000, bytes: usize::MAX, age: Duration::from_secs(3600) };

struct Bench {
    batcher: Batcher,
    offsets: SharedOffsets,
    memory: MemoryLimit,
    table_writers: crate::pipeline::Ends,
    dead_letters: tokio::sync::mpsc::UnboundedReceiver<DeadLetter>,
    lease: Lease,
}

fn bench(limits: Limits) -> Bench {
    let (table_writers, outlets, dead_letters) = table_writers();
    let (offsets, memory) = (SharedOffsets::default(), MemoryLimit::new(1_000_000_000));
    let troubles = Troubles::new(Health::new().component("schemas"));
    let decoders = Arc::new(Decoders::new(&Codec::default()));
    let batcher =
        Batcher::new(limits, decoders, offsets.clone(), memory.clone(), outlets, troubles);
    let lease = offsets.with(|offsets| offsets.assigned(TOPIC, 3));
    Bench { batcher, offsets, memory, table_writers, dead_letters, lease }
}

fn good(offset: i64) -> Incoming {
    let mut accepted = weight(60.0);
    accepted.origin.offset = offset;
    record_of(&accepted, offset)
}

fn received(bench: &Bench, record: Incoming) -> Received {
    let permit = bench.memory.acquire(100);
    Received { input: Input::Accepted, lease: bench.lease, record, permit }
}

fn take(bench: &mut Bench, record: Incoming) {
    let received = received(bench, record);
    bench.batcher.take(received);
}

#[test]
fn bytes_that_are_no_record_are_a_dead_letter_with_their_place() {
    let mut bench = bench(NEVER);
    let garbage = Incoming { payload: Some(b"\xffgarbage".to_vec()), ..good(7) };
    take(&mut bench, garbage);
    let letter = bench.dead_letters.try_recv().expect("a dead letter");
    assert_eq!(letter.envelope.bytes, b"\xffgarbage");
    assert_eq!(letter.envelope.reason, "undecodable");
    let detail = &letter.envelope.detail;
    assert!(detail.starts_with("readings.accepted, partition 3, offset 7: "), "{detail}");
    assert_eq!((letter.envelope.origin.partition, letter.envelope.origin.offset), (3, 7));
    assert!(bench.offsets.with(|offsets| offsets.committable()).is_empty(), "not safe yet");
    bench.offsets.safe(letter.batch);
    assert_eq!(bench.offsets.with(|offsets| offsets.committable())[0].next, 8);
}

#[test]
fn a_value_that_does_not_fit_its_column_is_a_dead_letter_with_the_raw_origin() {
    let mut bench = bench(NEVER);
    let mut accepted = weight(60.0);
    accepted.reading.update_time = i64::MIN;
    take(&mut bench, record_of(&accepted, 7));
    let letter = bench.dead_letters.try_recv().expect("a dead letter");
    assert_eq!(letter.envelope.reason, "store_refused");
    assert!(letter.envelope.detail.contains("column update_time cannot hold the value"));
    assert_eq!(letter.envelope.origin.offset, 41);
}

#[test]
fn a_row_that_does_not_fit_takes_no_column_from_the_rows_after_it() {
    let mut bench = bench(NEVER);
    let mut unfit = weight(60.0);
    unfit.reading.update_time = i64::MIN;
    take(&mut bench, record_of(&unfit, 0));
    take(&mut bench, good(1));
    let table = Table::Readings(clinical::Kind::WeighingScale);
    bench.batcher.cut(table);
    let batch = bench.table_writers[table.index()].0.try_recv().expect("the row that fits");
    assert_eq!(batch.len(), 1);
    let complete = Row::Reading(weight(60.0)).shape(place_of(&good(1))).unwrap();
    assert_eq!(batch.shape(), &complete);
}

#[test]
fn a_tombstone_and_a_record_of_a_revoked_partition_leave_nothing_to_store() {
    let mut bench = bench(NEVER);
    take(&mut bench, Incoming { payload: None, ..good(5) });
    assert_eq!(bench.offsets.with(|offsets| offsets.committable())[0].next, 6);
    bench.offsets.with(|offsets| offsets.revoked(TOPIC, 3));
    take(&mut bench, good(6));
    assert_eq!(bench.memory.in_flight(), 0);
}

#[test]
fn a_batch_is_cut_when_full_or_when_old_unless_its_table_writer_is_busy() {
    let limits = Limits { rows: 3, bytes: usize::MAX, age: Duration::from_millis(1) };
    let mut bench = bench(limits);
    let table = Table::Readings(clinical::Kind::WeighingScale).index();
    let mut offsets = 0..;
    for offset in offsets.by_ref().take(3) {
        take(&mut bench, good(offset));
    }
    assert_eq!(bench.table_writers[table].0.try_recv().expect("full").len(), 3);
    // That batch is still on its way as far as the table writer has said.
    for offset in offsets.by_ref().take(2) {
        take(&mut bench, good(offset));
    }
    let later = Instant::now() + Duration::from_secs(1);
    bench.batcher.cut_old(later);
    assert!(bench.table_writers[table].0.try_recv().is_err(), "it may grow meanwhile");
    bench.table_writers[table].1.done();
    bench.batcher.cut_old(later);
    assert_eq!(bench.table_writers[table].0.try_recv().expect("old").len(), 2);
}

#[test]
fn a_memory_limit_that_is_reached_cuts_what_is_open() {
    let mut bench = bench(NEVER);
    let table = Table::Readings(clinical::Kind::WeighingScale).index();
    take(&mut bench, good(0));
    bench.batcher.cut_old(Instant::now());
    assert!(bench.table_writers[table].0.try_recv().is_err());
    let _rest = bench.memory.acquire(1_000_000_000);
    bench.batcher.cut_old(Instant::now());
    assert_eq!(bench.table_writers[table].0.try_recv().expect("cut").len(), 1);
}

#[derive(Debug, Clone)]
enum Event {
    Good,
    /// A row that does not fit its table.
    Unfit,
    Garbage,
    Tombstone,
    /// Revoked, and assigned again from the last commit.
    Rebalance,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => Just(Event::Good),
        2 => Just(Event::Unfit),
        2 => Just(Event::Garbage),
        1 => Just(Event::Tombstone),
        1 => Just(Event::Rebalance),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn after_any_schedule_all_is_stored_or_a_dead_letter_and_nothing_is_in_flight(
        events in proptest::collection::vec(event(), 1..120),
        rows in 1usize..20,
        poison in proptest::collection::btree_set(0i64..120, 0..4),
    ) {
        let mut bench = bench(Limits { rows, ..NEVER });
        let kinds: Vec<Event> = events
            .iter()
            .filter(|event| !matches!(event, Event::Rebalance))
            .cloned()
            .collect();
        paused_runtime().block_on(async {
            let health = Health::new();
            let store = FakeStore { poison: poison.clone(), ..FakeStore::default() };
            let mut table_writer = table_writer(store, &health);
            table_writer.offsets = bench.offsets.clone();
            let (store, dead_letters) = (table_writer.store.clone(), table_writer.dead_letters.clone());
            let ends = std::mem::take(&mut bench.table_writers);
            let (_, none) = tokio::sync::mpsc::unbounded_channel();
            let to_write = std::mem::replace(&mut bench.dead_letters, none);
            let mut tasks = start_table_writers(table_writer, ends, to_write);

            let (mut next, mut committed) = (0, 0);
            for event in &events {
                if matches!(event, Event::Rebalance) {
                    tokio::task::yield_now().await;
                    let ready = bench.offsets.with(|offsets| offsets.committable());
                    committed = ready.first().map_or(committed, |c| c.next);
                    bench.lease = bench.offsets.with(|offsets| {
                        offsets.committed(&ready);
                        offsets.revoked(TOPIC, 3);
                        offsets.assigned(TOPIC, 3)
                    });
                    next = committed;
                    continue;
                }
                let record = record(&kinds, next);
                next += 1;
                take(&mut bench, record);
            }
            // What was read before the last rebalance is read again.
            while next < kinds.len() as i64 {
                let record = record(&kinds, next);
                next += 1;
                take(&mut bench, record);
            }
            let Bench { batcher, offsets, memory, .. } = bench;
            let (_, closed) = mpsc::sync_channel::<Vec<Received>>(0);
            batcher.run(closed);
            while tasks.join_next().await.is_some() {}

            prop_assert_eq!(memory.in_flight(), 0);
            prop_assert_eq!(offsets.with(|offsets| offsets.oldest_open()), None);
            let ready = offsets.with(|offsets| offsets.committable());
            let safe = ready.first().map_or(committed, |c| c.next);
            prop_assert_eq!(safe, kinds.len() as i64);
            let inserted: BTreeSet<i64> = store.inserted.lock().unwrap().iter().copied().collect();
            let dead_letters: BTreeSet<i64> =
                dead_letters.0.lock().unwrap().iter().map(|record| record.origin.offset).collect();
            for (kind, offset) in kinds.iter().zip(0..) {
                let stored = matches!(kind, Event::Good) && !poison.contains(&offset);
                let refused = !stored && !matches!(kind, Event::Tombstone);
                prop_assert_eq!(inserted.contains(&offset), stored);
                prop_assert_eq!(dead_letters.contains(&offset), refused);
            }
            Ok(())
        })?;
    }
}

fn record(kinds: &[Event], offset: i64) -> Incoming {
    let record = good(offset);
    match kinds[usize::try_from(offset).unwrap()] {
        Event::Unfit => {
            let mut unfit = weight(60.0);
            unfit.origin.offset = offset;
            unfit.reading.update_time = i64::MIN;
            record_of(&unfit, offset)
        }
        Event::Garbage => Incoming { payload: Some(vec![1, 2, 3]), ..record },
        Event::Tombstone => Incoming { payload: None, ..record },
        _ => record,
    }
}
