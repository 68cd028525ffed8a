//! The name of the rules as they are built in: beside the lists of `rules` what each new rule changes.

/// The name of the built-in rule set: the rules with the defaults of their parameters. It changes with
/// any of them, and is in force where no [`RuleSet`](crate::rule_set::RuleSet) is.
///
/// A rule that there is for each kind counts as one, and a new kind leaves the name. It
/// adds a rule that works with numbers of the plan alone, which alerts name by its version, and changes
/// no other. No alert of the set could have said anything else before: a plan that expects readings of
/// an unknown kind is not used.
pub const RULE_SET: &str = "2026-12a";
