use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const TOPIC: &str = "readings.accepted";

fn next_of(offsets: &OffsetTracker, partition: i32) -> Option<i64> {
    let of = |c: &Committable| c.partition == (TOPIC.to_owned(), partition);
    offsets.committable().into_iter().find(of).map(|c| c.next)
}

#[test]
fn the_commit_waits_for_the_earliest_unsafe_batch() {
    let mut offsets = OffsetTracker::default();
    let lease = offsets.assigned(TOPIC, 0);
    let (first, second) = (offsets.open(Instant::now()), offsets.open(Instant::now()));
    offsets.placed(lease, 10, first).unwrap();
    offsets.placed(lease, 11, second).unwrap();
    offsets.placed(lease, 12, first).unwrap();
    offsets.settled(lease, 15).unwrap();
    assert_eq!(next_of(&offsets, 0), None);
    offsets.safe(first).unwrap();
    assert_eq!(next_of(&offsets, 0), Some(11));
    offsets.committed(&offsets.committable());
    assert_eq!(next_of(&offsets, 0), None);
    offsets.safe(second).unwrap();
    assert_eq!(next_of(&offsets, 0), Some(16));
}

#[test]
fn a_partition_that_comes_back_owes_nothing_to_its_earlier_batches() {
    let mut offsets = OffsetTracker::default();
    let old = offsets.assigned(TOPIC, 0);
    let batch = offsets.open(Instant::now());
    offsets.placed(old, 5, batch).unwrap();
    offsets.revoked(TOPIC, 0);
    assert_eq!(offsets.placed(old, 6, batch), Err(OffsetTrackerError::Revoked));
    let new = offsets.assigned(TOPIC, 0);
    let again = offsets.open(Instant::now());
    offsets.placed(new, 5, again).unwrap();
    offsets.safe(batch).unwrap();
    assert_eq!(next_of(&offsets, 0), None, "the row was placed anew and is not safe");
    offsets.safe(again).unwrap();
    assert_eq!(next_of(&offsets, 0), Some(6));
}

#[test]
fn a_repeated_offset_and_an_unknown_batch_are_errors() {
    let mut offsets = OffsetTracker::default();
    let lease = offsets.assigned(TOPIC, 0);
    let batch = offsets.open(Instant::now());
    offsets.placed(lease, 5, batch).unwrap();
    let repeated = OffsetTrackerError::Repeated { offset: 5, next: 6 };
    assert_eq!(offsets.settled(lease, 5), Err(repeated));
    offsets.safe(batch).unwrap();
    assert_eq!(offsets.placed(lease, 6, batch), Err(OffsetTrackerError::NoSuchBatch));
    assert_eq!(offsets.safe(batch), Err(OffsetTrackerError::NoSuchBatch));
}

#[derive(Debug, Clone)]
enum Step {
    Assign(i32),
    Revoke(i32),
    Place {
        partition: i32,
        batch: usize,
        gap: i64,
    },
    Settle {
        partition: i32,
    },
    /// A batch that was stored; batches finish in any order.
    Safe(usize),
    Commit,
    /// A commit that Kafka refused.
    CommitFails,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0..3).prop_map(Step::Assign),
        1 => (0..3).prop_map(Step::Revoke),
        8 => (0..3, 0usize..4, 0..3i64)
            .prop_map(|(partition, batch, gap)| Step::Place { partition, batch, gap }),
        1 => (0..3).prop_map(|partition| Step::Settle { partition }),
        3 => (0usize..4).prop_map(Step::Safe),
        2 => Just(Step::Commit),
        1 => Just(Step::CommitFails),
    ]
}

/// What a broker and a store would know.
#[derive(Default)]
struct World {
    leases: BTreeMap<i32, (Lease, i64)>,
    /// Rows that are nowhere safe, with the batch they wait in.
    waiting: BTreeMap<BatchId, BTreeSet<(i32, Lease, i64)>>,
    committed: BTreeMap<i32, i64>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_commit_ever_passes_a_row_that_is_not_safe(steps in proptest::collection::vec(step(), 1..200)) {
        let mut offsets = OffsetTracker::default();
        let mut world = World::default();
        let mut batches: Vec<BatchId> = (0..4).map(|_| offsets.open(Instant::now())).collect();
        for step in steps {
            match step {
                Step::Assign(partition) => {
                    // The broker continues after what was committed.
                    let from = world.committed.get(&partition).copied().unwrap_or(0);
                    let lease = offsets.assigned(TOPIC, partition);
                    world.leases.insert(partition, (lease, from));
                }
                Step::Revoke(partition) => {
                    offsets.revoked(TOPIC, partition);
                    world.leases.remove(&partition);
                }
                Step::Place { partition, batch, gap } => {
                    if let Some((lease, next)) = world.leases.get_mut(&partition) {
                        let offset = *next + gap;
                        *next = offset + 1;
                        prop_assert_eq!(offsets.placed(*lease, offset, batches[batch]), Ok(()));
                        let waiting = world.waiting.entry(batches[batch]).or_default();
                        waiting.insert((partition, *lease, offset));
                    }
                }
                Step::Settle { partition } => {
                    if let Some((lease, next)) = world.leases.get_mut(&partition) {
                        prop_assert_eq!(offsets.settled(*lease, *next), Ok(()));
                        *next += 1;
                    }
                }
                Step::Safe(batch) => {
                    prop_assert_eq!(offsets.safe(batches[batch]), Ok(()));
                    world.waiting.remove(&batches[batch]);
                    batches[batch] = offsets.open(Instant::now());
                }
                Step::Commit | Step::CommitFails => {
                    let ready = offsets.committable();
                    for committable in &ready {
                        let partition = committable.partition.1;
                        let lease = world.leases.get(&partition).map(|(lease, _)| *lease);
                        prop_assert_eq!(lease, Some(committable.lease), "a revoked partition");
                        let passed = world.waiting.values().flatten().any(|(p, l, offset)| {
                            *p == partition && *l == committable.lease && *offset < committable.next
                        });
                        prop_assert!(!passed, "commit {} passes an unsafe row", committable.next);
                    }
                    if matches!(step, Step::Commit) {
                        for committable in &ready {
                            let before = world.committed.insert(committable.partition.1, committable.next);
                            prop_assert!(before < Some(committable.next), "a commit went back");
                        }
                        offsets.committed(&ready);
                        prop_assert_eq!(offsets.committable(), vec![]);
                    }
                }
            }
        }
        for batch in batches {
            prop_assert_eq!(offsets.safe(batch), Ok(()));
        }
        offsets.committed(&offsets.committable());
        prop_assert_eq!(offsets.oldest_open(), None);
        for leased in offsets.leases.values() {
            prop_assert!(leased.unsafe_from.is_empty());
            prop_assert!(leased.committed.is_none() || leased.committed == leased.next);
        }
    }
}
