//! Clocks that are set to another month or year, shown by what happens to a patient.

use proptest::prelude::*;

use super::severe_tests::send;
use super::tests::{DAY, Said, cuff, said};
use crate::alert::{Severity, Transition};
use crate::home::{Home, Sending};
use crate::{Outcome, Reading};

const HOUR: i64 = 60;
const YEAR: i64 = 365 * DAY;

#[test]
fn a_device_that_shows_another_year_from_day_to_day_is_suspected_on_the_third() {
    // A year behind, and in no first days of one.
    let behind = |day: i64, systolic| cuff((day - 365) * DAY, day * DAY, systolic);
    let mut home = Home::default();
    for day in 0..2 {
        assert_eq!(home.receives_at(day * DAY + 1, behind(day, 120)), Outcome::Historical);
    }
    assert!(said(&home).is_empty(), "two days may be an import");
    home.receives_at(2 * DAY + 1, behind(2, 192));
    let not_set = || vec!["clock_not_set"];
    assert_eq!(said(&home), [(Transition::Raised, Severity::Review, not_set())]);
    assert!(crate::rules::words(home.last()).en.contains("192 mmHg"));
    assert!(home.missed_at(2 * DAY + 2).is_empty());
    home.receives_at(3 * DAY, cuff(3 * DAY, 3 * DAY, 121));
    assert_eq!(said(&home)[1], (Transition::Resolved, Severity::Review, not_set()));
}

#[test]
fn a_history_that_is_imported_in_parts_from_day_to_day_is_no_clock() {
    let mut home = Home::default();
    for day in 0..6 {
        for n in 0..20 {
            // The next part begins a day after where the last one ended.
            let shown = (day * 20 + n - 400) * DAY;
            home.receives_at(day * DAY + n, cuff(shown, day * DAY, 120));
        }
    }
    assert!(said(&home).is_empty(), "{:?}", said(&home));
}

/// What a cuff a year behind hands over in the evening of a day, measured so many hours before.
fn upload(day: i64, hours_before: &[i64], systolic: u16) -> Vec<(i64, Said)> {
    let received = day * DAY + 22 * HOUR;
    let said = |before: &i64| {
        (received, cuff(received - before * HOUR - YEAR, received - before * HOUR, systolic))
    };
    hours_before.iter().map(said).collect()
}

#[test]
fn a_cuff_a_year_behind_that_hands_over_mornings_and_evenings_once_a_day_is_suspected() {
    for hours_before in [[15, 1], [1, 15], [14, 0], [23, 11], [13, 12]] {
        let mut home = Home::default();
        for day in 0..2 {
            home.receives_all(&upload(day, &hours_before, 120));
        }
        assert!(said(&home).is_empty(), "two days may be an import");
        home.receives_all(&upload(2, &hours_before, 192));
        let last = said(&home).pop();
        let not_set = vec!["clock_not_set"];
        assert_eq!(
            last.map(|(_, severity, names)| (severity, names)),
            Some((Severity::Review, not_set))
        );
        assert_eq!(home.last().evidence.len(), 2, "{hours_before:?}: mornings and evenings");
        assert!(home.missed_at(2 * DAY + 23 * HOUR).is_empty());
        // It lasts, and ends when the clock is set.
        for day in 3..20 {
            home.receives_all(&upload(day, &hours_before, 121));
        }
        let open = home.monitor.alerts().iter().filter(|alert| alert.is_open()).count();
        assert_eq!(open, 1);
        home.receives_at(
            20 * DAY + 23 * HOUR,
            cuff(20 * DAY + 23 * HOUR, 20 * DAY + 23 * HOUR, 121),
        );
        assert_eq!(said(&home).pop().unwrap().0, Transition::Resolved);
    }
}

#[test]
fn a_cuff_a_year_behind_that_is_handed_over_at_another_hour_each_day_is_suspected() {
    let mut home = Home::default();
    // Measured at seven and at 21 o'clock; handed over then, in the evening, or the next morning.
    for (received, shown) in [
        (21 * HOUR, vec![7 * HOUR, 21 * HOUR]),
        (DAY + 22 * HOUR, vec![DAY + 7 * HOUR, DAY + 21 * HOUR]),
        (3 * DAY + 7 * HOUR, vec![2 * DAY + 7 * HOUR, 2 * DAY + 21 * HOUR, 3 * DAY + 7 * HOUR]),
    ] {
        for shown in shown {
            home.receives_at(received, cuff(shown - YEAR, shown, 120));
        }
    }
    assert_eq!(said(&home).len(), 1);
}

#[test]
fn a_history_that_is_handed_over_in_small_parts_or_again_and_again_is_no_clock() {
    // Two days of it a day; the same two readings every day; and all of it every day.
    // A little later each day: what was sent within 24 hours is a duplicate.
    let received = |day: i64| day * (DAY + 10);
    let parts: Vec<(i64, Said)> = (0..30)
        .flat_map(|day| [0, 1].map(|n| (received(day), cuff((2 * day + n) * DAY - YEAR, 0, 120))))
        .collect();
    let same: Vec<(i64, Said)> = (0..30)
        .flat_map(|day| [0, 1].map(|n| (received(day), cuff(n * DAY - YEAR, 0, 120))))
        .collect();
    let all: Vec<(i64, Said)> = (0..10)
        .flat_map(|day| (41..60).map(move |ago| (received(day), cuff((day - ago) * DAY, 0, 120))))
        .collect();
    for history in [parts, same, all] {
        let mut home = Home::default();
        home.receives_all(&history);
        assert!(said(&home).is_empty(), "{:?}", said(&home));
    }
}

#[test]
fn a_clock_that_was_set_to_another_wrong_month_is_known_again_after_three_days() {
    let mut home = Home::default();
    for day in 0..5 {
        let measured = day * DAY + 21 * HOUR;
        let behind = if day < 2 { YEAR } else { 100 * DAY };
        home.receives_at(measured + HOUR, cuff(measured - behind, measured, 120));
        assert_eq!(said(&home).len(), usize::from(day == 4), "day {day}");
    }
}

/// Each upload looks like a history of three days. What its newest reading shows goes on as the receipts do.
#[test]
fn a_cuff_a_year_behind_that_uploads_every_few_days_is_suspected_on_the_third_upload() {
    for every in 3..8 {
        let mut home = Home::default();
        for upload in 1..4 {
            let received = upload * every * DAY;
            let days = (0..every).rev().map(|before| received - before * DAY);
            for (minute, shown) in (1..).zip(days) {
                home.receives_at(received + minute, cuff(shown - YEAR, received, 192));
            }
            home.waits_until(received + 2 * HOUR);
            assert_eq!(said(&home).is_empty(), upload < 3, "every {every} days, {upload}");
        }
        let (_, severity, names) = said(&home).pop().unwrap();
        assert_eq!((severity, names), (Severity::Review, vec!["clock_not_set"]), "every {every}");
        let received = 3 * every * DAY;
        assert!(home.missed_at(received + 2 * HOUR).is_empty());
        home.receives_at(received + DAY, cuff(received + DAY, received + DAY, 121));
        assert_eq!(said(&home).pop().unwrap().0, Transition::Resolved, "every {every} days");
    }
}

#[test]
fn a_history_that_is_imported_in_parts_of_some_days_every_few_days_is_no_clock() {
    for (every, days_of_a_part) in [(3, 4), (3, 2), (7, 14), (7, 5), (5, 30)] {
        let mut home = Home::default();
        for part in 0..5 {
            for day in 0..days_of_a_part {
                let shown = (part * days_of_a_part + day) * DAY - YEAR;
                let received = part * every * DAY;
                home.receives_at(received + day, cuff(shown, received, 192));
            }
            home.waits_until(part * every * DAY + 2 * HOUR);
            // Two days alone are none yet.
            let is_doubted = days_of_a_part < 3 && !said(&home).is_empty();
            assert!(is_doubted || said(&home).is_empty(), "{every} {days_of_a_part} {part}");
        }
    }
}

#[test]
fn what_a_person_types_says_nothing_of_a_devices_clock() {
    let typed = |shown, update| Reading { by_hand: true, ..cuff(shown, update, 125).reading() };
    // Old entries from day to day.
    let mut home = Home::default();
    for day in 0..5 {
        send(&mut home, &typed(day * DAY - YEAR, day * DAY), day * DAY + 1);
    }
    assert!(said(&home).is_empty(), "{:?}", said(&home));
    // Old entries of three days, after a severe value with a wrong date.
    let mut home = Home::default();
    home.receives_at(1, cuff(-YEAR, 0, 192));
    for day in 0..4 {
        send(&mut home, &typed((day - 200) * DAY, 2), 3 + day);
    }
    home.waits_until(2 * HOUR);
    assert_eq!(said(&home).pop().unwrap().2, ["observed_long_ago"]);
    // An entry of the next day, as much later.
    send(&mut home, &typed(DAY - YEAR, DAY), DAY + 1);
    assert_eq!(said(&home).pop().unwrap().2, ["observed_long_ago"]);
    // One of today sets no clock.
    send(&mut home, &typed(2 * DAY, 2 * DAY), 2 * DAY + 1);
    assert!(home.last().is_open());
    home.receives_at(2 * DAY + HOUR, cuff(2 * DAY + HOUR, 2 * DAY + HOUR, 121));
    assert!(!home.last().is_open());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_clock_far_behind_is_suspected_in_whatever_order_an_upload_comes(
        days in prop::collection::vec(prop::collection::vec(0..20_i64, 1..4), 3..8),
        offset in 60..3_000_i64,
        reversed: bool,
    ) {
        let mut home = Home::default();
        for (day, measured) in (0..).zip(days) {
            let received = day * DAY + 22 * HOUR;
            // Each day something is measured in the hours before the upload.
            let mut shown: Vec<i64> =
                measured.iter().map(|hour| day * DAY + hour * HOUR).chain([received - HOUR]).collect();
            shown.sort_unstable();
            if reversed {
                shown.reverse();
            }
            // Not in the first days of a year, which are a factory date by themselves.
            for shown in shown {
                home.receives_at(received, cuff(shown - offset * DAY, shown, 120));
            }
            let is_known = said(&home).iter().any(|(transition, ..)| *transition == Transition::Raised);
            prop_assert!(is_known || day < 2, "day {day}");
        }
        prop_assert!(home.missed_at(9 * DAY).is_empty());
    }
}
