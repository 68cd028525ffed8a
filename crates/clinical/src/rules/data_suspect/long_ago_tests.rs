//! Severe values that are handed over as of long ago, shown by what happens to a patient.

use super::severe_tests::{Value, send, severe_values};
use super::tests::{DAY, said};
use crate::alert::{Severity, Status, Transition};
use crate::home::{Home, at};
use crate::rules;
use crate::{Outcome, Reading, Source, Version};

const HOUR: i64 = 60;
/// A year behind, and in no first days of one.
const YEAR: i64 = 365 * DAY;
const LONG_AGO: [&str; 1] = ["observed_long_ago"];

/// What a device shows at a minute and registers at another.
fn shown((kind, sample): Value, shown: i64, updated: i64) -> Reading {
    Reading {
        patient: crate::home::patient(),
        kind,
        observation_time: at(shown),
        source: Source::device("OMRON", "1").unwrap(),
        version: Version::new(at(updated), 1),
        entered_in_error: false,
        by_hand: false,
        sample,
    }
}

#[test]
fn a_severe_value_with_a_date_of_long_ago_is_a_review_an_hour_after_it_was_handed_over() {
    for (severe, ordinary, says) in severe_values() {
        let mut home = Home::default();
        assert_eq!(send(&mut home, &shown(severe, -YEAR, 0), 1), Outcome::Historical);
        send(&mut home, &shown(ordinary, 5 - YEAR, 5), 6);
        assert!(home.reported.is_empty(), "{severe:?}: a history may come");
        home.waits_until(HOUR + 1);
        let raised = (Transition::Raised, Severity::Review, LONG_AGO.to_vec());
        assert_eq!(said(&home), [raised], "{severe:?}");
        let words = rules::words(home.last());
        assert!(words.en.contains(says) && words.en.contains("date"), "{words:?}");
        assert!(home.missed_at(HOUR + 2).is_empty());
        // The clock is set.
        send(&mut home, &shown(ordinary, DAY, DAY), DAY);
        assert_eq!(home.last().status, Status::Resolved, "{severe:?}");
    }
}

#[test]
fn a_history_with_severe_values_that_is_handed_over_now_is_believed() {
    for (severe, ordinary, _) in severe_values() {
        for reversed in [false, true] {
            let mut days: Vec<i64> = (0..20).collect();
            if reversed {
                days.reverse();
            }
            let mut home = Home::default();
            for (minute, day) in (1..).zip(days) {
                let value = if day % 3 == 0 { severe } else { ordinary };
                send(&mut home, &shown(value, day * DAY - YEAR, 0), minute);
            }
            home.waits_until(3 * DAY);
            assert!(said(&home).is_empty(), "{severe:?}");
        }
        // What was registered when it was measured is a history, however little of it comes.
        let mut home = Home::default();
        send(&mut home, &shown(severe, -YEAR, 2 - YEAR), 1);
        home.waits_until(DAY);
        assert!(said(&home).is_empty(), "{severe:?}");
    }
}

#[test]
fn the_rest_of_a_history_that_comes_later_takes_the_review_back() {
    let (severe, ordinary, _) = severe_values()[0];
    let mut home = Home::default();
    send(&mut home, &shown(severe, -YEAR, 0), 1);
    home.waits_until(2 * HOUR);
    assert!(home.last().is_open());
    for day in 1..9 {
        send(&mut home, &shown(ordinary, day * DAY - YEAR, 2 * HOUR), 2 * HOUR + day);
    }
    assert!(!home.last().is_open());
    home.waits_until(3 * DAY);
    assert!(!home.last().is_open());
}

#[test]
fn a_clock_of_another_year_that_goes_on_is_known_as_one_from_the_second_day_on() {
    let (severe, ordinary, _) = severe_values()[0];
    let mut home = Home::default();
    send(&mut home, &shown(severe, -YEAR, 0), 1);
    home.waits_until(2 * HOUR);
    send(&mut home, &shown(ordinary, DAY - YEAR, DAY), DAY + 1);
    let (_, severity, names) = said(&home).pop().unwrap();
    assert_eq!((severity, names), (Severity::Review, vec!["clock_not_set"]));
}

#[test]
fn a_value_of_long_ago_that_is_corrected_or_withdrawn_within_the_hour_is_not_told() {
    for (severe, ordinary, _) in severe_values() {
        let withdrawn = Reading { entered_in_error: true, ..shown(severe, -YEAR, 20) };
        let corrected = Reading { by_hand: true, ..shown(ordinary, -YEAR, 20) };
        for later in [corrected, withdrawn] {
            let mut home = Home::default();
            send(&mut home, &shown(severe, -YEAR, 0), 1);
            send(&mut home, &later, 21);
            home.waits_until(DAY);
            assert!(said(&home).is_empty(), "{severe:?}");
        }
    }
}

#[test]
fn of_a_date_of_long_ago_a_device_corrects_nothing() {
    for (severe, ordinary, _) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &shown(severe, -YEAR, 0), 1);
        send(&mut home, &shown(ordinary, -YEAR, 20), 21);
        home.waits_until(DAY);
        let (_, severity, names) = said(&home).pop().unwrap();
        assert_eq!((severity, names), (Severity::Review, vec!["same_minute"]), "{severe:?}");
    }
}

#[test]
fn a_severe_value_of_a_wrong_date_is_told_also_where_the_clock_is_set_within_the_hour() {
    for (severe, ordinary, _) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &shown(severe, -YEAR, 0), 1);
        assert_eq!(send(&mut home, &shown(ordinary, 10, 10), 11), Outcome::New);
        home.waits_until(DAY);
        let told = said(&home).pop().map(|(_, severity, names)| (severity, names));
        assert_eq!(told, Some((Severity::Review, vec!["observed_long_ago"])), "{severe:?}");
        // The device's next value shows that its clock is set, and the physician was told.
        send(&mut home, &shown(ordinary, DAY, DAY), DAY + 1);
        assert_eq!(home.last().status, Status::Resolved);
    }
}

#[test]
fn what_a_person_enters_later_is_no_clock() {
    for (severe, ..) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &Reading { by_hand: true, ..shown(severe, -YEAR, 0) }, 1);
        home.waits_until(DAY);
        assert!(said(&home).is_empty(), "{severe:?}");
    }
}
