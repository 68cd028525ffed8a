//! The rule, shown by what happens to a patient.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::property_tests::properties_of_readings;
use crate::alert::{Severity, Stage, Transition};
use crate::home::properties;
use crate::home::{Home, Sending as _, Sent, bp, episode_with_crisis, only};
use crate::plan::Plan;
use crate::rules;

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Eased, Escalated, Raised, Resolved, Retracted, Updated};

const RULE: &str = "bp.low";

const DAY: i64 = 24 * 60;

#[test]
fn two_low_readings_a_few_minutes_apart_page_a_physician() {
    let mut home = Home::after([bp(0, 88, 52)]);
    assert!(home.reported.is_empty(), "one reading is measured again first");
    home.receives(bp(3, 85, 50));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Home blood pressure, mean 86.5/51 mmHg: systolic below 90. Low, by the mean with a second reading. Ask about dizziness, unsteadiness and fainting, confusion, chest pain, bleeding (black stools), fever, vomiting or diarrhoea and being unable to drink, and which drugs are taken. With fainting, confusion, chest pain, bleeding or fever, or unable to drink, care at once; without any of these, consider a review of the drugs."
    );
    assert_eq!(
        words.ja,
        "家庭血圧 2回の平均 86.5/51 mmHg（収縮期が90未満）。再測定を含めた平均で低値です。めまい・ふらつき・失神、意識の変化、胸痛、出血（黒色便など）、発熱、嘔吐・下痢、水分がとれないことの有無と、服薬状況を確認してください。失神、意識の変化、胸痛、出血、発熱があるか水分がとれなければ直ちに受診するよう伝え、いずれもなければ降圧薬などの見直しを検討してください。"
    );
    // What was reported before the sentence changed reads as it did.
    let before = crate::alert::Alert { wording_version: 1, ..home.last().clone() };
    assert!(rules::words(&before).ja.contains("再測定でも低値です"));
}

#[test]
fn a_systolic_of_90_is_not_low_and_nor_is_a_mean_of_90() {
    for pair in [(90, 90), (89, 91), (88, 92)] {
        let mut home = Home::after([bp(0, pair.0, 60), bp(2, pair.1, 60)]);
        home.waits_until(60);
        assert!(home.reported.is_empty(), "{pair:?}");
    }
    let home = Home::after([bp(0, 89, 60), bp(2, 90, 60)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)], "89.5 is below 90");
}

#[test]
fn one_low_reading_without_a_second_is_a_review_that_asks_to_measure_again() {
    let mut home = Home::after([bp(0, 86, 55)]);
    home.waits_until(15);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Home blood pressure 86/55 mmHg: systolic below 90. Low; not repeated within 15 minutes. Ask about dizziness, unsteadiness and fainting, confusion, chest pain, bleeding (black stools), fever and being unable to drink, and ask to measure twice, 1 to 2 minutes apart. With fainting, confusion, chest pain, bleeding or fever, or unable to drink, care at once, without waiting to measure again."
    );
    home.receives(bp(60, 84, 55));
    home.receives(bp(65, 86, 55));
    assert_eq!(home.transitions()[1], (Escalated, Urgent, Confirmed));
}

#[test]
fn who_measures_once_a_day_and_is_low_is_paged_once() {
    let mut home = Home::under(&[RULE]);
    for day in 0..5 {
        home.receives(bp(day * DAY, 85, 55));
    }
    home.waits_until(5 * DAY);
    let first = [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)];
    assert_eq!(home.transitions()[..2], first);
    assert_eq!(home.transitions()[2..], [(Updated, Urgent, Confirmed); 3]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Home blood pressure, mean 85/55 mmHg: systolic below 90. Low, on 2 occasions in a row. Ask about dizziness, unsteadiness and fainting, confusion, chest pain, bleeding (black stools), fever, vomiting or diarrhoea and being unable to drink, and which drugs are taken. With fainting, confusion, chest pain, bleeding or fever, or unable to drink, care at once; without any of these, consider a review of the drugs."
    );
    assert_eq!(
        words.ja,
        "家庭血圧 2回の平均 85/55 mmHg（収縮期が90未満）。続けて2回の測定機会で低値です。めまい・ふらつき・失神、意識の変化、胸痛、出血（黒色便など）、発熱、嘔吐・下痢、水分がとれないことの有無と、服薬状況を確認してください。失神、意識の変化、胸痛、出血、発熱があるか水分がとれなければ直ちに受診するよう伝え、いずれもなければ降圧薬などの見直しを検討してください。"
    );
}

#[test]
fn two_occasions_in_a_row_at_95_or_more_end_it() {
    let mut home = Home::after([bp(0, 85, 55), bp(2, 85, 55)]);
    home.receives_all(&[
        (600, bp(600, 95, 60)),
        (1200, bp(1200, 94, 60)),
        (1800, bp(1800, 95, 60)),
    ]);
    home.waits_until(2000);
    assert_eq!(home.reported.len(), 1, "94 begins the count anew");
    home.receives(bp(2400, 96, 60));
    home.waits_until(2500);
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_patient_who_lives_at_90_does_not_flap() {
    let around = [91, 89, 92, 90, 88, 91, 93, 89, 90, 92];
    let occasions = (0..).zip(around).map(|(n, systolic)| (n * 720, systolic));
    let mut home = Home::default();
    for (minutes, systolic) in occasions {
        home.receives(bp(minutes, systolic, 60));
        home.receives(bp(minutes + 2, systolic + 1, 60));
    }
    home.waits_until(10 * DAY);
    let raised = home.reported.iter().filter(|alert| alert.transition == Raised).count();
    assert!(raised <= 1, "{:?}", home.transitions());
}

#[test]
fn a_plan_may_set_the_limit_for_a_patient_whose_pressure_is_always_low() {
    let plan = rules::plan(2, [("bp.low.systolic", 80.0)]).unwrap();
    let mut home = Home::with_plan(plan);
    home.receives_all(&[(0, bp(0, 84, 50)), (2, bp(2, 83, 50))]);
    home.waits_until(60);
    assert!(home.reported.is_empty());
    home.receives_all(&[(DAY, bp(DAY, 79, 50)), (DAY + 2, bp(DAY + 2, 78, 50))]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    assert!(rules::words(home.last()).en.contains("systolic below 80"));
    // Normalised 5 above the limit.
    let days = [bp(2 * DAY, 85, 50), bp(3 * DAY, 85, 50)];
    home.receives_all(&days.map(|one| (one.minutes, one)));
    home.waits_until(4 * DAY);
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_correction_takes_the_page_back_and_one_entered_in_error_leaves_a_review() {
    let pair = || Home::after([bp(0, 85, 55), bp(2, 86, 55)]);
    let mut home = pair();
    home.receives_at(30, bp(2, 0, 0).corrected(20, 126, 80));
    assert_eq!(home.last().transition, Retracted);
    let mut home = pair();
    home.receives_at(30, bp(2, 86, 55).entered_in_error(20));
    assert_eq!(home.transitions()[1], (Eased, Review, Unconfirmed));
}

#[test]
fn readings_that_come_hours_late_are_a_review_and_page_nobody() {
    let mut home = Home::default();
    home.receives_at(8 * 60, bp(0, 85, 55));
    home.receives_at(8 * 60, bp(2, 85, 55));
    home.waits_until(8 * 60 + 1);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    assert!(home.last().late);
    let words = rules::words(home.last());
    assert!(words.en.ends_with("Was low; the readings arrived late. Review what followed."));
}

/// A cuff uploads the morning at noon: a low reading and its repetition are judged together.
#[test]
fn an_upload_raises_nothing_that_its_own_repetition_takes_back() {
    let mut home = Home::default();
    for one in [bp(0, 86, 55), bp(2, 118, 70), bp(30, 116, 70)] {
        home.receives_at(240, one);
    }
    home.waits_until(300);
    assert!(home.reported.is_empty(), "{:?}", home.transitions());
    for one in [bp(310, 84, 55), bp(312, 86, 55)] {
        home.receives_at(400, one);
    }
    home.waits_until(401);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
}

#[test]
fn one_low_value_deserves_a_look_whenever_it_was_measured() {
    let is_severe = |systolic| {
        let sample = bp(0, systolic, 50).reading().sample;
        rules::is_severe(crate::Kind::BloodPressure, sample, &Plan::default())
    };
    assert!(is_severe(89) && !is_severe(90));
}

/// A patient whose plan calls a diastolic pressure below 50 low.
fn judged_by_diastolic() -> Home {
    let plan = rules::plan(1, [("bp.low.diastolic", 50.0)]).unwrap();
    Home { plan: plan.under(only(&[RULE]).rule_set().cloned()), ..Home::default() }
}

#[test]
fn a_low_diastolic_pressure_is_judged_where_a_plan_asks_for_it() {
    let pair = |diastolic| [bp(0, 120, 49), bp(2, 120, diastolic)];
    assert!(Home::after(pair(40)).reported.is_empty(), "no plan asks for it");
    let after = |diastolic| {
        let mut home = judged_by_diastolic();
        for sent in pair(diastolic) {
            home.receives(sent);
        }
        home.waits_until(60);
        home
    };
    assert!(after(51).reported.is_empty(), "a mean of 50");
    let mut home = after(50);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert!(
        words
            .en
            .starts_with("Home blood pressure, mean 120/49.5 mmHg: diastolic below 50. Low, by"),
        "{}",
        words.en
    );
    assert!(words.ja.contains("120/49.5 mmHg（拡張期が50未満）"), "{}", words.ja);
    // Normalised 5 above the limit.
    for (day, diastolic) in [(1, 54), (2, 55), (3, 55)] {
        assert_eq!(home.reported.len(), 1, "day {day}");
        home.receives(bp(day * DAY, 120, diastolic));
        home.waits_until(day * DAY + 60);
    }
    assert_eq!(home.last().transition, Resolved);
    let mut home = judged_by_diastolic();
    for sent in [bp(0, 88, 48), bp(2, 88, 48)] {
        home.receives(sent);
    }
    let words = rules::words(home.last());
    assert!(words.en.contains("mmHg: systolic below 90, diastolic below 50. Low"), "{}", words.en);
    assert!(words.ja.contains("（収縮期が90未満、拡張期が50未満）"), "{}", words.ja);
}

fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let systolic = select(vec![80_u16, 87, 89, 90, 93, 95, 110]);
    let minutes = prop_oneof![3 => 0..40_i64, 2 => (0..30_i64).prop_map(|n| n * 360)];
    let shift = prop_oneof![3 => Just(0_i64), 1 => Just(40 * DAY), 1 => Just(40 * DAY - 20)];
    let delay = prop_oneof![8 => 0..3_i64, 2 => 0..90_i64, 1 => 0..2_000_i64];
    let then = prop_oneof![6 => Just(None), 1 => systolic.clone().prop_map(Some).prop_map(Some), 1 => Just(Some(None))];
    let sent = (minutes, shift, systolic, 0..2_u8, then, vec(delay, 2));
    vec(sent, 1..30).prop_map(|all| {
        let mut sends = Vec::new();
        for (minutes, shift, systolic, source, then, delays) in all {
            let first = Sent { source, ..bp(minutes + shift, systolic, 50) };
            sends.push((first.minutes + delays[0], first.clone()));
            if let Some(then) = then {
                let changed = match then {
                    Some(systolic) => first.corrected(1, systolic, 50),
                    None => first.entered_in_error(1),
                };
                sends.push((changed.minutes + delays[1].max(1), changed));
            }
        }
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

/// In whatever order the readings of the first month arrive, the alerts are the same.
fn in_any_order(history: Vec<(i64, Sent)>, other_order: &[Index]) -> Result<(), TestCaseError> {
    let near = |(_, sent): &(i64, Sent)| sent.minutes < 30 * DAY;
    let all: Vec<Sent> = history.into_iter().filter(near).map(|(_, sent)| sent).collect();
    properties::the_order_of_arrival_does_not_matter(&all, other_order, |sends| {
        let mut home = Home::under(&[RULE]);
        let mut clock = 0;
        for sent in sends {
            clock = clock.max(sent.minutes + sent.update);
            home.receives_at(clock, sent.clone());
        }
        home.waits_until(15 * DAY);
        home.known(episode_with_crisis)
    })
}

properties_of_readings! {
    rule: RULE,
    history: history(),
    cases: 800,
    after: [0, 7, 31],
    order: |history, other_order| in_any_order(history, &other_order),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The limits of both lie 40 mmHg apart. The other pressure of each is one that no limit calls low, and
    /// that waits for the rest of an upload.
    #[test]
    fn the_diastolic_pressure_is_judged_as_the_systolic_one_is(history in history()) {
        let with = |values: fn(u16) -> (u16, u16)| -> Vec<(i64, Sent)> {
            let all = history.iter().cloned();
            all.map(|(at, sent)| (at, Sent { values: values(sent.values.0), ..sent })).collect()
        };
        let systolic = with(|mmhg| (mmhg, 31));
        let diastolic = with(|mmhg| (100, mmhg - 40));
        let end = history.iter().map(|(received, _)| received + 60).max().unwrap_or_default();
        let mut by_systolic = Home::under(&[RULE]);
        by_systolic.receives_all(&systolic);
        by_systolic.waits_until(end);
        let mut by_diastolic = judged_by_diastolic();
        let checks = properties::Checks {
            after: &[0, 7, 31],
            next_assessment: properties::NextAssessment::NotLater,
            forgets_after: None,
        };
        properties::nothing_is_missed(&mut by_diastolic, &diastolic, checks)?;
        by_diastolic.waits_until(end);
        prop_assert_eq!(by_diastolic.transitions(), by_systolic.transitions());
    }
}
