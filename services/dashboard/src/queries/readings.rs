//! The readings of a patient.

use clinical::{Kind, PatientId, Timestamp};

use crate::model::Reading;
use crate::queries::current::{self, CurrentRow};
use crate::queries::{Store, StoreError};

/// Which readings of a patient are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// One kind; none for all.
    pub kind: Option<Kind>,
    /// Observed at this time or later.
    pub from: Option<Timestamp>,
    /// Observed before this time.
    pub to: Option<Timestamp>,
    /// How many at most: the newest.
    pub limit: u32,
}

/// Readings of a patient, oldest first.
#[derive(Debug)]
pub struct Page {
    /// The readings.
    pub readings: Vec<Reading>,
    /// There are more than the limit.
    pub truncated: bool,
}

const CONDITION: &str = "patient = {patient:String} \
     AND observation_time >= toDateTime({from:UInt32}, 'UTC') \
     AND observation_time < toDateTime({to:UInt32}, 'UTC')";

impl Store {
    /// The current readings of a patient, oldest first; the newest of them where there are more
    /// than the limit.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn readings(&self, patient: &PatientId, wanted: Wanted) -> Result<Page, StoreError> {
        let query = self
            .client
            .query(&sql(wanted.kind))
            .param("patient", patient.as_str())
            .param("from", bound(wanted.from.unwrap_or(Timestamp::from_seconds(0))))
            .param("to", bound(wanted.to.unwrap_or(Timestamp::LATEST)))
            .param("limit", u64::from(wanted.limit) + 1);
        let rows: Vec<CurrentRow> = self.ask("readings", query.fetch_all()).await?;
        let limit = wanted.limit as usize;
        let truncated = rows.len() > limit;
        let newest = rows.into_iter().take(limit);
        let mut readings = newest.map(CurrentRow::into_reading).collect::<Result<Vec<_>, _>>()?;
        readings.reverse();
        Ok(Page { readings, truncated })
    }
}

fn sql(kind: Option<Kind>) -> String {
    let kinds = kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind]);
    let each: Vec<String> =
        kinds.into_iter().map(|kind| current::readings(kind, CONDITION)).collect();
    format!(
        "SELECT * FROM ({}) ORDER BY observed_seconds DESC, kind, written_source \
         LIMIT {{limit:UInt64}}",
        each.join(" UNION ALL ")
    )
}

/// A time as whole seconds that the tables can hold, the next one where it has a fraction: no
/// observation has one.
fn bound(time: Timestamp) -> u32 {
    let seconds = time.seconds() + i64::from(time.floor_to_second() != time);
    seconds.clamp(0, i64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_asked_for_unless_one_is_named() {
        for kind in Kind::ALL {
            assert!(sql(None).contains(&format!("FROM {kind} ")), "{kind}");
        }
        assert!(!sql(Some(Kind::Activity)).contains("UNION"));
    }

    #[test]
    fn a_bound_between_two_seconds_is_the_later_one() {
        assert_eq!(bound(Timestamp::from_millis(1_500)), 2);
        assert_eq!(bound(Timestamp::from_millis(1_000)), 1);
        assert_eq!(bound(Timestamp::from_millis(-5_000)), 0);
        assert_eq!(bound(Timestamp::from_millis(i64::MAX)), u32::MAX);
    }
}
