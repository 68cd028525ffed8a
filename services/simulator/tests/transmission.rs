//! Faults come in their set proportions, and the oracle knows what the store must make of it.

use std::collections::{BTreeMap, BTreeSet};

use clinical::{Span, Timestamp};
use proptest::prelude::*;
use schemas::Reading;
use simulator::oracle::Expected;
use simulator::population::population;
use simulator::timetable::Timetable;
use simulator::transmission::{
    Pace, Payload, Plan, Reason, Reception, Route, Sending, TransmissionArgs,
};
use simulator::{Oracle, truth};

const NOW: Timestamp = Timestamp::from_seconds(1_767_538_800);

fn plan(shares: TransmissionArgs) -> Plan {
    Plan { shares, pace: Pace::Days, reception: Reception::At(NOW), kafka_share: 0.5 }
}

/// Everything sent of so many people and days, and how many true readings that was.
fn sent(plan: &Plan, people: u32, days: i64) -> (Vec<Sending>, usize) {
    let mut timetable = Timetable::default();
    let mut count = 0;
    for patient in population(42, people, 4) {
        for reading in truth(&patient, NOW - Span::from_days(days), NOW) {
            count += 1;
            timetable.extend(plan.sendings(&patient, reading));
        }
    }
    (timetable.due(Timestamp::LATEST), count)
}

fn readings(sendings: &[Sending]) -> impl Iterator<Item = (&Sending, &Reading)> {
    sendings.iter().filter_map(|sending| match &sending.payload {
        Payload::Reading(reading) => Some((sending, &**reading)),
        Payload::Bytes { .. } => None,
    })
}

fn note(oracle: &mut Oracle, sending: &Sending) {
    match &sending.payload {
        Payload::Reading(reading) => {
            oracle.note_sent(reading, sending.via, NOW + Span::from_days(30));
        }
        Payload::Bytes { .. } => oracle.note_garbage(),
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let dump = || {
        let (sendings, _) = sent(&plan(TransmissionArgs::default()), 20, 5);
        let mut oracle = Oracle::new();
        sendings.iter().for_each(|sending| note(&mut oracle, sending));
        let mut bytes = format!("{sendings:?}").into_bytes();
        oracle.dump(&mut bytes).expect("a vector takes everything");
        bytes
    };
    assert!(dump() == dump());
}

#[test]
fn every_kind_of_mess_has_its_share() {
    let shares = TransmissionArgs::default();
    let (sendings, true_readings) = sent(&plan(shares.clone()), 300, 20);
    let mut counts = BTreeMap::<&str, f64>::new();
    for sending in &sendings {
        *counts.entry(sending.reason.as_str()).or_default() += 1.0 / true_readings as f64;
    }
    let near = |reason: Reason, share: f64| {
        let found = counts.get(reason.as_str()).copied().unwrap_or(0.0);
        assert!((0.75..1.25).contains(&(found / share)), "{reason:?}: {found} instead of {share}");
    };
    near(Reason::Resent, shares.duplicates);
    // One in five corrections is corrected again; half the wrong numbers are put right.
    near(Reason::Correction, shares.corrections * 1.2 + shares.wrong_numbers * 0.5);
    near(Reason::EnteredInError, shares.entered_in_error);
    near(Reason::Late, shares.late);
    near(Reason::WrongClock, shares.wrong_clocks);
    near(Reason::WrongNumber, shares.wrong_numbers);
    near(Reason::Conflict, shares.conflicts);
    near(Reason::Garbage, shares.garbage);
    let by_kafka = readings(&sendings).filter(|(sending, _)| sending.via == Route::Kafka).count();
    assert!((0.3..0.7).contains(&(by_kafka as f64 / sendings.len() as f64)));
}

#[test]
fn without_mess_every_true_reading_is_sent_once_and_is_current() {
    let (sendings, true_readings) = sent(&plan(TransmissionArgs::none()), 30, 10);
    assert_eq!(sendings.len(), true_readings);
    let mut oracle = Oracle::new();
    sendings.iter().for_each(|sending| note(&mut oracle, sending));
    let totals = oracle.totals();
    assert_eq!(totals.current, true_readings as u64);
    assert_eq!((totals.versions, totals.duplicates, totals.rejected), (totals.current, 0, 0));
}

#[test]
fn nothing_is_sent_before_it_was_registered_and_due_things_come_in_order() {
    let (sendings, _) = sent(&plan(TransmissionArgs::default()), 40, 10);
    assert!(sendings.is_sorted_by_key(|sending| sending.at));
    for (sending, reading) in readings(&sendings) {
        assert!(reading.update_time < sending.at.millis(), "{:?}", sending.reason);
    }
}

#[test]
fn wrong_numbers_are_always_rejected_and_corrections_of_true_readings_never() {
    let (sendings, _) = sent(&plan(TransmissionArgs::default()), 200, 15);
    let mut reasons = BTreeSet::new();
    for (sending, reading) in readings(&sendings) {
        let expected = Oracle::new().note_sent(reading, sending.via, NOW + Span::from_days(30));
        match sending.reason {
            Reason::WrongNumber => {
                let Expected::Rejected(reason) = expected else { panic!("{expected:?}") };
                reasons.insert(reason);
            }
            Reason::Plain | Reason::Late => assert_eq!(expected, Expected::Stored, "{reading:?}"),
            _ => {}
        }
    }
    let reasons: Vec<&str> = reasons.into_iter().collect();
    assert_eq!(reasons, ["implausible", "sensor_status", "unit_suspected"]);
}

#[test]
fn readings_entered_in_error_go_either_way_and_are_not_current() {
    let shares = TransmissionArgs {
        entered_in_error: 0.3,
        wrong_numbers: 0.0,
        ..TransmissionArgs::default()
    };
    let (sendings, _) = sent(&plan(shares), 20, 5);
    let mut oracle = Oracle::new();
    sendings.iter().for_each(|sending| note(&mut oracle, sending));
    let entered_in_error: Vec<_> =
        sendings.iter().filter(|s| s.reason == Reason::EnteredInError).collect();
    for route in [Route::Http, Route::Kafka] {
        assert!(entered_in_error.iter().any(|sending| sending.via == route), "{route:?}");
    }
    let totals = oracle.totals();
    assert!(!entered_in_error.is_empty() && totals.current < totals.readings);
}

#[test]
fn the_newest_version_stands_and_all_are_expected() {
    let patient = &population(1, 1, 1)[0];
    let first = truth(patient, NOW - Span::from_days(3), NOW).next().expect("measures");
    let mut second = first.clone();
    second.update_time += 60_000;
    second.utc_offset_minutes = 0;
    for order in [[&first, &second, &first], [&second, &first, &first]] {
        let mut oracle = Oracle::new();
        for reading in order {
            oracle.note_sent(reading, Route::Http, NOW);
        }
        let totals = oracle.totals();
        assert_eq!((totals.readings, totals.versions, totals.duplicates), (1, 2, 1));
        let current: Vec<_> = oracle.expected_current().collect();
        assert_eq!(current.len(), 1);
        assert_eq!(current[0].reading, &second);
        let kind = current[0].id.kind();
        assert_eq!(oracle.expected_of(&patient.id, kind).count(), 1);
    }
}

#[test]
fn what_nobody_confirmed_is_uncertain_until_it_is_confirmed() {
    let patient = &population(1, 1, 1)[0];
    let reading = truth(patient, NOW - Span::from_days(3), NOW).next().expect("measures");
    let mut oracle = Oracle::new();
    oracle.note_uncertain(&reading, NOW);
    assert_eq!((oracle.totals().uncertain, oracle.totals().versions), (1, 0));
    oracle.note_sent(&reading, Route::Kafka, NOW);
    oracle.note_uncertain(&reading, NOW);
    assert_eq!((oracle.totals().uncertain, oracle.totals().versions), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_order_of_the_same_sends_gives_the_same_expectation(shuffle in any::<u64>()) {
        let shares = TransmissionArgs { corrections: 0.3, conflicts: 0.2, ..TransmissionArgs::default() };
        let (sendings, _) = sent(&plan(shares), 6, 4);
        let mut shuffled: Vec<&Sending> = sendings.iter().collect();
        let mut state = shuffle | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        let (mut in_order, mut in_disorder) = (Oracle::new(), Oracle::new());
        sendings.iter().for_each(|sending| note(&mut in_order, sending));
        shuffled.into_iter().for_each(|sending| note(&mut in_disorder, sending));
        prop_assert_eq!(in_order, in_disorder);
    }
}
