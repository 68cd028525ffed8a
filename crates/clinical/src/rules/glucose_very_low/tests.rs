//! The rule, shown by what happens to a patient.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::SENSOR;
use crate::alert::{Severity, Stage, Transition};
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, Sending, at, episode, patient, version};
use crate::kinds::ValueType;
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::measured::Measured;
use crate::monitor::ASSESSED;
use crate::rules;
use crate::sample::Sample;
use crate::{Kind, Reading, Source};

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Resolved, Retracted, Updated};

const DAY: i64 = 24 * 60;

/// The value of a device that says LO.
const LO: u16 = 0;

/// A value as it is sent, mg/dL or [`LO`]; device 0 is a meter, the others are sensors.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sent {
    minutes: i64,
    value: u16,
    device: u8,
    update: i64,
    entered_in_error: bool,
}

fn sensor(minutes: i64, value: u16) -> Sent {
    Sent { minutes, value, device: 1, update: 0, entered_in_error: false }
}

fn finger(minutes: i64, value: u16) -> Sent {
    Sent { device: 0, ..sensor(minutes, value) }
}

impl Sent {
    fn corrected_to(self, value: u16) -> Self {
        Self { value, update: self.update + 1, ..self }
    }

    fn entered_in_error(self) -> Self {
        Self { entered_in_error: true, update: self.update + 1, ..self }
    }

    fn measured(&self) -> Measured {
        match (self.value, self.device) {
            (LO, 0) => Measured::Below(20.0),
            (LO, _) => Measured::Below(40.0),
            (value, _) => Measured::Exactly(value.into()),
        }
    }
}

impl Sending for Sent {
    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let method = if self.device == 0 { 0.0 } else { SENSOR };
        Reading {
            patient: patient(),
            kind: Kind::BloodGlucose,
            observation_time: at(self.minutes),
            version: version(self.minutes, self.update, self.value.into(), self.entered_in_error),
            source: Source::device("DEXCOM", &self.device.to_string()).unwrap(),
            entered_in_error: self.entered_in_error,
            sample: Sample::default()
                .with_measured(GLUCOSE_VALUE, self.measured())
                .with(GLUCOSE_METHOD, method),
        }
    }
}

#[test]
fn the_code_of_a_sensor_is_the_one_that_is_declared() {
    let ValueType::Code(codes) = GLUCOSE_METHOD.field().value_type else { panic!("not a code") };
    assert_eq!(codes[SENSOR as usize].symbol, "continuous_sensor");
}

#[test]
fn one_finger_stick_below_54_pages_a_physician() {
    assert!(Home::after([finger(0, 54)]).reported.is_empty());
    let home = Home::after([finger(0, 53)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Blood glucose 53 mg/dL: below 54, lowest 53. Very low. Ask for symptoms, and to measure again."
    );
    assert_eq!(
        words.ja,
        "血糖 53 mg/dL（54未満、最低53）。著しい低値です。症状を確認し、再測定を依頼してください。"
    );
}

#[test]
fn a_sensor_below_54_for_15_minutes_pages_a_physician() {
    let mut home = Home::after([sensor(0, 53), sensor(5, 47), sensor(10, 52)]);
    assert!(home.reported.is_empty());
    home.receives(sensor(15, 53));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose below 54 mg/dL for 15 minutes or more, lowest 47. Very low. Ask for symptoms, and to measure by finger-stick."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 54 mg/dL未満が15分以上（最低47）。著しい低値です。症状を確認し、指先での測定を依頼してください。"
    );
    assert_eq!(home.last().evidence.len(), 3);
}

#[test]
fn a_sensor_that_says_lo_for_15_minutes_pages_and_the_words_say_below_its_limit() {
    let home = Home::after([sensor(0, 50), sensor(5, LO), sensor(10, LO), sensor(15, LO)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose below 54 mg/dL for 15 minutes or more, lowest < 40. Very low. Ask for symptoms, and to measure by finger-stick."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 54 mg/dL未満が15分以上（最低< 40）。著しい低値です。症状を確認し、指先での測定を依頼してください。"
    );
    let values = |name| home.last().evidence.iter().filter_map(move |of| of.value(name));
    assert_eq!(values("glucose_value").collect::<Vec<_>>(), [50.0, 40.0]);
    assert_eq!(values("glucose_comparator").collect::<Vec<_>>(), [0.0]);
}

#[test]
fn a_meter_that_says_lo_pages_and_so_does_a_sensor_that_then_says_nothing() {
    let home = Home::after([finger(0, LO)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert!(words.en.starts_with("Blood glucose < 20 mg/dL: below 54, lowest < 20."), "{words:?}");
    assert!(words.ja.starts_with("血糖 < 20 mg/dL（54未満、最低< 20）。"), "{words:?}");
    let mut home = Home::after([sensor(0, LO)]);
    home.waits_until(31);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    let words = rules::words(home.last());
    assert!(words.en.starts_with("Sensor glucose < 40 mg/dL: below 54,"), "{words:?}");
    assert!(words.ja.starts_with("センサーグルコース < 40 mg/dL（54未満）。"), "{words:?}");
}

#[test]
fn with_a_limit_of_40_lo_is_very_low_and_40_is_not() {
    let plan = || rules::plan(1, [("glucose.very_low.limit", 40.0)]).unwrap();
    for (value, reported) in [(40, 0), (LO, 1)] {
        let mut home = Home { plan: plan(), ..Home::default() };
        home.receives(sensor(0, value));
        home.receives(sensor(15, value));
        assert_eq!(home.reported.len(), reported);
    }
}

#[test]
fn after_lo_a_finger_stick_that_is_lower_than_its_limit_is_reported() {
    let mut home = Home::after([sensor(0, LO), sensor(15, LO)]);
    home.receives(finger(16, 41));
    assert_eq!(home.reported.len(), 1);
    home.receives(finger(17, 31));
    assert_eq!(home.last().transition, Updated);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose below 54 mg/dL for 15 minutes or more, then blood glucose 31 mg/dL. Very low. Ask for symptoms, and to measure again."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 54 mg/dL未満が15分以上、血糖測定で 31 mg/dL。著しい低値です。症状を確認し、再測定を依頼してください。"
    );
}

#[test]
fn a_value_that_is_not_low_breaks_the_run_and_30_minutes_without_one_do_not() {
    let home = Home::after([sensor(0, 50), sensor(10, 54), sensor(20, 50), sensor(30, 60)]);
    assert!(home.reported.is_empty());
    let home = Home::after([sensor(0, 50), sensor(30, 50)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
}

#[test]
fn two_sensors_do_not_confirm_each_other() {
    let home = Home::after([sensor(0, 50), Sent { device: 2, ..sensor(15, 50) }, sensor(20, 60)]);
    assert!(home.reported.is_empty());
}

#[test]
fn a_low_value_followed_by_silence_is_for_review_and_asks_to_measure() {
    let mut home = Home::after([sensor(0, 52), sensor(5, 45)]);
    home.waits_until(35);
    assert!(home.reported.is_empty());
    home.waits_until(36);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose 45 mg/dL: below 54, then no value of the sensor for 30 minutes. Ask for symptoms, and to measure by finger-stick."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 45 mg/dL（54未満）。その後30分、センサーの値がありません。症状を確認し、指先での測定を依頼してください。"
    );
    // What fills the silence tells how it went on.
    home.receives_at(50, sensor(10, 60));
    assert_eq!(home.last().transition, Retracted);
}

#[test]
fn an_unconfirmed_low_that_goes_on_escalates() {
    let mut home = Home::after([sensor(0, 50), sensor(60, 50)]);
    home.receives(sensor(75, 50));
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)]);
    assert_eq!(home.reported[0].id, home.reported[1].id);
}

#[test]
fn silence_ends_nothing() {
    let mut home = Home::after([sensor(0, 50), sensor(15, 50)]);
    for day in [1, 30, 41, 200] {
        home.waits_until(day * DAY);
        assert!(home.missed_at(day * DAY).is_empty());
        home.monitor.forget(at(day * DAY), home.window);
        assert!(home.monitor.alerts()[0].is_open());
    }
    home.receives(finger(201 * DAY, 90));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_sensor_ends_it_at_70_for_15_minutes_and_not_before() {
    let low = [sensor(0, 50), sensor(15, 50)];
    let mut home = Home::after(low);
    for (minutes, value) in [(20, 70), (30, 75), (34, 69), (40, 70), (50, 70)] {
        home.receives(sensor(minutes, value));
    }
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    home.receives(sensor(55, 70));
    assert_eq!(home.last().transition, Resolved);
    assert_eq!(home.last().last_observed_at, at(55));
    // Two values far apart do not show that it stayed there.
    let home = Home::after(low.into_iter().chain([sensor(20, 80), sensor(51, 80)]));
    assert_eq!(home.reported.len(), 1);
}

#[test]
fn the_next_finger_stick_at_70_ends_it_whoever_raised_it() {
    let mut home = Home::after([sensor(0, 50), sensor(15, 50)]);
    home.receives(finger(16, 69));
    assert_eq!(home.reported.len(), 1);
    home.receives(finger(17, 70));
    assert_eq!(home.last().transition, Resolved);
    let home = Home::after([finger(0, 50), finger(20, 70)]);
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_sensor_ends_what_a_finger_stick_raised_with_values_after_it_only() {
    let mut home = Home::after([sensor(-10, 90), sensor(0, 85), finger(1, 50), sensor(5, 80)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    home.receives(sensor(15, 80));
    assert_eq!(home.reported.len(), 1, "10 minutes after the finger-stick");
    home.receives(sensor(20, 80));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_sensor_that_is_lain_on_counts_anew_after_a_finger_stick() {
    let mut home = Home::after([sensor(0, 45), sensor(10, 45), finger(12, 110), sensor(20, 45)]);
    assert!(home.reported.is_empty());
    home.receives(sensor(30, 45));
    assert!(home.reported.is_empty());
    home.receives(sensor(35, 45));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)], "still low 15 minutes later");
}

#[test]
fn while_another_sensor_reads_low_a_sensor_ends_nothing() {
    let other = |minutes, value| Sent { device: 2, ..sensor(minutes, value) };
    let mut home = Home::after([sensor(0, 50), sensor(15, 50)]);
    for minutes in [20, 30, 40, 50] {
        home.receives(other(minutes, 90));
        home.receives(sensor(minutes + 1, 60));
    }
    assert_eq!(home.reported.len(), 1);
}

#[test]
fn of_a_long_low_only_the_lowest_values_are_reported() {
    let mut home = Home::after((0..12).map(|n| sensor(n * 5, 50)));
    assert_eq!(home.reported.len(), 1);
    home.receives(sensor(60, 44));
    assert_eq!(home.last().transition, Updated);
    assert_eq!(home.last().finding("lowest"), Some(44.0));
    home.receives(sensor(65, 46));
    assert_eq!(home.reported.len(), 2);
}

#[test]
fn what_comes_six_hours_late_is_for_review_until_a_value_in_time_is_low_too() {
    let mut home = Home::default();
    home.receives_at(400, sensor(0, 50));
    home.receives_at(400, sensor(15, 50));
    assert_eq!((home.last().severity, home.last().late), (Review, true));
    assert!(rules::words(home.last()).en.ends_with("Review what followed."));
    home.receives_at(400, sensor(30, 50));
    home.receives_at(400, sensor(45, 50));
    assert_eq!(home.last().transition, Escalated);
    assert_eq!((home.last().severity, home.last().late), (Urgent, false));
}

#[test]
fn values_corrected_or_entered_in_error_take_the_alert_back() {
    for change in [sensor(5, 50).corrected_to(80), sensor(0, 50).entered_in_error()] {
        let mut home = Home::after([sensor(0, 50), sensor(5, 50), sensor(15, 50)]);
        home.receives_at(16, change);
        assert_eq!(home.last().transition, Retracted);
    }
    let mut home = Home::after([finger(0, 45)]);
    home.receives_at(3, finger(0, 45).corrected_to(145));
    assert_eq!(home.last().transition, Retracted);
}

#[test]
fn the_limits_are_the_patients_own_and_clearing_is_never_looser() {
    let plan = [("glucose.very_low.limit", 63.0), ("glucose.very_low.clear", 60.0)];
    let plan = rules::plan(1, plan).unwrap();
    let mut home = Home { plan, ..Home::default() };
    home.receives(finger(0, 62));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    assert!(rules::words(home.last()).en.contains("below 63"));
    home.receives(finger(5, 62));
    home.receives(finger(6, 63));
    assert_eq!(home.last().transition, Resolved);
}

/// Nobody looks at a day of a sensor that is never low, whether it comes over one way or over two.
#[test]
fn ordinary_values_of_a_sensor_take_the_fast_path() {
    for ways in [1, 2] {
        let day = (0..288).flat_map(|n| {
            let value = sensor(n * 5, 60 + (n % 90) as u16);
            (0..ways).map(move |way| Sent { device: value.device + way, ..value })
        });
        ASSESSED.set(0);
        let home = Home::after(day);
        assert_eq!(ASSESSED.get(), 0, "over {ways}");
        assert!(home.reported.is_empty());
        assert_eq!(home.monitor.next_assessment(), None);
    }
}

/// The first low value, the one that makes the run long enough, and the one that ends the episode.
#[test]
fn an_ordinary_episode_of_a_sensor_takes_three_full_computations() {
    let values = [90, 80, 50, 48, 47, 46, 47, 48, 75, 80, 85, 90, 95, 100];
    let sent = (0..).zip(values).map(|(n, value)| sensor(n * 5, value));
    ASSESSED.set(0);
    let home = Home::after(sent);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed), (Resolved, Urgent, Confirmed)]);
    assert_eq!(ASSESSED.get(), 3);
}

/// The second way begins with a copy of the value that confirmed, or brings the past later.
#[test]
fn a_sensor_that_comes_over_a_second_way_takes_no_alert_back() {
    for (first, second) in [(1, 3), (3, 1)] {
        let over = |device, minutes| Sent { device, ..sensor(minutes, 50) };
        let mut home = Home::after([0, 5, 10, 15].map(|minutes| over(first, minutes)));
        for minutes in [15, 20, 25, 30] {
            home.receives_at(minutes + 1, over(second, minutes));
        }
        assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);

        let mut home = Home::after([0, 5, 10, 15, 20, 25].map(|minutes| over(first, minutes)));
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
            let mut home = Home::after([over(first, finger(0, 45))]);
            home.receives_at(late, over(second, finger(1, 45)));
            let seen = home.transitions();
            assert_eq!(seen[0], (Raised, Urgent, Confirmed));
            assert!(seen[1..].iter().all(|one| *one == (Updated, Urgent, Confirmed)), "{seen:?}");
        }
    }
}

/// A finger-stick as one of several ways brings it.
#[derive(Debug, Clone, Copy)]
struct Over {
    way: u8,
    sent: Sent,
}

impl Sending for Over {
    fn minutes(&self) -> i64 {
        self.sent.minutes
    }

    fn reading(&self) -> Reading {
        let source = Source::device("ROCHE", &self.way.to_string()).unwrap();
        Reading { source, ..self.sent.reading() }
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
            sends.extend(sent.map(|(sent, delay)| (sent.minutes + delay, sent)));
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
        properties::nothing_is_missed(&mut Home::default(), &history, checks)?;
        // The same where no full computation came between.
        let (before, last) = history.split_at(history.len() - 1);
        let mut home = Home::default();
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
            let mut home = Home::default();
            let mut clock = 0;
            for sent in sends {
                clock = (clock + pause).max(sent.minutes);
                home.receives_at(clock, *sent);
            }
            home.waits_until(20_000);
            home.known(episode)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(history in history(), at_most in 0..60_usize) {
        properties::a_restart_says_nothing_new(&history[..at_most.min(history.len())])?;
    }
}
