//! A sensor's days, its ways, and what holds for every history.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{DAY, LO, RULE, Sent, after, finger, sensor};
use crate::alert::{Severity, Stage, Transition};
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, episode_with_crisis};
use crate::monitor::ASSESSED;
use crate::rules::glucose_tests::Over;

use Severity::Urgent;
use Stage::Confirmed;
use Transition::{Raised, Resolved, Updated};

/// Nobody looks at a day of a sensor that is never low, whether it comes over one way or over two.
#[test]
fn ordinary_values_of_a_sensor_take_the_fast_path() {
    for ways in [1, 2] {
        let day = (0..288).flat_map(|n| {
            let value = sensor(n * 5, 70 + (n % 90) as u16);
            (0..ways).map(move |way| Sent { device: value.device + way, ..value })
        });
        ASSESSED.set(0);
        let home = after(day);
        // The two rules of two weeks: with the first value, and when the day before is complete.
        assert_eq!(ASSESSED.get(), 4, "over {ways}");
        assert!(home.reported.is_empty());
        assert!(home.waits_for_days_only());
    }
}

/// The first very low value, the one that makes the run long enough, and the one that ends the episode;
/// and of the rule of what is low where it begins, what is lower than all before, twice, and its end.
#[test]
fn an_ordinary_episode_of_a_sensor_takes_eleven_full_computations() {
    let values = [90, 80, 65, 60, 50, 48, 47, 46, 47, 75, 80, 85, 90, 95];
    let sent = (0..).zip(values).map(|(n, value)| sensor(n * 5, value));
    ASSESSED.set(0);
    let home = after(sent);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed), (Resolved, Urgent, Confirmed)]);
    // And the two rules of two weeks: with the first value, and when the day before is complete.
    assert_eq!(ASSESSED.get(), 7 + 4);
}

/// The second way begins with a copy of the value that confirmed, or brings the past later.
#[test]
fn a_sensor_that_comes_over_a_second_way_takes_no_alert_back() {
    for (first, second) in [(1, 3), (3, 1)] {
        let over = |device, minutes| Sent { device, ..sensor(minutes, 50) };
        let mut home = after([0, 5, 10, 15].map(|minutes| over(first, minutes)));
        for minutes in [15, 20, 25, 30] {
            home.receives_at(minutes + 1, over(second, minutes));
        }
        assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);

        let mut home = after([0, 5, 10, 15, 20, 25].map(|minutes| over(first, minutes)));
        for minutes in [0, 5, 10] {
            home.receives_at(60, over(second, minutes));
        }
        assert_eq!(home.transitions()[..], [(Raised, Urgent, Confirmed)]);
        assert!(home.missed_at(61).is_empty());
    }
}

/// Two meters' clouds and an app: one finger-stick.
#[test]
fn a_copy_of_a_finger_stick_takes_no_alert_back_however_late_it_comes() {
    for (first, second) in [(1, 2), (2, 1)] {
        for late in [2, 7 * 60] {
            let over = |way: u8, sent: Sent| Over { way, sent };
            let mut home = after([over(first, finger(0, 45))]);
            home.receives_at(late, over(second, finger(1, 45)));
            home.waits_until(late + 1);
            let seen = home.transitions();
            assert_eq!(seen[0], (Raised, Urgent, Confirmed));
            assert!(seen[1..].iter().all(|one| *one == (Updated, Urgent, Confirmed)), "{seen:?}");
        }
    }
}

fn sends() -> impl Strategy<Value = Vec<Sent>> {
    let value = select(vec![LO, 40_u16, 45, 50, 53, 54, 60, 69, 70, 75, 110]);
    let device = prop_oneof![2 => Just(0_u8), 7 => Just(1), 2 => Just(2)];
    let minutes = prop_oneof![
        6 => (0..60_i64).prop_map(|n| n * 5),
        2 => (0..60_i64).prop_map(|n| n * 5 + 2),
        1 => (0..400_i64).prop_map(|n| n * 15),
    ];
    let change = prop_oneof![
        8 => Just(None),
        1 => value.clone().prop_map(Some).prop_map(Some),
        1 => Just(Some(None)),
    ];
    (minutes, value, device, change).prop_map(|(minutes, value, device, change)| {
        let first = Sent { device, ..sensor(minutes, value) };
        match change {
            None => vec![first],
            Some(Some(value)) => vec![first, first.corrected_to(value)],
            Some(None) => vec![first, first.entered_in_error()],
        }
    })
}

/// What is sent, each with its delay in minutes, in the order of receipt. Some of it lies 40 days
/// before the rest.
fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let delay = prop_oneof![8 => 0..3_i64, 2 => 0..90_i64, 1 => 0..2_000_i64];
    let shift = prop_oneof![3 => Just(0_i64), 1 => Just(40 * DAY), 1 => Just(40 * DAY - 120)];
    // Some of it comes over a phone as well.
    let copy = prop::option::weighted(0.3, (0..3_i64, 0..3_i64));
    vec((sends(), vec(delay, 2), shift, copy), 1..40).prop_map(|all| {
        let mut sends: Vec<(i64, Sent)> = Vec::new();
        for (sent, delays, shift, copy) in all {
            if let Some((later, delay)) = copy {
                let minutes = sent[0].minutes + shift + later;
                sends.push((minutes + delay, Sent { device: 3, minutes, ..sent[0] }));
            }
            let later = |sent: Sent| Sent { minutes: sent.minutes + shift, ..sent };
            let sent = sent.into_iter().map(later).zip(delays);
            // Nothing comes before it was registered.
            let received = |sent: &Sent, delay: i64| sent.minutes + delay.max(sent.update);
            sends.extend(sent.map(|(sent, delay)| (received(&sent, delay), sent)));
        }
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_fast_path_equals_the_full_computation_and_time_alone_changes_nothing(
        history in history(),
        sweeps: bool,
    ) {
        let checks = Checks {
            after: &[0, 7, 31, 200],
            next_assessment: NextAssessment::NotLater,
            forgets_after: sweeps.then_some(0),
        };
        properties::nothing_is_missed(&mut Home::under(&[RULE]), &history, checks)?;
        // The same where no full computation came between.
        let (before, last) = history.split_at(history.len() - 1);
        let mut home = Home::under(&[RULE]);
        for (received, sent) in before {
            home.receives_at(*received, *sent);
        }
        properties::nothing_is_missed(&mut home, last, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        all in vec(sends(), 1..25),
        other_order in any::<[Index; 50]>(),
        pause in 0..9_i64,
    ) {
        let all: Vec<Sent> = all.concat();
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home::under(&[RULE]);
            let mut clock = 0;
            for sent in sends {
                clock = (clock + pause).max(sent.minutes + sent.update);
                home.receives_at(clock, *sent);
            }
            home.waits_until(20_000);
            home.known(episode_with_crisis)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(history in history(), at_most in 0..60_usize) {
        properties::a_restart_says_nothing_new(&history[..at_most.min(history.len())])?;
    }
}

/// A sensor and a finger-stick say in the same second that it has lasted: the alert names the same of them
/// whichever came first.
#[test]
fn what_an_alert_names_is_the_same_after_a_restart_whichever_of_one_second_came_first() {
    let over = |minutes, device| Sent { device, ..sensor(minutes, LO) };
    let taken_back = over(57_667, 0);
    let mut history: Vec<(i64, Sent)> = [
        over(0, 0),
        over(155, 0),
        over(57_482, 0),
        over(57_667, 3),
        taken_back,
        over(57_697, 3),
        over(57_697, 0),
        finger(57_705, 70),
        finger(57_900, 70),
    ]
    .map(|sent| (sent.minutes, sent))
    .to_vec();
    history.insert(5, (57_668, taken_back.entered_in_error()));
    properties::a_restart_says_nothing_new(&history).unwrap();
}

/// What silence followed is no part of a low that lasts, whether memory still has it or the alert alone
/// tells of it.
#[test]
fn what_silence_followed_lasts_no_longer_once_it_has_left_memory() {
    let over = |minutes, device, value| Sent { device, ..sensor(minutes, value) };
    let history = [
        (91, over(89, 3, 40)),
        (121, over(121, 3, 69)),
        (201, finger(130, 53)),
        (246, finger(245, 70)),
        (246, over(245, 1, 60)),
        (298, over(215, 1, 40)),
        (57_773, over(57_772, 1, 75)),
    ];
    properties::a_restart_says_nothing_new(&history).unwrap();
}
