//! What holds for the alerts of every rule, whatever is measured and however it is uploaded.

use crate::home;

use std::collections::BTreeSet;

use clinical::alert::{Alert, AlertId, Severity, Transition};
use clinical::crisis::Crisis;
use clinical::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use clinical::kinds::blood_pressure::{DIASTOLIC, IRREGULAR_PULSE, PULSE_RATE, SYSTOLIC};
use clinical::kinds::body_temperature::TEMPERATURE;
use clinical::kinds::oxygen_saturation::SPO2;
use clinical::kinds::weighing_scale::BODY_WEIGHT;
use clinical::limit::Limit;
use clinical::plan::Plan;
use clinical::rule::Rule;
use clinical::rule_set::RuleSet;
use clinical::sample::Sample;
use clinical::{Kind, Reading, Source, Span, Timestamp, Version, rules};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use home::{Home, Made, Sending, at, episode, only, properties};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// What a device shows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shown {
    /// mmHg, /min, and whether the pulse is irregular.
    Pressure(u16, u16, u16, bool),
    /// mg/dL.
    Sensor(u16),
    /// mg/dL.
    FingerStick(u16),
    /// Hundredths of a kilogram.
    Weight(u16),
    /// Percent.
    Oxygen(u16),
    /// Tenths of a degree Celsius.
    Temperature(u16),
}

/// What is measured, and by which of the patient's devices of its kind.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Measurement {
    minutes: i64,
    shown: Shown,
    device: u8,
}

impl Sending for Measurement {
    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let none = Sample::default();
        let glucose = |value: u16, method| {
            let sample = none.with(GLUCOSE_VALUE, value.into()).with(GLUCOSE_METHOD, method);
            (Kind::BloodGlucose, sample)
        };
        let (maker, (kind, sample)) = match self.shown {
            Shown::Pressure(systolic, diastolic, pulse, is_irregular) => {
                let sample = none.with(SYSTOLIC, systolic.into()).with(DIASTOLIC, diastolic.into());
                let sample = sample.with(PULSE_RATE, pulse.into());
                let sample = sample.with(IRREGULAR_PULSE, f64::from(u8::from(is_irregular)));
                ("OMRON", (Kind::BloodPressure, sample))
            }
            Shown::Sensor(value) => ("DEXCOM", glucose(value, 1.0)),
            Shown::FingerStick(value) => ("ROCHE", glucose(value, 0.0)),
            Shown::Weight(weight) => {
                let sample = none.with(BODY_WEIGHT, f64::from(weight) / 100.0);
                ("TANITA", (Kind::WeighingScale, sample))
            }
            Shown::Oxygen(percent) => {
                ("NONIN", (Kind::OxygenSaturation, none.with(SPO2, percent.into())))
            }
            Shown::Temperature(tenths) => {
                let sample = none.with(TEMPERATURE, f64::from(tenths) / 10.0);
                ("TERUMO", (Kind::BodyTemperature, sample))
            }
        };
        Made {
            kind,
            source: Source::device(maker, &self.device.to_string()).unwrap(),
            sample,
            minutes: self.minutes,
            update: 0,
            content: 0,
            entered_in_error: false,
        }
        .reading()
    }
}

/// A measurement as it is sent once more, with another value.
#[derive(Debug, Clone, Copy)]
struct Corrected(Measurement);

impl Sending for Corrected {
    fn minutes(&self) -> i64 {
        self.0.minutes
    }

    fn reading(&self) -> Reading {
        let reading = self.0.reading();
        let version = Version::new(reading.observation_time + Span::from_minutes(1), 0);
        Reading { version, ..reading }
    }
}

fn glucose() -> impl Strategy<Value = u16> {
    select(vec![45_u16, 50, 53, 60, 69, 72, 110])
}

fn oxygen() -> impl Strategy<Value = u16> {
    select(vec![85_u16, 90, 92, 94, 95, 98])
}

fn weight() -> impl Strategy<Value = u16> {
    select(vec![7_200_u16, 7_950, 8_000, 8_050, 8_210, 8_300, 8_450])
}

/// What is measured in three weeks, with the minutes until each is received.
fn measurements() -> impl Strategy<Value = Vec<(i64, Measurement)>> {
    let shown = prop_oneof![
        (
            select(vec![86_u16, 92, 120, 174, 182, 195]),
            select(vec![80_u16, 112]),
            select(vec![30_u16, 46, 54, 72, 104, 190]),
            any::<bool>(),
        )
            .prop_map(|(systolic, diastolic, pulse, is_irregular)| {
                Shown::Pressure(systolic, diastolic.min(systolic - 20), pulse, is_irregular)
            }),
        glucose().prop_map(Shown::Sensor),
        prop_oneof![6 => glucose(), 1 => select(vec![240_u16, 290, 420])]
            .prop_map(Shown::FingerStick),
        weight().prop_map(Shown::Weight),
        oxygen().prop_map(Shown::Oxygen),
        select(vec![344_u16, 364, 371, 373, 375, 382]).prop_map(Shown::Temperature),
    ];
    let minutes = (0..21_i64, 0..60_i64).prop_map(|(day, turn)| day * DAY + turn * 5);
    let measurement = (minutes, shown, 0..2_u8).prop_map(|(minutes, shown, device)| Measurement {
        minutes,
        shown,
        device,
    });
    let delay = prop_oneof![6 => 0..3_i64, 2 => 0..10 * HOUR, 1 => 0..20 * DAY];
    vec((measurement, delay), 1..80).prop_map(|all| {
        let mut sends: Vec<_> = all
            .into_iter()
            .map(|(measurement, delay)| (measurement.minutes + delay, measurement))
            .collect();
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

/// Plans, under a rule set that gives the limit which nothing is judged by unless it is given.
fn plans() -> impl Strategy<Value = Plan> {
    let mut set = RuleSet::new("a-limit-more", Timestamp::EARLIEST).unwrap();
    set.give("temperature.low.limit", 35.0, "this test's").unwrap();
    let set = std::sync::Arc::new(set);
    properties::plans().prop_map(move |plan| plan.under(Some(set.clone())))
}

/// Some days of a sensor that is low now and then, with a finger-stick or an oxygen saturation here and
/// there and a weight each morning, in time's order.
fn days() -> impl Strategy<Value = Vec<Measurement>> {
    let oxygen = prop::option::weighted(0.2, oxygen());
    let stretch = (glucose(), 1..9_usize, prop::option::weighted(0.1, glucose()), oxygen);
    (vec(stretch, 20..120), vec(weight(), 5)).prop_map(|(stretches, weights)| {
        let values = stretches.into_iter().flat_map(|(value, length, finger_stick, oxygen)| {
            let sensor = std::iter::repeat_n(Shown::Sensor(value), length);
            let single = [finger_stick.map(Shown::FingerStick), oxygen.map(Shown::Oxygen)];
            single.into_iter().chain(sensor.map(Some))
        });
        let mut all: Vec<Measurement> = Vec::new();
        let mut minutes = 0;
        for shown in values.flatten() {
            minutes += if matches!(shown, Shown::Sensor(_)) { 5 } else { 1 };
            all.push(Measurement { minutes, shown, device: 0 });
        }
        let weights = (0..).zip(weights).map(|(day, weight)| Measurement {
            minutes: day * DAY + 7 * HOUR,
            shown: Shown::Weight(weight),
            device: 0,
        });
        all.extend(weights.filter(|one| one.minutes <= minutes));
        all.sort_by_key(|measurement| measurement.minutes);
        all
    })
}

/// The alerts that one upload raises, and those that it takes back, within the minute after it.
fn raised_and_retracted(home: &Home, from: usize) -> [BTreeSet<AlertId>; 2] {
    [Transition::Raised, Transition::Retracted].map(|transition| {
        let reported = home.reported[from..].iter();
        reported.filter(|alert| alert.transition == transition).map(|alert| alert.id).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_uploaded_together_raises_nothing_that_it_takes_back(
        days in days(),
        hours in vec(1..25_i64, 1..8),
    ) {
        let mut home = Home::default();
        let (mut rest, mut hours) = (&days[..], hours.iter().cycle());
        let mut received = 0;
        while !rest.is_empty() {
            received += hours.next().unwrap() * HOUR;
            let (upload, later) =
                rest.split_at(rest.partition_point(|measurement| measurement.minutes <= received));
            rest = later;
            home.waits_until(received);
            let from = home.reported.len();
            for measurement in upload {
                home.receives_at(received, *measurement);
            }
            home.waits_until(received + 1);
            let [raised, retracted] = raised_and_retracted(&home, from);
            prop_assert!(raised.is_disjoint(&retracted), "at {received}: {:?}", home.transitions());
        }
        // In the end the alerts are those of values that came one by one.
        let mut one_by_one = Home::after(days.iter().copied());
        for home in [&mut home, &mut one_by_one] {
            home.waits_until(received + DAY);
        }
        prop_assert_eq!(home.known(episode), one_by_one.known(episode));
    }

    /// Of the rules that [`ENDED_BY_NORMAL_DAYS`] names: others never open in these histories. New devices,
    /// because the old ones may be lost or broken.
    #[test]
    fn ten_days_of_normal_readings_of_new_devices_end_every_alert(
        history in measurements(),
        plan in plans(),
    ) {
        let mut home = Home::with_plan(plan);
        home.receives_all(&history);
        let last = history.last().map_or(0, |(received, _)| *received);
        let first_day = last / DAY + 1;
        for day in first_day..first_day + 10 {
            for (minutes, shown) in [
                (0, Shown::Pressure(121, 79, 68, false)),
                (2, Shown::Oxygen(97)),
                (3, Shown::Temperature(364)),
                (5, Shown::Weight(8_000)),
                (10, Shown::Sensor(105)),
                (20, Shown::Sensor(104)),
                (30, Shown::Sensor(106)),
                (40, Shown::Oxygen(98)),
                (12 * HOUR, Shown::Pressure(118, 77, 71, false)),
            ] {
                home.receives(Measurement { minutes: day * DAY + minutes, shown, device: 9 });
            }
        }
        home.waits_until((first_day + 10) * DAY);
        let open: Vec<_> = home.monitor.alerts().iter().filter(|alert| alert.is_open()).collect();
        prop_assert!(open.is_empty(), "{open:?}");
    }
}

/// The rules that can be urgent, each with after how long at most it calls again.
fn urgent_rules() -> impl Iterator<Item = (&'static dyn Rule, Span)> {
    rules::all().iter().filter_map(|rule| Some((*rule, rule.calls_again_after()?)))
}

/// Whether a reading is beyond the most urgent of a rule's limits.
fn is_beyond(rule: &dyn Rule, reading: &Reading) -> bool {
    let limits = rule.limits(&Plan::default());
    let most = limits.iter().filter_map(|limit| limit.severity).max();
    let is_beyond = |limit: &Limit| {
        let value = reading.sample.value(limit.field);
        value.is_some_and(|value| limit.is_beyond(value))
    };
    let mut of_kind = limits.iter().filter(|limit| limit.kind() == reading.kind);
    of_kind.any(|limit| limit.severity == most && is_beyond(limit))
}

/// The alerts that call for a page, as they were reported.
fn pages(home: &Home) -> impl Iterator<Item = &Alert> {
    let calls =
        |alert: &&Alert| matches!(alert.transition, Transition::Raised | Transition::Escalated);
    home.reported.iter().filter(calls).filter(|alert| alert.severity == Severity::Urgent)
}

/// Spells in which one device shows one value, minutes to weeks apart, mostly without what ends an alert;
/// in time's order, each value received at once.
fn spells() -> impl Strategy<Value = Vec<Measurement>> {
    let pressure = |systolic: Vec<u16>, diastolic: Vec<u16>| {
        let pressure = (select(systolic), select(diastolic));
        pressure.prop_map(|(systolic, diastolic)| Shown::Pressure(systolic, diastolic, 70, false))
    };
    let high = pressure(vec![170, 177, 178, 182, 195], vec![90, 107, 112]);
    let low = pressure(vec![86, 88, 91, 93, 97], vec![60]);
    (any::<bool>(), vec((high, low, others(), 0..3_u8, length(), pause()), 1..25)).prop_map(
        |(is_low, all)| {
            let (mut sent, mut minutes) = (Vec::new(), 0);
            for (high, low, other, kind, length, pause) in all {
                let pressure = if is_low { low } else { high };
                let shown = if kind == 0 { pressure } else { other };
                minutes += pause;
                for _ in 0..length {
                    minutes += 5;
                    if kind == 0 {
                        // None comes in the minute in which another has waited for long enough.
                        minutes = (minutes + 6) / 7 * 7;
                    }
                    sent.push(Measurement { minutes, shown, device: 0 });
                }
            }
            sent
        },
    )
}

fn others() -> impl Strategy<Value = Shown> {
    let glucose = || select(vec![45_u16, 50, 53, 54, 60, 69, 72]);
    prop_oneof![
        glucose().prop_map(Shown::Sensor),
        glucose().prop_map(Shown::FingerStick),
        select(vec![85_u16, 89, 90, 91, 93, 94, 96]).prop_map(Shown::Oxygen),
    ]
}

/// Once or twice, or a sensor's run of up to three hours.
fn length() -> impl Strategy<Value = i64> {
    prop_oneof![2 => 1..4_i64, 1 => 4..36_i64]
}

fn pause() -> impl Strategy<Value = i64> {
    let hours = vec![3 * HOUR, 4 * HOUR, 4 * HOUR + 5, 8 * HOUR, 20 * HOUR];
    let days = vec![DAY, DAY + 5 * HOUR, 3 * DAY, 3 * DAY + 30, 5 * DAY, 39 * DAY];
    prop_oneof![3 => 1..60_i64, 3 => select(hours), 2 => select(days)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What raises an urgent alert in a patient without history calls inside an open alert as well.
    #[test]
    fn what_pages_of_a_patient_without_history_pages_of_one_with_an_open_alert(
        spells in spells(),
        cuts in vec(any::<prop::sample::Index>(), 4),
    ) {
        let names: Vec<&str> = urgent_rules().map(|(rule, _)| rule.name()).collect();
        let end = spells.last().map_or(0, |last| last.minutes + 4 * HOUR);
        let after = |sent: &[Measurement]| {
            let mut home = Home { plan: only(&names), ..Home::default() };
            for one in sent {
                home.receives(*one);
            }
            home.waits_until(end);
            home
        };
        let whole = after(&spells);
        for cut in cuts.iter().map(|cut| cut.index(spells.len())) {
            let (before, rest) = spells.split_at(cut);
            let from = at(rest[0].minutes);
            let fresh = after(rest);
            for (rule, quiet) in urgent_rules() {
                let is_quiet = |one: &Measurement| {
                    at(one.minutes) + quiet < from || !is_beyond(rule, &one.reading())
                };
                let is_of_rule = |alert: &&Alert| alert.rule.as_str() == rule.name();
                let Some(first) = pages(&fresh).find(is_of_rule) else { continue };
                if before.iter().all(is_quiet) {
                    let is_called = pages(&whole)
                        .filter(is_of_rule)
                        .any(|alert| (from..=first.changed_at).contains(&alert.changed_at));
                    prop_assert!(is_called, "{} from {from}: {first:?}", rule.name());
                }
            }
        }
    }

    /// And once for each crisis, which are hours apart: noise around a limit does not flap.
    #[test]
    fn an_open_alert_pages_once_for_each_crisis(spells in spells()) {
        let home = Home::after(spells);
        for (rule, _) in urgent_rules() {
            let of_rule: Vec<&Alert> =
                pages(&home).filter(|alert| alert.rule.as_str() == rule.name()).collect();
            for (place, alert) in of_rule.iter().enumerate() {
                let earlier = of_rule[..place].iter().rfind(|other| other.id == alert.id);
                let Some(before) = earlier else { continue };
                let crisis = Crisis::known_of(alert);
                prop_assert!(crisis.is_some(), "{before:?}, then {alert:?}");
                let is_confirmed_now = crisis == Crisis::known_of(before)
                    && before.finding("crisis_unconfirmed").is_some()
                    && alert.finding("crisis_unconfirmed").is_none();
                let apart = alert.changed_at - before.changed_at;
                let is_apart = apart > Span::from_hours(4);
                prop_assert!(is_confirmed_now || is_apart, "{before:?}, then {alert:?}");
            }
        }
    }

    /// A correction of what was measured a day ago or earlier calls nobody of an alert that was urgent.
    #[test]
    fn a_correction_of_an_old_value_pages_nobody(
        spells in spells(),
        changed in any::<prop::sample::Index>(),
        shown in any::<prop::sample::Index>(),
        later in DAY..35 * DAY,
    ) {
        let old = spells[changed.index(spells.len())];
        let of_kind: Vec<Shown> = spells
            .iter()
            .filter(|one| std::mem::discriminant(&one.shown) == std::mem::discriminant(&old.shown))
            .map(|one| one.shown)
            .collect();
        let other = Measurement { shown: of_kind[shown.index(of_kind.len())], ..old };
        let received = old.minutes + later;
        let mut home = Home::default();
        for one in spells.iter().filter(|one| one.minutes < received) {
            home.receives(*one);
        }
        home.waits_until(received);
        let urgent = |alert: &&Alert| alert.is_open() && alert.severity == Severity::Urgent;
        let known: BTreeSet<AlertId> =
            home.monitor.alerts().iter().filter(urgent).map(|alert| alert.id).collect();
        let from = home.reported.len();
        home.receives_at(received, Corrected(other));
        let called: Vec<&Alert> = home.reported[from..]
            .iter()
            .filter(|alert| alert.transition == Transition::Escalated && known.contains(&alert.id))
            .collect();
        prop_assert!(called.is_empty(), "{called:?}");
    }

    /// A rule that is urgent says when it calls again.
    #[test]
    fn no_other_rule_is_urgent(history in measurements(), plan in plans()) {
        let mut home = Home::with_plan(plan);
        home.receives_all(&history);
        for alert in home.reported.iter().filter(|alert| alert.severity == Severity::Urgent) {
            let is_declared = urgent_rules().any(|(rule, _)| rule.name() == alert.rule.as_str());
            prop_assert!(is_declared, "{}", alert.rule);
        }
    }
}

/// The rules whose alerts ten normal days are shown to end. What ends those of the others, which take weeks,
/// steps, a laboratory, a wrong clock or a sensor that is worn each day, the tests of each hold.
const ENDED_BY_NORMAL_DAYS: [&str; 13] = [
    "bp.above_target",
    "bp.low",
    "bp.severe_high",
    "data.missing.blood_pressure",
    "glucose.low",
    "glucose.very_high",
    "glucose.very_low",
    "oxygen.low",
    "pulse.irregular",
    "pulse.out_of_range",
    "temperature.high",
    "temperature.low",
    "weight.gain",
];

#[test]
fn the_histories_that_normal_days_follow_hold_alerts_of_each_rule_that_they_are_to_end() {
    let mut runner = TestRunner::deterministic();
    let histories = (measurements(), plans());
    let mut opened: BTreeSet<String> = BTreeSet::new();
    for _ in 0..400 {
        let (history, plan) = histories.new_tree(&mut runner).unwrap().current();
        let mut home = Home::with_plan(plan);
        home.receives_all(&history);
        let open = home.monitor.alerts().iter().filter(|alert| alert.is_open());
        opened.extend(open.map(|alert| alert.rule.as_str().to_owned()));
    }
    assert_eq!(opened, ENDED_BY_NORMAL_DAYS.map(str::to_owned).into());
}

/// A property over histories is worth what the histories hold.
#[test]
fn the_generated_spells_hold_new_crises_of_every_rule_that_can_be_urgent() {
    let mut runner = TestRunner::deterministic();
    let mut found: BTreeSet<&str> = BTreeSet::new();
    for _ in 0..300 {
        let home = Home::after(spells().new_tree(&mut runner).unwrap().current());
        let again = pages(&home).filter(|alert| Crisis::known_of(alert).is_some());
        found.extend(again.map(|alert| alert.rule.as_str()));
    }
    let expected: BTreeSet<&str> = urgent_rules().map(|(rule, _)| rule.name()).collect();
    assert_eq!(found, expected);
}
