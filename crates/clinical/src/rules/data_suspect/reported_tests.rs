//! Every severe version that a device sent is reported to somebody, or what counts instead says as much.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::long_ago_tests::YEAR;
use super::severe_tests::{Value, send, severe_values};
use super::tests::DAY;
use crate::alert::{Alert, Evidence};
use crate::episode::EvidenceReading;
use crate::home::{Home, at};
use crate::plan::Plan;
use crate::rules;
use crate::{Kind, Reading, Source, Span, Version};

/// A version of a reading, and the minute in which it is received.
#[derive(Debug, Clone, PartialEq)]
struct Sent {
    reading: Reading,
    received: i64,
}

/// Ordinary and severe values of a kind.
fn values_of(kind: Kind) -> Vec<Value> {
    let of_kind = severe_values().into_iter().filter(|(severe, ..)| severe.0 == kind);
    let (mut values, mut ordinary) = (Vec::new(), None);
    for (severe, usual, _) in of_kind {
        values.push(severe);
        ordinary.get_or_insert(usual);
    }
    values.extend(std::iter::repeat_n(ordinary, 3).flatten());
    values
}

/// How a version is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Device,
    Hand,
    Withdrawal,
}

/// The versions of a reading: its value, who wrote it, and how many minutes after it was registered it is
/// received.
fn versions() -> impl Strategy<Value = Vec<(prop::sample::Index, By, i64)>> {
    let by = prop_oneof![8 => Just(By::Device), 1 => Just(By::Hand), 1 => Just(By::Withdrawal)];
    let delay = prop_oneof![3 => 0..3_i64, 3 => Just(60), 1 => 0..200_i64, 1 => Just(DAY)];
    vec((any::<prop::sample::Index>(), by, delay), 1..5)
}

/// What a device sends of readings that are days apart: with seconds or without, and some of them as of long
/// ago.
fn history() -> impl Strategy<Value = Vec<Sent>> {
    let kind = prop::sample::select(vec![
        Kind::BloodPressure,
        Kind::BloodGlucose,
        Kind::OxygenSaturation,
        Kind::BodyTemperature,
    ]);
    let reading = (0..6_i64, any::<bool>(), prop::bool::weighted(0.3), versions());
    (kind, vec(reading, 1..4)).prop_map(|(kind, readings)| {
        let values = values_of(kind);
        let mut sent = Vec::new();
        for (place, (days, has_seconds, is_of_long_ago, versions)) in (0..).zip(readings) {
            let measured = (place * 7 + days) * DAY + 10;
            let shown = if is_of_long_ago { measured - YEAR } else { measured };
            let seconds = Span::from_seconds(if has_seconds { 3 } else { 20 });
            for (number, (value, by, delay)) in (1..).zip(versions) {
                let registered = measured + number * 5;
                let (kind, sample) = values[value.index(values.len())];
                let reading = Reading {
                    patient: crate::home::patient(),
                    kind,
                    observation_time: at(shown) + seconds,
                    source: Source::device("OMRON", "1").unwrap(),
                    version: Version::new(at(registered), 1),
                    entered_in_error: by == By::Withdrawal,
                    by_hand: by == By::Hand,
                    sample,
                };
                sent.push(Sent { reading, received: registered + delay });
            }
        }
        sent.sort_by_key(|one| one.received);
        sent
    })
}

/// Whether any alert has ever rested on a version, or on another of its reading that is as severe.
fn was_evidence(home: &Home, reading: &Reading) -> bool {
    let says_it = |evidence: &Evidence| {
        let EvidenceReading { kind, reading: said } = evidence.into();
        evidence.reading == reading.id()
            && rules::is_as_severe(kind, said.sample, reading.sample, &home.plan)
    };
    home.reported.iter().any(|alert| alert.evidence.iter().any(says_it))
}

/// Whether an alert of a rule that calls it severe was open already when a version was judged.
fn was_open(home: &Home, sent: &Sent) -> bool {
    let judged = at(sent.received + 1);
    let is_of_rule = |alert: &&Alert| {
        let rule = rules::find(alert.rule.as_str()).expect("it is one of ours");
        rule.severe(sent.reading.sample, &home.plan).is_some() && alert.changed_at <= judged
    };
    let known: BTreeMap<_, _> =
        home.reported.iter().filter(is_of_rule).map(|alert| (alert.id, alert)).collect();
    known.values().any(|alert| alert.is_open())
}

fn says_the_same(one: &Sent, other: &Sent) -> bool {
    is_of(&one.reading, &other.reading) && one.reading.sample == other.reading.sample
}

fn is_of(one: &Reading, other: &Reading) -> bool {
    one.id() == other.id()
}

/// The severe versions of devices that were reported to nobody, and that what counts instead does not tell of.
fn unreported<'s>(home: &Home, sent: &'s [Sent]) -> Vec<&'s Reading> {
    let is_unreported = |one: &&Sent| {
        let version = &one.reading;
        let is_of_device = !version.by_hand && !version.entered_in_error;
        let of_reading = || sent.iter().map(|one| &one.reading).filter(|one| is_of(one, version));
        let is_corrected = of_reading()
            .any(|one| one.version > version.version && (one.by_hand || one.entered_in_error));
        let counts = of_reading().max_by_key(|one| one.version).expect("it is among them");
        let (plan, is_current) = (&home.plan, counts.version == version.version);
        let is_as_severe =
            || rules::is_as_severe(version.kind, counts.sample, version.sample, plan);
        is_of_device
            && rules::is_severe(version.kind, version.sample, plan)
            && !is_corrected
            && (is_current || !is_as_severe())
            && !was_evidence(home, version)
            && !sent.iter().any(|other| says_the_same(one, other) && was_open(home, other))
    };
    sent.iter().filter(is_unreported).map(|one| &one.reading).collect()
}

fn after(sent: &[Sent], plan: Plan) -> Home {
    let mut home = Home { plan, ..Home::default() };
    for one in sent {
        send(&mut home, &one.reading, one.received);
    }
    home.waits_until(sent.last().map_or(0, |last| last.received) + DAY);
    home
}

fn plans() -> impl Strategy<Value = Plan> {
    let stricter = [
        ("bp.severe_high.systolic", 130.0),
        ("temperature.high.limit", 36.5),
        ("oxygen.low.urgent", 96.0),
    ];
    prop_oneof![3 => Just(Plan::default()), 1 => Just(rules::plan(1, stricter).unwrap())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_severe_version_of_a_device_is_reported_to_somebody(sent in history(), plan in plans()) {
        let home = after(&sent, plan);
        let unreported = unreported(&home, &sent);
        prop_assert!(unreported.is_empty(), "{unreported:?}\n{:?}", home.reported);
    }
}
