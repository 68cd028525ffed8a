//! The rule, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::alert::{Severity, Stage, Transition};
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, at, episode, only};
use crate::monitor::ASSESSED;
use crate::plan::Plan;
use crate::rules;
use crate::rules::glucose_tests::{
    DAY, HI, Over, Sent, Watched, by_receipt, courses, finger,
    nothing_new_is_said_when_readings_leave, sensor,
};

use Severity::Review;
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Resolved, Retracted, Updated};

const RULE: &str = "glucose.very_high";

fn after(sent: impl IntoIterator<Item = Sent>) -> Watched {
    Watched::by(RULE, only(&[RULE])).after(sent)
}

/// A sensor that says one value every 5 minutes.
fn stays(from: i64, until: i64, value: u16) -> impl Iterator<Item = Sent> {
    (from..=until).step_by(5).map(move |minutes| sensor(minutes, value))
}

#[test]
fn a_sensor_above_250_for_120_minutes_is_for_review() {
    let mut home = after(stays(0, 115, 251));
    assert!(home.reported.is_empty());
    home.receives(sensor(120, 300));
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose above 250 mg/dL for 120 minutes or more, highest 300. Ask about pain in the abdomen, vomiting, drowsiness or confusion, and laboured breathing, and ketones where insulin is used. With any of vomiting, drowsiness or confusion, and laboured breathing, care at once. Review meals, drugs and illness."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 250 mg/dL超が120分以上（最高300）。腹痛、嘔吐、意識の変化、深く速い呼吸の有無（インスリン使用中はケトン体も）を確認し、嘔吐、意識の変化、深く速い呼吸があれば直ちに受診するよう伝えてください。食事・薬・体調も確認してください。"
    );
    assert!(after(stays(0, 600, 250)).reported.is_empty(), "250 is not above 250");
}

#[test]
fn a_sensor_that_says_hi_is_very_high_and_the_words_say_above_its_limit() {
    let home = after(stays(0, 120, HI));
    assert!(rules::words(home.last()).en.contains("highest > 400"), "{:?}", home.last());
}

/// As the consensus ends no event by them.
#[test]
fn less_than_15_minutes_at_the_limit_do_not_begin_the_120_minutes_anew() {
    // A day at 265, with one value of 248 each 115 minutes.
    let day = (0..288).map(|n| sensor(n * 5, if n % 23 == 22 { 248 } else { 265 }));
    let home = after(day);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    assert_eq!((home.last().first_observed_at, home.last().changed_at), (at(0), at(120)));
    let dip = |until: i64, value| {
        stays(0, 100, 300).chain(stays(105, until, value)).chain(stays(until + 5, 140, 300))
    };
    assert_eq!(after(dip(115, 220)).reported.len(), 1, "10 minutes");
    assert!(after(dip(120, 250)).reported.is_empty(), "15 minutes");
    // They begin anew then.
    let mut home = after(dip(120, 250).chain(stays(145, 240, 300)));
    assert!(home.reported.is_empty());
    home.receives(sensor(245, 300));
    assert_eq!(home.last().first_observed_at, at(125));
}

#[test]
fn thirty_minutes_of_silence_do_not_break_the_run_and_more_do() {
    let with_silence = |minutes: i64| {
        stays(0, 60, 300).chain(stays(60 + minutes, 120 + minutes, 300)).collect::<Vec<_>>()
    };
    assert_eq!(after(with_silence(30)).reported.len(), 1);
    let mut home = after(with_silence(35));
    assert!(home.reported.is_empty(), "nobody knows what was between");
    home.waits_until(1_000);
    assert!(home.reported.is_empty(), "time alone raises nothing");
}

#[test]
fn two_finger_sticks_an_hour_apart_with_nothing_back_between_them_are_for_review() {
    assert!(after([finger(0, 280), finger(59, 290)]).reported.is_empty());
    let home = after([finger(0, 280), finger(30, 310), finger(60, 290)]);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Blood glucose 290 mg/dL: above 250, as 60 minutes before (280), not seen back below 230 between, highest 310. Ask about pain in the abdomen, vomiting, drowsiness or confusion, and laboured breathing, and ketones where insulin is used. With any of vomiting, drowsiness or confusion, and laboured breathing, care at once. Review meals, drugs and illness."
    );
    assert_eq!(
        words.ja,
        "血糖値 290 mg/dL。60分前（280 mg/dL）に続き250 mg/dL超、その間に230未満への回復が確認できません、最高310。腹痛、嘔吐、意識の変化、深く速い呼吸の有無（インスリン使用中はケトン体も）を確認し、嘔吐、意識の変化、深く速い呼吸があれば直ちに受診するよう伝えてください。食事・薬・体調も確認してください。"
    );
    let home = after([finger(0, 310), finger(3 * DAY, 290)]);
    assert!(rules::words(home.last()).en.contains("as 3 days before (310), not seen"));
    assert!(after([finger(0, 280), finger(30, 229), finger(60, 290)]).reported.is_empty());
    assert_eq!(after([finger(0, 280), finger(30, 230), finger(60, 290)]).reported.len(), 1);
}

#[test]
fn who_measures_once_a_day_or_once_a_week_is_noticed() {
    for days in [1, 2, 3, 7] {
        assert_eq!(after([finger(0, 280), finger(days * DAY, 290)]).reported.len(), 1, "{days}");
    }
    assert!(after([finger(0, 280), finger(7 * DAY + 1, 290)]).reported.is_empty());
    assert!(after([finger(0, 280), finger(DAY, 200), finger(2 * DAY, 290)]).reported.is_empty());
}

#[test]
fn finger_sticks_of_two_meters_an_hour_apart_are_two_and_copies_are_one() {
    let after = |second: Sent| {
        let by_meter = |way, sent| Over { way, sent };
        let sent = [by_meter(1, finger(0, 280)), by_meter(2, second)];
        Watched::by(RULE, only(&[RULE])).after(sent)
    };
    assert_eq!(after(finger(60, 290)).reported.len(), 1);
    assert!(after(finger(1, 280)).reported.is_empty());
}

/// Above 600 mg/dL mostly: one of those asks to measure again, as one severe pressure does.
#[test]
fn a_meter_that_says_hi_once_asks_to_measure_again() {
    let mut home = after([finger(0, HI)]);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Blood glucose > 600 mg/dL: above what the meter can say. Ask about thirst, pain in the abdomen, vomiting, drowsiness or confusion, and laboured breathing, and ask to measure again, ketones too where insulin is used. With any of vomiting, drowsiness or confusion, and laboured breathing, care at once, without waiting to measure again."
    );
    assert_eq!(
        words.ja,
        "血糖値 > 600 mg/dL（測定器の上限超）。口渇、腹痛、嘔吐、意識の変化、深く速い呼吸の有無を確認し、再測定（インスリン使用中はケトン体も）を依頼してください。嘔吐、意識の変化、深く速い呼吸があれば、再測定を待たずに直ちに受診するよう伝えてください。"
    );
    home.receives(finger(59, 300));
    assert_eq!(home.reported.len(), 1, "not an hour later");
    home.receives(finger(60, 280));
    assert_eq!(home.transitions()[1..], [(Escalated, Review, Confirmed)]);
    assert_eq!(home.last().first_observed_at, at(0));
    assert!(rules::words(home.last()).en.contains("before (> 600)"), "{:?}", home.last());
    home.receives(finger(70, 229));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn one_finger_stick_of_400_or_more_asks_to_measure_again() {
    assert!(after([finger(0, 399)]).reported.is_empty());
    let mut home = after([finger(0, 590)]);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Blood glucose 590 mg/dL: at or above 400. Ask about thirst, pain in the abdomen, vomiting, drowsiness or confusion, and laboured breathing, and ask to measure again, ketones too where insulin is used. With any of vomiting, drowsiness or confusion, and laboured breathing, care at once, without waiting to measure again."
    );
    assert_eq!(
        words.ja,
        "血糖値 590 mg/dL（400以上）。口渇、腹痛、嘔吐、意識の変化、深く速い呼吸の有無を確認し、再測定（インスリン使用中はケトン体も）を依頼してください。嘔吐、意識の変化、深く速い呼吸があれば、再測定を待たずに直ちに受診するよう伝えてください。"
    );
    home.receives(finger(60, 300));
    assert_eq!(home.transitions()[1..], [(Escalated, Review, Confirmed)]);
    home.receives(finger(90, 229));
    assert_eq!(home.last().transition, Resolved);
    // A plan moves it, and a sensor says it of one value never.
    let plan = rules::plan(1, [("glucose.very_high.single", 500.0)]).unwrap();
    assert!(Watched::by(RULE, plan).after([finger(0, 499)]).reported.is_empty());
    assert!(after([sensor(0, 400), sensor(5, 390)]).reported.is_empty());
}

#[test]
fn after_a_single_hi_the_next_finger_stick_that_is_back_ends_it_and_a_copy_says_nothing() {
    let mut home = after([finger(0, HI), Sent { minutes: 1, ..finger(0, HI) }]);
    assert_eq!(home.reported.len(), 1);
    home.receives(finger(10, 229));
    assert_eq!(home.transitions()[1..], [(Resolved, Review, Unconfirmed)]);
    let mut home = after([finger(0, HI)]);
    home.receives_at(5, finger(0, HI).entered_in_error());
    assert_eq!(home.last().transition, Retracted);
    // Of a sensor that is no more than 401.
    assert!(after([sensor(0, HI), sensor(5, 390)]).reported.is_empty());
}

/// What began the alert leaves memory before what confirmed it.
#[test]
fn an_alert_of_finger_sticks_days_apart_stays_when_the_first_has_left_memory() {
    for sent in [
        [finger(0, 280), finger(6 * DAY, 290)],
        [finger(0, HI), finger(5 * DAY, 300)],
        [finger(0, 450), finger(5 * DAY, 300)],
    ] {
        let mut home = after(sent);
        assert_eq!(home.last().stage, Confirmed);
        let known = home.last().clone();
        let sent = sent.map(|sent| (sent.minutes, sent));
        for half_a_day in 60..100 {
            let now = half_a_day * DAY / 2;
            assert!(home.missed_at(now).is_empty(), "{half_a_day}");
            let mut restarted = home.restarted(&sent, now);
            assert!(restarted.missed_at(now).is_empty(), "{half_a_day}");
            assert_eq!(restarted.monitor.alerts(), std::slice::from_ref(&known));
        }
    }
}

#[test]
fn two_sources_do_not_confirm_each_other() {
    let other = Sent { device: 2, ..sensor(0, 300) };
    let sent =
        stays(0, 115, 300).chain((60..=175).step_by(5).map(|n| Sent { minutes: n, ..other }));
    let mut sent: Vec<_> = sent.collect();
    sent.sort_by_key(|sent| sent.minutes);
    assert!(after(sent).reported.is_empty());
}

#[test]
fn it_ends_below_230_for_15_minutes_or_with_the_next_finger_stick() {
    let high = || stays(0, 120, 300);
    let mut home = after(high().chain([sensor(125, 229), sensor(130, 220), sensor(135, 230)]));
    for minutes in [140, 150] {
        home.receives(sensor(minutes, 229));
    }
    assert_eq!(home.reported.len(), 1, "230 begins the 15 minutes anew");
    home.receives(sensor(155, 229));
    assert_eq!(home.last().transition, Resolved);
    let mut home = after(high().chain([finger(121, 230)]));
    assert_eq!(home.reported.len(), 1);
    home.receives(finger(122, 229));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn between_230_and_250_it_neither_ends_nor_begins_anew() {
    let noise = (0..200_i64).map(|n| sensor(125 + n * 5, if n % 3 == 0 { 253 } else { 247 }));
    let home = after(stays(0, 120, 300).chain(noise));
    assert_eq!(home.reported.len(), 1);
}

#[test]
fn a_higher_value_updates_it_and_silence_ends_nothing() {
    let mut home = after(stays(0, 120, 300));
    home.receives(sensor(125, 299));
    assert_eq!(home.reported.len(), 1);
    home.receives(sensor(130, 320));
    assert_eq!(home.last().transition, Updated);
    assert_eq!(home.last().finding("highest"), Some(320.0));
    home.waits_until(10_000);
    assert_eq!(home.reported.len(), 2);
}

#[test]
fn a_finger_stick_that_is_back_begins_a_sensors_120_minutes_anew() {
    let home = after(stays(0, 60, 300).chain([finger(61, 200)]).chain(stays(65, 180, 300)));
    assert!(home.reported.is_empty());
}

#[test]
fn a_correction_takes_it_back() {
    let mut home = after(stays(0, 120, 300));
    for minutes in [60, 65, 70, 75] {
        home.receives_at(121, sensor(minutes, 300).corrected_to(200));
    }
    assert_eq!(home.last().transition, Retracted);
    let mut home = after([finger(0, 280), finger(60, 290)]);
    home.receives_at(61, finger(0, 280).entered_in_error());
    assert_eq!(home.last().transition, Retracted);
}

#[test]
fn a_high_that_was_over_in_a_batch_is_reported_once() {
    let mut home = Watched::by(RULE, Plan::default());
    for sent in stays(0, 200, 120).chain(stays(205, 400, 300)).chain(stays(405, 480, 150)) {
        home.receives_at(480, sent);
    }
    assert!(home.reported.is_empty());
    home.waits_until(481);
    assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)]);
}

#[test]
fn what_came_hours_late_asks_what_followed() {
    let mut home = Watched::by(RULE, Plan::default());
    for sent in stays(0, 150, 300) {
        home.receives_at(600, sent);
    }
    home.waits_until(601);
    let words = rules::words(home.last());
    assert!(
        words.en.ends_with("highest 300. The readings arrived late. Review what followed."),
        "{words:?}"
    );
    assert!(words.ja.ends_with("遅れて届いた測定値です。経過を確認してください。"));
}

#[test]
fn a_high_after_each_meal_takes_the_fast_path() {
    ASSESSED.set(0);
    // Ninety minutes above 250, ninety below.
    let home = after((0..288).map(|n| sensor(n * 5, if n / 18 % 2 == 0 { 180 } else { 280 })));
    assert!(home.reported.is_empty());
    assert_eq!(ASSESSED.get(), 0);
    // Raising and ending.
    drop(after(
        [sensor(-5, 200)].into_iter().chain(stays(0, 300, 260)).chain(stays(305, 350, 200)),
    ));
    assert_eq!(ASSESSED.get(), 2);
}

const VALUES: &[u16] = &[150, 200, 229, 230, 240, 250, 251, 300, 420, HI];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_fast_path_equals_the_full_computation(sent in courses(VALUES, 60), sweeps: bool) {
        let checks = Checks {
            after: &[0, 31, 130],
            next_assessment: NextAssessment::Exact,
            forgets_after: sweeps.then_some(0),
        };
        let history = by_receipt(&sent);
        properties::nothing_is_missed(&mut Home::under(&[RULE]), &history, checks)?;
        // The same where no full computation came between.
        let (before, last) = history.split_at(history.len() - 1);
        let mut home = Home::under(&[RULE]);
        home.receives_all(before);
        properties::nothing_is_missed(&mut home, last, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        sent in courses(VALUES, 60),
        other_order in any::<[Index; 50]>(),
    ) {
        let all: Vec<Sent> = sent.into_iter().map(|(_, sent)| sent).collect();
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home::under(&[RULE]);
            let mut clock = 0;
            for sent in sends {
                clock = clock.max(sent.minutes + sent.update);
                home.receives_at(clock, *sent);
            }
            home.waits_until(40_000);
            home.known(episode)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(sent in courses(VALUES, 60)) {
        properties::a_restart_says_nothing_new(&by_receipt(&sent))?;
    }

    #[test]
    fn nothing_new_is_said_when_readings_leave_memory(
        sent in courses(VALUES, 60),
        minutes in 0..12_000_i64,
    ) {
        nothing_new_is_said_when_readings_leave(only(&[RULE]), &sent, minutes)?;
    }
}
