//! A patient with a sensor, and what holds for all rules about two weeks of it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::alert::{Alert, Transition};
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, Made, Sending};
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::measured::Measured;
use crate::monitor::ASSESSED;
use crate::sample::Sample;
use crate::{Kind, Reading, Source};

pub(crate) const DAY: i64 = 24 * 60;

/// The minute of [`at`] in which the first local day of the tests begins: 30 May in Japan.
const FIRST_DAY: i64 = 1114;

const RULES: [&str; 2] = ["glucose.below_range_burden", "glucose.in_range_low"];

/// A value of glucose as it is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Value {
    minutes: i64,
    glucose: Measured,
    /// Which sensor; none of a finger-stick.
    sensor: Option<u8>,
    update: i64,
    entered_in_error: bool,
}

impl Value {
    /// A value on a day of the tests, which begin with day 0, in mg/dL.
    pub(crate) fn of(day: i64, minute: i64, glucose: f64) -> Self {
        Self {
            minutes: minute_of(day, minute),
            glucose: Measured::Exactly(glucose),
            sensor: Some(0),
            update: 0,
            entered_in_error: false,
        }
    }

    pub(crate) fn measured(self, glucose: Measured) -> Self {
        Self { glucose, ..self }
    }

    pub(crate) fn of_sensor(self, sensor: u8) -> Self {
        Self { sensor: Some(sensor), ..self }
    }

    pub(crate) fn by_finger_stick(self) -> Self {
        Self { sensor: None, ..self }
    }

    pub(crate) fn corrected_to(self, glucose: f64) -> Self {
        Self { glucose: Measured::Exactly(glucose), update: self.update + 1, ..self }
    }

    pub(crate) fn entered_in_error(self) -> Self {
        Self { entered_in_error: true, update: self.update + 1, ..self }
    }
}

impl Sending for Value {
    const MINUTES_UNDER_WAY: i64 = 1;

    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let method = f64::from(u8::from(self.sensor.is_some()));
        let sample = Sample::default().with(GLUCOSE_METHOD, method);
        let device = self.sensor.map_or("METER".to_owned(), |sensor| format!("SENSOR{sensor}"));
        Made {
            kind: Kind::BloodGlucose,
            source: Source::device("ABBOTT", &device).unwrap(),
            sample: sample.with_measured(GLUCOSE_VALUE, self.glucose),
            minutes: self.minutes,
            update: self.update,
            content: (self.glucose.number() * 10.0) as u64,
            entered_in_error: self.entered_in_error,
        }
        .reading()
    }
}

/// The minute of [`at`] of a local minute of a day of the tests.
pub(crate) fn minute_of(day: i64, minute: i64) -> i64 {
    FIRST_DAY + day * DAY + minute
}

/// A day of a sensor that says a value each `interval` minutes: `unusual` so many of them, spread over
/// the day, and 110 mg/dL else.
pub(crate) fn day(day: i64, interval: i64, unusual: &[(i64, f64)]) -> Vec<Value> {
    let count = DAY / interval;
    let mut glucose = vec![110.0; count as usize];
    let all = unusual.iter().flat_map(|(times, value)| (0..*times).map(move |_| *value));
    let total: i64 = unusual.iter().map(|(times, _)| times).sum();
    for (place, value) in (0..).zip(all) {
        glucose[(place * count / total) as usize] = value;
    }
    let values = (0..).zip(glucose);
    values.map(|(place, glucose)| Value::of(day, place * interval, glucose)).collect()
}

/// Days in a row from a first on, each of a sensor of five minutes.
pub(crate) fn days(range: std::ops::Range<i64>, unusual: &[(i64, f64)]) -> Vec<Value> {
    range.flat_map(|number| day(number, 5, unusual)).collect()
}

/// The patient on the morning after the day, when it is complete.
pub(crate) fn on_the_morning_after(last: i64, sent: impl IntoIterator<Item = Value>) -> Home {
    let mut home = Home::after(sent);
    home.waits_until(minute_of(last + 1, 7 * 60));
    home
}

/// The patient's sensor says further values, in time.
pub(crate) fn receive(home: &mut Home, sent: impl IntoIterator<Item = Value>) {
    for value in sent {
        home.receives(value);
    }
}

/// The same, all in one minute.
pub(crate) fn receive_at(home: &mut Home, minute: i64, sent: impl IntoIterator<Item = Value>) {
    for value in sent {
        home.receives_at(minute, value);
    }
}

/// What was reported by a rule.
pub(crate) fn of<'a>(home: &'a Home, rule: &str) -> Vec<&'a Alert> {
    home.reported.iter().filter(|alert| alert.rule.as_str() == rule).collect()
}

pub(crate) fn transitions(home: &Home, rule: &str) -> Vec<Transition> {
    of(home, rule).iter().map(|alert| alert.transition).collect()
}

fn assessed() -> usize {
    ASSESSED.with(std::cell::Cell::get)
}

#[test]
fn a_day_of_288_values_in_time_takes_one_full_computation_a_rule() {
    let mut home = Home::after(days(0..15, &[]));
    let before = assessed();
    receive(&mut home, day(15, 5, &[]));
    assert_eq!(assessed() - before, RULES.len());
}

#[test]
fn what_comes_hours_late_for_a_day_that_is_not_over_takes_no_computation() {
    let mut home = on_the_morning_after(14, days(0..15, &[]));
    let before = assessed();
    let of_the_day = day(15, 5, &[]).into_iter().take(200).skip(1);
    receive_at(&mut home, minute_of(15, 23 * 60), of_the_day);
    assert_eq!(assessed() - before, 0);
}

#[test]
fn two_weeks_in_one_upload_take_a_few_full_computations() {
    let before = assessed();
    let mut home = Home::default();
    let received = minute_of(20, 8 * 60);
    receive_at(&mut home, received, days(0..20, &[(20, 60.0)]));
    home.waits_until(received + 1);
    assert_eq!(transitions(&home, RULES[0]), [Transition::Raised]);
    let of_these = assessed() - before;
    assert!(of_these < 40, "{of_these} full computations");
}

#[test]
fn finger_sticks_take_no_computation() {
    let before = assessed();
    let finger_sticks = (0..40).map(|number| Value::of(number / 4, number % 4 * 300, 110.0));
    let home = on_the_morning_after(10, finger_sticks.map(Value::by_finger_stick));
    assert_eq!(home.monitor.next_assessment(), None);
    assert_eq!(assessed() - before, 0);
}

#[test]
fn without_values_for_two_weeks_no_day_is_waited_for() {
    let mut home = on_the_morning_after(14, days(0..15, &[]));
    let last = (15..60).filter(|number| {
        home.waits_until(minute_of(*number, 8 * 60));
        home.monitor.next_assessment().is_some()
    });
    assert_eq!(last.last(), Some(27));
}

/// A quarter of what a sensor of a quarter of an hour says, over 17 days, with much or little that is
/// low or high by day.
fn base() -> impl Strategy<Value = Vec<(i64, Value)>> {
    let of_a_day = prop_oneof![
        4 => Just(Vec::new()),
        2 => Just(vec![(8, 60.0), (1, 50.0)]),
        2 => Just(vec![(50, 200.0)]),
        1 => Just(vec![(3, 65.0), (20, 190.0)]),
    ];
    vec((of_a_day, prop::bool::weighted(0.9)), 17..22).prop_map(|all| {
        let days = (0..).zip(all).filter(|(_, (_, is_there))| *is_there);
        let values = days.flat_map(|(number, (unusual, _))| day(number, 15, &unusual));
        values.map(|value| (value.minutes + 1, value)).collect()
    })
}

/// What is sent later of some of these days: a correction, an entry in error, a value in between of
/// another sensor, a copy, or a finger-stick; each with the hours of its delay.
fn change() -> impl Strategy<Value = (Index, i64, u8)> {
    (any::<Index>(), prop_oneof![0..8_i64, 0..300_i64], 0..5_u8)
}

fn changed(base: &[(i64, Value)], changes: &[(Index, i64, u8)]) -> Vec<(i64, Value)> {
    if base.is_empty() {
        return Vec::new();
    }
    let of_change = |(index, hours, what): &(Index, i64, u8)| {
        let value = base[index.index(base.len())].1;
        let value = match what {
            0 => value.corrected_to(55.0),
            1 => value.entered_in_error(),
            2 => Value { minutes: value.minutes + 7, ..value }.of_sensor(1),
            3 => value.of_sensor(1),
            _ => Value { minutes: value.minutes + 3, ..value }.by_finger_stick(),
        };
        (value.minutes + 2 + hours * 60, value)
    };
    changes.iter().map(of_change).collect()
}

/// What is sent, with when it is received, in minutes.
type Received = Vec<(i64, Value)>;

fn history() -> impl Strategy<Value = (Received, Received)> {
    (base(), vec(change(), 0..30)).prop_map(|(base, changes)| {
        let mut changes = changed(&base, &changes);
        let end = base.last().map_or(0, |(received, _)| *received);
        // The base is there when changes come, of which some are of today.
        changes.iter_mut().for_each(|(received, _)| *received = (*received).max(end));
        changes.sort_by_key(|(received, _)| *received);
        (base, changes)
    })
}

fn episodes(home: &Home) -> Vec<String> {
    home.known(|alert| {
        let ended = (!alert.is_open()).then_some(alert.last_observed_at);
        format!(
            "{} {} {} {ended:?} {:?}",
            alert.rule, alert.status, alert.first_observed_at, alert.findings
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_fast_path_equals_the_full_computation(
        (base, changes) in history(),
        forgets: bool,
    ) {
        let mut home = Home::default();
        home.receives_all(&base);
        let checks = Checks {
            // A wait for the rest of an upload is over by then.
            after: &[2, 180],
            next_assessment: NextAssessment::NotLater,
            forgets_after: forgets.then_some(0),
        };
        properties::nothing_is_missed(&mut home, &changes, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (base, changes) in history(),
        other_order in vec(any::<Index>(), 60),
    ) {
        let mut all: Vec<Value> = base.iter().chain(&changes).map(|(_, value)| *value).collect();
        // What is exchanged are the first of them.
        all.reverse();
        // Ten corrections in a row before what they correct are suspect, and rightly so.
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home::under(&RULES);
            let received = minute_of(25, 0);
            receive_at(&mut home, received, sends.iter().copied());
            home.waits_until(received + 60);
            episodes(&home)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new((base, changes) in history()) {
        properties::a_restart_says_nothing_new(&[base, changes].concat())?;
    }

    /// Whoever was there each day found what is found at the end.
    #[test]
    fn judging_day_by_day_finds_what_is_found_at_once((base, changes) in history()) {
        let mut home = Home::default();
        home.receives_all(&base);
        home.receives_all(&changes);
        home.waits_until(minute_of(36, 12 * 60));
        let missed = home.missed_at(minute_of(36, 12 * 60));
        prop_assert!(missed.is_empty(), "{missed:?}");
    }
}
