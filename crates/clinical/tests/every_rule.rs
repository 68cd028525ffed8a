//! What holds for the alerts of every rule, whatever is measured and however it is uploaded.

mod home;

use std::collections::BTreeSet;

use clinical::alert::{AlertId, Transition};
use clinical::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use clinical::kinds::blood_pressure::{DIASTOLIC, IRREGULAR_PULSE, PULSE_RATE, SYSTOLIC};
use clinical::kinds::body_temperature::TEMPERATURE;
use clinical::kinds::oxygen_saturation::SPO2;
use clinical::kinds::weighing_scale::BODY_WEIGHT;
use clinical::sample::Sample;
use clinical::{Kind, Reading, Source};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use home::{Home, Made, Sending, episode, properties};

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
            select(vec![46_u16, 54, 72, 104]),
            any::<bool>(),
        )
            .prop_map(|(systolic, diastolic, pulse, is_irregular)| {
                Shown::Pressure(systolic, diastolic.min(systolic - 20), pulse, is_irregular)
            }),
        glucose().prop_map(Shown::Sensor),
        glucose().prop_map(Shown::FingerStick),
        weight().prop_map(Shown::Weight),
        oxygen().prop_map(Shown::Oxygen),
        select(vec![364_u16, 371, 373, 375, 382]).prop_map(Shown::Temperature),
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

    /// New devices, because the old ones may be lost or broken.
    #[test]
    fn ten_days_of_normal_readings_of_new_devices_end_every_alert(
        history in measurements(),
        plan in properties::plans(),
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
