//! The patients' care plans, held in memory and kept current from the topic `care.plans`.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use clinical::plan::Plan;
use tokio::sync::watch;

/// The newest care plan of each patient who has one.
#[derive(Debug)]
pub struct CarePlans {
    plans: RwLock<HashMap<String, Plan>>,
    caught_up: watch::Sender<bool>,
}

impl Default for CarePlans {
    fn default() -> Self {
        Self { plans: RwLock::default(), caught_up: watch::Sender::new(false) }
    }
}

impl CarePlans {
    /// A patient's newest plan; none where it was taken back, or where no rule can work with it:
    /// the rule set's numbers hold then, for the rules as well.
    pub fn apply(&self, patient: String, plan: Option<Plan>) {
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        match plan {
            Some(plan) => plans.insert(patient, plan),
            None => plans.remove(&patient),
        };
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the plans are complete.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// A patient's plan; the one of those who have none where there is none.
    pub fn plan_of(&self, patient: &str) -> Plan {
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
        plans.get(patient).cloned().unwrap_or_default()
    }

    /// The time zone by which a patient's days are counted; none where the plan counts none.
    pub fn time_zone(&self, patient: &str) -> Option<String> {
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
        let schedule = plans.get(patient)?.schedule.as_ref()?;
        schedule.time_zone().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use clinical::rules;

    use super::*;

    fn severe(plans: &CarePlans) -> f64 {
        let plan = plans.plan_of("HOME01/P1");
        let mut limits = rules::limits(&plan);
        limits.find(|limit| limit.severity.is_some()).expect("a rule has limits").value
    }

    #[test]
    fn days_are_counted_in_the_zone_of_the_schedule() {
        let plans = CarePlans::default();
        assert_eq!(plans.time_zone("EUR01/P1"), None);
        let start = jiff::civil::date(2026, 6, 1);
        let schedule = clinical::schedule::Schedule::new("Europe/Berlin", start, Vec::new());
        let schedule = schedule.ok().map(Box::new);
        let mut plan = Plan::default();
        plan.schedule = schedule;
        plans.apply("EUR01/P1".to_owned(), Some(plan));
        assert_eq!(plans.time_zone("EUR01/P1").as_deref(), Some("Europe/Berlin"));
    }

    #[test]
    fn limits_follow_the_newest_care_plan_and_its_end() {
        let plans = CarePlans::default();
        let without = severe(&plans);
        let name = rules::parameters().next().expect("rules have parameters").name;
        let plan = |value| Some(rules::plan(1, [(name, value)]).expect("in range"));
        plans.apply("HOME01/P2".to_owned(), plan(without - 20.0));
        assert_eq!(severe(&plans), without);
        plans.apply("HOME01/P1".to_owned(), plan(without - 20.0));
        plans.apply("HOME01/P1".to_owned(), plan(without - 10.0));
        assert_eq!(severe(&plans), without - 10.0);
        plans.apply("HOME01/P1".to_owned(), None);
        assert_eq!(severe(&plans), without);
    }
}
