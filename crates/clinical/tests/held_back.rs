//! Alerts about missing readings while a whole group of patients is silent, shown by what happens to
//! one of them.

use crate::home;

use clinical::alert::{Severity, Transition};
use clinical::held_back::{HELD_BACK_AT_MOST, HeldBack};
use clinical::plan::Plan;
use clinical::schedule::{Expected, Schedule, grace};
use clinical::{Kind, Span, Timestamp};
use jiff::civil::date;
use proptest::prelude::*;

use home::{Home, Sent, at, bp, patient};

use Severity::{Review, Technical};
use Transition::{Escalated, Raised, Resolved};

const DAY: i64 = 24 * 60;

/// Blood pressure is expected every day from 29 May 2026 on, the day of minute 0.
fn plan(missing_after_days: i32, review_after_days: i32) -> Plan {
    let expected =
        Expected::new(Kind::BloodPressure, missing_after_days, review_after_days).unwrap();
    let schedule = Schedule::new("Asia/Tokyo", date(2026, 5, 29), vec![expected]).unwrap();
    Plan::default().with_schedule(schedule)
}

fn hold(from: Timestamp, until: Timestamp) -> HeldBack {
    HeldBack { kind: Kind::BloodPressure, from, until }
}

fn held_back(plan: Plan, held: Vec<HeldBack>) -> Home {
    let mut plan = plan;
    plan.held_back = held;
    Home::with_plan(plan)
}

/// When a gap is due whose last day without a reading is so many days after 29 May.
fn due(days: i64) -> Timestamp {
    let midnight = Timestamp::from_seconds(1_779_980_400) + Span::from_days(days + 1);
    midnight + grace(&patient())
}

fn normal(minutes: i64) -> Sent {
    bp(minutes, 128, 80)
}

/// Who measured on 29 May and is silent from then on: due on 2 June.
fn silent(held: Vec<HeldBack>) -> Home {
    let mut home = held_back(plan(3, 14), held);
    home.receives(normal(10));
    home
}

fn reported(home: &Home) -> Vec<(Transition, Severity, Timestamp)> {
    home.reported.iter().map(|a| (a.transition, a.severity, a.changed_at)).collect()
}

fn minutes(time: Timestamp) -> i64 {
    (time - at(0)).millis() / 60_000 + 1
}

#[test]
fn an_alert_that_is_held_back_is_raised_when_the_patient_is_still_silent_afterwards() {
    let until = due(3) + Span::from_hours(30);
    let mut home = silent(vec![hold(due(3) - Span::from_hours(20), until)]);
    home.waits_until(20 * DAY);
    assert_eq!(
        reported(&home),
        [(Raised, Technical, until), (Escalated, Review, due(14))],
        "the gap is as long as it is, whenever it is reported"
    );
    assert_eq!(home.last().first_observed_at.to_string(), "2026-05-29T15:00:00Z");
}

#[test]
fn who_is_heard_before_the_hold_ends_gets_no_alert_then_or_later() {
    let until = due(3) + Span::from_hours(30);
    let mut home = silent(vec![hold(due(3) - Span::from_hours(20), until)]);
    home.receives(normal(minutes(until) - 60));
    home.waits_until(minutes(until) + 2 * DAY);
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    assert!(home.missed_at(minutes(until) + 2 * DAY).is_empty());
    // Also where a late reading has the whole past computed again.
    home.receives_at(minutes(until) + 2 * DAY, normal(minutes(until) - 30));
    assert!(home.reported.is_empty(), "{:?}", home.reported);
}

#[test]
fn an_alert_is_held_back_for_three_days_at_most() {
    let mut home = silent(vec![hold(due(2), Timestamp::LATEST)]);
    home.waits_until(minutes(due(3) + HELD_BACK_AT_MOST) - 2);
    assert!(home.reported.is_empty());
    home.waits_until(10 * DAY);
    assert_eq!(reported(&home), [(Raised, Technical, due(3) + HELD_BACK_AT_MOST)]);
    // The hold goes on, and says nothing of what was raised.
    assert!(home.missed_at(11 * DAY).is_empty());
}

#[test]
fn a_gap_that_is_one_for_review_is_not_held_back() {
    let mut home = held_back(plan(3, 4), vec![hold(due(2), Timestamp::LATEST)]);
    home.receives(normal(10));
    home.waits_until(20 * DAY);
    assert_eq!(reported(&home), [(Raised, Review, due(4))]);
}

#[test]
fn an_alert_that_was_raised_before_stays_and_ends_as_ever() {
    let mut home = silent(Vec::new());
    home.waits_until(minutes(due(3)) + 60);
    let known = reported(&home);
    assert_eq!(known, [(Raised, Technical, due(3))]);
    // It is learned late that the group has been silent for long.
    home.plan.held_back = vec![hold(due(1), Timestamp::LATEST)];
    assert!(home.missed_at(minutes(due(3)) + 90).is_empty());
    home.receives(normal(minutes(due(3)) + 120));
    assert_eq!(home.last().transition, Resolved);
    assert_eq!(home.last().id, home.reported[0].id);
}

#[test]
fn a_silence_that_begins_after_an_alert_was_due_holds_nothing_back() {
    let mut home = silent(vec![hold(due(3) + Span::from_minutes(1), Timestamp::LATEST)]);
    home.waits_until(5 * DAY);
    assert_eq!(reported(&home), [(Raised, Technical, due(3))]);
}

#[test]
fn readings_of_another_kind_are_not_held_back() {
    let other = HeldBack { kind: Kind::BodyTemperature, ..hold(due(1), Timestamp::LATEST) };
    let mut home = silent(vec![other]);
    home.waits_until(5 * DAY);
    assert_eq!(reported(&home), [(Raised, Technical, due(3))]);
}

#[test]
fn a_process_that_starts_while_an_alert_is_held_back_says_nothing_and_raises_it_in_time() {
    let until = due(3) + Span::from_hours(30);
    let home = silent(vec![hold(due(2), until)]);
    let now = minutes(due(3)) + 60;
    let mut restarted = home.restarted(&[(11, normal(10))], now);
    assert!(restarted.missed_at(now).is_empty());
    restarted.waits_until(7 * DAY);
    assert_eq!(reported(&restarted), [(Raised, Technical, until)]);
}

proptest! {
    #[test]
    fn a_hold_delays_alerts_by_three_days_at_most_and_the_fast_path_misses_nothing(
        pauses in prop::collection::vec((1..9_i64, 0..DAY), 1..8),
        holds in prop::collection::vec((0..40_i64, 0..12_i64), 0..3),
    ) {
        let held: Vec<HeldBack> = holds
            .iter()
            .map(|(from, days)| hold(at(from * DAY), at((from + days) * DAY)))
            .collect();
        let [mut with, mut without] =
            [held, Vec::new()].map(|held| held_back(plan(2, 14), held));
        let mut now = 0;
        for (days, minute) in pauses {
            now += days * DAY + minute;
            with.receives(normal(now));
            without.receives(normal(now));
            prop_assert!(with.missed_at(now + 1).is_empty());
        }
        let end = now + 13 * DAY;
        with.waits_until(end);
        without.waits_until(end);
        prop_assert!(with.missed_at(end).is_empty());
        let raised = |home: &Home| -> Vec<(Timestamp, Timestamp)> {
            let raised = home.reported.iter().filter(|alert| alert.transition == Raised);
            raised.map(|alert| (alert.first_observed_at, alert.changed_at)).collect()
        };
        let all = raised(&without);
        for (began, when) in raised(&with) {
            let same = all.iter().find(|(other, _)| *other == began);
            let (_, due) = same.expect("it is one that would have been raised");
            prop_assert!((*due..=*due + HELD_BACK_AT_MOST).contains(&when));
        }
        // Who is silent in the end is reported, held back or not.
        let open = |home: &Home| home.monitor.alerts().iter().filter(|one| one.is_open()).count();
        prop_assert_eq!(open(&with), open(&without));
    }
}
