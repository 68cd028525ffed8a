//! Who measures once an occasion: what the next measurement confirms, and what nothing repeats.

use super::super::sent::Sent;
use super::tests::{DAY, HOUR, after, goes_on, spo2};
use crate::alert::{Severity, Stage, Transition};
use crate::home::Home;
use crate::rules;

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Updated};

/// Whoever measures once does what the alert asks for at the next measurement.
#[test]
fn a_measurement_that_is_low_confirms_the_one_before_it() {
    let mut home = after(&[(0, 82), (20, 81)]);
    let first = [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)];
    assert_eq!(home.transitions(), first);
    goes_on(&mut home, &[(40, 80), (60, 79)]);
    assert_eq!(home.transitions()[2..], [(Updated, Urgent, Confirmed); 2]);
    assert!(rules::words(home.last()).en.starts_with("SpO₂ lowest 79 %: at or below 90."));
    // One above the urgent limit does not, and one that is not low parts them.
    let home = after(&[(0, 82), (20, 92)]);
    assert_eq!((home.last().severity, home.last().stage), (Review, Confirmed));
    let home = after(&[(0, 82), (20, 94), (40, 81)]);
    assert_eq!(home.last().stage, Unconfirmed);
    // A day apart, and not longer.
    let stage = |apart| after(&[(0, 82), (apart, 82)]).last().stage;
    assert_eq!((stage(28 * HOUR), stage(28 * HOUR + 1)), (Confirmed, Unconfirmed));
}

#[test]
fn an_unconfirmed_alert_names_a_lower_value_that_nothing_repeats_either() {
    let mut home = after(&[(0, 86), (2 * DAY, 84)]);
    home.waits_until(2 * DAY + 20);
    assert_eq!(home.transitions()[1..], [(Updated, Review, Unconfirmed)]);
    assert!(rules::words(home.last()).en.starts_with("SpO₂ 84 %: at or below 90, not repeated"));
}

/// More than 28 hours after the last: it confirms nothing, and is no news.
#[test]
fn a_confirmed_alert_names_a_lower_value_that_nothing_repeats_too() {
    let mut home = after(&[(0, 88), (DAY, 84), (2 * DAY + 5 * HOUR, 78)]);
    home.waits_until(2 * DAY + 6 * HOUR);
    assert_eq!(home.transitions()[2..], [(Updated, Urgent, Confirmed)]);
    assert!(rules::words(home.last()).en.starts_with("SpO₂ lowest 78 %"));
    let mut home = after(&[(0, 93), (DAY, 92), (2 * DAY + 5 * HOUR, 84)]);
    home.waits_until(2 * DAY + 6 * HOUR);
    assert_eq!(home.transitions()[2..], [(Updated, Review, Confirmed)]);
    let words = rules::words(home.last()).en;
    assert!(
        words.starts_with("SpO₂ lowest 84 %: below 94; at or below 90 not confirmed"),
        "{words}"
    );
}

#[test]
fn one_urgent_value_among_low_ones_asks_to_measure_again() {
    let mut home = after(&[(0, 93), (2, 84)]);
    home.waits_until(HOUR);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "SpO₂ lowest 84 %: below 94; at or below 90 not confirmed by further values. Ask about breathlessness, and ask to measure again. With marked breathlessness, care at once, without waiting to measure again."
    );
    assert_eq!(
        words.ja,
        "SpO₂ 最低 84 %（94未満、90以下の値は続く測定で確認できていません）。息切れを確認し、再測定を依頼してください。息切れが強い場合は、再測定を待たずに直ちに受診するよう伝えてください。"
    );
    // What was reported before the sentence changed reads as it did.
    let before = crate::alert::Alert { wording_version: 1, ..home.last().clone() };
    assert!(rules::words(&before).en.contains("at or below 90 once, not repeated"));
    goes_on(&mut home, &[(90, 85)]);
    assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)]);
}

/// Once a day, wherever the window begins.
#[test]
fn who_measures_once_a_day_and_is_low_is_reported_once() {
    let sent: Vec<(i64, Sent)> = (0..8)
        .map(|day| spo2(day * DAY + day % 3 * 100, 85 - day as u16 % 2))
        .map(|sent| (sent.minutes + 1, sent))
        .collect();
    let mut home = Home::default();
    home.receives_all(&sent);
    home.waits_until(8 * DAY);
    let first = [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)];
    assert_eq!(home.transitions(), first);
    let known = home.last().clone();
    for hours in 0..24 * 50 {
        let now = 8 * DAY + hours * HOUR;
        assert!(home.missed_at(now).is_empty(), "{hours}");
        if hours % 5 == 0 {
            let mut restarted = home.restarted(&sent, now);
            assert!(restarted.missed_at(now).is_empty(), "{hours}");
            assert_eq!(restarted.monitor.alerts(), std::slice::from_ref(&known));
        }
    }
}
