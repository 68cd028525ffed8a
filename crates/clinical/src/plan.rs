//! What a care plan changes for one patient: numbers of the rules, and which readings are expected.

use std::sync::Arc;

use crate::built_in::RULE_SET;
use crate::held_back::HeldBack;
use crate::local_time::LocalTime;
use crate::parameter::Parameter;
use crate::pause::Pause;
use crate::programmes::{Programme, ProgrammeValue};
use crate::quiet_hours::QuietHours;
use crate::reliability::{Trust, TrustedProducts};
use crate::rule_set::{GivenValue, Places, RuleSet};
use crate::sample::Sample;
use crate::schedule::Schedule;
use crate::time::Timestamp;

pub use crate::invalid_plan::InvalidPlan;

/// What a patient's rules work with: what the care plan says of a parameter, or else its programme, or
/// else the rule set in force, or else the parameter's default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The care plan's version; 0 where the patient has no plan.
    pub version: i32,
    /// When the care plan was set, by the clock of who set it, or ended.
    pub set_at: Timestamp,
    /// Values by the full name of their parameter, each in its parameter's range.
    overrides: Vec<(&'static str, f64)>,
    /// The parameters that the patient's condition asks for, as far as they are not overridden.
    programme: Option<&'static Programme>,
    /// Which readings are expected; none where the plan expects nothing.
    pub schedule: Option<Box<Schedule>>,
    /// When nothing is expected.
    pub pauses: Vec<Pause>,
    /// When alerts that readings are missing are held back, because a whole group of patients was silent.
    /// No plan says so: whoever sees all patients does.
    pub held_back: Vec<HeldBack>,
    /// When nobody is called for a review.
    pub quiet_hours: Option<QuietHours>,
    /// The rule set in force; none where the built-in one is.
    rule_set: Option<Arc<RuleSet>>,
    /// What the rule set gives and does not count for this plan, because both together make no sense.
    left_out: &'static [&'static Parameter],
    /// How far products are trusted.
    trusted: Arc<TrustedProducts>,
    /// By which local time the patient's consortium lives.
    consortium_time: LocalTime,
}

/// Where a parameter's value comes from, what counts before all others first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The care plan names it.
    Plan,
    /// The care plan's programme does.
    Programme,
    /// The rule set in force does.
    RuleSet,
    /// Nobody does: the parameter's default.
    Default,
}

/// The value that a parameter has for a patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effective<'p> {
    /// The value, in the parameter's unit.
    pub value: f64,
    /// Where it comes from.
    pub origin: Origin,
    /// Which text, guideline or person gives it; none of a value that the plan itself names.
    pub source: Option<&'p str>,
}

impl Plan {
    /// A plan that gives some of the parameters other values than their defaults.
    ///
    /// # Errors
    /// When a name is not a parameter's or a value is out of its parameter's range.
    pub fn with_overrides<'a>(
        version: i32,
        parameters: impl Iterator<Item = &'static Parameter> + Clone,
        overrides: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<Self, InvalidPlan> {
        let mut valid: Vec<(&'static str, f64)> = Vec::new();
        for (name, value) in overrides {
            let (parameter, value) = override_of(parameters.clone(), name, value)?;
            let full_name = parameter.name;
            // The parameter's present name wins over a former one, whichever comes first.
            match valid.iter_mut().find(|(known, _)| *known == full_name) {
                Some(known) if name == full_name => known.1 = value,
                Some(_) => {}
                None => valid.push((full_name, value)),
            }
        }
        Ok(Self { version, overrides: valid, ..Self::default() })
    }

    /// What is left of a plan that was ended: since when there is none.
    pub fn ended(at: Timestamp) -> Self {
        Self { set_at: at, ..Self::default() }
    }

    /// Whether it is what is left of a plan that was ended.
    pub fn is_ended(&self) -> bool {
        let asks_for_nothing = self.overrides.is_empty() && self.programme.is_none();
        self.version == 0 && asks_for_nothing && self.schedule.is_none()
    }

    /// The plan with a schedule.
    pub fn with_schedule(self, schedule: Schedule) -> Self {
        Self { schedule: Some(Box::new(schedule)), ..self }
    }

    /// The plan with a programme.
    pub fn with_programme(self, programme: &'static Programme) -> Self {
        Self { programme: Some(programme), ..self }
    }

    /// The programme, if the plan names one.
    pub fn programme(&self) -> Option<&'static Programme> {
        self.programme
    }

    /// Whether some pause of the plan covers a local day.
    pub fn is_paused(&self, day: jiff::civil::Date) -> bool {
        self.pauses.iter().any(|pause| pause.covers(day))
    }

    /// The plan under a rule set, of which some parameters do not count: see `Plan::under`, which knows
    /// which.
    pub(crate) fn under_all_of(
        self,
        rule_set: Option<Arc<RuleSet>>,
        but: &'static [&'static Parameter],
    ) -> Self {
        Self { rule_set, left_out: but, ..self }
    }

    /// The parameters of the rule set in force that do not count for this plan.
    pub(crate) fn left_out(&self) -> &'static [&'static Parameter] {
        self.left_out
    }

    /// The plan by a list of devices, which says how far products are trusted.
    pub fn trusting(self, trusted: Arc<TrustedProducts>) -> Self {
        Self { trusted, ..self }
    }

    /// How far products are trusted.
    pub fn trusted(&self) -> &Arc<TrustedProducts> {
        &self.trusted
    }

    /// How far the product is trusted that measured a reading; none where nobody has judged it. The sample
    /// must be of a kind whose rules ask for products.
    pub fn trust_of(&self, sample: Sample) -> Option<Trust> {
        self.trusted.trust_of(sample.product()?)
    }

    /// The plan of a patient whose consortium lives by a local time, which counts where the plan itself
    /// names no zone.
    pub fn with_consortium_time(self, local: LocalTime) -> Self {
        Self { consortium_time: local, ..self }
    }

    /// The rule set in force; none where the built-in one is.
    pub fn rule_set(&self) -> Option<&Arc<RuleSet>> {
        self.rule_set.as_ref()
    }

    /// The name of the rule set in force.
    pub fn rule_set_name(&self) -> &str {
        self.rule_set.as_ref().map_or(RULE_SET, |set| set.name())
    }

    /// From when on the numbers count, as far as is known: since the care plan was set and the rule set
    /// came into force.
    pub(crate) fn counts_from(&self) -> Timestamp {
        let of_rule_set = self.rule_set.as_ref().map(|set| set.effective_from());
        of_rule_set.map_or(self.set_at, |from| from.max(self.set_at))
    }

    /// Whether the rule set in force switches a rule off.
    pub(crate) fn switches_off(&self, rule: &str) -> bool {
        self.rule_set.as_ref().is_some_and(|set| set.is_off(rule))
    }

    /// The places in [`crate::rules::all`] of the rules that the rule set in force switches off.
    pub fn places_off(&self) -> Places {
        self.rule_set.as_ref().map(|set| set.places_off()).unwrap_or_default()
    }

    /// The patient's local time, by which days, mornings and evenings are: that of the schedule,
    /// otherwise the consortium's, which is Japan's where nobody names it.
    pub fn local_time(&self) -> &LocalTime {
        self.local_time_beside(&self.consortium_time)
    }

    /// The same with the consortium's local time from elsewhere: of a plan that does not know it.
    pub fn local_time_beside<'a>(&'a self, consortium: &'a LocalTime) -> &'a LocalTime {
        self.schedule.as_ref().map_or(consortium, |one| one.local_time())
    }

    /// The value of a parameter for the patient.
    pub fn value(&self, parameter: &Parameter) -> f64 {
        let of_the_set = || Some(self.of_rule_set(parameter)?.value);
        let given =
            self.overridden(parameter).or_else(|| Some(self.of_programme(parameter)?.value));
        given.or_else(of_the_set).unwrap_or(parameter.default)
    }

    /// The value that the care plan, its programme or the rule set in force gives a parameter; none
    /// where it is the default.
    pub fn given(&self, parameter: &Parameter) -> Option<f64> {
        let Effective { value, origin, .. } = self.effective(parameter);
        (origin != Origin::Default).then_some(value)
    }

    /// The same of a limit for clearing. It does not count where the limit for raising is given by what
    /// counts before it: the plan moves the limit for raising of a rule set, which knew nothing of that
    /// when it named the one for clearing.
    pub fn clearing(&self, clear: &Parameter, raise: &Parameter) -> Option<f64> {
        let origin = |parameter| self.effective(parameter).origin;
        self.given(clear).filter(|_| origin(clear) <= origin(raise))
    }

    /// The value of a parameter for the patient, and where it comes from.
    pub fn effective(&self, parameter: &Parameter) -> Effective<'_> {
        if let Some(value) = self.overridden(parameter) {
            return Effective { value, origin: Origin::Plan, source: None };
        }
        let of_both = (self.of_programme(parameter), self.of_rule_set(parameter));
        let (value, origin, source) = match of_both {
            (Some(given), _) => (given.value, Origin::Programme, given.source),
            (None, Some(given)) => (given.value, Origin::RuleSet, given.source.as_str()),
            (None, None) => (parameter.default, Origin::Default, parameter.source),
        };
        Effective { value, origin, source: Some(source) }
    }

    fn overridden(&self, parameter: &Parameter) -> Option<f64> {
        let of_parameter = |(name, _): &&(&'static str, f64)| *name == parameter.name;
        self.overrides.iter().find(of_parameter).map(|(_, value)| *value)
    }

    fn of_programme(&self, parameter: &Parameter) -> Option<&'static ProgrammeValue> {
        self.programme?.values.iter().find(|given| given.parameter == parameter.name)
    }

    fn of_rule_set(&self, parameter: &Parameter) -> Option<&GivenValue> {
        let is_left_out = self.left_out.iter().any(|one| one.name == parameter.name);
        self.rule_set.as_ref().filter(|_| !is_left_out)?.given(parameter)
    }
}

/// What a care plan means by a name and a value: the parameter, and the value as the rule works with
/// it.
///
/// # Errors
/// When the name is not a parameter's or the value is out of its range.
pub fn override_of(
    mut parameters: impl Iterator<Item = &'static Parameter>,
    name: &str,
    value: f64,
) -> Result<(&'static Parameter, f64), InvalidPlan> {
    let parameter = parameters
        .find(|parameter| parameter.is_named(name))
        .ok_or_else(|| InvalidPlan::UnknownParameter(name.to_owned()))?;
    let Parameter { name, low, high, .. } = *parameter;
    if !(low..=high).contains(&value) {
        return Err(InvalidPlan::OutOfRange { name, low, high });
    }
    Ok((parameter, parameter.rounded(value)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_patient_lives_by_the_zone_of_the_schedule_else_the_consortiums_else_japans() {
        let [berlin, tokyo] =
            ["Europe/Berlin", "Asia/Tokyo"].map(|zone| LocalTime::of(zone).unwrap());
        let name = |plan: &Plan| plan.local_time().name().to_owned();
        let plan = Plan::default();
        assert_eq!(name(&plan), "Asia/Tokyo");
        assert_eq!(plan.local_time_beside(&berlin).name(), "Europe/Berlin");
        let plan = plan.with_consortium_time(berlin);
        assert_eq!(name(&plan), "Europe/Berlin");
        let schedule = Schedule::new("America/Los_Angeles", date(2026, 5, 28), vec![]).unwrap();
        let plan = plan.with_schedule(schedule);
        assert_eq!(name(&plan), "America/Los_Angeles");
        assert_eq!(plan.local_time_beside(&tokyo).name(), "America/Los_Angeles");
    }
}
