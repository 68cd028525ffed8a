//! The trace of a patient's sensors: the values that summaries of glucose count.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::Kind;
use crate::copies;
use crate::glucose::is_of_sensor;
use crate::kinds::blood_glucose::GLUCOSE_VALUE;
use crate::measured::Measured;
use crate::remembered::CurrentReading;
use crate::source::SourceDigest;
use crate::statistics::median;
use crate::time::{Span, Timestamp};

/// The interval of a sensor of which fewer than two values are known: most sensors say a value each five
/// minutes.
const USUAL_INTERVAL: Span = Span::from_minutes(5);

/// No sensor is taken to say values less often than this.
pub(crate) const LONGEST_INTERVAL: Span = Span::from_minutes(15);

/// A span of time, from an instant on and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

impl Period {
    /// Whether an instant is in it.
    pub fn contains(&self, time: Timestamp) -> bool {
        (self.from..self.to).contains(&time)
    }

    /// How long it is; nothing where it ends before it begins.
    pub fn length(&self) -> Span {
        (self.to - self.from).max(Span::ZERO)
    }

    /// How many days it has a part of, where each instant is of a day: no more can have readings in it.
    pub(super) fn days(&self, day_of: impl Fn(Timestamp) -> Date) -> u32 {
        if self.length() == Span::ZERO {
            return 0;
        }
        let last = day_of(self.to - Span::from_millis(1));
        let later = day_of(self.from).until(last).map_or(0, |until| until.get_days());
        u32::try_from(later).map_or(1, |later| later + 1)
    }
}

/// A value that is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceValue {
    /// When it was observed.
    pub time: Timestamp,
    /// Which sensor said it.
    pub source: SourceDigest,
    /// mg/dL.
    pub measured: Measured,
    /// For how long it stands: the interval of its sensor.
    pub stands_for: Span,
}

impl TraceValue {
    /// Its number for calculating with it, mg/dL; none where the sensor could only say that it is
    /// beyond a limit.
    pub fn exact(&self) -> Option<f64> {
        match self.measured {
            Measured::Exactly(value) => Some(value),
            Measured::Below(_) | Measured::Above(_) => None,
        }
    }
}

/// What a patient's sensors said in a period, in order: at each time one sensor, no finger-sticks, no
/// laboratory and no copies.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    values: Vec<TraceValue>,
}

impl Trace {
    /// The trace in a period. Of the patient's current readings of blood glucose, which are in
    /// observation order, those of two minutes around it should be there too: what a reading near its
    /// ends is a copy of may be outside.
    ///
    /// Where two sensors are worn at once, the one with more values in the period is counted; a value of
    /// the other stands only where the first has none within its interval. Of sensors with as many
    /// values the first by digest goes first, so that the order of arrival changes nothing.
    pub fn of(readings: impl IntoIterator<Item = CurrentReading>, period: Period) -> Self {
        Self::of_counted(copies::counted(Kind::BloodGlucose, readings.into_iter()), period)
    }

    /// The same of readings without copies, as rules are given them.
    pub fn of_counted(readings: impl Iterator<Item = CurrentReading>, period: Period) -> Self {
        let mut of_sensors: BTreeMap<SourceDigest, Vec<TraceValue>> = BTreeMap::new();
        for reading in readings {
            let sample = reading.sample;
            if !is_of_sensor(sample) || !period.contains(reading.time) {
                continue;
            }
            let Some(measured) = sample.measured(GLUCOSE_VALUE) else { continue };
            let (time, source) = (reading.time, reading.source);
            let value = TraceValue { time, source, measured, stands_for: USUAL_INTERVAL };
            of_sensors.entry(source).or_default().push(value);
        }
        let mut sensors: Vec<_> = of_sensors.into_values().collect();
        // Stable: the digest decides between equals.
        sensors.sort_by_key(|values| Reverse(values.len()));
        let mut trace = Self::default();
        for mut values in sensors {
            let interval = interval_of(&values);
            values.iter_mut().for_each(|value| value.stands_for = interval);
            values.retain(|value| !trace.has_near(value.time));
            if !values.is_empty() {
                trace.values.append(&mut values);
                trace.values.sort_by_key(|value| value.time);
            }
        }
        trace
    }

    /// The values, the first observed first.
    pub fn values(&self) -> &[TraceValue] {
        &self.values
    }

    /// Whether a value of the trace stands for a time: is less than its interval away.
    fn has_near(&self, time: Timestamp) -> bool {
        let place = self.values.partition_point(|value| value.time < time);
        let neighbours = &self.values[place.saturating_sub(1)..(place + 1).min(self.values.len())];
        neighbours.iter().any(|value| (value.time - time).abs() < value.stands_for)
    }
}

/// Every how often a sensor says a value: the median of the spans between its values, to the minute.
fn interval_of(values: &[TraceValue]) -> Span {
    let minutes = |pair: &[TraceValue]| (pair[1].time - pair[0].time).millis() as f64 / 60_000.0;
    let Some(interval) = median(values.windows(2).map(minutes)) else { return USUAL_INTERVAL };
    Span::from_minutes(interval.round() as i64).clamp(Span::from_minutes(1), LONGEST_INTERVAL)
}
