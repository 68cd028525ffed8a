//! Every version of one reading: who said what of a measurement, and when.

use clinical::ReadingId;

use super::current::{self, CurrentRow};
use super::readings::bound;
use super::{Store, StoreError};
use crate::model::reading::ReadingVersion;

/// Versions of all sources at one second that one answer holds at most: the greatest. A sender that has
/// corrected a reading a thousand times has a fault that no page has to show whole.
const MOST_VERSIONS: u64 = 1_000;

/// In the primary key but for the source, of which an id has the digest alone.
const CONDITION: &str = "patient = {patient:String} \
     AND observation_time = toDateTime({at:UInt32}, 'UTC')";

impl Store {
    /// The versions of a reading, the current one first; none where there is no such reading.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn versions(&self, reading: &ReadingId) -> Result<Vec<ReadingVersion>, StoreError> {
        let query = self
            .client
            .query(&sql(reading))
            .param("patient", reading.patient().as_str())
            .param("at", bound(reading.observation_time()))
            .param("limit", MOST_VERSIONS);
        let rows: Vec<CurrentRow> = self.ask("versions", query.fetch_all()).await?;
        let versions = rows.into_iter().map(CurrentRow::into_version);
        let mut versions = versions.collect::<Result<Vec<ReadingVersion>, _>>()?;
        versions.retain(|version| version.reading.id == *reading);
        if let Some(greatest) = versions.first_mut() {
            greatest.is_current = true;
        }
        Ok(versions)
    }
}

fn sql(reading: &ReadingId) -> String {
    format!("{} LIMIT {{limit:UInt64}}", current::versions(reading.kind(), CONDITION))
}
