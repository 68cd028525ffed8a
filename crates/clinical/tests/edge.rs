//! What happens at the beginning of the 40-day window: alerts, occasions and pairs that lie across it,
//! readings that arrive and are corrected there.

use crate::home;

use std::collections::{BTreeMap, BTreeSet};

use clinical::alert::{Severity, Stage, Status, Transition};
use clinical::plan::Plan;
use clinical::rules;
use clinical::schedule::{Expected, Schedule};
use clinical::window::WINDOW;
use clinical::{Kind, Outcome, Span, Timestamp};
use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use home::properties::{self, Checks, NextAssessment};
use home::{Home, Sending, Sent, at, bp, only, patient};

const DAY: i64 = 24 * 60;
const OCCASION: Span = Span::from_minutes(15);

/// The minute of its receipt, and a reading as it is sent.
type Arrival = (i64, Sent);

/// Everything that is sent of readings of few days, some of them 40 days apart: minutes, values and
/// versions meet.
fn history(delay: BoxedStrategy<i64>) -> impl Strategy<Value = Vec<Arrival>> {
    let day = select(vec![0_i64, 1, 2, 38, 39, 40, 41, 42, 44, 60, 79, 81]);
    let systolic = select(vec![150_u16, 170, 182, 195]);
    let version = select(vec![(0, false), (0, false), (1, false), (2, false), (3, true)]);
    let arrival = (day, 0..50_i64, systolic, version, 0..2_u8, delay).prop_map(
        |(day, minute, systolic, (update, entered_in_error), source, delay)| {
            let minutes = day * DAY + minute;
            let sent = Sent { minutes, values: (systolic, 90), update, entered_in_error, source };
            (minutes + delay.max(update), sent)
        },
    );
    vec(arrival, 1..40).prop_map(|mut history| {
        history.sort_by_key(|(received, _)| *received);
        history
    })
}

/// Receipts at any minute: the window may begin within an occasion.
fn any_history() -> impl Strategy<Value = Vec<Arrival>> {
    let delay = prop_oneof![
        5 => 0..20_i64,
        1 => 0..3 * DAY,
        2 => (36..41_i64).prop_map(|days| days * DAY),
        3 => 40 * DAY - 60..40 * DAY + 20,
    ];
    history(delay.boxed())
}

/// Receipts that let the window begin at night, between occasions.
fn history_by_day() -> impl Strategy<Value = Vec<Arrival>> {
    let delay = prop_oneof![5 => 0..20_i64, 3 => (0..41_i64).prop_map(|days| days * DAY + 600)];
    history(delay.boxed())
}

fn is_historical((received, sent): &Arrival) -> bool {
    received - sent.minutes > 40 * DAY
}

/// Of each reading the greatest version that came while it was in the window.
fn current_readings(history: &[Arrival]) -> BTreeMap<(i64, u8), Sent> {
    let mut greatest: BTreeMap<_, Sent> = BTreeMap::new();
    for (_, sent) in history.iter().filter(|arrival| !is_historical(arrival)) {
        let known = greatest.entry((sent.minutes, sent.source)).or_insert_with(|| sent.clone());
        if known.reading().version < sent.reading().version {
            *known = sent.clone();
        }
    }
    greatest.retain(|_, sent| !sent.entered_in_error);
    greatest
}

/// The episodes of `bp.severe_high` as the alerts tell them, times as `name` says; without what upheld
/// them meanwhile, of which an alert names the newest only.
fn episodes(home: &Home, name: impl Fn(Timestamp) -> i64) -> BTreeSet<String> {
    home.alerts()
        .filter(|alert| alert.rule.as_str() == "bp.severe_high")
        .map(|alert| {
            let began = name(alert.first_observed_at);
            let ended = (!alert.is_open()).then_some(name(alert.last_observed_at));
            let first = &alert.evidence[0].values;
            format!("{} {} {began} {ended:?} {first:?}", alert.stage, alert.status)
        })
        .collect()
}

fn minutes(time: Timestamp) -> i64 {
    (time - at(0)).millis() / 60_000
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_fast_path_equals_the_full_computation_and_time_alone_changes_nothing(
        history in any_history(),
        plan in properties::plans(),
        sweeps: bool,
    ) {
        let mut home = Home::with_plan(plan);
        let checks = Checks {
            after: &[0, 7],
            next_assessment: NextAssessment::NotLater,
            forgets_after: sweeps.then_some(7),
        };
        properties::nothing_is_missed(&mut home, &history, checks)?;
    }

    #[test]
    fn evidence_names_readings_that_are_current_or_were_when_they_left(
        history in any_history(),
    ) {
        let mut home = Home::default();
        for (count, (received, sent)) in (1..).zip(&history) {
            home.receives_at(*received, sent.clone());
            let names = |sent: &Sent| {
                (at(sent.minutes), sent.reading().source.digest(), sent.values.0)
            };
            let current: BTreeSet<_> =
                current_readings(&history[..count]).values().map(names).collect();
            // What a clock is suspected for is historical.
            let all: BTreeSet<_> = history[..count].iter().map(|(_, sent)| names(sent)).collect();
            for alert in home.alerts() {
                let known = if alert.rule.as_str() == "data.suspect" { &all } else { &current };
                for evidence in &alert.evidence {
                    let reading = &evidence.reading;
                    let value = evidence.value("systolic").unwrap() as u16;
                    let named = (reading.observation_time(), reading.source(), value);
                    prop_assert!(known.contains(&named), "{named:?} is not current at {received}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_retracted_or_eased_but_by_a_reading(history in any_history(), plan in properties::plans()) {
        let mut home = Home::with_plan(plan);
        for (received, sent) in &history {
            home.receives_at(*received, sent.clone());
            home.monitor.forget(at(*received), home.window);
        }
        for alert in &home.reported {
            let takes_back = matches!(alert.transition, Transition::Retracted | Transition::Eased);
            // What data are suspected of lapses, and severe values before the rest.
            let rule = rules::find(alert.rule.as_str()).unwrap();
            let has_reason = alert.cause.is_some() || rule.reads_suspicions();
            prop_assert!(!takes_back || has_reason, "{alert:?}");
        }
    }

    /// What is carried across the edge is as good as having every reading ever: from days that
    /// lie far apart and from the same days moved together, within one window.
    #[test]
    fn an_alert_at_the_edge_is_as_if_every_reading_were_remembered(
        history in history_by_day(),
    ) {
        // Normalised occasions in a row count within the window, so one has to do.
        let plan = rules::plan(1, [("bp.severe_high.clear_occasions", 1.0)]).unwrap();
        // For rules of days and weeks, days that are moved together are other days.
        let plan = plan.under(only(&["bp.severe_high"]).rule_set().cloned());
        let days: BTreeSet<i64> = history.iter().map(|(_, sent)| sent.minutes / DAY).collect();
        // Days in a row stay so: who is severe each day is confirmed. No others become so.
        let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
        for day in days {
            let before = moved.last_key_value().map(|(before, to)| to + (day - before).min(2));
            moved.insert(day, before.unwrap_or_default());
        }
        let mut far = Home::with_plan(plan.clone());
        let mut near = Home::with_plan(plan);
        let end = 30 * DAY;
        for (count, arrival) in history.iter().enumerate() {
            let (received, sent) = arrival;
            let outcome = far.receives_at(*received, sent.clone());
            prop_assert_eq!(
                is_historical(arrival),
                outcome == Outcome::Historical
                    || near_of_outcome(outcome) && received - sent.minutes > 40 * DAY
            );
            if !is_historical(arrival) {
                let minutes = moved[&(sent.minutes / DAY)] * DAY + sent.minutes % DAY;
                near.receives_at(end + count as i64, Sent { minutes, ..sent.clone() });
            }
        }
        let last = history.last().map_or(0, |(received, _)| *received);
        far.waits_until(last + 60);
        near.waits_until(end + 100);
        let named = |time: Timestamp| {
            let minutes = minutes(time);
            let of_day = |(_, to): &(&i64, &i64)| **to == minutes / DAY;
            let (day, _) = moved.iter().find(of_day).unwrap();
            day * DAY + minutes % DAY
        };
        prop_assert_eq!(episodes(&far, minutes), episodes(&near, named));
    }
}

/// Whether an outcome is one that a historical reading can have too.
fn near_of_outcome(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Duplicate | Outcome::Stale | Outcome::Conflict)
}

/// A property over histories is worth what the histories hold.
#[test]
fn the_generated_histories_reach_the_edge() {
    const HISTORIES: usize = 1_000;
    let mut runner = TestRunner::deterministic();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..HISTORIES {
        let history = any_history().new_tree(&mut runner).unwrap().current();
        let mut home = Home::default();
        let mut holds: BTreeSet<&str> = BTreeSet::new();
        for (count, (received, sent)) in history.iter().enumerate() {
            let window_start = at(*received) - WINDOW;
            let current_then = current_readings(&history[..count]);
            home.receives_at(*received, sent.clone());
            let across = home.monitor.alerts().iter().find(|alert| {
                alert.status != Status::Retracted
                    && alert.first_observed_at < window_start
                    && (alert.is_open() || alert.last_observed_at >= window_start)
            });
            let is_historical = is_historical(&history[count]);
            let cut = |other: &Sent| (at(sent.minutes) - at(other.minutes)).abs() <= OCCASION;
            for (what, is_so) in [
                ("an open alert from before the window", across.is_some_and(|a| a.is_open())),
                ("one that ended in it", across.is_some_and(|a| !a.is_open())),
                (
                    "a reading changed under an alert from before the window",
                    across.is_some() && current_then.contains_key(&(sent.minutes, sent.source)),
                ),
                (
                    "an alert changed that is from before the window",
                    across.is_some_and(|a| a.changed_at == at(*received)),
                ),
                (
                    "a reading in the window beside one from before it",
                    !is_historical
                        && current_then
                            .values()
                            .any(|other| at(other.minutes) < window_start && cut(other)),
                ),
                ("a historical reading", is_historical),
            ] {
                if is_so {
                    holds.insert(what);
                }
                found.entry(what).or_default();
            }
        }
        for what in holds {
            *found.entry(what).or_default() += 1;
        }
    }
    for (what, histories) in found {
        assert!(histories > HISTORIES / 20, "{what}: in {histories} of {HISTORIES} histories only");
    }
}

/// A neighbour's pair confirms an alert that began before the window, and is corrected.
#[test]
fn a_stage_goes_with_the_readings_that_gave_it_however_old_the_alert_is() {
    let mut home = Home::default();
    home.receives(bp(0, 185, 90));
    home.waits_until(41 * DAY);
    home.receives(bp(41 * DAY, 230, 140));
    home.receives(bp(41 * DAY + 2, 228, 138));
    assert_eq!((home.last().severity, home.last().stage), (Severity::Urgent, Stage::Confirmed));
    home.receives_at(41 * DAY + 10, bp(41 * DAY, 0, 0).corrected(5, 128, 82));
    home.receives_at(41 * DAY + 11, bp(41 * DAY + 2, 0, 0).corrected(5, 126, 80));
    let last = home.last();
    assert_eq!((last.transition, last.severity), (Transition::Eased, Severity::Review));
    assert_eq!(last.stage, Stage::Unconfirmed);
    let evidence: Vec<_> = last.evidence.iter().map(|e| e.reading.observation_time()).collect();
    assert_eq!(evidence, [at(0)]);
    let words = rules::words(last).en;
    assert!(words.contains("185/90"), "{words}");
    home.waits_until(41 * DAY + 20);
    assert_eq!(home.last().transition, Transition::Resolved, "the corrected pair has normalised");
}

/// A single pressure that comes a day late confirms, with one of the next day, a crisis of an alert that has
/// lasted for the whole window: whoever looks next calls nobody.
#[test]
fn a_crisis_that_came_too_late_stays_so_until_a_reading_says_more() {
    let single = |minutes, systolic| bp(minutes, systolic, 90);
    let history = [
        (0, single(0, 182)),
        (1, single(1, 195)),
        (54_735, single(54_735, 195)),
        (55_095, single(54_734, 170)),
        (57_600, single(57_600, 182)),
        (57_615, single(56_160, 182)),
    ];
    let checks =
        Checks { after: &[0, 7], next_assessment: NextAssessment::NotLater, forgets_after: None };
    properties::nothing_is_missed(&mut Home::default(), &history, checks).unwrap();
}

/// What comes between two single pressures of an alert that is over says that they are not in a row. The
/// alert says so at once, for one of the two leaves the window later.
#[test]
fn what_is_over_says_what_was_judged_although_it_rests_on_the_same_readings() {
    let single = |minutes, systolic| bp(minutes, systolic, 90);
    let severe = [0, 16, DAY, 2 * DAY + 16].map(|minutes| (minutes, single(minutes, 182)));
    let normal = [38, 39].map(|day| (day * DAY, single(day * DAY, 150)));
    let between = (40 * DAY, single(2 * DAY, 150));
    let next = (41 * DAY + 37, single(41 * DAY + 29, 150));
    let history = [&severe[..], &normal, &[between, next]].concat();
    let checks =
        Checks { after: &[0, 7], next_assessment: NextAssessment::NotLater, forgets_after: None };
    properties::nothing_is_missed(&mut Home::default(), &history, checks).unwrap();
}

/// What came late between two occasions in a row says that others are in a row. The alert says so at once, for
/// the readings that it rests on stay the same, and of these one leaves the window before the other.
#[test]
fn which_two_occasions_are_in_a_row_is_an_update_of_its_own() {
    let severe = [54_720, 54_749, 56_160, 57_600].map(|minutes| (minutes, bp(minutes, 182, 90)));
    let between = (108_016, bp(56_176, 150, 90));
    let withdrawn = (113_763, bp(113_760, 150, 90).entered_in_error(3));
    let history = [&severe[..], &[between, withdrawn]].concat();
    let checks =
        Checks { after: &[0, 7], next_assessment: NextAssessment::NotLater, forgets_after: None };
    properties::nothing_is_missed(&mut Home::default(), &history, checks).unwrap();
}

/// One of two single pressures in a row is taken back on the last day on which anything can be.
#[test]
fn what_is_taken_back_at_the_edge_confirms_nothing() {
    let mut home = Home::default();
    for minutes in [0, 44 * DAY, 44 * DAY + 16] {
        home.receives(bp(minutes, 182, 90));
    }
    home.waits_until(44 * DAY + 40);
    assert_eq!(home.last().stage, Stage::Confirmed);
    home.receives_at(84 * DAY, bp(44 * DAY, 182, 90).entered_in_error(3));
    assert_eq!(home.last().stage, Stage::Unconfirmed);
    let evidence: Vec<_> =
        home.last().evidence.iter().map(|e| e.reading.observation_time()).collect();
    assert_eq!(evidence, [at(0), at(44 * DAY + 16)]);
}

#[test]
fn the_edge_of_the_window_cuts_no_occasion_in_two() {
    let mut home = Home::default();
    home.receives(bp(0, 174, 90));
    home.receives(bp(5, 181, 95));
    assert!(home.reported.is_empty(), "the mean is below the limit");
    for minute in 0..20 {
        let now = at(40 * DAY + minute);
        let said = home.monitor.reassess(&patient(), now, (&home.plan, home.window));
        assert!(said.is_empty(), "{minute}: {said:?}");
    }
}

#[test]
fn half_an_occasion_at_the_edge_is_not_normalised() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 90));
    home.waits_until(20);
    // Neither normalised nor severe together.
    home.receives(bp(DAY, 179, 90));
    home.receives(bp(DAY + 5, 172, 90));
    for minute in 0..20 {
        let now = at(41 * DAY + minute);
        home.waits_until(41 * DAY + minute);
        let said = home.monitor.reassess(&patient(), now, (&home.plan, home.window));
        assert!(said.is_empty(), "{minute}: {said:?}");
    }
}

#[test]
fn an_ended_alert_from_before_the_window_is_raised_again_without_its_end() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 90));
    home.receives(bp(2, 190, 90));
    home.receives(bp(41 * DAY, 150, 90));
    home.receives(bp(41 * DAY + 600, 150, 90));
    home.waits_until(41 * DAY + 700);
    assert_eq!(home.last().transition, Transition::Resolved);
    home.receives_at(41 * DAY + 800, bp(41 * DAY, 150, 90).entered_in_error(5));
    assert_eq!(home.last().transition, Transition::Raised);
    assert_eq!(home.last().id, home.reported[0].id);
}

#[test]
fn a_gap_from_before_the_window_opens_again_without_the_reading_that_ended_it() {
    let daily = Expected::new(Kind::BloodPressure, 3, 14).unwrap();
    let schedule = Schedule::new("Asia/Tokyo", date(2026, 5, 29), vec![daily]).unwrap();
    let mut home = Home::with_plan(Plan::default().with_schedule(schedule));
    home.receives(bp(60 * DAY, 128, 80));
    assert_eq!(home.last().transition, Transition::Resolved);
    home.receives_at(60 * DAY + 30, bp(60 * DAY, 128, 80).entered_in_error(5));
    assert_eq!(home.last().transition, Transition::Raised);
    assert_eq!(home.last().first_observed_at, home.reported[0].first_observed_at);
}
