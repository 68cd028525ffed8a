//! Aggregates of hours against the summaries that are made of the same readings.

use proptest::prelude::*;

use super::*;
use crate::Kind;
use crate::glucose::bands::InBands;
use crate::kinds::blood_pressure::{DIASTOLIC, PULSE_RATE, SYSTOLIC};

const SENSOR: Series = Series { field: "glucose_value", method: "continuous_sensor" };
const FINGER: Series = Series { field: "glucose_value", method: "finger_stick" };

fn hours_of(readings: &[CurrentReading], hours: i64) -> Vec<(Timestamp, HourAggregates)> {
    let of = |hour: i64| {
        let begin = midnight() + Span::from_hours(hour);
        (begin, hour_aggregates(Kind::BloodGlucose, readings.iter().copied(), begin))
    };
    (0..hours).map(of).collect()
}

fn sensor_hours(hours: &[(Timestamp, HourAggregates)]) -> Vec<Bucket<Timestamp>> {
    let of = |(begin, hour): &(Timestamp, HourAggregates)| {
        let aggregate = *hour.series.get(&SENSOR)?;
        Some(Bucket { of: *begin, aggregate, time: hour.time })
    };
    hours.iter().filter_map(of).collect()
}

/// A sensor of each five minutes for three days, that says LO and HI at times.
fn three_days() -> Vec<CurrentReading> {
    let measured = |place: i64| match 40 + (place * 37) % 370 {
        40..=44 => Measured::Below(40.0),
        400.. => Measured::Above(400.0),
        value => Measured::Exactly(value as f64),
    };
    let gap = |place: &i64| !(100..130).contains(place);
    let one = |place: i64| reading_of(sensor("1"), minute(place * 5), measured(place), 1.0);
    (0..3 * 288).filter(gap).map(one).collect()
}

#[test]
fn days_put_together_from_hours_are_those_of_the_summary() {
    let readings = three_days();
    let trace = Trace::of(readings.clone(), days(3));
    let due = glucose_days(&trace, days(3), &JAPAN);
    let found = days_of_hours(sensor_hours(&hours_of(&readings, 72)), &JAPAN);
    assert_eq!(found.len(), 3);
    for (found, due) in found.iter().zip(&due) {
        assert_eq!(found.of, due.day);
        assert_eq!(u64::from(found.aggregate.values), due.values);
        assert_near(found.aggregate.mean.value(), due.mean.unwrap());
        assert_eq!(found.aggregate.lowest.to_bits(), due.lowest.number().to_bits());
        assert_eq!(found.aggregate.highest.to_bits(), due.highest.number().to_bits());
        assert_eq!(found.time, due.time);
    }
    let beyond: u32 = found.iter().map(|day| day.aggregate.values_beyond()).sum();
    assert!(beyond > 0 && beyond < 100, "{beyond}");
}

#[test]
fn a_patient_who_moves_has_the_days_of_the_new_zone_from_the_same_hours() {
    let readings = three_days();
    let berlin = LocalTime::of("Europe/Berlin").unwrap();
    let trace = Trace::of(readings.clone(), days(3));
    let due = glucose_days(&trace, days(3), &berlin);
    let found = days_of_hours(sensor_hours(&hours_of(&readings, 72)), &berlin);
    let values = |day: &Bucket<jiff::civil::Date>| (day.of, u64::from(day.aggregate.values));
    let due: Vec<_> = due.iter().map(|day| (day.day, day.values)).collect();
    assert_eq!(found.iter().map(values).collect::<Vec<_>>(), due);
    assert_eq!(due.len(), 4, "Japanese midnight is an afternoon in Berlin");
}

/// Zones whose midnight is no full hour of UTC, some of them in one half of the year only, or whose clocks
/// skip it or show it twice.
const ZONES: [&str; 10] = [
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Europe/Berlin",
    "America/Santiago",
    "America/Havana",
    "America/Nuuk",
];

proptest! {
    #[test]
    fn the_first_day_of_a_period_of_days_has_each_of_its_hours_and_no_day_is_before(
        zone in 0..ZONES.len(),
        minutes in 0_i64..2 * 366 * 24 * 60,
    ) {
        let local = LocalTime::of(ZONES[zone]).unwrap();
        let asked = Period { from: minute(minutes), to: minute(minutes) + Span::from_days(2) };
        let period = asked.of_whole_days(&local);
        let first = local.day_of(asked.from);
        let before = period.of_whole_hours().from - Span::from_days(1);
        let hours = (0..96).map(|hour| before + Span::from_hours(hour));
        let of = |hour| {
            let aggregate = Aggregate { values: 1, ..Aggregate::default() };
            Bucket { of: hour, aggregate, time: InBands::default() }
        };
        let of_first = hours.clone().filter(|hour| local.day_of(*hour) == first).count();
        let days = days_of_hours(hours.filter(|hour| period.contains(*hour)).map(of), &local);
        prop_assert_eq!(days[0].of, first);
        prop_assert_eq!(days[0].aggregate.values as usize, of_first);
    }
}

#[test]
fn a_copy_across_the_full_hour_is_counted_in_neither_hour_twice() {
    let (first, second) = (sensor("1").min(sensor("2")), sensor("1").max(sensor("2")));
    let seconds = |seconds| midnight() + Span::from_hours(1) + Span::from_seconds(seconds);
    let of = |source, at| reading_of(source, seconds(at), Measured::Exactly(104.0), 1.0);
    // The copy is a minute later than the original, and in the next hour.
    let hours = hours_of(&[of(first, -30), of(second, 30)], 2);
    assert_eq!(hours[0].1.series[&SENSOR].values, 1);
    assert!(hours[1].1.series.is_empty());
    let hours = hours_of(&[of(second, -30), of(first, 30)], 2);
    assert!(hours[0].1.series.is_empty());
    assert_eq!(hours[1].1.series[&SENSOR].values, 1);
}

#[test]
fn finger_sticks_are_a_series_of_their_own_and_in_no_band() {
    let finger = reading_of(sensor("9"), minute(7), Measured::Exactly(60.0), 0.0);
    let hours = hours_of(&[value("1", 5, 120.0), finger], 1);
    let hour = &hours[0].1;
    assert_eq!(hour.series[&SENSOR].mean.value(), Some(120.0));
    assert_eq!(hour.series[&FINGER].mean.value(), Some(60.0));
    assert_eq!((hour.time.total(), hour.time.below_range()), (300, 0));
}

#[test]
fn each_number_of_a_pressure_is_a_series_and_what_was_not_measured_counts_nowhere() {
    let of = |minutes, systolic, pulse: Option<f64>| {
        let sample = Sample::default().with(SYSTOLIC, systolic).with(DIASTOLIC, 80.0);
        let sample = pulse.map_or(sample, |pulse| sample.with(PULSE_RATE, pulse));
        let source = Source::device("OMRON", "1").unwrap().digest();
        CurrentReading { time: minute(minutes), source, sample, delay: Delay::default() }
    };
    let readings = [of(1, 130.0, None), of(3, 140.0, Some(61.0))];
    let hour = hour_aggregates(Kind::BloodPressure, readings, midnight());
    let of = |field| hour.series[&Series { field, method: "" }];
    assert_eq!(of("systolic").mean.value(), Some(135.0));
    assert_eq!((of("systolic").lowest, of("systolic").highest), (130.0, 140.0));
    assert_eq!(of("pulse_rate").values, 1);
    assert_eq!(hour.series.len(), 3, "a flag is no number: {:?}", hour.series);
    assert_eq!(hour.time, InBands::default());
}

#[test]
fn steps_of_a_day_up_to_now_are_not_aggregated_and_every_other_kind_is() {
    for kind in Kind::ALL {
        assert_eq!(series(kind).is_empty(), kind == Kind::Activity, "{kind}");
    }
    assert_eq!(series(Kind::BloodGlucose)[..2], [SENSOR, FINGER]);
    assert_eq!(series(Kind::BloodPressure)[0].field, "systolic");
}
