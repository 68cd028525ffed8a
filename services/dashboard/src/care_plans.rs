//! The patients' care plans, held in memory and kept current from the topic `care.plans`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use clinical::plan::Plan;
use schemas::CarePlan;
use schemas::clinical_plan::Faults;
use tokio::sync::watch;

use crate::reached::Reached;

static DEFAULT: LazyLock<Plan> = LazyLock::new(Plan::default);

/// A care plan as it was set, and what the rules make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldPlan {
    /// As it was set.
    pub record: CarePlan,
    /// What the rules work with; where they cannot, the defaults of the rule set hold.
    pub usable: Result<Plan, Faults>,
}

impl HeldPlan {
    /// A plan that was set.
    pub fn of(record: CarePlan) -> Self {
        Self { usable: record.validate(), record }
    }

    /// What the rules work with.
    pub fn plan(&self) -> &Plan {
        self.usable.as_ref().unwrap_or(&DEFAULT)
    }
}

/// The newest care plan of each patient who has one.
#[derive(Debug)]
pub struct CarePlans {
    plans: RwLock<HashMap<String, Arc<HeldPlan>>>,
    reached: Reached,
    caught_up: watch::Sender<bool>,
}

impl Default for CarePlans {
    fn default() -> Self {
        Self {
            plans: RwLock::default(),
            reached: Reached::default(),
            caught_up: watch::Sender::new(false),
        }
    }
}

impl CarePlans {
    /// A patient's newest plan; none where it was taken back.
    ///
    /// # Errors
    /// When no rule can work with the plan: the rule set's numbers hold then, for the rules as well.
    pub fn apply(&self, patient: String, plan: Option<CarePlan>) -> Result<(), Faults> {
        let held = plan.map(HeldPlan::of).map(Arc::new);
        let fault = held.as_ref().and_then(|held| held.usable.clone().err());
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        match held {
            Some(held) => plans.insert(patient, held),
            None => plans.remove(&patient),
        };
        fault.map_or(Ok(()), Err)
    }

    /// How far the topic has been applied.
    pub const fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the plans are complete.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// A patient's plan, if there is one.
    pub fn of(&self, patient: &str) -> Option<Arc<HeldPlan>> {
        self.plans.read().unwrap_or_else(PoisonError::into_inner).get(patient).cloned()
    }

    /// What the rules work with, before any rule set: the plan of those who have none where there is
    /// none.
    pub fn plan_of(&self, patient: &str) -> Plan {
        self.of(patient).map_or_else(Plan::default, |held| held.plan().clone())
    }
}

#[cfg(test)]
mod tests {
    use clinical::alert::Severity;
    use clinical::limit::Side;
    use clinical::rules;

    use super::*;

    const NAME: &str = "bp.severe_high.systolic";

    fn severe(plans: &CarePlans) -> f64 {
        let plan = plans.plan_of("HOME01/P1");
        let mut limits = rules::limits(&plan).filter(|limit| {
            limit.field_name() == "systolic"
                && limit.side == Side::AtOrAbove
                && limit.severity == Some(Severity::Urgent)
        });
        limits.next().expect("the rule has the limit").value
    }

    #[test]
    fn limits_follow_the_newest_care_plan_and_its_end() {
        let plans = CarePlans::default();
        let without = severe(&plans);
        let set = |patient: &str, value: f64| {
            let thresholds = [(NAME.to_owned(), value)].into();
            plans.apply(patient.to_owned(), Some(CarePlan { thresholds, ..CarePlan::default() }))
        };
        set("HOME01/P2", without - 20.0).unwrap();
        assert_eq!(severe(&plans), without);
        set("HOME01/P1", without - 20.0).unwrap();
        set("HOME01/P1", without - 10.0).unwrap();
        assert_eq!(severe(&plans), without - 10.0);
        // One that no rule can work with is not used at all, and is still the one that was set.
        assert!(set("HOME01/P1", 1e9).is_err());
        assert_eq!(severe(&plans), without);
        assert!(plans.of("HOME01/P1").is_some());
        plans.apply("HOME01/P1".to_owned(), None).unwrap();
        assert!(plans.of("HOME01/P1").is_none());
    }
}
