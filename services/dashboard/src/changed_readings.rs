//! Whose readings have changed, for the live streams: known from the topic `readings.accepted`, and
//! reported when the store has the change, so that who asks again is answered with it.
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

/// A change that the store does not have after so long is reported nevertheless: the page asks again, and
/// is answered since when readings wait.
const PATIENCE: Span = Span::from_seconds(5);

/// Changed readings and their subscribers.
#[derive(Debug)]
pub struct ChangedReadings {
    held: Mutex<Held>,
    reported: broadcast::Sender<Reported>,
}

/// What is reported at once: patients in no order, each once.
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

/// Readings are on their way to the store for a second or two: only what waits longer than this is said
/// to wait. Less than [`PATIENCE`], so that who is informed of a late change is answered that it waits.
const USUAL: Span = Span::from_seconds(4);

/// What is reported to the subscribers.
#[derive(Debug, Clone)]
pub enum Reported {
    /// These have changed.
    Changed(Changes),
    /// It is known again what the store has: any patient's readings may have changed meanwhile.
    Anew,
}

#[derive(Debug, Default)]
struct Held {
    /// By patient.
    waiting: HashMap<String, Waiting>,
    /// Since when the longest waits.
    oldest: Option<Timestamp>,
    /// Since when it is not known what the store has.
    unknown_since: Option<Timestamp>,
}

/// What the store does not have of a patient. `first` does not grow, so that it is stored some time
/// also where readings come without end; what comes meanwhile is `later`.
#[derive(Debug)]
struct Waiting {
    partition: i32,
    first: Accepted,
    later: Option<Accepted>,
    /// It has been reported that `first` waits.
    is_late: bool,
}

/// Readings that were accepted one after the other.
#[derive(Debug)]
struct Accepted {
    /// Offset of the last one.
    last: i64,
    /// When the first one was accepted.
    since: Timestamp,
    /// When the last one was.
    newest: Timestamp,
    kinds: BTreeSet<Kind>,
}

impl ChangedReadings {
    /// Nothing is known until [`Self::known`]: whatever is answered before may be incomplete.
    pub fn new(now: Timestamp) -> Self {
        let held = Held { unknown_since: Some(now), ..Held::default() };
        Self { held: Mutex::new(held), reported: broadcast::Sender::new(BACKLOG) }
    }

    /// It is known from now on what the store has, and everything that it does not have has been
    /// accepted here.
    pub fn known(&self) {
        if self.lock().unknown_since.take().is_some() {
            // No subscriber is no error.
            let _ = self.reported.send(Reported::Anew);
        }
    }

    /// It is not known any more what the store has.
    pub fn unknown(&self, now: Timestamp) {
        self.lock().unknown_since.get_or_insert(now);
    }

    /// Whether it is known what the store has.
    pub fn is_known(&self) -> bool {
        self.lock().unknown_since.is_none()
    }

    /// A reading was accepted, at a place of the topic; once more where following began anew.
    pub fn accepted(&self, patient: &str, kind: Kind, place: Position, at: Timestamp) {
        let mut held = self.lock();
        held.oldest = Some(held.oldest.map_or(at, |oldest| oldest.min(at)));
        match held.waiting.get_mut(patient) {
            Some(known) => known.add(kind, place, at),
            None => {
                let first = Accepted::new(kind, place, at);
                let partition = place.partition;
                let new = Waiting { partition, first, later: None, is_late: false };
                held.waiting.insert(patient.to_owned(), new);
            }
        }
    }

    /// Tells what is in the store, given the offset before which it has everything, by partition; and
    /// once of what waits for too long.
    pub fn stored(&self, before: &HashMap<i32, i64>, now: Timestamp) {
        self.report(Some(before), now);
    }

    /// Tells, while nobody says what the store has, of what was accepted some time ago, each reading
    /// once. It is held no longer, because nobody would say when it is stored.
    pub fn probably_stored(&self, now: Timestamp) {
        self.report(None, now);
    }

    fn report(&self, before: Option<&HashMap<i32, i64>>, now: Timestamp) {
        let mut changes = Vec::new();
        let mut held = self.lock();
        let Held { waiting, oldest, .. } = &mut *held;
        *oldest = None;
        waiting.retain(|patient, waiting| {
            let next =
                before.and_then(|before| before.get(&waiting.partition)).copied().unwrap_or(0);
            let (since, newest) = (waiting.first.since, waiting.first.newest);
            let reported = match before {
                Some(_) => waiting.take_stored(next).or_else(|| waiting.late(now, since)),
                None => waiting.late(now, newest),
            };
            if let Some(kinds) = reported {
                changes.push(ChangedPatient { patient: patient.clone(), kinds });
            }
            let waits = waiting.first.last >= next
                && (before.is_some() || !waiting.is_late || waiting.take_later());
            if waits {
                let since = waiting.first.since;
                *oldest = Some(oldest.map_or(since, |oldest| oldest.min(since)));
            }
            waits
        });
        drop(held);
        if !changes.is_empty() {
            // No subscriber is no error.
            let _ = self.reported.send(Reported::Changed(changes.into()));
        }
    }

    /// What is reported from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Reported> {
        self.reported.subscribe()
    }

    /// Since when readings of a patient wait for the store, where that is unusually long by this
    /// process's clock; none when it has all that were accepted.
    pub fn waiting_since(&self, patient: &str, now: Timestamp) -> Option<Timestamp> {
        self.lock().waiting_since([patient], now)
    }

    /// The same of several patients: the longest.
    pub fn waiting_since_of<'p>(
        &self,
        patients: impl IntoIterator<Item = &'p String>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.lock().waiting_since(patients.into_iter().map(String::as_str), now)
    }

    /// Of how many patients readings wait, and since when the longest, or since when that is not known.
    pub fn waiting(&self) -> (usize, Option<Timestamp>) {
        let held = self.lock();
        let since = held.oldest.into_iter().chain(held.unknown_since).min();
        (held.waiting.len(), since)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn waiting_since<'p>(
        &self,
        patients: impl IntoIterator<Item = &'p str>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let of = patients.into_iter().filter_map(|patient| self.waiting.get(patient));
        let since = of.map(|waiting| waiting.first.since).chain(self.unknown_since).min();
        since.filter(|since| now - *since >= USUAL)
    }
}

impl Waiting {
    fn add(&mut self, kind: Kind, place: Position, at: Timestamp) {
        if place.offset <= self.first.last {
            self.first.kinds.insert(kind);
            self.first.since = self.first.since.min(at);
            return;
        }
        match &mut self.later {
            Some(later) => {
                later.last = later.last.max(place.offset);
                later.newest = later.newest.max(at);
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
        self.take_later();
        Some(kinds)
    }

    /// What came later takes the place of the first; false where nothing did.
    fn take_later(&mut self) -> bool {
        let Some(later) = self.later.take() else { return false };
        self.first = later;
        self.is_late = false;
        true
    }

    /// The kinds of what waits, once when it has waited since then for too long.
    fn late(&mut self, now: Timestamp, since: Timestamp) -> Option<BTreeSet<Kind>> {
        if self.is_late || now - since < PATIENCE {
            return None;
        }
        self.is_late = true;
        Some(self.first.kinds.clone())
    }
}

impl Accepted {
    fn new(kind: Kind, place: Position, at: Timestamp) -> Self {
        Self { last: place.offset, since: at, newest: at, kinds: BTreeSet::from([kind]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTITION: i32 = 3;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + seconds)
    }

    fn known() -> ChangedReadings {
        let changed = ChangedReadings::new(at(0));
        changed.known();
        changed
    }

    fn accept(changed: &ChangedReadings, patient: &str, kind: Kind, offset: i64) {
        let place = Position { partition: PARTITION, offset };
        changed.accepted(patient, kind, place, at(offset));
    }

    /// What is reported when everything before an offset is stored, so many seconds later.
    fn reported(changed: &ChangedReadings, before: i64, seconds: i64) -> Vec<(String, Vec<Kind>)> {
        said(changed, || changed.stored(&HashMap::from([(PARTITION, before)]), at(seconds)))
    }

    /// What is reported of changes meanwhile.
    fn said(changed: &ChangedReadings, meanwhile: impl FnOnce()) -> Vec<(String, Vec<Kind>)> {
        let mut reports = changed.subscribe();
        meanwhile();
        let changes = match reports.try_recv() {
            Ok(Reported::Changed(changes)) => changes.to_vec(),
            _ => Vec::new(),
        };
        let mut changes: Vec<_> = changes
            .into_iter()
            .map(|one| (one.patient, one.kinds.into_iter().collect::<Vec<_>>()))
            .collect();
        changes.sort();
        changes
    }

    #[test]
    fn a_change_is_reported_when_the_store_has_it_and_no_sooner() {
        let changed = known();
        accept(&changed, "A/1", Kind::BloodGlucose, 0);
        assert!(reported(&changed, 0, 1).is_empty());
        assert_eq!(changed.waiting_since("A/1", at(3)), None, "on its way");
        assert_eq!(changed.waiting_since("A/1", at(4)), Some(at(0)));
        assert_eq!(reported(&changed, 1, 2), [("A/1".to_owned(), vec![Kind::BloodGlucose])]);
        assert_eq!(changed.waiting_since("A/1", at(9)), None);
        assert!(reported(&changed, 1, 3).is_empty());
    }

    #[test]
    fn changes_of_a_patient_are_reported_together_each_kind_once() {
        let changed = known();
        for (offset, kind) in
            [Kind::Activity, Kind::BloodPressure, Kind::Activity].iter().enumerate()
        {
            accept(&changed, "A/1", *kind, offset as i64);
        }
        accept(&changed, "B/1", Kind::Activity, 3);
        let kinds = vec![Kind::BloodPressure, Kind::Activity];
        let mut expected = [("A/1".to_owned(), kinds), ("B/1".to_owned(), vec![Kind::Activity])];
        expected[0].1.sort();
        assert_eq!(reported(&changed, 4, 4), expected);
        assert_eq!(changed.waiting(), (0, None));
    }

    #[test]
    fn readings_that_come_without_end_do_not_keep_back_what_is_stored() {
        let changed = known();
        let mut times_reported = 0;
        for offset in 0..60 {
            accept(&changed, "A/1", Kind::OxygenSaturation, offset);
            times_reported += reported(&changed, offset - 1, offset).len();
        }
        assert!(times_reported >= 20, "{times_reported}");
        let since = changed.waiting_since("A/1", at(90)).unwrap();
        assert!(since >= at(57), "{since}");
    }

    #[test]
    fn what_waits_for_long_is_reported_once_and_again_when_it_is_stored() {
        let changed = known();
        accept(&changed, "A/1", Kind::WeighingScale, 0);
        let expected = [("A/1".to_owned(), vec![Kind::WeighingScale])];
        assert!(reported(&changed, 0, 4).is_empty());
        assert_eq!(reported(&changed, 0, 5), expected);
        assert!(reported(&changed, 0, 600).is_empty());
        accept(&changed, "A/1", Kind::WeighingScale, 600);
        assert!(reported(&changed, 0, 605).is_empty());
        assert_eq!(changed.waiting(), (1, Some(at(0))));
        assert_eq!(reported(&changed, 1, 606), expected);
        assert_eq!(changed.waiting(), (1, Some(at(600))));
        assert_eq!(reported(&changed, 601, 607), expected);
    }

    #[test]
    fn the_longest_wait_of_some_patients_is_that_of_none_of_the_others() {
        let changed = known();
        for (patient, offset) in [("A/1", 5), ("B/1", 1), ("A/2", 3)] {
            accept(&changed, patient, Kind::Activity, offset);
        }
        let mine = ["A/1".to_owned(), "A/2".to_owned(), "A/3".to_owned()];
        assert_eq!(changed.waiting_since_of(&mine, at(60)), Some(at(3)));
        assert_eq!(changed.waiting_since_of(&mine[2..], at(60)), None);
    }

    #[test]
    fn where_nobody_says_what_the_store_has_a_change_is_reported_later_and_pages_say_so() {
        let changed = ChangedReadings::new(at(0));
        let later = |seconds| said(&changed, || changed.probably_stored(at(seconds)));
        let expected = [("A/1".to_owned(), vec![Kind::Activity])];
        for offset in [0, 4, 20] {
            accept(&changed, "A/1", Kind::Activity, offset);
        }
        assert!(later(4).is_empty());
        assert_eq!(later(5), expected);
        assert!(later(6).is_empty());
        assert!(later(24).is_empty());
        assert_eq!(later(25), expected);
        assert_eq!(changed.waiting(), (0, Some(at(0))));
        assert_eq!(changed.waiting_since("B/1", at(3)), None, "just started");
        assert_eq!(changed.waiting_since("B/1", at(4)), Some(at(0)));

        let mut reports = changed.subscribe();
        changed.known();
        assert!(matches!(reports.try_recv(), Ok(Reported::Anew)));
        assert_eq!(changed.waiting_since("B/1", at(60)), None);
        changed.known();
        assert!(reports.try_recv().is_err(), "that was known");
        changed.unknown(at(70));
        changed.unknown(at(80));
        assert_eq!(changed.waiting(), (0, Some(at(70))));
    }

    #[test]
    fn what_is_read_once_more_waits_for_the_newest_of_it_and_since_the_oldest() {
        let changed = known();
        for offset in [7, 2, 9, 3] {
            accept(&changed, "A/1", Kind::Activity, offset);
        }
        assert_eq!(changed.waiting(), (1, Some(at(2))));
        assert!(reported(&changed, 4, 4).is_empty());
        assert_eq!(reported(&changed, 8, 4), [("A/1".to_owned(), vec![Kind::Activity])]);
        assert_eq!(changed.waiting(), (1, Some(at(9))));
        assert_eq!(reported(&changed, 10, 5).len(), 1);
        assert_eq!(changed.waiting(), (0, None));
    }
}
