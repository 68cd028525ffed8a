//! What the services write: the records of every topic but `readings.raw` and the registries.
//!
//! Field by field as the schemas in `avro/` say.
#![allow(missing_docs, reason = "the Avro schemas beside it document every field")]

mod care;
mod notification;
mod slow;

use std::collections::BTreeMap;

use clinical::schedule::TIMES_A_DAY;
use serde::{Deserialize, Serialize};

use crate::reading::Reading;

pub use care::{AlertAct, CareAction, CareEvent, Covered, PersonKey};
pub use notification::NotificationEvent;
pub use slow::{SlowReading, SlowReadings};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcceptedReading {
    pub reading: Reading,
    pub outcome: StoredOutcome,
    pub reading_id: String,
    /// [`clinical::Version::bits`], reinterpreted as signed because Avro has no unsigned long.
    pub version: i64,
    pub origin: Origin,
}

/// The outcomes whose version is kept. Their numbers are those of the column `outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[serde(rename = "Outcome")]
pub enum StoredOutcome {
    New = 0,
    Correction = 1,
    Historical = 2,
    Stale = 3,
    Conflict = 4,
}

impl StoredOutcome {
    /// Every one, in the order of the schema.
    pub const ALL: [Self; 5] =
        [Self::New, Self::Correction, Self::Historical, Self::Stale, Self::Conflict];

    /// The kept form of an outcome; none for a duplicate.
    pub fn of(outcome: clinical::Outcome) -> Option<Self> {
        Self::ALL.into_iter().find(|stored| clinical::Outcome::from(*stored) == outcome)
    }

    /// The outcome's name.
    pub fn as_str(self) -> &'static str {
        clinical::Outcome::from(self).as_str()
    }
}

impl From<StoredOutcome> for clinical::Outcome {
    fn from(outcome: StoredOutcome) -> Self {
        match outcome {
            StoredOutcome::New => Self::New,
            StoredOutcome::Correction => Self::Correction,
            StoredOutcome::Historical => Self::Historical,
            StoredOutcome::Stale => Self::Stale,
            StoredOutcome::Conflict => Self::Conflict,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since the epoch.
    pub received_at: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RejectedReading {
    #[serde(with = "apache_avro::serde::bytes")]
    pub bytes: Vec<u8>,
    #[serde(default, with = "apache_avro::serde::bytes_opt")]
    pub key: Option<Vec<u8>>,
    pub reason: String,
    pub detail: String,
    #[serde(default)]
    pub patient: Option<String>,
    pub origin: Origin,
    /// Bytes of the whole value, where `bytes` is only its beginning.
    #[serde(default)]
    pub whole_length: Option<i64>,
    /// Bytes of the whole key, where `key` is only its beginning.
    #[serde(default)]
    pub whole_key_length: Option<i64>,
    /// Whose credentials it came in with, where that could be read.
    #[serde(default)]
    pub vendor: Option<String>,
}

impl RejectedReading {
    /// Bytes of key and value together of the largest record that may be a reading, which has a few
    /// hundred. Larger ones are not looked at, and only their beginning is carried on: the topics
    /// behind `readings.raw` take 2 MiB, whatever `readings.raw` is made to take.
    pub const LARGEST_RECORD: usize = 1_000_000;
    /// Bytes of a key that are carried on. A patient's has at most 27.
    pub const LARGEST_KEY: usize = 4096;

    /// A raw record's value and key: at most `most` bytes of the value, and [`Self::LARGEST_KEY`] of
    /// the key. Why it is rejected is still to be said.
    pub fn holding(value: &[u8], key: Option<&[u8]>, most: usize, origin: Origin) -> Self {
        let (bytes, whole_length) = beginning(value, most);
        let (key, whole_key_length) = key.map(|key| beginning(key, Self::LARGEST_KEY)).unzip();
        Self {
            bytes: bytes.to_vec(),
            key: key.map(<[u8]>::to_vec),
            reason: String::new(),
            detail: String::new(),
            patient: None,
            origin,
            whole_length,
            whole_key_length: whole_key_length.flatten(),
            vendor: None,
        }
    }

    /// Whether value and key are there whole.
    pub fn is_whole(&self) -> bool {
        self.whole_length.is_none() && self.whole_key_length.is_none()
    }
}

/// The first bytes, and how many there are where those are not all.
fn beginning(bytes: &[u8], most: usize) -> (&[u8], Option<i64>) {
    match bytes.split_at_checked(most) {
        Some((first, rest)) if !rest.is_empty() => (first, i64::try_from(bytes.len()).ok()),
        _ => (bytes, None),
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeTally {
    pub partition: i32,
    pub from_offset: i64,
    pub next_offset: i64,
    pub new: i64,
    pub correction: i64,
    pub historical: i64,
    pub duplicate: i64,
    pub stale: i64,
    pub conflict: i64,
    pub rejected: i64,
    pub rerouted: i64,
}

/// What becomes of a raw record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawOutcome {
    /// It is a valid reading, and its version is this.
    Valid(clinical::Outcome),
    /// It is in `readings.rejected`.
    Rejected,
    /// It was sent on to its right partition, where it is a raw record again.
    Rerouted,
}

impl RawOutcome {
    /// Every one, in the order of the tally's schema.
    pub const ALL: [Self; 8] = [
        Self::Valid(clinical::Outcome::New),
        Self::Valid(clinical::Outcome::Correction),
        Self::Valid(clinical::Outcome::Historical),
        Self::Valid(clinical::Outcome::Duplicate),
        Self::Valid(clinical::Outcome::Stale),
        Self::Valid(clinical::Outcome::Conflict),
        Self::Rejected,
        Self::Rerouted,
    ];

    /// The outcome's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid(outcome) => outcome.as_str(),
            Self::Rejected => "rejected",
            Self::Rerouted => "rerouted",
        }
    }

    /// Whether a record of `readings.accepted` or `readings.rejected` says so too.
    pub fn is_published(self) -> bool {
        match self {
            Self::Valid(outcome) => StoredOutcome::of(outcome).is_some(),
            Self::Rejected => true,
            Self::Rerouted => false,
        }
    }
}

impl From<clinical::Outcome> for RawOutcome {
    fn from(outcome: clinical::Outcome) -> Self {
        Self::Valid(outcome)
    }
}

impl From<StoredOutcome> for RawOutcome {
    fn from(outcome: StoredOutcome) -> Self {
        Self::Valid(outcome.into())
    }
}

impl OutcomeTally {
    fn count_of(&mut self, outcome: RawOutcome) -> &mut i64 {
        use clinical::Outcome::{Conflict, Correction, Duplicate, Historical, New, Stale};
        match outcome {
            RawOutcome::Valid(New) => &mut self.new,
            RawOutcome::Valid(Correction) => &mut self.correction,
            RawOutcome::Valid(Historical) => &mut self.historical,
            RawOutcome::Valid(Duplicate) => &mut self.duplicate,
            RawOutcome::Valid(Stale) => &mut self.stale,
            RawOutcome::Valid(Conflict) => &mut self.conflict,
            RawOutcome::Rejected => &mut self.rejected,
            RawOutcome::Rerouted => &mut self.rerouted,
        }
    }

    /// How many records have an outcome.
    pub fn of(mut self, outcome: impl Into<RawOutcome>) -> i64 {
        *self.count_of(outcome.into())
    }

    /// Every count with its outcome's name, in the order of the schema.
    pub fn counts(&self) -> [(&'static str, i64); RawOutcome::ALL.len()] {
        RawOutcome::ALL.map(|outcome| (outcome.as_str(), self.of(outcome)))
    }

    /// Counts a record.
    pub fn count(&mut self, outcome: impl Into<RawOutcome>) {
        self.add(outcome, 1);
    }

    /// Counts so many records.
    pub fn add(&mut self, outcome: impl Into<RawOutcome>, records: i64) {
        *self.count_of(outcome.into()) += records;
    }

    /// How many records the range held.
    pub fn records(&self) -> i64 {
        RawOutcome::ALL.map(|outcome| self.of(outcome)).iter().sum()
    }

    /// How many records went to `readings.accepted`.
    pub fn stored(&self) -> i64 {
        StoredOutcome::ALL.map(|outcome| self.of(outcome)).iter().sum()
    }

    /// Adds the counts of another range. Which range it is of stays as it is.
    pub fn add_counts(&mut self, other: &Self) {
        for outcome in RawOutcome::ALL {
            self.add(outcome, other.of(outcome));
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertEvent {
    pub alert_id: String,
    pub patient: String,
    pub rule: String,
    pub stage: String,
    pub severity: String,
    pub status: String,
    pub transition: String,
    pub late: bool,
    pub raised_at: i64,
    pub changed_at: i64,
    pub first_observed_at: i64,
    pub last_observed_at: i64,
    pub evidence: Vec<Evidence>,
    /// Only of events before wording version 1.
    #[serde(default)]
    pub threshold: String,
    pub rule_set: String,
    pub plan_version: i32,
    /// Only of events before wording version 1.
    #[serde(default)]
    pub text_ja: String,
    /// Only of events before wording version 1.
    #[serde(default)]
    pub text_en: String,
    #[serde(default)]
    pub cause: Option<String>,
    #[serde(default)]
    pub findings: BTreeMap<String, f64>,
    #[serde(default)]
    pub parameters: BTreeMap<String, f64>,
    #[serde(default)]
    pub wording_version: i32,
    /// None of events from before the alert said so.
    #[serde(default)]
    pub news_at: Option<i64>,
    /// None of events from before the alert said so.
    #[serde(default)]
    pub news_severity: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub reading_id: String,
    pub observed_at: i64,
    pub values: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CarePlan {
    pub patient: String,
    pub version: i32,
    #[serde(default)]
    pub thresholds: BTreeMap<String, f64>,
    pub author: String,
    pub updated_at: i64,
    #[serde(default)]
    pub schedule: Option<Schedule>,
    #[serde(default)]
    pub programme: Option<String>,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub pauses: Vec<Pause>,
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Days since 1970-01-01.
    pub from: i32,
    /// Days since 1970-01-01; the last one.
    pub until: i32,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// Minute of the day.
    pub from: i32,
    /// Minute of the day.
    pub until: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub time_zone: String,
    /// Days since 1970-01-01.
    pub start: i32,
    pub expected: Vec<ExpectedReadings>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedReadings {
    pub kind: String,
    pub missing_after_days: i32,
    pub review_after_days: i32,
    #[serde(default = "once")]
    pub times_a_day: i32,
    /// 1 (Monday) to 7; empty for every day.
    #[serde(default)]
    pub days: Vec<i32>,
}

fn once() -> i32 {
    TIMES_A_DAY.default as i32
}

impl ExpectedReadings {
    /// A kind of readings, expected once on every day.
    pub fn daily(kind: &str, missing_after_days: i32, review_after_days: i32) -> Self {
        Self {
            kind: kind.to_owned(),
            missing_after_days,
            review_after_days,
            times_a_day: once(),
            days: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    pub at: i64,
    pub service: String,
    pub actor: String,
    pub role: String,
    pub action: String,
    #[serde(default)]
    pub patient: Option<String>,
    #[serde(default)]
    pub consortium: Option<String>,
    pub allowed: bool,
    #[serde(default)]
    pub detail: String,
    /// The session, where there is one.
    #[serde(default)]
    pub session: Option<String>,
    /// The patients, where they are several: the id of an [`AuditSet`].
    #[serde(default)]
    pub patient_set: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditSet {
    pub patient_set: String,
    pub part: i32,
    pub parts: i32,
    pub patients: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedSession {
    pub session: String,
    pub ended_at: i64,
    pub expires_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceReport {
    pub partition: i32,
    pub counted_at: i64,
    pub valid_until: i64,
    #[serde(default)]
    pub tallies: Vec<GroupTally>,
    #[serde(default)]
    pub silences: Vec<GroupSilence>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupTally {
    pub kind: String,
    pub name: String,
    #[serde(default)]
    pub model: Option<String>,
    pub members: i32,
    pub expected: i32,
    pub heard: i32,
    pub silent: i32,
    pub own: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSilence {
    pub kind: String,
    pub name: String,
    #[serde(default)]
    pub model: Option<String>,
    pub since: i64,
    #[serde(default)]
    pub ended: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleSet {
    pub name: String,
    pub effective_from: i64,
    #[serde(default)]
    pub values: Vec<GivenValue>,
    #[serde(default)]
    pub switched_off: Vec<SwitchedOffRule>,
    pub author: String,
    pub applied_at: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GivenValue {
    pub parameter: String,
    pub value: f64,
    pub source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchedOffRule {
    pub rule: String,
    pub reason: String,
}
