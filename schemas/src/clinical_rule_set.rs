//! Rule sets between their record and their clinical form.

use clinical::Timestamp;
use clinical::rule_set::{InvalidRuleSet, RuleSet};

use crate::records::{self, GivenValue, SwitchedOffRule};

/// Why a record of `rule.sets` is not used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UnusableRuleSet {
    /// Nobody would find it by its name.
    #[error("its key is not its name")]
    KeyIsNotName,
    /// It asks for what no rule of this version can do.
    #[error(transparent)]
    Invalid(#[from] InvalidRuleSet),
}

impl records::RuleSet {
    /// The rule set of a record with that key. Who reads `rule.sets` takes the former one of the key away
    /// where there is none: Kafka keeps no former one either, so who starts later would judge otherwise.
    ///
    /// # Errors
    /// Why it is not used.
    pub fn validate_as(&self, key: &str) -> Result<RuleSet, UnusableRuleSet> {
        if self.name != key {
            return Err(UnusableRuleSet::KeyIsNotName);
        }
        Ok(self.validate()?)
    }

    /// The rule set that the rules work with.
    ///
    /// # Errors
    /// When it asks for what no rule of this version can do; it is not used at all then.
    pub fn validate(&self) -> Result<RuleSet, InvalidRuleSet> {
        let mut set = RuleSet::new(&self.name, Timestamp::from_millis(self.effective_from))?;
        for GivenValue { parameter, value, source } in &self.values {
            set.give(parameter, *value, source)?;
        }
        for SwitchedOffRule { rule, reason } in &self.switched_off {
            set.switch_off(rule, reason)?;
        }
        Ok(set)
    }

    /// The record of a rule set that somebody applies.
    pub fn of(set: &RuleSet, author: &str, applied_at: Timestamp) -> Self {
        let value = |given: &clinical::rule_set::GivenValue| GivenValue {
            parameter: given.parameter.name.to_owned(),
            value: given.value,
            source: given.source.clone(),
        };
        let off = |off: &clinical::rule_set::SwitchedOff| SwitchedOffRule {
            rule: off.rule.as_str().to_owned(),
            reason: off.reason.clone(),
        };
        Self {
            name: set.name().to_owned(),
            effective_from: set.effective_from().millis(),
            values: set.values().iter().map(value).collect(),
            switched_off: set.switched_off().iter().map(off).collect(),
            author: author.to_owned(),
            applied_at: applied_at.millis(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codec;

    #[test]
    fn a_rule_set_comes_back_from_its_record() {
        let mut set =
            RuleSet::new("2026-12-ward", Timestamp::from_millis(1_790_000_000_000)).unwrap();
        set.give("bp.severe_high.systolic", 175.0, "the ward's board").unwrap();
        set.switch_off("weight.gain", "no scales yet").unwrap();
        let record = records::RuleSet::of(&set, "aoki", Timestamp::from_millis(1));
        let codec = Codec::new(None).unwrap();
        let bytes = codec.encoder("rule.sets").unwrap().encode(&record).unwrap();
        let read: records::RuleSet = codec.decoder().decode(&bytes).unwrap();
        assert_eq!(read, record);
        assert_eq!(read.validate_as("2026-12-ward"), Ok(set.clone()));
        assert_eq!(read.validate_as("2026-12"), Err(UnusableRuleSet::KeyIsNotName));
        assert_eq!(read.validate(), Ok(set));
    }

    #[test]
    fn a_rule_set_that_no_rule_can_follow_is_not_used_at_all() {
        let value = |value| GivenValue {
            parameter: "bp.severe_high.systolic".to_owned(),
            value,
            source: "x".to_owned(),
        };
        let record = |values| records::RuleSet {
            name: "a".to_owned(),
            effective_from: 0,
            values,
            switched_off: Vec::new(),
            author: "aoki".to_owned(),
            applied_at: 0,
        };
        assert!(record(vec![value(175.0)]).validate().is_ok());
        assert!(record(vec![value(20.0)]).validate().is_err());
        assert!(record(vec![value(175.0), value(170.0)]).validate().is_err());
    }
}
