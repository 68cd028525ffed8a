//! What metrics are made of, against the real ClickHouse engine.

use clinical::Kind;
use clinical::kinds::blood_glucose::GLUCOSE_VALUE;
use clinical::kinds::blood_pressure::{PULSE_RATE, SYSTOLIC};
use clinical::measured::Measured;
use clinical::metrics::{Period, Trace};
use clinical::{Span, Timestamp};

use super::engine_tests::{ALL, MIDNIGHT, PRESSURE, Version, database, insert, patient};
use crate::model::values;

fn period(from: i64, to: i64) -> Period {
    let at = |seconds| Timestamp::from_seconds(MIDNIGHT + seconds);
    Period { from: at(from), to: at(to) }
}

const METHOD: (&str, &str) = ("glucose_method", "'continuous_sensor'");

fn sensor<'a>(at: i64, version: u64, values: &'a [(&'a str, &'a str)]) -> Version<'a> {
    let kind = Kind::BloodGlucose;
    Version { kind, source: "DEXCOM|G7|1", at, version, values, ..PRESSURE }
}

#[tokio::test]
async fn samples_are_those_of_the_current_readings_with_the_same_values() {
    let (client, store) = database("samples");
    insert(&client, sensor(0, 1, &[("glucose_value", "104"), METHOD])).await;
    insert(&client, sensor(300, 2, &[("glucose_value", "99.088"), METHOD])).await;
    insert(&client, sensor(300, 1, &[("glucose_value", "50"), METHOD])).await;
    let low = [("glucose_value", "40"), METHOD, ("glucose_comparator", "'below'")];
    insert(&client, sensor(600, 1, &low)).await;
    let in_error = sensor(900, 2, &[("glucose_value", "50"), METHOD]);
    insert(&client, Version { entered_in_error: true, ..in_error }).await;
    insert(&client, PRESSURE).await;

    let of = async |kind| store.samples(&patient("A/1"), kind, period(0, 1000)).await.unwrap();
    let glucose = of(Kind::BloodGlucose).await;
    let measured: Vec<_> =
        glucose.iter().map(|reading| reading.sample.measured(GLUCOSE_VALUE).unwrap()).collect();
    let expected = [Measured::Exactly(104.0), Measured::Exactly(99.1), Measured::Below(40.0)];
    assert_eq!(measured, expected);
    let pressure = of(Kind::BloodPressure).await;
    assert_eq!(pressure[0].sample.value(SYSTOLIC), Some(128.0));
    assert_eq!(pressure[0].sample.value(PULSE_RATE), None);

    let page = store.readings(&patient("A/1"), ALL).await.unwrap();
    for reading in page.readings {
        let samples = of(reading.measurement.kind).await;
        let same = samples
            .iter()
            .find(|one| (one.time, one.source) == (reading.observed_at.at(), reading.id.source()));
        let sample = values::sample(reading.measurement.kind, &reading.measurement.values);
        assert_eq!(same.map(|one| one.sample), Some(sample), "{reading:?}");
    }
}

#[tokio::test]
async fn what_a_reading_near_an_end_is_a_copy_of_is_there_too() {
    let (client, store) = database("samples_near");
    let of = |source, at| Version {
        kind: Kind::BloodGlucose,
        source,
        at,
        values: &[("glucose_value", "104"), ("glucose_method", "'continuous_sensor'")],
        ..PRESSURE
    };
    for (source, at) in
        [("A|G7|1", -60), ("B|app|1", 60), ("A|G7|1", 300), ("B|app|1", 420), ("A|G7|1", 4000)]
    {
        insert(&client, of(source, at)).await;
    }
    let period = period(0, 400);
    let samples = store.samples(&patient("A/1"), Kind::BloodGlucose, period).await.unwrap();
    assert_eq!(samples.len(), 4);
    let trace = Trace::of(samples, period);
    let first = clinical::Source::device("A", "1").unwrap().digest();
    let second = clinical::Source::device("B", "1").unwrap().digest();
    // Of each pair the source that comes first is counted: in the period is one of each.
    let at = if first < second { 300 } else { 60 };
    assert_eq!(trace.values().len(), 1);
    assert_eq!(trace.values()[0].time, period.from + Span::from_seconds(at));
}
