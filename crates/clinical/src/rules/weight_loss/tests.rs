//! The rule, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::property_tests::properties_of_days;
use crate::Kind;
use crate::alert::{Severity, Transition};
use crate::home::Home;
use crate::home::daily::{self, DAY, Shown, each, plan};
use crate::kinds::weighing_scale::BODY_WEIGHT;
use crate::rules;
use crate::sample::Sample;

use Transition::{Raised, Resolved, Retracted, Updated};

const RULE: &str = "weight.loss";

fn weight(value: f64) -> Sample {
    Sample::default().with(BODY_WEIGHT, value)
}

fn kg(day: i64, value: f64) -> Shown {
    Shown::at_hour(day, 8, Kind::WeighingScale, weight(value))
}

/// The same weight on each of some days.
fn days(home: &mut Home, days: impl IntoIterator<Item = i64>, value: f64) {
    daily::on_days(home, days, |day| [kg(day, value)]);
}

fn transitions(home: &Home) -> Vec<Transition> {
    daily::transitions(home, RULE)
}

#[test]
fn three_days_that_are_five_percent_below_the_median_of_a_month_are_for_review() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..32, 76.0);
    assert!(transitions(&home).is_empty(), "one of the three days is not below yet");
    days(&mut home, 32..33, 75.5);
    assert_eq!(transitions(&home), [Raised]);
    assert_eq!(daily::last(&home, RULE).severity, Severity::Review);
    let words = rules::words(daily::last(&home, RULE));
    assert_eq!(
        words.en,
        "Weight 76 kg (median of the last 3 days measured, 2026-06-28 to 2026-06-30), 5 % below the median of the month before, 80 kg (26 days): a loss at or above 5 %. Ask how the patient eats and drinks and which drugs were changed, and ask to measure again."
    );
    assert_eq!(
        words.ja,
        "体重（直近3測定日、2026年6月28日～2026年6月30日の中央値）が76 kgで、その前の約1か月間の中央値80 kg（測定26日）より5%低い値です：5%以上の減少。食事、脱水、利尿薬を確認し、再測定を依頼してください。"
    );
}

#[test]
fn an_alert_from_before_the_last_days_were_judged_reads_as_it_was_reported() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..33, 76.0);
    let mut reported = daily::last(&home, RULE).clone();
    reported.findings.remove("first_day");
    assert_eq!(
        rules::words(&reported).en,
        "Weight 76 kg (median of the last 3 days measured until 2026-06-30), 5 % below the median of the 30 days before that week, 80 kg (26 days): a loss at or above 5 %. Ask how the patient eats and drinks and which drugs were changed, and ask to measure again."
    );
    reported.findings.insert("days".into(), 7.0);
    assert_eq!(
        rules::words(&reported).en,
        "Weight at most 76 kg in the 7 days until 2026-06-30 (7 days measured), 5 % below the median of the 30 days before, 80 kg (26 days): a loss at or above 5 %. Ask how the patient eats and drinks and which drugs were changed, and ask to measure again."
    );
}

#[test]
fn a_steady_loss_of_a_kilogram_and_a_half_a_week_is_seen() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    for day in 30..65 {
        days(&mut home, day..day + 1, 80.0 - 1.5 * (day - 30) as f64 / 7.0);
    }
    assert_eq!(transitions(&home)[0], Raised);
    // Who had lost so before it was measured is seen too.
    let mut home = Home::default();
    for day in 0..40 {
        days(&mut home, day..day + 1, 80.0 - 1.5 * day as f64 / 7.0);
    }
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn one_high_weight_among_the_last_three_raises_nothing_and_ends_nothing() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    each(&mut home, [kg(30, 75.5), kg(31, 78.0), kg(32, 75.5), kg(33, 75.5)]);
    assert!(transitions(&home).is_empty());
    days(&mut home, 34..35, 75.5);
    assert_eq!(transitions(&home), [Raised]);
    each(&mut home, [kg(35, 79.0), kg(36, 75.5), kg(37, 79.0)]);
    assert_eq!(transitions(&home), [Raised, Resolved], "two of three say that it is back");
}

#[test]
fn an_open_alert_says_a_loss_that_is_two_points_more() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..33, 76.0);
    days(&mut home, 33..36, 75.2);
    assert_eq!(transitions(&home), [Raised]);
    days(&mut home, 36..38, 74.0);
    assert_eq!(transitions(&home), [Raised, Updated]);
    assert_eq!(daily::last(&home, RULE).finding("loss"), Some(7.5));
}

#[test]
fn a_plan_may_compare_other_last_days_than_three() {
    let after = |last_days: f64, lost: i64| {
        let plan = rules::plan(1, [("weight.loss.last_days", last_days)]).unwrap();
        let mut home = Home { plan, ..Home::default() };
        days(&mut home, 0..30, 80.0);
        days(&mut home, 30..30 + lost, 76.0);
        home
    };
    let one = after(1.0, 1);
    assert_eq!(transitions(&one), [Raised]);
    let words = rules::words(daily::last(&one, RULE));
    assert!(
        words.en.starts_with(
            "Weight 76 kg on 2026-06-28, 5 % below the median of the month before, 80 kg"
        ),
        "{}",
        words.en
    );
    assert!(words.ja.starts_with("体重（2026年6月28日）が76 kgで"), "{}", words.ja);
    // The median of an even number of days is the middle of two.
    assert_eq!(transitions(&after(4.0, 2)), []);
    assert_eq!(transitions(&after(4.0, 4)), [Raised]);
    let five = after(5.0, 5);
    let words = rules::words(daily::last(&five, RULE));
    assert!(
        words.en.starts_with("Weight 76 kg (median of the last 5 days measured, "),
        "{}",
        words.en
    );
    assert!(words.ja.starts_with("体重（直近5測定日、"), "{}", words.ja);
}

#[test]
fn four_and_a_half_percent_are_not_enough() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..40, 76.4);
    assert!(transitions(&home).is_empty());
}

#[test]
fn it_needs_weights_on_three_days_of_two_weeks_and_six_of_the_month() {
    let after = |of_month: i64, lost: &[i64]| {
        let mut home = Home::default();
        days(&mut home, (0..of_month).map(|turn| turn * 3), 80.0);
        days(&mut home, lost.iter().copied(), 75.0);
        home.waits_until(50 * DAY);
        transitions(&home)
    };
    assert_eq!(after(6, &[30, 31, 32]), [Raised]);
    assert!(after(4, &[30, 31, 32]).is_empty());
    assert!(after(6, &[30, 31]).is_empty());
    assert_eq!(after(9, &[30, 37, 43]), [Raised], "14 days");
    assert!(after(9, &[30, 37, 44]).is_empty(), "15 days");
}

#[test]
fn who_weighs_twice_a_week_is_judged_by_three_days_of_eight() {
    // Mondays and Thursdays; at home for three months, then a tenth of the weight is lost.
    let measured = (0..90).filter(|day| matches!(day % 7, 0 | 3)).collect::<Vec<i64>>();
    let mut home = Home::default();
    for day in measured {
        days(&mut home, [day], if day < 60 { 52.0 } else { 46.8 });
        match day {
            ..=66 => assert!(transitions(&home).is_empty(), "day {day}"),
            70 => assert_eq!(transitions(&home), [Raised]),
            _ => {}
        }
    }
    let raised = &home.reported.iter().find(|alert| alert.rule.as_str() == RULE).unwrap();
    let of = ["loss", "from", "to", "month_days"].map(|name| raised.finding(name).unwrap());
    assert_eq!(of, [10.0, 52.0, 46.8, 8.0]);
    assert_eq!(
        [raised.finding("first_day"), raised.finding("last_day")],
        [Some(20_260_731.0), Some(20_260_807.0)]
    );
}

#[test]
fn who_weighs_twice_a_week_may_miss_one_in_four() {
    // One Thursday in two is missed.
    let measured = (0..90).filter(|day| matches!(day % 14, 0 | 3 | 7)).collect::<Vec<i64>>();
    let mut home = Home::default();
    for day in measured {
        days(&mut home, [day], if day < 50 { 52.0 } else { 48.5 });
    }
    assert_eq!(transitions(&home)[0], Raised);
}

#[test]
fn it_ends_when_less_than_three_percent_are_lost() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..37, 75.0);
    days(&mut home, 37..40, 77.6);
    assert_eq!(transitions(&home), [Raised], "3 percent end nothing");
    days(&mut home, 40..41, 77.7);
    assert_eq!(transitions(&home), [Raised], "one day ends nothing");
    days(&mut home, 41..42, 77.7);
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn a_loss_that_stays_becomes_the_patients_own_weight() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..60, 75.0);
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn another_person_on_the_scale_raises_nothing() {
    // Once, and by turns for weeks, and for a week alone who used it before.
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..32, 62.0);
    days(&mut home, 32..40, 80.2);
    assert!(transitions(&home).is_empty());
    let mut home = Home::default();
    each(&mut home, (0..40).map(|day| kg(day, if day % 2 == 0 { 80.0 } else { 65.0 })));
    days(&mut home, 40..50, 65.0);
    assert!(transitions(&home).is_empty());
    // A child, while the patient is away.
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..40, 31.0);
    assert!(transitions(&home).is_empty());
}

#[test]
fn of_a_day_with_two_people_the_weight_nearest_to_the_month_is_the_patients() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    for day in 30..38 {
        let other = kg(day, 64.0);
        home.receives(kg(day, 75.0));
        // Three minutes later, before the day is judged.
        each(&mut home, [Shown { minutes: other.minutes + 3, ..other }]);
    }
    assert_eq!(transitions(&home), [Raised]);
    assert_eq!(daily::last(&home, RULE).finding("to"), Some(75.0));
}

#[test]
fn another_scale_is_compared_with_itself_only() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    each(&mut home, (30..50).map(|day| kg(day, 75.0).on_device(1)));
    assert!(transitions(&home).is_empty());
}

#[test]
fn a_new_scale_that_is_steady_for_a_week_ends_it_where_the_old_one_is_not_used() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..37, 75.0);
    assert_eq!(transitions(&home), [Raised]);
    each(&mut home, (37..43).map(|day| kg(day, 74.0).on_device(1)));
    assert_eq!(transitions(&home), [Raised], "the old one was used in the week");
    each(&mut home, (43..45).map(|day| kg(day, 74.0).on_device(1)));
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn a_correction_takes_it_back() {
    let mut home = Home::default();
    days(&mut home, 0..30, 80.0);
    days(&mut home, 30..33, 75.0);
    home.receives_at(34 * DAY, kg(32, 75.0).corrected_to(weight(79.5)));
    assert_eq!(transitions(&home), [Raised, Retracted]);
}

/// A patient's scale over two months, with who else stands on it.
fn sent() -> impl Strategy<Value = Vec<Shown>> {
    let samples = || select(vec![80.0, 80.0, 79.5, 77.5, 75.5, 74.0, 62.0]).prop_map(weight);
    let first = (0..60_i64, 0..3_i64, samples(), prop::bool::weighted(0.1));
    let first = first.prop_map(|(day, hour, sample, is_other)| {
        // Later weights are lower.
        let sample = match (day, sample.value(BODY_WEIGHT)) {
            (0..36, Some(75.5 | 74.0)) => weight(80.0),
            _ => sample,
        };
        let one = Shown::at_hour(day, 7 + hour, Kind::WeighingScale, sample);
        one.on_device(u8::from(is_other))
    });
    daily::versions(first, samples())
}

properties_of_days! {
    plan: plan(RULE, &[]),
    sent: sent(),
    readings: 30..90,
    within: daily::of_forty_days,
    after_days: 60,
}
