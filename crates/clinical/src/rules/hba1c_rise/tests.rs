//! The rule, shown by what happens to a patient.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::alert::{Severity, Transition};
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, Made, Sending, at, patient};
use crate::kinds::hba1c::HBA1C_VALUE;
use crate::plan::Plan;
use crate::preview::{self, ReceivedReading};
use crate::rules;
use crate::sample::Sample;
use crate::slow::PLACES;
use crate::{Kind, Outcome, Reading, Source};

use Transition::{Raised, Resolved, Retracted, Updated};

const RULE: &str = "hba1c.rise";

const DAY: i64 = 24 * 60;

/// A value as it is sent: hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sent {
    day: i64,
    value: i32,
    lab: u8,
    update: i64,
    entered_in_error: bool,
}

/// A value of a day, %.
fn hba1c(day: i64, percent: f64) -> Sent {
    let value = (percent * 100.0).round() as i32;
    Sent { day, value, lab: 0, update: 0, entered_in_error: false }
}

impl Sent {
    fn corrected_to(self, percent: f64) -> Self {
        Self { update: self.update + 1, ..hba1c(self.day, percent) }
    }

    fn entered_in_error(self) -> Self {
        Self { entered_in_error: true, update: self.update + 1, ..self }
    }
}

impl Sending for Sent {
    fn minutes(&self) -> i64 {
        self.day * DAY
    }

    fn reading(&self) -> Reading {
        Made {
            kind: Kind::Hba1c,
            source: Source::test_lab(&format!("LAB{}", self.lab)).unwrap(),
            sample: Sample::default().with(HBA1C_VALUE, f64::from(self.value) / 100.0),
            minutes: self.minutes(),
            update: self.update,
            content: self.value as u64,
            entered_in_error: self.entered_in_error,
        }
        .reading()
    }
}

fn after(values: &[(i64, f64)]) -> Home {
    Home::after(values.iter().map(|(day, percent)| hba1c(*day, *percent)))
}

fn said(home: &Home) -> Vec<Transition> {
    let of_rule = home.reported.iter().filter(|alert| alert.rule.as_str() == "hba1c.rise");
    of_rule.map(|alert| alert.transition).collect()
}

#[test]
fn eight_percent_are_for_review_and_less_is_not() {
    assert!(said(&after(&[(0, 7.9)])).is_empty());
    let home = after(&[(0, 8.0)]);
    assert_eq!(said(&home), [Raised]);
    assert_eq!(home.last().severity, Severity::Review);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "HbA1c 8.0 %: at or above 8.0 %. Ask whether drugs, meals or weight have changed, and review the treatment."
    );
    assert_eq!(
        words.ja,
        "HbA1c 8.0%：8.0%以上。服薬・食事・体重の変化を確認し、治療を見直してください。"
    );
}

#[test]
fn half_a_point_over_the_last_value_is_for_review_and_less_is_not() {
    assert!(said(&after(&[(0, 6.6), (30, 7.0)])).is_empty());
    let home = after(&[(0, 6.6), (30, 7.1)]);
    assert_eq!(said(&home), [Raised]);
    assert_eq!(home.last().evidence.len(), 2);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "HbA1c 7.1 %: up by 0.5 points from 6.6 % (limit 0.5 within 6 months). Ask whether drugs, meals or weight have changed, and review the treatment."
    );
    assert_eq!(
        words.ja,
        "HbA1c 7.1%：前回の6.6%から0.5ポイント上昇（6か月以内に0.5以上）。服薬・食事・体重の変化を確認し、治療を見直してください。"
    );
}

#[test]
fn it_is_compared_with_the_last_value_and_with_none_before() {
    assert!(said(&after(&[(0, 6.6), (10, 6.9), (20, 7.3)])).is_empty());
}

#[test]
fn it_ends_with_a_value_that_is_no_rise_and_clearly_below_the_limit() {
    let home = after(&[(0, 8.1), (20, 7.9), (40, 7.8)]);
    assert_eq!(said(&home), [Raised, Updated, Updated], "it does not flap at the limit");
    assert!(rules::words(home.last()).en.contains("The newest value is 7.8 %."));
    assert_eq!(said(&after(&[(0, 8.1), (20, 7.7)])), [Raised, Resolved]);
    assert_eq!(said(&after(&[(0, 6.6), (20, 7.1), (39, 7.1)])), [Raised, Resolved]);
}

#[test]
fn a_rise_stays_one_when_the_value_before_it_has_left_memory() {
    let mut home = after(&[(0, 6.6), (30, 7.1)]);
    for day in 31..80 {
        home.monitor.forget(at(day * DAY), home.window);
        assert!(home.missed_at(day * DAY).is_empty(), "day {day}");
    }
    assert_eq!(said(&home), [Raised]);
    home.receives(hba1c(100, 7.0));
    assert_eq!(said(&home), [Raised, Resolved]);
}

#[test]
fn a_rise_over_a_value_of_months_ago_is_seen_for_half_a_year() {
    for days in [41, 90, 183] {
        let home = after(&[(0, 6.6), (days, 7.4)]);
        assert_eq!(said(&home), [Raised], "{days}");
        assert_eq!(home.last().evidence.len(), 2);
        assert_eq!(home.last().first_observed_at, at(days * DAY));
    }
    assert!(said(&after(&[(0, 6.6), (184, 7.4)])).is_empty());
    assert!(said(&after(&[(0, 6.6), (90, 7.0)])).is_empty());
    assert!(said(&after(&[(0, 6.6), (70, 7.0), (90, 7.4)])).is_empty(), "the last value decides");
    let home = after(&[(0, 8.1), (90, 8.7)]);
    assert_eq!(said(&home), [Raised, Updated]);
    let home = after(&[(0, 8.1), (90, 7.2)]);
    assert_eq!(said(&home), [Raised, Resolved]);
}

/// The last value is also known that comes when it is months old, as an import of the past does.
#[test]
fn a_value_that_comes_months_late_raises_nothing_by_itself_and_is_compared_with() {
    let mut home = Home::default();
    assert_eq!(home.receives_at(100 * DAY, hba1c(20, 6.4)), Outcome::Historical);
    assert_eq!(home.receives_at(100 * DAY, hba1c(10, 9.4)), Outcome::Historical);
    assert!(said(&home).is_empty());
    home.receives(hba1c(101, 7.3));
    assert_eq!(said(&home), [Raised]);
    let mut home = after(&[(100, 7.3)]);
    home.receives_at(102 * DAY, hba1c(20, 6.4));
    assert_eq!(said(&home), [Raised], "the rise that was there");
    assert_eq!(home.last().first_observed_at, at(100 * DAY));
    home.receives_at(103 * DAY, hba1c(50, 7.2));
    assert_eq!(said(&home), [Raised, Retracted], "it was none over the last value");
}

#[test]
fn a_value_withdrawn_after_100_days_takes_back_the_rise_that_it_had_made() {
    for change in [hba1c(0, 6.4).entered_in_error(), hba1c(0, 6.4).corrected_to(7.0)] {
        let mut home = after(&[(0, 6.4), (80, 7.3)]);
        assert_eq!(home.receives_at(100 * DAY, change), Outcome::Historical);
        assert_eq!(said(&home), [Raised, Retracted]);
        home.receives_at(101 * DAY, hba1c(0, 6.4));
        assert_eq!(said(&home), [Raised, Retracted], "an older version does not bring it back");
    }
}

#[test]
fn a_value_corrected_after_100_days_makes_the_rise() {
    let mut home = after(&[(0, 7.0), (80, 7.3)]);
    assert!(said(&home).is_empty());
    home.receives_at(100 * DAY, hba1c(0, 7.0).corrected_to(6.4));
    assert_eq!(said(&home), [Raised]);
    assert_eq!(home.last().evidence.len(), 2);
}

/// What an open alert began with has left the window. It does not stand on what is known to be wrong.
#[test]
fn an_open_alert_ends_when_the_value_that_began_it_is_withdrawn_months_later() {
    let mut home = after(&[(0, 8.6)]);
    home.receives_at(60 * DAY, hba1c(0, 8.6).entered_in_error());
    assert_eq!(said(&home), [Raised, Retracted]);
    let mut home = after(&[(0, 8.6), (10, 8.4)]);
    let raised = home.last().id;
    home.receives_at(60 * DAY, hba1c(0, 8.6).corrected_to(7.0));
    let open: Vec<_> = home.alerts().filter(|alert| alert.is_open()).collect();
    assert_eq!(open.len(), 1, "the other value is high as well");
    assert_eq!((open[0].id, open[0].first_observed_at), (raised, at(10 * DAY)));
}

/// What an alert rests on is both in its evidence and among what is remembered.
#[test]
fn nothing_is_raised_twice_whatever_is_remembered_and_whatever_an_alert_knows() {
    let mut home = after(&[(0, 6.4), (80, 7.3)]);
    for day in 80..400 {
        home.monitor.forget(at(day * DAY), home.window);
        assert!(home.missed_at(day * DAY).is_empty(), "day {day}");
        let sent = [(0, hba1c(0, 6.4)), (80 * DAY, hba1c(80, 7.3))];
        let known: Vec<_> = sent.into_iter().filter(|(at, _)| day * DAY - at < 41 * DAY).collect();
        let mut restarted = home.restarted(&known, day * DAY);
        assert!(restarted.missed_at(day * DAY).is_empty(), "the evidence alone, day {day}");
        restarted.monitor.restore_slow(home.monitor.slow().all(), at(day * DAY));
        assert!(restarted.missed_at(day * DAY).is_empty(), "both, day {day}");
    }
    assert_eq!(said(&home), [Raised]);
}

#[test]
fn a_correction_takes_it_back_and_so_does_an_entry_in_error() {
    for change in [hba1c(30, 7.1).corrected_to(6.7), hba1c(30, 7.1).entered_in_error()] {
        let mut home = after(&[(0, 6.6), (30, 7.1)]);
        home.receives_at(31 * DAY, change);
        assert_eq!(said(&home), [Raised, Retracted]);
    }
    let mut home = after(&[(0, 6.6), (30, 7.1)]);
    home.receives_at(31 * DAY, hba1c(0, 6.6).corrected_to(6.8));
    assert_eq!(said(&home), [Raised, Retracted]);
}

#[test]
fn a_late_value_finds_the_rise_that_was_there() {
    let mut home = after(&[(30, 7.1)]);
    home.receives_at(32 * DAY, hba1c(5, 6.6));
    assert_eq!(said(&home), [Raised]);
    assert_eq!(home.last().first_observed_at, at(30 * DAY));
}

#[test]
fn the_limits_are_the_patients_own() {
    let plan = rules::plan(1, [("hba1c.rise.rise", 0.3), ("hba1c.rise.high", 7.0)]).unwrap();
    for values in [[6.5, 6.8], [6.9, 7.0]] {
        let mut home = Home { plan: plan.clone(), ..Home::default() };
        home.receives(hba1c(0, values[0]));
        assert!(said(&home).is_empty());
        home.receives(hba1c(30, values[1]));
        assert_eq!(said(&home), [Raised]);
    }
}

#[test]
fn a_preview_compares_with_values_of_half_a_year_before() {
    let previewed = |days: i64| {
        let (from, to) = (at(200 * DAY), at(230 * DAY));
        let sent = [hba1c(205 - days, 6.4), hba1c(205, 7.3)].map(|sent| sent.reading());
        let sent =
            sent.iter().filter(|one| one.observation_time >= preview::needed_from(one.kind, from));
        let readings =
            sent.map(|one| ReceivedReading { reading: one.into(), received: one.observation_time });
        preview::alerts(&patient(), readings.collect(), &Plan::default(), (from, to))
    };
    for days in [20, 90, 183] {
        assert_eq!(previewed(days).len(), 1, "{days}");
    }
    assert!(previewed(184).is_empty());
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let value = select(vec![6.4, 6.6, 6.9, 7.1, 7.4, 7.7, 7.8, 8.0, 8.3]);
    let change = prop_oneof![
        6 => Just(None),
        1 => value.clone().prop_map(Some).prop_map(Some),
        1 => Just(Some(None)),
    ];
    (0..300_i64, value, 0..2_u8, change).prop_map(|(day, value, lab, change)| {
        let first = Sent { lab, ..hba1c(day, value) };
        match change {
            None => vec![first],
            Some(Some(value)) => vec![first, Sent { lab, ..first.corrected_to(value) }],
            Some(None) => vec![first, first.entered_in_error()],
        }
    })
}

fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let delay = prop_oneof![4 => 0..3_i64, 1 => 0..38_i64, 1 => 0..200_i64];
    vec((sent(), vec(delay, 2)), 1..20).prop_map(|all| {
        let sends = all.into_iter().flat_map(|(sent, delays)| sent.into_iter().zip(delays));
        let mut sends: Vec<(i64, Sent)> =
            sends.map(|(sent, delay)| ((sent.day + delay) * DAY + sent.update, sent)).collect();
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

#[test]
fn a_rise_between_healthy_values_is_none_to_look_at() {
    assert!(said(&after(&[(0, 4.9), (30, 5.4)])).is_empty());
    assert!(said(&after(&[(0, 5.0), (30, 5.55)])).is_empty());
    assert_eq!(said(&after(&[(0, 5.1), (30, 5.6)])), [Raised]);
    // A value that is healthy is still what the next one has risen from.
    assert_eq!(said(&after(&[(0, 4.9), (20, 5.4), (40, 5.9)])), [Raised]);
    let plan = rules::plan(1, [("hba1c.rise.least", 5.0)]).unwrap();
    let mut home = Home { plan, ..Home::default() };
    home.receives(hba1c(0, 4.9));
    home.receives(hba1c(30, 5.4));
    assert_eq!(said(&home), [Raised], "a plan says otherwise");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn time_alone_changes_nothing(history in history(), sweeps: bool) {
        let checks = Checks {
            after: &[0, 7 * 60, 31 * 60],
            next_assessment: NextAssessment::Exact,
            forgets_after: sweeps.then_some(0),
        };
        properties::nothing_is_missed(&mut Home::under(&[RULE]), &history, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        // Of more the oldest make room, and an alert may know what has left.
        all in vec(sent(), 1..=PLACES),
        other_order in any::<[Index; 30]>(),
        days in select(vec![35, 210]),
    ) {
        let all: Vec<Sent> = all.concat();
        let all: Vec<Sent> =
            all.into_iter().map(|sent| Sent { day: sent.day % days, ..sent }).collect();
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home::under(&[RULE]);
            for sent in sends {
                home.receives_at((days + 1) * DAY, *sent);
            }
            home.known(|alert| {
                format!("{} {} {:?}", alert.status, alert.first_observed_at, alert.evidence)
            })
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(history in history(), at_most in 0..40_usize) {
        properties::a_restart_says_nothing_new(&history[..at_most.min(history.len())])?;
    }
}
