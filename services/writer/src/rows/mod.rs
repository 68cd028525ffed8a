//! What a record becomes in its table: the one place where fields meet columns.

mod outcomes;
mod reading;

use schemas::{AcceptedReading, AlertEvent, AuditEvent, AuditSet, OutcomeTally, RejectedReading};

use crate::columns::{Columns, Shape, Unfit};
use crate::tables::Table;

/// A record of one of the topics, decoded.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one at a time, on the stack, mostly the largest")]
pub enum Row {
    /// From `readings.accepted`.
    Reading(AcceptedReading),
    /// From `readings.rejected`.
    Rejected(RejectedReading),
    /// From `readings.outcomes`.
    Tally(OutcomeTally),
    /// From `alerts`.
    Alert(AlertEvent),
    /// From `audit.events`.
    Audit(AuditEvent),
    /// From `audit.sets`.
    AuditSet(AuditSet),
}

/// The place of a record in its own topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// The record's time, milliseconds since the epoch.
    pub timestamp_ms: i64,
}

impl Row {
    /// Its table.
    pub fn table(&self) -> Table {
        match self {
            Row::Reading(accepted) => Table::Readings(accepted.reading.measurement.kind()),
            Row::Rejected(_) => Table::RejectedReadings,
            Row::Tally(_) => Table::OutcomeTallies,
            Row::Alert(_) => Table::Alerts,
            Row::Audit(_) => Table::AuditEvents,
            Row::AuditSet(_) => Table::AuditSets,
        }
    }

    /// Its table's shape, which every row of the table has.
    ///
    /// # Errors
    /// When a column cannot hold its value.
    pub fn shape(&self, place: Place) -> Result<Shape, Unfit> {
        Shape::of(|columns| self.walk(place, columns))
    }

    /// Walks over its columns.
    ///
    /// # Errors
    /// When a column cannot hold its value; the columns before it have been walked over.
    pub fn walk(&self, place: Place, columns: &mut impl Columns) -> Result<(), Unfit> {
        match self {
            Row::Reading(accepted) => reading::walk(accepted, columns),
            Row::Rejected(rejected) => {
                outcomes::rejected(rejected, columns);
                Ok(())
            }
            Row::Tally(tally) => {
                outcomes::tally(tally, place, columns);
                Ok(())
            }
            Row::Alert(alert) => outcomes::alert(alert, place, columns),
            Row::Audit(event) => outcomes::audit(event, place, columns),
            Row::AuditSet(set) => {
                outcomes::audit_set(set, columns);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
