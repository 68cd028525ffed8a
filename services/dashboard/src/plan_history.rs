//! Every version that a patient's care plan had, kept current from the topic `care.events`, which keeps
//! them for five years. The topic `care.plans` keeps the newest only.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use schemas::CarePlan;
use tokio::sync::watch;

type Versions = BTreeMap<i32, Arc<CarePlan>>;

/// The versions of each patient's plan.
#[derive(Debug)]
pub struct PlanHistory {
    versions: RwLock<HashMap<String, Versions>>,
    caught_up: watch::Sender<bool>,
}

impl Default for PlanHistory {
    fn default() -> Self {
        Self { versions: RwLock::default(), caught_up: watch::Sender::new(false) }
    }
}

impl PlanHistory {
    /// A version of a patient's plan. The same one again changes nothing.
    pub fn apply(&self, patient: String, plan: CarePlan) {
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        versions.entry(patient).or_default().insert(plan.version, Arc::new(plan));
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the versions are complete.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// A patient's versions, newest first.
    pub fn of(&self, patient: &str) -> Vec<Arc<CarePlan>> {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        let versions = versions.get(patient).into_iter().flat_map(|known| known.values().rev());
        versions.cloned().collect()
    }
}
