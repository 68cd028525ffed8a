//! How long the processor takes from its start until every partition's state is rebuilt from Kafka,
//! and what the state takes then.

use std::time::{Duration, Instant};

use schemas::Topics;

use crate::history::{self, Versions};
use crate::report::Measure;
use crate::stage::Stage;
use crate::{effort, machine, processing, rules};

/// At most so long for a million patients, seconds.
const MOST: f64 = 30.0;
/// A log of two schema versions takes at most so many times as long as one of one.
const MOST_OF_TWO_VERSIONS: f64 = 1.3;
const PATIENCE: Duration = Duration::from_secs(600);

/// What a recovery took.
pub struct Recovered {
    patients: u32,
    days: u32,
    versions: Versions,
    /// Records of accepted readings and alerts.
    written: u64,
    /// How long writing them took.
    fill: Duration,
    starts: Vec<Start>,
    /// The same with the rules of the first round alone.
    with_first_rules: Vec<Start>,
}

struct Start {
    /// Until the group had given the partitions.
    joined: Duration,
    /// Until everything was ready.
    ready: Duration,
    replayed: u64,
    /// Alert events published after the rebuild; there should be none.
    alerts: u64,
    /// Processor time used.
    effort: Duration,
    /// Kafka's.
    broker_effort: Duration,
    /// Resident memory, bytes: at the end, and at most.
    resident: u64,
    peak: u64,
}

impl Recovered {
    /// Seconds until ready, the best of the starts, against the limit. It is for a million patients
    /// and holds for fewer.
    pub fn measure(&self) -> Measure {
        let name = match self.patients {
            thousands if thousands % 1_000_000 == 0 => {
                format!("recovery {}M", thousands / 1_000_000)
            }
            other => format!("recovery {}k", other / 1000),
        };
        Measure::limit(name, "s", self.best().ready.as_secs_f64(), MOST)
    }

    /// Seconds of replaying a log of two schema versions, against one of the current version.
    pub fn measure_beside(&self, current: &Self) -> Measure {
        let (measured, peer) = (replayed_in(&self.starts), replayed_in(&current.starts));
        Measure::times("recovery, 2 schemas", "s", measured, peer, MOST_OF_TWO_VERSIONS)
    }

    /// Seconds until what was replayed is judged by every rule, against the first two alone.
    pub fn measure_of_rules(&self) -> Measure {
        let (all, first) = (replayed_in(&self.starts), replayed_in(&self.with_first_rules));
        Measure::beside("recovery, all rules", "s", all, first)
    }

    fn best(&self) -> &Start {
        self.starts.iter().min_by_key(|start| start.ready).expect("there are starts")
    }

    /// What else was seen.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "{} patients, {} readings each{}: {} records, written in {:.0} s",
            self.patients,
            2 * self.days,
            match self.versions {
                Versions::Current => "",
                Versions::Mixed => ", every other one with the first published schema",
            },
            self.written,
            self.fill.as_secs_f64()
        )];
        notes.extend(self.starts.iter().map(|start| self.note(start)));
        let with_first = self.with_first_rules.iter().map(|start| self.note(start));
        notes.extend(with_first.map(|note| format!("with two rules: {note}")));
        notes
    }

    fn note(&self, start: &Start) -> String {
        let each = |bytes: u64| bytes / u64::from(self.patients);
        format!(
            "ready after {:.1} s, {:.2} s of it until the group gave the partitions; {} records \
             replayed, {:.2} µs of CPU each and {:.2} of Kafka; {} bytes a patient resident, {} at \
             most; {} alert events published",
            start.ready.as_secs_f64(),
            start.joined.as_secs_f64(),
            start.replayed,
            effort::microseconds_each(start.effort, start.replayed),
            effort::microseconds_each(start.broker_effort, start.replayed),
            each(start.resident),
            each(start.peak),
            start.alerts,
        )
    }
}

/// Seconds from when the group gave the partitions until all was ready, of the quickest start.
fn replayed_in(starts: &[Start]) -> f64 {
    let replays = starts.iter().map(|start| start.ready - start.joined);
    replays.min().expect("there are starts").as_secs_f64()
}

/// Fills the topics of a deployment of its own with the history of so many patients and starts the
/// processor over it as often as asked, each time killing it when it is ready.
///
/// # Errors
/// When it ends before that, takes unreasonably long, or leaves records out.
pub fn run(
    stage: &mut Stage,
    patients: u32,
    days: u32,
    versions: Versions,
    starts: usize,
) -> anyhow::Result<Recovered> {
    let topics = stage.topics(format!("recovery{patients}{versions:?}."))?;
    let begun = Instant::now();
    let written = history::write(stage, &topics, (patients, days), versions)?;
    let fill = begun.elapsed();
    let (all, first) = (Vec::new(), Vec::new());
    let mut recovered =
        Recovered { patients, days, versions, written, fill, starts: all, with_first_rules: first };
    for _ in 0..starts {
        let start = recover(stage, &topics, written)?;
        anyhow::ensure!(start.replayed == written, "{} records too many", start.replayed - written);
        crate::say(&format!("{patients} patients: {}", recovered.note(&start)));
        recovered.starts.push(start);
    }
    if versions == Versions::Current {
        processing::apply(stage, &topics, &rules::only(&rules::FIRST)?)?;
        for _ in 0..starts {
            let start = recover(stage, &topics, written)?;
            crate::say(&format!("with two rules: {}", recovered.note(&start)));
            recovered.with_first_rules.push(start);
        }
    }
    Ok(recovered)
}

fn recover(stage: &mut Stage, topics: &Topics, written: u64) -> anyhow::Result<Start> {
    let broker_before = stage.broker_effort();
    let begun = Instant::now();
    let instance = [("MIMAMORI_INSTANCE", "recovery".to_owned())];
    let (mut process, port) = stage.launch("processor", topics, &instance)?;
    let operations = Operations { http: stage.http(), port };
    process.wait_ready(PATIENCE, "partitions", || {
        operations.metric("mimamori_processor_partitions_count").is_some_and(|owned| owned > 0)
    })?;
    let joined = begun.elapsed();
    process.wait_ready(PATIENCE, "ready states", || operations.is_ready())?;
    let ready = begun.elapsed();
    let start = Start {
        joined,
        ready,
        replayed: operations.metric("mimamori_processor_rebuilt_records_total").unwrap_or(0),
        alerts: operations.metric("mimamori_processor_alerts_total").unwrap_or(0),
        effort: effort::of_process(process.id()),
        broker_effort: stage.broker_effort() - broker_before,
        resident: machine::memory_of(process.id(), "VmRSS")?,
        peak: machine::memory_of(process.id(), "VmHWM")?,
    };
    process.kill();
    anyhow::ensure!(
        start.replayed >= written,
        "{} records are replayed, not {written}",
        start.replayed
    );
    Ok(start)
}

/// What a service reports of itself.
struct Operations<'a> {
    http: &'a reqwest::blocking::Client,
    port: u16,
}

impl Operations<'_> {
    fn get(&self, path: &str) -> reqwest::Result<reqwest::blocking::Response> {
        self.http.get(format!("http://127.0.0.1:{}/{path}", self.port)).send()
    }

    fn is_ready(&self) -> bool {
        self.get("readyz").is_ok_and(|answer| answer.status().is_success())
    }

    /// The sum of a metric's series; none when it does not answer.
    fn metric(&self, name: &str) -> Option<u64> {
        Some(sum_of(&self.get("metrics").and_then(|answer| answer.text()).ok()?, name))
    }
}

fn sum_of(metrics: &str, name: &str) -> u64 {
    (metrics.lines().filter_map(|line| line.strip_prefix(name)))
        .filter(|rest| rest.starts_with(['{', ' ']))
        .filter_map(|rest| rest.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_of_one_metric_are_added() {
        let metrics = "# TYPE a_count gauge\na_count{state=\"ready\"} 3\na_count{state=\"new\"} 9\n\
                       a_count_other 7\nb 5\n";
        assert_eq!(sum_of(metrics, "a_count"), 12);
        assert_eq!(sum_of(metrics, "b"), 5);
    }
}
