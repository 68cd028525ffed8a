//! Rule sets as data: which numbers take the place of the built-in defaults, and which rules are
//! switched off, from a time on.

use std::sync::Arc;

use crate::alert::RuleName;
use crate::built_in::RULE_SET;
use crate::invalid_plan::InvalidPlan;
use crate::parameter::Parameter;
use crate::source::written_by_a_person;
use crate::time::Timestamp;

/// Characters of a rule set's name, at most.
pub const LONGEST_NAME: usize = 40;

/// Characters of a source or of a reason, at most.
pub const LONGEST_TEXT: usize = 500;

/// A rule set: what it changes of the built-in one, and from when on. All else is as built in.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    name: String,
    effective_from: Timestamp,
    values: Vec<GivenValue>,
    off: Vec<SwitchedOff>,
    /// The same by the rules' places: each reading asks.
    places_off: Places,
}

/// A value that takes the place of a parameter's default.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenValue {
    /// Which parameter.
    pub parameter: &'static Parameter,
    /// In the parameter's unit and range, as the rule works with it.
    pub value: f64,
    /// Where the number comes from.
    pub source: String,
}

/// A rule that raises nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchedOff {
    /// Which rule.
    pub rule: RuleName,
    /// Why.
    pub reason: String,
}

/// A rule set that asks for what no rule can work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidRuleSet {
    /// The name is empty, long, has other characters, or is that of the built-in set.
    #[error(
        "a rule set's name has 1 to {LONGEST_NAME} letters, digits, points, hyphens and underscores, \
         and is not {}, the name of the built-in set",
        RULE_SET
    )]
    Name,
    /// No rule has this name.
    #[error("no rule is named {0}")]
    UnknownRule(String),
    /// No rule has such a parameter, or its rule cannot work with the number.
    #[error(transparent)]
    Value(#[from] InvalidPlan),
    /// A rule or a parameter is named more than once.
    #[error("{0} is there twice")]
    Twice(String),
    /// A value has no source, or a rule is switched off for no reason.
    #[error("{0} needs a text of 1 to {LONGEST_TEXT} characters that says where it comes from")]
    NoSource(String),
}

impl RuleSet {
    /// A rule set that changes nothing yet.
    ///
    /// # Errors
    /// When no rule set can have the name.
    pub fn new(name: &str, effective_from: Timestamp) -> Result<Self, InvalidRuleSet> {
        let is_good = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        let is_name = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_good);
        if !is_name || name == RULE_SET {
            return Err(InvalidRuleSet::Name);
        }
        let name = name.to_owned();
        let (values, off, places_off) = (Vec::new(), Vec::new(), Places::default());
        Ok(Self { name, effective_from, values, off, places_off })
    }

    /// Takes a value in the place of a parameter's default.
    pub(crate) fn take_value(&mut self, given: GivenValue) {
        self.values.push(given);
        self.values.sort_by_key(|one| one.parameter.name);
    }

    /// Takes a rule as switched off, by its place in [`crate::rules::all`].
    pub(crate) fn take_off(&mut self, off: SwitchedOff, place: usize) {
        self.places_off.add(place);
        self.off.push(off);
        self.off.sort_by_key(|one| one.rule);
    }

    /// The name, which alerts carry.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From when on it is in force, until the next one is.
    pub fn effective_from(&self) -> Timestamp {
        self.effective_from
    }

    /// The values that it gives, in the order of the parameters' names.
    pub fn values(&self) -> &[GivenValue] {
        &self.values
    }

    /// The rules that it switches off, in the order of their names.
    pub fn switched_off(&self) -> &[SwitchedOff] {
        &self.off
    }

    /// The places in [`crate::rules::all`] of the rules that it switches off.
    pub(crate) fn places_off(&self) -> Places {
        self.places_off
    }

    /// The value that it gives a parameter, if it does.
    pub fn given(&self, parameter: &Parameter) -> Option<&GivenValue> {
        self.values.iter().find(|known| known.parameter.name == parameter.name)
    }

    /// Whether it switches a rule off.
    pub fn is_off(&self, rule: &str) -> bool {
        self.off.iter().any(|off| off.rule.as_str() == rule)
    }
}

/// Some of the places in [`crate::rules::all`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places(u64);

impl Places {
    /// So many rules there may be.
    pub(crate) const MOST: usize = u64::BITS as usize;

    pub(crate) fn add(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    pub(crate) fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// These but for some.
    pub(crate) fn without(self, some: Self) -> Self {
        Self(self.0 & !some.0)
    }

    /// The places, the first first.
    pub(crate) fn all(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (place < u64::BITS).then_some(place as usize)
        })
    }
}

impl FromIterator<usize> for Places {
    fn from_iter<T: IntoIterator<Item = usize>>(places: T) -> Self {
        let mut all = Self::default();
        places.into_iter().for_each(|place| all.add(place));
        all
    }
}

/// A source or a reason, without space around it.
pub(crate) fn text(of: &str, text: &str) -> Result<String, InvalidRuleSet> {
    let written = written_by_a_person(text, LONGEST_TEXT).map(str::to_owned);
    written.ok_or_else(|| InvalidRuleSet::NoSource(of.to_owned()))
}

/// All rule sets that were ever applied. Which is in force depends on them and on the time alone, so
/// whoever computes the past again finds the same.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleSets {
    /// In the order in which they come into force; of two of the same time the later name counts.
    all: Vec<Arc<RuleSet>>,
}

impl RuleSets {
    /// Takes a set in. It replaces one of the same name.
    pub fn apply(&mut self, set: RuleSet) {
        self.withdraw(&set.name);
        self.all.push(Arc::new(set));
        self.all.sort_by(|one, other| {
            (one.effective_from, &one.name).cmp(&(other.effective_from, &other.name))
        });
    }

    /// Takes a set back; none of that name is no error.
    pub fn withdraw(&mut self, name: &str) {
        self.all.retain(|known| known.name != name);
    }

    /// The set in force at a time; none where the built-in one is.
    pub fn in_force(&self, at: Timestamp) -> Option<&Arc<RuleSet>> {
        self.all[..self.begun(at)].last()
    }

    /// The sets that come into force after a time, the first first.
    pub fn after(&self, at: Timestamp) -> impl Iterator<Item = &Arc<RuleSet>> {
        self.all[self.begun(at)..].iter()
    }

    /// How many have come into force until a time. Every reading asks.
    fn begun(&self, at: Timestamp) -> usize {
        self.all.partition_point(|set| set.effective_from <= at)
    }

    /// The set of a name.
    pub fn find(&self, name: &str) -> Option<&Arc<RuleSet>> {
        self.all.iter().find(|set| set.name == name)
    }

    /// All of them, in the order in which they come into force.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<RuleSet>> {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::rules;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_millis(hours * 3_600_000)
    }

    fn empty(name: &str, from: i64) -> RuleSet {
        RuleSet::new(name, at(from)).unwrap()
    }

    #[test]
    fn a_name_is_short_and_plain_and_not_the_built_in_one() {
        for bad in ["", "two words", "日本", RULE_SET, &"x".repeat(41)] {
            assert_eq!(RuleSet::new(bad, at(0)), Err(InvalidRuleSet::Name), "{bad}");
        }
        assert_eq!(empty("ward-3_2026.12", 1).name(), "ward-3_2026.12");
    }

    #[test]
    fn a_value_needs_a_parameter_its_range_and_a_source_and_comes_once() {
        let mut set = empty("a", 0);
        let name = "bp.severe_high.systolic";
        for (name, value) in [("bp.severe", 1.0), (name, 20.0), (name, f64::NAN)] {
            assert!(matches!(set.give(name, value, "x"), Err(InvalidRuleSet::Value(_))), "{value}");
        }
        assert!(matches!(set.give(name, 175.0, "  "), Err(InvalidRuleSet::NoSource(_))));
        set.give(name, 174.6, " the ward's board ").unwrap();
        assert_eq!(set.values()[0].value, 175.0, "as the rule works with it");
        assert_eq!(set.values()[0].source, "the ward's board");
        assert_eq!(set.give(name, 170.0, "x"), Err(InvalidRuleSet::Twice(name.to_owned())));
    }

    #[test]
    fn a_rule_is_switched_off_once_and_for_a_reason() {
        let mut set = empty("a", 0);
        assert!(matches!(set.switch_off("weight", "x"), Err(InvalidRuleSet::UnknownRule(_))));
        assert!(matches!(set.switch_off("weight.gain", ""), Err(InvalidRuleSet::NoSource(_))));
        set.switch_off("weight.gain", "no scales yet").unwrap();
        assert!(set.is_off("weight.gain") && !set.is_off("bp.severe_high"));
        assert!(matches!(set.switch_off("weight.gain", "x"), Err(InvalidRuleSet::Twice(_))));
    }

    #[test]
    fn a_value_is_the_plans_or_the_sets_in_force_or_the_default() {
        let named = |name: &str| rules::parameters().find(|one| one.is_named(name)).unwrap();
        let [systolic, diastolic] =
            ["bp.severe_high.systolic", "bp.severe_high.diastolic"].map(named);
        let mut set = empty("a", 0);
        set.give(systolic.name, 175.0, "x").unwrap();
        set.give(diastolic.name, 105.0, "x").unwrap();
        let plan = rules::plan(1, [(systolic.name, 170.0)]).unwrap();
        let plan = plan.under(Some(Arc::new(set)));
        assert_eq!([systolic, diastolic].map(|one| plan.value(one)), [170.0, 105.0]);
        assert_eq!(plan.rule_set_name(), "a");
        let plan = Plan::default();
        assert_eq!(plan.value(systolic), systolic.default);
        assert_eq!(plan.rule_set_name(), RULE_SET);
    }

    #[test]
    fn a_set_is_in_force_from_its_time_until_the_next_ones() {
        let mut sets = RuleSets::default();
        let name = |sets: &RuleSets, hours| sets.in_force(at(hours)).map(|set| set.name.clone());
        for (set, from) in [("c", 30), ("a", 10), ("b", 20)] {
            sets.apply(empty(set, from));
        }
        let found = [9, 10, 19, 20, 99].map(|hours| name(&sets, hours).unwrap_or_default());
        assert_eq!(found, ["", "a", "a", "b", "c"]);
        assert_eq!(sets.after(at(10)).map(|set| set.name()).collect::<Vec<_>>(), ["b", "c"]);
        sets.apply(empty("b", 40));
        sets.withdraw("c");
        let found = [20, 39, 40].map(|hours| name(&sets, hours).unwrap_or_default());
        assert_eq!(found, ["a", "a", "b"]);
    }
}
