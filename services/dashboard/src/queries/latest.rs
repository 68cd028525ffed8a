//! The newest reading of each kind of each of a physician's patients: by the time by which it was
//! measured for certain, so that a clock that is ahead hides nothing.
//!
//! Most patients sent something within days, and to find that ClickHouse reads one or two months;
//! the whole past is read only for kinds and patients of whom nothing recent came.

use std::collections::{BTreeSet, HashMap, HashSet};

use clinical::{Kind, Span, Timestamp};

use crate::model::Reading;
use crate::queries::current::{self, CurrentRow};
use crate::queries::{PATIENTS_AT_ONCE, Store, StoreError};

/// What counts as recent.
const RECENT: Span = Span::from_days(8);

impl Store {
    /// The newest current reading of each kind, by patient. Patients without any are left out.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn latest_readings(
        &self,
        patients: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<HashMap<String, Vec<Reading>>, StoreError> {
        let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
        let mut latest = HashMap::new();
        for patients in patients.chunks(PATIENTS_AT_ONCE) {
            let all = Kind::ALL.map(|kind| (kind, patients.to_vec()));
            self.gather(&all, now - RECENT, &mut latest).await?;
            let found: HashSet<(Kind, String)> = latest
                .iter()
                .flat_map(|(patient, readings): (&String, &Vec<Reading>)| {
                    readings.iter().map(|reading| (reading.measurement.kind, patient.clone()))
                })
                .collect();
            let missing = all.map(|(kind, patients)| {
                let is_missing = |patient: &&str| !found.contains(&(kind, (*patient).to_owned()));
                (kind, patients.into_iter().filter(is_missing).collect())
            });
            self.gather(&missing, Timestamp::from_seconds(0), &mut latest).await?;
        }
        Ok(latest)
    }

    async fn gather(
        &self,
        wanted: &[(Kind, Vec<&str>)],
        since: Timestamp,
        latest: &mut HashMap<String, Vec<Reading>>,
    ) -> Result<(), StoreError> {
        let wanted: Vec<_> = wanted.iter().filter(|(_, patients)| !patients.is_empty()).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let each: Vec<String> = wanted.iter().map(|(kind, _)| sql(*kind)).collect();
        let mut query = self
            .client
            .query(&each.join(" UNION ALL "))
            .param("since", since.seconds().clamp(0, i64::from(u32::MAX)) as u32);
        for (kind, patients) in wanted {
            query = query.param(&parameter(*kind), patients);
        }
        let rows: Vec<CurrentRow> = self.ask("latest_readings", query.fetch_all()).await?;
        for row in rows {
            latest.entry(row.patient.clone()).or_default().push(row.into_reading()?);
        }
        Ok(())
    }
}

fn parameter(kind: Kind) -> String {
    format!("patients_of_{kind}")
}

fn sql(kind: Kind) -> String {
    let condition = format!(
        "patient IN {{{}:Array(String)}} AND observation_time >= toDateTime({{since:UInt32}}, 'UTC')",
        parameter(kind)
    );
    // A reading ahead of its receipt is not newer than what is received after it.
    format!(
        "SELECT * FROM ({} ORDER BY least(observed_seconds * 1000, received_millis) DESC, \
         observed_seconds DESC, written_source LIMIT 1 BY patient)",
        current::readings(kind, &condition)
    )
}
