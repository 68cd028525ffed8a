//! The verdict over a deployment after all that was done to it: what was sent is held against
//! everything that came out.
//!
//! [`gather`] reads what came out; [`complaints`] is pure, so that a test can show that it
//! finds a doctored result. What is expected comes from two sides: from what the senders know
//! ([`Sent`]: which versions must be current, and which alerts), and from the raw records in their order, as one
//! processor would have answered that was never disturbed ([`undisturbed`]: each outcome and each
//! transition of each alert, in order).

mod accesses;
mod alerts;
mod columns;
mod doctorings;
mod gather;
mod outcomes;
mod sent;
mod store;
mod undisturbed;

#[cfg(test)]
mod doctored;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use clinical::plan::Plan;
use clinical::{PatientId, Timestamp};
use schemas::{AcceptedReading, AlertEvent, AuditEvent, OutcomeTally, RejectedReading};
use stream::follow::Incoming;

use undisturbed::Expected;

pub use accesses::Asked;
pub use doctorings::assert_can_fail;
pub use gather::{assert_true, gather};
pub use sent::{Certainty, Sent};
pub use store::{Place, Row, Store, VersionKey};

/// A record with its place in its topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<T> {
    pub partition: i32,
    pub offset: i64,
    /// The record's time, milliseconds since the epoch.
    pub written_at: i64,
    pub record: T,
}

impl<T> Placed<T> {
    fn place(&self) -> Place {
        (self.partition, self.offset)
    }
}

/// Care plans of patients, as the rules work with them.
pub type Plans = BTreeMap<PatientId, Plan>;

/// Everything that came out, as consumers that read committed records and readers of the store
/// see it.
#[derive(Debug, Clone, Default)]
pub struct Came {
    /// Partitions of the topics that are partitioned by patient.
    pub partitions: i32,
    /// Care plans that were there before the first reading.
    pub plans: Plans,
    pub raw: Vec<Incoming>,
    pub accepted: Vec<AcceptedReading>,
    pub rejected: Vec<RejectedReading>,
    pub tallies: Vec<Placed<OutcomeTally>>,
    pub alerts: Vec<Placed<AlertEvent>>,
    pub accesses: Vec<Placed<AuditEvent>>,
    pub store: Store,
    /// Alerts are compared as of this time.
    pub until: Timestamp,
}

/// What is wrong; empty when nothing is. Each line says what was found where, and names no more
/// than a few of many.
pub fn complaints(sent: &Sent, asked: &[Asked], came: &Came) -> Vec<String> {
    let expected = undisturbed::replay(&came.raw, &came.plans, came.partitions, came.until);
    judge(&Part::ALL, &expected, sent, asked, came)
}

/// The parts of the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Outcomes,
    Sends,
    Transitions,
    Truth,
    StoredVersions,
    StoredValues,
    StoredAlerts,
    StoredRest,
    Accesses,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Outcomes,
        Self::Sends,
        Self::Transitions,
        Self::Truth,
        Self::StoredVersions,
        Self::StoredValues,
        Self::StoredAlerts,
        Self::StoredRest,
        Self::Accesses,
    ];
}

fn judge(
    parts: &[Part],
    expected: &Expected,
    sent: &Sent,
    asked: &[Asked],
    came: &Came,
) -> Vec<String> {
    let mut complaints = Complaints::default();
    let found = &mut complaints;
    for part in parts {
        match part {
            Part::Outcomes => outcomes::compare(expected, came, found),
            Part::Sends => sent.compare(expected, came, found),
            Part::Transitions => alerts::compare_transitions(expected, came, found),
            Part::Truth => alerts::compare_with_the_truth(expected, sent, came, found),
            Part::StoredVersions => store::compare_versions(sent, came, found),
            Part::StoredValues => store::compare_values(came, found),
            Part::StoredAlerts => store::compare_alerts(came, found),
            Part::StoredRest => store::compare_rest(came, found),
            Part::Accesses => accesses::compare(asked, came, found),
        }
    }
    complaints.0
}

#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    /// So many of one sort are named.
    const FEW: usize = 5;

    fn of_each<T: Debug>(&mut self, what: &str, items: impl IntoIterator<Item = T>) {
        let mut items = items.into_iter();
        let few: Vec<String> =
            items.by_ref().take(Self::FEW).map(|item| format!("{item:?}")).collect();
        if !few.is_empty() {
            let count = few.len() + items.count();
            self.0.push(format!("{what}: {count}, such as {}", few.join("; ")));
        }
    }

    /// Complains of what is in one set only.
    fn difference<T: Ord + Debug>(&mut self, what: &str, came: &BTreeSet<T>, due: &BTreeSet<T>) {
        self.of_each(&format!("{what}, missing"), due.difference(came));
        self.of_each(&format!("{what}, without cause"), came.difference(due));
    }

    /// The items as a set; complains of those that are there more than once.
    fn once<T: Ord + Debug>(
        &mut self,
        what: &str,
        items: impl IntoIterator<Item = T>,
    ) -> BTreeSet<T> {
        let mut counts: BTreeMap<T, usize> = BTreeMap::new();
        items.into_iter().for_each(|item| *counts.entry(item).or_default() += 1);
        self.of_each(&format!("{what}, twice"), counts.iter().filter(|(_, count)| **count > 1));
        counts.into_keys().collect()
    }
}
