//! The numbers that a rule works with and that a care plan may change.

use crate::kinds::Label;

/// A number that a rule works with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// The name in care plans and alerts: the rule's name, a point, and what the number is.
    pub name: &'static str,
    /// Names that the parameter had earlier: care plans that use them stay valid.
    pub former_names: &'static [&'static str],
    /// What the number is, for people.
    pub label: Label,
    /// UCUM unit; empty for a count.
    pub unit: &'static str,
    /// The value where a care plan says nothing.
    pub default: f64,
    /// Smallest value that a care plan may set.
    pub low: f64,
    /// Greatest value that a care plan may set.
    pub high: f64,
    /// Decimals that a care plan's value is rounded to: those that the rule works with, so that
    /// what a reading was judged against is what the plan says.
    pub decimals: u8,
    /// Where the default comes from. 'Recalled' where the source was not read, 'ours' where there
    /// is none.
    pub source: &'static str,
}

impl Parameter {
    /// The part of the name after the rule's name: the name that alerts use.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// A value as the rule works with it.
    pub fn rounded(&self, value: f64) -> f64 {
        let scale = 10_f64.powi(self.decimals.into());
        (value * scale).round() / scale
    }

    /// Whether a care plan means this parameter by a name.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.former_names.contains(&name)
    }
}
