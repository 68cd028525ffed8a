//! What all rules cost the processor beside the two with which the platform began.

use std::collections::BTreeSet;

use clinical::rule_set::RuleSet;
use clinical::{Timestamp, rules};

use crate::effort;
use crate::input::Input;
use crate::processing::{self, Processed};
use crate::rate::median;
use crate::report::{Measure, Report};
use crate::stage::{PARTITIONS, Stage};
use crate::turns::Mix;
use crate::{say, spread};

/// The rules of the first round.
pub const FIRST: [&str; 2] = ["bp.severe_high", "data.missing"];
/// The rules about a sensor's readings with which the promise of their speed was made.
pub const OF_SENSORS: [&str; 2] = ["glucose.very_low", "data.missing"];
/// With all rules at least this share of the throughput with those.
const SHARE: f64 = 0.6;

/// Whether a rule is one of some: `data.missing` is one rule for each kind.
fn is_one_of(some: &[&str], name: &str) -> bool {
    let is_of = |one: &&str| {
        name.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    some.iter().any(is_of)
}

/// Every rule's name: some rules share one.
fn names() -> BTreeSet<&'static str> {
    rules::all().iter().map(|rule| rule.name()).collect()
}

/// A rule set that switches every rule off but some, in force since long before the first record.
///
/// # Errors
/// When a rule cannot be switched off.
pub fn only(some: &[&str]) -> anyhow::Result<RuleSet> {
    let mut set = RuleSet::new("few-rules", Timestamp::from_seconds(0))?;
    for name in names().into_iter().filter(|name| !is_one_of(some, name)) {
        set.switch_off(name, "measured without")?;
    }
    Ok(set)
}

/// Throughput with every rule and with the first ones, in turns, over the usual mix.
///
/// # Errors
/// When the processor does not do its work.
pub fn measure(
    stage: &Stage,
    (readings, patients): (usize, u32),
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let input = Input::make(readings, patients, Mix::USUAL)?;
    let first = only(&FIRST)?;
    let (mut all_rates, mut first_rates) = (Vec::new(), Vec::new());
    let (mut all_efforts, mut first_efforts) = (Vec::new(), Vec::new());
    let each = |done: &Processed| effort::microseconds_each(done.effort, input.len() as u64);
    for round in 1..=rounds {
        let of = |name: &str, set| {
            let name = format!("rules.{name}.{round}");
            processing::run_under(stage, &input, (&name, PARTITIONS), set)
        };
        let (with_first, with_all) = (of("first", Some(&first))?, of("all", None)?);
        say(&format!(
            "round {round}: two rules {:.0} records/s, all rules {:.0} records/s",
            with_first.rate.per_second(),
            with_all.rate.per_second()
        ));
        first_rates.push(with_first.rate.per_second());
        first_efforts.push(each(&with_first));
        all_rates.push(with_all.rate.per_second());
        all_efforts.push(each(&with_all));
    }
    let (all, peer) = (median(&all_rates), median(&first_rates));
    let notes = vec![
        format!("{}; {:.2} µs of CPU a record", spread(&all_rates), median(&all_efforts)),
        format!(
            "peer, the processor with {} alone: {}; {:.2} µs of CPU a record",
            FIRST.join(" and "),
            spread(&first_rates),
            median(&first_efforts)
        ),
    ];
    report.add(Measure::pair("all rules", "records/s", all, peer, SHARE), notes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rules_but_the_first_ones_are_off() {
        let set = only(&FIRST).unwrap();
        let on: Vec<&str> = names().into_iter().filter(|name| !set.is_off(name)).collect();
        let kinds = |first: &str| on.iter().filter(|name| name.starts_with(first)).count();
        assert_eq!(kinds(FIRST[0]), 1);
        assert!(kinds(FIRST[1]) > 1);
        assert_eq!(on.len(), kinds(FIRST[0]) + kinds(FIRST[1]));
        assert!(set.is_off("glucose.low"));
    }
}
