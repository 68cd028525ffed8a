//! What the columns of a row say, in a form in which a row of the store and what it must be can be
//! compared: every value as text.

use std::collections::{BTreeMap, BTreeSet};

use schemas::fields::{Column, Field, Value as Measured};
use schemas::reading::{BloodGlucose, Measurement, ReadingStatus, Source};
use schemas::{AcceptedReading, AlertEvent, AuditEvent, OutcomeTally, RejectedReading};
use serde_json::{Value, json};

use super::Placed;
use crate::glucose::Sent;

/// The columns of a row: a line for each, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(String);

/// Columns by their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Columns {
    /// The columns in which a row is not what it must be: as they are, and as they must be.
    pub(super) fn differing(&self, due: &Self) -> Option<String> {
        if self == due {
            return None;
        }
        let lines = |columns: &Self| columns.0.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let (here, due) = (lines(self), lines(due));
        let only = |of: &BTreeSet<String>, other| Vec::from_iter(of.difference(other).cloned());
        Some(format!("{:?}, not {:?}", only(&here, &due), only(&due, &here)))
    }

    /// Makes a column say something else; false where there is none of this name.
    pub(super) fn falsify(&mut self, column: &str) -> bool {
        let start = format!("{column} ");
        let is_there = self.0.lines().any(|line| line.starts_with(&start));
        let other = |line: &str| match line.starts_with(&start) {
            true => format!("{line}9\n"),
            false => format!("{line}\n"),
        };
        self.0 = self.0.lines().map(other).collect();
        is_there
    }
}

impl Fields {
    /// The columns of a row that ClickHouse has written as JSON, times as numbers.
    pub(super) fn of_row(row: Value) -> Self {
        let Value::Object(columns) = row else { panic!("{row} is no row") };
        Self(columns.into_iter().map(|(name, value)| (name, canonical(&value))).collect())
    }

    /// The fields of a record, which are columns of the same names as far as they are plain.
    fn of_record(record: serde_json::Result<Value>) -> Self {
        Self::of_row(record.expect("a record has a JSON form"))
    }

    pub(super) fn text(&self, column: &str) -> &str {
        self.0.get(column).unwrap_or_else(|| panic!("there is no column {column}"))
    }

    pub(super) fn number<T: std::str::FromStr>(&self, column: &str) -> T {
        let text = self.text(column);
        text.parse().unwrap_or_else(|_| panic!("{column} is no number: {text}"))
    }

    fn put(&mut self, column: &str, value: impl ToString) -> &mut Self {
        self.0.insert(column.to_owned(), value.to_string());
        self
    }

    fn millis(&mut self, column: &str, millis: i64) -> &mut Self {
        let (seconds, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
        self.put(column, format!("{seconds}.{rest:03}"))
    }

    fn without(&mut self, field: &str) -> &mut Self {
        self.0.remove(field);
        self
    }

    pub(super) fn columns(&self) -> Columns {
        let line = |(name, value): (&String, &String)| {
            format!("{name} {}\n", value.replace('\\', "\\\\").replace('\n', "\\n"))
        };
        Columns(self.0.iter().map(line).collect())
    }
}

/// Broken numbers are stored in single precision; ClickHouse may write whole ones of 64 bits as text.
fn canonical(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(float)) if number.is_f64() => (float as f32).to_string(),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// The row of a version, as its accepted record says.
pub(super) fn of_accepted(accepted: &AcceptedReading) -> Columns {
    let AcceptedReading { reading, outcome, version, origin, .. } = accepted;
    let source = reading.source.normalised();
    let source = source.map_or_else(|_| String::new(), |source| source.written());
    let model_number = match &reading.source {
        Source::Device(device) => device.taken_model_number().unwrap_or_default(),
        Source::TestLab(_) => "",
    };
    let json = serde_json::to_value(reading).expect("a reading has a JSON form");
    let mut fields = Fields::default();
    reading.measurement.each_field(|field, value| {
        fields.put(field.name(), measured(field, value));
    });
    if let Measurement::BloodGlucose(glucose) = &reading.measurement {
        of_glucose(&mut fields, glucose);
    }
    fields
        .put("patient", reading.key())
        .put("source", &source)
        .put("source_id", &source)
        .put("model_number", model_number)
        .put("observation_time", reading.taken_observation_time().div_euclid(1000))
        .put("version", version.cast_unsigned())
        .put("entered_in_error", reading.status == ReadingStatus::EnteredInError)
        .put("utc_offset_minutes", reading.taken_utc_offset())
        .put("data_input", canonical(&json["data_input"]))
        .put("origin_of_time", canonical(&json["origin_of_time"]))
        .millis("update_time", reading.taken_update_time())
        .millis("send_time", reading.send_time.unwrap_or(0))
        .put("vendor", reading.taken_vendor().unwrap_or_default())
        .put("warnings", reading.warnings())
        .put("outcome", outcome.as_str())
        .millis("received_at", origin.received_at)
        .put("origin_partition", origin.partition)
        .put("origin_offset", origin.offset)
        .columns()
}

/// What was measured, and of what was not the value that is declared for its absence.
fn measured(field: &Field, value: Option<Measured<'_>>) -> String {
    match (value, field.column) {
        (Some(Measured::Integer(number)), _) => number.to_string(),
        (Some(Measured::Decimal(number)), _) => (number as f32).to_string(),
        (Some(Measured::Flag(flag)), _) => u8::from(flag).to_string(),
        (Some(Measured::Code(index)), _) => field.codes()[index].symbol.to_owned(),
        (Some(Measured::Text(text)), _) => text.to_owned(),
        // An enum is written as its symbol.
        (None, Column::Enum8(_) | Column::Text) => String::new(),
        (None, column) => {
            let absent = column.absent();
            absent.unwrap_or_else(|| panic!("{} is never absent", field.name())).to_string()
        }
    }
}

/// Glucose is in mg/dL, with what was sent beside it where that is another number.
fn of_glucose(fields: &mut Fields, glucose: &BloodGlucose) {
    let stored = Sent::from(glucose).stored();
    fields
        .put("glucose_value", stored.value as f32)
        .put("glucose_value_sent", stored.sent as f32)
        .put("glucose_comparator", canonical(&json!(stored.comparator)));
}

/// The row of an alert event.
pub(super) fn of_alert(placed: &Placed<AlertEvent>) -> Columns {
    let event = &placed.record;
    let evidence = serde_json::to_string(&event.evidence).expect("evidence has a JSON form");
    Fields::of_record(serde_json::to_value(event))
        .put("evidence", evidence)
        .millis("raised_at", event.raised_at)
        .millis("news_at", event.news_at.unwrap_or_default())
        .put("news_severity", event.news_severity.clone().unwrap_or_default())
        .millis("changed_at", event.changed_at)
        .millis("first_observed_at", event.first_observed_at)
        .millis("last_observed_at", event.last_observed_at)
        .put("event_partition", placed.partition)
        .put("event_offset", placed.offset)
        .columns()
}

/// The row of a rejected record; what came as bytes is in hexadecimal digits.
pub(super) fn of_rejected(rejected: &RejectedReading) -> Columns {
    let hex = |bytes: &[u8]| chassis::hex(bytes).to_ascii_uppercase();
    Fields::default()
        .put("origin_partition", rejected.origin.partition)
        .put("origin_offset", rejected.origin.offset)
        .millis("received_at", rejected.origin.received_at)
        .put("reason", &rejected.reason)
        .put("detail", &rejected.detail)
        .put("patient", rejected.patient.as_deref().unwrap_or_default())
        .put("vendor", rejected.vendor.as_deref().unwrap_or_default())
        .put("record_key", hex(rejected.key.as_deref().unwrap_or_default()))
        .put("bytes", hex(&rejected.bytes))
        .columns()
}

/// The row of a tally.
pub(super) fn of_tally(placed: &Placed<OutcomeTally>) -> Columns {
    Fields::of_record(serde_json::to_value(placed.record))
        .without("partition")
        .put("origin_partition", placed.record.partition)
        .millis("written_at", placed.written_at)
        .columns()
}

/// The row of the record of an access.
pub(super) fn of_access(placed: &Placed<AuditEvent>) -> Columns {
    Fields::of_record(serde_json::to_value(&placed.record))
        .millis("at", placed.record.at)
        .put("event_partition", placed.partition)
        .put("event_offset", placed.offset)
        .columns()
}
