//! A run's numbers as tables, for people and for the document that keeps them.

use std::fmt::{self, Display, Formatter};

use clinical::alert::Severity;
use clinical::rules::RULE_SET;

use super::{Burden, MOST_REVIEWS, MOST_URGENT, Saved, Tally, place};
use crate::scenario;

const SEVERITIES: [Severity; 3] = [Severity::Urgent, Severity::Review, Severity::Technical];

/// Between these lines the document keeps the tables.
const BEGIN: &str = "<!-- printed by make burden -->\n";
const END: &str = "<!-- end of what make burden printed -->";

impl Display for Burden {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Tally { patients, days, .. } = self.stable;
        writeln!(
            f,
            "Rule set `{RULE_SET}`, seed {}: {patients} stable patients and {} in a scenario, {days} days.\n",
            self.seed, self.planted.patients
        )?;
        self.write_rates(f)?;
        self.write_events(f)?;
        self.write_saved(f)
    }
}

impl Burden {
    fn write_rates(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Alerts of 100 patients a day, each as the most urgent that it was, and how often they paged: \
             an urgent alert pages again in each new crisis.\n"
        )?;
        writeln!(
            f,
            "| | stable: pages | urgent | review | technical | in a scenario: pages | urgent | review | technical |"
        )?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")?;
        let both = [&self.stable, &self.planted];
        write!(f, "| **all rules**")?;
        for tally in both {
            write!(f, " | **{:.3}**", tally.pages_per_100_a_day())?;
            for severity in SEVERITIES {
                write!(f, " | **{:.3}**", tally.per_100_a_day(severity))?;
            }
        }
        writeln!(f, " |")?;
        writeln!(f, "| at most | {MOST_URGENT} | | {MOST_REVIEWS} | | | | | |")?;
        let mut rules: Vec<&str> = both.iter().flat_map(|of| of.by_rule.keys().copied()).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            write!(f, "| `{rule}`")?;
            for tally in both {
                let pages = tally.pages.get(rule).copied().unwrap_or(0);
                let counts = tally.by_rule.get(rule).copied().unwrap_or_default();
                for count in std::iter::once(pages).chain(SEVERITIES.map(|one| counts[place(one)]))
                {
                    match count {
                        0 => write!(f, " | –")?,
                        count => write!(f, " | {:.3}", tally.rate(count))?,
                    }
                }
            }
            writeln!(f, " |")?;
        }
        writeln!(f)
    }

    fn write_events(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Planted events, flagged where every alert of the scenario was raised, as urgent as it lists or \
             of readings that came late:\n"
        )?;
        writeln!(f, "| scenario | planted | flagged | of these less urgent, of late readings |")?;
        writeln!(f, "| --- | --- | --- | --- |")?;
        for name in scenario::all().iter().map(|scenario| scenario.name) {
            let of = || self.events.iter().filter(move |event| event.scenario == name);
            let flagged = || of().filter(|event| event.is_flagged());
            let late = flagged().filter(|event| !event.late.is_empty()).count();
            writeln!(f, "| {name} | {} | {} | {late} |", of().count(), flagged().count())?;
        }
        writeln!(f)
    }

    fn write_saved(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Values beyond a limit, of all patients, and what became of them:\n")?;
        writeln!(
            f,
            "| rule | values | saved by confirmation | by hysteresis | by one open alert | alerts |"
        )?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- |")?;
        let mut all = Saved::default();
        for (rule, saved) in &self.saved {
            all.add(saved);
            write_row(f, &format!("`{rule}`"), saved)?;
        }
        write_row(f, "**all**", &all)
    }
}

fn write_row(f: &mut Formatter<'_>, name: &str, saved: &Saved) -> fmt::Result {
    let Saved { beyond, unconfirmed, crossings, further, alerts } = saved;
    writeln!(f, "| {name} | {beyond} | {unconfirmed} | {crossings} | {further} | {alerts} |")
}

/// How far the numbers of stable patients spread over populations of several seeds, of 100 a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    populations: usize,
    pages: [f64; 2],
    reviews: [f64; 2],
    planted: usize,
    flagged: usize,
}

impl Spread {
    /// The spread of runs.
    pub fn of(runs: &[Burden]) -> Self {
        let ends = |of: fn(&Burden) -> f64| {
            runs.iter().map(of).fold([f64::INFINITY, 0.0], |[least, most], value| {
                [value.min(least), value.max(most)]
            })
        };
        let events = || runs.iter().flat_map(|run| &run.events);
        Self {
            populations: runs.len(),
            pages: ends(|run| run.stable.pages_per_100_a_day()),
            reviews: ends(|run| run.stable.per_100_a_day(Severity::Review)),
            planted: events().count(),
            flagged: events().filter(|event| event.is_flagged()).count(),
        }
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { populations, pages, reviews, planted, flagged } = self;
        let ([least, most], [fewest, greatest]) = (pages, reviews);
        writeln!(
            f,
            "\nOver {populations} populations, of this seed and those that follow: {least:.3} to {most:.3} pages and \
             {fewest:.3} to {greatest:.3} reviews of 100 stable patients a day; of {planted} planted events {flagged} were flagged."
        )
    }
}

/// The document with tables in the place of those that it keeps; none where it has no place for them.
pub fn in_document(document: &str, tables: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{tables}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_the_tables_of_the_newest_run() {
        let mut burden = Burden::default();
        burden.stable.patients = 950;
        let tables = burden.to_string();
        let once = in_document(&format!("# Rules\n\n{BEGIN}old\n{END}\nmore"), &tables).unwrap();
        assert!(once.starts_with("# Rules\n") && once.ends_with("-->\nmore"), "{once}");
        assert!(once.contains("950 stable patients") && !once.contains("old"), "{once}");
        // By this line `make check` knows that the tables are of the rules that there are.
        assert!(once.contains(&format!("\nRule set `{RULE_SET}`, seed 0: 950 ")), "{once}");
        assert_eq!(in_document(&once, &tables).as_ref(), Some(&once));
        assert_eq!(in_document("# Rules", &tables), None);
    }

    #[test]
    fn the_spread_is_from_the_least_to_the_greatest_population() {
        let run = |reviews| {
            let mut run = Burden::default();
            (run.stable.patients, run.stable.days) = (100, 1);
            run.stable.by_rule.insert("a", [0, reviews, 0]);
            run
        };
        let said = Spread::of(&[run(3), run(1), run(2)]).to_string();
        assert!(
            said.contains("3 populations") && said.contains("1.000 to 3.000 reviews"),
            "{said}"
        );
    }
}
