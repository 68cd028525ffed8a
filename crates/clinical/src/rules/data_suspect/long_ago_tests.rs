//! Severe values that are handed over as of long ago, shown by what happens to a patient.

use super::severe_tests::{Value, send, severe_values};
use super::tests::{DAY, said};
use crate::alert::{Severity, Status, Transition};
use crate::home::{Home, at};
use crate::kinds::blood_pressure::SYSTOLIC;
use crate::plan::Plan;
use crate::{Outcome, Reading, Source, Span, Version};
use crate::{programmes, rules};

pub(super) const HOUR: i64 = 60;
/// A year behind, and in no first days of one.
pub(super) const YEAR: i64 = 365 * DAY;
const LONG_AGO: [&str; 1] = ["observed_long_ago"];

/// What a device shows at a minute and registers at another.
pub(super) fn shown((kind, sample): Value, shown: i64, updated: i64) -> Reading {
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
fn a_history_with_severe_values_that_is_handed_over_now_is_no_clock() {
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
fn a_value_of_long_ago_that_is_corrected_or_withdrawn_within_the_hour_is_not_reported() {
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
fn a_severe_value_of_a_wrong_date_is_reported_also_where_the_clock_is_set_within_the_hour() {
    for (severe, ordinary, _) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &shown(severe, -YEAR, 0), 1);
        assert_eq!(send(&mut home, &shown(ordinary, 10, 10), 11), Outcome::New);
        home.waits_until(DAY);
        let reported = said(&home).pop().map(|(_, severity, names)| (severity, names));
        assert_eq!(reported, Some((Severity::Review, vec!["observed_long_ago"])), "{severe:?}");
        // The device's next value shows that its clock is set, and the physician was informed.
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

/// Of one measurement at a time, each with another date: the battery falls out, or the date is set wrongly again.
#[test]
fn severe_values_of_dates_that_change_are_each_reported_where_they_come_one_at_a_time() {
    let behind = [YEAR, 100 * DAY, 2 * YEAR + 77 * DAY, 400 * DAY, 90 * DAY, 3 * YEAR + 41 * DAY];
    for (severe, ..) in severe_values() {
        for apart in [3 * HOUR, 10 * HOUR, 2 * DAY, 5 * DAY] {
            let mut home = Home::default();
            for (number, behind) in (1..).zip(behind) {
                let measured = number * apart;
                let reading = shown(severe, measured - behind, measured);
                send(&mut home, &reading, measured + 1);
                home.waits_until(measured + HOUR + 1);
                let alert = home.last();
                let is_reported = alert.evidence.iter().any(|one| one.reading == reading.id());
                assert!(alert.is_open() && is_reported, "{severe:?} {number} each {apart} min");
            }
        }
    }
}

/// Two measurements with one wrong date and three with the next, all within an hour.
#[test]
fn a_date_that_is_set_to_another_wrong_one_between_two_measurements_is_no_history() {
    let (severe, ordinary, _) = severe_values()[0];
    let mut home = Home::default();
    for (minute, value, behind) in [
        (1, ordinary, YEAR),
        (3, severe, YEAR),
        (10, ordinary, 200 * DAY),
        (12, ordinary, 200 * DAY),
        (14, severe, 200 * DAY),
    ] {
        send(&mut home, &shown(value, minute - behind, minute), minute);
    }
    home.waits_until(2 * HOUR);
    assert_eq!(said(&home).pop().unwrap().2, LONG_AGO);
    assert_eq!(home.last().evidence.len(), 2);
}

/// Pressure, which the programme of pregnancy calls severe from 160 on, and what a plan of its own limits does.
#[test]
fn what_only_the_patients_own_plan_calls_severe_is_reported_as_well() {
    let pressure = |systolic: u16| {
        let (kind, sample) = severe_values()[0].0;
        (kind, sample.with(SYSTOLIC, systolic.into()))
    };
    let pregnancy = Plan::default().with_programme(programmes::find("pregnancy").unwrap());
    let own = rules::plan(1, [("bp.severe_high.systolic", 150.0)]).unwrap();
    for (plan, systolic) in [(pregnancy, 166), (own, 151)] {
        let (stricter, ordinary) = (pressure(systolic), pressure(121));
        let with = |plan: &Plan| Home { plan: plan.clone(), ..Home::default() };
        let of_long_ago = shown(stricter, -YEAR, 0);
        let mut home = with(&plan);
        send(&mut home, &of_long_ago, 1);
        home.waits_until(HOUR + 1);
        assert_eq!(said(&home), [(Transition::Raised, Severity::Review, LONG_AGO.to_vec())]);
        assert_eq!(home.last().first_observed_at, at(1));
        // Of whoever has no such plan nothing is reported, until it is made.
        let mut home = with(&Plan::default());
        send(&mut home, &of_long_ago, 1);
        home.waits_until(DAY);
        assert!(said(&home).is_empty());
        home.follows(plan.clone(), DAY);
        assert_eq!(said(&home).pop().unwrap().2, LONG_AGO);
        // Replaced and overtaken.
        for (seconds, name) in [(20, "same_minute"), (3, "overtaken")] {
            let mut home = with(&plan);
            let of_time = |value, update| Reading {
                observation_time: at(10) + Span::from_seconds(seconds),
                ..shown(value, 10, update)
            };
            send(&mut home, &of_time(ordinary, 15), 16);
            assert_eq!(send(&mut home, &of_time(stricter, 12), 17), Outcome::Stale);
            assert_eq!(said(&home).pop().unwrap().2, [name]);
        }
    }
}
