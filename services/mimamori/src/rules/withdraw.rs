//! `mimamori rules withdraw`: taking back a rule set that is not in force yet.

use std::sync::Arc;

use anyhow::bail;
use clinical::rule_set::RuleSet;
use clinical::{Span, Timestamp, rules};
use dashboard::clock::now;

use super::known::Known;
use super::{Change, write};
use crate::operator::OperatorArgs;
use crate::source::Source;

/// A set that comes into force sooner is not withdrawn: a processor could judge by it before it has read
/// that it is withdrawn, and alerts would name a set that is nowhere. Ours: longer than Kafka may take
/// for a transaction.
const SOON: Span = Span::from_minutes(1);

/// Arguments of `mimamori rules withdraw`.
#[derive(Debug, clap::Args)]
pub struct WithdrawArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    by: OperatorArgs,
    /// The name of the rule set
    name: String,
}

pub(super) fn run(args: &WithdrawArgs) -> anyhow::Result<()> {
    let detail = write(&args.source, &args.by.operator, "withdraw_rule_set", |known| {
        let set = may_be_withdrawn(known, &args.name, now())?;
        let stays = instead_of(known, &set);
        let (name, from) = (set.name(), set.effective_from());
        let detail =
            format!("{name}, which was to be in force from {from}; {stays} stays in force then");
        Ok(Change { name: set.name().to_owned(), record: None, detail })
    })?;
    println!("withdrawn: {detail}");
    Ok(())
}

/// The name of the set that is in force at the time of another one when that is withdrawn.
fn instead_of(known: &Known, withdrawn: &RuleSet) -> String {
    let mut left = known.sets.clone();
    left.withdraw(withdrawn.name());
    let stays = left.in_force(withdrawn.effective_from());
    stays.map_or(rules::RULE_SET, |set| set.name()).to_owned()
}

/// The set of a name, where no alert can name it yet.
fn may_be_withdrawn(known: &Known, name: &str, now: Timestamp) -> anyhow::Result<Arc<RuleSet>> {
    const INSTEAD: &str = "to go back, apply a file under another name with the numbers that are to \
                           hold from then on; one without rules brings the built-in numbers back";
    if name == rules::RULE_SET {
        bail!("{name} is built in and cannot be withdrawn; {INSTEAD}");
    }
    let Some(set) = known.sets.find(name) else {
        let to_come: Vec<&str> = known.sets.after(now).map(|set| set.name()).collect();
        let to_come = if to_come.is_empty() { "none".to_owned() } else { to_come.join(", ") };
        bail!("no rule set is named {name}; to come: {to_come}");
    };
    let from = set.effective_from();
    if from <= now {
        bail!("{name} has been in force since {from}, and alerts name it; {INSTEAD}");
    }
    if from <= now + SOON {
        bail!(
            "{name} comes into force at {from}, too soon for every processor to learn in time that it \
             does not; {INSTEAD}"
        );
    }
    Ok(Arc::clone(set))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(now: Timestamp) -> Known {
        let mut known = Known::default();
        for (name, seconds) in
            [("old", -9_000), ("now", -1), ("soon", 60), ("next", 61), ("last", 900)]
        {
            let set = RuleSet::new(name, now + Span::from_seconds(seconds)).unwrap();
            known.sets.apply(set);
        }
        known
    }

    #[test]
    fn a_set_is_withdrawn_before_its_time_and_never_after() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let known = known(now);
        let said = |name: &str| may_be_withdrawn(&known, name, now).unwrap_err().to_string();
        for name in ["next", "last"] {
            assert_eq!(may_be_withdrawn(&known, name, now).unwrap().name(), name);
        }
        for name in ["old", "now", "soon", rules::RULE_SET] {
            assert!(said(name).contains("apply a file under another name"), "{}", said(name));
        }
        assert!(said("now").starts_with("now has been in force since 2027-01-15T07:59:59Z"));
        assert_eq!(said("nxet"), "no rule set is named nxet; to come: soon, next, last");
    }

    #[test]
    fn the_set_before_a_withdrawn_one_or_the_built_in_one_stays_in_force() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let mut known = known(now);
        let find = |known: &Known, name: &str| Arc::clone(known.sets.find(name).unwrap());
        assert_eq!(instead_of(&known, &find(&known, "last")), "next");
        for name in ["old", "now", "soon", "next"] {
            known.sets.withdraw(name);
        }
        assert_eq!(instead_of(&known, &find(&known, "last")), rules::RULE_SET);
    }
}
