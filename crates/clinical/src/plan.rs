//! What a care plan changes for one patient: numbers of the rules, and which readings are expected.

use crate::local_time::{JAPAN, LocalTime};
use crate::parameter::Parameter;
use crate::schedule::{InvalidSchedule, Schedule};

/// What a patient's rules work with: each parameter's default, unless the care plan says otherwise.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The care plan's version; 0 where the patient has no plan.
    pub version: i32,
    /// Values by the full name of their parameter, each in its parameter's range.
    overrides: Vec<(&'static str, f64)>,
    /// Which readings are expected; none where the plan expects nothing.
    pub schedule: Option<Box<Schedule>>,
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
        Ok(Self { version, overrides: valid, schedule: None })
    }

    /// The plan with a schedule.
    pub fn with_schedule(self, schedule: Schedule) -> Self {
        Self { schedule: Some(Box::new(schedule)), ..self }
    }

    /// The patient's local time: that of the schedule, or Japan's where the plan has none.
    pub fn local_time(&self) -> &LocalTime {
        self.schedule.as_ref().map_or(&JAPAN, |one| one.local_time())
    }

    /// The value of a parameter for the patient.
    pub fn value(&self, parameter: &Parameter) -> f64 {
        self.given(parameter).unwrap_or(parameter.default)
    }

    /// The value that the care plan gives a parameter, if it does.
    pub fn given(&self, parameter: &Parameter) -> Option<f64> {
        let of_parameter = |(name, _): &&(&'static str, f64)| *name == parameter.name;
        self.overrides.iter().find(of_parameter).map(|(_, value)| *value)
    }
}
