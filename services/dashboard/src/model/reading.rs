//! Readings as the API says them.

use clinical::alert::Severity;
use clinical::limit::Side;
use clinical::reliability::ProductDigest;
use clinical::source::SourceDigest;
use clinical::{Kind, ReadingId};
use schemas::reading::DataInput;
use schemas::records::StoredOutcome;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::documented;
use super::measurement::Measurement;
use super::time::Instant;

/// The current version of a reading.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Reading {
    /// Which reading; the same in every version.
    #[serde(serialize_with = "written_id")]
    #[schema(value_type = String)]
    pub id: ReadingId,
    /// The id of the reading that this one is a probable copy of: the same measurement that came over
    /// another source. A copy is shown and not counted beside it; left out of what is counted.
    #[serde(serialize_with = "written_ids", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub copy_of: Option<ReadingId>,
    /// When it was observed, in the civil time of the place.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Instant,
    /// The clock of its device was not set: `observed_at` is what that clock said, and when it was
    /// measured is not known; some time before `received_at`. Left out where false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub time_unknown: bool,
    /// This version was registered when it was handed over, and `observed_at` is so long before that that
    /// no rule looks at it: it is of a history, or the clock of its device shows a wrong date. Left out
    /// where false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub observed_long_ago: bool,
    /// The clock of its device is ahead: `observed_at` is later than this version's receipt, by more
    /// than clocks differ. Left out where false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub observed_ahead: bool,
    /// When this version was registered or changed at its sender.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
    /// When this version arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Instant,
    /// What this version was when it arrived.
    #[schema(value_type = documented::Outcome)]
    pub outcome: StoredOutcome,
    /// What measured it.
    pub source: Source,
    /// How it was entered.
    #[schema(value_type = documented::DataInput)]
    pub data_input: DataInput,
    /// What was measured.
    #[serde(flatten)]
    pub measurement: Measurement,
}

impl Reading {
    /// By when it was measured for certain: its observation time, though not later than its receipt;
    /// its receipt where the clock was not set.
    pub fn measured_by(&self) -> Instant {
        let is_clock_wrong = self.time_unknown || self.observed_ahead;
        if is_clock_wrong { self.received_at.as_in(self.observed_at) } else { self.observed_at }
    }

    /// A number among its values, by the name of the field; none where there is none, or where it is
    /// only known to be beyond what the device can say.
    pub fn number(&self, field: &str) -> Option<f64> {
        let Measurement { values, beyond, .. } = &self.measurement;
        if beyond.contains_key(field) { None } else { values.get(field)?.as_f64() }
    }
}

fn written_id<S: Serializer>(id: &ReadingId, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(id)
}

fn written_ids<S: Serializer>(id: &Option<ReadingId>, to: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => written_id(id, to),
        None => to.serialize_none(),
    }
}

/// What measured a reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Source {
    /// A device or an app.
    Device(DeviceSource),
    /// A laboratory or check-up site.
    Lab(LabSource),
}

/// A device or an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceSource {
    /// Manufacturer code.
    pub manufacturer: String,
    /// Model, of an app with its version: as this version of the reading was sent.
    pub model_number: Option<String>,
    /// Serial number.
    pub serial: String,
}

/// A laboratory or check-up site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LabSource {
    /// Its registered id.
    pub test_lab_id: String,
}

impl Source {
    /// The product, where a device says which it is.
    pub fn product(&self) -> Option<ProductDigest> {
        match self {
            Self::Device(DeviceSource { manufacturer, model_number, .. }) => {
                ProductDigest::of(manufacturer, model_number.as_deref()?)
            }
            Self::Lab(_) => None,
        }
    }

    /// The source of a row, and its part of the reading id.
    ///
    /// A source that would not be accepted now, of blank parts or of none, is shown as it was written.
    pub fn of(written: &str, model_number: &str) -> (Self, SourceDigest) {
        let device = |manufacturer: &str, serial: &str| {
            Self::Device(DeviceSource {
                manufacturer: manufacturer.to_owned(),
                model_number: (!model_number.is_empty()).then(|| model_number.to_owned()),
                serial: serial.to_owned(),
            })
        };
        let lab = |id: &str| Self::Lab(LabSource { test_lab_id: id.to_owned() });
        if let Some(source) = clinical::Source::parse(written) {
            let digest = source.digest();
            let source = match source {
                clinical::Source::Device { manufacturer, serial } => {
                    device(manufacturer.as_str(), serial.as_str())
                }
                clinical::Source::TestLab { test_lab_id } => lab(test_lab_id.as_str()),
            };
            return (source, digest);
        }
        let source = match *written.split('|').collect::<Vec<_>>() {
            ["lab", id] => lab(id),
            [manufacturer, _, serial] => device(manufacturer, serial),
            _ => device(written, ""),
        };
        (source, SourceDigest::of_written(written))
    }
}

/// Readings of a patient, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PatientReadings {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The readings.
    pub readings: Vec<Reading>,
    /// There are more than the limit: these are the newest.
    pub truncated: bool,
    /// The patient's time zone, by its name in the tz database.
    pub time_zone: String,
    /// Since when accepted readings of the patient wait for the store: they may be missing here, and
    /// corrections among them are not made. Null where the store has everything, or is behind by no
    /// more than the usual seconds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub waiting_since: Option<Instant>,
    /// The limits that a chart of them draws: of the rules and the patient's targets as the care plan
    /// sets them, otherwise the reference limits of the field.
    pub limits: Vec<Limit>,
}

/// A version of a reading: what was said of one measurement at one time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReadingVersion {
    /// Whether it is the one that holds: the others came before it, or came too late.
    pub is_current: bool,
    /// It says that there is no such reading. Where it is current, the reading is shown nowhere else.
    pub entered_in_error: bool,
    /// The vendor whose credentials it came in with; null where it came over Kafka without any.
    pub vendor: Option<String>,
    /// What it says.
    #[serde(flatten)]
    pub reading: Reading,
}

/// Every version of a reading.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadingVersions {
    /// The reading.
    pub id: String,
    /// The versions, the current one first.
    pub versions: Vec<ReadingVersion>,
    /// The patient's time zone, by its name in the tz database.
    pub time_zone: String,
    /// Since when accepted readings of the patient wait for the store: a version may be missing here. Null
    /// where the store has everything, or is behind by no more than the usual seconds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub waiting_since: Option<Instant>,
}

/// Readings of a patient that came in lately, and say that they were observed long before that.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackdatedReadings {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// Since when they were received.
    #[schema(value_type = String, format = DateTime)]
    pub received_since: Instant,
    /// The readings, that received last first.
    pub readings: Vec<Reading>,
    /// There are more than the 1,000 that are listed: these were received last.
    pub truncated: bool,
    /// The patient's time zone, by its name in the tz database.
    pub time_zone: String,
    /// Since when accepted readings of the patient wait for the store: they may be missing here. Null where
    /// the store has everything, or is behind by no more than the usual seconds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub waiting_since: Option<Instant>,
}

/// A limit of a field.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Limit {
    /// The kind of readings.
    #[schema(value_type = documented::Kind)]
    pub kind: Kind,
    /// The field among their values.
    pub field: &'static str,
    /// On which side of the limit a value is worth a look.
    #[schema(value_type = documented::Side)]
    pub side: Side,
    /// The limit, in the field's unit.
    pub value: f64,
    /// How urgent an alert of the rule is that such a value leads to; null where a value alone raises
    /// none: the patient's target or range, or a limit of reference.
    #[schema(value_type = Option<documented::Severity>)]
    pub severity: Option<Severity>,
}

impl From<clinical::limit::Limit> for Limit {
    fn from(limit: clinical::limit::Limit) -> Self {
        Self {
            kind: limit.kind(),
            field: limit.field_name(),
            side: limit.side,
            value: limit.value,
            severity: limit.severity,
        }
    }
}
