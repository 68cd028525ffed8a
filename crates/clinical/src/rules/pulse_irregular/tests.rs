//! The rule, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::sent::{self, Sent, histories};
use crate::Kind;
use crate::alert::{Severity, Stage, Transition};
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, at};
use crate::kinds::blood_pressure::{DIASTOLIC, IRREGULAR_PULSE, PULSE_RATE, SYSTOLIC};
use crate::monitor::assessed;
use crate::rules;
use crate::sample::Sample;

use Severity::Review;
use Stage::Confirmed;
use Transition::{Raised, Resolved, Retracted, Updated};

const RULE: &str = "pulse.irregular";

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// Flagged, not flagged, or nothing said.
fn sample(flag: Option<bool>) -> Sample {
    let pressures = Sample::default().with(SYSTOLIC, 124.0).with(DIASTOLIC, 76.0);
    flag.map_or(pressures, |flag| pressures.with(IRREGULAR_PULSE, f64::from(u8::from(flag))))
}

fn sent(minutes: i64, flag: Option<bool>) -> Sent {
    Sent::new(Kind::BloodPressure, minutes, sample(flag))
}

/// An occasion of readings two minutes apart: F flagged, r regular, - nothing said.
fn occasion(minutes: i64, readings: &str) -> Vec<Sent> {
    let flag = |letter| match letter {
        'F' => Some(true),
        'r' => Some(false),
        _ => None,
    };
    (0..).zip(readings.chars()).map(|(n, one)| sent(minutes + 2 * n, flag(one))).collect()
}

fn receives(home: &mut Home, sends: Vec<Sent>) {
    for sent in sends {
        home.receives(sent);
    }
}

/// The patient a while after occasions, by days.
fn after(days: &[(i64, &str)]) -> Home {
    let mut home = Home::default();
    for (day, readings) in days {
        receives(&mut home, occasion(day * DAY, readings));
    }
    home.waits_until(90 * DAY);
    home
}

fn transitions(home: &Home) -> Vec<Transition> {
    home.reported.iter().map(|alert| alert.transition).collect()
}

#[test]
fn two_of_three_readings_flagged_on_two_days_of_seven_are_for_review() {
    let home = after(&[(0, "FrF"), (6, "rFF")]);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "The cuff flagged an irregular pulse on 2 days of 7, at or above 2, each day in two or more readings of one occasion, or two in a row. Ask about palpitations, breathlessness and known arrhythmia, and consider an electrocardiogram."
    );
    assert_eq!(
        words.ja,
        "血圧計が7日間のうち2日（2日以上）で不規則な脈を示しました。いずれの日も、同じ測定機会または同じ日の続けての測定で2回以上です。動悸や息切れ、既知の不整脈を確認し、心電図検査を検討してください。"
    );
    // What was reported before the sentence changed reads as it did.
    let before = crate::alert::Alert { wording_version: 1, ..home.last().clone() };
    assert!(rules::words(&before).en.contains("on 2 days of 7, twice in one occasion"));
    assert_eq!(home.last().evidence.len(), 2);
}

#[test]
fn one_day_is_none_and_nor_are_two_that_are_more_than_a_week_apart() {
    for days in [
        &[(0, "FFF")][..],
        &[(0, "FFF"), (7, "FFF")],
        &[(0, "Frr"), (1, "rFr"), (2, "rrF")],
        &[(0, "FFrr"), (1, "FFrr")],
    ] {
        assert!(after(days).reported.is_empty(), "{days:?}");
    }
    let mut home = Home::default();
    for one in [occasion(0, "FFF"), occasion(5 * HOUR, "FFF")].concat() {
        home.receives(one);
    }
    home.waits_until(2 * DAY);
    assert!(home.reported.is_empty(), "two occasions of one day");
}

/// Of four readings the last three count; of two both are flagged.
#[test]
fn an_occasion_of_two_readings_is_irregular_where_both_are_flagged() {
    assert_eq!(transitions(&after(&[(0, "FF"), (1, "FF")])), [Raised]);
    assert_eq!(transitions(&after(&[(0, "rFrF"), (1, "FF")])), [Raised]);
    assert!(after(&[(0, "Fr"), (1, "rF")]).reported.is_empty());
}

/// Morning and evening, one reading each.
#[test]
fn a_single_reading_is_taken_with_the_one_before_it_of_the_same_day() {
    let days = |days: &[(&str, &str)]| {
        let mut home = Home::default();
        for (day, (morning, evening)) in (0..).zip(days) {
            receives(&mut home, occasion(day * DAY, morning));
            receives(&mut home, occasion(day * DAY + 12 * HOUR, evening));
        }
        home.waits_until(80 * DAY);
        home
    };
    assert_eq!(transitions(&days(&[("F", "F"), ("F", "F")])), [Raised]);
    assert!(days(&[("F", "r"), ("r", "F"), ("F", "r")]).reported.is_empty());
    // An evening and the next morning are two days.
    assert!(days(&[("r", "F"), ("F", "r"), ("r", "F"), ("F", "r")]).reported.is_empty());
}

#[test]
fn an_alert_of_many_days_is_reported_once_a_day() {
    let mut home = Home::default();
    for day in 0..4 {
        for part in 0..3 {
            for one in occasion(day * DAY + part * 5 * HOUR, "FFF") {
                home.receives(one);
            }
        }
    }
    home.waits_until(5 * DAY);
    assert_eq!(transitions(&home), [Raised, Updated, Updated]);
}

#[test]
fn seven_days_without_an_irregular_one_end_it() {
    let mut days = vec![(0, "FFF"), (1, "FFF")];
    days.extend((2..8).map(|day| (day, "rrr")));
    assert_eq!(transitions(&after(&days)), [Raised]);
    days.push((8, "rrr"));
    let home = after(&days);
    assert_eq!(transitions(&home), [Raised, Resolved]);
    assert_eq!(home.last().last_observed_at, at(8 * DAY));
    // An irregular one begins the days anew.
    days[4] = (4, "FFr");
    assert_eq!(transitions(&after(&days)), [Raised, Updated]);
}

#[test]
fn silence_ends_nothing_and_nor_does_a_device_that_flags_nothing() {
    let mut home = after(&[(0, "FFF"), (1, "FFF")]);
    assert_eq!(transitions(&home), [Raised]);
    for day in 90..100 {
        for one in occasion(day * DAY, "--") {
            home.receives(one.on(1));
        }
    }
    home.waits_until(101 * DAY);
    assert_eq!(transitions(&home), [Raised]);
    // The device that has flagged says by saying nothing that the pulse is regular.
    receives(&mut home, occasion(102 * DAY, "--"));
    home.waits_until(103 * DAY);
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn a_device_that_flags_nothing_raises_nothing() {
    let days: Vec<_> = (0..20).map(|day| (day, "---")).collect();
    let before = assessed(RULE);
    assert!(after(&days).reported.is_empty());
    assert_eq!(assessed(RULE), before, "the fast path");
}

#[test]
fn a_plan_may_ask_for_more_days() {
    let plan = rules::plan(1, [("pulse.irregular.days", 3.0)]).unwrap();
    let mut home = Home::with_plan(plan);
    for day in 0..3 {
        assert!(home.reported.is_empty());
        receives(&mut home, occasion(day * DAY, "FFF"));
        home.waits_until(day * DAY + HOUR);
    }
    assert_eq!(transitions(&home), [Raised]);
    assert_eq!(home.last().evidence.len(), 3);
}

#[test]
fn a_correction_takes_the_alert_back() {
    let mut home = Home::default();
    for one in [occasion(0, "FFF"), occasion(DAY, "FF")].concat() {
        home.receives(one);
    }
    home.waits_until(DAY + HOUR);
    home.receives_at(DAY + 2 * HOUR, sent(DAY + 2, None).corrected_to(sample(Some(false))));
    assert_eq!(transitions(&home), [Raised, Retracted]);
}

/// The same with a pulse.
fn with_pulse(sample: Sample) -> Sample {
    sample.with(PULSE_RATE, 71.0)
}

/// Of each measurement one way says the pulse and perhaps that it is regular, and the other the flag alone.
#[test]
fn a_flag_that_comes_over_one_of_two_ways_is_seen_whichever_of_them_is_counted() {
    for (flagging, regular) in [(0, None), (1, None), (0, Some(false)), (1, Some(false))] {
        let mut home = Home::default();
        for day in 0..2 {
            for one in occasion(day * DAY, "FF") {
                let other = Sent { sample: with_pulse(sample(regular)), seconds: 30, ..one };
                home.receives(one.on(flagging));
                home.receives(other.on(1 - flagging));
            }
        }
        home.waits_until(3 * DAY);
        assert_eq!(transitions(&home), [Raised], "{flagging} {regular:?}");
        let evidence = &home.last().evidence;
        assert!(evidence.iter().all(|one| one.value("irregular_pulse") == Some(1.0)));
        assert!(home.missed_at(3 * DAY + 1).is_empty());
        // What was flagged was none: the other way is left.
        for one in occasion(DAY, "FF") {
            home.receives_at(3 * DAY + 2, one.on(flagging).entered_in_error());
        }
        assert_eq!(transitions(&home).last(), Some(&Retracted));
    }
}

#[test]
fn a_flag_over_two_ways_is_one_flag_and_a_measurement_over_two_ways_is_one() {
    let mut home = Home::default();
    for day in 0..3 {
        for device in 0..2 {
            receives(
                &mut home,
                occasion(day * DAY, "F").into_iter().map(|it| it.on(device)).collect(),
            );
        }
    }
    home.waits_until(4 * DAY);
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    // One severe pressure does not confirm itself for being flagged on one way only.
    let severe = |flag| sample(Some(flag)).with(SYSTOLIC, 192.0).with(DIASTOLIC, 112.0);
    let mut home = Home::default();
    home.receives(Sent::new(Kind::BloodPressure, 0, severe(true)));
    home.receives(Sent::new(Kind::BloodPressure, 1, severe(false)).on(1));
    home.waits_until(DAY);
    assert!(home.reported.iter().all(|alert| alert.severity < Severity::Urgent));
}

/// Measurements that come over two ways, of which each says something of the rhythm or not.
fn over_two_ways() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let way = (select(vec![None, Some(false), Some(true), Some(true)]), any::<bool>(), 0..3_i64);
    let measurement = (0..14_i64, 0..4_i64, 0..90_i64, way.clone(), way);
    proptest::collection::vec(measurement, 1..12).prop_map(|all| {
        let mut sends = Vec::new();
        for (day, n, apart, one, other) in all {
            for (device, seconds, (flag, has_pulse, delay)) in [(0, 0, one), (1, apart, other)] {
                let sample = if has_pulse { with_pulse(sample(flag)) } else { sample(flag) };
                let minutes = day * DAY + n * 4 + seconds / 60;
                let sent = Sent::new(Kind::BloodPressure, minutes, sample).on(device);
                sends.push((minutes + 1 + delay, Sent { seconds: seconds % 60, ..sent }));
            }
        }
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let flags = select(vec![None, Some(false), Some(true), Some(true)]).prop_map(sample);
    let minutes = prop_oneof![
        3 => (0..20_i64, 0..3_i64).prop_map(|(day, n)| day * DAY + n * 6),
        2 => (0..40_i64).prop_map(|n| n * 7 * HOUR),
        1 => 0..60_i64,
    ];
    histories(Kind::BloodPressure, flags, minutes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn the_fast_path_equals_the_full_computation_and_time_alone_changes_nothing(
        history in prop_oneof![history(), over_two_ways()],
        sweeps: bool,
    ) {
        let checks = Checks {
            after: &[0, 7, 31],
            next_assessment: NextAssessment::NotLater,
            forgets_after: sweeps.then_some(0),
        };
        properties::nothing_is_missed(&mut Home::under(&[RULE]), &history, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        history in prop_oneof![history(), over_two_ways()],
        other_order in any::<[Index; 60]>(),
    ) {
        sent::the_order_of_arrival_does_not_matter(history, &other_order, 25)?;
    }

    #[test]
    fn a_restart_says_nothing_new(
        history in prop_oneof![history(), over_two_ways()],
        at_most in 0..40_usize,
    ) {
        properties::a_restart_says_nothing_new(&history[..at_most.min(history.len())])?;
    }
}
