use proptest::prelude::*;

use super::*;

fn numbers(trace: &Trace) -> Vec<f64> {
    trace.values().iter().map(|value| value.measured.number()).collect()
}

#[test]
fn finger_sticks_and_laboratory_values_are_left_out() {
    let finger = Source::device("ACME", "9").unwrap().digest();
    let readings = [
        value("1", 0, 100.0),
        reading_of(finger, minute(2), Measured::Exactly(90.0), 0.0),
        reading_of(finger, minute(4), Measured::Exactly(91.0), 2.0),
        value("1", 5, 101.0),
    ];
    assert_eq!(numbers(&Trace::of(readings, days(1))), [100.0, 101.0]);
}

#[test]
fn a_copy_over_another_way_is_left_out_also_where_it_is_just_outside() {
    let (cloud, phone) = (sensor("1").min(sensor("2")), sensor("1").max(sensor("2")));
    let of = |source, seconds| {
        let time = midnight() + Span::from_seconds(seconds);
        reading_of(source, time, Measured::Exactly(100.0), 1.0)
    };
    let trace = Trace::of([of(cloud, -30), of(phone, 30), of(cloud, 300), of(phone, 330)], days(1));
    let left: Vec<_> = trace.values().iter().map(|value| (value.source, value.time)).collect();
    assert_eq!(left, [(cloud, midnight() + Span::from_seconds(300))]);
}

#[test]
fn of_two_sensors_the_one_with_more_values_is_counted_and_the_other_fills_its_gaps() {
    let mut readings: Vec<_> = (0..12).map(|place| value("1", place * 5, 100.0)).collect();
    readings.extend((0..6).map(|place| value("2", 42 + place * 5, 200.0)));
    readings.sort_by_key(|reading| reading.time);
    let trace = Trace::of(readings, days(1));
    assert_eq!(numbers(&trace), [vec![100.0; 12], vec![200.0; 2]].concat());
}

#[test]
fn a_value_stands_for_the_interval_of_its_sensor() {
    let mut readings: Vec<_> = (0..10).map(|place| value("1", place * 5, 60.0)).collect();
    readings.extend((0..10).map(|place| value("2", 600 + place * 15, 100.0)));
    let summary = summary_of(readings, days(1));
    assert_eq!(summary.time.below_range(), 10 * 300);
    assert_eq!(summary.time.in_range(), 10 * 900);
    assert_eq!(summary.expected_values, 144);
    assert_eq!(summary.time.percent(summary.time.in_range()), Some(75.0));
}

#[test]
fn nothing_is_filled_in_over_more_than_45_minutes_or_a_value_beyond_the_range() {
    let day = 24 * 60;
    let of = |between: Vec<CurrentReading>, gap: i64| {
        let mut readings = vec![value("1", 0, 100.0)];
        readings.extend(between);
        readings.push(value("1", gap, 100.0));
        readings.extend((0..20).map(|place| value("1", day + place * 5, 110.0)));
        Grid::of(&Trace::of(readings, days(2))).modd()
    };
    assert_near(of(Vec::new(), 45), 10.0);
    assert_eq!(of(Vec::new(), 46), None);
    let low = reading_of(sensor("1"), minute(20), Measured::Below(40.0), 1.0);
    assert_eq!(of(vec![low], 40), None);
}

proptest! {
    /// Sensors that overlap, of any intervals: each time is counted once.
    #[test]
    fn no_time_is_counted_twice_and_nothing_is_lost_that_no_other_covers(
        of_sensors in prop::collection::vec((0_i64..1000, 1_i64..16, 1_usize..80), 1..4),
    ) {
        let mut readings = Vec::new();
        for (serial, (begin, interval, count)) in of_sensors.iter().enumerate() {
            let values = (0..*count as i64).map(|place| {
                // All values differ, so that none is a copy.
                let mg = 60.0 + 10.0 * serial as f64 + 0.1 * place as f64;
                value(&serial.to_string(), begin + place * interval, mg)
            });
            readings.extend(values);
        }
        readings.sort_by_key(|reading| (reading.time, reading.source));
        let trace = Trace::of(readings.iter().copied(), days(2));
        for pair in trace.values().windows(2) {
            let apart = pair[1].time - pair[0].time;
            let shorter = pair[0].stands_for.min(pair[1].stands_for);
            prop_assert!(pair[0].source == pair[1].source || apart >= shorter);
        }
        for reading in &readings {
            let is_covered = trace.values().iter().any(|value| {
                (value.time, value.source) == (reading.time, reading.source)
                    || (value.time - reading.time).abs() < value.stands_for
            });
            prop_assert!(is_covered);
        }
    }

    #[test]
    fn a_trace_summed_by_days_is_that_of_the_whole(
        values in prop::collection::vec(40.0_f64..400.0, 1..900),
    ) {
        let period = days(4);
        let trace = Trace::of(every_five(values), period);
        let whole = glucose_summary(&trace, period, &JAPAN);
        let mut of_days = crate::glucose::bands::InBands::default();
        let mut count = 0;
        for day in glucose_days(&trace, period, &JAPAN) {
            of_days += day.time;
            count += day.values;
        }
        prop_assert_eq!(of_days, whole.time);
        prop_assert_eq!(count, whole.values);
        let profile = ambulatory_profile(&trace, &JAPAN);
        prop_assert_eq!(profile.iter().map(|slot| u64::from(slot.values)).sum::<u64>(), count);
        for slot in profile {
            let ordered = [slot.p5, slot.p25, slot.p50, slot.p75, slot.p95];
            prop_assert!(ordered.is_sorted());
        }
    }
}
