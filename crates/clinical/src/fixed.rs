//! The numbers that a rule works with and that nothing changes: no care plan, programme or rule set. Whoever
//! edits a plan is shown them beside the parameters, with where each comes from.

use crate::kinds::Label;
use crate::parameter::is_recalled;
use crate::time::Span;

/// A number that nothing changes. Its value is made of the constant that the rule computes with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fixed {
    /// What the number is, for people.
    pub label: Label,
    /// The number.
    pub value: f64,
    /// UCUM unit; empty for a count.
    pub unit: &'static str,
    /// Where it comes from, written as a parameter's source is: 'recalled' at its end where the source was
    /// not read, 'ours' where there is none.
    pub source: &'static str,
}

impl Fixed {
    pub(crate) const fn new(
        [ja, en]: [&'static str; 2],
        value: f64,
        unit: &'static str,
        source: &'static str,
    ) -> Self {
        Self { label: Label { ja, en }, value, unit, source }
    }

    pub(crate) const fn count(label: [&'static str; 2], of: usize, source: &'static str) -> Self {
        Self::new(label, of as f64, "", source)
    }

    pub(crate) const fn seconds(label: [&'static str; 2], of: Span, source: &'static str) -> Self {
        Self::new(label, of.millis() as f64 / 1_000.0, "s", source)
    }

    pub(crate) const fn minutes(label: [&'static str; 2], of: Span, source: &'static str) -> Self {
        Self::new(label, of.millis() as f64 / 60_000.0, "min", source)
    }

    pub(crate) const fn hours(label: [&'static str; 2], of: Span, source: &'static str) -> Self {
        Self::new(label, of.millis() as f64 / 3_600_000.0, "h", source)
    }

    pub(crate) const fn days(label: [&'static str; 2], of: Span, source: &'static str) -> Self {
        Self::new(label, of.millis() as f64 / 86_400_000.0, "d", source)
    }

    /// Whether the number's source was not read again: check it before you rely on it.
    pub fn is_recalled(&self) -> bool {
        is_recalled(self.source)
    }
}
