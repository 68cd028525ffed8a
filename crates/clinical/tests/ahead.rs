//! A reading by a clock that is ahead hides no true value: what is harmless changes no alert before its
//! time, and never repeats what another clock says.

use crate::home;

use clinical::alert::{Severity, Stage, Transition};
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

use home::{Home, Made, Sending, episode};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

#[derive(Debug, Clone, Copy)]
struct Sent {
    minutes: i64,
    kind: Kind,
    sample: Sample,
    device: u8,
}

impl Sending for Sent {
    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let Self { minutes, kind, sample, device } = *self;
        let source = Source::device("MAKER", &device.to_string()).unwrap();
        let (update, content, entered_in_error) = (0, 0, false);
        Made { kind, source, sample, minutes, update, content, entered_in_error }.reading()
    }
}

fn pressure(minutes: i64, systolic: u16, diastolic: u16, device: u8) -> Sent {
    let sample = Sample::default().with(SYSTOLIC, systolic.into());
    let sample = sample.with(DIASTOLIC, diastolic.into());
    Sent { minutes, kind: Kind::BloodPressure, sample, device }
}

fn oxygen(minutes: i64, percent: u16, device: u8) -> Sent {
    let sample = Sample::default().with(SPO2, percent.into());
    Sent { minutes, kind: Kind::OxygenSaturation, sample, device }
}

/// What was said by a minute, of the rules of pressure and oxygen.
fn said(home: &Home) -> Vec<(String, Severity, Stage, Transition)> {
    let all = home.reported.iter();
    all.map(|a| (a.rule.to_string(), a.severity, a.stage, a.transition)).collect()
}

#[test]
fn a_normal_pressure_that_is_ahead_is_no_repetition_of_a_severe_one_measured_after_it() {
    for (value, rule) in [((192, 114), "bp.severe_high"), ((78, 50), "bp.low")] {
        let mut home = Home::under(&[rule]);
        home.receives_at(0, pressure(10, 128, 80, 1));
        home.receives_at(1, pressure(1, value.0, value.1, 0));
        home.waits_until(15);
        assert_eq!(home.reported, []);
        home.waits_until(16);
        let unconfirmed =
            (rule.to_owned(), Severity::Review, Stage::Unconfirmed, Transition::Raised);
        assert_eq!(said(&home), [unconfirmed]);
        home.waits_until(40);
        assert_eq!(home.reported.len(), 1);
    }
}

#[test]
fn a_cuff_that_is_always_ahead_repeats_its_own_readings() {
    let mut home = Home::under(&["bp.severe_high"]);
    home.receives_at(0, pressure(10, 192, 114, 0));
    home.receives_at(2, pressure(12, 128, 80, 0));
    home.waits_until(60);
    assert_eq!(home.reported, []);
}

/// Which of its readings are marked depends on how soon each was uploaded.
#[test]
fn a_device_that_is_a_few_minutes_ahead_repeats_its_own_readings_also_those_that_are_not_marked() {
    let mut home = Home::under(&["bp.severe_high"]);
    home.receives_at(4, pressure(4, 190, 112, 0));
    home.receives_at(4, pressure(6, 130, 80, 0));
    home.waits_until(60);
    assert_eq!(home.reported, []);
    let mut home = Home::under(&["oxygen.low"]);
    home.receives_at(4, oxygen(3, 89, 0));
    home.receives_at(4, oxygen(6, 97, 0));
    home.receives_at(12, oxygen(11, 89, 0));
    home.waits_until(13);
    assert!(
        said(&home).iter().all(|(_, severity, ..)| *severity != Severity::Urgent),
        "{:?}",
        said(&home)
    );
}

#[test]
fn a_severe_pair_of_a_cuff_that_is_ahead_pages_at_once() {
    // Of the two one is below the limit, and their mean is not.
    let mut home = Home::under(&["bp.severe_high"]);
    home.receives_at(0, pressure(50, 192, 100, 0));
    home.receives_at(2, pressure(52, 176, 98, 0));
    let confirmed =
        [("bp.severe_high".to_owned(), Severity::Urgent, Stage::Confirmed, Transition::Raised)];
    assert_eq!(said(&home), confirmed);
}

#[test]
fn a_review_of_a_single_pressure_lasts_until_the_time_of_what_ends_it_has_come() {
    let mut home = Home::under(&["bp.severe_high"]);
    home.receives_at(1, pressure(1, 192, 114, 0));
    home.waits_until(16);
    home.receives_at(17, pressure(40, 128, 80, 1));
    home.receives_at(18, pressure(58, 126, 80, 1));
    home.waits_until(39);
    assert!(home.last().is_open());
    home.waits_until(60);
    assert_eq!((home.last().transition, home.reported.len()), (Transition::Resolved, 2));
}

#[test]
fn a_saturation_that_is_ahead_neither_follows_a_low_one_nor_ends_its_review() {
    for ahead in [10, 40] {
        let mut home = Home::under(&["oxygen.low"]);
        home.receives_at(0, oxygen(ahead, 98, 1));
        home.receives_at(1, oxygen(1, 91, 0));
        home.waits_until(15);
        assert_eq!(home.reported, [], "{ahead}");
        home.waits_until(18);
        assert_eq!(home.reported.len(), 1, "{ahead}");
        assert!(home.last().is_open());
    }
}

#[test]
fn saturations_that_are_ahead_end_no_urgent_row_before_it_is_reported() {
    let mut home = Home::under(&["oxygen.low"]);
    home.receives_at(0, oxygen(20, 98, 1));
    home.receives_at(0, oxygen(40, 98, 1));
    home.receives_at(1, oxygen(1, 84, 0));
    home.receives_at(3, oxygen(3, 84, 0));
    home.waits_until(6);
    assert_eq!(home.last().severity, Severity::Urgent);
    assert!(home.last().is_open());
}

#[test]
fn two_very_low_saturations_of_an_oximeter_that_is_ahead_page_at_once() {
    let mut home = Home::under(&["oxygen.low"]);
    home.receives_at(0, oxygen(38, 84, 0));
    assert_eq!(home.reported, []);
    home.receives_at(2, oxygen(40, 83, 0));
    let confirmed =
        [("oxygen.low".to_owned(), Severity::Urgent, Stage::Confirmed, Transition::Raised)];
    assert_eq!(said(&home), confirmed);
    home.waits_until(120);
    assert_eq!(home.reported.len(), 1);
}

/// The row is assessed between the time of what follows it and the whole minute with which that is seen.
#[test]
fn what_is_ahead_ends_a_row_that_was_reported_in_the_minute_of_its_time() {
    let mut home = Home::under(&["oxygen.low"]);
    home.receives_at(21, oxygen(37, 92, 7));
    home.receives_at(47, oxygen(52, 94, 7));
    home.waits_until(91);
    assert_eq!(home.reported.len(), 2);
    assert_eq!(home.last().transition, Transition::Retracted);
    assert_eq!(home.missed_at(91), []);
}

/// A reader of sensors measures by finger-stick too, under the same serial.
#[test]
fn a_finger_stick_by_a_sensors_reader_leaves_the_sensors_run_as_it_is() {
    let glucose = |minutes, value, method| {
        let sample = Sample::default().with(GLUCOSE_VALUE, value).with(GLUCOSE_METHOD, method);
        Sent { minutes, kind: Kind::BloodGlucose, sample, device: 0 }
    };
    let mut home = Home::under(&["glucose.very_low"]);
    home.receives_at(7, glucose(7, 48.0, 1.0));
    home.receives_at(30, glucose(30, 62.0, 0.0));
    home.receives_at(37, glucose(37, 48.0, 1.0));
    let confirmed =
        [("glucose.very_low".to_owned(), Severity::Urgent, Stage::Confirmed, Transition::Raised)];
    assert_eq!(said(&home), confirmed);
}

/// Of each kind what is far from every limit, and what is beyond some.
fn sample(kind: Kind, is_harmless: bool) -> BoxedStrategy<Sample> {
    let none = Sample::default();
    let pressures = move |systolic: Vec<u16>, pulse: Vec<u16>, flags: Vec<f64>| {
        (select(systolic), select(pulse), select(flags)).prop_map(move |(systolic, pulse, flag)| {
            let sample = none.with(SYSTOLIC, systolic.into()).with(DIASTOLIC, 75.0);
            sample.with(PULSE_RATE, pulse.into()).with(IRREGULAR_PULSE, flag)
        })
    };
    let of = move |field, values: Vec<f64>| {
        select(values).prop_map(move |value| none.with(field, value)).boxed()
    };
    match (kind, is_harmless) {
        (Kind::BloodPressure, true) => pressures(vec![118, 124], vec![66, 70], vec![0.0]).boxed(),
        (Kind::BloodPressure, false) => {
            pressures(vec![78, 92, 124, 182, 195], vec![46, 70, 104], vec![0.0, 1.0]).boxed()
        }
        (Kind::OxygenSaturation, true) => of(SPO2, vec![97.0, 98.0]),
        (Kind::OxygenSaturation, false) => of(SPO2, vec![84.0, 90.0, 92.0, 94.0, 97.0]),
        (Kind::BodyTemperature, true) => of(TEMPERATURE, vec![36.2, 36.5]),
        (Kind::BodyTemperature, false) => of(TEMPERATURE, vec![36.4, 37.2, 38.4, 39.0]),
        (Kind::WeighingScale, true) => of(BODY_WEIGHT, vec![80.0, 80.1]),
        (Kind::WeighingScale, false) => of(BODY_WEIGHT, vec![78.0, 80.0, 82.5, 84.0]),
        (_, is_harmless) => {
            let values =
                if is_harmless { vec![108.0, 112.0] } else { vec![48.0, 62.0, 110.0, 270.0] };
            (select(values), select(vec![0.0, 1.0]))
                .prop_map(move |(value, method)| {
                    none.with(GLUCOSE_VALUE, value).with(GLUCOSE_METHOD, method)
                })
                .boxed()
        }
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    select(vec![
        Kind::BloodPressure,
        Kind::OxygenSaturation,
        Kind::BodyTemperature,
        Kind::WeighingScale,
        Kind::BloodGlucose,
    ])
}

/// Two days of readings in their minutes, of two devices.
fn in_time() -> impl Strategy<Value = Vec<Sent>> {
    let minutes = prop_oneof![3 => 0..3 * HOUR, 1 => 0..2 * DAY];
    let one = (minutes, kind(), 0..2_u8).prop_flat_map(|(minutes, kind, device)| {
        sample(kind, false).prop_map(move |sample| Sent { minutes, kind, sample, device })
    });
    vec(one, 1..40).prop_map(|mut all| {
        all.sort_by_key(|sent| sent.minutes);
        all
    })
}

/// Readings of other devices that are ahead, with the minute when each is received. Those of glucose are
/// in order: its rules see all that is ahead, and hold it to the present themselves.
fn ahead() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let one = (0..4 * HOUR, 2..58_i64, kind(), 7..9_u8);
    let one = one.prop_flat_map(move |(received, lead, kind, device)| {
        sample(kind, kind == Kind::BloodGlucose).prop_map(move |sample| {
            (received, Sent { minutes: received + lead, kind, sample, device })
        })
    });
    vec(one, 1..12)
}

fn merged(in_time: &[Sent], ahead: &[(i64, Sent)]) -> Vec<(i64, Sent)> {
    let in_time = in_time.iter().map(|sent| (sent.minutes, *sent));
    let mut all: Vec<_> = in_time.chain(ahead.iter().copied()).collect();
    // Of one reading one version.
    all.sort_by_key(|(received, sent)| (sent.minutes, sent.device, sent.kind, *received));
    all.dedup_by_key(|(_, sent)| (sent.minutes, sent.device, sent.kind));
    all.sort_by_key(|(received, _)| *received);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_harmless_reading_that_is_ahead_changes_no_alert_before_its_time(
        in_time in in_time(),
        (received, lead) in (0..4 * HOUR, 3..58_i64),
        (kind, sample) in kind().prop_flat_map(|kind| (Just(kind), sample(kind, true))),
    ) {
        let ahead = Sent { minutes: received + lead, kind, sample, device: 7 };
        // Clocks may differ by a minute.
        let before_its_time = ahead.minutes - 2;
        let [with, without] = [&[(received, ahead)][..], &[]].map(|one_ahead| {
            let mut home = Home::default();
            let all = merged(&in_time, one_ahead);
            for (received, sent) in all.into_iter().filter(|(it, _)| *it <= before_its_time) {
                home.receives_at(received, sent);
            }
            home.waits_until(before_its_time);
            let of_rules = home.reported.iter().filter(|alert| !alert.rule.as_str().starts_with("data."));
            of_rules.map(|alert| (alert.changed_at, alert.transition, episode(alert))).collect::<Vec<_>>()
        });
        prop_assert_eq!(with, without);
    }

    #[test]
    fn a_full_computation_finds_nothing_that_was_missed_beside_readings_ahead(
        in_time in in_time(),
        ahead in ahead(),
    ) {
        let mut home = Home::default();
        let all = merged(&in_time, &ahead);
        for (place, (received, sent)) in all.iter().enumerate() {
            home.receives_at(*received, *sent);
            let next = all.get(place + 1).map_or(i64::MAX, |(next, _)| *next);
            if next > *received {
                let mut again = Home { plan: home.plan.clone(), ..Home::default() };
                let sent = &all[..=place];
                again.monitor = home.restarted(sent, *received).monitor;
                let missed = again.missed_at(*received);
                prop_assert!(missed.is_empty(), "at {received}: {missed:?}");
            }
        }
    }

    #[test]
    fn the_order_of_arrival_of_what_is_received_in_a_minute_does_not_matter(
        in_time in in_time(),
        ahead in ahead(),
    ) {
        let all = merged(&in_time, &ahead);
        let mut turned = all.clone();
        turned.reverse();
        turned.sort_by_key(|(received, _)| *received);
        let [one, other] = [all, turned].map(|all| {
            let mut home = Home::default();
            home.receives_all(&all);
            home.waits_until(3 * DAY);
            home.known_in_any_order(episode)
        });
        prop_assert_eq!(one, other);
    }
}
