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
    /// Where the default comes from. 'Recalled' at its end where the source was not read
    /// ([`is_recalled`]), 'ours' where there is none.
    pub source: &'static str,
}

/// Whether a source says of the number itself that it was not read again, and not of another number that
/// it names beside it.
pub fn is_recalled(source: &str) -> bool {
    source.ends_with("(recalled)")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programmes::PROGRAMMES;
    use crate::rules;

    /// Each parameter whose own number was not read again, by its name.
    const RECALLED: [&str; 9] = [
        "bp.morning_surge.difference",
        "hba1c.rise.least",
        "oxygen.low.limit",
        "oxygen.low.urgent",
        "pulse.out_of_range.very_low",
        "pulse.out_of_range.very_high",
        "temperature.high.limit",
        "weight.gain.in_3_days",
        "weight.gain.in_7_days",
    ];

    #[test]
    fn recalled_is_said_of_a_number_and_not_of_another_beside_it() {
        let said = rules::parameters().filter(|parameter| is_recalled(parameter.source));
        let said: Vec<_> = said.map(|parameter| parameter.name).collect();
        assert_eq!(said, RECALLED);
        let of_programmes = PROGRAMMES.iter().flat_map(|programme| programme.values);
        let said: Vec<_> = of_programmes
            .filter(|given| is_recalled(given.source))
            .map(|given| (given.parameter, given.value))
            .collect();
        assert_eq!(
            said,
            [
                ("bp.severe_high.systolic", 160.0),
                ("bp.severe_high.diastolic", 110.0),
                ("glucose.in_range_low.target", 50.0),
                ("glucose.below_range_burden.below", 1.0),
                ("weight.gain.in_3_days", 2.0),
                ("weight.gain.in_7_days", 2.0),
                ("oxygen.low.limit", 88.0),
            ]
        );
    }
}
