//! `mimamori rules`: rule sets as files, what they change, and what they would raise.

mod file;
mod known;
mod preview;
#[cfg(test)]
mod tihm_tests;
mod withdraw;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Subcommand;
use clinical::Hours;
use clinical::plan::Plan;
use clinical::rule_set::RuleSet;
use clinical::{Span, Timestamp, rules};
use dashboard::clock::now;
use schemas::records;
use schemas::topics::Topic;
use stream::producer::Outgoing;
use stream::together::Together;

use crate::operator::{OperatorArgs, by_operator};
use crate::source::Source;
use known::Known;
use preview::PreviewArgs;
use withdraw::WithdrawArgs;

/// So long ago a rule set may say that it is in force since: the file was written just now. Ours.
const JUST_NOW: Span = Span::from_minutes(1);

/// What to do with rule sets.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Prints the rule set in force as a file that apply takes, and which are to come
    Show(ShowArgs),
    /// Says everything that is wrong with a file, with the line of each fault
    Check(CheckArgs),
    /// Says what a file changes of the rule set in force
    Diff(FileArgs),
    /// Checks a file, says what it changes, and publishes it; recorded in audit.events
    Apply(Box<ApplyArgs>),
    /// Takes a rule set back that is not in force yet: the one before it stays in force; recorded in
    /// audit.events
    Withdraw(Box<WithdrawArgs>),
    /// Says which alerts the last days' readings of patients would have raised under a file; recorded in
    /// audit.events
    Preview(Box<PreviewArgs>),
}

/// Arguments of `mimamori rules show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    source: Source,
    /// This one instead of the one in force
    #[arg(long)]
    name: Option<String>,
}

/// Arguments of `mimamori rules check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// A rule set, in TOML
    file: PathBuf,
}

/// Arguments of `mimamori rules diff`.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    #[command(flatten)]
    source: Source,
    /// A rule set, in TOML
    file: PathBuf,
}

/// Arguments of `mimamori rules apply`.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    by: OperatorArgs,
    /// A rule set, in TOML
    file: PathBuf,
}

pub(crate) async fn run(command: RulesCommand) -> anyhow::Result<ExitCode> {
    // Asking Kafka blocks.
    tokio::task::spawn_blocking(move || match command {
        RulesCommand::Show(args) => show(&args).map(|()| ExitCode::SUCCESS),
        RulesCommand::Check(args) => check(&args.file),
        RulesCommand::Diff(args) => diff(&args).map(|()| ExitCode::SUCCESS),
        RulesCommand::Apply(args) => apply(&args).map(|()| ExitCode::SUCCESS),
        RulesCommand::Withdraw(args) => withdraw::run(&args).map(|()| ExitCode::SUCCESS),
        RulesCommand::Preview(args) => preview::run(&args).map(|()| ExitCode::SUCCESS),
    })
    .await?
}

fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let known = Known::read(&args.source, &args.source.codec()?)?;
    print!("{}", known.shown(args.name.as_deref(), now())?);
    Ok(())
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// The rule set of a file.
fn read(path: &Path) -> anyhow::Result<RuleSet> {
    file::parse(&text_of(path)?).map_err(|faults| {
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{} is not a rule set:\n{}", path.display(), said.join("\n"))
    })
}

fn check(path: &Path) -> anyhow::Result<ExitCode> {
    match file::parse(&text_of(path)?) {
        Ok(set) => {
            let (values, off) = (set.values().len(), set.switched_off().len());
            let (name, from) = (set.name(), set.effective_from());
            println!("{name}, in force from {from}: {values} values, {off} rules off");
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            for fault in faults {
                println!("{}: {fault}", path.display());
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Says what a set changes of the one that is in force when it comes into force.
fn say_difference(known: &Known, set: &RuleSet, at: Timestamp) {
    let before = known.sets.in_force(at).filter(|before| before.name() != set.name());
    let name = before.map_or(rules::RULE_SET, |before| before.name());
    let changes = file::difference(before.map(|before| &**before), Some(set));
    println!("{} changes {} of {name}:", set.name(), changes.len());
    for change in changes {
        println!("{change}");
    }
}

fn diff(args: &FileArgs) -> anyhow::Result<()> {
    let set = read(&args.file)?;
    let known = Known::read(&args.source, &args.source.codec()?)?;
    say_difference(&known, &set, now());
    Ok(())
}

fn apply(args: &ApplyArgs) -> anyhow::Result<()> {
    let set = read(&args.file)?;
    let detail = write(&args.source, &args.by.operator, "apply_rule_set", |known| {
        let now = now();
        may_be_applied(known, &set, now)?;
        say_difference(known, &set, set.effective_from());
        Ok(Change {
            name: set.name().to_owned(),
            record: Some(records::RuleSet::of(&set, &args.by.operator, now)),
            detail: format!("{}, in force from {}", set.name(), set.effective_from()),
        })
    })?;
    println!("applied: {detail}");
    if Hours::PARAMETERS.iter().any(|hour| set.given(hour).is_some()) {
        // The set is applied: what cannot be said of the plans now is no failure of that.
        match args.source.codec().and_then(|codec| preview::plans(&args.source, &codec)) {
            Ok(plans) => match leave_hours_out(plans.into_values(), &Arc::new(set)) {
                0 => {}
                left => println!(
                    "warning: the hours of the day in {left} care plans do not follow on those of this set; \
                     for these patients the set's hours do not count, until their plans name all three"
                ),
            },
            Err(error) => println!(
                "warning: whether the hours of care plans follow on those of this set is not known, for \
                 the plans cannot be read: {error:#}"
            ),
        }
    }
    Ok(())
}

/// Under how many plans the hours of a set do not count.
fn leave_hours_out(plans: impl Iterator<Item = Plan>, set: &Arc<RuleSet>) -> usize {
    plans.filter(|plan| plan.clone().under(Some(set.clone())).leaves_hours_out()).count()
}

/// What is written of a rule set.
struct Change {
    /// Its name.
    name: String,
    /// The set; none withdraws it.
    record: Option<records::RuleSet>,
    /// What stands in audit.events.
    detail: String,
}

/// Decides by the rule sets as they are and writes what is decided, with its entry in audit.events,
/// where nobody changes them meanwhile. Returns the entry's words.
fn write(
    source: &Source,
    operator: &str,
    action: &str,
    decide: impl FnOnce(&Known) -> anyhow::Result<Change>,
) -> anyhow::Result<String> {
    let codec = source.codec()?;
    let topics = source.topics();
    // First, so that what is read below holds what every earlier one has written.
    let together = Together::new(&source.kafka, &format!("{}mimamori-rules", topics.prefix()))?;
    let (to, audit) = (topics.name(Topic::RuleSets), topics.name(Topic::AuditEvents));
    // The schema registry is asked before time counts.
    let (encoder, audit_encoder) = (codec.encoder(&to)?, codec.encoder(&audit)?);
    let known = Known::read(source, &codec)?;
    let Change { name, record, detail } = decide(&known)?;
    let record = record.map(|record| encoder.encode(&record)).transpose()?;
    let entry = audit_encoder.encode(&by_operator(operator, action, None, detail.clone()))?;
    together.write(&[
        Outgoing {
            topic: &to,
            partition: None,
            key: Some(name.as_bytes()),
            payload: record.as_deref(),
        },
        Outgoing { topic: &audit, partition: None, key: None, payload: Some(&entry) },
    ])?;
    Ok(detail)
}

/// What was judged by a set is not judged by another afterwards: neither the past nor a set that has
/// been in force changes.
fn may_be_applied(known: &Known, set: &RuleSet, now: Timestamp) -> anyhow::Result<()> {
    let (name, from) = (set.name(), set.effective_from());
    if from < now - JUST_NOW {
        bail!(
            "{name} would be in force from {from}, which is past; give effective_from a time to come"
        );
    }
    if let Some(same) = known.sets.find(name).filter(|same| same.effective_from() <= now) {
        bail!(
            "{name} has been in force since {}, and alerts name it; give the file another name",
            same.effective_from()
        );
    }
    let other =
        known.sets.iter().find(|other| other.effective_from() == from && other.name() != name);
    if let Some(other) = other {
        bail!("{} comes into force at {from} too; give one of them another time", other.name());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_whose_hours_do_not_follow_on_those_of_a_set_are_counted() {
        let mut set = RuleSet::new("ward", Timestamp::from_seconds(1_800_000_000)).unwrap();
        set.give("bp.above_target.morning_ends", 9.0, "the ward's board").unwrap();
        let set = Arc::new(set);
        let begins = |hour| rules::plan(1, [("bp.above_target.morning_begins", hour)]).unwrap();
        let plans = [begins(10.0), begins(5.0), Plan::default()];
        assert_eq!(leave_hours_out(plans.into_iter(), &set), 1);
    }

    #[test]
    fn neither_the_past_nor_a_set_that_was_in_force_can_be_changed() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let set = |name: &str, minutes: i64| {
            RuleSet::new(name, now + Span::from_minutes(minutes)).unwrap()
        };
        let mut known = Known::default();
        known.sets.apply(set("old", -1000));
        known.sets.apply(set("next", 1000));
        let may = |set: RuleSet| may_be_applied(&known, &set, now).is_ok();
        assert!(may(set("new", 0)) && may(set("new", -1)) && may(set("new", 500)));
        assert!(!may(set("new", -2)));
        assert!(!may(set("old", 500)), "its name is in alerts");
        assert!(!may(set("new", 1000)), "two at one time");
        assert!(
            may(set("next", 1000)) && may(set("next", 2000)),
            "what is to come may be replaced"
        );
    }
}
