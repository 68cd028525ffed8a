//! A clock that stands still, or begins anew each time: each measurement has the id of the one before.

use proptest::prelude::*;

use super::severe_tests::{Value, send, severe_values};
use super::tests::{DAY, FACTORY, Said, cuff, said};
use crate::alert::{Alert, Severity, Status, Transition};
use crate::home::{Home, Sending, at};
use crate::kinds::blood_pressure::PULSE_RATE;
use crate::{Outcome, Reading, Source, Version};

/// 1970-01-01T00:00:00Z, and 2021.
const STILL: [i64; 2] = [-1_780_000_000 / 60, FACTORY];

/// What a device says whose clock stands at the factory date, registered in a minute.
fn measured((kind, sample): Value, still: i64, update: i64) -> Reading {
    Reading {
        patient: crate::home::patient(),
        kind,
        observation_time: crate::Timestamp::from_seconds((1_780_000_000 / 60 + still) * 60),
        source: Source::device("OMRON", "1").unwrap(),
        version: Version::new(at(update), 1),
        entered_in_error: false,
        by_hand: false,
        sample,
    }
}

fn open(home: &Home) -> Option<&Alert> {
    home.monitor
        .alerts()
        .iter()
        .find(|alert| alert.rule.as_str() == "data.suspect" && alert.is_open())
}

#[test]
fn a_severe_value_of_a_clock_that_stands_still_is_not_undone_by_what_is_measured_next() {
    for (still, (severe, ordinary, says)) in
        STILL.into_iter().flat_map(|still| severe_values().into_iter().map(move |it| (still, it)))
    {
        let mut home = Home::default();
        let mut sent = Vec::new();
        // Within a minute, on the same day and days later.
        for (value, minute) in [
            (severe, 1),
            (ordinary, 2),
            (ordinary, 30),
            (ordinary, 2 * DAY),
            (ordinary, 2 * DAY + 5),
        ] {
            let reading = measured(value, still, minute);
            let outcome = send(&mut home, &reading, minute);
            sent.push((reading, minute, outcome));
            let alert = home.last();
            assert_eq!((alert.status, alert.severity), (Status::Open, Severity::Review));
            assert_eq!(alert.evidence.len(), 1, "{:?}", alert.evidence);
            let words = crate::rules::words(alert);
            assert!(words.en.contains(says), "{words:?}");
            assert_eq!(words.en.contains("replaced"), minute > 1, "{words:?}");
        }
        let mut restarted = Home::default();
        for (reading, minute, outcome) in &sent {
            let (minute, window) = (at(*minute), home.window);
            restarted.monitor.restore_reading(&reading.into(), minute, *outcome, window);
        }
        let alerts = home.monitor.alerts();
        alerts.iter().for_each(|alert| restarted.monitor.restore_alert(alert.clone()));
        assert_eq!(restarted.missed_at(2 * DAY + 6), []);
        assert_eq!(restarted.monitor.timeline().suspicions(), home.monitor.timeline().suspicions());
        // A week after it was replaced it has been reported.
        home.waits_until(7 * DAY + 2);
        assert_eq!(home.last().transition, Transition::Eased);
    }
}

#[test]
fn a_severe_value_that_is_replaced_two_days_later_is_kept_and_a_withdrawal_takes_it_back() {
    for still in STILL {
        let mut home = Home::default();
        home.receives_at(1, cuff(still, 1, 192));
        home.receives_at(2 * DAY, cuff(still, 2 * DAY, 120));
        assert_eq!(home.last().severity, Severity::Review);
        // Of the ordinary value alone: the severe one is another measurement.
        let withdraws =
            |update, systolic| Said { entered_in_error: true, ..cuff(still, update, systolic) };
        home.receives_at(2 * DAY + 1, withdraws(2 * DAY + 1, 120));
        assert_eq!(open(&home).map(|alert| alert.severity), Some(Severity::Review));
        home.receives_at(2 * DAY + 2, withdraws(2 * DAY + 2, 192));
        assert_eq!(home.last().status, Status::Retracted);
        // And for good.
        let reported = home.reported.len();
        for days in [2, 4, 20] {
            home.receives_at(days * DAY + 3, cuff(still, 1, 192));
            home.receives_at(days * DAY + 4, cuff(still, 2 * DAY, 120));
        }
        assert_eq!(home.reported.len(), reported, "{:?}", home.last());
    }
}

#[test]
fn a_severe_value_that_comes_after_what_replaced_it_is_reported() {
    for later in [2, 3 * DAY] {
        let mut home = Home::default();
        home.receives_at(1, cuff(FACTORY, 1, 120));
        home.receives_at(later, cuff(FACTORY, 0, 192));
        let alert = home.last();
        assert_eq!((alert.status, alert.severity), (Status::Open, Severity::Review));
        assert!(crate::rules::words(alert).en.contains("192 mmHg"));
    }
}

#[test]
fn what_a_still_clock_replaced_is_neither_reported_twice_nor_suspected_longer_for_being_sent_again()
{
    let mut home = Home::default();
    home.receives_at(1, cuff(FACTORY, 1, 192));
    home.receives_at(2, cuff(FACTORY, 2, 120));
    for again in [1, 3, 8, 12] {
        home.receives_at(again * DAY, cuff(FACTORY, 1, 192));
        home.receives_at(again * DAY + 1, cuff(FACTORY, 2, 120));
    }
    let transitions: Vec<_> = said(&home).into_iter().map(|(transition, ..)| transition).collect();
    assert_eq!(transitions, [Transition::Raised, Transition::Updated, Transition::Eased]);
    // The same value measured later is another one.
    home.receives_at(13 * DAY, cuff(FACTORY, 13 * DAY, 192));
    assert_eq!(home.last().transition, Transition::Escalated);
    home.receives_at(13 * DAY + 9, cuff(FACTORY, 13 * DAY + 9, 121));
    assert_eq!(home.last().severity, Severity::Review);
    assert_eq!(home.last().evidence.len(), 1);
}

#[test]
fn what_a_clock_that_is_set_has_ended_is_not_reported_when_the_clock_loses_its_time_again() {
    let mut home = Home::default();
    home.receives_at(1, cuff(FACTORY, 1, 192));
    home.receives_at(DAY, cuff(DAY, DAY, 120));
    assert_eq!(home.last().transition, Transition::Resolved);
    home.receives_at(2 * DAY, cuff(FACTORY, 2 * DAY, 121));
    assert_eq!((home.last().status, home.last().severity), (Status::Open, Severity::Technical));
}

#[test]
fn a_value_that_is_said_again_with_more_is_reported_once() {
    let with_pulse = |update| {
        let mut reading = cuff(FACTORY, update, 192).reading();
        reading.sample = reading.sample.with(PULSE_RATE, 71.0);
        reading
    };
    let mut home = Home::default();
    home.receives_at(1, cuff(FACTORY, 1, 192));
    assert_eq!(send(&mut home, &with_pulse(2), 2), Outcome::Historical);
    assert_eq!(home.last().evidence.len(), 1);
    home.receives_at(3, cuff(FACTORY, 3, 120));
    assert_eq!((home.last().severity, home.last().evidence.len()), (Severity::Review, 1));
}

/// The severe values that the open alert tells of, once all versions have come.
fn reported(versions: &[(usize, i64, bool)]) -> Vec<i64> {
    let mut home = Home::default();
    for (minute, (number, systolic, entered_in_error)) in (1..).zip(versions) {
        // Registered before anything arrived: no clock is ahead.
        let version = cuff(FACTORY, *number as i64 - 10, *systolic as u16);
        home.receives_at(minute, Said { entered_in_error: *entered_in_error, ..version });
    }
    assert!(home.missed_at(versions.len() as i64 + 1).is_empty());
    let evidence = open(&home).into_iter().flat_map(|alert| &alert.evidence);
    let mut values: Vec<_> =
        evidence.filter_map(|one| one.value("systolic")).map(|value| value as i64).collect();
    values.sort_unstable();
    values
}

proptest! {
    #[test]
    fn of_a_clock_that_stands_still_the_order_of_arrival_makes_no_difference(
        (versions, arrived) in prop::collection::vec((0..3_usize, any::<bool>()), 1..7)
            .prop_map(|versions| {
                let value = |(number, (value, is_withdrawal)): (usize, (usize, bool))| {
                    (number, [120, 192, 201][value], is_withdrawal)
                };
                versions.into_iter().enumerate().map(value).collect::<Vec<_>>()
            })
            .prop_flat_map(|versions| (Just(versions.clone()), Just(versions).prop_shuffle())),
    ) {
        let expected = reported(&versions);
        prop_assert_eq!(reported(&arrived), expected.clone());
        // Every severe value but those that were withdrawn after they were said last.
        for systolic in [192, 201] {
            let last = versions.iter().rfind(|(_, value, _)| *value == systolic);
            let is_reported = last.is_some_and(|(_, _, is_withdrawal)| !is_withdrawal);
            prop_assert_eq!(expected.contains(&systolic), is_reported);
        }
    }
}
