//! The readings of a patient as the rules take them in: for previews.

use clinical::preview::ReceivedReading;
use clinical::{Kind, PatientId, Timestamp};

use super::current::{self, CurrentRow};
use super::readings::{CONDITION, bound, of_kinds};
use super::{MOST_READINGS, Store, StoreError, at_most};

impl Store {
    /// The current readings of a patient observed from a time on and before another, with their
    /// receipts.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time, or has more readings than an answer is made of.
    pub async fn received_readings(
        &self,
        patient: &PatientId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<ReceivedReading>, StoreError> {
        let query = self
            .client
            .query(&sql())
            .param("patient", patient.as_str())
            .param("from", bound(from))
            .param("to", bound(to))
            .param("limit", MOST_READINGS + 1);
        let rows: Vec<CurrentRow> = self.ask("received_readings", query.fetch_all()).await?;
        at_most(MOST_READINGS, rows)?.into_iter().map(CurrentRow::into_received).collect()
    }
}

fn sql() -> String {
    let each = of_kinds(Kind::ALL, |kind| current::readings(kind, CONDITION));
    format!("SELECT * FROM ({each}) LIMIT {{limit:UInt64}}")
}
