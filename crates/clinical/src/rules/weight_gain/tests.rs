//! The rule, shown by what happens to a patient.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::alert::{Severity, Transition};
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, Made, Sending, at};
use crate::kinds::weighing_scale::BODY_WEIGHT;
use crate::rules;
use crate::sample::Sample;
use crate::{Kind, Reading, Source};

use Transition::{Raised, Resolved, Retracted, Updated};

const RULE: &str = "weight.gain";

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// A weight as it is sent: hundredths of a kilogram, on one of the scales.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sent {
    hours: i64,
    weight: i32,
    scale: u8,
    update: i64,
    entered_in_error: bool,
}

/// A weight on the first scale, kg.
fn kg(day: i64, weight: f64) -> Sent {
    let weight = (weight * 100.0).round() as i32;
    Sent { hours: day * 24, weight, scale: 0, update: 0, entered_in_error: false }
}

impl Sent {
    fn on_scale(self, scale: u8) -> Self {
        Self { scale, ..self }
    }

    fn corrected_to(self, weight: f64) -> Self {
        Self { weight: (weight * 100.0).round() as i32, update: self.update + 1, ..self }
    }

    fn entered_in_error(self) -> Self {
        Self { entered_in_error: true, update: self.update + 1, ..self }
    }
}

impl Sending for Sent {
    fn minutes(&self) -> i64 {
        self.hours * HOUR
    }

    fn reading(&self) -> Reading {
        Made {
            kind: Kind::WeighingScale,
            source: Source::device("TANITA", &self.scale.to_string()).unwrap(),
            sample: Sample::default().with(BODY_WEIGHT, f64::from(self.weight) / 100.0),
            minutes: self.minutes(),
            update: self.update,
            content: self.weight as u64,
            entered_in_error: self.entered_in_error,
        }
        .reading()
    }
}

/// The patient after weights, by days and in kg.
fn after(days: &[(i64, f64)]) -> Home {
    Home::after(days.iter().map(|(day, weight)| kg(*day, *weight)))
}

/// The maker's cloud and a phone's app: one weight each day, over one way or both.
#[test]
fn a_gain_is_seen_whichever_of_two_ways_brings_which_weight() {
    for (one, other) in [(0, 7), (7, 0)] {
        let both = |day, weight| [kg(day, weight).on_scale(one), kg(day, weight).on_scale(other)];
        let begin = || both(0, 80.0).into_iter();
        let home = Home::after(begin().chain([kg(3, 82.3).on_scale(one)]));
        assert_eq!(transitions(&home), [Raised]);
        let home = Home::after(begin().chain([kg(3, 82.3).on_scale(other)]));
        assert_eq!(transitions(&home), [Raised]);
        // The second way is linked on the day of the gain.
        let one_way = [kg(0, 80.0).on_scale(one), kg(3, 82.3).on_scale(one)];
        let home = Home::after(one_way.into_iter().chain([kg(3, 82.3).on_scale(other)]));
        assert_eq!(transitions(&home), [Raised]);
    }
}

fn transitions(home: &Home) -> Vec<Transition> {
    home.reported.iter().map(|alert| alert.transition).collect()
}

#[test]
fn two_kilograms_more_than_three_days_ago_are_for_review() {
    let home = after(&[(0, 80.1), (1, 80.3), (2, 81.2), (3, 82.1)]);
    assert_eq!(transitions(&home), [Raised]);
    let alert = home.last();
    assert_eq!((alert.severity, alert.late), (Severity::Review, false));
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "Weight up by 2 kg in 3 days (80.1 to 82.1 kg): at or above 2 kg within 3 days. Ask about swelling and breathlessness, and ask to measure again."
    );
    assert_eq!(
        words.ja,
        "体重が3日で2 kg増加しました（80.1→82.1 kg、3日以内に2 kg以上）。むくみや息切れがないか確認し、再測定を依頼してください。"
    );
    // What was reported before the sentence changed reads as it did.
    let before = crate::alert::Alert { wording_version: 1, ..alert.clone() };
    let asked = "Ask for swelling and breathlessness, and to measure again.";
    assert!(rules::words(&before).en.ends_with(asked));
    assert_eq!(alert.evidence.len(), 2);
}

#[test]
fn two_kilograms_more_than_a_week_ago_are_for_review_and_less_is_not() {
    let slowly = |last| after(&[(0, 80.0), (2, 80.5), (4, 81.0), (6, 81.6), (7, last)]);
    assert!(slowly(81.9).reported.is_empty());
    let home = slowly(82.0);
    assert_eq!(transitions(&home), [Raised]);
    assert!(rules::words(home.last()).en.contains("2 kg in 7 days (80 to 82 kg)"));
    assert!(after(&[(0, 80.0), (8, 83.0)]).reported.is_empty(), "more than a week apart");
}

#[test]
fn the_limits_are_the_patients_own() {
    let plan = rules::plan(1, [("weight.gain.in_3_days", 1.5), ("weight.gain.in_7_days", 3.0)]);
    let mut home = Home { plan: plan.unwrap(), ..Home::default() };
    home.receives(kg(0, 80.0));
    home.receives(kg(5, 82.5));
    assert!(home.reported.is_empty());
    home.receives(kg(7, 84.0));
    assert_eq!(transitions(&home), [Raised]);
    assert_eq!(home.last().finding("limit"), Some(1.5));
    assert_eq!(home.last().parameter("in_7_days"), Some(3.0));
}

#[test]
fn what_was_drunk_and_eaten_on_one_day_is_no_gain() {
    let mut home = after(&[(0, 80.0)]);
    home.receives(Sent { hours: 19, ..kg(0, 82.5) });
    assert!(home.reported.is_empty());
    home.receives(Sent { hours: 20, ..kg(0, 82.5) });
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn another_scale_is_compared_with_itself_only() {
    let mut home = after(&[(0, 80.0)]);
    home.receives(kg(1, 83.0).on_scale(1));
    home.receives(kg(2, 83.2).on_scale(1));
    assert!(home.reported.is_empty());
    home.receives(kg(3, 85.1).on_scale(1));
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn it_ends_when_the_weight_is_back_for_a_week_and_not_before() {
    let mut home = after(&[(0, 80.0), (2, 82.3), (3, 81.4), (8, 81.4)]);
    assert_eq!(transitions(&home), [Raised], "within a week it is open");
    home.receives(kg(9, 81.5));
    assert_eq!(transitions(&home), [Raised], "at half a kilogram below the limit it is open");
    home.receives(kg(10, 81.4));
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn further_gains_update_it_and_silence_ends_nothing() {
    let mut home = after(&[(0, 80.0), (2, 82.3), (3, 83.0)]);
    assert_eq!(transitions(&home), [Raised, Updated]);
    assert!(rules::words(home.last()).en.contains("up by 3 kg in 3 days"));
    for days in [20, 60, 200] {
        assert!(home.missed_at(days * DAY).is_empty());
        home.monitor.forget(at(days * DAY), home.window);
        assert!(home.monitor.alerts()[0].is_open());
    }
}

#[test]
fn four_weeks_after_the_newest_gain_a_reading_ends_it_of_any_scale() {
    for scale in [0, 1] {
        let mut home = after(&[(0, 80.0), (2, 82.3)]);
        home.receives(kg(29, 82.4).on_scale(scale));
        assert_eq!(transitions(&home), [Raised]);
        home.receives(kg(30, 82.4).on_scale(scale));
        assert_eq!(transitions(&home), [Raised, Resolved]);
    }
}

/// A gain on the third day, then a new scale, which shows the same weight every day.
#[test]
fn a_week_after_its_scale_was_last_used_another_that_shows_no_gain_ends_it() {
    let mut home = after(&[(0, 80.0), (2, 82.3)]);
    for day in 3..=9 {
        home.receives(kg(day, 80.9).on_scale(1));
    }
    assert_eq!(transitions(&home), [Raised]);
    home.receives(kg(10, 81.0).on_scale(1));
    assert_eq!(transitions(&home), [Raised, Resolved]);
    assert_eq!(home.last().last_observed_at, at(10 * DAY));
    home.receives(kg(11, 80.9).on_scale(1));
    assert!(home.missed_at(60 * DAY).is_empty());
    assert_eq!(home.reported.len(), 2);
}

#[test]
fn while_its_own_scale_is_used_no_other_ends_it() {
    let mut home = after(&[(0, 80.0), (2, 82.3), (8, 82.0)]);
    for day in 3..=15 {
        home.receives(kg(day, 79.0).on_scale(1));
    }
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn another_scale_ends_nothing_by_a_first_reading_a_gain_or_another_persons() {
    let replaced = |readings: &[(i64, f64)]| {
        let mut home = after(&[(0, 80.0), (2, 82.3)]);
        for (day, weight) in readings {
            home.receives(kg(*day, *weight).on_scale(1));
        }
        home
    };
    for readings in [
        // Of the others that it shows none is a week old at most.
        &[(12, 82.0)][..],
        &[(4, 82.0), (12, 82.0)],
        &[(8, 80.5), (10, 82.0)],
        // Of the days before nothing is known.
        &[(10, 86.0), (11, 87.4)],
        &[(8, 82.0), (10, 79.9)],
    ] {
        let home = replaced(readings);
        assert_eq!(transitions(&home), [Raised], "{readings:?}");
    }
    // Its own gain is a further one, and has its own week.
    let home = replaced(&[(8, 80.0), (10, 82.1), (11, 80.2), (16, 80.1)]);
    assert_eq!(transitions(&home), [Raised, Updated]);
    let home = replaced(&[(8, 80.0), (10, 82.1), (11, 80.2), (16, 80.1), (18, 80.1)]);
    assert_eq!(transitions(&home), [Raised, Updated, Resolved]);
}

#[test]
fn another_person_on_the_scale_raises_nothing_and_ends_nothing() {
    // A child, twice.
    let home = after(&[(0, 80.0), (1, 25.0), (2, 25.1), (3, 80.2), (4, 80.1)]);
    assert!(home.reported.is_empty());
    // Two people by turns.
    let home = after(&[(0, 80.0), (1, 72.0), (2, 80.1), (3, 72.2), (4, 80.2), (5, 80.0)]);
    assert!(home.reported.is_empty());
    let mut home = after(&[(0, 80.0), (1, 80.0), (3, 82.5), (4, 72.0), (5, 82.6)]);
    assert!(home.monitor.alerts()[0].is_open());
    home.receives(kg(10, 75.0));
    assert!(home.monitor.alerts()[0].is_open());
    home.receives(kg(11, 75.2));
    assert_eq!(home.last().transition, Resolved, "two readings in a row say so");
}

#[test]
fn a_gain_beside_another_persons_readings_is_seen() {
    let home = after(&[(0, 80.0), (1, 25.0), (2, 25.1), (3, 82.2)]);
    assert_eq!(transitions(&home), [Raised]);
    assert_eq!(home.last().finding("from"), Some(80.0));
}

#[test]
fn a_weight_regained_after_two_lower_days_is_a_gain() {
    let home = after(&[(0, 80.0), (1, 77.5), (2, 77.4), (4, 80.0)]);
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn a_corrected_reading_or_one_entered_in_error_takes_its_gain_with_it() {
    let gain = kg(2, 82.3);
    for change in [gain.corrected_to(80.3), gain.entered_in_error()] {
        let mut home = after(&[(0, 80.0), (2, 82.3)]);
        home.receives_at(60 * HOUR, change);
        assert_eq!(transitions(&home), [Raised, Retracted]);
    }
    let mut home = after(&[(0, 80.0), (2, 82.3)]);
    home.receives_at(60 * HOUR, kg(0, 80.0).corrected_to(81.0));
    assert_eq!(transitions(&home), [Raised, Retracted]);
}

#[test]
fn a_late_reading_finds_the_gain_that_was_there() {
    let mut home = after(&[(2, 82.3), (3, 82.2)]);
    home.receives_at(80 * HOUR, kg(0, 80.0));
    assert_eq!(transitions(&home), [Raised]);
    assert_eq!(home.last().first_observed_at, at(2 * DAY));
}

#[test]
fn a_correction_three_weeks_later_still_takes_the_alert_back() {
    let mut home = after(&[(0, 80.0), (2, 82.3), (20, 82.2), (36, 82.2)]);
    home.reported.clear();
    let mut again = after(&[(9, 80.0), (11, 82.3), (20, 82.2)]);
    again.receives_at(45 * DAY, kg(11, 82.3).corrected_to(80.3));
    assert_eq!(transitions(&again), [Raised, Retracted]);
}

#[test]
fn of_a_gain_that_falls_apart_the_part_that_gave_the_id_keeps_it() {
    let mut home = after(&[(0, 72.0), (19, 80.0), (37, 72.0), (38, 78.0)]);
    home.receives_at(1_061 * HOUR, kg(18, 78.0));
    let id = home.last().id;
    assert_eq!(home.last().first_observed_at, at(19 * DAY), "it goes back to the earlier gain");
    home.receives_at(1_265 * HOUR, kg(30, 78.0));
    let episodes: Vec<_> =
        home.monitor.alerts().iter().map(|a| (a.id, a.first_observed_at)).collect();
    assert_eq!(episodes.len(), 2);
    assert_ne!(episodes[0].0, episodes[1].0);
    assert!(episodes.contains(&(id, at(38 * DAY))), "{episodes:?}");
    home.receives_at(1_426 * HOUR, kg(59, 72.0));
    assert!(home.missed_at(1_457 * HOUR).is_empty());
}

/// The gain is known from the alert alone by then.
#[test]
fn an_end_that_is_taken_back_is_looked_for_anew() {
    let mut home = after(&[(1, 72.0), (8, 82.0), (39, 72.0)]);
    home.receives_at(40 * DAY, kg(36, 72.0).on_scale(7));
    assert_eq!(home.last().last_observed_at, at(39 * DAY));
    home.receives_at(45 * DAY, kg(39, 72.0).entered_in_error());
    assert!(!home.last().is_open());
    assert_eq!(home.last().last_observed_at, at(36 * DAY));
    assert!(home.missed_at(45 * DAY).is_empty());
}

/// A gain whose scale is not used any more, and that another scale ended on day 41: on day 40 somebody
/// else stood on it. Of the gain nothing but the alert is known when the correction comes.
fn ended_on_day_41_and_corrected(correction: Sent) -> Home {
    let mut home = after(&[(14, 72.0), (16, 78.0)]);
    for (day, weight) in [(34, 82.0), (37, 82.0), (40, 72.0), (41, 82.0)] {
        home.receives(kg(day, weight).on_scale(1));
    }
    assert_eq!(transitions(&home), [Raised, Resolved]);
    assert_eq!(home.last().last_observed_at, at(41 * DAY));
    home.receives_at(48 * DAY, correction.on_scale(1));
    home
}

#[test]
fn an_end_that_a_correction_before_it_takes_back_is_looked_for_anew() {
    let mut home = ended_on_day_41_and_corrected(kg(40, 72.0).corrected_to(80.5));
    assert_eq!(transitions(&home), [Raised, Resolved, Updated]);
    assert_eq!(home.last().last_observed_at, at(40 * DAY), "steady for a week by then");
    for day in 48..70 {
        assert!(home.missed_at(day * DAY).is_empty(), "day {day}");
    }
}

#[test]
fn a_gain_whose_end_is_corrected_and_that_no_other_reading_ends_is_open_again() {
    let mut home = ended_on_day_41_and_corrected(kg(41, 82.0).corrected_to(83.5));
    assert_eq!(transitions(&home), [Raised, Resolved, Raised]);
    assert!(home.last().is_open());
    for day in 48..100 {
        assert!(home.missed_at(day * DAY).is_empty(), "day {day}");
    }
}

/// Of the gains in between only the last is known.
#[test]
fn another_scale_at_the_time_of_the_last_gain_ends_nothing() {
    let mut home = after(&[(0, 80.0), (1, 82.0), (17, 72.0), (24, 80.0)]);
    home.receives_at(38 * DAY, kg(38, 72.0).on_scale(7));
    home.receives_at(38 * DAY, kg(37, 72.0));
    home.receives_at(38 * DAY, kg(38, 78.0));
    for day in 39..60 {
        assert!(home.missed_at(day * DAY).is_empty(), "day {day}");
    }
    assert!(home.last().is_open());
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let weight = select(vec![7200, 7250, 7800, 8000, 8010, 8050, 8200, 8210, 8300, 8450]);
    let change = prop_oneof![
        6 => Just(None),
        1 => weight.clone().prop_map(Some).prop_map(Some),
        1 => Just(Some(None)),
    ];
    let scale = prop_oneof![5 => Just(0_u8), 1 => Just(1)];
    (0..60_i64, 0..3_i64, weight, scale, change).prop_map(|(day, hour, weight, scale, change)| {
        let hours = day * 24 + hour * 2;
        let first = Sent { hours, weight, scale, update: 0, entered_in_error: false };
        match change {
            None => vec![first],
            Some(Some(weight)) => vec![first, Sent { weight, update: 1, ..first }],
            Some(None) => vec![first, first.entered_in_error()],
        }
    })
}

/// What is sent of the readings of two months, each with its delay of hours, in the order of receipt.
fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let delay = prop_oneof![6 => 0..3_i64, 2 => 0..200_i64, 1 => 0..900_i64];
    // Some of it comes over a phone as well.
    vec((sent(), vec(delay, 3), prop::bool::weighted(0.3)), 1..40).prop_map(|all| {
        let sends = all.into_iter().flat_map(|(mut sent, delays, has_copy)| {
            if has_copy {
                sent.insert(sent.len() - 1, sent[0].on_scale(7));
            }
            sent.into_iter().zip(delays)
        });
        let mut sends: Vec<(i64, Sent)> =
            sends.map(|(sent, delay)| ((sent.hours + delay) * HOUR + sent.update, sent)).collect();
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

/// The episodes as the alerts say them.
fn episodes(home: &Home) -> Vec<String> {
    home.known(|alert| {
        let (status, first, severity) = (alert.status, alert.first_observed_at, alert.severity);
        format!("{status} {first} {severity} {:?}", alert.evidence)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_fast_path_equals_the_full_computation_and_time_alone_changes_nothing(
        history in history(),
        sweeps: bool,
    ) {
        let checks = Checks {
            after: &[0, 7 * HOUR, 31 * HOUR],
            next_assessment: NextAssessment::Exact,
            forgets_after: sweeps.then_some(0),
        };
        properties::nothing_is_missed(&mut Home::under(&[RULE]), &history, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        all in vec(sent(), 1..25),
        other_order in any::<[Index; 50]>(),
    ) {
        // Within what is judged at any time.
        let all: Vec<Sent> = all.concat();
        let all: Vec<Sent> =
            all.into_iter().map(|sent| Sent { hours: sent.hours % (24 * 28), ..sent }).collect();
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let history: Vec<_> = sends.iter().map(|sent| (29 * DAY, *sent)).collect();
            let mut home = Home::under(&[RULE]);
            home.receives_all(&history);
            episodes(&home)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(history in history(), at_most in 0..40_usize) {
        properties::a_restart_says_nothing_new(&history[..at_most.min(history.len())])?;
    }

    #[test]
    fn evidence_names_current_readings_and_each_alert_is_a_gain(history in history()) {
        let mut home = Home::under(&[RULE]);
        for (received, sent) in &history {
            home.receives_at(*received, *sent);
            let start = home.window.start(at(*received));
            let open = || home.monitor.alerts().iter().filter(|alert| alert.is_open());
            for alert in open() {
                prop_assert!(alert.finding("gain") >= Some(2.0), "{:?}", alert.findings);
            }
            properties::evidence_names_current_readings(&home, open(), BODY_WEIGHT, start)?;
        }
    }
}
