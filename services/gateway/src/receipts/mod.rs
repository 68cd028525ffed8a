//! What became of what a vendor has sent: receipts, answered from ClickHouse.
//!
//! | | |
//! | --- | --- |
//! | `GET /v1/readings/{id}` | every version of a reading that the vendor has sent |
//! | `GET /v1/deliveries` | what the vendor has sent, and what became of it, in the order in which it was stored |
//!
//! A receipt names readings and outcomes, never values. A vendor sees its own only: of another's
//! reading there is the same answer as of one that does not exist. Every access is recorded, and
//! acknowledged by Kafka, before it is answered.
//!
//! Receipts never slow the intake: they have places of their own, few of them for one vendor, and
//! each query is bounded in time, memory and threads. Without ClickHouse they are answered 503, and
//! nothing else is.

mod cursor;
mod handlers;
mod question;
mod same_minute;
mod store;

#[cfg(test)]
mod engine_tests;

use std::sync::Arc;

use clinical::clock::{self, Doubt, Said};
use clinical::{ReadingId, Timestamp};
use serde::{Serialize, Serializer};

use crate::exchange::WarningRule;
use crate::places::Places;

pub(crate) use cursor::Cursor;
pub(crate) use handlers::router;
pub(crate) use store::{ClickHouse, ReceiptStore};
#[cfg(test)]
pub(crate) use {::store::QueryError, question::Question, store::Answer};

/// How far back deliveries are listed, in days: as long as the table keeps them, less one.
pub(crate) const DAYS: i64 = 30;

/// What receipts are answered with.
pub(crate) struct Receipts {
    /// None where no ClickHouse is configured.
    pub(crate) store: Option<Arc<dyn ReceiptStore>>,
    pub(crate) places: Places,
}

/// A version of a reading, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// Whether the vendor who asks has sent it.
    pub(crate) is_own: bool,
    pub(crate) update_time: Timestamp,
    pub(crate) outcome: String,
    pub(crate) entered_in_error: bool,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) received: Timestamp,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// The next deliveries, as the store has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deliveries {
    pub(crate) list: Vec<Delivery>,
    /// How far they were looked for: what is stored later than they were comes behind it.
    pub(crate) settled: Cursor,
}

/// What became of a raw record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) cursor: Cursor,
    pub(crate) received: Timestamp,
    pub(crate) outcome: String,
    /// `consortium_id/person_id`; empty where it could not be read.
    pub(crate) patient: String,
    /// Of a version of a reading.
    pub(crate) version: Option<DeliveredVersion>,
    /// Of a rejected record: reason and detail.
    pub(crate) rejection: Option<(String, String)>,
}

/// The version of a reading that was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeliveredVersion {
    pub(crate) id: ReadingId,
    pub(crate) update_time: Timestamp,
    pub(crate) entered_in_error: bool,
    pub(crate) warnings: Vec<Warning>,
}

/// A field of which less was taken than was sent, or a time that cannot be so, and the rule of the warning
/// that an answer would have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    field: String,
    rule: String,
}

impl Warning {
    fn new(field: &str, rule: &str) -> Self {
        Self { field: field.to_owned(), rule: rule.to_owned() }
    }

    /// Those of a row, as [`schemas::Reading::warnings`] writes them.
    pub(crate) fn of_row(written: &str) -> Vec<Self> {
        let all = written.split(' ').filter_map(|one| one.split_once(':'));
        all.map(|(field, rule)| Self::new(field, rule)).collect()
    }

    /// Those of a reading's times, which stand in its row as they were sent.
    pub(crate) fn of_times(
        said: Said,
        times: (Timestamp, Timestamp),
        received: Timestamp,
    ) -> impl Iterator<Item = Self> {
        clock::doubts(said, times, received).map(|doubt| {
            let is_of_update_time = doubt == Doubt::UpdateTimeAhead;
            let field = if is_of_update_time { "update_time" } else { "observation_time" };
            Self::new(field, doubt.name())
        })
    }

    /// That of a reading of one minute that has versions of its device with different values.
    pub(crate) fn of_minute() -> Self {
        Self::new("observation_time", WarningRule::SameMinute.as_str())
    }
}

/// Where a record stands in `readings.raw`: a sender over Kafka knows it from the delivery report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Record {
    partition: i32,
    offset: i64,
}

/// The receipt of a reading.
#[derive(Debug, Serialize)]
struct ReadingReceipt {
    id: String,
    /// The vendor's own, the greatest first.
    versions: Vec<VersionReceipt>,
}

#[derive(Debug, Serialize)]
struct VersionReceipt {
    outcome: String,
    /// Whether this version is the one that counts; of a reading that was entered in error, too.
    current: bool,
    status: &'static str,
    /// What was not taken as it was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
    #[serde(serialize_with = "written")]
    update_time: Timestamp,
    #[serde(serialize_with = "written")]
    received: Timestamp,
    record: Record,
}

/// A page of deliveries.
#[derive(Debug, Serialize)]
struct Page {
    deliveries: Vec<DeliveryReceipt>,
    /// Where the next page begins. Where there is no more yet, it is as far as was looked.
    cursor: String,
    /// Whether there is more already.
    more: bool,
}

#[derive(Debug, Serialize)]
struct DeliveryReceipt {
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_time: Option<String>,
    #[serde(serialize_with = "written")]
    received: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    record: Record,
}

fn written<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(time)
}

/// How a version says whether it was entered in error, as the exchange document says it.
fn status(entered_in_error: bool) -> &'static str {
    schemas::reading::ReadingStatus::CODES[usize::from(entered_in_error)].0
}

impl ReadingReceipt {
    /// The receipt of a reading from all of its versions, the greatest first; none where none of
    /// them is the vendor's.
    fn of(id: &ReadingId, versions: Vec<Version>) -> Option<Self> {
        let versions: Vec<VersionReceipt> = (versions.into_iter().enumerate())
            .filter(|(_, version)| version.is_own)
            .map(|(place, version)| VersionReceipt {
                outcome: version.outcome,
                current: place == 0,
                status: status(version.entered_in_error),
                warnings: version.warnings,
                update_time: version.update_time,
                received: version.received,
                record: Record { partition: version.partition, offset: version.offset },
            })
            .collect();
        (!versions.is_empty()).then(|| Self { id: id.to_string(), versions })
    }
}

impl From<Delivery> for DeliveryReceipt {
    fn from(delivery: Delivery) -> Self {
        let version = delivery.version.as_ref();
        let (reason, detail) = delivery.rejection.unzip();
        Self {
            id: version.map(|version| version.id.to_string()),
            // Of a reading the id says it.
            patient: (version.is_none() && !delivery.patient.is_empty())
                .then_some(delivery.patient),
            status: version.map(|version| status(version.entered_in_error)),
            update_time: version.map(|version| version.update_time.to_string()),
            warnings: delivery.version.map(|version| version.warnings).unwrap_or_default(),
            received: delivery.received,
            outcome: delivery.outcome,
            reason,
            detail,
            record: Record { partition: delivery.cursor.partition, offset: delivery.cursor.offset },
        }
    }
}
