//! What a care plan changes for one patient: numbers of the rules, and which readings are expected.

use std::sync::Arc;

use crate::local_time::{JAPAN, LocalTime};
use crate::parameter::Parameter;
use crate::rule_set::RuleSet;
use crate::rules;
use crate::schedule::{InvalidSchedule, Schedule};

/// What a patient's rules work with: what the care plan says of a parameter, or else the rule set in
/// force, or else the parameter's default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The care plan's version; 0 where the patient has no plan.
    pub version: i32,
    /// Values by the full name of their parameter, each in its parameter's range.
    overrides: Vec<(&'static str, f64)>,
    /// Which readings are expected; none where the plan expects nothing.
    pub schedule: Option<Box<Schedule>>,
    /// The rule set in force; none where the built-in one is.
    rule_set: Option<Arc<RuleSet>>,
}

/// A plan that asks for what no rule can work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidPlan {
    /// No rule has a parameter of this name.
    #[error("no rule has a threshold named {0}")]
    UnknownParameter(String),
    /// The number is outside what the rule can work with.
    #[error("{name} must be between {low} and {high}")]
    OutOfRange {
        /// The parameter's name.
        name: &'static str,
        /// Smallest value allowed.
        low: f64,
        /// Greatest value allowed.
        high: f64,
    },
    /// The schedule cannot be kept.
    #[error(transparent)]
    Schedule(#[from] InvalidSchedule),
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
            let parameter = parameters
                .clone()
                .find(|parameter| parameter.is_named(name))
                .ok_or_else(|| InvalidPlan::UnknownParameter(name.to_owned()))?;
            let Parameter { name: full_name, low, high, .. } = *parameter;
            if !(low..=high).contains(&value) {
                return Err(InvalidPlan::OutOfRange { name: full_name, low, high });
            }
            let value = parameter.rounded(value);
            // The parameter's present name wins over a former one, whichever comes first.
            match valid.iter_mut().find(|(known, _)| *known == full_name) {
                Some(known) if name == full_name => known.1 = value,
                Some(_) => {}
                None => valid.push((full_name, value)),
            }
        }
        Ok(Self { version, overrides: valid, schedule: None, rule_set: None })
    }

    /// The plan with a schedule.
    pub fn with_schedule(self, schedule: Schedule) -> Self {
        Self { schedule: Some(Box::new(schedule)), ..self }
    }

    /// The plan under the rule set that is in force; none where the built-in one is.
    pub fn under(self, rule_set: Option<Arc<RuleSet>>) -> Self {
        Self { rule_set, ..self }
    }

    /// The name of the rule set in force.
    pub fn rule_set_name(&self) -> &str {
        self.rule_set.as_ref().map_or(rules::RULE_SET, |set| set.name())
    }

    /// Whether the rule set in force switches a rule off.
    pub(crate) fn switches_off(&self, rule: &str) -> bool {
        self.rule_set.as_ref().is_some_and(|set| set.is_off(rule))
    }

    /// The patient's local time: that of the schedule, or Japan's where the plan has none.
    pub fn local_time(&self) -> &LocalTime {
        self.schedule.as_ref().map_or(&JAPAN, |one| one.local_time())
    }

    /// The value of a parameter for the patient.
    pub fn value(&self, parameter: &Parameter) -> f64 {
        let of_the_set = || self.rule_set.as_ref().and_then(|set| set.given(parameter));
        self.given(parameter).or_else(of_the_set).unwrap_or(parameter.default)
    }

    /// The value that the care plan gives a parameter, if it does.
    pub fn given(&self, parameter: &Parameter) -> Option<f64> {
        let of_parameter = |(name, _): &&(&'static str, f64)| *name == parameter.name;
        self.overrides.iter().find(of_parameter).map(|(_, value)| *value)
    }
}
