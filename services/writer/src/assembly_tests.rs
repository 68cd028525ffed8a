use std::collections::BTreeSet;
use std::sync::mpsc;

use chassis::Health;
use proptest::prelude::*;
use schemas::Codec;

use super::*;
use crate::batch::Limits;
use crate::lane::tests::{FakeStore, lane, record_of};
use crate::pipeline::{lanes, start_lanes};
use crate::rows::samples::weight;

const TOPIC: &str = "readings.accepted";
const NEVER: Limits = Limits { rows: 1_000_000, bytes: usize::MAX, age: Duration::from_secs(3600) };

struct Bench {
    assembly: Assembly,
    ledger: SharedLedger,
    budget: Budget,
    lanes: crate::pipeline::Ends,
    refused: tokio::sync::mpsc::UnboundedReceiver<Refused>,
    lease: Lease,
}

fn bench(limits: Limits) -> Bench {
    let (lanes, outlets, refused) = lanes();
    let (ledger, budget) = (SharedLedger::default(), Budget::new(1_000_000_000));
    let troubles = Troubles::new(Health::new().component("schemas"));
    let decoders = Arc::new(Decoders::new(&Codec::default()));
    let assembly =
        Assembly::new(limits, decoders, ledger.clone(), budget.clone(), outlets, troubles);
    let lease = ledger.with(|ledger| ledger.assigned(TOPIC, 3));
    Bench { assembly, ledger, budget, lanes, refused, lease }
}

fn good(offset: i64) -> Incoming {
    let mut accepted = weight(60.0);
    accepted.origin.offset = offset;
    record_of(&accepted, offset)
}

fn received(bench: &Bench, record: Incoming) -> Received {
    let hold = bench.budget.hold(100);
    Received { input: Input::Accepted, lease: bench.lease, record, hold }
}

fn take(bench: &mut Bench, record: Incoming) {
    let received = received(bench, record);
    bench.assembly.take(received);
}

#[test]
fn bytes_that_are_no_record_are_set_aside_whole_with_their_place() {
    let mut bench = bench(NEVER);
    let garbage = Incoming { payload: Some(b"\xffgarbage".to_vec()), ..good(7) };
    take(&mut bench, garbage);
    let refused = bench.refused.try_recv().expect("refused");
    assert_eq!(refused.envelope.bytes, b"\xffgarbage");
    assert_eq!(refused.envelope.reason, "undecodable");
    let detail = &refused.envelope.detail;
    assert!(detail.starts_with("readings.accepted, partition 3, offset 7: "), "{detail}");
    assert_eq!((refused.envelope.origin.partition, refused.envelope.origin.offset), (3, 7));
    assert!(bench.ledger.with(|ledger| ledger.committable()).is_empty(), "not safe yet");
    bench.ledger.safe(refused.batch);
    assert_eq!(bench.ledger.with(|ledger| ledger.committable())[0].next, 8);
}

#[test]
fn a_value_that_does_not_fit_its_column_is_set_aside_with_the_raw_reading_s_origin() {
    let mut bench = bench(NEVER);
    let mut accepted = weight(60.0);
    accepted.reading.update_time = -1;
    take(&mut bench, record_of(&accepted, 7));
    let refused = bench.refused.try_recv().expect("refused");
    assert_eq!(refused.envelope.reason, "store_refused");
    assert!(refused.envelope.detail.contains("column update_time cannot hold the value"));
    assert_eq!(refused.envelope.origin.offset, 41);
}

#[test]
fn a_row_that_does_not_fit_takes_no_column_from_the_rows_after_it() {
    let mut bench = bench(NEVER);
    let mut unfit = weight(60.0);
    unfit.reading.update_time = -1;
    take(&mut bench, record_of(&unfit, 0));
    take(&mut bench, good(1));
    let table = Table::Readings(clinical::Kind::WeighingScale);
    bench.assembly.cut(table);
    let batch = bench.lanes[table.index()].0.try_recv().expect("the row that fits");
    assert_eq!(batch.len(), 1);
    let complete = Shape::of(&Row::Reading(weight(60.0)), place_of(&good(1))).unwrap();
    assert_eq!(batch.shape(), &complete);
}

#[test]
fn a_tombstone_and_a_record_of_a_revoked_partition_leave_nothing_to_store() {
    let mut bench = bench(NEVER);
    take(&mut bench, Incoming { payload: None, ..good(5) });
    assert_eq!(bench.ledger.with(|ledger| ledger.committable())[0].next, 6);
    bench.ledger.with(|ledger| ledger.revoked(TOPIC, 3));
    take(&mut bench, good(6));
    assert_eq!(bench.budget.held(), 0);
}

#[test]
fn a_batch_is_cut_when_full_or_when_old_unless_its_lane_is_busy() {
    let limits = Limits { rows: 3, bytes: usize::MAX, age: Duration::from_millis(1) };
    let mut bench = bench(limits);
    let table = Table::Readings(clinical::Kind::WeighingScale).index();
    let mut offsets = 0..;
    for offset in offsets.by_ref().take(3) {
        take(&mut bench, good(offset));
    }
    assert_eq!(bench.lanes[table].0.try_recv().expect("full").len(), 3);
    // That batch is still on its way as far as the lane has said.
    for offset in offsets.by_ref().take(2) {
        take(&mut bench, good(offset));
    }
    let later = Instant::now() + Duration::from_secs(1);
    bench.assembly.cut_old(later);
    assert!(bench.lanes[table].0.try_recv().is_err(), "it may grow meanwhile");
    bench.lanes[table].1.done();
    bench.assembly.cut_old(later);
    assert_eq!(bench.lanes[table].0.try_recv().expect("old").len(), 2);
}

#[test]
fn a_full_budget_cuts_what_is_open() {
    let mut bench = bench(NEVER);
    let table = Table::Readings(clinical::Kind::WeighingScale).index();
    take(&mut bench, good(0));
    bench.assembly.cut_old(Instant::now());
    assert!(bench.lanes[table].0.try_recv().is_err());
    let _rest = bench.budget.hold(1_000_000_000);
    bench.assembly.cut_old(Instant::now());
    assert_eq!(bench.lanes[table].0.try_recv().expect("cut").len(), 1);
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
    fn after_any_schedule_all_is_stored_or_set_aside_and_nothing_is_in_hand(
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
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let health = Health::new();
            let store = FakeStore { poison: poison.clone(), ..FakeStore::default() };
            let mut lane = lane(store, &health);
            lane.ledger = bench.ledger.clone();
            let (store, aside) = (lane.store.clone(), lane.aside.clone());
            let ends = std::mem::take(&mut bench.lanes);
            let (_, none) = tokio::sync::mpsc::unbounded_channel();
            let refused = std::mem::replace(&mut bench.refused, none);
            let mut tasks = start_lanes(lane, ends, refused);

            let (mut next, mut committed) = (0, 0);
            for event in &events {
                if matches!(event, Event::Rebalance) {
                    tokio::task::yield_now().await;
                    let ready = bench.ledger.with(|ledger| ledger.committable());
                    committed = ready.first().map_or(committed, |c| c.next);
                    bench.lease = bench.ledger.with(|ledger| {
                        ledger.committed(&ready);
                        ledger.revoked(TOPIC, 3);
                        ledger.assigned(TOPIC, 3)
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
            let Bench { assembly, ledger, budget, .. } = bench;
            let (_, closed) = mpsc::sync_channel::<Vec<Received>>(0);
            assembly.run(closed);
            while tasks.join_next().await.is_some() {}

            prop_assert_eq!(budget.held(), 0);
            prop_assert_eq!(ledger.with(|ledger| ledger.oldest_open()), None);
            let ready = ledger.with(|ledger| ledger.committable());
            let safe = ready.first().map_or(committed, |c| c.next);
            prop_assert_eq!(safe, kinds.len() as i64);
            let inserted: BTreeSet<i64> = store.inserted.lock().unwrap().iter().copied().collect();
            let aside: BTreeSet<i64> =
                aside.0.lock().unwrap().iter().map(|record| record.origin.offset).collect();
            for (kind, offset) in kinds.iter().zip(0..) {
                let stored = matches!(kind, Event::Good) && !poison.contains(&offset);
                let refused = !stored && !matches!(kind, Event::Tombstone);
                prop_assert_eq!(inserted.contains(&offset), stored);
                prop_assert_eq!(aside.contains(&offset), refused);
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
            unfit.reading.update_time = -1;
            record_of(&unfit, offset)
        }
        Event::Garbage => Incoming { payload: Some(vec![1, 2, 3]), ..record },
        Event::Tombstone => Incoming { payload: None, ..record },
        _ => record,
    }
}
