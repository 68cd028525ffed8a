//! `mimamori report hba1c`: the outcome of a trial.

use std::fmt::Write;
use std::path::PathBuf;

use clinical::trial::{Arm, ArmResult, FEWEST, Group, GroupResult};
use dashboard::reports::trial::{Arms, Report};

use super::{ReportArgs, read};
use crate::operator::record_access;
use crate::source::StoreSource;

/// Arguments of `mimamori report hba1c`.
#[derive(Debug, clap::Args)]
pub struct Hba1cArgs {
    #[command(flatten)]
    report: ReportArgs,
    /// A table with the columns patient,arm,treated,start,end and commas between the values: treated is
    /// yes or no, start and end are days such as 2026-04-01
    #[arg(long, value_name = "FILE")]
    arms: PathBuf,
}

pub(super) fn run(args: &Hba1cArgs) -> anyhow::Result<()> {
    let arms = read(&args.arms, Arms::parse)?;
    let what = "mean change of a group, and whether a value is missing";
    let ReportArgs { from: StoreSource { source, .. }, by } = &args.report;
    let patients = arms.patients();
    let whose = patients.iter().map(String::as_str);
    record_access(source, &by.operator, ("report_outcome", true), what, whose)?;
    let store = args.report.store()?;
    let report = tokio::runtime::Handle::current().block_on(arms.report(&store))?;
    print!("{}", said(&report));
    Ok(())
}

fn said(report: &Report) -> String {
    let mut out = String::from("HbA1c before and after, NGSP %\n");
    for group in &report.outcome.groups {
        say_group(&mut out, group, &report.names);
    }
    let _ = writeln!(out, "in no group, below 5.6 % and not treated: {}", report.outcome.below);
    let _ = writeln!(out, "without a value before: {}", listed(&report.without_first));
    let _ = writeln!(out, "without a value after: {}", listed(&report.without_second));
    out
}

fn say_group(out: &mut String, result: &GroupResult, names: &[String; 2]) {
    let group = match result.group {
        Group::Mild => "mild: 6.5 % and above, or treated",
        Group::Pre => "pre: 5.6 to below 6.5 %, not treated",
        Group::Below => "below 5.6 %, not treated",
    };
    let _ = writeln!(out, "{group}");
    for arm in &result.arms {
        let _ = writeln!(out, "  {}", said_arm(arm, names));
    }
    if let Some(difference) = result.difference {
        let interval = difference.interval.map_or(String::new(), |(low, high)| {
            format!(", 95 % interval {low:+.2} to {high:+.2} (Welch)")
        });
        let [first, second] = names;
        let _ = writeln!(out, "  {first} less {second}: {:+.2}{interval}", difference.mean);
    }
}

fn said_arm(arm: &ArmResult, [first, second]: &[String; 2]) -> String {
    let name = match arm.arm {
        Arm::First => first,
        Arm::Second => second,
    };
    match &arm.change {
        Some(change) => {
            let deviation =
                change.standard_deviation.map_or(String::new(), |it| format!(", SD {it:.2}"));
            format!(
                "{name}: n {}, {:.2} to {:.2}, change {:+.2}{deviation}",
                arm.people, change.before, change.after, change.mean
            )
        }
        None => format!("{name}: n {}, fewer than {FEWEST}, so no number is given", arm.people),
    }
}

fn listed(patients: &[String]) -> String {
    if patients.is_empty() { "nobody".to_owned() } else { patients.join(", ") }
}

#[cfg(test)]
mod tests {
    use clinical::trial::{self, Course, Participation};
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_report_says_change_and_difference_and_nothing_of_few_people() {
        let person = |arm, before, after| {
            let (start, end) = (date(2026, 4, 1), date(2026, 6, 30));
            let person = Participation { arm, treated: false, start, end };
            (person, Course::Complete { before, after })
        };
        let mut people = Vec::new();
        for step in [-0.2, -0.1, 0.0, 0.1, 0.2] {
            people.push(person(Arm::First, 6.99 + step, 6.43));
            people.push(person(Arm::Second, 6.75 + step, 6.60 + step));
        }
        people.push(person(Arm::First, 6.0, 5.9));
        let report = Report {
            names: ["with".to_owned(), "without".to_owned()],
            outcome: trial::outcome(&people),
            without_first: vec![],
            without_second: vec!["A/7".to_owned(), "A/9".to_owned()],
        };
        assert_eq!(
            said(&report),
            "HbA1c before and after, NGSP %\n\
             mild: 6.5 % and above, or treated\n  \
             with: n 5, 6.99 to 6.43, change -0.56, SD 0.16\n  \
             without: n 5, 6.75 to 6.60, change -0.15, SD 0.00\n  \
             with less without: -0.41, 95 % interval -0.61 to -0.21 (Welch)\n\
             pre: 5.6 to below 6.5 %, not treated\n  \
             with: n 1, fewer than 5, so no number is given\n  \
             without: n 0, fewer than 5, so no number is given\n\
             in no group, below 5.6 % and not treated: 0\n\
             without a value before: nobody\n\
             without a value after: A/7, A/9\n"
        );
    }
}
