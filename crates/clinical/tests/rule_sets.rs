//! What happens to a patient when another rule set comes into force, and what a preview says of it.

use crate::home;

use std::sync::Arc;

use clinical::Kind;
use clinical::alert::{Alert, Severity, Status, Transition};
use clinical::plan::Plan;
use clinical::preview::{self, ReceivedReading};
use clinical::rule_set::RuleSet;
use clinical::rules;

use home::{Home, Sending, Sent, at, bp, episode, patient};

const DAY: i64 = 24 * 60;

fn set(name: &str, change: impl FnOnce(&mut RuleSet)) -> Option<Arc<RuleSet>> {
    let mut set = RuleSet::new(name, at(0)).unwrap();
    change(&mut set);
    Some(Arc::new(set))
}

fn severe_from(name: &str, systolic: f64) -> Option<Arc<RuleSet>> {
    set(name, |set| set.give("bp.severe_high.systolic", systolic, "the ward's board").unwrap())
}

/// The patient under another rule set, from a minute on.
fn under(home: &mut Home, set: Option<Arc<RuleSet>>, minutes: i64) -> Vec<Alert> {
    let plan = std::mem::take(&mut home.plan).under(set);
    home.follows(plan, minutes)
}

#[test]
fn an_alert_names_the_rule_set_in_force() {
    let home = Home::after([bp(0, 191, 112), bp(2, 188, 110)]);
    assert_eq!(home.last().rule_set, rules::RULE_SET);
    let mut home = Home::default();
    under(&mut home, severe_from("ward", 170.0), 0);
    home.receives(bp(0, 172, 90));
    home.receives(bp(2, 174, 92));
    let alert = home.last();
    assert_eq!(alert.rule_set, "ward");
    assert_eq!(alert.parameter("systolic"), Some(170.0));
}

#[test]
fn when_a_rule_set_comes_into_force_what_is_there_is_judged_by_it_at_once() {
    let mut home = Home::after([bp(0, 172, 90), bp(2, 174, 92)]);
    assert!(home.reported.is_empty());
    let changes = under(&mut home, severe_from("low", 170.0), 60);
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].transition, changes[0].changed_at), (Transition::Raised, at(60)));
    let changes = under(&mut home, severe_from("high", 190.0), 61);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].transition, Transition::CriteriaChanged);
}

#[test]
fn what_was_judged_keeps_the_name_of_the_rule_set_that_it_was_judged_by() {
    let mut home = Home::after([bp(0, 191, 112), bp(2, 188, 110)]);
    assert!(under(&mut home, severe_from("other", 175.0), 60).is_empty());
    // The pair is over with two normal occasions, of which one is of the next day.
    home.receives(bp(120, 130, 80));
    home.receives(bp(21 * 60, 130, 80));
    home.waits_until(DAY);
    assert_eq!(home.last().status, Status::Resolved);
    let known = home.known(|alert| format!("{} {:?}", alert.rule_set, alert.parameter("systolic")));
    assert_eq!(known, [format!("{} Some(180.0)", rules::RULE_SET)]);
}

#[test]
fn a_rule_that_is_switched_off_closes_its_open_alert_and_raises_nothing() {
    let off = || set("off", |set| set.switch_off("bp.severe_high", "measured by a nurse").unwrap());
    let mut home = Home::after([bp(0, 191, 112), bp(2, 188, 110)]);
    let changes = under(&mut home, off(), 60);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].transition, Transition::CriteriaChanged);
    home.receives(bp(120, 200, 120));
    home.receives(bp(122, 200, 120));
    home.waits_until(DAY);
    let severe = home.monitor.alerts().iter().filter(|alert| alert.is_open());
    assert_eq!(severe.filter(|alert| alert.rule.as_str() == "bp.severe_high").count(), 0);
    let drawn = |plan: &_| {
        let of_pressure = rules::limits(plan).filter(|limit| limit.kind() == Kind::BloodPressure);
        of_pressure.filter(|limit| limit.severity.is_some()).map(|limit| limit.value).collect()
    };
    let (with, without): (Vec<f64>, Vec<f64>) = (drawn(&Plan::default()), drawn(&home.plan));
    let gone = [180.0, 110.0];
    assert!(gone.iter().all(|limit| with.contains(limit) && !without.contains(limit)));
    assert_eq!(without.len() + gone.len(), with.len(), "those of other rules are drawn");
    let changes = under(&mut home, None, 2 * DAY);
    assert!(changes.iter().any(|alert| alert.transition == Transition::Raised), "{changes:?}");
}

#[test]
fn a_rule_that_was_over_before_it_was_switched_off_keeps_its_alert_and_a_restart_says_nothing() {
    let history: Vec<(i64, Sent)> =
        [bp(0, 191, 112), bp(2, 188, 110), bp(200, 120, 80), bp(1400, 120, 80)]
            .map(|sent| (sent.minutes + 1, sent))
            .into();
    let mut home = Home::default();
    home.receives_all(&history);
    home.waits_until(1499);
    assert_eq!(home.last().status, Status::Resolved);
    let off = set("off", |set| set.switch_off("bp.severe_high", "x").unwrap());
    assert!(under(&mut home, off, 1500).is_empty());
    let mut again = home.restarted(&history, 1600);
    assert!(again.missed_at(1600).is_empty());
}

/// Mornings of ten weeks, two readings each: normal ones, from the tenth day on high ones, with severe
/// pairs among them.
fn month() -> Vec<Sent> {
    let morning = |day: i64| {
        let (systolic, diastolic) = match day {
            ..9 => (118, 74),
            _ if day % 9 == 4 => (184, 90),
            _ => (150 + (day % 5) as u16 * 5, 90),
        };
        [bp(day * DAY, systolic, diastolic), bp(day * DAY + 2, systolic + 1, diastolic + 1)]
    };
    (0..70).flat_map(morning).collect()
}

fn received(sent: &[Sent]) -> Vec<ReceivedReading> {
    let one = |sent: &Sent| ReceivedReading {
        reading: (&sent.reading()).into(),
        received: at(sent.minutes + Sent::MINUTES_UNDER_WAY),
    };
    sent.iter().map(one).collect()
}

#[test]
fn a_preview_of_the_present_plan_says_what_was_raised() {
    let sent = month();
    let mut home = Home::after(sent.clone());
    home.waits_until(70 * DAY);
    let (from, to) = (at(40 * DAY), at(70 * DAY));
    let was_there = |alert: &&Alert| alert.is_open() || alert.changed_at >= from;
    let mut expected: Vec<String> = home.alerts().filter(was_there).map(episode).collect();
    expected.sort();
    let mut readings = received(&sent);
    readings.reverse();
    let found = preview::alerts(&patient(), readings, &Plan::default(), (from, to));
    let mut found: Vec<String> = found.iter().map(|one| episode(&one.alert)).collect();
    found.sort();
    assert!(!found.is_empty());
    assert_eq!(found, expected);
}

#[test]
fn a_preview_says_what_another_rule_set_would_raise_and_how_urgent_it_would_have_been() {
    let readings = received(&month());
    let severe = |plan: &Plan| {
        let all = preview::alerts(&patient(), readings.clone(), plan, (at(40 * DAY), at(70 * DAY)));
        let severe = all.into_iter().filter(|one| one.alert.rule.as_str() == "bp.severe_high");
        severe.collect::<Vec<_>>()
    };
    // Of the days 40 to 69 those with 184 are 40, 49, 58 and 67.
    let present = severe(&Plan::default());
    assert_eq!(present.len(), 4);
    assert!(present.iter().all(|one| one.highest == Severity::Urgent));
    assert_eq!(present[1].alert.raised_at, at(49 * DAY + 3));
    let higher = Plan::default().under(severe_from("higher", 190.0));
    assert_eq!(severe(&higher).len(), 0);
}
