//! The store holds what the topics hold, each record once, with the greatest version on top.

use std::collections::{BTreeMap, BTreeSet};

use simulator::oracle::Stored;

use super::{Came, Complaints, Sent};

/// What readers of the store see, after merges (`FINAL`).
#[derive(Debug, Clone, Default)]
pub struct Store {
    pub versions: Vec<VersionRow>,
    pub standing: Vec<StandingRow>,
    /// Partition, offset and time of change of every alert event.
    pub alerts: Vec<(i32, i64, i64)>,
    /// Alert and offset of its newest event.
    pub current_alerts: Vec<(String, i64)>,
    /// Partition and offset of the raw record.
    pub rejected: Vec<(i32, i64)>,
    /// Partition, first and next offset.
    pub tallies: Vec<(i32, i64, i64)>,
    /// Partition and offset of every record of an access.
    pub accesses: Vec<(i32, i64)>,
}

/// A version of a reading in its kind's table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionRow {
    pub kind: &'static str,
    pub patient: String,
    pub source: String,
    /// Seconds since the epoch.
    pub observed: i64,
    pub version: u64,
}

/// A reading that stands, with the version on top.
pub type StandingRow = VersionRow;

pub(super) fn compare(sent: &Sent, came: &Came, found: &mut Complaints) {
    let store = &came.store;
    let row = |stored: Stored<'_>| -> VersionRow {
        let received = sent.first_received(&stored.id.to_string(), stored.version);
        let checked = stored.reading.check(received.unwrap_or(came.until));
        VersionRow {
            kind: stored.id.kind().as_str(),
            patient: stored.id.patient().to_string(),
            source: checked.map_or_else(|_| String::new(), |reading| reading.source.written()),
            observed: stored.id.observation_time().seconds(),
            version: stored.version.bits(),
        }
    };
    let due: BTreeSet<VersionRow> = sent.oracle.expected_versions().map(row).collect();
    let versions = found.once("versions in the store", store.versions.iter().cloned());
    found.difference("versions in the store", &versions, &due);
    let accepted: BTreeSet<(String, u64)> = (came.accepted.iter())
        .map(|accepted| (accepted.reading_id.clone(), accepted.version.cast_unsigned()))
        .collect();
    let due = sent.oracle.expected_versions().map(|s| (s.id.to_string(), s.version.bits()));
    found.difference("versions in readings.accepted", &accepted, &due.collect());

    let due: BTreeSet<StandingRow> = sent.oracle.expected_standing().map(row).collect();
    let top = |row: &StandingRow| (row.kind, row.patient.clone(), row.source.clone(), row.observed);
    found.once("readings that stand", store.standing.iter().map(top));
    let standing: BTreeSet<StandingRow> = store.standing.iter().cloned().collect();
    let stale: Vec<_> = standing
        .difference(&due)
        .filter_map(|row| due.iter().find(|due| top(due) == top(row)).map(|due| (row, due.version)))
        .collect();
    found.of_each("stale versions on top (found, due)", stale);
    found.difference("standing versions", &standing, &due);

    compare_alerts(came, found);
    let rejected = found.once("rejected records in the store", store.rejected.iter().copied());
    let due = came.rejected.iter().map(|r| (r.origin.partition, r.origin.offset)).collect();
    found.difference("rejected records in the store", &rejected, &due);
    let tallies = found.once("tallies in the store", store.tallies.iter().copied());
    let due = came.tallies.iter().map(|t| (t.partition, t.from_offset, t.next_offset)).collect();
    found.difference("tallies in the store", &tallies, &due);
    let accesses = found.once("accesses in the store", store.accesses.iter().copied());
    let due = came.accesses.iter().map(|access| (access.partition, access.offset)).collect();
    found.difference("accesses in the store", &accesses, &due);
}

fn compare_alerts(came: &Came, found: &mut Complaints) {
    let until = came.until.millis();
    let in_time = came.alerts.iter().filter(|placed| placed.record.changed_at <= until);
    let due: BTreeSet<(i32, i64)> =
        in_time.clone().map(|placed| (placed.partition, placed.offset)).collect();
    let rows = came.store.alerts.iter().filter(|(.., changed_at)| *changed_at <= until);
    let rows = found.once("alert events in the store", rows.map(|(p, offset, _)| (*p, *offset)));
    found.difference("alert events in the store", &rows, &due);

    // What is told after the time of the comparison may be in the store or not.
    let late: BTreeSet<&str> = came
        .alerts
        .iter()
        .filter(|placed| placed.record.changed_at > until)
        .map(|placed| &*placed.record.alert_id)
        .collect();
    let mut newest = BTreeMap::new();
    for placed in in_time.filter(|placed| !late.contains(&*placed.record.alert_id)) {
        newest.insert(placed.record.alert_id.clone(), placed.offset);
    }
    let shown: BTreeSet<(String, i64)> = came
        .store
        .current_alerts
        .iter()
        .filter(|(alert, _)| !late.contains(&**alert))
        .cloned()
        .collect();
    found.difference("newest states of alerts in the store", &shown, &newest.into_iter().collect());
}
