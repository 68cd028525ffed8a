//! What happens to a patient's alerts when the numbers change that they are judged by: a care plan that
//! is set, changed or ended, another rule set. What is over stays as it was said; what is open is judged
//! by the numbers that count now.

use crate::home;

use std::sync::Arc;

use clinical::alert::{Alert, Severity, Status, Transition};
use clinical::plan::Plan;
use clinical::preview::{self, ReceivedReading};
use clinical::rule_set::RuleSet;
use clinical::{Span, programmes, rules};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use home::{Home, Sending, Sent, at, bp, patient};

use Transition::{CriteriaChanged, Raised, Resolved, Retracted};

const DAY: i64 = 24 * 60;

/// A care plan that was set in a minute.
fn set_at(version: i32, minutes: i64, numbers: &[(&str, f64)]) -> Plan {
    let mut plan = rules::plan(version, numbers.iter().copied()).unwrap();
    plan.set_at = at(minutes);
    plan
}

/// Severe from a systolic pressure on.
fn severe_from(version: i32, minutes: i64, systolic: f64) -> Plan {
    set_at(version, minutes, &[("bp.severe_high.systolic", systolic)])
}

/// Above the target from a mean on.
fn target(version: i32, minutes: i64, systolic: f64) -> Plan {
    set_at(version, minutes, &[("bp.above_target.systolic", systolic)])
}

/// A pair, which is over with two occasions of 130, the later one on the next day.
fn over(minutes: i64, systolic: u16) -> [Sent; 4] {
    let normal = |later| bp(minutes + later, 130, 80);
    let high = |later| bp(minutes + later, systolic, 90);
    [high(0), high(2), normal(120), normal(21 * 60)]
}

/// What was said of one rule.
fn said(home: &Home, rule: &str) -> Vec<(Transition, i32)> {
    let of_rule = home.reported.iter().filter(|alert| alert.rule.as_str() == rule);
    of_rule.map(|alert| (alert.transition, alert.plan_version)).collect()
}

fn severe(home: &Home) -> Vec<(Transition, i32)> {
    said(home, "bp.severe_high")
}

/// Each morning of some days.
fn mornings(home: &mut Home, days: std::ops::Range<i64>, systolic: u16) {
    for day in days {
        home.receives(bp(day * DAY + 120, systolic, 75));
    }
}

#[test]
fn what_was_over_stays_as_it_was_said_whatever_the_numbers_are_now() {
    for systolic in [165.0, 195.0] {
        let mut home = Home::after(over(0, 191));
        home.waits_until(DAY);
        assert_eq!(severe(&home), [(Raised, 0), (Resolved, 0)]);
        let before = home.monitor.alerts().to_vec();
        assert!(home.follows(severe_from(1, DAY, systolic), DAY).is_empty(), "{systolic}");
        mornings(&mut home, 1..30, 120);
        home.waits_until(30 * DAY);
        assert_eq!(home.monitor.alerts(), before, "{systolic}");
    }
}

#[test]
fn what_other_numbers_would_have_raised_and_is_over_is_not_said_afterwards() {
    let mut home = Home::after(over(0, 172));
    home.waits_until(DAY);
    assert!(home.follows(severe_from(1, DAY, 165.0), DAY).is_empty());
    // Nor with what is measured from then on.
    mornings(&mut home, 1..5, 130);
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    // What lasts is said at once.
    home.receives(bp(5 * DAY, 172, 90));
    home.receives(bp(5 * DAY + 2, 172, 90));
    assert_eq!(severe(&home), [(Raised, 1)]);
    assert_eq!(home.last().first_observed_at, at(5 * DAY));
}

#[test]
fn what_lasts_is_judged_by_the_numbers_that_count_now_and_closed_for_that_reason() {
    let again = 2 * DAY;
    let pairs = [bp(0, 184, 90), bp(2, 184, 90), bp(again, 184, 90), bp(again + 2, 184, 90)];
    let mut home = Home::after(pairs);
    let raised = home.last().clone();
    assert_eq!(raised.first_observed_at, at(0));
    let said_until_then = severe(&home).len();
    let changes = home.follows(severe_from(1, again + 60, 190.0), again + 60);
    assert_eq!(changes.len(), 1);
    let closed = &changes[0];
    assert_eq!((closed.status, closed.transition), (Status::Resolved, CriteriaChanged));
    assert_eq!((closed.changed_at, closed.cause.is_none()), (at(again + 60), true));
    // What was said of it and by which numbers stays.
    assert_eq!((closed.plan_version, &closed.rule_set), (0, &raised.rule_set));
    assert_eq!((&closed.parameters, &closed.findings), (&raised.parameters, &raised.findings));
    assert_eq!(closed.evidence, raised.evidence);
    // No reading says more of it, and nothing is said again when it leaves the window.
    mornings(&mut home, 3..60, 187);
    assert_eq!(severe(&home).len(), said_until_then + 1, "{:?}", severe(&home));
}

#[test]
fn numbers_that_come_while_the_rest_of_an_upload_is_waited_for_take_nothing_back() {
    let mut home = Home::after([bp(0, 88, 60), bp(2, 87, 60)]);
    assert_eq!(said(&home, "bp.low"), [(Raised, 0)]);
    // Forty minutes late: what else came with it is waited for.
    home.receives_at(60, bp(20, 85, 60));
    let now = at(60) + Span::from_seconds(30);
    home.plan = rules::plan(1, [("bp.low.systolic", 80.0)]).unwrap();
    home.plan.set_at = now;
    let with = (&home.plan, home.window);
    home.reported.extend(home.monitor.judge_by_other_numbers(&patient(), now, with));
    home.waits_until(70);
    assert_eq!(said(&home, "bp.low").last(), Some(&(CriteriaChanged, 0)));
}

#[test]
fn plans_that_come_one_after_the_other_are_each_followed_and_the_last_one_counts() {
    let mut home = Home::after([bp(0, 184, 90), bp(2, 184, 90)]);
    let id = home.last().id;
    home.follows(severe_from(1, 60, 190.0), 60);
    home.follows(severe_from(2, 60, 170.0), 60);
    home.follows(severe_from(3, 60, 170.0), 60);
    assert_eq!(severe(&home), [(Raised, 0), (CriteriaChanged, 0), (Raised, 2)]);
    // It holds again by other numbers, and says which.
    assert_eq!((home.last().id, home.last().parameter("systolic")), (id, Some(170.0)));
    assert_eq!(home.last().raised_at, at(60));
    // The plan is ended: the built-in numbers count again, by which it lasts as well.
    assert!(home.follows(Plan::default(), 61).is_empty());
    mornings(&mut home, 1..3, 130);
    home.waits_until(4 * DAY);
    assert_eq!(severe(&home).last(), Some(&(Resolved, 2)));
}

#[test]
fn a_plan_that_is_ended_leaves_what_was_over_and_closes_what_lasts_by_it_alone() {
    let mut home = Home::with_plan(severe_from(1, 0, 165.0));
    for sent in over(0, 172).into_iter().chain([bp(DAY, 172, 90), bp(DAY + 2, 172, 90)]) {
        home.receives(sent);
    }
    assert_eq!(severe(&home), [(Raised, 1), (Resolved, 1), (Raised, 1)]);
    home.follows(Plan::ended(at(DAY + 60)), DAY + 60);
    assert_eq!(severe(&home).last(), Some(&(CriteriaChanged, 1)));
    let of_severe = |home: &Home| -> Vec<Alert> {
        let alerts = home.monitor.alerts().iter();
        alerts.filter(|alert| alert.rule.as_str() == "bp.severe_high").cloned().collect()
    };
    let known = of_severe(&home);
    mornings(&mut home, 2..9, 130);
    home.waits_until(9 * DAY);
    assert_eq!(of_severe(&home), known);
}

/// The neighbour's pair, which was over: promise 5 holds whatever the numbers are.
#[test]
fn a_reading_that_is_corrected_takes_its_alert_back_also_under_other_numbers() {
    let mut home = Home::after(over(0, 191));
    home.follows(severe_from(1, DAY, 165.0), DAY);
    home.receives_at(DAY + 60, bp(0, 0, 0).corrected(5, 128, 80));
    home.receives_at(DAY + 61, bp(2, 0, 0).corrected(5, 128, 80));
    assert_eq!(severe(&home), [(Raised, 0), (Resolved, 0), (Retracted, 1)]);
}

#[test]
fn a_correction_says_nothing_of_what_was_over_at_another_time_by_other_numbers() {
    for systolic in [165.0, 195.0] {
        // Over, by the numbers of then severe and not severe.
        let mut home = Home::after([bp(0, 150, 90)]);
        for sent in over(2 * DAY, 191).into_iter().chain(over(4 * DAY, 172)) {
            home.receives(sent);
        }
        home.waits_until(5 * DAY);
        home.follows(severe_from(1, 5 * DAY, systolic), 5 * DAY);
        let known = home.monitor.alerts().to_vec();
        assert_eq!(known.len(), 1);
        home.receives_at(6 * DAY, bp(0, 0, 0).corrected(5, 140, 85));
        home.waits_until(7 * DAY);
        assert_eq!(home.monitor.alerts(), known, "{systolic}");
    }
}

/// The one set of numbers that is known is that of now.
#[test]
fn what_is_received_after_a_change_is_judged_by_the_numbers_of_then_whenever_it_was_measured() {
    let mut home = Home::after([bp(0, 130, 80)]);
    home.follows(severe_from(1, 2 * DAY, 165.0), 2 * DAY);
    for sent in over(600, 172) {
        home.receives_at(2 * DAY + 60, sent);
    }
    home.waits_until(2 * DAY + 120);
    assert_eq!(severe(&home).last(), Some(&(Resolved, 1)));
    assert!(
        home.reported.iter().all(|alert| alert.severity < Severity::Urgent),
        "nobody is called"
    );
    // What came before the change is not judged with it.
    let mut home = Home::after(over(120, 172));
    home.follows(severe_from(1, 4 * DAY, 165.0), 4 * DAY);
    for sent in over(2 * DAY, 172) {
        home.receives_at(4 * DAY, sent);
    }
    home.waits_until(4 * DAY + 60);
    assert_eq!(severe(&home).last(), Some(&(Resolved, 1)));
    assert!(home.reported.iter().all(|alert| alert.first_observed_at == at(2 * DAY)));
}

#[test]
fn an_alert_that_is_over_holds_again_where_its_end_is_corrected_whatever_the_numbers_are() {
    let mut home = Home::after(over(0, 191));
    home.follows(severe_from(1, DAY, 185.0), DAY);
    home.receives_at(DAY + 60, bp(21 * 60, 0, 0).corrected(5, 191, 100));
    assert_eq!(severe(&home).last(), Some(&(Raised, 1)));
}

#[test]
fn a_target_that_is_changed_leaves_the_weeks_that_were_over() {
    for systolic in [125.0, 145.0] {
        let mut home = Home::default();
        mornings(&mut home, 0..8, 140);
        mornings(&mut home, 8..18, 120);
        let rule = "bp.above_target";
        assert_eq!(said(&home, rule), [(Raised, 0), (Resolved, 0)]);
        let known = home.monitor.alerts().to_vec();
        assert!(home.follows(target(1, 17 * DAY + 300, systolic), 17 * DAY + 300).is_empty());
        mornings(&mut home, 18..25, 120);
        home.waits_until(25 * DAY);
        assert_eq!(home.monitor.alerts(), known, "{systolic}");
    }
}

#[test]
fn a_target_that_is_lowered_is_missed_at_once_and_one_that_is_raised_is_met_at_once() {
    let mut home = Home::default();
    mornings(&mut home, 0..10, 130);
    let rule = "bp.above_target";
    home.follows(target(1, 9 * DAY + 300, 125.0), 9 * DAY + 300);
    assert_eq!(said(&home, rule), [(Raised, 1)]);
    home.follows(target(2, 9 * DAY + 301, 145.0), 9 * DAY + 301);
    assert_eq!(said(&home, rule), [(Raised, 1), (CriteriaChanged, 1)]);
    mornings(&mut home, 10..60, 130);
    assert_eq!(said(&home, rule).len(), 2, "nor when it leaves the window");
}

#[test]
fn a_programme_and_a_rule_set_change_no_more_of_what_was_over_than_a_plan() {
    let frail = set_at(1, DAY, &[]).with_programme(programmes::find("frail_elderly").unwrap());
    let mut set = RuleSet::new("ward", at(DAY)).unwrap();
    set.give("bp.severe_high.systolic", 195.0, "the ward").unwrap();
    let mut off = RuleSet::new("off", at(DAY)).unwrap();
    off.switch_off("bp.severe_high", "measured by a nurse").unwrap();
    let under = |set| Plan::default().under(Some(Arc::new(set)));
    for plan in [frail, under(set), under(off)] {
        let mut home = Home::after(over(0, 191));
        home.waits_until(DAY);
        let known = home.monitor.alerts().to_vec();
        assert!(home.follows(plan, DAY).is_empty());
        mornings(&mut home, 1..5, 130);
        home.receives_at(5 * DAY, bp(DAY + 120, 0, 0).corrected(5, 140, 85));
        assert_eq!(home.monitor.alerts(), known);
    }
}

/// A preview says what would have been: of that, what lasts is what is raised when the plan is set.
#[test]
fn what_is_open_at_the_end_of_a_preview_is_what_is_open_once_the_plan_is_set() {
    let mut sent = Vec::new();
    for day in 0..70 {
        sent.push(bp(day * DAY + 120, 122 + (day % 3) as u16 * 6, 75));
        if day % 11 == 3 || day == 69 {
            sent.extend([bp(day * DAY + 600, 176, 90), bp(day * DAY + 602, 174, 90)]);
        }
    }
    let end = 69 * DAY + 700;
    let received: Vec<ReceivedReading> = (sent.iter())
        .map(|sent| ReceivedReading {
            reading: (&sent.reading()).into(),
            received: at(sent.minutes + Sent::MINUTES_UNDER_WAY),
        })
        .collect();
    for (number, value) in [("bp.severe_high.systolic", 170.0), ("bp.above_target.systolic", 120.0)]
    {
        let mut home = Home::after(sent.clone());
        home.waits_until(end);
        let over: Vec<Alert> =
            home.monitor.alerts().iter().filter(|alert| !alert.is_open()).cloned().collect();
        let plan = set_at(1, end, &[(number, value)]);
        let changes = home.follows(plan.clone(), end);
        assert!(changes.iter().any(|alert| alert.transition == Raised), "{number}: {changes:?}");
        assert!(over.iter().all(|alert| home.monitor.alerts().contains(alert)));
        let period = (at(end - 30 * DAY), at(end));
        let previewed = preview::alerts(&patient(), received.clone(), &plan, period);
        let mut previewed: Vec<String> = (previewed.iter().map(|one| &one.alert))
            .filter(|alert| alert.is_open())
            .map(|alert| format!("{} {}", alert.rule, alert.stage))
            .collect();
        previewed.sort();
        let mut open: Vec<String> = (home.monitor.alerts().iter())
            .filter(|alert| alert.is_open())
            .map(|alert| format!("{} {}", alert.rule, alert.stage))
            .collect();
        open.sort();
        assert_eq!(open, previewed, "{number}");
    }
}

/// What happens to a patient next.
#[derive(Debug, Clone)]
enum Next {
    /// A reading is received so many minutes after the last event, measured so many minutes before.
    Reading(i64, i64, u16),
    /// A plan is set so many minutes after the last event: severe and above target from so much on.
    Plan(i64, f64, f64),
}

fn next() -> impl Strategy<Value = Vec<Next>> {
    let delay =
        prop_oneof![6 => Just(1_i64), 1 => 20..600_i64, 1 => (0..9_i64).prop_map(|d| d * DAY)];
    let pause = prop_oneof![2 => 1..10_i64, 3 => 60..DAY, 1 => (1..9_i64).prop_map(|d| d * DAY)];
    let systolic = select(vec![118_u16, 128, 140, 168, 178, 186, 195]);
    let plan = (
        pause.clone(),
        select(vec![165.0, 175.0, 180.0, 190.0]),
        select(vec![125.0, 135.0, 145.0]),
    );
    let one = prop_oneof![
        7 => (pause, delay, systolic).prop_map(|(pause, delay, s)| Next::Reading(pause, delay, s)),
        1 => plan.prop_map(|(pause, severe, target)| Next::Plan(pause, severe, target)),
    ];
    vec(one, 1..60)
}

/// What is over and will be remembered.
fn over_at(home: &Home, minutes: i64) -> Vec<Alert> {
    let start = home.window.lookback_start(at(minutes));
    let is_over = |alert: &&Alert| !alert.is_open() && alert.until() >= start;
    home.monitor.alerts().iter().filter(is_over).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Plans come among readings in time, late ones and uploads. A plan never changes what is over, says
    /// nothing that is over, and takes nothing back; and a process that starts at any time goes on as the
    /// one before.
    #[test]
    fn no_plan_changes_what_was_over_and_a_restart_goes_on_as_if_there_had_been_none(
        history in next(),
    ) {
        let mut home = Home::default();
        let mut again: Option<Home> = None;
        let mut received: Vec<(i64, Sent)> = Vec::new();
        let (mut now, mut version) = (0, 0);
        for (count, next) in history.iter().enumerate() {
            let from = home.reported.len();
            match next {
                Next::Reading(pause, delay, systolic) => {
                    now += pause;
                    let sent = bp(now - delay, *systolic, 75);
                    received.push((now, sent.clone()));
                    home.receives_at(now, sent.clone());
                    if let Some(again) = &mut again {
                        again.receives_at(now, sent);
                    }
                }
                Next::Plan(pause, severe, target) => {
                    now += pause;
                    version += 1;
                    home.waits_until(now);
                    let before = over_at(&home, now);
                    let numbers =
                        [("bp.severe_high.systolic", *severe), ("bp.above_target.systolic", *target)];
                    let plan = set_at(version, now, &numbers);
                    let changes = home.follows(plan.clone(), now);
                    if let Some(again) = &mut again {
                        again.follows(plan, now);
                    }
                    for alert in &changes {
                        prop_assert!(
                            alert.is_open() || alert.transition == CriteriaChanged,
                            "{alert:?}"
                        );
                    }
                    let after = over_at(&home, now);
                    let raised = |id| changes.iter().any(|alert| alert.id == id && alert.is_open());
                    for alert in before {
                        prop_assert!(after.contains(&alert) || raised(alert.id), "{alert:?}");
                    }
                    prop_assert!(home.follows(home.plan.clone(), now).is_empty(), "once");
                }
            }
            if let Some(again) = &again {
                let (one, other) = (&home.reported[from..], &again.reported);
                let other = &other[other.len().saturating_sub(one.len())..];
                prop_assert_eq!(one, other);
            }
            if count % 7 == 3 {
                home.waits_until(now);
                let mut restarted = home.restarted(&received, now);
                let plan = restarted.plan.clone();
                let said = restarted.follows(plan, now);
                prop_assert!(said.is_empty(), "{said:?}");
                // The other has a shorter memory, from which on both are compared.
                home.window = restarted.window;
                again = Some(restarted);
            }
        }
    }
}
