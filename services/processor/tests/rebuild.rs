//! A state rebuilt from what was published is the state that published it: nothing is said twice,
//! nothing is lost, and what comes next is answered the same. So neither the order of arrival, nor
//! how it is cut into transactions, nor where the processor dies changes what comes of it.

use crate::published;

use std::collections::{BTreeMap, BTreeSet};

use clinical::{Outcome, Span, Timestamp, Version};
use processor::Partition;
use proptest::prelude::*;
use schemas::reading::{BloodGlucose, GlucoseMethod, Measurement, ReadingStatus};
use schemas::records::StoredOutcome;
use schemas::{AcceptedReading, AlertEvent, CarePlan, Codec, Reading};

use published::{Published, START, Step, plan, reading, take};

fn step() -> impl Strategy<Value = Step> {
    let systolic = prop_oneof![Just(150), Just(172), Just(182), Just(195)];
    let minute = prop_oneof![0..30_i64, (0..20_i64).prop_map(|n| n * 45)];
    (0..3_u8, minute, systolic, 0..3_i64, prop::bool::weighted(0.1), 0..40_i64).prop_map(
        |(patient, minute, systolic, update, entered_in_error, pause)| Step {
            patient,
            minute,
            systolic,
            update,
            entered_in_error,
            pause,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_rebuilt_state_answers_like_the_one_that_was_lost(
        before in prop::collection::vec(step(), 1..25),
        after in prop::collection::vec(step(), 1..15),
    ) {
        let codec = Codec::new(None).unwrap();
        let mut published = Published::new(&codec);
        let mut living = Partition::default();
        let mut now = Timestamp::from_millis(START) + Span::from_hours(15);
        for step in &before {
            now = now + Span::from_minutes(step.pause);
            let wire = reading(step);
            let (passed, outcome, changes) = take(&mut living, &wire, now);
            published.report(&passed);
            published.take(&wire, outcome, now);
            published.report(&changes);
        }

        let mut rebuilt = published.rebuild(now);
        let repeated = rebuilt.advance(now);
        prop_assert!(repeated.is_empty(), "said again after the rebuild: {repeated:?}");
        prop_assert_eq!(rebuilt.readings(), living.readings());

        for step in &after {
            now = now + Span::from_minutes(step.pause);
            let wire = reading(step);
            prop_assert_eq!(take(&mut rebuilt, &wire, now), take(&mut living, &wire, now));
        }
        let later = now + Span::from_hours(2);
        prop_assert_eq!(rebuilt.advance(later), living.advance(later));
    }
}

/// A sensor's status code was accepted before it was known as such.
#[test]
fn what_would_not_be_accepted_any_more_can_be_entered_in_error() {
    let codec = Codec::new(None).unwrap();
    let received = Timestamp::from_millis(START);
    let step =
        Step { patient: 0, minute: 0, systolic: 150, update: 0, entered_in_error: false, pause: 0 };
    let mut wire = reading(&step);
    wire.measurement = Measurement::BloodGlucose(BloodGlucose {
        glucose_value: 771.0,
        glucose_method: GlucoseMethod::ContinuousSensor,
        meal_timing: None,
        glucose_unit: None,
        glucose_comparator: None,
    });
    assert!(wire.validate(received).is_err());
    let mut taken_back = Reading { update_time: START + 1, ..wire.clone() };
    taken_back.status = ReadingStatus::EnteredInError;
    let id = taken_back.validate(received).unwrap().id();
    let version = Version::new(received, 7);
    let mut published = Published::new(&codec);
    published.accept(&wire, StoredOutcome::New, (id, version), received);
    let mut partition = published.rebuild(received);
    assert_eq!(partition.readings(), 1);
    let (_, outcome, _) = take(&mut partition, &taken_back, received);
    assert_eq!(outcome, Outcome::Correction);
}

/// What happens after a transaction's records were processed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// It is committed, and the next one follows.
    GoesOn,
    /// It is committed, and until the next record comes the clock on the wall passes.
    Waits,
    /// It is committed, then the processor dies, or loses the partition.
    DiesAfter,
    /// The processor dies before the commit: all of it is void.
    DiesBefore,
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        Just(Then::GoesOn),
        Just(Then::Waits),
        Just(Then::DiesAfter),
        Just(Then::DiesBefore),
    ]
}

/// Readings as they are in `readings.raw`, each received when it says.
type Raw = Vec<(Reading, Timestamp)>;

fn received_in_order(steps: &[Step]) -> Raw {
    let mut now = Timestamp::from_millis(START) + Span::from_hours(15);
    let receive = |step: &Step| {
        now = now + Span::from_minutes(step.pause);
        (reading(step), now)
    };
    steps.iter().map(receive).collect()
}

/// Processes `raw` in transactions of the sizes given, each of which ends as it says, and lets time
/// pass afterwards until everything is due.
fn process(codec: &Codec, raw: &Raw, plan: Option<&CarePlan>, cuts: &[(usize, Then)]) -> Published {
    let mut published = Published::new(codec);
    if let Some(plan) = plan {
        let bytes = codec.encoder("care.plans").unwrap().encode(plan).unwrap();
        published.plans.push((plan.patient.clone(), bytes));
    }
    let mut partition = published.rebuild(raw[0].1);
    let mut cuts = cuts.iter().cycle();
    let mut position = 0;
    while position < raw.len() {
        let (size, then) = cuts.next().copied().unwrap_or((1, Then::GoesOn));
        let end = (position + size).min(raw.len());
        let before = (published.accepted.len(), published.alerts.len());
        for (wire, received) in &raw[position..end] {
            let (passed, outcome, changes) = take(&mut partition, wire, *received);
            published.report(&passed);
            published.take(wire, outcome, *received);
            published.report(&changes);
        }
        match then {
            Then::GoesOn => {}
            Then::Waits => {
                let until = raw.get(end).map_or(raw[end - 1].1, |next| next.1);
                published.report(&partition.advance(until - Span::from_millis(1)));
            }
            Then::DiesAfter => partition = published.rebuild(raw[end - 1].1),
            Then::DiesBefore => {
                published.accepted.truncate(before.0);
                published.alerts.truncate(before.1);
                partition = published.rebuild(raw[end - 1].1);
                // It fares no worse the second time.
                for (wire, received) in &raw[position..end] {
                    let (passed, outcome, changes) = take(&mut partition, wire, *received);
                    published.report(&passed);
                    published.take(wire, outcome, *received);
                    published.report(&changes);
                }
            }
        }
        position = end;
    }
    let later = raw[raw.len() - 1].1 + Span::from_days(10);
    published.report(&partition.advance(later));
    published
}

/// The versions in the store, and of each reading the current one.
fn store(codec: &Codec, published: &Published) -> (BTreeSet<(String, u64)>, BTreeMap<String, u64>) {
    let decoder = codec.decoder::<AcceptedReading>();
    let mut versions = BTreeSet::new();
    let mut current: BTreeMap<String, u64> = BTreeMap::new();
    for (_, bytes) in &published.accepted {
        let accepted = decoder.decode(bytes).unwrap();
        let version = accepted.version.cast_unsigned();
        let newest = current.entry(accepted.reading_id.clone()).or_insert(version);
        *newest = version.max(*newest);
        versions.insert((accepted.reading_id, version));
    }
    (versions, current)
}

/// The episodes as the newest event of each alert tells them, without what depends on when the
/// readings came: whether it was too late to page, and what came behind the version that counts.
fn episodes(codec: &Codec, published: &Published) -> BTreeSet<String> {
    let decoder = codec.decoder::<AlertEvent>();
    let mut newest = BTreeMap::new();
    for bytes in &published.alerts {
        let event = decoder.decode(bytes).unwrap();
        newest.insert(event.alert_id.clone(), event);
    }
    newest
        .into_values()
        .filter(|event| event.status != "retracted" && !event.findings.contains_key("overtaken"))
        .map(|e| {
            let ended = (e.status != "open").then_some(e.last_observed_at);
            let evidence: Vec<_> = e.evidence.iter().map(|e| (&e.reading_id, &e.values)).collect();
            format!(
                "{} {} {} {} {} {ended:?} {evidence:?}",
                e.patient, e.rule, e.stage, e.status, e.first_observed_at
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The same input gives the same output, byte for byte, wherever it is cut and the processor dies.
    #[test]
    fn neither_the_cut_into_transactions_nor_any_death_changes_what_is_published(
        steps in prop::collection::vec(step(), 1..40),
        cuts in prop::collection::vec((1..9_usize, then()), 1..12),
        with_plan: bool,
    ) {
        let codec = Codec::new(None).unwrap();
        let plan = with_plan.then(plan);
        let raw = received_in_order(&steps);
        let whole = process(&codec, &raw, plan.as_ref(), &[(raw.len(), Then::GoesOn)]);
        let cut = process(&codec, &raw, plan.as_ref(), &cuts);
        prop_assert_eq!(cut.accepted, whole.accepted);
        prop_assert_eq!(cut.alerts, whole.alerts);
    }

    #[test]
    fn no_order_of_arrival_changes_the_store_or_the_episodes(
        (steps, shuffled) in prop::collection::vec(step(), 1..30)
            .prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle())),
        cuts in prop::collection::vec((1..9_usize, then()), 1..12),
        with_plan: bool,
    ) {
        let codec = Codec::new(None).unwrap();
        let plan = with_plan.then(plan);
        let one = process(&codec, &received_in_order(&steps), plan.as_ref(), &[(1, Then::GoesOn)]);
        let other = process(&codec, &received_in_order(&shuffled), plan.as_ref(), &cuts);
        prop_assert_eq!(store(&codec, &one), store(&codec, &other));
        prop_assert_eq!(episodes(&codec, &one), episodes(&codec, &other));
    }
}
