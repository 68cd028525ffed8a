//! The rule, shown by what happens to a patient.

use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::limits::HOURS;
use crate::Kind;
use crate::alert::{Alert, Severity, Transition};
use crate::held_back::HeldBack;
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, at, episode, only, patient};
use crate::monitor::assessed;
use crate::pause::{Pause, PauseReason};
use crate::plan::Plan;
use crate::rules;
use crate::rules::glucose_tests::{Sent, finger, sensor};
use crate::schedule::{Expected, Schedule};
use crate::silence::Limits;
use crate::time::{Span, Timestamp};

use Severity::{Review, Technical};
use Transition::{Escalated, Raised, Resolved, Retracted};

const RULE: &str = "data.sensor_silent";
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

fn expecting(kind: Kind, overrides: &[(&'static str, f64)]) -> Plan {
    let expected = Expected::new(kind, 3, 14).unwrap();
    let schedule = Schedule::new("Asia/Tokyo", date(2026, 5, 29), vec![expected]).unwrap();
    let plan = rules::plan(1, overrides.iter().copied()).unwrap().with_schedule(schedule);
    plan.under(only(&[RULE]).rule_set().cloned())
}

fn plan() -> Plan {
    expecting(Kind::BloodGlucose, &[])
}

/// Values each quarter of an hour.
fn worn(from: i64, until: i64) -> impl Iterator<Item = Sent> + Clone {
    (from..=until).step_by(15).map(|minutes| sensor(minutes, 110))
}

fn home(plan: Plan, sent: impl IntoIterator<Item = Sent>) -> Home {
    let mut home = Home::with_plan(plan);
    for one in sent {
        home.receives(one);
    }
    home
}

fn reported(home: &Home) -> Vec<(Transition, Severity, Timestamp)> {
    home.reported.iter().map(|a| (a.transition, a.severity, a.changed_at)).collect()
}

#[test]
fn a_sensor_that_says_nothing_is_reported_the_same_day_and_asks_for_a_finger_stick() {
    let mut home = home(plan(), worn(0, DAY));
    home.waits_until(DAY + 6 * HOUR - 1);
    assert!(home.reported.is_empty());
    home.waits_until(40 * DAY);
    assert_eq!(
        reported(&home),
        [(Raised, Technical, at(DAY + 6 * HOUR)), (Escalated, Review, at(15 * DAY + 6 * HOUR))]
    );
    assert_eq!(home.last().first_observed_at, at(DAY));
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "No sensor value since 2026-05-30 05:26, for 6 hours or more. Check sensor and connection, and ask for a finger-stick."
    );
    assert_eq!(
        words.ja,
        "センサーの値が2026年5月30日 05:26から6時間以上届いていません。センサーと通信を確認し、指先穿刺での血糖測定を依頼してください。"
    );
    // What was reported before the sentence changed reads as it did.
    let before = crate::alert::Alert { wording_version: 1, ..home.last().clone() };
    assert!(rules::words(&before).en.contains("since 2026-05-30 05:26. Check"));
    home.receives(sensor(41 * DAY, 120));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_finger_stick_a_day_does_not_hide_it_and_ends_nothing() {
    let sticks = (2..20).map(|day| finger(day * DAY, 120));
    let home = home(plan(), worn(0, DAY).chain(sticks));
    let all: Vec<_> = home.reported.iter().map(|alert| alert.transition).collect();
    assert_eq!(all, [Raised, Escalated]);
}

#[test]
fn who_is_not_expected_to_measure_or_wears_none_is_never_silent() {
    let silent = |plan, sent: Vec<Sent>| {
        let mut home = home(plan, sent);
        home.waits_until(30 * DAY);
        home.reported.is_empty()
    };
    assert!(silent(only(&[RULE]), worn(0, DAY).collect()));
    assert!(silent(expecting(Kind::BloodPressure, &[]), worn(0, DAY).collect()));
    assert!(silent(plan(), (0..40).map(|turn| finger(turn * 6 * HOUR, 120)).collect()));
    // A few values that were said to be a sensor's.
    assert!(silent(plan(), worn(0, 150).collect()));
    assert!(!silent(plan(), worn(0, 165).collect()));
    let never = expecting(Kind::BloodGlucose, &[("data.sensor_silent.hours", 0.0)]);
    assert!(silent(never, worn(0, DAY).collect()));
}

#[test]
fn the_hours_are_the_patients_own_and_a_plan_that_asks_for_none_takes_it_back() {
    let own = expecting(Kind::BloodGlucose, &[("data.sensor_silent.hours", 30.0)]);
    let mut home = home(own, worn(0, DAY));
    home.waits_until(3 * DAY);
    assert_eq!(reported(&home), [(Raised, Technical, at(DAY + 30 * HOUR))]);
    assert_eq!(home.last().parameter("hours"), Some(30.0));
    home.plan = expecting(Kind::BloodPressure, &[]);
    let taken_back = home.missed_at(3 * DAY);
    assert_eq!(taken_back[0].transition, Retracted);
}

#[test]
fn values_that_a_phone_hands_over_late_take_the_alert_back_at_once() {
    let mut home = home(plan(), worn(0, DAY));
    home.waits_until(DAY + 12 * HOUR);
    for one in worn(DAY + 15, DAY + 12 * HOUR) {
        home.receives_at(DAY + 12 * HOUR, one);
    }
    home.waits_until(DAY + 13 * HOUR);
    let all: Vec<_> = home.reported.iter().map(|alert| alert.transition).collect();
    assert_eq!(all, [Raised, Retracted]);
}

#[test]
fn the_hours_begin_anew_after_a_pause() {
    let mut paused = plan();
    paused
        .pauses
        .push(Pause::new(date(2026, 5, 30), date(2026, 6, 3), PauseReason::Hospital).unwrap());
    let mut home = home(paused, worn(0, DAY));
    home.waits_until(20 * DAY);
    // Midnight of 4 June in Japan is 15:00 UTC.
    assert_eq!(home.reported[0].changed_at.to_string(), "2026-06-03T21:00:00Z");
}

/// Who is late is counted so much later, and a count of others is as old. A quarter of an hour each way is for
/// values that are under way.
#[test]
fn a_silent_group_is_known_before_the_alert_of_a_sensor_that_is_silent_is_due() {
    let Limits { every, shortest, .. } = Limits::default();
    let is_due = Span::from_hours(HOURS.default as i64);
    assert!(shortest + every + every + Span::from_minutes(30) <= is_due);
}

#[test]
fn while_the_group_is_silent_it_is_held_back_and_not_for_ever() {
    let due = at(DAY + 6 * HOUR);
    let hold = |hours| {
        let mut held = plan();
        let until = due + Span::from_hours(hours);
        held.held_back =
            vec![HeldBack { kind: Kind::BloodGlucose, from: due - Span::from_hours(1), until }];
        held
    };
    let mut released = home(hold(30), worn(0, DAY));
    released.waits_until(4 * DAY);
    assert_eq!(reported(&released), [(Raised, Technical, due + Span::from_hours(30))]);
    let mut heard = home(hold(30), worn(0, DAY).chain(worn(2 * DAY, 2 * DAY + HOUR)));
    heard.waits_until(2 * DAY + 2 * HOUR);
    assert!(heard.reported.is_empty());
    let mut ever = home(hold(1000), worn(0, DAY));
    ever.waits_until(10 * DAY);
    assert_eq!(reported(&ever), [(Raised, Technical, due + Span::from_days(3))]);
    // What was raised before stays.
    let mut raised = home(plan(), worn(0, DAY));
    raised.waits_until(DAY + 7 * HOUR);
    raised.plan = hold(1000);
    assert!(raised.missed_at(DAY + 7 * HOUR).is_empty());
}

#[test]
fn a_sensors_value_in_time_costs_no_computation() {
    let mut home = home(plan(), worn(0, 4 * HOUR));
    let before = assessed(RULE);
    for one in worn(4 * HOUR + 15, 8 * HOUR) {
        home.receives(one);
    }
    assert_eq!(assessed(RULE), before);
}

/// Stretches of values, of whatever length, with silences between, and finger-sticks.
fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let stretch = (2..40_i64, select(vec![1_i64, 5, 7, 9, 30, 200]), any::<bool>());
    vec(stretch, 1..12).prop_map(|stretches| {
        let (mut all, mut minutes) = (Vec::new(), 0);
        for (values, hours, has_stick) in stretches {
            all.extend((0..values).map(|turn| sensor(minutes + turn * 30, 110)));
            minutes += values * 30;
            if has_stick {
                all.push(finger(minutes + 20, 100));
            }
            minutes += hours * HOUR;
        }
        all.retain(|one| one.minutes < 26 * DAY);
        all
    })
}

/// The same, each with its delay, in the order of receipt.
fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let delay = prop_oneof![8 => 0..3_i64, 2 => 0..10 * HOUR, 1 => 0..20 * DAY];
    (sent(), vec(delay, 500)).prop_map(|(sent, delays)| {
        let sends = sent.into_iter().zip(delays);
        let mut sends: Vec<_> = sends.map(|(sent, delay)| (sent.minutes + delay, sent)).collect();
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

fn said(alert: &Alert) -> String {
    format!("{} {:?}", episode(alert), alert.findings)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_fast_path_equals_the_full_computation(history in history(), sweeps: bool) {
        let checks = Checks {
            after: &[0, HOUR, 7 * HOUR],
            next_assessment: NextAssessment::NotLater,
            forgets_after: sweeps.then_some(0),
        };
        properties::nothing_is_missed(&mut Home::with_plan(plan()), &history, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(all in sent(), other_order in any::<[Index; 100]>()) {
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home::with_plan(plan());
            home.waits_until(29 * DAY);
            for sent in sends {
                home.receives_at(29 * DAY, *sent);
            }
            home.waits_until(29 * DAY + 2);
            home.known(said)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(history in history(), later in 0..60 * DAY) {
        let mut home = Home::with_plan(plan());
        home.receives_all(&history);
        let now = history.last().map_or(0, |(received, _)| received + 1);
        for now in [now, now + later] {
            home.waits_until(now);
            let mut restarted = home.restarted(&history, now);
            let said_anew = restarted.missed_at(now);
            prop_assert!(said_anew.is_empty(), "{said_anew:?}");
            prop_assert!(home.monitor.reassess(&patient(), at(now), (&home.plan, home.window)).is_empty());
        }
    }
}
