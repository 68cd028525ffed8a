//! The rule, shown by what happens to a patient.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::property_tests::properties_of_days;
use crate::Kind;
use crate::alert::{Severity, Transition};
use crate::home::Home;
use crate::home::daily::{self, DAY, Shown, each};
use crate::kinds::activity::STEP;
use crate::plan::Plan;
use crate::reliability::{ProductDigest, Trust, TrustedProducts};
use crate::rules;
use crate::sample::Sample;

use Transition::{CriteriaChanged, Raised, Resolved, Retracted};

const RULE: &str = "activity.drop";

fn steps(value: f64) -> Sample {
    Sample::default().with(STEP, value)
}

/// The steps of a day, sent late in the evening.
fn of_day(day: i64, value: f64) -> Shown {
    Shown::at_hour(day, 23, Kind::Activity, steps(value))
}

/// A patient whose plan judges every device.
fn watched() -> Home {
    let plan = rules::plan(1, [("activity.drop.trust", 0.0)]).unwrap();
    Home { plan, ..Home::default() }
}

/// Products by their model.
fn product(model: &str) -> Option<ProductDigest> {
    ProductDigest::of("MAKER", model)
}

/// A list of devices that trusts three products differently.
fn list() -> Arc<TrustedProducts> {
    let levels = [("GOOD", Trust::High), ("FAIR", Trust::Moderate), ("POOR", Trust::Low)];
    let entries = levels.map(|(model, trust)| (product(model).unwrap(), trust));
    Arc::new(entries.into_iter().collect())
}

/// The steps of a day by a product.
fn of_model(day: i64, value: f64, model: &str) -> Shown {
    let shown = of_day(day, value);
    let sample = shown.sample.of_product(Kind::Activity, || product(model));
    Shown { sample, ..shown }
}

/// Four weeks of 6,000 steps and five days of 2,900, by a product.
fn halves(home: &mut Home, model: &str) {
    daily::on_days(home, 0..33, |day| {
        [of_model(day, if day < 28 { 6000.0 } else { 2900.0 }, model)]
    });
}

fn days(home: &mut Home, days: impl IntoIterator<Item = i64>, value: f64) {
    daily::on_days(home, days, |day| [of_day(day, value)]);
}

fn transitions(home: &Home) -> Vec<Transition> {
    daily::transitions(home, RULE)
}

#[test]
fn a_device_is_judged_where_its_product_is_trusted_moderately_or_more() {
    for (model, raised) in [("GOOD", 1), ("FAIR", 1), ("POOR", 0), ("UNKNOWN", 0)] {
        let mut home = Home { plan: Plan::default().trusting(list()), ..Home::default() };
        halves(&mut home, model);
        assert_eq!(transitions(&home).len(), raised, "{model}");
    }
    let mut home = Home::default();
    halves(&mut home, "GOOD");
    assert!(transitions(&home).is_empty(), "nobody has judged any product");
    let strict = rules::plan(1, [("activity.drop.trust", 3.0)]).unwrap();
    for (model, raised) in [("GOOD", 1), ("FAIR", 0)] {
        let mut home = Home { plan: strict.clone().trusting(list()), ..Home::default() };
        halves(&mut home, model);
        assert_eq!(transitions(&home).len(), raised, "{model}");
    }
}

#[test]
fn days_by_a_product_that_is_not_trusted_are_days_without_a_device() {
    let mut home = Home { plan: Plan::default().trusting(list()), ..Home::default() };
    daily::on_days(&mut home, 0..28, |day| [of_model(day, 6000.0, "GOOD")]);
    // Its app says another model since an update, which nobody has judged yet.
    daily::on_days(&mut home, 28..40, |day| [of_model(day, 2000.0, "NEW")]);
    assert!(transitions(&home).is_empty());
}

#[test]
fn a_product_that_is_trusted_no_longer_has_its_alert_closed() {
    let mut home = Home { plan: Plan::default().trusting(list()), ..Home::default() };
    halves(&mut home, "GOOD");
    assert_eq!(transitions(&home), [Raised]);
    home.follows(Plan::default(), 34 * DAY);
    assert_eq!(transitions(&home), [Raised, CriteriaChanged]);
    let again = home.follows(Plan::default().trusting(list()), 34 * DAY);
    assert_eq!(again.len(), 1, "and back again");
}

#[test]
fn a_week_below_half_of_the_four_weeks_before_is_for_review() {
    let mut home = watched();
    days(&mut home, 0..28, 6000.0);
    days(&mut home, 28..31, 2900.0);
    assert!(transitions(&home).is_empty());
    days(&mut home, 31..32, 2900.0);
    assert_eq!(transitions(&home), [Raised], "the median of seven days is the fourth");
    assert_eq!(daily::last(&home, RULE).severity, Severity::Review);
    let words = rules::words(daily::last(&home, RULE));
    assert_eq!(
        words.en,
        "Steps, median of the 7 days until 2026-06-29 2900 a day (7 days), 48.3 % of the 6000 a day of the 28 days before (25 days): below 50 %. Ask how the patient is and whether the device is worn."
    );
    assert_eq!(
        words.ja,
        "歩数の中央値が2026年6月29日までの7日間で1日2900歩（測定7日）、その前28日間の1日6000歩（測定25日）の48.3%です：50%未満。体調と機器の装着を確認してください。"
    );
}

#[test]
fn half_is_not_below_half() {
    let mut home = watched();
    days(&mut home, 0..28, 6000.0);
    days(&mut home, 28..36, 3000.0);
    assert!(transitions(&home).is_empty());
}

#[test]
fn a_week_without_a_step_of_who_wore_the_device_is_for_review() {
    let mut home = watched();
    days(&mut home, 0..28, 6000.0);
    days(&mut home, 28..32, 0.0);
    assert!(transitions(&home).is_empty(), "four days");
    days(&mut home, 32..33, 0.0);
    assert_eq!(transitions(&home), [Raised]);
    let alert = daily::last(&home, RULE);
    assert_eq!((alert.severity, alert.finding("share")), (Severity::Review, Some(0.0)));
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "No step on 5 of the 7 days reported of the 7 until 2026-06-30, median 0 a day, after 6000 a day in the 28 days before (26 days): the device is not worn, or the patient hardly moves. Ask how the patient is and whether the device is worn."
    );
    assert_eq!(
        words.ja,
        "2026年6月30日までの7日間、報告された7日のうち5日は歩数0、中央値は1日0歩でした（その前28日間は1日6000歩、測定26日）。機器を装着していないか、ほとんど動けていない可能性があります。体調と機器の装着を確認してください。"
    );
    days(&mut home, 33..41, 5500.0);
    assert_eq!(transitions(&home), [Raised, Resolved]);
    // Some steps to the bathroom on some of the days.
    let mut home = watched();
    days(&mut home, 0..28, 6000.0);
    each(&mut home, (28..35).map(|day| of_day(day, if day % 2 == 0 { 0.0 } else { 60.0 })));
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn who_often_left_it_off_or_wears_another_device_is_not_asked_for_days_without_a_step() {
    let mut home = watched();
    each(&mut home, (0..28).map(|day| of_day(day, if day % 3 == 0 { 0.0 } else { 6000.0 })));
    days(&mut home, 28..40, 0.0);
    assert!(transitions(&home).is_empty(), "worn on two days in three");
    let mut home = watched();
    days(&mut home, 0..28, 6000.0);
    for day in 28..40 {
        each(&mut home, [of_day(day, 0.0), of_day(day, 5000.0).on_device(1)]);
    }
    assert!(transitions(&home).is_empty(), "a new device");
    let mut home = watched();
    days(&mut home, 0..28, 6000.0);
    home.waits_until(45 * DAY);
    assert!(transitions(&home).is_empty(), "nothing is reported: that is for data.missing");
    let mut home = watched();
    days(&mut home, 0..28, 800.0);
    days(&mut home, 28..40, 0.0);
    assert!(transitions(&home).is_empty(), "few steps before");
}

#[test]
fn it_ends_at_ninety_percent() {
    let mut home = watched();
    days(&mut home, 0..28, 6000.0);
    days(&mut home, 28..33, 2000.0);
    days(&mut home, 33..37, 5300.0);
    assert_eq!(transitions(&home), [Raised]);
    days(&mut home, 37..42, 5500.0);
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn a_count_that_grows_over_the_day_is_its_greatest() {
    let mut home = watched();
    for day in 0..35 {
        let of_hour = |hour, value| Shown::at_hour(day, hour, Kind::Activity, steps(value));
        each(&mut home, [of_hour(9, 500.0), of_hour(22, 6000.0), of_hour(23, 5000.0)]);
    }
    assert!(transitions(&home).is_empty());
}

#[test]
fn a_device_is_compared_with_itself_and_one_that_counts_as_ever_speaks_against_it() {
    let mut home = watched();
    days(&mut home, 0..28, 6000.0);
    each(&mut home, (28..45).map(|day| of_day(day, 2000.0).on_device(1)));
    assert!(transitions(&home).is_empty(), "another device");
    let mut home = watched();
    for day in 0..40 {
        let phone = if day < 28 { 5000.0 } else { 300.0 };
        each(&mut home, [of_day(day, 7000.0), of_day(day, phone).on_device(1)]);
    }
    assert!(transitions(&home).is_empty(), "the phone stays at home");
}

#[test]
fn a_correction_takes_it_back_and_so_does_switching_it_off() {
    let dropped = || {
        let mut home = watched();
        days(&mut home, 0..28, 6000.0);
        days(&mut home, 28..32, 2900.0);
        home
    };
    let mut home = dropped();
    home.receives_at(33 * DAY, of_day(30, 2900.0).corrected_to(steps(5900.0)));
    assert_eq!(transitions(&home), [Raised, Retracted]);
    let mut home = dropped();
    home.follows(rules::plan(2, [("activity.drop.on", 0.0)]).unwrap(), 33 * DAY);
    assert_eq!(transitions(&home), [Raised, CriteriaChanged]);
}

fn plan() -> Plan {
    daily::plan(RULE, &[]).trusting(list())
}

fn sent() -> impl Strategy<Value = Vec<Shown>> {
    let samples = || select(vec![6000.0, 6100.0, 7000.0, 2500.0, 2000.0, 0.0]).prop_map(steps);
    let first = (0..60_i64, samples(), prop::bool::weighted(0.1));
    let first = first.prop_map(|(day, sample, is_other)| {
        // Later days have fewer.
        let sample = match (day, sample.value(STEP)) {
            (0..40, Some(2500.0 | 2000.0)) | (40.., Some(7000.0)) => steps(4000.0),
            _ => sample,
        };
        of_day(day, 0.0).corrected_to(sample).on_device(u8::from(is_other))
    });
    // Mostly by a product that is trusted; a reading that comes again is of the same one.
    daily::versions(first, samples()).prop_map(|versions| {
        let by_model = |one: Shown| {
            let model = if (one.minutes / DAY) % 10 == 3 { "POOR" } else { "FAIR" };
            let sample = one.sample.of_product(Kind::Activity, || product(model));
            Shown { sample, ..one }
        };
        versions.into_iter().map(by_model).collect()
    })
}

properties_of_days! {
    plan: plan(),
    sent: sent(),
    readings: 30..90,
    within: daily::of_forty_days,
    after_days: 60,
}
