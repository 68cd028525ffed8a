//! What people did about alerts, held in memory and kept current from the topics `alerts` and
//! `care.events`; not from ClickHouse, so that acting on alerts works whatever happens to it.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use clinical::care::{Act, Applied, CareLog, CareState};
use clinical::{PatientId, Timestamp};
use schemas::AlertEvent;
use schemas::clinical_alert::NotAnAlert;
use tokio::sync::{broadcast, watch};

use crate::reached::Reached;

/// Changes that a subscriber may fall behind before it has to begin again.
const BACKLOG: usize = 1024;

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CareChange {
    /// Somebody did something about an alert of a patient.
    Act {
        /// Which alert.
        alert: Arc<str>,
        /// Whose.
        patient: Arc<str>,
    },
    /// What people did is complete now: all of it is to be looked at.
    Anew,
}

/// The care states of alerts and their subscribers.
#[derive(Debug)]
pub struct CareStates {
    log: RwLock<CareLog>,
    changes: broadcast::Sender<CareChange>,
    reached: Reached,
    caught_up: watch::Sender<bool>,
}

impl Default for CareStates {
    fn default() -> Self {
        Self {
            log: RwLock::default(),
            changes: broadcast::Sender::new(BACKLOG),
            reached: Reached::default(),
            caught_up: watch::Sender::new(false),
        }
    }
}

impl CareStates {
    /// Applies an event of an alert. It informs nobody: whoever follows alerts learns of it anyway.
    ///
    /// # Errors
    /// When the event says what no alert can say.
    pub fn apply_alert(&self, event: &AlertEvent) -> Result<(), NotAnAlert> {
        let news = event.news()?;
        // One of no patient is nobody's, and nobody is asked to act on it.
        if let Ok(patient) = PatientId::parse(&event.patient) {
            self.write().apply_alert(&event.alert_id, &patient, news);
        }
        Ok(())
    }

    /// An alert whose record was taken back.
    pub fn forget_alert(&self, alert: &str) {
        self.write().forget_alert(alert);
    }

    /// Applies an act and tells the subscribers.
    pub fn apply_act(&self, act: Act) {
        let (alert, patient) = (act.alert.as_str().into(), act.patient.as_str().into());
        let applied = self.write().apply_act(act);
        if applied == Applied::New && self.is_caught_up() {
            // No subscriber is no error.
            let _ = self.changes.send(CareChange::Act { alert, patient });
        }
    }

    /// How far the topic of acts has been applied.
    pub const fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
        let _ = self.changes.send(CareChange::Anew);
    }

    /// Whether the acts are complete. Until then no alert is said to be seen to, nor not to be.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// Every change from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<CareChange> {
        self.changes.subscribe()
    }

    /// Whose an alert is.
    pub fn patient_of(&self, alert: &str) -> Option<PatientId> {
        self.read(|log| log.patient_of(alert).cloned())
    }

    /// What was done about an alert, and its [extent](CareLog::extent); none of one that is not known, or
    /// while the acts are still read.
    pub fn of(&self, alert: &str) -> Option<(CareState, (Timestamp, usize))> {
        let of = self.read(|log| log.state(alert).zip(log.extent(alert)));
        of.filter(|_| self.is_caught_up())
    }

    /// Looks at all of it.
    pub fn read<T>(&self, look: impl FnOnce(&CareLog) -> T) -> T {
        look(&self.log.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self) -> RwLockWriteGuard<'_, CareLog> {
        self.log.write().unwrap_or_else(PoisonError::into_inner)
    }
}
