//! The readings of a patient of whose date nothing is known for certain, by when they were received.

use clinical::window::WINDOW;
use clinical::{Kind, PatientId, Timestamp, clock};
use schemas::validation::CLOCK_TOLERANCE;

use crate::model::Reading;
use crate::queries::current::{self, CurrentRow};
use crate::queries::readings::{Page, bound, kinds, of_kinds};
use crate::queries::{Store, StoreError, copies};

/// So many readings of long ago one answer holds at most, and as many of clocks that were not set: the newest by
/// receipt. More than a patient measures in a month, and an import of many years does not make the answer large.
const MOST_BACKDATED: usize = 1_000;

impl Store {
    /// Current readings from clocks that were not set, which say that they were observed before a
    /// time, received from that time on and before another; as they say, oldest first. Where there are
    /// more than a number, those received last. Probable copies among them are marked.
    pub(super) async fn of_unset_clocks(
        &self,
        patient: &PatientId,
        kind: Option<Kind>,
        (from, to): (Timestamp, Timestamp),
        most: usize,
    ) -> Result<Page, StoreError> {
        if kind.is_some_and(|kind| !clock::is_doubted(kind)) {
            return Ok(Page { readings: Vec::new(), truncated: false });
        }
        let sql = of_unset_clocks(kind);
        let mut page = self.by_receipt(patient, &sql, (from, (from, to)), most).await?;
        page.readings.retain(|reading| reading.time_unknown);
        mark_copies(&mut page);
        Ok(page)
    }

    /// Current readings at home that were received from a time on and say that they were observed so long
    /// before their receipt that no rule looks at them; as they were received, the last one first. Those of
    /// clocks that were not set, which charts list too, have a limit of their own: they take no other's place.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn backdated(
        &self,
        patient: &PatientId,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        // The broker's clock is not this one.
        let observed_before = now + CLOCK_TOLERANCE - WINDOW;
        let times = (observed_before, (from, Timestamp::LATEST));
        self.of_long_ago(patient, times, MOST_BACKDATED).await
    }

    /// The same of what was observed before a time and received in a period.
    pub(super) async fn of_long_ago(
        &self,
        patient: &PatientId,
        times: (Timestamp, (Timestamp, Timestamp)),
        most: usize,
    ) -> Result<Page, StoreError> {
        let mut page = self.by_receipt(patient, &backdated(), times, most).await?;
        mark_copies(&mut page);
        page.readings.sort_by_key(|reading| std::cmp::Reverse(reading.received_at.at()));
        Ok(page)
    }

    /// What such a question answers of what was observed before a time and received in a period; where there
    /// are more than a number of clocks that were not set, or of others, those received last.
    async fn by_receipt(
        &self,
        patient: &PatientId,
        sql: &str,
        (before, (from, to)): (Timestamp, (Timestamp, Timestamp)),
        most: usize,
    ) -> Result<Page, StoreError> {
        let query = self
            .client
            .query(sql)
            .param("patient", patient.as_str())
            .param("before", bound(before))
            .param("from", bound(from))
            .param("to", bound(to))
            .param("limit", most as u64 + 1);
        let rows: Vec<CurrentRow> = self.ask("readings", query.fetch_all()).await?;
        let mut readings =
            rows.into_iter().map(CurrentRow::into_reading).collect::<Result<Vec<Reading>, _>>()?;
        let found = readings.len();
        let mut counted = [0; 2];
        readings.retain(|reading| {
            let count = &mut counted[usize::from(reading.time_unknown)];
            *count += 1;
            *count <= most
        });
        let truncated = readings.len() < found;
        Ok(Page { readings, truncated })
    }
}

/// Puts the readings of a page in the order of what they say, oldest first, and marks the probable copies.
fn mark_copies(page: &mut Page) {
    page.readings.sort_by_key(|reading| reading.observed_at.at());
    copies::mark(&mut page.readings, Vec::new());
}

/// What was received in a period and says that it was observed before it, in the first days of a year or
/// before 2000.
/// The condition on the whole is the one of [`clock::not_set`] and [`clock::is_doubted`], so that nothing
/// else counts for the limit: before the 9th of January 02:00 of the year that it is 14 hours further
/// east.
fn of_unset_clocks(kind: Option<Kind>) -> String {
    let earliest = Timestamp::EARLIEST.seconds();
    let of_versions = format!(
        "(toDayOfYear(observation_time + INTERVAL 14 HOUR) <= 9 \
         OR toUnixTimestamp(observation_time) < {earliest})"
    );
    sql(kind, &of_versions, &is_of_unset_clock())
}

/// Of what was received so long after its observation, whether its clock was not set.
fn is_of_unset_clock() -> String {
    let earliest = Timestamp::EARLIEST.seconds();
    let east = "toDateTime(observed_seconds, 'UTC') + INTERVAL 14 HOUR";
    format!(
        "(observed_seconds < {earliest} OR toDayOfYear({east}) <= 8 \
         OR (toDayOfYear({east}) = 9 AND toHour({east}) < 2))"
    )
}

/// What was received from a time on. The version that is current was: one that came before it stays where
/// it was.
fn backdated() -> String {
    sql(None, "true", "received_millis >= toInt64({from:UInt32}) * 1000")
}

/// Of the kinds whose dates are those of devices, what was observed before a time, received in a period, and
/// so long after the observation that no rule looks at it: a condition on any version, where the table is
/// read, and one on the current one.
fn sql(kind: Option<Kind>, of_versions: &str, of_current: &str) -> String {
    let kinds = kinds(kind).into_iter().filter(|kind| clock::is_doubted(*kind));
    let each = of_kinds(kinds, |kind| {
        let condition = format!(
            "patient = {{patient:String}} \
             AND observation_time < toDateTime({{before:UInt32}}, 'UTC') \
             AND (source_id, observation_time) IN (SELECT source_id, observation_time FROM {kind} \
             WHERE patient = {{patient:String}} \
             AND observation_time < toDateTime({{before:UInt32}}, 'UTC') \
             AND received_at >= toDateTime64({{from:UInt32}}, 3, 'UTC') \
             AND received_at < toDateTime64({{to:UInt32}}, 3, 'UTC') \
             AND {of_versions})"
        );
        current::readings(kind, &condition)
    });
    let (window, is_of_unset_clock) = (WINDOW.millis(), is_of_unset_clock());
    format!(
        "SELECT * FROM ({each}) WHERE received_millis - observed_seconds * 1000 > {window} \
         AND {of_current} ORDER BY received_millis DESC, observed_seconds DESC, kind \
         LIMIT {{limit:UInt64}} BY {is_of_unset_clock}"
    )
}
