//! From a reading to the physician's page, under load: the whole platform, an open loop.
//!
//! Documents are sent at times that are drawn beforehand; nothing waits for an answer before the
//! next is sent. Some hold the second of two severe readings, which raises an urgent alert, and
//! physicians' live streams are watched for it. All times begin when the document was due to be
//! sent, or when its 202 was there.

mod deployment;
mod figures;
mod schedule;
mod sending;
pub mod summaries;
mod watching;

use std::sync::Arc;
use std::time::{Duration, Instant};

use simulator::population::population;

use crate::report::{Measure, Report};
use crate::say;
use crate::stage::Stage;
use deployment::{Deployment, PASSWORD, PHYSICIANS, TOKEN, physician};
use figures::Times;
use schedule::{Everybody, Load, Schedule};
use watching::{Seen, watch};

/// Consortia of the patients, each document being of one.
const CONSORTIA: u32 = 20;
/// Marked pairs a second, whatever the rate.
const MARKS_A_SECOND: f64 = 30.0;
/// Patients besides the marked ones.
const PATIENTS: u32 = 5_000;
const SEED: u64 = 20_260_402;
/// The most that the 99th percentile from the 202 to the stream is to be.
const TARGET_MS: f64 = 250.0;

/// Before anything: Kafka's code has to be compiled, everybody's connections made.
const FIRST: Load =
    Load { rate: 2_000, document: 10, warm_up: Duration::from_secs(15), measured: Duration::ZERO };
const WARM_UP: Duration = Duration::from_secs(5);
/// After the last document, an alert that has not come is taken for lost.
const LAST_CALL: Duration = Duration::from_secs(10);

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct LatencyArgs {
    /// Readings a second at which latency is measured, in documents of ten readings
    #[arg(
        long,
        env = "MIMAMORI_BENCH_LATENCY_RATES",
        value_delimiter = ',',
        default_value = "500,2000,5000"
    )]
    latency_rates: Vec<u32>,

    /// Readings a second at which latency is measured in documents of one reading; 0 for none
    #[arg(long, env = "MIMAMORI_BENCH_LATENCY_SINGLE_RATE", default_value_t = 1000)]
    latency_single_rate: u32,

    /// Seconds of each measurement
    #[arg(long, env = "MIMAMORI_BENCH_LATENCY_SECONDS", default_value_t = 30)]
    latency_seconds: u64,
}

impl LatencyArgs {
    fn loads(&self) -> Vec<Load> {
        let (warm_up, measured) = (WARM_UP, Duration::from_secs(self.latency_seconds));
        let tens = self.latency_rates.iter().map(|rate| (*rate, 10));
        tens.chain(Some((self.latency_single_rate, 1)))
            .filter(|(rate, _)| *rate > 0)
            .map(|(rate, document)| Load { rate, document, warm_up, measured })
            .collect()
    }
}

/// Measures every load on one deployment.
///
/// # Errors
/// When a part does not start or ends, or a connection breaks.
pub fn measure(stage: &mut Stage, args: &LatencyArgs, report: &mut Report) -> anyhow::Result<()> {
    let loads = args.loads();
    let marked = FIRST.marks() + loads.iter().map(Load::marks).sum::<u32>();
    say(&format!("starting the whole platform for {PATIENTS} patients and {marked} to be alerted"));
    let patients = population(SEED, PATIENTS, CONSORTIA);
    let mut everybody = Everybody::of(&patients, SEED);
    let mut deployment = Deployment::start(stage, &patients, marked)?;
    let seen = Seen::default();
    let url = deployment.dashboard();
    let watching = deployment.wait(async {
        let mut watching = Vec::new();
        for number in 0..PHYSICIANS {
            watching.push(watch(&url, &physician(number), PASSWORD, seen.clone()).await?);
        }
        anyhow::Ok(watching)
    })?;
    let mut first_mark = 0;
    for (number, load) in std::iter::once(FIRST).chain(loads).enumerate() {
        let schedule = Schedule::of(load, &mut everybody, first_mark, SEED + number as u64)?;
        first_mark += load.marks();
        let run = run(&mut deployment, Arc::new(schedule), &seen)?;
        anyhow::ensure!(
            !watching.iter().any(tokio::task::JoinHandle::is_finished),
            "a live stream ended"
        );
        deployment.check()?;
        if number > 0 {
            let measure = Measure::limit(
                format!("latency {}/s", load.rate),
                if load.document == 1 { "ms p99, 1 each" } else { "ms p99, 10 each" },
                run.to_stream.percentile(0.99),
                TARGET_MS,
            );
            report.add(measure, run.notes(load));
        }
    }
    deployment.stop();
    Ok(())
}

/// What was measured of a load.
struct Run {
    /// From the 202 to the event in the stream.
    to_stream: Times,
    /// From when the document was due to the event in the stream.
    whole_way: Times,
    /// From when a document was due to its 202; all documents.
    to_answer: Times,
    /// Readings a second that were answered 202.
    achieved: f64,
    /// Documents with another answer.
    refused: usize,
    /// Shares of a core.
    shares: Vec<(&'static str, f64)>,
}

fn run(
    deployment: &mut Deployment<'_>,
    schedule: Arc<Schedule>,
    seen: &Seen,
) -> anyhow::Result<Run> {
    let gateway = deployment.gateway();
    let begun = Instant::now() + Duration::from_millis(100);
    let before = deployment.efforts();
    let answered = deployment.wait(async {
        let answered = sending::send(gateway, TOKEN, &schedule, begun).await?;
        let until = Instant::now() + LAST_CALL;
        let raised = || schedule.documents.iter().filter_map(|document| document.raises);
        while Instant::now() < until && raised().any(|mark| seen.at(mark).is_none()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(answered)
    })?;
    let after = deployment.efforts();
    let took = begun.elapsed();
    Ok(evaluate(&schedule, seen, &answered, begun, shares(&before, &after, took)))
}

fn shares(
    before: &[(&'static str, Duration)],
    after: &[(&'static str, Duration)],
    took: Duration,
) -> Vec<(&'static str, f64)> {
    let share = |(before, after): (&(_, Duration), &(&'static str, Duration))| {
        (after.0, after.1.saturating_sub(before.1).as_secs_f64() / took.as_secs_f64())
    };
    before.iter().zip(after).map(share).collect()
}

fn evaluate(
    schedule: &Schedule,
    seen: &Seen,
    answered: &[sending::Answered],
    begun: Instant,
    shares: Vec<(&'static str, f64)>,
) -> Run {
    let (mut to_stream, mut whole_way, mut to_answer) = (Vec::new(), Vec::new(), Vec::new());
    let (mut accepted, mut refused, mut last) = (0, 0, begun);
    for answer in answered {
        let document = &schedule.documents[answer.document];
        if document.due < schedule.measured_from {
            continue;
        }
        let due = begun + document.due;
        if answer.status == 202 {
            accepted += document.readings;
            last = last.max(answer.at);
            to_answer.push(milliseconds(due, Some(answer.at)));
        } else {
            refused += 1;
            to_answer.push(f64::INFINITY);
        }
        if let Some(mark) = document.raises {
            let at = seen.at(mark);
            to_stream.push(milliseconds(answer.at, at));
            whole_way.push(milliseconds(due, at));
        }
    }
    let took = last.saturating_duration_since(begun + schedule.measured_from);
    Run {
        to_stream: Times::of(to_stream),
        whole_way: Times::of(whole_way),
        to_answer: Times::of(to_answer),
        achieved: accepted as f64 / took.as_secs_f64().max(1e-9),
        refused,
        shares,
    }
}

/// From one moment to another, which may be earlier; infinite to one that never came.
fn milliseconds(from: Instant, to: Option<Instant>) -> f64 {
    let Some(to) = to else { return f64::INFINITY };
    match to.checked_duration_since(from) {
        Some(later) => later.as_secs_f64() * 1e3,
        None => -(from - to).as_secs_f64() * 1e3,
    }
}

impl Run {
    fn notes(&self, load: Load) -> Vec<String> {
        let document = load.document;
        let shares: Vec<String> = self
            .shares
            .iter()
            .map(|(name, share)| format!("{name} {:.0}", share * 100.0))
            .collect();
        vec![
            format!(
                "{:.0} readings/s achieved, {document} a document; {} alerts, {} of them \
                 before their 202; {} documents not answered 202",
                self.achieved,
                self.to_stream.len(),
                self.to_stream.negative(),
                self.refused
            ),
            format!("202 → stream {}", self.to_stream),
            format!("due → stream {}", self.whole_way),
            format!("due → 202    {}", self.to_answer),
            format!("processor time, % of a core: {}", shares.join(", ")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schedule::{Document, Marked};

    #[test]
    fn time_counts_from_when_a_document_was_due_and_a_lost_alert_is_infinite() {
        let document = |due, raises| Document {
            due: Duration::from_millis(due),
            text: String::new(),
            readings: 10,
            raises,
        };
        let schedule = Schedule {
            documents: vec![document(0, Some(Marked(0))), document(1000, Some(Marked(1)))],
            measured_from: Duration::from_millis(500),
        };
        let begun = Instant::now();
        let answer = |document, at, status| sending::Answered {
            document,
            at: begun + Duration::from_millis(at),
            status,
        };
        let answered = [answer(0, 900, 202), answer(1, 1500, 202)];
        let run = evaluate(&schedule, &Seen::default(), &answered, begun, Vec::new());
        assert_eq!((run.to_answer.len(), run.to_answer.percentile(1.0)), (1, 500.0));
        assert_eq!((run.to_stream.len(), run.to_stream.percentile(0.5)), (1, f64::INFINITY));
        assert_eq!(run.achieved, 10.0);
    }

    #[test]
    fn a_time_to_something_earlier_is_negative() {
        let now = Instant::now();
        assert_eq!(milliseconds(now + Duration::from_millis(5), Some(now)), -5.0);
    }
}
