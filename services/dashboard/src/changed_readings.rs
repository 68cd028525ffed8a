//! Whose readings have changed, for the live streams: known from the topic `readings.accepted`, and
//! told when the store has the change, so that who asks again is answered with it.
//!
//! Of each patient what is not stored yet is held together, not reading by reading, so memory is
//! bounded by the patients. What the store has is known from how far the writer's group has consumed
//! the topic: it consumes after ClickHouse has acknowledged.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clinical::{Kind, Span, Timestamp};
use serde::Serialize;
use stream::record::Position;
use tokio::sync::broadcast;
use utoipa::ToSchema;

use crate::model::documented;

/// Messages that a subscriber may fall behind before it has to begin again.
const BACKLOG: usize = 1024;

/// A change that the store does not have after so long is told nevertheless: the page asks again, and
/// is answered since when readings wait.
const PATIENCE: Span = Span::from_seconds(5);

/// Changed readings and their subscribers.
#[derive(Debug)]
pub struct ChangedReadings {
    waiting: Mutex<HashMap<String, Waiting>>,
    told: broadcast::Sender<Changes>,
}

/// What is told at once: patients in no order, each once.
pub type Changes = Arc<[ChangedPatient]>;

/// A patient some of whose readings have changed: new, corrected or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedPatient {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// Of which kinds.
    #[schema(value_type = Vec<documented::Kind>)]
    pub kinds: BTreeSet<Kind>,
}

/// What the store does not have of a patient. `first` does not grow, so that it is stored some time
/// also where readings come without end; what comes meanwhile is `later`.
#[derive(Debug)]
struct Waiting {
    partition: i32,
    first: Accepted,
    later: Option<Accepted>,
    /// It has been told that `first` waits.
    is_late: bool,
}

/// Readings that were accepted one after the other.
#[derive(Debug)]
struct Accepted {
    /// Offset of the last one.
    last: i64,
    /// When the first one was accepted.
    since: Timestamp,
    kinds: BTreeSet<Kind>,
}

impl Default for ChangedReadings {
    fn default() -> Self {
        Self { waiting: Mutex::default(), told: broadcast::Sender::new(BACKLOG) }
    }
}

impl ChangedReadings {
    /// A reading was accepted, at a place of the topic.
    pub fn accepted(&self, patient: &str, kind: Kind, place: Position, at: Timestamp) {
        let mut waiting = self.lock();
        match waiting.get_mut(patient) {
            Some(known) => known.add(kind, place, at),
            None => {
                let first = Accepted::new(kind, place, at);
                let partition = place.partition;
                let new = Waiting { partition, first, later: None, is_late: false };
                waiting.insert(patient.to_owned(), new);
            }
        }
    }

    /// Tells what is in the store, given the offset before which it has everything, by partition; and
    /// once of what waits for too long.
    pub fn stored(&self, before: &HashMap<i32, i64>, now: Timestamp) {
        let mut changes = Vec::new();
        self.lock().retain(|patient, waiting| {
            let next = before.get(&waiting.partition).copied().unwrap_or(0);
            if let Some(kinds) = waiting.take_stored(next).or_else(|| waiting.late(now)) {
                changes.push(ChangedPatient { patient: patient.clone(), kinds });
            }
            waiting.later.is_some() || waiting.first.last >= next
        });
        if !changes.is_empty() {
            // No subscriber is no error.
            let _ = self.told.send(changes.into());
        }
    }

    /// What is told from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Changes> {
        self.told.subscribe()
    }

    /// Since when readings of a patient wait for the store; none when it has all that were accepted.
    pub fn waiting_since(&self, patient: &str) -> Option<Timestamp> {
        self.lock().get(patient).map(|waiting| waiting.first.since)
    }

    /// The same of several patients: the longest.
    pub fn waiting_since_of<'p>(
        &self,
        patients: impl IntoIterator<Item = &'p String>,
    ) -> Option<Timestamp> {
        let waiting = self.lock();
        let of = patients.into_iter().filter_map(|patient| waiting.get(patient));
        of.map(|waiting| waiting.first.since).min()
    }

    /// Of how many patients readings wait, and since when the longest.
    pub fn waiting(&self) -> (usize, Option<Timestamp>) {
        let waiting = self.lock();
        (waiting.len(), waiting.values().map(|one| one.first.since).min())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, kind: Kind, place: Position, at: Timestamp) {
        match &mut self.later {
            Some(later) => {
                later.last = place.offset;
                later.kinds.insert(kind);
            }
            None => self.later = Some(Accepted::new(kind, place, at)),
        }
    }

    /// The kinds of what is stored, given the offset before which everything is; what came later
    /// takes its place.
    fn take_stored(&mut self, next: i64) -> Option<BTreeSet<Kind>> {
        if self.first.last >= next {
            return None;
        }
        let mut kinds = std::mem::take(&mut self.first.kinds);
        if let Some(later) = self.later.take_if(|later| later.last < next) {
            kinds.extend(later.kinds);
        }
        if let Some(later) = self.later.take() {
            self.first = later;
            self.is_late = false;
        }
        Some(kinds)
    }

    /// The kinds of what waits, once when it has waited for too long.
    fn late(&mut self, now: Timestamp) -> Option<BTreeSet<Kind>> {
        if self.is_late || now - self.first.since < PATIENCE {
            return None;
        }
        self.is_late = true;
        Some(self.first.kinds.clone())
    }
}

impl Accepted {
    fn new(kind: Kind, place: Position, since: Timestamp) -> Self {
        Self { last: place.offset, since, kinds: BTreeSet::from([kind]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTITION: i32 = 3;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + seconds)
    }

    fn accept(changed: &ChangedReadings, patient: &str, kind: Kind, offset: i64) {
        let place = Position { partition: PARTITION, offset };
        changed.accepted(patient, kind, place, at(offset));
    }

    /// What is told when everything before an offset is stored, so many seconds later.
    fn told(changed: &ChangedReadings, before: i64, seconds: i64) -> Vec<(String, Vec<Kind>)> {
        let mut told = changed.subscribe();
        changed.stored(&HashMap::from([(PARTITION, before)]), at(seconds));
        let changes = told.try_recv().map(|changes| changes.to_vec()).unwrap_or_default();
        let mut changes: Vec<_> = changes
            .into_iter()
            .map(|one| (one.patient, one.kinds.into_iter().collect::<Vec<_>>()))
            .collect();
        changes.sort();
        changes
    }

    #[test]
    fn a_change_is_told_when_the_store_has_it_and_no_sooner() {
        let changed = ChangedReadings::default();
        accept(&changed, "A/1", Kind::BloodGlucose, 0);
        assert!(told(&changed, 0, 1).is_empty());
        assert_eq!(changed.waiting_since("A/1"), Some(at(0)));
        assert_eq!(told(&changed, 1, 2), [("A/1".to_owned(), vec![Kind::BloodGlucose])]);
        assert_eq!(changed.waiting_since("A/1"), None);
        assert!(told(&changed, 1, 3).is_empty());
    }

    #[test]
    fn changes_of_a_patient_are_told_together_each_kind_once() {
        let changed = ChangedReadings::default();
        for (offset, kind) in
            [Kind::Activity, Kind::BloodPressure, Kind::Activity].iter().enumerate()
        {
            accept(&changed, "A/1", *kind, offset as i64);
        }
        accept(&changed, "B/1", Kind::Activity, 3);
        let kinds = vec![Kind::BloodPressure, Kind::Activity];
        let mut expected = [("A/1".to_owned(), kinds), ("B/1".to_owned(), vec![Kind::Activity])];
        expected[0].1.sort();
        assert_eq!(told(&changed, 4, 4), expected);
        assert_eq!(changed.waiting(), (0, None));
    }

    #[test]
    fn readings_that_come_without_end_do_not_keep_back_what_is_stored() {
        let changed = ChangedReadings::default();
        let mut times_told = 0;
        for offset in 0..60 {
            accept(&changed, "A/1", Kind::OxygenSaturation, offset);
            times_told += told(&changed, offset - 1, offset).len();
        }
        assert!(times_told >= 20, "{times_told}");
        let since = changed.waiting_since("A/1").unwrap();
        assert!(since >= at(57), "{since}");
    }

    #[test]
    fn what_waits_for_long_is_told_once_and_again_when_it_is_stored() {
        let changed = ChangedReadings::default();
        accept(&changed, "A/1", Kind::WeighingScale, 0);
        let expected = [("A/1".to_owned(), vec![Kind::WeighingScale])];
        assert!(told(&changed, 0, 4).is_empty());
        assert_eq!(told(&changed, 0, 5), expected);
        assert!(told(&changed, 0, 600).is_empty());
        accept(&changed, "A/1", Kind::WeighingScale, 600);
        assert!(told(&changed, 0, 605).is_empty());
        assert_eq!(changed.waiting(), (1, Some(at(0))));
        assert_eq!(told(&changed, 1, 606), expected);
        assert_eq!(changed.waiting(), (1, Some(at(600))));
        assert_eq!(told(&changed, 601, 607), expected);
    }

    #[test]
    fn the_longest_wait_of_some_patients_is_that_of_none_of_the_others() {
        let changed = ChangedReadings::default();
        for (patient, offset) in [("A/1", 5), ("B/1", 1), ("A/2", 3)] {
            accept(&changed, patient, Kind::Activity, offset);
        }
        let mine = ["A/1".to_owned(), "A/2".to_owned(), "A/3".to_owned()];
        assert_eq!(changed.waiting_since_of(&mine), Some(at(3)));
        assert_eq!(changed.waiting_since_of(&mine[2..]), None);
    }
}
