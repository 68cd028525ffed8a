//! The rules `data.missing.*`, shown by what happens to a patient.

use crate::home;

use clinical::alert::{Alert, Severity, Stage, Status, Transition};
use clinical::pause::{Pause, PauseReason};
use clinical::plan::Plan;
use clinical::rules;
use clinical::schedule::{Expected, Schedule, Weekdays, grace};
use clinical::{Kind, Outcome, Span, Timestamp, Window};
use jiff::civil::{Date, date};

use home::{Home, at, bp, patient};

use Severity::{Review, Technical};
use Transition::{CriteriaChanged, Escalated, Raised, Resolved, Retracted, Updated};

const DAY: i64 = 24 * 60;
const MISSING: &str = "data.missing.blood_pressure";

fn plan(time_zone: &str, start: Date) -> Plan {
    let daily = Expected::new(Kind::BloodPressure, 3, 14).unwrap();
    Plan::default().with_schedule(Schedule::new(time_zone, start, vec![daily]).unwrap())
}

/// Japan, expected from the day on in which minute 0 lies.
fn expected_daily() -> Home {
    Home::with_plan(plan("Asia/Tokyo", date(2026, 5, 29)))
}

fn reported(home: &Home) -> Vec<(Transition, Severity, String)> {
    home.reported.iter().map(|a| (a.transition, a.severity, a.changed_at.to_string())).collect()
}

/// Six in the morning, and the patient's own part of the hour after.
fn morning(six_oclock: &str) -> String {
    let six: jiff::Timestamp = six_oclock.parse().unwrap();
    let six = Timestamp::from_millis(six.as_millisecond());
    let grace = grace(&patient());
    assert!((Span::from_hours(6)..Span::from_hours(7)).contains(&grace));
    (six + grace - Span::from_hours(6)).to_string()
}

fn minutes_of(time: &str) -> i64 {
    let time: jiff::Timestamp = time.parse().unwrap();
    (Timestamp::from_millis(time.as_millisecond()) - at(0)).millis() / 60_000 + 1
}

fn normal(minutes: i64) -> home::Sent {
    bp(minutes, 128, 80)
}

#[test]
fn a_patient_from_whom_nothing_ever_came_is_missing_too() {
    let mut home = expected_daily();
    home.waits_until(30 * DAY);
    // The 29th to the 31st are over at midnight in Japan, and six hours of grace after that.
    assert_eq!(
        reported(&home),
        [
            (Raised, Technical, morning("2026-05-31T21:00:00Z")),
            (Escalated, Review, morning("2026-06-11T21:00:00Z"))
        ]
    );
    let alert = home.last();
    assert_eq!((alert.rule.as_str(), alert.stage), (MISSING, Stage::Missing));
    assert_eq!(alert.first_observed_at.to_string(), "2026-05-28T15:00:00Z");
    assert!(alert.evidence.is_empty());
    assert_eq!(
        rules::words(alert).en,
        "Blood pressure: no reading since 2026-05-29, 14 expected days or more. Check device and connection, and how the patient is."
    );
    assert_eq!(
        rules::words(alert).ja,
        "血圧の測定値が2026年5月29日から届いていません（予定日14日以上）。機器と通信、ご様子を確認してください。"
    );
    assert_eq!(alert.parameter("missing_after_days"), Some(3.0));
}

#[test]
fn a_patient_of_whom_the_plan_expects_nothing_is_never_missing() {
    let mut home = Home::default();
    home.receives(normal(0));
    home.waits_until(60 * DAY);
    assert!(home.reported.is_empty());
    assert_eq!(home.monitor.next_assessment(), None);
}

#[test]
fn readings_every_third_day_keep_everybody_quiet_and_the_next_reading_ends_a_gap() {
    let mut home = expected_daily();
    for third in 0..5 {
        home.receives(normal(third * 3 * DAY));
    }
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    // Two whole days and a part of the third are no gap yet; then it is one.
    home.waits_until(12 * DAY + minutes_of("2026-06-01T20:59:00Z") - 1);
    assert!(home.reported.is_empty());
    home.receives(normal(16 * DAY + 300));
    assert_eq!(
        reported(&home),
        [
            (Raised, Technical, morning("2026-06-13T21:00:00Z")),
            (Resolved, Technical, at(16 * DAY + 301).to_string())
        ]
    );
    assert_eq!(home.last().status, Status::Resolved);
}

#[test]
fn a_reading_of_the_night_that_arrives_within_the_grace_is_in_time() {
    let mut home = expected_daily();
    let last_evening = minutes_of("2026-05-31T14:50:00Z");
    home.waits_until(minutes_of("2026-05-31T20:30:00Z"));
    home.receives_at(minutes_of("2026-05-31T20:30:00Z"), normal(last_evening));
    home.waits_until(minutes_of("2026-06-03T20:00:00Z"));
    assert!(home.reported.is_empty());
}

#[test]
fn readings_that_come_late_and_fill_the_gap_take_the_alert_back() {
    let mut home = expected_daily();
    home.receives(normal(10));
    home.waits_until(5 * DAY);
    assert_eq!(reported(&home), [(Raised, Technical, morning("2026-06-01T21:00:00Z"))]);
    home.receives_at(5 * DAY + 1, normal(2 * DAY));
    assert_eq!(home.last().transition, Retracted);
    assert_eq!(home.last().cause.as_ref().unwrap().observation_time(), at(2 * DAY));
    // The gap after the reading that came late becomes one of its own when its time has come.
    home.waits_until(6 * DAY + 60);
    assert_eq!(home.last().transition, Raised);
    assert_eq!(home.last().first_observed_at.to_string(), "2026-05-31T15:00:00Z");
}

#[test]
fn a_late_reading_that_only_shortens_the_gap_keeps_the_alert_and_says_since_when() {
    let mut home = expected_daily();
    home.receives(normal(10));
    home.waits_until(8 * DAY);
    let raised = home.last().id;
    home.receives_at(8 * DAY + 1, normal(2 * DAY));
    assert_eq!((home.last().transition, home.last().id), (Updated, raised));
    let words = rules::words(home.last()).en;
    assert!(words.contains("since 2026-06-01"), "{words}");
}

#[test]
fn a_reading_entered_in_error_is_none_and_its_day_is_missing() {
    let mut home = expected_daily();
    home.receives(normal(10));
    home.receives(normal(2 * DAY));
    home.receives_at(4 * DAY + 60, normal(2 * DAY).entered_in_error(60));
    assert_eq!(
        reported(&home),
        [(Raised, Technical, at(4 * DAY + 60).to_string())],
        "it was due on the fourth morning and is known now"
    );
}

#[test]
fn a_plan_that_ends_or_expects_something_else_closes_the_alert() {
    let mut home = expected_daily();
    home.waits_until(5 * DAY);
    home.follows(Plan::default(), 5 * DAY);
    assert_eq!(home.last().transition, CriteriaChanged);
    assert_eq!(home.monitor.next_assessment(), None);

    // Also when it has been open for longer than readings are remembered.
    let mut home = expected_daily();
    home.waits_until(70 * DAY);
    assert_eq!(home.reported.len(), 2);
    home.follows(Plan::default(), 70 * DAY);
    assert_eq!(home.last().transition, CriteriaChanged);
}

#[test]
fn a_gap_longer_than_the_window_stays_one_alert_and_ends_with_the_next_reading() {
    let mut home = expected_daily();
    home.receives(normal(10));
    home.waits_until(90 * DAY);
    home.monitor.forget(at(90 * DAY), Window::default());
    home.reported.extend(home.monitor.reassess(
        &patient(),
        at(90 * DAY),
        (&home.plan, Window::default()),
    ));
    assert_eq!(home.transitions().len(), 2, "raised and escalated, once");
    home.receives(normal(91 * DAY));
    assert_eq!(home.last().transition, Resolved);
    assert_eq!(home.last().id, home.reported[0].id);
    assert_eq!(home.reported.len(), 3);
}

#[test]
fn days_of_23_and_25_hours_are_days() {
    // Berlin moves its clocks on 29 March and on 25 October 2026.
    for (start, first_reading, due) in [
        (date(2026, 3, 27), "2026-03-27T08:00:00Z", "2026-03-31T04:00:00Z"),
        (date(2026, 10, 23), "2026-10-23T08:00:00Z", "2026-10-27T05:00:00Z"),
    ] {
        let mut home = Home { plan: plan("Europe/Berlin", start), ..Home::default() };
        let reading = minutes_of(first_reading);
        home.reported =
            home.monitor.reassess(&patient(), at(reading - 60), (&home.plan, Window::default()));
        home.receives(normal(reading));
        home.waits_until(reading + 10 * DAY);
        // Three whole local days after the reading's, to 06:00 on the clock of the fourth.
        assert_eq!(reported(&home), [(Raised, Technical, morning(due))]);
    }
}

#[test]
fn a_day_whose_midnight_the_clocks_skip_begins_where_they_go_on() {
    // Santiago skips the hour after midnight on 6 September 2026: the day begins at 01:00, UTC-3.
    let mut home = Home { plan: plan("America/Santiago", date(2026, 9, 3)), ..Home::default() };
    let before = minutes_of("2026-09-03T00:00:00Z");
    home.reported = home.monitor.reassess(&patient(), at(before), (&home.plan, Window::default()));
    home.waits_until(before + 10 * DAY);
    assert_eq!(reported(&home), [(Raised, Technical, morning("2026-09-06T10:00:00Z"))]);
}

#[test]
fn a_severe_pair_and_missing_data_are_alerts_of_their_own() {
    let mut home = expected_daily();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.waits_until(5 * DAY);
    let rules: Vec<&str> = home.reported.iter().map(|alert| alert.rule.as_str()).collect();
    assert_eq!(rules, ["bp.severe_high", MISSING]);
    assert!(home.monitor.alerts().iter().all(Alert::is_open));
    // What ends one leaves the other.
    assert_eq!(home.receives(normal(6 * DAY)), Outcome::New);
    home.waits_until(6 * DAY + 60);
    let open = home.monitor.alerts().iter().filter(|alert| alert.is_open());
    let open: Vec<&str> = open.map(|alert| alert.rule.as_str()).collect();
    assert_eq!(open, ["bp.severe_high"]);
}

fn with_pause(plan: Plan, from: Date, until: Date) -> Plan {
    let mut plan = plan;
    plan.pauses.push(Pause::new(from, until, PauseReason::Hospital).unwrap());
    plan
}

#[test]
fn days_of_a_pause_are_no_days_without_a_reading() {
    // Of the gap from 30 May on, two days count before the pause of five, and the third is 6 June.
    let plan =
        with_pause(plan("Asia/Tokyo", date(2026, 5, 29)), date(2026, 6, 1), date(2026, 6, 5));
    let mut home = Home::with_plan(plan);
    home.receives(normal(10));
    home.waits_until(22 * DAY);
    assert_eq!(reported(&home)[0], (Raised, Technical, morning("2026-06-06T21:00:00Z")));
    assert_eq!(home.last().first_observed_at.to_string(), "2026-05-29T15:00:00Z");
    // The fourteenth day that counts is 17 June, five days later than without the pause.
    assert_eq!(reported(&home).get(1), Some(&(Escalated, Review, morning("2026-06-17T21:00:00Z"))));
}

#[test]
fn a_gap_that_lies_in_a_pause_is_none() {
    let plan =
        with_pause(plan("Asia/Tokyo", date(2026, 5, 29)), date(2026, 5, 30), date(2026, 6, 12));
    let mut home = Home::with_plan(plan);
    home.receives(normal(10));
    home.waits_until(15 * DAY);
    home.receives(normal(15 * DAY + 1));
    home.waits_until(16 * DAY);
    assert!(home.reported.is_empty(), "{:?}", home.reported);
}

#[test]
fn a_pause_that_is_entered_late_closes_the_alert_at_once() {
    let mut home = expected_daily();
    home.receives(normal(10));
    home.waits_until(5 * DAY);
    assert_eq!(home.last().transition, Raised);
    let mut paused =
        with_pause(plan("Asia/Tokyo", date(2026, 5, 29)), date(2026, 5, 30), date(2026, 6, 12));
    paused.version = 2;
    home.follows(paused, 5 * DAY);
    let said_by = home.reported[0].plan_version;
    assert_eq!((home.last().transition, home.last().plan_version), (CriteriaChanged, said_by));
    assert_eq!(home.last().changed_at, at(5 * DAY));
}

#[test]
fn on_days_of_the_week_when_nothing_is_expected_nothing_is_missing() {
    // 29 May 2026 is a Friday: of the days from then on the 29th, 1, 3 and 5 June are Mondays,
    // Wednesdays and Fridays.
    let on = Weekdays::of(&[1, 3, 5]).unwrap();
    let expected = Expected::new(Kind::BloodPressure, 3, 14).unwrap().on(on);
    let schedule = Schedule::new("Asia/Tokyo", date(2026, 5, 29), vec![expected]).unwrap();
    let mut home = Home::with_plan(Plan::default().with_schedule(schedule));
    home.receives(normal(10));
    home.waits_until(12 * DAY);
    assert_eq!(reported(&home), [(Raised, Technical, morning("2026-06-05T21:00:00Z"))]);
    assert_eq!(home.last().first_observed_at.to_string(), "2026-05-31T15:00:00Z");
}
