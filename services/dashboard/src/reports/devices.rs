//! The reliability of products: what their devices measured against reference values.

use std::collections::{BTreeMap, BTreeSet};

use clinical::kinds::Field;
use clinical::reliability::{self, Pair, Reliability, Trust};
use clinical::{Kind, PatientId, Span, Timestamp};
use jiff::civil::Date;

use super::table::{self, Fault, Row};
use crate::model::Reading;
use crate::model::reading::Source;
use crate::model::time;
use crate::queries::{Store, StoreError};

/// The columns of the file.
pub const COLUMNS: [&str; 3] = ["patient", "at", "value"];

/// How far the time of a reading may lie from that of a reference value. Ours.
const WITHIN: Span = Span::from_minutes(5);

/// What was measured: a number that readings of a kind hold.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// The kind.
    pub kind: Kind,
    field: &'static Field,
}

impl Measured {
    /// The number that a kind's readings hold under a name; the first one where none is given. None
    /// where there is no such number.
    pub fn new(kind: Kind, field: Option<&str>) -> Option<Self> {
        let is_it = |it: &&Field| field.is_none_or(|name| it.name == name);
        let field = kind.fields().iter().filter(|it| it.quantity().is_some()).find(is_it)?;
        Some(Self { kind, field })
    }

    /// Name of the field.
    pub fn field_name(self) -> &'static str {
        self.field.name
    }
}

/// For when a reference value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// A civil day, where readings are sums of days.
    Day(Date),
    /// A moment.
    Time(Timestamp),
}

#[derive(Debug, Clone, PartialEq)]
struct Reference {
    line: usize,
    patient: String,
    at: At,
    value: f64,
}

/// Reference values.
#[derive(Debug, Clone, PartialEq)]
pub struct References(Vec<Reference>);

/// A product as readings name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Product {
    /// Manufacturer code.
    pub manufacturer: String,
    /// Model; empty where readings name none.
    pub model_number: String,
}

/// The reliability of a product, and the trust level that it suggests.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductReport {
    /// Which one.
    pub product: Product,
    /// Its errors.
    pub reliability: Reliability,
    /// What a person may set in the list of devices; none where the numbers are too few.
    pub suggested: Option<Trust>,
}

/// What reference values say of products.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Each product that was worn.
    pub products: Vec<ProductReport>,
    /// Lines of the file for which there is no reading.
    pub unmatched: Vec<usize>,
}

impl References {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, line by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let (mut references, mut faults) = (Vec::new(), Vec::new());
        for row in table::rows(text, COLUMNS)? {
            let line = row.0;
            match parse_row(row) {
                Ok(reference) => references.push(reference),
                Err(what) => faults.push(Fault::new(line, what)),
            }
        }
        if faults.is_empty() { Ok(Self(references)) } else { Err(faults) }
    }

    /// The patients.
    pub fn patients(&self) -> BTreeSet<String> {
        self.0.iter().map(|reference| reference.patient.clone()).collect()
    }

    /// The report by what the store has.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn report(&self, store: &Store, of: Measured) -> Result<Report, StoreError> {
        let Some(period) = self.period() else {
            return Ok(Report { products: Vec::new(), unmatched: Vec::new() });
        };
        let readings = store.readings_of(of.kind, &self.patients(), Some(period)).await?;
        Ok(self.report_of(&readings, of))
    }

    /// From when to when readings may belong to the values.
    fn period(&self) -> Option<(Timestamp, Timestamp)> {
        // A day begins and ends somewhere within 14 hours of that of UTC, in every zone.
        let utc = |day: Date| {
            let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            Some(Timestamp::from_millis(midnight.timestamp().as_millisecond()))
        };
        let around = |at: At| match at {
            At::Day(day) => {
                Some((utc(day)? - Span::from_hours(14), utc(day)? + Span::from_hours(24 + 14)))
            }
            At::Time(time) => Some((time - WITHIN, time + WITHIN + Span::from_seconds(1))),
        };
        let periods: Vec<_> = self.0.iter().filter_map(|it| around(it.at)).collect();
        let from = periods.iter().map(|(from, _)| *from).min()?;
        Some((from, periods.iter().map(|(_, to)| *to).max()?))
    }

    fn report_of(&self, readings: &[Reading], of: Measured) -> Report {
        let mut by_patient: BTreeMap<&str, Vec<(Product, &str, &Reading, f64)>> = BTreeMap::new();
        for reading in readings {
            let Source::Device(device) = &reading.source else { continue };
            let Some(value) = reading.number(of.field.name) else { continue };
            let product = Product {
                manufacturer: device.manufacturer.clone(),
                model_number: device.model_number.clone().unwrap_or_default(),
            };
            let of_patient = by_patient.entry(reading.id.patient().as_str()).or_default();
            of_patient.push((product, &device.serial, reading, value));
        }
        let mut pairs: BTreeMap<Product, Vec<Pair<&str>>> = BTreeMap::new();
        let mut unmatched = Vec::new();
        for reference in &self.0 {
            // Of each device the one reading that belongs to the value.
            let mut found: BTreeMap<(&Product, &str), (&Reading, f64)> = BTreeMap::new();
            let of_patient = by_patient.get(reference.patient.as_str());
            for (product, serial, reading, value) in of_patient.into_iter().flatten() {
                if !reference.at.is_met_by(reading) {
                    continue;
                }
                let best = found.entry((product, serial)).or_insert((reading, *value));
                if reference.at.is_nearer(reading, best.0) {
                    *best = (reading, *value);
                }
            }
            if found.is_empty() {
                unmatched.push(reference.line);
            }
            for ((product, _), (_, value)) in found {
                let pair = Pair { wearer: &*reference.patient, value, reference: reference.value };
                pairs.entry(product.clone()).or_default().push(pair);
            }
        }
        let report = |(product, pairs): (Product, Vec<Pair<&str>>)| {
            let reliability = reliability::reliability(&pairs);
            ProductReport { product, suggested: reliability.suggests(), reliability }
        };
        Report { products: pairs.into_iter().map(report).collect(), unmatched }
    }
}

impl At {
    fn is_met_by(self, reading: &Reading) -> bool {
        match self {
            Self::Day(day) => reading.observed_at.day() == Some(day),
            Self::Time(time) => distance(reading, time) <= WITHIN,
        }
    }

    /// Whether a reading belongs to it rather than another one of the same device: of a day the last,
    /// which has the whole day's sum; of a moment the nearest.
    fn is_nearer(self, reading: &Reading, than: &Reading) -> bool {
        match self {
            Self::Day(_) => reading.observed_at.at() > than.observed_at.at(),
            Self::Time(time) => distance(reading, time) < distance(than, time),
        }
    }
}

fn distance(reading: &Reading, time: Timestamp) -> Span {
    let at = reading.observed_at.at();
    if at > time { at - time } else { time - at }
}

fn parse_row((line, [patient, at, value]): Row<'_, 3>) -> Result<Reference, String> {
    let patient = PatientId::parse(patient)
        .map_err(|_| "write the patient as consortium_id/person_id".to_owned())?;
    let at = table::day(at).map(At::Day).or_else(|| time::parse(at).map(At::Time)).ok_or(
        "write at as a day, 2026-11-22, or as a time with an offset, 2026-11-22T07:31:00+09:00",
    )?;
    let value = value.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0);
    let value = value.ok_or("give a number above 0 as the value")?;
    Ok(Reference { line, patient: patient.to_string(), at, value })
}

#[cfg(test)]
mod tests;
