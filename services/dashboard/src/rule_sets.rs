//! The rule sets, held in memory and kept current from the topic `rule.sets`.

use std::sync::{Arc, PoisonError, RwLock};

use clinical::Timestamp;
use clinical::rule_set::{RuleSet, RuleSets};
use tokio::sync::watch;

/// The rule sets of the deployment.
#[derive(Debug)]
pub struct KnownRuleSets {
    sets: RwLock<RuleSets>,
    caught_up: watch::Sender<bool>,
}

impl Default for KnownRuleSets {
    fn default() -> Self {
        Self { sets: RwLock::default(), caught_up: watch::Sender::new(false) }
    }
}

impl KnownRuleSets {
    /// A rule set; none where the one of this name is withdrawn.
    pub fn apply(&self, name: &str, set: Option<RuleSet>) {
        let mut sets = self.sets.write().unwrap_or_else(PoisonError::into_inner);
        match set {
            Some(set) => sets.apply(set),
            None => sets.withdraw(name),
        }
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the rule sets are complete.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// The one in force at a time; none where the built-in one is.
    pub fn in_force(&self, at: Timestamp) -> Option<Arc<RuleSet>> {
        self.sets.read().unwrap_or_else(PoisonError::into_inner).in_force(at).cloned()
    }

    /// That one, and those that come into force later.
    pub fn from(&self, at: Timestamp) -> Vec<Arc<RuleSet>> {
        let sets = self.sets.read().unwrap_or_else(PoisonError::into_inner);
        sets.in_force(at).into_iter().chain(sets.after(at)).cloned().collect()
    }
}
