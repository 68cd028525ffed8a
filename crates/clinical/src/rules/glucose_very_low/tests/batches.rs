//! A sensor that uploads what it has measured in the last hours.

use super::{LO, Sent, Watched, finger, sensor, with};
use crate::alert::{Severity, Stage, Transition};
use crate::home::{Sending as _, at};
use crate::plan::Plan;
use crate::rules;
use crate::time::Span;

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Resolved, Retracted};

/// Eight hours in minutes.
const UPLOADED_EVERY: i64 = 8 * 60;

/// Eight hours of a sensor from a minute on, a value every 5 minutes, low at some of them.
fn eight_hours(from: i64, low: std::ops::Range<i64>) -> impl Iterator<Item = Sent> {
    let values = (from..from + UPLOADED_EVERY).step_by(5);
    values.map(move |minutes| sensor(minutes, if low.contains(&minutes) { 48 } else { 105 }))
}

/// The patient in the moment after an upload.
fn uploads(home: &mut Watched, received: i64, values: impl IntoIterator<Item = Sent>) {
    home.waits_until(received);
    for value in values {
        home.receives_at(received, value);
    }
}

#[test]
fn a_low_in_the_middle_of_a_batch_is_reported_once_as_over_and_for_review() {
    let mut home = with(Plan::default());
    uploads(&mut home, 480, eight_hours(0, 240..270));
    assert!(home.reported.is_empty());
    home.waits_until(481);
    assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)]);
    let alert = home.last();
    assert!(alert.late);
    assert_eq!((alert.first_observed_at, alert.last_observed_at), (at(240), at(285)));
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "Sensor glucose below 54 mg/dL for 15 minutes or more, lowest 48. Was very low; the readings arrived late. Review what followed."
    );
    assert!(words.ja.ends_with("著しい低値でした（遅れて届いた測定値）。経過を確認してください。"));
}

#[test]
fn low_values_of_ten_minutes_within_a_batch_are_nothing() {
    for low in [240..255, 240..245] {
        let mut home = with(Plan::default());
        uploads(&mut home, 480, eight_hours(0, low));
        home.waits_until(600);
        assert!(home.reported.is_empty(), "{:?}", home.transitions());
    }
}

#[test]
fn a_batch_that_ends_very_low_pages_within_a_minute() {
    for begins in [300, 440, 455] {
        let mut home = with(Plan::default());
        uploads(&mut home, 480, eight_hours(0, begins..480));
        home.waits_until(481);
        assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)], "from {begins} on");
    }
}

/// The upload comes two hours after the sensor's last value: nobody knows how it went on.
#[test]
fn a_low_at_the_end_of_what_an_old_batch_brings_pages_and_asks_to_measure() {
    for (begins, raised) in
        [(450, (Raised, Urgent, Confirmed)), (470, (Raised, Review, Unconfirmed))]
    {
        let mut home = with(Plan::default());
        uploads(&mut home, 600, eight_hours(0, begins..480));
        assert!(home.reported.is_empty());
        home.waits_until(601);
        assert_eq!(home.transitions(), [raised]);
    }
}

#[test]
fn a_low_value_at_the_end_of_a_batch_waits_half_an_hour_for_the_next() {
    let mut home = with(Plan::default());
    uploads(&mut home, 480, eight_hours(0, 470..480));
    home.waits_until(505);
    assert!(home.reported.is_empty());
    home.waits_until(506);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
}

#[test]
fn the_next_batch_says_how_a_low_went_on_that_the_last_one_cut_off() {
    let unconfirmed = (Raised, Review, Unconfirmed);
    for (low_until, then) in [
        (490, (Resolved, Review, Confirmed)),
        (480, (Retracted, Review, Unconfirmed)),
        (960, (Escalated, Urgent, Confirmed)),
    ] {
        let mut home = with(Plan::default());
        uploads(&mut home, 480, eight_hours(0, 470..480));
        uploads(&mut home, 960, eight_hours(480, 480..low_until));
        home.waits_until(961);
        assert_eq!(home.transitions(), [unconfirmed, then], "low until {low_until}");
    }
}

/// The phone uploads every two hours: also what came in time for a page was over when it came.
#[test]
fn a_low_that_was_over_when_the_next_batch_reported_it_pages_nobody() {
    let mut home = with(Plan::default());
    uploads(&mut home, 120, eight_hours(0, 110..130).take(24));
    uploads(&mut home, 240, eight_hours(0, 110..130).skip(24).take(24));
    home.waits_until(241);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed), (Resolved, Review, Confirmed)]);
}

/// A request of many values is several batches of Kafka.
#[test]
fn a_batch_that_is_received_within_a_minute_is_judged_as_a_whole() {
    let (mut home, all) = (with(Plan::default()), eight_hours(0, 240..270));
    for (seconds, value) in (0..).zip(all.skip(45).take(20)) {
        let received = at(480) + Span::from_seconds(seconds * 2);
        let home = &mut home.home;
        let now = (&home.plan, home.window);
        let applied = home.monitor.apply(&value.reading(), received, now);
        assert!(applied.changes.is_empty(), "{value:?}");
    }
    home.waits_until(482);
    assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)]);
}

#[test]
fn what_comes_in_time_waits_only_with_a_batch_in_which_something_is_low() {
    let mut home = with(Plan::default());
    uploads(&mut home, 480, eight_hours(0, 0..0));
    home.receives(finger(480, 45));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let mut home = with(Plan::default());
    uploads(&mut home, 480, [sensor(440, 66), finger(480, 45)]);
    assert!(home.reported.is_empty());
    home.waits_until(481);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
}

#[test]
fn a_low_that_came_in_the_last_minute_of_patience_pages() {
    let mut home = with(Plan::default());
    uploads(&mut home, 6 * 60, [finger(0, 38)]);
    home.waits_until(6 * 60 + 1);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
}

#[test]
fn what_was_over_pages_nobody_because_a_correction_brings_it_back() {
    let mut home = with(Plan::default());
    home.receives(finger(0, 40));
    home.receives(finger(20, 90));
    let paged = [(Raised, Urgent, Confirmed), (Resolved, Urgent, Confirmed)];
    assert_eq!(home.transitions(), paged);
    home.receives_at(30, Sent { update: 1, entered_in_error: true, ..finger(0, 40) });
    assert_eq!(home.last().transition, Retracted);
    home.receives_at(40, Sent { update: 2, ..finger(0, 40) });
    assert_eq!((home.last().transition, home.last().severity), (Resolved, Urgent));
}

/// A meter's memory, with the finger-stick after the low one.
#[test]
fn finger_sticks_that_a_meter_uploads_together_are_judged_together() {
    let mut home = with(Plan::default());
    uploads(&mut home, 480, [finger(200, 45), finger(215, 62), finger(230, 88)]);
    home.waits_until(481);
    assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)]);
    let mut home = with(Plan::default());
    uploads(&mut home, 480, [finger(200, LO)]);
    home.waits_until(481);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)], "the newest that is known");
}

#[test]
fn a_process_that_starts_within_the_minute_waits_for_the_rest_too() {
    let sent: Vec<_> = eight_hours(0, 240..270).map(|value| (480, value)).collect();
    for at_most in [50, 54, 60, 96] {
        let (before, rest) = sent.split_at(at_most);
        let mut home = with(Plan::default());
        home.receives_all(before);
        let mut restarted = home.restarted(before, 480);
        for home in [&mut home, &mut restarted] {
            assert!(home.missed_at(480).is_empty());
            home.receives_all(rest);
            home.waits_until(481);
            assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)], "after {at_most}");
            assert!(home.waits_for_days_only());
        }
    }
}
