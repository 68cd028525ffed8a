//! The readings of a patient as the rules take them in: for previews.

use clinical::preview::ReceivedReading;
use clinical::{Kind, PatientId, Timestamp};

use super::current::{self, CurrentRow};
use super::readings::{CONDITION, bound, of_kinds};
use super::{Store, StoreError};

/// More readings than a patient has in 70 days: of a sensor that says one a minute, 100,000. Of more the
/// newest are looked at.
const MOST: u64 = 200_000;

impl Store {
    /// The current readings of a patient observed from a time on and before another, with their
    /// receipts.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
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
            .param("limit", MOST);
        let rows: Vec<CurrentRow> = self.ask("received_readings", query.fetch_all()).await?;
        rows.into_iter().map(CurrentRow::into_received).collect()
    }
}

fn sql() -> String {
    let each = of_kinds(Kind::ALL, |kind| current::readings(kind, CONDITION));
    format!("SELECT * FROM ({each}) ORDER BY observed_seconds DESC LIMIT {{limit:UInt64}}")
}
