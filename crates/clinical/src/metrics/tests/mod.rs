//! Metrics against their definitions, with the numbers of the definitions.

mod days_and_profile;
mod hours;
mod pressure;
mod summary;
mod traces;
mod trends;

use jiff::civil::date;

use super::*;
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::local_time::{JAPAN, LocalTime};
use crate::measured::Measured;
use crate::remembered::{CurrentReading, Delay};
use crate::sample::Sample;
use crate::source::{Source, SourceDigest};
use crate::time::{Span, Timestamp};

/// Midnight of the 1st of June 2026 in Japan.
fn midnight() -> Timestamp {
    JAPAN.begin_of(date(2026, 6, 1), 0)
}

fn minute(minutes: i64) -> Timestamp {
    midnight() + Span::from_minutes(minutes)
}

fn days(days: i64) -> Period {
    Period { from: midnight(), to: midnight() + Span::from_days(days) }
}

fn sensor(serial: &str) -> SourceDigest {
    Source::device("DEXCOM", serial).unwrap().digest()
}

fn reading_of(
    source: SourceDigest,
    time: Timestamp,
    measured: Measured,
    method: f64,
) -> CurrentReading {
    let sample =
        Sample::default().with(GLUCOSE_METHOD, method).with_measured(GLUCOSE_VALUE, measured);
    CurrentReading { time, source, sample, delay: Delay::default() }
}

/// A value of a sensor so many minutes after midnight.
fn value(serial: &str, minutes: i64, mg: f64) -> CurrentReading {
    reading_of(sensor(serial), minute(minutes), Measured::Exactly(mg), 1.0)
}

/// Values of one sensor every five minutes from midnight on.
fn every_five(values: impl IntoIterator<Item = f64>) -> Vec<CurrentReading> {
    (0..).zip(values).map(|(place, mg)| value("1", place * 5, mg)).collect()
}

fn assert_near(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?}, {expected}");
}

fn summary_of(readings: Vec<CurrentReading>, period: Period) -> GlucoseSummary {
    glucose_summary(&Trace::of(readings, period), period, &JAPAN)
}
