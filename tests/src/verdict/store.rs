//! The store holds what the topics hold, each record once and with its own values, with the greatest
//! version on top.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use simulator::oracle::Stored;

use super::columns::{Columns, of_accepted, of_access, of_alert, of_rejected, of_tally};
use super::{Came, Complaints, Sent};

/// A row: what it is the row of, and what its columns say, the key's too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<K> {
    pub key: K,
    pub columns: Columns,
}

/// Every row of every table, those that say the same counting once, and what the views show.
#[derive(Debug, Clone, Default)]
pub struct Store {
    pub versions: Vec<Row<Kept>>,
    /// Current readings, with their greatest version.
    pub current: Vec<Row<Kept>>,
    pub alerts: Vec<Row<Place>>,
    /// The newest event of each alert.
    pub current_alerts: Vec<Row<Place>>,
    /// Each with the place of the raw record.
    pub rejected: Vec<Row<Place>>,
    /// Each with partition, first and next offset.
    pub tallies: Vec<Row<(i32, i64, i64)>>,
    pub accesses: Vec<Row<Place>>,
}

/// Partition and offset of a record.
pub type Place = (i32, i64);

/// A version, and the raw record that its row is of. One that comes again when it is no longer the
/// newest is accepted again; its rows merge into one, which is of any of them.
pub type Kept = (VersionKey, Place);

/// A version of a reading.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionKey {
    pub kind: &'static str,
    pub patient: String,
    pub source: String,
    /// Seconds since the epoch.
    pub observed: i64,
    pub version: u64,
}

impl VersionKey {
    /// What it is a version of.
    pub(super) fn reading(&self) -> (&'static str, &str, &str, i64) {
        (self.kind, &self.patient, &self.source, self.observed)
    }
}

/// What was rejected, counted and looked at.
pub(super) fn compare_rest(came: &Came, found: &mut Complaints) {
    let store = &came.store;
    let due = came.rejected.iter().map(|r| ((r.origin.partition, r.origin.offset), r));
    let due = due.collect();
    rows("rejected records in the store", &store.rejected, &due, of_rejected, found);
    let due = came.tallies.iter().map(|placed| {
        let tally = &placed.record;
        ((tally.partition, tally.from_offset, tally.next_offset), placed)
    });
    rows("tallies in the store", &store.tallies, &due.collect(), of_tally, found);
    let due = came.accesses.iter().map(|placed| (placed.place(), placed)).collect();
    rows("accesses in the store", &store.accesses, &due, of_access, found);
}

/// Rows there must be one each of, no others, and each with the columns of its record.
fn rows<'a, K: Ord + Clone + Debug + 'a, T: Copy>(
    what: &str,
    rows: impl IntoIterator<Item = &'a Row<K>> + Clone,
    due: &BTreeMap<K, T>,
    columns: impl Fn(T) -> Columns,
    found: &mut Complaints,
) {
    let keys = found.once(what, rows.clone().into_iter().map(|row| row.key.clone()));
    found.difference(what, &keys, &due.keys().cloned().collect());
    let known = rows.into_iter().filter(|row| due.contains_key(&row.key));
    values(what, known, |key| due.get(key).copied().map(&columns), found);
}

/// Complains of rows whose columns are not those that are due.
fn values<'a, K: Debug + 'a>(
    what: &str,
    rows: impl IntoIterator<Item = &'a Row<K>>,
    due: impl Fn(&K) -> Option<Columns>,
    found: &mut Complaints,
) {
    let other = rows.into_iter().filter_map(|row| {
        let due = due(&row.key).unwrap_or_default();
        row.columns.differing(&due).map(|differing| (&row.key, differing))
    });
    found.of_each(&format!("{what}, with other values"), other);
}

/// The versions that were sent are there, and the greatest of each reading is current.
pub(super) fn compare_versions(sent: &Sent, came: &Came, found: &mut Complaints) {
    let store = &came.store;
    let key = |stored: Stored<'_>| -> VersionKey {
        let received = sent.first_received(&stored.id.to_string(), stored.version);
        let checked = stored.reading.validate(received.unwrap_or(came.until));
        VersionKey {
            kind: stored.id.kind().as_str(),
            patient: stored.id.patient().to_string(),
            source: checked.map_or_else(|_| String::new(), |reading| reading.source.written()),
            observed: stored.id.observation_time().seconds(),
            version: stored.version.bits(),
        }
    };
    let due: BTreeSet<VersionKey> = sent.oracle.expected_versions().map(key).collect();
    let kept = found.once("versions in the store", store.versions.iter().map(|row| &row.key));
    let versions = kept.into_iter().map(|(version, _)| version.clone()).collect();
    found.difference("versions in the store", &versions, &due);
    let accepted: BTreeSet<(String, u64)> = (came.accepted.iter())
        .map(|accepted| (accepted.reading_id.clone(), accepted.version.cast_unsigned()))
        .collect();
    let due = sent.oracle.expected_versions().map(|s| (s.id.to_string(), s.version.bits()));
    found.difference("versions in readings.accepted", &accepted, &due.collect());

    let top: BTreeSet<VersionKey> = sent.oracle.expected_current().map(key).collect();
    found.once("current readings", store.current.iter().map(|row| row.key.0.reading()));
    let current: BTreeSet<VersionKey> = store.current.iter().map(|row| row.key.0.clone()).collect();
    let due: BTreeMap<_, u64> = top.iter().map(|key| (key.reading(), key.version)).collect();
    let stale = current.difference(&top).filter_map(|key| Some((key, due.get(&key.reading())?)));
    found.of_each("stale versions on top (found, due)", stale);
    found.difference("current versions", &current, &top);
}

/// Each version has the values of the accepted record of the same origin.
pub(super) fn compare_values(came: &Came, found: &mut Complaints) {
    let accepted = came.accepted.iter();
    let accepted: BTreeMap<Place, _> =
        accepted.map(|a| ((a.origin.partition, a.origin.offset), a)).collect();
    let columns = |(_, origin): &Kept| Some(of_accepted(accepted.get(origin)?));
    values("versions in the store", &came.store.versions, columns, found);
    values("current versions", &came.store.current, columns, found);
}

/// Every event of every alert is there, and the newest of each is shown.
pub(super) fn compare_alerts(came: &Came, found: &mut Complaints) {
    let until = came.until.millis();
    let all: BTreeMap<Place, _> =
        came.alerts.iter().map(|reported| (reported.place(), reported)).collect();
    // What is reported after the time of the comparison may be in the store or not.
    let in_time =
        |place: &Place| all.get(place).is_none_or(|reported| reported.record.changed_at <= until);
    let due =
        all.iter().filter(|(place, _)| in_time(place)).map(|(place, reported)| (*place, *reported));
    let due: BTreeMap<Place, _> = due.collect();
    let what = "alert events in the store";
    let here = came.store.alerts.iter().filter(|row| in_time(&row.key));
    rows(what, here, &due, of_alert, found);

    let late = came.alerts.iter().filter(|reported| reported.record.changed_at > until);
    let late: BTreeSet<&str> = late.map(|reported| &*reported.record.alert_id).collect();
    let is_late = |place: &Place| {
        all.get(place).is_some_and(|reported| late.contains(&*reported.record.alert_id))
    };
    // Of one alert all events are in one partition.
    let newest: BTreeMap<&str, Place> =
        due.iter().map(|(place, reported)| (&*reported.record.alert_id, *place)).collect();
    let newest = newest.into_values().filter(|place| !is_late(place));
    let newest = newest.filter_map(|place| Some((place, *due.get(&place)?))).collect();
    let here = came.store.current_alerts.iter().filter(|row| !is_late(&row.key));
    rows("newest states of alerts in the store", here, &newest, of_alert, found);
}
