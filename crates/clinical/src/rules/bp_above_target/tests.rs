//! The rule, shown by what happens to a patient.

use std::sync::Arc;

use jiff::civil::{date, time};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::Kind;
use crate::alert::{Alert, Severity, Transition};
use crate::home::daily::{self, DAY, SEVEN, Shown, complete, plan};
use crate::home::{Home, Sending};
use crate::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use crate::limit::Limit;
use crate::local_time::JAPAN;
use crate::monitor::assessed;
use crate::plan::Plan;
use crate::rule_set::RuleSet;
use crate::rules;
use crate::sample::Sample;
use crate::time::Timestamp;

use Transition::{Raised, Resolved, Retracted, Updated};

const RULE: &str = "bp.above_target";

fn pair(systolic: u16, diastolic: u16) -> Sample {
    Sample::default().with(SYSTOLIC, systolic.into()).with(DIASTOLIC, diastolic.into())
}

fn at_hour(day: i64, hour: i64, systolic: u16, diastolic: u16) -> Shown {
    Shown::at_hour(day, hour, Kind::BloodPressure, pair(systolic, diastolic))
}

fn morning(day: i64, systolic: u16, diastolic: u16) -> Shown {
    at_hour(day, 8, systolic, diastolic)
}

fn evening(day: i64, systolic: u16, diastolic: u16) -> Shown {
    at_hour(day, 21, systolic, diastolic)
}

/// The transitions after readings, once the last day of them is complete.
fn transitions(home: &mut Home, readings: impl IntoIterator<Item = Shown>) -> Vec<Transition> {
    let mut last = 0;
    for reading in readings {
        last = last.max(reading.minutes());
        home.receives(reading);
    }
    home.waits_until(complete(last / DAY));
    daily::transitions(home, RULE)
}

fn after_all(readings: impl IntoIterator<Item = Shown>) -> (Home, Vec<Transition>) {
    let mut home = Home::default();
    let transitions = transitions(&mut home, readings);
    (home, transitions)
}

#[test]
fn who_wakes_at_one_in_the_afternoon_has_mornings_then() {
    // On waking at 13:00, and before sleep at 05:00 of the next day.
    let shown = |day| [at_hour(day, 13, 165, 100), at_hour(day, 29, 128, 78)];
    let hours = [
        ("bp.above_target.morning_begins", 12.0),
        ("bp.above_target.morning_ends", 16.0),
        ("bp.above_target.evening_begins", 22.0),
    ];
    let mut home = Home { plan: rules::plan(1, hours).unwrap(), ..Home::default() };
    for reading in (0..5).flat_map(shown) {
        home.receives(reading);
    }
    assert!(daily::transitions(&home, RULE).is_empty(), "the fifth day is not over");
    home.waits_until(complete(4) + 8 * 60 - 61);
    assert!(daily::transitions(&home, RULE).is_empty(), "eight hours later than usual");
    home.waits_until(complete(4) + 8 * 60);
    assert_eq!(daily::transitions(&home, RULE), [Raised]);
    assert_eq!(daily::transitions(&home, "bp.morning_surge"), [Raised]);
    let alert = daily::last(&home, RULE);
    let found = ["morning_systolic", "morning_days", "evening_systolic", "last_day"];
    assert_eq!(
        found.map(|name| alert.finding(name)),
        [Some(165.0), Some(5.0), None, Some(20_260_602.0)]
    );
    // By the usual hours both are no morning, and the early one is a morning within target.
    let (_, said) = after_all((0..7).flat_map(shown));
    assert!(said.is_empty());
}

#[test]
fn an_alert_records_the_hours_by_which_its_mornings_and_evenings_were_distinguished() {
    let names = ["morning_begins", "morning_ends", "evening_begins"];
    let recorded = |alert: &Alert| names.map(|name| alert.parameter(name));
    let shown = |day| [morning(day, 165, 100), evening(day, 128, 78)];
    for (own, hours) in [(None, [4.0, 12.0, 17.0]), (Some([3.0, 9.0, 20.0]), [3.0, 9.0, 20.0])] {
        let full = names.map(|name| format!("{RULE}.{name}"));
        let own =
            own.into_iter().flat_map(|own: [f64; 3]| full.iter().map(String::as_str).zip(own));
        let mut home = Home { plan: rules::plan(1, own).unwrap(), ..Home::default() };
        assert_eq!(transitions(&mut home, (0..5).flat_map(shown)), [Raised]);
        for rule in [RULE, "bp.morning_surge"] {
            let alert = daily::last(&home, rule);
            assert_eq!(recorded(alert), hours.map(Some), "{rule}");
        }
    }
}

#[test]
fn five_mornings_of_seven_days_are_judged_when_the_fifth_day_is_complete() {
    let mut home = Home::after((0..5).map(|day| morning(day, 142, 88)));
    home.waits_until(5 * DAY + SEVEN - 61);
    assert!(home.reported.is_empty(), "before six in the morning the day is not complete");
    home.waits_until(complete(4));
    assert_eq!(daily::transitions(&home, RULE), [Raised]);
    let alert = daily::last(&home, RULE);
    assert_eq!(
        (alert.severity, alert.late, alert.cause.is_none()),
        (Severity::Review, false, true)
    );
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "Home blood pressure, morning mean of 7 days 142/88 mmHg (5 days, until 2026-06-02): systolic at or above 135, diastolic at or above 85. Check adherence and how pressure is measured, and consider changing treatment."
    );
    assert_eq!(
        words.ja,
        "家庭血圧 7日間の朝の平均 142/88 mmHg（測定5日、2026年6月2日まで）：収縮期が135以上、拡張期が85以上。服薬状況と測定方法を確認し、治療内容の見直しを検討してください。"
    );
    let reported = Alert { wording_version: 1, ..alert.clone() };
    assert_eq!(
        rules::words(&reported).en,
        "Home blood pressure, morning mean of 7 days 142/88 mmHg (5 days), until 2026-06-02: at or above 135/85. Above target. Ask how medicine is taken and how it is measured, and review the treatment.",
        "it reads as it was reported"
    );
}

#[test]
fn the_words_name_the_pressure_that_is_above() {
    let (home, _) = after_all((0..5).map(|day| morning(day, 142, 78)));
    let words = rules::words(daily::last(&home, RULE));
    assert!(words.en.contains("2026-06-02): systolic at or above 135. Check"), "{}", words.en);
    assert!(words.ja.contains("6月2日まで）：収縮期が135以上。服薬状況"), "{}", words.ja);
    let both = (0..5).flat_map(|day| [morning(day, 120, 88), evening(day, 125, 86)]);
    let words = rules::words(daily::last(&after_all(both).0, RULE));
    assert!(
        words.en.contains(
            "morning mean of 7 days 120/88 mmHg (5 days), evening mean of 7 days 125/86 mmHg (5 days, until 2026-06-02): diastolic at or above 85. "
        ),
        "{}",
        words.en
    );
}

#[test]
fn four_days_of_seven_are_not_enough() {
    assert!(after_all([0, 2, 4, 6].map(|day| morning(day, 160, 95))).1.is_empty());
    assert!(after_all([0, 2, 4, 6, 7].map(|day| morning(day, 160, 95))).1.is_empty());
    let (_, raised) = after_all([0, 1, 2, 4, 6].map(|day| morning(day, 160, 95)));
    assert_eq!(raised, [Raised]);
}

#[test]
fn one_of_the_pressures_is_enough_and_below_both_is_not() {
    for (systolic, diastolic, is_raised) in
        [(135, 70, true), (120, 85, true), (134, 84, false), (110, 70, false)]
    {
        let (_, raised) = after_all((0..5).map(|day| morning(day, systolic, diastolic)));
        assert_eq!(!raised.is_empty(), is_raised, "{systolic}/{diastolic}");
    }
}

#[test]
fn the_evening_counts_by_itself_and_after_midnight_for_the_day_before() {
    let (home, raised) = after_all((0..5).map(|day| at_hour(day, 25, 138, 80)));
    assert_eq!(raised, [Raised]);
    assert_eq!(daily::last(&home, RULE).finding("evening_days"), Some(5.0));
    // Twice in the night of one day, at 21:00 and 01:00, is one evening.
    let four = (0..4).map(|day| evening(day, 138, 80));
    assert!(after_all(four.chain([at_hour(3, 25, 138, 80)])).1.is_empty());
    // Neither the mornings alone nor the evenings are above.
    let both = (0..5).flat_map(|day| [morning(day, 134, 84), evening(day, 134, 84)]);
    assert!(after_all(both).1.is_empty());
}

#[test]
fn noon_is_no_part_of_the_day() {
    assert!(after_all((0..7).map(|day| at_hour(day, 14, 165, 99))).1.is_empty());
}

#[test]
fn the_mean_of_an_occasion_comes_first() {
    // 150 and 118 a minute apart are 134, and 136 half an hour later is another occasion: 135.
    let twice = |day| {
        let first = morning(day, 150, 70);
        [first, Shown { minutes: first.minutes + 1, ..morning(day, 118, 70) }]
    };
    assert!(after_all((0..5).flat_map(twice)).1.is_empty());
    let again = |day| {
        let later = morning(day, 136, 70);
        twice(day).into_iter().chain([Shown { minutes: later.minutes + 30, ..later }])
    };
    let (home, raised) = after_all((0..5).flat_map(again));
    assert_eq!(raised, [Raised]);
    assert_eq!(daily::last(&home, RULE).finding("morning_systolic"), Some(135.0));
}

#[test]
fn it_ends_at_five_below_the_target_in_both_and_not_before() {
    let (mut home, raised) = after_all((0..5).map(|day| morning(day, 142, 88)));
    assert_eq!(raised, [Raised]);
    assert_eq!(transitions(&mut home, (5..12).map(|day| morning(day, 131, 80))), [Raised]);
    assert_eq!(transitions(&mut home, (12..19).map(|day| morning(day, 128, 81))), [Raised]);
    let ended = transitions(&mut home, (19..26).map(|day| morning(day, 130, 80)));
    assert_eq!(ended, [Raised, Resolved]);
}

#[test]
fn what_was_never_above_has_only_to_be_below_the_target() {
    let raised = || after_all((0..5).map(|day| morning(day, 142, 82))).0;
    let later = |systolic, diastolic| (5..12).map(move |day| morning(day, systolic, diastolic));
    assert_eq!(transitions(&mut raised(), later(131, 82)), [Raised]);
    assert_eq!(transitions(&mut raised(), later(122, 88)), [Raised, Updated]);
    assert_eq!(transitions(&mut raised(), later(122, 84)), [Raised, Resolved]);
    // Nor does the evening.
    let evenings =
        |systolic| (5..12).flat_map(move |day| [morning(day, 122, 82), evening(day, systolic, 78)]);
    assert_eq!(transitions(&mut raised(), evenings(135)), [Raised, Updated]);
    assert_eq!(transitions(&mut raised(), evenings(134)), [Raised, Resolved]);
}

#[test]
fn a_relapse_after_treatment_is_reported_anew() {
    let (mut home, _) = after_all((0..5).map(|day| morning(day, 142, 82)));
    let treated = (5..35).map(|day| morning(day, 122, 82));
    assert_eq!(transitions(&mut home, treated), [Raised, Resolved]);
    let again = transitions(&mut home, (35..42).map(|day| morning(day, 172, 83)));
    assert_eq!(again[..3], [Raised, Resolved, Raised]);
    assert!(daily::last(&home, RULE).is_open());
}

#[test]
fn an_open_alert_says_means_that_are_clearly_further_above() {
    let (mut home, _) = after_all((0..5).map(|day| morning(day, 142, 82)));
    assert_eq!(transitions(&mut home, (5..12).map(|day| morning(day, 151, 84))), [Raised]);
    assert_eq!(
        transitions(&mut home, (12..19).map(|day| morning(day, 152, 84))),
        [Raised, Updated]
    );
    let alert = daily::last(&home, RULE);
    assert_eq!(
        (alert.finding("morning_systolic"), alert.severity),
        (Some(152.0), Severity::Review)
    );
    assert!(rules::words(alert).en.contains("152/84"));
    let began = alert.first_observed_at;
    // It does so once, and only that far.
    assert_eq!(
        transitions(&mut home, (19..30).map(|day| morning(day, 158, 84))),
        [Raised, Updated]
    );
    let further = transitions(&mut home, (30..37).map(|day| morning(day, 150, 89)));
    assert_eq!(further, [Raised, Updated, Updated]);
    assert_eq!(daily::last(&home, RULE).first_observed_at, began);
}

#[test]
fn an_open_alert_says_the_other_part_too_once_it_is_above() {
    let (mut home, _) = after_all((0..5).map(|day| morning(day, 142, 82)));
    let both = |days: std::ops::Range<i64>, systolic| {
        days.flat_map(move |day| [morning(day, 142, 82), evening(day, systolic, 78)])
    };
    assert_eq!(transitions(&mut home, both(5..12, 134)), [Raised]);
    assert_eq!(transitions(&mut home, both(12..19, 136)), [Raised, Updated]);
    assert!(daily::last(&home, RULE).finding("evening_systolic") >= Some(135.0));
    assert_eq!(transitions(&mut home, both(19..26, 134)), [Raised, Updated]);
    assert_eq!(transitions(&mut home, both(26..33, 137)), [Raised, Updated]);
    // From then on it has to be clearly below as well.
    let lower = |days: std::ops::Range<i64>, systolic| {
        days.flat_map(move |day| [morning(day, 130, 82), evening(day, systolic, 78)])
    };
    assert_eq!(transitions(&mut home, lower(33..40, 131)), [Raised, Updated]);
    assert_eq!(transitions(&mut home, lower(40..47, 130)), [Raised, Updated, Resolved]);
}

#[test]
fn evenings_alone_do_not_end_what_mornings_raised_and_silence_ends_nothing() {
    let (mut home, _) = after_all((0..5).map(|day| morning(day, 142, 88)));
    assert_eq!(transitions(&mut home, (5..19).map(|day| evening(day, 120, 75))), [Raised]);
    home.waits_until(30 * DAY);
    assert!(home.monitor.alerts()[0].is_open());
    let ended = transitions(&mut home, (30..35).map(|day| morning(day, 121, 76)));
    assert_eq!(ended, [Raised, Resolved]);
}

#[test]
fn a_correction_of_a_judged_day_takes_the_alert_back_or_changes_its_numbers() {
    let all = || (0..5).map(|day| morning(day, 136, 80));
    let (mut home, _) = after_all(all());
    home.receives_at(complete(5), morning(1, 136, 80).corrected_to(pair(141, 80)));
    assert_eq!(daily::transitions(&home, RULE), [Raised, Updated]);
    assert_eq!(daily::last(&home, RULE).finding("morning_systolic"), Some(137.0));
    home.receives_at(complete(5), morning(3, 136, 80).corrected_to(pair(121, 80)));
    assert_eq!(daily::transitions(&home, RULE), [Raised, Updated, Retracted]);
    let (mut home, _) = after_all(all());
    home.receives_at(complete(5), morning(2, 136, 80).entered_in_error());
    assert_eq!(daily::transitions(&home, RULE), [Raised, Retracted]);
}

#[test]
fn a_late_reading_makes_the_fifth_day() {
    let mut home = Home::after([0, 1, 2, 4].map(|day| morning(day, 142, 88)));
    home.receives_at(complete(6), morning(3, 142, 88));
    assert!(home.reported.is_empty(), "what was sent with it is waited for");
    home.waits_until(complete(6) + 1);
    assert_eq!(daily::transitions(&home, RULE), [Raised]);
    assert_eq!(daily::last(&home, RULE).severity, Severity::Review);
}

#[test]
fn a_week_that_is_uploaded_at_once_raises_nothing_that_it_takes_back() {
    let mut home = Home::default();
    let week = (0..5).map(|day| morning(day, 150, 90));
    let lower = (0..5).map(|day| at_hour(day, 9, 110, 70));
    for reading in week.chain(lower) {
        home.receives_at(complete(9), reading);
    }
    home.waits_until(complete(12));
    assert!(home.reported.is_empty());
}

#[test]
fn a_reading_in_time_costs_no_computation() {
    let mut home = Home::after((0..3).map(|day| morning(day, 142, 88)));
    let before = assessed(RULE);
    for minutes in 0..100 {
        let reading = evening(2, 142, 88);
        home.receives(Shown { minutes: reading.minutes + minutes, ..reading });
    }
    assert_eq!(assessed(RULE), before);
}

#[test]
fn the_target_is_the_patients_own_and_drawn_where_it_is_given() {
    let own = rules::plan(1, [("bp.above_target.systolic", 125.0)]).unwrap();
    let drawn = |plan: &Plan| {
        let alone =
            rules::limits(plan).filter(|one| one.field == SYSTOLIC && one.severity.is_none());
        alone.map(|Limit { value, .. }| value).collect::<Vec<_>>()
    };
    assert_eq!(drawn(&own), [125.0]);
    assert_eq!(drawn(&rules::plan(0, []).unwrap()), [135.0]);
    let mut set = RuleSet::new("ward", Timestamp::EARLIEST).unwrap();
    set.give("bp.above_target.systolic", 125.0, "the ward's board").unwrap();
    assert_eq!(drawn(&Plan::default().under(Some(Arc::new(set)))), [125.0]);
    let mut home = Home { plan: own, ..Home::default() };
    assert_eq!(transitions(&mut home, (0..5).map(|day| morning(day, 126, 84))), [Raised]);
    assert!(rules::words(daily::last(&home, RULE)).en.contains(": systolic at or above 125. "));
}

#[test]
fn noise_around_the_target_does_not_flap() {
    // Means of a week between 132 and 137.
    let noise = (0..35).map(|day| morning(day, 130 + (day as u16 * 7) % 11, 80));
    let (_, transitions) = after_all(noise);
    assert_eq!(transitions, [Raised]);
}

fn samples() -> impl Strategy<Value = Sample> + Clone {
    select(vec![pair(118, 74), pair(128, 79), pair(133, 82), pair(137, 84), pair(150, 90)])
}

fn sent() -> impl Strategy<Value = Vec<Shown>> {
    let first = (0..50_i64, select(vec![3_i64, 8, 9, 13, 21, 25]), 0..20_i64, samples(), 0..2_u8);
    let first = first.prop_map(|(day, hour, minute, sample, device)| {
        let one = Shown::at_hour(day, hour, Kind::BloodPressure, sample).on_device(device);
        Shown { minutes: one.minutes + minute, ..one }
    });
    daily::versions(first, samples())
}

/// The usual hours of the day, and those of who works late or at night.
fn hours() -> impl Strategy<Value = [(&'static str, f64); 3]> {
    let names = ["morning_begins", "morning_ends", "evening_begins"];
    let names = names.map(|name| {
        let is_it = |name_of: &&str| name_of.ends_with(name);
        rules::parameters().map(|parameter| parameter.name).find(is_it).unwrap()
    });
    let all = [[4.0, 12.0, 17.0], [12.0, 16.0, 22.0], [18.0, 22.0, 8.0], [0.0, 8.0, 8.0]];
    select(all.to_vec()).prop_map(move |hours: [f64; 3]| {
        [(names[0], hours[0]), (names[1], hours[1]), (names[2], hours[2])]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_fast_path_equals_the_full_computation(
        history in daily::history(sent(), 90),
        hours in hours(),
        sweeps: bool,
    ) {
        daily::nothing_is_missed(plan(RULE, &hours), &history, sweeps)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        all in vec(sent(), 1..60),
        other_order in any::<[Index; 100]>(),
    ) {
        let all = daily::of_four_weeks(all);
        daily::the_order_of_arrival_does_not_matter(&plan(RULE, &[]), 29, &all, &other_order)?;
    }

    #[test]
    fn a_restart_says_nothing_new(history in daily::history(sent(), 90), hours in hours()) {
        daily::a_restart_says_nothing_new(plan(RULE, &hours), &history)?;
    }
}

#[test]
fn an_alert_that_is_older_than_what_is_judged_ends_all_the_same() {
    let (mut home, _) = after_all((0..5).map(|day| morning(day, 142, 88)));
    let neither = (5..60).map(|day| morning(day, 132, 82));
    assert_eq!(transitions(&mut home, neither), [Raised]);
    let began = JAPAN.instant(date(2026, 6, 2), time(4, 0, 0, 0));
    assert_eq!(daily::last(&home, RULE).first_observed_at, began);
    let ended = transitions(&mut home, (60..67).map(|day| morning(day, 120, 70)));
    assert_eq!(ended, [Raised, Resolved]);
}
