//! Restarts while the 40-day window moves on, also after hours and days of silence: a rebuild reads
//! back from the clock on the wall, which is ahead of the newest receipt then. A restart says nothing
//! but what time alone brings, and takes nothing back without a reason.

use crate::published;

use std::collections::{BTreeMap, BTreeSet};

use clinical::alert::{Alert, Status, Transition};
use clinical::window::WINDOW;
use clinical::{Outcome, Span, Timestamp};
use processor::Partition;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use schemas::{Codec, Reading};

use published::{Published, START, Step, plan, reading, take};

const DAY: i64 = 24 * 60;

/// A reading, when it is received, and for how long afterwards the processor is away, if it is.
#[derive(Debug, Clone)]
struct Event {
    wire: Reading,
    received: Timestamp,
    away: Option<Span>,
}

/// A severe or a normal reading of a few minutes on few days, some of them 40 days apart, received at
/// once or late.
fn event() -> impl Strategy<Value = Event> {
    let day = select(vec![0_i64, 1, 2, 37, 38, 39, 40, 41, 42, 43, 60, 80]);
    let delay = prop_oneof![
        6 => 0..20_i64,
        1 => 0..2 * DAY,
        2 => (36..42_i64).prop_map(|days| days * DAY),
        2 => 40 * DAY - 60..40 * DAY + 20,
    ];
    let systolic = select(vec![150, 172, 182, 195]);
    let version = select(vec![(0, false), (0, false), (1, false), (2, false), (2, true)]);
    let away = prop_oneof![3 => 0..90_i64, 2 => 0..5 * DAY];
    let values = (0..2_u8, day, 0..40_i64, systolic, version);
    (values, delay, option::weighted(0.3, away)).prop_map(
        |((patient, day, minute, systolic, (update, entered_in_error)), delay, away)| {
            let minute = day * DAY + minute;
            let step = Step { patient, minute, systolic, update, entered_in_error, pause: 0 };
            let received = Timestamp::from_millis(START) + Span::from_minutes(minute + delay + 1);
            Event { wire: reading(&step), received, away: away.map(Span::from_minutes) }
        },
    )
}

fn history() -> impl Strategy<Value = Vec<Event>> {
    vec(event(), 1..40).prop_map(|mut history| {
        history.sort_by_key(|event| event.received);
        history
    })
}

/// What the care plan of the first patient expects; that of the second expects nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Nothing,
    Daily,
}

fn published(codec: &Codec, expected: Expected, clear_occasions: u8) -> Published {
    let mut published = Published::new(codec);
    for patient in ["HOME01/P0", "HOME01/P1"] {
        let mut plan = plan();
        patient.clone_into(&mut plan.patient);
        let name = "bp.severe_high.calm_occasions".to_owned();
        plan.thresholds.insert(name, f64::from(clear_occasions));
        if expected == Expected::Nothing || patient.ends_with('1') {
            plan.schedule = None;
        }
        let bytes = codec.encoder("care.plans").unwrap().encode(&plan).unwrap();
        published.plans.push((plan.patient, bytes));
    }
    published
}

fn expected() -> impl Strategy<Value = Expected> {
    select(vec![Expected::Nothing, Expected::Daily])
}

fn take_event(
    partition: &mut Partition,
    published: &mut Published,
    Event { wire, received, .. }: &Event,
) -> (Vec<Alert>, Outcome, Vec<Alert>) {
    let taken = take(partition, wire, *received);
    published.report(&taken.0);
    published.take(wire, taken.1, *received);
    published.report(&taken.2);
    taken
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Nothing comes while the processor is away. Normalised occasions in a row count as far as they can be
    /// seen: an alert that takes two of them may stay open for longer. Here one ends it.
    #[test]
    fn a_restart_after_any_silence_says_only_what_time_alone_brings(
        mut history in history(),
        expected in expected(),
    ) {
        let codec = Codec::new(None).unwrap();
        let mut published = published(&codec, expected, 1);
        let mut silence = Timestamp::default();
        for event in &mut history {
            event.received = event.received.max(silence);
            silence = event.received + event.away.unwrap_or_default();
        }
        let mut never_away = published.rebuild(history[0].received);
        let mut partition = published.rebuild(history[0].received);
        for event in &history {
            let taken = take_event(&mut partition, &mut published, event);
            prop_assert_eq!(&taken, &take(&mut never_away, &event.wire, event.received));
            if let Some(away) = event.away {
                let back = event.received + away;
                partition = published.rebuild(back);
                let repeated = partition.advance(event.received);
                prop_assert!(repeated.is_empty(), "said again after the rebuild: {repeated:?}");
                let due = partition.advance(back);
                prop_assert_eq!(&due, &never_away.advance(back));
                published.report(&due);
            }
        }
        let later = silence + Span::from_days(10);
        prop_assert_eq!(partition.advance(later), never_away.advance(later));
    }

    /// Others go on sending while the processor is away: it works off what has gathered.
    #[test]
    fn no_restart_takes_anything_back_without_a_reading_that_is_the_reason(
        history in history(),
        expected in expected(),
    ) {
        let codec = Codec::new(None).unwrap();
        let mut published = published(&codec, expected, 2);
        let mut partition = published.rebuild(history[0].received);
        let mut wall = Timestamp::default();
        let mut receipts = Vec::new();
        for event in &history {
            receipts.push(event.received);
            let (passed, _, changes) = take_event(&mut partition, &mut published, event);
            if let Some(away) = event.away {
                wall = wall.max(event.received + away);
                partition = published.rebuild(wall);
                let repeated = partition.advance(event.received);
                prop_assert!(repeated.is_empty(), "said again after the rebuild: {repeated:?}");
            }
            let reported = [passed, changes].concat();
            for alert in reported {
                let takes_back =
                    matches!(alert.transition, Transition::Retracted | Transition::Eased);
                // What a late reading brings is said with what was sent together with it.
                let is_of_an_upload =
                    || receipts.contains(&(alert.changed_at - Span::from_minutes(1)));
                let has_reason =
                    alert.cause.is_some() || is_of_an_upload() || lapses(alert.rule.as_str());
                prop_assert!(!takes_back || has_reason, "{alert:?}");
            }
        }
    }
}

/// Whether what a rule says becomes less with time alone: what data are suspected of lapses, and severe values
/// before the rest.
fn lapses(rule: &str) -> bool {
    clinical::rules::find(rule).is_some_and(clinical::rule::Rule::reads_suspicions)
}

/// A property over histories is worth what the histories hold.
#[test]
fn the_generated_histories_restart_with_alerts_at_the_edge() {
    const HISTORIES: usize = 300;
    let codec = Codec::new(None).unwrap();
    let mut runner = TestRunner::deterministic();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..HISTORIES {
        let history = history().new_tree(&mut runner).unwrap().current();
        let mut published = published(&codec, Expected::Nothing, 2);
        let mut partition = published.rebuild(history[0].received);
        let mut newest = BTreeMap::new();
        let mut holds = BTreeSet::new();
        for event in &history {
            let (passed, outcome, changes) = take_event(&mut partition, &mut published, event);
            let known: BTreeSet<_> = newest.keys().copied().collect();
            for alert in [passed, changes].concat() {
                if alert.first_observed_at < event.received - WINDOW && known.contains(&alert.id) {
                    holds.insert("an alert changed that is from before the window");
                }
                newest.insert(alert.id, alert);
            }
            if outcome == Outcome::Historical {
                holds.insert("a historical reading");
            }
            let Some(away) = event.away else { continue };
            let (left, read) = (event.received - WINDOW, event.received + away - WINDOW);
            for alert in newest.values().filter(|alert| alert.status != Status::Retracted) {
                let began = alert.first_observed_at;
                if began < read && (alert.is_open() || alert.last_observed_at >= read) {
                    holds.insert("a restart with an alert across the edge");
                }
                if (left..read).contains(&began) {
                    holds.insert("a restart that does not read the beginning of an alert");
                }
            }
        }
        for what in holds {
            *found.entry(what).or_default() += 1;
        }
    }
    assert_eq!(found.len(), 4, "{found:?}");
    for (what, histories) in found {
        assert!(histories > HISTORIES / 20, "{what}: in {histories} of {HISTORIES} histories only");
    }
}
