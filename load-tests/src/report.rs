//! What was measured, as a table.

use std::fmt;

use schemas::OutcomeTally;

use crate::input::Input;

/// One measured figure and what it is held against.
#[derive(Debug, Clone)]
pub struct Measure {
    name: String,
    unit: &'static str,
    measured: f64,
    /// The peer's figure, of the same run.
    peer: Option<f64>,
    target: Target,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    /// At least this share of the peer's figure.
    Share(f64),
    /// At most this.
    Most(f64),
    /// At most so many times the peer's figure.
    Times(f64),
    /// None: to be known.
    Any,
}

impl Measure {
    /// A figure that is to be at least a share of a peer's.
    pub fn pair(
        name: impl Into<String>,
        unit: &'static str,
        measured: f64,
        peer: f64,
        share: f64,
    ) -> Self {
        Self { name: name.into(), unit, measured, peer: Some(peer), target: Target::Share(share) }
    }

    /// A figure that is to be at most so much.
    pub fn limit(name: impl Into<String>, unit: &'static str, measured: f64, most: f64) -> Self {
        Self { name: name.into(), unit, measured, peer: None, target: Target::Most(most) }
    }

    /// A cost that is to be at most so many times a peer's.
    pub fn times(
        name: impl Into<String>,
        unit: &'static str,
        measured: f64,
        peer: f64,
        most: f64,
    ) -> Self {
        Self { name: name.into(), unit, measured, peer: Some(peer), target: Target::Times(most) }
    }

    /// A figure to be known beside a peer's.
    pub fn beside(name: impl Into<String>, unit: &'static str, measured: f64, peer: f64) -> Self {
        Self { name: name.into(), unit, measured, peer: Some(peer), target: Target::Any }
    }

    fn ratio(&self) -> Option<f64> {
        self.peer.filter(|peer| *peer > 0.0).map(|peer| self.measured / peer)
    }

    fn is_met(&self) -> bool {
        match self.target {
            Target::Share(share) => self.ratio().is_some_and(|ratio| ratio >= share),
            Target::Most(most) => self.measured <= most,
            Target::Times(most) => self.ratio().is_some_and(|ratio| ratio <= most),
            Target::Any => true,
        }
    }
}

/// Everything that was measured in a run.
#[derive(Debug, Default)]
pub struct Report {
    machine: String,
    measures: Vec<Measure>,
    notes: Vec<String>,
    input: Option<String>,
}

impl Report {
    /// Nothing measured yet.
    pub fn new(machine: String) -> Self {
        Self { machine, ..Self::default() }
    }

    /// Adds a figure and what is to be known about it.
    pub fn add(&mut self, measure: Measure, notes: Vec<String>) {
        self.notes.extend(notes.into_iter().map(|note| format!("{}: {note}", measure.name)));
        self.measures.push(measure);
    }

    /// Notes what the processor was given and what it made of it.
    pub fn note_input(&mut self, input: &Input, outcomes: &OutcomeTally) {
        let of = |count: i64| 100.0 * count as f64 / input.len() as f64;
        self.input = Some(format!(
            "input: {} records of {} bytes on average; {:.1} % new, {:.1} % corrections, \
             {:.1} % duplicates, {:.1} % other",
            input.len(),
            input.mean_bytes(),
            of(outcomes.new),
            of(outcomes.correction),
            of(outcomes.duplicate),
            of(outcomes.records() - outcomes.new - outcomes.correction - outcomes.duplicate),
        ));
    }

    /// Whether every target is met.
    pub fn is_met(&self) -> bool {
        self.measures.iter().all(Measure::is_met)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n", self.machine)?;
        writeln!(
            f,
            "{:<16}{:>12}{:>12}  {:<16}{:>7}  {:<9}",
            "measure", "measured", "peer", "unit", "ratio", "target"
        )?;
        for measure in &self.measures {
            // Of small figures, such as seconds or bytes a reading, a decimal counts.
            let digits = |value: f64| if value < 100.0 { 1 } else { 0 };
            let number = |value: Option<f64>| {
                value.map_or("–".to_owned(), |value| format!("{value:.*}", digits(value)))
            };
            let ratio = measure.ratio().map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
            let target = match measure.target {
                Target::Share(share) => format!("≥ {share:.2}"),
                Target::Most(most) => format!("≤ {most:.0}"),
                Target::Times(most) => format!("≤ {most:.2}"),
                Target::Any => "–".to_owned(),
            };
            writeln!(
                f,
                "{:<16}{:>12}{:>12}  {:<16}{:>7}  {:<9}{}",
                measure.name,
                number(Some(measure.measured)),
                number(measure.peer),
                measure.unit,
                ratio,
                target,
                match measure.target {
                    Target::Any => "",
                    _ if measure.is_met() => "ok",
                    _ => "not ok",
                }
            )?;
        }
        writeln!(f)?;
        for note in self.notes.iter().chain(&self.input) {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_met_when_every_target_is() {
        let mut report = Report::default();
        report.add(Measure::pair("fast", "rows/s", 60.0, 100.0, 0.5), Vec::new());
        report.add(Measure::limit("small", "bytes", 2000.0, 2000.0), Vec::new());
        assert!(report.is_met());
        report.add(Measure::pair("slow", "rows/s", 49.0, 100.0, 0.5), Vec::new());
        assert!(!report.is_met());
        report.add(Measure::limit("smaller", "bytes/reading", 7.42, 10.0), Vec::new());
        let shown = report.to_string();
        assert!(shown.contains("not ok") && shown.contains(" 7.4 "), "{shown}");
    }

    #[test]
    fn a_cost_meets_its_target_up_to_so_many_times_the_peers() {
        assert!(Measure::times("cheap", "ns", 130.0, 100.0, 1.3).is_met());
        assert!(!Measure::times("dear", "ns", 131.0, 100.0, 1.3).is_met());
    }

    #[test]
    fn a_peer_that_did_nothing_meets_no_target() {
        assert!(!Measure::pair("fast", "rows/s", 60.0, 0.0, 0.5).is_met());
        assert!(!Measure::times("cheap", "ns", 60.0, 0.0, 1.3).is_met());
    }
}
