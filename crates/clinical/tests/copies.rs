//! One measurement over two sources is counted once, whatever comes first and whatever is changed.

use crate::home;

use clinical::alert::{Severity, Stage, Transition};
use clinical::copies::{is_copy, originals};
use clinical::kinds::blood_glucose::GLUCOSE_VALUE;
use clinical::remembered::{CurrentReading, Delay};
use clinical::sample::Sample;
use clinical::{Kind, Source, Span, Timestamp};
use home::properties::{self, Checks, NextAssessment};
use home::{Home, Sent, at, bp};
use proptest::prelude::*;

fn over(source: u8, sent: Sent) -> Sent {
    Sent { source, ..sent }
}

fn counted(home: &Home) -> Vec<CurrentReading> {
    home.monitor.timeline().counted(Kind::BloodPressure, Timestamp::EARLIEST).collect()
}

#[test]
fn the_same_pressure_over_two_sources_a_minute_apart_confirms_nothing() {
    for (first, second) in [(0, 1), (1, 0)] {
        let mut home = Home::default();
        home.receives(over(first, bp(0, 190, 112)));
        home.receives(over(second, bp(1, 190, 112)));
        assert_eq!(home.reported, []);
        home.waits_until(60);
        let unconfirmed = (Transition::Raised, Severity::Review, Stage::Unconfirmed);
        assert_eq!(home.transitions(), [unconfirmed]);
        assert_eq!(counted(&home).len(), 1);
    }
}

#[test]
fn a_copy_that_comes_after_the_alert_leaves_it_open_under_its_id() {
    for (first, second) in [(0, 1), (1, 0)] {
        let mut home = Home::default();
        home.receives(over(first, bp(0, 190, 112)));
        home.waits_until(20);
        let id = home.last().id;
        home.receives_at(21, over(second, bp(1, 190, 112)));
        assert!(home.reported.iter().all(|alert| alert.id == id && alert.is_open()));
    }
}

#[test]
fn what_differs_in_value_or_time_or_comes_from_the_same_source_confirms() {
    let others = [over(0, bp(1, 190, 112)), over(1, bp(1, 191, 112)), over(1, bp(3, 190, 112))];
    for other in others {
        let mut home = Home::default();
        home.receives(bp(0, 190, 112));
        home.receives(other.clone());
        assert_eq!(home.last().stage, Stage::Confirmed, "{other:?}");
    }
}

#[test]
fn a_copy_is_counted_from_when_the_other_is_corrected_or_entered_in_error() {
    for (kept, changed) in [(0, 1), (1, 0)] {
        let gone = over(changed, bp(0, 190, 112)).entered_in_error(5);
        let corrected = over(changed, bp(0, 190, 112)).corrected(5, 128, 82);
        for (change, count) in [(gone, 1), (corrected, 2)] {
            let mut home = Home::default();
            home.receives(over(kept, bp(1, 190, 112)));
            home.receives(over(changed, bp(0, 190, 112)));
            assert_eq!(counted(&home).len(), 1);
            home.receives(change);
            let left = counted(&home);
            assert_eq!(left.len(), count);
            assert!(left.iter().any(|reading| reading.time == at(1)));
        }
    }
}

/// 97 mg/dL is 5.4 mmol/L, which is 97.3 mg/dL again.
#[test]
fn one_glucose_in_two_units_is_one() {
    let glucose = |source, value| {
        let source = Source::device("ROCHE", source).unwrap().digest();
        let sample = Sample::default().with(GLUCOSE_VALUE, value);
        CurrentReading { time: at(0), source, sample, delay: Delay::default() }
    };
    for (value, is_one) in [(97.3, true), (97.0, true), (98.0, true), (99.0, false), (96.0, false)]
    {
        let both = [glucose("1", 97.3), glucose("2", value)];
        let copies = originals(Kind::BloodGlucose, &both).into_iter().flatten().count();
        assert_eq!(copies == 1, is_one, "{value}");
    }
}

fn over_two_ways(kind: Kind, field: clinical::kinds::Watched, values: [f64; 2]) -> bool {
    let reading = |(serial, value): (&str, f64)| CurrentReading {
        time: at(0),
        source: Source::device("TANITA", serial).unwrap().digest(),
        sample: Sample::default().with(field, value),
        delay: Delay::default(),
    };
    let both = [("1", values[0]), ("2", values[1])].map(reading);
    originals(kind, &both).into_iter().flatten().count() == 1
}

#[test]
fn one_measurement_that_one_way_says_with_a_decimal_less_is_one() {
    use clinical::kinds::{body_temperature, oxygen_saturation, weighing_scale};
    let weight = |values| over_two_ways(Kind::WeighingScale, weighing_scale::BODY_WEIGHT, values);
    for one in [[72.57, 72.6], [72.6, 72.57], [72.55, 72.6], [72.55, 72.5], [72.57, 72.57]] {
        assert!(weight(one), "{one:?}");
    }
    for two in [[72.57, 72.5], [72.57, 72.58], [72.5, 72.6], [72.57, 73.0], [72.4, 72.46]] {
        assert!(!weight(two), "{two:?}");
    }
    let temperature =
        |values| over_two_ways(Kind::BodyTemperature, body_temperature::TEMPERATURE, values);
    assert!(
        temperature([38.24, 38.2]) && !temperature([38.2, 38.3]) && !temperature([38.24, 38.0])
    );
    let spo2 = |values| over_two_ways(Kind::OxygenSaturation, oxygen_saturation::SPO2, values);
    assert!(!spo2([90.0, 91.0]) && !spo2([90.4, 90.0]));
}

proptest! {
    #[test]
    fn what_is_rounded_to_a_tenth_is_one_and_what_is_further_off_is_two(
        hundredths in 3_000..20_000_u32,
        off in -30..=30_i32,
    ) {
        let field = clinical::kinds::weighing_scale::BODY_WEIGHT;
        let is_one = |values| over_two_ways(Kind::WeighingScale, field, values);
        let value = f64::from(hundredths) / 100.0;
        let tenth = f64::from((hundredths + 5) / 10) / 10.0;
        prop_assert!(is_one([value, tenth]) && is_one([tenth, value]));
        let other = f64::from(hundredths as i32 + off) / 100.0;
        if off.abs() > 5 {
            prop_assert!(!is_one([value, other]));
        }
        // Two that show tenths, and two that show hundredths, are the same only where they are equal.
        let has_tenths = |hundredths: i32| hundredths % 10 == 0;
        if off != 0 && has_tenths(hundredths as i32) == has_tenths(hundredths as i32 + off) {
            prop_assert!(!is_one([value, other]));
        }
    }
}

prop_compose! {
    fn sent()(
        minutes in 0..12_i64,
        systolic in 189..191_u16,
        source in 0..3_u8,
        update in 0..3_i64,
        is_gone in prop::bool::weighted(0.2),
    ) -> Sent {
        let sent = over(source, bp(minutes, 120, 30)).corrected(update, systolic, 30);
        if is_gone { sent.entered_in_error(update) } else { sent }
    }
}

fn after(all: &[Sent]) -> Home {
    let mut home = Home::default();
    for one in all {
        // Nothing comes before it was registered.
        home.receives_at(one.minutes + 3, one.clone());
    }
    home
}

proptest! {
    #[test]
    fn a_restart_counts_the_same_and_says_nothing_new(sent in prop::collection::vec(sent(), 1..20)) {
        let history: Vec<_> = (20..).zip(sent).collect();
        let checks =
            Checks { after: &[0], next_assessment: NextAssessment::NotLater, forgets_after: None };
        properties::nothing_is_missed(&mut Home::default(), &history, checks)?;
        let (home, restarted) = properties::a_restart_says_nothing_new(&history)?;
        prop_assert_eq!(counted(&restarted), counted(&home));
    }

    #[test]
    fn what_is_counted_depends_on_the_readings_alone(
        (sent, shuffled) in prop::collection::vec(sent(), 1..20)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let (one, other) = (after(&sent), after(&shuffled));
        let bare = |home: &Home| {
            counted(home).iter().map(|r| (r.time, r.source, r.sample)).collect::<Vec<_>>()
        };
        prop_assert_eq!(bare(&one), bare(&other));

        let timeline = one.monitor.timeline();
        let kind = Kind::BloodPressure;
        let current: Vec<_> = timeline.current(kind, Timestamp::EARLIEST).collect();
        let is_counted =
            |reading: &&CurrentReading| !current.iter().any(|of| is_copy(kind, reading, of));
        let expected: Vec<_> = current.iter().filter(is_counted).copied().collect();
        prop_assert_eq!(counted(&one), expected.clone());
        for (reading, original) in current.iter().zip(originals(kind, &current)) {
            prop_assert_eq!(original.is_none(), is_counted(&reading));
            prop_assert!(original.is_none_or(|place| is_copy(kind, reading, &current[place])));
        }
        // From any reading on, with those before it seen that it may be a copy of.
        for from in current.iter().map(|reading| reading.time) {
            let later: Vec<_> = expected.iter().filter(|one| one.time >= from).copied().collect();
            prop_assert_eq!(timeline.counted(kind, from).collect::<Vec<_>>(), later);
        }
        // Nothing is lost: what is not counted is the copy of something near that is.
        let reach = Span::from_minutes(4);
        let is_near = |reading: &CurrentReading| {
            expected.iter().any(|of| (of.time - reading.time).abs() <= reach)
        };
        prop_assert!(current.iter().all(is_near));
    }
}
