use super::*;

#[test]
fn a_day_is_the_patients_own_and_says_what_it_had() {
    let readings = [value("1", -10, 300.0), value("1", -5, 290.0), value("1", 0, 100.0)];
    let low = reading_of(sensor("1"), minute(5), Measured::Below(40.0), 1.0);
    let period = Period { from: minute(-24 * 60), to: minute(24 * 60) };
    let trace = Trace::of(readings.into_iter().chain([low]), period);
    let days = glucose_days(&trace, period, &JAPAN);
    let [before, day] = &days[..] else { panic!("{days:?}") };
    assert_eq!((before.day, day.day), (date(2026, 5, 31), date(2026, 6, 1)));
    assert_near(before.mean, 295.0);
    assert_eq!((day.values, day.lowest), (2, Measured::Below(40.0)));
    assert_near(day.mean, 100.0);
    assert_near(Some(day.covered_percent), 100.0 * 600.0 / 86_400.0);
    assert_eq!(day.time.very_low(), 300);
    let in_utc = glucose_days(&trace, period, &LocalTime::of("UTC").unwrap());
    assert_eq!(in_utc.len(), 1);
}

#[test]
fn a_day_that_the_period_cuts_is_covered_as_far_as_it_is_in_it() {
    let period = Period { from: minute(0), to: minute(60) };
    let trace = Trace::of(every_five(vec![100.0; 12]), period);
    assert_eq!(glucose_days(&trace, period, &JAPAN)[0].covered_percent, 100.0);
}

#[test]
fn percentiles_are_of_the_clock_on_the_wall_and_of_type_7() {
    // At 07:00 on five days; by type 7 the 5th percentile of five values lies 0.2 behind the first.
    let at_seven = (0..5).map(|day| value("1", day * 1440 + 420, 100.0 + 10.0 * day as f64));
    let trace = Trace::of(at_seven, days(5));
    let [slot] = ambulatory_profile(&trace, &JAPAN)[..] else { panic!() };
    assert_eq!((slot.minute_of_day, slot.values), (420, 5));
    for (found, expected) in [
        (slot.p5, 102.0),
        (slot.p25, 110.0),
        (slot.p50, 120.0),
        (slot.p75, 130.0),
        (slot.p95, 138.0),
    ] {
        assert_near(Some(found), expected);
    }
    let utc = LocalTime::of("UTC").unwrap();
    assert_eq!(ambulatory_profile(&trace, &utc)[0].minute_of_day, 22 * 60);
}

#[test]
fn an_hour_that_the_clocks_show_twice_has_the_values_of_both() {
    let berlin = LocalTime::of("Europe/Berlin").unwrap();
    // 02:30 on the 25th of October 2026 in Berlin, an hour apart.
    let begin = berlin.begin_of(date(2026, 10, 25), 0);
    let period = Period { from: begin, to: begin + Span::from_hours(25) };
    let at = |hours: i64| {
        let time = begin + Span::from_minutes(hours * 60 + 30);
        reading_of(sensor("1"), time, Measured::Exactly(100.0), 1.0)
    };
    let profile = ambulatory_profile(&Trace::of([at(2), at(3)], period), &berlin);
    assert_eq!(
        profile.iter().map(|slot| (slot.minute_of_day, slot.values)).collect::<Vec<_>>(),
        [(150, 2)]
    );
}
