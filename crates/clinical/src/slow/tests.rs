//! Holds what is remembered to a map of all versions.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::sample::Sample;
use crate::version::Version;

fn slow_kind() -> Kind {
    Kind::ALL.into_iter().find(|kind| kind.is_slow()).expect("a kind is slow")
}

const START: Timestamp = Timestamp::from_seconds(1_780_000_000);

fn day(day: i64) -> Timestamp {
    START + Span::from_days(day)
}

fn reading(observed: i64, version: u64) -> RememberedReading {
    RememberedReading {
        kind: slow_kind(),
        observation_time: day(observed),
        source: SourceDigest::from_bits(7),
        version: Version::from_bits(version),
        entered_in_error: false,
        by_hand: false,
        sample: Sample([version as u16, 0, 0]),
    }
}

fn sent() -> impl Strategy<Value = RememberedReading> {
    let days = prop_oneof![0..12_i64, -400..400_i64];
    (days, 0..2_u64, 0..4_u64, prop::bool::weighted(0.2)).prop_map(
        |(day, source, version, error)| {
            RememberedReading {
                source: SourceDigest::from_bits(source),
                entered_in_error: error,
                // As versions are: what they say is part of them.
                version: Version::from_bits(version << 1 | u64::from(error)),
                ..reading(day, version)
            }
        },
    )
}

fn held(readings: &[RememberedReading], received: Timestamp) -> SlowReadings {
    let mut held = SlowReadings::default();
    for reading in readings {
        held.remember(reading, received);
    }
    held.forget(received);
    held
}

/// Of all versions the greatest of each reading, and of these the newest that there is room for.
fn map(readings: &[RememberedReading], received: Timestamp) -> Vec<RememberedReading> {
    let mut known: BTreeMap<Key, RememberedReading> = BTreeMap::new();
    for one in readings.iter().filter(|one| one.observation_time >= remembered_from(received)) {
        let greatest = known.entry(key(one)).or_insert(*one);
        if one.version > greatest.version {
            *greatest = *one;
        }
    }
    let left_out = known.len().saturating_sub(PLACES);
    known.into_values().skip(left_out).collect()
}

#[test]
fn a_withdrawal_keeps_its_place_and_an_older_version_does_not_bring_it_back() {
    let mut known = SlowReadings::default();
    let withdrawn = RememberedReading { entered_in_error: true, ..reading(0, 5) };
    assert!(known.remember(&reading(0, 4), day(100)));
    assert!(known.remember(&withdrawn, day(100)));
    assert!(!known.remember(&reading(0, 4), day(100)));
    assert_eq!(known.current(slow_kind(), START).count(), 0);
    assert_eq!(known.all(), [withdrawn]);
    assert!(known.remember(&reading(0, 6), day(100)), "a later version is remembered again");
    assert_eq!(known.current(slow_kind(), START).count(), 1);
}

#[test]
fn of_nine_the_oldest_makes_room_and_does_not_come_back() {
    let all: Vec<_> = (0..=PLACES as i64).map(|day| reading(day, 1)).collect();
    let mut known = held(&all, day(20));
    assert_eq!(known.all(), &all[1..]);
    assert!(!known.remember(&reading(0, 2), day(20)));
    assert_eq!(known.all(), &all[1..]);
}

#[test]
fn it_is_known_for_as_long_as_a_value_in_the_window_is_compared_with_it() {
    let known = |after: Span| {
        let mut known = held(&[reading(0, 1)], START);
        known.forget(START + after);
        !known.is_empty()
    };
    let longest = WINDOW + COMPARED_WITHIN;
    assert!(known(longest));
    assert!(!known(longest + Span::from_seconds(1)));
    let mut late = SlowReadings::default();
    assert!(!late.remember(&reading(0, 1), START + longest + Span::from_seconds(1)));
    assert!(late.is_empty(), "an import of the past before that is not remembered");
}

#[test]
fn of_kinds_that_are_not_slow_nothing_is_remembered() {
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_slow()) {
        let mut known = SlowReadings::default();
        assert!(!known.remember(&RememberedReading { kind, ..reading(0, 1) }, START));
        assert!(known.is_empty());
    }
}

/// A patient may cost 2,000 bytes, of which a cuff twice a day takes 1,656.
#[test]
fn what_is_remembered_of_a_patient_takes_no_more_than_320_bytes_a_kind() {
    assert_eq!(size_of::<SlowReadings>(), size_of::<usize>());
    assert!(PLACES * size_of::<RememberedReading>() <= 320);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_order_of_versions_withdrawals_and_repetitions_ends_as_a_map_of_all_does(
        sent in prop::collection::vec(sent(), 0..60),
        swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 60),
        repeated in prop::collection::vec(any::<Index>(), 0..10),
        received in 0..300_i64,
    ) {
        let received = day(received);
        let expected = map(&sent, received);
        let known = held(&sent, received);
        prop_assert_eq!(known.all(), &expected[..]);
        let mut other = sent.clone();
        for (one, another) in swaps.iter().filter(|_| !sent.is_empty()) {
            other.swap(one.index(sent.len()), another.index(sent.len()));
        }
        for index in repeated.iter().filter(|_| !sent.is_empty()) {
            other.push(*index.get(&sent));
        }
        let known = held(&other, received);
        prop_assert_eq!(known.all(), &expected[..]);
    }

    /// Of the record and of what was accepted either may be behind, and either may be read first.
    #[test]
    fn a_state_that_is_rebuilt_remembers_what_the_lost_one_did_and_says_what_the_record_lacks(
        sent in prop::collection::vec((sent(), 0..20_i64), 0..40),
        recorded in any::<Index>(),
        accepted_from in any::<Index>(),
        is_record_first: bool,
    ) {
        let mut received = START;
        let sent: Vec<_> = sent.into_iter().map(|(reading, pause)| {
            received = received + Span::from_days(pause);
            (reading, received)
        }).collect();
        let hold = |into: &mut SlowReadings, all: &[(RememberedReading, Timestamp)]| {
            for (reading, received) in all {
                into.remember(reading, *received);
            }
        };
        let mut living = SlowReadings::default();
        hold(&mut living, &sent);
        // The record is that of some time; what was accepted since, and may be before, is read.
        let recorded = recorded.index(sent.len() + 1);
        let mut then = SlowReadings::default();
        hold(&mut then, &sent[..recorded]);
        let at = sent[..recorded].last().map_or(START, |(_, received)| *received);
        let accepted = &sent[accepted_from.index(recorded + 1)..];
        let mut rebuilt = SlowReadings::default();
        if is_record_first {
            rebuilt.restore(then.all(), at);
            hold(&mut rebuilt, accepted);
        } else {
            hold(&mut rebuilt, accepted);
            rebuilt.restore(then.all(), at);
        }
        living.forget(received);
        rebuilt.forget(received);
        prop_assert_eq!(rebuilt.all(), living.all());
        let lacks = living.all().iter().any(|one| !then.all().contains(one));
        prop_assert!(rebuilt.take_change() || !lacks, "it waits to be published");
    }
}
