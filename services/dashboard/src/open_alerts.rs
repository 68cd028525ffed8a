//! The open alerts, held in memory and kept current from the topic `alerts`; not from ClickHouse,
//! so that they arrive whatever happens to it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};

use crate::model::Alert;

/// Transitions that a subscriber may fall behind before it has to begin again.
const BACKLOG: usize = 1024;

/// Alerts that were closed last are remembered, because the store may still have them as open.
const CLOSED: usize = 4096;

/// The open alerts and their subscribers.
#[derive(Debug)]
pub struct OpenAlerts {
    open: Mutex<Open>,
    transitions: broadcast::Sender<Arc<Alert>>,
    caught_up: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Open {
    by_id: HashMap<String, Arc<Alert>>,
    /// Ids by patient.
    of_patient: HashMap<String, BTreeSet<String>>,
    /// Those closed last, the newest at the end.
    closed: VecDeque<Arc<Alert>>,
}

impl Default for OpenAlerts {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            transitions: broadcast::Sender::new(BACKLOG),
            caught_up: watch::Sender::new(false),
        }
    }
}

impl OpenAlerts {
    /// Applies the newest event of an alert and notifies the subscribers.
    pub fn apply(&self, mut alert: Alert) {
        let mut open = self.lock();
        if let Some(known) = open.by_id.get(&alert.id) {
            alert.remember(known);
        }
        let alert = Arc::new(alert);
        open.apply(&alert);
        // Sent under the lock, so that a snapshot and what follows it never overlap or gape.
        // No subscriber is no error.
        let _ = self.transitions.send(alert);
    }

    /// An alert whose record was taken back.
    pub fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the alerts are complete.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// How many alerts are open.
    pub fn count(&self) -> usize {
        self.lock().by_id.len()
    }

    /// How many alerts are open of patients of whom something holds.
    pub fn count_of(&self, holds: impl Fn(&str) -> bool) -> usize {
        let open = self.lock();
        let patients = open.of_patient.iter().filter(|(patient, _)| holds(patient));
        patients.map(|(_, ids)| ids.len()).sum()
    }

    /// The open alerts of a patient, worst first.
    pub fn of_patient(&self, patient: &str) -> Vec<Arc<Alert>> {
        let mut alerts = self.lock().of_patient(patient);
        alerts.sort_by(|a, b| a.worst_first(b));
        alerts
    }

    /// What is newest of a patient: the alerts closed last, then the open ones.
    pub fn newest_of_patient(&self, patient: &str) -> Vec<Arc<Alert>> {
        let open = self.lock();
        let closed = open.closed.iter().filter(|alert| alert.patient == patient).cloned();
        closed.chain(open.of_patient(patient)).collect()
    }

    /// The open alerts of patients, worst first.
    pub fn of_patients<'p>(
        &self,
        patients: impl IntoIterator<Item = &'p String>,
    ) -> Vec<Arc<Alert>> {
        self.lock().of_patients(patients)
    }

    /// The open alerts of patients, and every transition of every patient from then on, without a
    /// gap: what comes is to be filtered.
    pub fn subscribe<'p>(
        &self,
        patients: impl IntoIterator<Item = &'p String>,
    ) -> (Vec<Arc<Alert>>, broadcast::Receiver<Arc<Alert>>) {
        let open = self.lock();
        (open.of_patients(patients), self.transitions.subscribe())
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn apply(&mut self, alert: &Arc<Alert>) {
        if alert.is_open() {
            self.of_patient.entry(alert.patient.clone()).or_default().insert(alert.id.clone());
            self.by_id.insert(alert.id.clone(), Arc::clone(alert));
        } else {
            self.remove(&alert.id);
            if self.closed.len() == CLOSED {
                self.closed.pop_front();
            }
            self.closed.push_back(Arc::clone(alert));
        }
    }

    fn remove(&mut self, id: &str) {
        let Some(alert) = self.by_id.remove(id) else { return };
        if let Some(ids) = self.of_patient.get_mut(&alert.patient) {
            ids.remove(id);
            if ids.is_empty() {
                self.of_patient.remove(&alert.patient);
            }
        }
    }

    fn of_patient(&self, patient: &str) -> Vec<Arc<Alert>> {
        let ids = self.of_patient.get(patient).into_iter().flatten();
        ids.filter_map(|id| self.by_id.get(id).cloned()).collect()
    }

    fn of_patients<'p>(&self, patients: impl IntoIterator<Item = &'p String>) -> Vec<Arc<Alert>> {
        let mut alerts: Vec<_> =
            patients.into_iter().flat_map(|patient| self.of_patient(patient)).collect();
        alerts.sort_by(|a, b| a.worst_first(b));
        alerts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::tests::event;

    fn alert(id: &str, patient: &str, severity: &str, status: &str) -> Alert {
        Alert::try_from(event(id, patient, severity, status)).unwrap()
    }

    fn ids(alerts: &[Arc<Alert>]) -> Vec<&str> {
        alerts.iter().map(|alert| alert.id.as_str()).collect()
    }

    #[test]
    fn an_alert_is_open_until_its_newest_event_says_otherwise() {
        let alerts = OpenAlerts::default();
        alerts.apply(alert("a", "A/1", "review", "open"));
        alerts.apply(alert("a", "A/1", "urgent", "open"));
        alerts.apply(alert("b", "A/1", "review", "open"));
        assert_eq!(ids(&alerts.of_patient("A/1")), ["a", "b"]);
        alerts.apply(alert("a", "A/1", "urgent", "resolved"));
        assert_eq!(ids(&alerts.of_patient("A/1")), ["b"]);
        alerts.forget("b");
        alerts.forget("b");
        assert_eq!(alerts.count(), 0);
        assert!(alerts.of_patient("A/1").is_empty());
    }

    #[test]
    fn evidence_that_was_ahead_when_it_was_told_is_so_after_its_time_has_come() {
        let alerts = OpenAlerts::default();
        let changed_after = |millis: i64, systolic: f64| {
            let mut event = event("a", "A/1", "urgent", "open");
            let evidence = &mut event.evidence[0];
            evidence.observed_at = event.raised_at + 40 * 60_000;
            evidence.values.insert("systolic".to_owned(), systolic);
            event.last_observed_at = evidence.observed_at;
            event.changed_at = event.raised_at + millis;
            alerts.apply(Alert::try_from(event).unwrap());
            alerts.of_patient("A/1")[0].evidence[0].observed_ahead
        };
        assert!(changed_after(0, 191.0));
        assert!(changed_after(60 * 60_000, 191.0));
        assert!(!changed_after(61 * 60_000, 188.0), "another version of it came in time");
        assert!(!changed_after(62 * 60_000, 191.0));
    }

    #[test]
    fn what_was_closed_last_is_known_besides_what_is_open() {
        let alerts = OpenAlerts::default();
        alerts.apply(alert("a", "A/1", "review", "open"));
        alerts.apply(alert("a", "A/1", "review", "retracted"));
        alerts.apply(alert("b", "A/1", "review", "open"));
        alerts.apply(alert("c", "B/1", "review", "resolved"));
        assert_eq!(ids(&alerts.newest_of_patient("A/1")), ["a", "b"]);
        for number in 0..CLOSED {
            alerts.apply(alert(&number.to_string(), "B/1", "review", "resolved"));
        }
        assert_eq!(ids(&alerts.newest_of_patient("A/1")), ["b"]);
    }

    #[test]
    fn only_the_alerts_of_the_patients_asked_for_are_given() {
        let alerts = OpenAlerts::default();
        alerts.apply(alert("a", "A/1", "review", "open"));
        alerts.apply(alert("b", "A/2", "urgent", "open"));
        alerts.apply(alert("c", "A/3", "urgent", "open"));
        let mine = ["A/1".to_owned(), "A/2".to_owned()];
        assert_eq!(ids(&alerts.of_patients(&mine)), ["b", "a"]);
    }

    #[test]
    fn open_alerts_of_patients_whom_nobody_follows_are_counted() {
        let alerts = OpenAlerts::default();
        alerts.apply(alert("a", "A/1", "review", "open"));
        alerts.apply(alert("b", "A/2", "urgent", "open"));
        alerts.apply(alert("c", "A/2", "urgent", "open"));
        assert_eq!(alerts.count_of(|patient| patient == "A/2"), 2);
        assert_eq!(alerts.count_of(|_| false), 0);
    }

    #[test]
    fn a_snapshot_and_what_follows_it_neither_overlap_nor_gape() {
        let alerts = OpenAlerts::default();
        let mine = ["A/1".to_owned()];
        alerts.apply(alert("before", "A/1", "review", "open"));
        let (snapshot, mut transitions) = alerts.subscribe(&mine);
        alerts.apply(alert("after", "A/1", "review", "open"));
        assert_eq!(ids(&snapshot), ["before"]);
        assert_eq!(transitions.try_recv().unwrap().id, "after");
        assert!(transitions.try_recv().is_err());
    }
}
