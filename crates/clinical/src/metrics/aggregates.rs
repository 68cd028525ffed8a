//! Aggregates of hours: what long charts are made of. Days are put together from hours, so that a
//! patient who moves to another time zone leaves no wrong days behind.
//!
//! An hour holds counts and sums of what summaries count: values without copies, of glucose the trace of
//! the sensors. A mean is made of them where it is asked for, in [`Mean`].

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::copies;
use crate::glucose::bands::{BandLimits, InBands};
use crate::glucose::{GLUCOSE, is_of_sensor};
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::kinds::{Code, Field, Kind, ValueType, Watched};
use crate::local_time::LocalTime;
use crate::measured::Measured;
use crate::remembered::CurrentReading;
use crate::sample::Sample;
use crate::statistics::Mean;
use crate::time::{Span, Timestamp};

use super::glucose::time_in_bands;
use super::trace::{Period, Trace};

/// How long an hour is.
pub const HOUR: Span = Span::from_hours(1);

impl Period {
    /// The same from the beginning of the hour of UTC that it begins in.
    #[must_use]
    pub fn of_whole_hours(self) -> Self {
        let into_hour = Span::from_millis(self.from.millis().rem_euclid(HOUR.millis()));
        Self { from: self.from - into_hour, ..self }
    }

    /// The same from the beginning of the local day that it begins in. Where a zone is not whole hours from
    /// UTC that is no full hour of UTC, and the hour that goes on then is of the day before.
    #[must_use]
    pub fn of_whole_days(self, local: &LocalTime) -> Self {
        Self { from: local.begin_of(local.day_of(self.from), 0), ..self }
    }
}

/// What is aggregated for itself: a field of a kind, of glucose by how it was measured, because nobody
/// takes a finger-stick's value into a sensor's mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The field's name.
    pub field: &'static str,
    /// The symbol of the method; empty where methods are not distinguished.
    pub method: &'static str,
}

impl Series {
    /// Whether times in bands are those of its values.
    pub fn has_bands(&self) -> bool {
        self.method == sensor()
    }
}

/// What is aggregated of a kind, the first being what people look at first.
///
/// Nothing of a kind whose readings say how much there was of a day up to now: neither their mean nor
/// their sum means anything, and devices may only be compared with themselves.
pub fn series(kind: Kind) -> Vec<Series> {
    if kind == Kind::Activity {
        return Vec::new();
    }
    let of_field = |(field, _): (&'static Field, Watched)| {
        let methods = if kind == GLUCOSE { methods() } else { vec![""] };
        methods.into_iter().map(|method| Series { field: field.name, method })
    };
    quantities(kind).flat_map(of_field).collect()
}

/// The fields of a kind that are numbers with a unit, as far as samples hold them.
fn quantities(kind: Kind) -> impl Iterator<Item = (&'static Field, Watched)> {
    let fields = kind.fields().iter().filter(|field| field.quantity().is_some());
    fields.filter_map(|field| Some((field, field.watched?)))
}

/// The ways of measuring glucose, the sensor first.
fn methods() -> Vec<&'static str> {
    let mut methods: Vec<&'static str> = codes().iter().map(|code| code.symbol).collect();
    methods.sort_by_key(|method| *method != sensor());
    methods
}

fn sensor() -> &'static str {
    let is_sensor = |place: &usize| is_of_sensor(of_method(*place));
    (0..codes().len()).find(is_sensor).map_or("", |place| codes()[place].symbol)
}

fn of_method(place: usize) -> Sample {
    Sample::default().with(GLUCOSE_METHOD, place as f64)
}

fn codes() -> &'static [Code] {
    match GLUCOSE_METHOD.field().value_type {
        ValueType::Code(codes) => codes,
        _ => &[],
    }
}

/// Counts and sums of the values of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregate {
    /// How many values there are, with those beyond what the device can say.
    pub values: u32,
    /// Of the others, in the field's unit.
    pub mean: Mean,
    /// The lowest value, in the field's unit; of one beyond what the device can say its limit.
    pub lowest: f64,
    /// The highest value, likewise.
    pub highest: f64,
}

impl Default for Aggregate {
    /// Of no values.
    fn default() -> Self {
        let (lowest, highest) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { values: 0, mean: Mean::default(), lowest, highest }
    }
}

impl Aggregate {
    fn add(&mut self, measured: Measured) {
        let mut one = Self { values: 1, lowest: measured.number(), ..Self::default() };
        one.highest = one.lowest;
        if let Measured::Exactly(value) = measured {
            one.mean.add(value);
        }
        self.join(one);
    }

    /// Adds the values of another.
    pub fn join(&mut self, other: Self) {
        self.values += other.values;
        self.mean.join(other.mean);
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
    }

    /// How many values are beyond what the device can say: they are in no mean.
    pub fn values_beyond(&self) -> u32 {
        self.values.saturating_sub(self.mean.count())
    }
}

/// What was measured of a kind in an hour.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HourAggregates {
    /// The series that have values.
    pub series: BTreeMap<Series, Aggregate>,
    /// Seconds that sensor glucose was in each band.
    pub time: InBands,
}

/// The aggregates of an hour, which begins at a full hour of UTC. Of the patient's current readings of
/// the kind, which are in observation order, those of [`copies::COPY_WITHIN`] around it should be there
/// too: what a reading is a copy of may be outside.
pub fn hour_aggregates(
    kind: Kind,
    readings: impl IntoIterator<Item = CurrentReading>,
    hour: Timestamp,
) -> HourAggregates {
    let period = Period { from: hour, to: hour + HOUR };
    let mut found = HourAggregates::default();
    if series(kind).is_empty() {
        return found;
    }
    let counted = copies::counted(kind, readings.into_iter());
    let counted: Vec<CurrentReading> =
        counted.filter(|reading| period.contains(reading.time)).collect();
    if kind == GLUCOSE {
        found.add_glucose(&counted, period);
        return found;
    }
    for (field, watched) in quantities(kind) {
        let series = Series { field: field.name, method: "" };
        let measured = counted.iter().filter_map(|reading| reading.sample.measured(watched));
        measured.for_each(|measured| found.add(series, measured));
    }
    found
}

impl HourAggregates {
    fn add(&mut self, series: Series, measured: Measured) {
        self.series.entry(series).or_default().add(measured);
    }

    fn add_glucose(&mut self, counted: &[CurrentReading], period: Period) {
        let field = GLUCOSE_VALUE.field().name;
        let trace = Trace::of_counted(counted.iter().copied(), period);
        for value in trace.values() {
            self.add(Series { field, method: sensor() }, value.measured);
        }
        self.time = time_in_bands(trace.values(), BandLimits::STANDARD);
        for sample in counted.iter().map(|reading| reading.sample) {
            let code = sample.value(GLUCOSE_METHOD).and_then(|place| codes().get(place as usize));
            let (Some(code), Some(measured)) = (code, sample.measured(GLUCOSE_VALUE)) else {
                continue;
            };
            if !is_of_sensor(sample) {
                self.add(Series { field, method: code.symbol }, measured);
            }
        }
    }
}

/// The values of one series in an hour or a local day, or of a patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket<T> {
    /// What they are the values of: the hour's beginning, the day, the patient.
    pub of: T,
    /// Its values.
    pub aggregate: Aggregate,
    /// Seconds that sensor glucose was in each band.
    pub time: InBands,
}

/// Local days put together from hours, which are in order. An hour is of the day in which it begins: where
/// a zone is not whole hours from UTC, so much of a day counts for the day before.
pub fn days_of_hours(
    hours: impl IntoIterator<Item = Bucket<Timestamp>>,
    local: &LocalTime,
) -> Vec<Bucket<Date>> {
    let mut days: Vec<Bucket<Date>> = Vec::new();
    for hour in hours {
        let day = local.day_of(hour.of);
        match days.last_mut().filter(|last| last.of == day) {
            Some(last) => {
                last.aggregate.join(hour.aggregate);
                last.time += hour.time;
            }
            None => {
                let Bucket { aggregate, time, .. } = hour;
                days.push(Bucket { of: day, aggregate, time });
            }
        }
    }
    days
}
