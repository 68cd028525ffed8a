//! What the rules of a patient work with: the patient's own care plan, or the plan that all patients of a
//! time zone share who have none.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use clinical::PatientId;
use clinical::local_time::{JAPAN, LocalTime};
use clinical::plan::Plan;
use clinical::rule_set::{Places, RuleSet};

use crate::lists::Lists;

/// What the rules of a patient work with. One pointer, which every reading asks for: most patients have
/// no plan, and what they share is near in memory.
pub(crate) struct EffectivePlan(Arc<Held>);

enum Held {
    /// The care plan of one patient, or what is left of one that was ended. Nobody else points to it.
    Own(Plan),
    /// That of who has none.
    Default(Plan),
}

impl EffectivePlan {
    pub(crate) fn own(plan: Plan) -> Self {
        Self(Arc::new(Held::Own(plan)))
    }

    fn default_of(plan: Plan) -> Self {
        Self(Arc::new(Held::Default(plan)))
    }

    /// Another patient's, of whom there is no care plan either.
    fn shared(&self) -> Self {
        Self(self.0.clone())
    }

    /// Whether the patient has a care plan, or had one that was ended.
    pub(crate) fn is_own(&self) -> bool {
        matches!(*self.0, Held::Own(_))
    }

    /// The patient's own plan, to be changed; none where they have none.
    pub(crate) fn own_mut(&mut self) -> Option<&mut Plan> {
        match Arc::get_mut(&mut self.0)? {
            Held::Own(plan) => Some(plan),
            Held::Default(_) => None,
        }
    }
}

impl Deref for EffectivePlan {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        let (Held::Own(plan) | Held::Default(plan)) = &*self.0;
        plan
    }
}

/// The plans of those who have none.
pub(crate) struct Defaults {
    /// Those of consortia whose zone is known: one for all of the same zone.
    by_consortium: BTreeMap<String, EffectivePlan>,
    /// That of all others.
    of_others: EffectivePlan,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            by_consortium: BTreeMap::new(),
            of_others: EffectivePlan::default_of(Plan::default()),
        }
    }
}

impl Defaults {
    /// By the rule set in force, and the lists.
    pub(crate) fn by(rule_set: Option<&Arc<RuleSet>>, lists: &Lists) -> Self {
        let plan_in = |local: &LocalTime| {
            let plan = Plan::default().under(rule_set.cloned()).trusting(lists.trusted.clone());
            EffectivePlan::default_of(plan.with_consortium_time(local.clone()))
        };
        let mut by_consortium = BTreeMap::<_, EffectivePlan>::new();
        for (consortium, local) in lists.consortia.iter() {
            let same = by_consortium.values().find(|known| known.local_time() == local);
            let plan = same.map_or_else(|| plan_in(local), EffectivePlan::shared);
            by_consortium.insert(consortium.to_owned(), plan);
        }
        Self { by_consortium, of_others: plan_in(&JAPAN) }
    }

    /// The places of the rules that the rule set in force switches off, for everybody.
    pub(crate) fn places_off(&self) -> Places {
        self.of_others.places_off()
    }

    /// What the rules of a patient work with who has no plan.
    pub(crate) fn of(&self, patient: &PatientId) -> EffectivePlan {
        self.known_of(patient).shared()
    }

    /// A patient's own plan by what the plan is by of those who have none.
    pub(crate) fn around(&self, patient: &PatientId, plan: Plan) -> Plan {
        let default = self.known_of(patient);
        plan.under(default.rule_set().cloned())
            .trusting(default.trusted().clone())
            .with_consortium_time(default.local_time().clone())
    }

    fn known_of(&self, patient: &PatientId) -> &EffectivePlan {
        self.by_consortium.get(patient.consortium()).unwrap_or(&self.of_others)
    }
}

#[cfg(test)]
mod tests {
    use clinical::local_time::ConsortiumTimes;

    use super::*;

    #[test]
    fn patients_without_a_plan_share_one_of_their_zone_and_nobody_changes_it() {
        let mut consortia = ConsortiumTimes::default();
        for (consortium, zone) in
            [("BER001", "Europe/Berlin"), ("HAM001", "Europe/Berlin"), ("CGM005", "Asia/Tokyo")]
        {
            consortia.set(consortium, LocalTime::of(zone));
        }
        let lists = Lists { consortia: Arc::new(consortia), ..Lists::default() };
        let defaults = Defaults::by(None, &lists);
        let of = |patient: &str| defaults.of(&PatientId::parse(patient).unwrap());
        let mut all = ["BER001/1", "BER001/2", "HAM001/1", "CGM005/1", "ANY001/1"].map(of);
        let zones = all.each_ref().map(|plan| plan.local_time().name().to_owned());
        let (berlin, tokyo) = ("Europe/Berlin", "Asia/Tokyo");
        assert_eq!(zones, [berlin, berlin, berlin, tokyo, tokyo]);
        let [first, rest @ ..] = &all;
        assert_eq!(rest.each_ref().map(|plan| Arc::ptr_eq(&plan.0, &first.0))[..2], [true, true]);
        assert!(!all.iter().any(EffectivePlan::is_own));
        drop(defaults);
        assert!(all.iter_mut().all(|plan| plan.own_mut().is_none()));
    }
}
