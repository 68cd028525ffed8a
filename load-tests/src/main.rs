//! Measures the platform against its limits and against peers, all in one run on one machine.
//!
//! What is measured, and how, is in the folder's README. Figures are compared within a run only:
//! the ratio to a peer says how good the code is, the absolute figure beside it how good the
//! machine is.

mod clickhouse;
mod copying;
mod effort;
mod held_back;
mod history;
mod input;
mod inserting;
mod latency;
mod machine;
mod memory;
mod processing;
mod rate;
mod recovery;
mod report;
mod rules;
mod sensors;
mod stage;
mod turns;
mod variations;
mod versions;
mod writing;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use history::Versions;
use input::Input;
use memory::Habit;
use rate::median;
use report::{Measure, Report};
use schemas::topics::Topic;
use stage::{PARTITIONS, Stage};
use turns::Mix;

/// Measures the platform against its limits and peers, and prints the ratios
#[derive(Debug, Parser)]
#[command(name = "load-tests")]
pub struct Args {
    /// Exit with 1 when a target is missed
    #[arg(long)]
    check: bool,

    /// What to measure; everything where nothing is named
    #[arg(long, value_enum)]
    only: Vec<Subject>,

    /// Raw readings that the processor is given
    #[arg(long, env = "MIMAMORI_BENCH_READINGS", default_value_t = 1_000_000)]
    readings: usize,

    /// Patients whose readings they are
    #[arg(long, env = "MIMAMORI_BENCH_PATIENTS", default_value_t = 20_000)]
    patients: u32,

    /// Times that each pair is measured, alternating; the median counts
    #[arg(long, env = "MIMAMORI_BENCH_ROUNDS", default_value_t = 3)]
    rounds: usize,

    /// Patients whose state is weighed
    #[arg(long, env = "MIMAMORI_BENCH_MEMORY_PATIENTS", default_value_t = 100_000)]
    memory_patients: u32,

    /// Patients with a sensor whose state is weighed
    #[arg(long, env = "MIMAMORI_BENCH_SENSOR_PATIENTS", default_value_t = 1_000)]
    sensor_patients: u32,

    /// Patients with a sensor whose readings are handled with and without rules
    #[arg(long, env = "MIMAMORI_BENCH_SENSORS", default_value_t = 300)]
    sensors: u32,

    /// Patients of whom the processor's state is rebuilt, one measurement each
    #[arg(
        long,
        env = "MIMAMORI_BENCH_RECOVERY_PATIENTS",
        value_delimiter = ',',
        default_values_t = [100_000, 1_000_000]
    )]
    recovery_patients: Vec<u32>,

    /// Days of their readings, two a day; the window holds 40
    #[arg(long, default_value_t = 15)]
    recovery_days: u32,

    /// Times that the processor is started over them; the quickest counts
    #[arg(long, default_value_t = 2)]
    recovery_starts: usize,

    #[command(flatten)]
    latency: latency::LatencyArgs,

    /// The checkout, where `make setup` put Kafka and ClickHouse
    #[arg(long, default_value = ".")]
    root: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// The processor beside a loop that only copies
    Processor,
    /// The writer beside inserts from memory; needs what the processor publishes
    Writer,
    /// State of the processor for each patient
    Memory,
    /// The processor with 1, 2 and 12 partitions
    Partitions,
    /// The processor with more and more corrections, and out of order
    Corrections,
    /// The processor with all rules beside the two with which the platform began
    Rules,
    /// From the processor's start until its states are rebuilt
    Recovery,
    /// Reading messages of other schemas than the current one
    Versions,
    /// Readings of sensors with rules, beside the same without
    Sensors,
    /// From a reading to the physician's page at several rates
    Latency,
    /// Summaries of sensor glucose and previews of plans, with ten million readings in the store
    Summaries,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(report) => {
            print!("{report}");
            if args.check && !report.is_met() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            eprintln!("load-tests: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> anyhow::Result<Report> {
    let is_wanted = |subject| args.only.is_empty() || args.only.contains(&subject);
    let mut report = Report::new(machine::describe());
    // First, while the heap is small and whole.
    if is_wanted(Subject::Memory) {
        say(&format!("weighing the state of {} patients", args.memory_patients));
        let patients = memory::weigh(args.memory_patients, Habit::Pressure)?;
        report.add(patients.measure(), patients.notes());
        say(&format!("weighing the state of {} patients with sensors", args.sensor_patients));
        let sensors = memory::weigh(args.sensor_patients, Habit::Sensor)?;
        report.add(sensors.measure(), sensors.notes());
    }
    if is_wanted(Subject::Versions) {
        say("reading messages of other schemas");
        versions::measure(args.rounds, &mut report)?;
    }
    if is_wanted(Subject::Sensors) {
        say(&format!("handling the readings of {} sensors", args.sensors));
        sensors::measure(args.sensors, args.rounds, &mut report)?;
    }
    if is_wanted(Subject::Latency) {
        let mut stage = Stage::start(&args.root)?;
        stage.start_clickhouse()?;
        latency::measure(&mut stage, &args.latency, &mut report)?;
    }
    if is_wanted(Subject::Summaries) {
        let mut stage = Stage::start(&args.root)?;
        stage.start_clickhouse()?;
        latency::summaries::measure(&mut stage, &mut report)?;
    }
    if is_wanted(Subject::Processor) || is_wanted(Subject::Writer) {
        measure_pairs(args, &mut report, is_wanted(Subject::Writer))?;
    }
    if is_wanted(Subject::Partitions) {
        variations::partitions(&Stage::start(&args.root)?, args.rounds, &mut report)?;
    }
    if is_wanted(Subject::Rules) {
        let load = (args.readings, args.patients);
        rules::measure(&Stage::start(&args.root)?, load, args.rounds, &mut report)?;
    }
    if is_wanted(Subject::Corrections) {
        variations::corrections(&Stage::start(&args.root)?, args.rounds, &mut report)?;
    }
    if is_wanted(Subject::Recovery) {
        measure_recovery(args, &mut report)?;
    }
    Ok(report)
}

fn measure_pairs(args: &Args, report: &mut Report, with_writer: bool) -> anyhow::Result<()> {
    say(&format!("making {} readings of {} patients", args.readings, args.patients));
    let input = Input::make(args.readings, args.patients, Mix::USUAL)?;
    say("starting Kafka");
    let mut stage = Stage::start(&args.root)?;
    let (mut copied, mut processed, mut efforts) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = None;
    for round in 0..=args.rounds {
        let peer = copying::run(&stage, &input, round)?;
        let done = processing::run(&stage, &input, &round.to_string(), PARTITIONS)?;
        say(&format!(
            "round {round}: copying {:.0} records/s, processor {:.0} records/s",
            peer.per_second(),
            done.rate.per_second()
        ));
        // While a broker is young, the compiler of its Java takes as much of the cores as what is measured.
        if round == 0 {
            continue;
        }
        copied.push(peer.per_second());
        processed.push(done.rate.per_second());
        efforts.push(effort::microseconds_each(done.effort, input.len() as u64));
        report.note_input(&input, &done.outcomes);
        last = Some(done);
    }
    report.add(
        Measure::pair("processor", "records/s", median(&processed), median(&copied), 0.5),
        vec![
            format!("{}; {:.2} µs of CPU a record", spread(&processed), median(&efforts)),
            format!("peer, a bare librdkafka loop that copies the same topic: {}", spread(&copied)),
        ],
    );
    match last {
        Some(done) if with_writer => {
            let topic = done.topics.name(Topic::ReadingsAccepted);
            let accepted = Input::read_back(&stage, &topic, done.stored)?;
            measure_writer(args.rounds, &mut stage, &accepted, report)
        }
        _ => Ok(()),
    }
}

fn measure_writer(
    rounds: usize,
    stage: &mut Stage,
    accepted: &Input,
    report: &mut Report,
) -> anyhow::Result<()> {
    say("starting ClickHouse");
    stage.start_clickhouse()?;
    let (mut written, mut efforts, mut engine_efforts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut inserted, mut peer_efforts) = (Vec::new(), Vec::new());
    let mut rows = None;
    let each = |effort| effort::microseconds_each(effort, accepted.len() as u64);
    for round in 1..=rounds {
        let before = stage.engine_effort();
        let done = writing::run(stage, accepted, round)?;
        engine_efforts.push(each(stage.engine_effort() - before));
        let rows = match &rows {
            Some(rows) => rows,
            None => rows.insert(inserting::read_back(stage, round)?),
        };
        writing::forget(stage, round)?;
        let before = stage.engine_effort();
        let peer = inserting::run(stage, round, rows)?;
        peer_efforts.push(each(stage.engine_effort() - before));
        say(&format!(
            "round {round}: inserts from memory {:.0} rows/s, writer {:.0} rows/s",
            peer.per_second(),
            done.rate.per_second()
        ));
        written.push(done.rate.per_second());
        efforts.push(each(done.effort));
        inserted.push(peer.per_second());
    }
    report.add(
        Measure::pair("writer", "rows/s", median(&written), median(&inserted), 0.5),
        vec![
            format!(
                "{}; {:.2} µs of CPU a row, and {:.2} of ClickHouse",
                spread(&written),
                median(&efforts),
                median(&engine_efforts)
            ),
            format!(
                "peer, the same rows inserted from memory: {}; {:.2} µs of ClickHouse a row",
                spread(&inserted),
                median(&peer_efforts)
            ),
        ],
    );
    Ok(())
}

fn measure_recovery(args: &Args, report: &mut Report) -> anyhow::Result<()> {
    let mut stage = Stage::start(&args.root)?;
    let mut recover = |patients, versions| {
        recovery::run(&mut stage, patients, args.recovery_days, versions, args.recovery_starts)
    };
    let mut current = None;
    for patients in &args.recovery_patients {
        say(&format!("writing the history of {patients} patients"));
        let recovered = recover(*patients, Versions::Current)?;
        report.add(recovered.measure(), recovered.notes());
        report.add(recovered.measure_of_rules(), Vec::new());
        current.get_or_insert(recovered);
    }
    if let (Some(current), Some(patients)) = (current, args.recovery_patients.first()) {
        say(&format!("writing the history of {patients} patients with two schemas"));
        let mixed = recover(*patients, Versions::Mixed)?;
        report.add(mixed.measure_beside(&current), mixed.notes());
    }
    Ok(())
}

/// How far the rounds of a measurement are apart.
fn spread(rounds: &[f64]) -> String {
    let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rounds.iter().copied().fold(0.0, f64::max);
    format!("{} rounds from {least:.0} to {most:.0}", rounds.len())
}

/// Progress, apart from the result.
fn say(what: &str) {
    eprintln!("· {what}");
}
