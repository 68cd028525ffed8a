//! The live stream: lively, with a surge to see at once, and never from the future.

use clinical::{Span, Timestamp};
use schemas::Reading;
use schemas::reading::Measurement;
use simulator::live::{Live, LiveArgs};
use simulator::population::population;

const START: Timestamp = Timestamp::from_seconds(1_767_571_200);

fn is_severe(reading: &Reading) -> bool {
    matches!(&reading.measurement, Measurement::BloodPressure(bp) if bp.systolic >= 180)
}

fn everything(live: &Live<'_>, from: Timestamp, to: Timestamp) -> Vec<(usize, Reading)> {
    let mut readings = live.readings(from, to);
    readings.extend(live.automatic(from, to));
    readings.extend(live.staged(from, to));
    readings
}

#[test]
fn two_hundred_patients_give_a_few_readings_a_second() {
    let people = population(42, 200, 4);
    let live = Live::new(&people, LiveArgs::default(), START, |_| true);
    let readings = everything(&live, START, START + Span::from_minutes(10));
    let rate = readings.len() as f64 / 600.0;
    assert!((1.0..6.0).contains(&rate), "{rate} readings/s");
}

#[test]
fn a_confirmed_severe_surge_is_observed_in_the_first_minute_with_few_patients() {
    for count in [1, 5, 200] {
        let people = population(7, count, 4);
        let live = Live::new(&people, LiveArgs::default(), START, |_| true);
        let readings = everything(&live, live.begin(), START + Span::from_seconds(50));
        let severe: Vec<_> = readings.iter().filter(|(_, reading)| is_severe(reading)).collect();
        let pair = severe.windows(2).any(|pair| {
            let apart = pair[1].1.observation_time - pair[0].1.observation_time;
            pair[0].0 == pair[1].0 && (60_000..=900_000).contains(&apart)
        });
        assert!(pair, "{count} patients");
    }
}

#[test]
fn surges_go_on_and_each_stands_apart_from_the_patients_other_occasions() {
    let people = population(42, 200, 4);
    let live = Live::new(&people, LiveArgs::default(), START, |_| true);
    let readings = everything(&live, live.begin(), START + Span::from_minutes(60));
    let pressures: Vec<_> = readings
        .iter()
        .filter(|(_, reading)| matches!(reading.measurement, Measurement::BloodPressure(_)))
        .collect();
    let complete = (START + Span::from_minutes(55)).millis();
    let severe: Vec<_> = pressures
        .iter()
        .filter(|(_, reading)| is_severe(reading) && reading.observation_time < complete)
        .collect();
    assert!(severe.len() > 60, "{}", severe.len());
    for (who, surge) in &severe {
        let near = pressures.iter().filter(|(other, reading)| {
            other == who && (reading.observation_time - surge.observation_time).abs() <= 15 * 60_000
        });
        assert_eq!(near.count(), 2, "the two readings of the surge alone");
    }
}

#[test]
fn windows_put_together_give_what_one_window_gives() {
    let people = population(3, 40, 2);
    let live = Live::new(&people, LiveArgs::default(), START, |_| true);
    let key = |(who, reading): &(usize, Reading)| (reading.observation_time, *who);
    let end = START + Span::from_minutes(5);
    let mut whole = everything(&live, live.begin(), end);
    whole.sort_by_key(key);
    let mut parts = Vec::new();
    let mut from = live.begin();
    while from < end {
        let to = (from + Span::from_millis(7_300)).min(end);
        parts.extend(everything(&live, from, to));
        from = to;
    }
    parts.sort_by_key(key);
    let missing: Vec<_> = whole.iter().filter(|one| !parts.contains(one)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(whole.len(), parts.len());
    assert!(parts.iter().all(|part| whole.contains(part)));
}
