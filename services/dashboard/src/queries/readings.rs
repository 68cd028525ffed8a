//! The readings of a patient, by when they were observed. Those whose date says nothing are
//! [beside](super::by_receipt).

use clinical::copies::COPY_WITHIN;
use clinical::{Kind, PatientId, Span, Timestamp};

use crate::model::Reading;
use crate::queries::current::{self, CurrentRow};
use crate::queries::{Store, StoreError, copies};

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

/// More readings than a patient has within minutes.
const MOST_NEAR: u32 = 1_000;

/// Readings of clocks that were not set which one answer holds at most: the newest by receipt. More than a
/// patient measures in a period, and an import of many years does not make the answer large.
const MOST_OF_UNSET_CLOCKS: usize = 1_000;

/// A patient's readings observed from a time on and before another.
pub(super) const CONDITION: &str = "patient = {patient:String} \
     AND observation_time >= toDateTime({from:UInt32}, 'UTC') \
     AND observation_time < toDateTime({to:UInt32}, 'UTC')";

impl Store {
    /// The current readings of a patient, oldest first; the newest of them where there are more
    /// than the limit. Probable copies among them are marked.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn readings(&self, patient: &PatientId, wanted: Wanted) -> Result<Page, StoreError> {
        let from = wanted.from.unwrap_or(Timestamp::from_seconds(0));
        let to = wanted.to.unwrap_or(Timestamp::LATEST);
        let mut readings = self.between(patient, wanted, from, to).await?;
        let mut truncated = readings.len() > wanted.limit as usize;
        readings.truncate(wanted.limit as usize);
        readings.reverse();

        // What a reading near an end of the page is a copy of may be just outside.
        let mut outside = Vec::new();
        if let (Some(first), Some(last)) = (readings.first(), readings.last()) {
            let wanted = Wanted { limit: MOST_NEAR, ..wanted };
            let second = Span::from_seconds(1);
            let (first, last) = (first.observed_at.at(), last.observed_at.at());
            if truncated || first < from + COPY_WITHIN {
                // Of the first second a part may have been cut off.
                let to = if truncated { first + second } else { from };
                outside = self.between(patient, wanted, first - COPY_WITHIN, to).await?;
            }
            if last >= to - COPY_WITHIN {
                let beyond = last + COPY_WITHIN + second;
                outside.extend(self.between(patient, wanted, to, beyond).await?);
            }
        }
        copies::mark(&mut readings, outside);
        if wanted.from.is_some() {
            let most = MOST_OF_UNSET_CLOCKS;
            let mut unset = self.of_unset_clocks(patient, wanted.kind, (from, to), most).await?;
            truncated |= unset.truncated;
            unset.readings.append(&mut readings);
            readings = unset.readings;
        }
        Ok(Page { readings, truncated })
    }

    /// The current readings observed from a time on and before another, newest first; one more than
    /// the limit at most.
    async fn between(
        &self,
        patient: &PatientId,
        wanted: Wanted,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Reading>, StoreError> {
        let query = self
            .client
            .query(&sql(wanted.kind))
            .param("patient", patient.as_str())
            .param("from", bound(from))
            .param("to", bound(to))
            .param("limit", u64::from(wanted.limit) + 1);
        let rows: Vec<CurrentRow> = self.ask("readings", query.fetch_all()).await?;
        rows.into_iter().map(CurrentRow::into_reading).collect()
    }
}

fn sql(kind: Option<Kind>) -> String {
    let each = of_kinds(kinds(kind), |kind| current::readings(kind, CONDITION));
    format!(
        "SELECT * FROM ({each}) ORDER BY observed_seconds DESC, kind, written_source \
         LIMIT {{limit:UInt64}}"
    )
}

pub(super) fn kinds(kind: Option<Kind>) -> Vec<Kind> {
    kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind])
}

pub(super) fn of_kinds(
    kinds: impl IntoIterator<Item = Kind>,
    of_kind: impl Fn(Kind) -> String,
) -> String {
    kinds.into_iter().map(of_kind).collect::<Vec<_>>().join(" UNION ALL ")
}

/// A time as whole seconds that the tables can hold, the next one where it has a fraction: no
/// observation has one.
pub(super) fn bound(time: Timestamp) -> u32 {
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
