//! Limits that a chart draws: those of the rules, as a patient's care plan sets them, and the
//! reference limits that fields declare.

use crate::alert::Severity;
pub use crate::kinds::Side;
use crate::kinds::{Kind, Watched};

/// A limit of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The field.
    pub field: Watched,
    /// On which side a value is worth a look.
    pub side: Side,
    /// The limit, in the field's unit.
    pub value: f64,
    /// How urgent an alert of the rule is that such a value leads to; none where a value alone raises
    /// nothing: the patient's target or range, or a limit of reference.
    pub severity: Option<Severity>,
}

impl Limit {
    /// The kind of record whose field it is of.
    pub fn kind(&self) -> Kind {
        self.field.kind
    }

    /// The field's name.
    pub fn field_name(&self) -> &'static str {
        self.field.field().name
    }

    /// Whether a value, in the field's unit, is worth a look by it.
    pub fn is_beyond(&self, value: f64) -> bool {
        match self.side {
            Side::AtOrAbove => value >= self.value,
            Side::Above => value > self.value,
            Side::Below => value < self.value,
            Side::AtOrBelow => value <= self.value,
        }
    }

    /// Whether it stands in the place of a limit of reference: what is the patient's own, on that side.
    pub fn replaces(&self, reference: &Self) -> bool {
        self.severity.is_none()
            && self.field == reference.field
            && self.side.is_lower() == reference.side.is_lower()
    }

    /// The reference limits that the fields of all kinds declare.
    pub fn references() -> impl Iterator<Item = Self> {
        let fields = Kind::ALL.into_iter().flat_map(|kind| kind.fields());
        let watched = fields.filter_map(|field| Some((field.watched?, field.reference)));
        watched.flat_map(|(field, references)| {
            references.iter().map(move |of| Self {
                field,
                side: of.side,
                value: of.value,
                severity: None,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn a_target_or_range_of_the_plan_stands_in_the_place_of_the_limits_of_reference() {
        let of = |values: &[(&str, f64)], field: &str| -> Vec<(bool, f64)> {
            let plan = rules::plan(1, values.iter().copied()).unwrap();
            rules::limits(&plan)
                .filter(|limit| limit.field_name() == field && limit.severity.is_none())
                .map(|limit| (limit.side.is_lower(), limit.value))
                .collect()
        };
        let target = [("bp.above_target.systolic", 125.0)];
        assert_eq!(of(&[], "systolic"), [(false, 135.0)]);
        assert_eq!(of(&target, "systolic"), [(false, 125.0)]);
        assert_eq!(of(&target, "diastolic"), [(false, 85.0)]);
        let pregnancy = [("glucose.in_range_low.low", 63.0), ("glucose.in_range_low.high", 140.0)];
        assert_eq!(of(&[], "glucose_value"), [(true, 70.0), (false, 180.0)]);
        assert_eq!(of(&pregnancy, "glucose_value"), [(true, 63.0), (false, 140.0)]);
        assert_eq!(of(&pregnancy[..1], "glucose_value"), [(true, 63.0), (false, 180.0)]);
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
