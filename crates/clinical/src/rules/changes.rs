//! What a rule set may change: the rules know their names and numbers, and a rule set knows none.

use std::sync::Arc;

use crate::alert::RuleName;
use crate::plan::{InvalidPlan, Plan, override_of};
use crate::rule_set::{GivenValue, InvalidRuleSet, RuleSet, SwitchedOff, text};
use crate::rules;

impl RuleSet {
    /// Gives a parameter another value than its default; `name` is its full name, the present one or
    /// a former.
    ///
    /// # Errors
    /// When there is no such parameter, when the set gives it a value already, when its rule cannot
    /// work with the value, or when the source says nothing.
    pub fn give(&mut self, name: &str, value: f64, source: &str) -> Result<(), InvalidRuleSet> {
        let (parameter, value) = override_of(rules::parameters(), name, value)?;
        if self.given(parameter).is_some() {
            return Err(InvalidRuleSet::Twice(parameter.name.to_owned()));
        }
        let source = text(parameter.name, source)?;
        self.take_value(GivenValue { parameter, value, source });
        Ok(())
    }

    /// Whether the hours of the day follow each other by the set, for patients whose plan names none.
    ///
    /// # Errors
    /// When they do not. Rules take the usual ones then.
    pub fn check_hours(&self) -> Result<(), InvalidRuleSet> {
        let plan = Plan::default().under(Some(Arc::new(self.clone())));
        if plan.leaves_hours_out() { Err(InvalidPlan::Hours.into()) } else { Ok(()) }
    }

    /// Switches a rule off.
    ///
    /// # Errors
    /// When there is no such rule, when it is off already, or when the reason says nothing.
    pub fn switch_off(&mut self, rule: &str, reason: &str) -> Result<(), InvalidRuleSet> {
        let place = rules::all().iter().position(|known| known.name() == rule);
        let place = place.ok_or_else(|| InvalidRuleSet::UnknownRule(rule.to_owned()))?;
        let name = RuleName::of(rules::all()[place].name());
        if self.is_off(rule) {
            return Err(InvalidRuleSet::Twice(rule.to_owned()));
        }
        let reason = text(rule, reason)?;
        self.take_off(SwitchedOff { rule: name, reason }, place);
        Ok(())
    }
}
