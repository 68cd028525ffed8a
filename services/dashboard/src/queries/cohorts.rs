//! Readings of many patients: what reports are made of.

use std::collections::BTreeSet;

use clinical::{Kind, Timestamp};

use crate::model::Reading;
use crate::queries::current::{self, CurrentRow};
use crate::queries::readings::bound;
use crate::queries::{Store, StoreError};

/// Patients in one question, so that each is answered within the deadline.
const PATIENTS_AT_ONCE: usize = 200;

const CONDITION: &str = "patient IN {patients:Array(String)} \
     AND observation_time >= toDateTime({from:UInt32}, 'UTC') \
     AND observation_time < toDateTime({to:UInt32}, 'UTC')";

impl Store {
    /// The current readings of a kind of these patients, observed from a time on and before another
    /// where they are given. Those are left out whose clock says nothing of when they were measured.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn readings_of(
        &self,
        kind: Kind,
        patients: &BTreeSet<String>,
        period: Option<(Timestamp, Timestamp)>,
    ) -> Result<Vec<Reading>, StoreError> {
        let (from, to) = period.unwrap_or((Timestamp::from_seconds(0), Timestamp::LATEST));
        let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
        let mut found = Vec::new();
        for patients in patients.chunks(PATIENTS_AT_ONCE) {
            let query = self
                .client
                .query(&sql(kind))
                .param("patients", patients)
                .param("from", bound(from))
                .param("to", bound(to));
            let rows: Vec<CurrentRow> = self.ask("cohort", query.fetch_all()).await?;
            for row in rows {
                let reading = row.into_reading()?;
                if !reading.time_unknown && !reading.observed_ahead {
                    found.push(reading);
                }
            }
        }
        Ok(found)
    }
}

/// In an order that does not depend on how the store keeps them: of several values of one moment the
/// same one counts each time.
fn sql(kind: Kind) -> String {
    let readings = current::readings(kind, CONDITION);
    format!("SELECT * FROM ({readings}) ORDER BY patient, observed_seconds, written_source")
}
