//! Limits that a chart draws: those of the rules, as a patient's care plan sets them, and the
//! reference limits that fields declare.

use crate::alert::Severity;
use crate::kinds::{Field, Kind};
use crate::sample::Watched;

/// On which side of a limit a value is worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At the limit or above it.
    AtOrAbove,
    /// Above the limit.
    Above,
    /// Below the limit.
    Below,
}

/// A limit of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The field.
    pub field: Watched,
    /// On which side a value is worth a look.
    pub side: Side,
    /// The limit, in the field's unit.
    pub value: f64,
    /// How urgent an alert of the rule is whose limit it is; none for a reference limit, which
    /// raises nothing.
    pub severity: Option<Severity>,
}

impl Limit {
    /// The kind of record whose field it is of.
    pub fn kind(&self) -> Kind {
        self.field.kind
    }

    /// The field's name.
    pub fn field_name(&self) -> &'static str {
        let of_number = |field: &&Field| field.number == self.field.number;
        self.kind().fields().iter().find(of_number).map_or("", |field| field.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn every_limit_is_of_a_field_that_its_kind_has() {
        let plan = rules::plan(0, []).unwrap();
        for limit in rules::limits(&plan) {
            assert!(!limit.field_name().is_empty(), "{limit:?}");
        }
    }

    #[test]
    fn a_care_plan_moves_the_limit_of_its_rule_and_no_reference() {
        let of = |plan| rules::limits(&plan).collect::<Vec<_>>();
        let (before, after) = (
            of(rules::plan(0, []).unwrap()),
            of(rules::plan(1, [("bp.severe_high.systolic", 170.0)]).unwrap()),
        );
        let moved: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
        assert!(matches!(
            moved[..],
            [(Limit { value: 180.0, severity: Some(_), .. }, Limit { value: 170.0, .. })]
        ));
    }
}
