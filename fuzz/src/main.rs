//! `make fuzz`: a million inputs, and what came of them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use fuzz::run::{Report, Trial, attempt, run};
use fuzz::{corpus, targets};

/// Tries every decoder and parser with inputs that nobody would send on purpose.
#[derive(Debug, Parser)]
struct Arguments {
    /// Targets whose names hold this
    #[arg(default_value = "")]
    target: String,
    /// The same seed gives the same inputs; the time where none is given
    #[arg(long, env = "FUZZ_SEED")]
    seed: Option<u64>,
    /// Inputs for all targets together
    #[arg(long, env = "FUZZ_INPUTS", default_value_t = 4_000_000)]
    inputs: usize,
    /// No more inputs are begun after so many seconds; those that are left then are a failure
    #[arg(long, env = "FUZZ_SECONDS", default_value_t = 600)]
    seconds: u64,
    /// Tries this one input, and says how it is answered and how long that takes
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Keeps at most so many inputs a target, one for each kind of answer, in fuzz/corpus
    #[arg(long, default_value_t = 0)]
    keep: usize,
}

/// Inputs that are kept are small.
const LONGEST_KEPT: usize = 2_048;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(file) = &arguments.input {
        return try_one(&arguments.target, file);
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = arguments.seed.unwrap_or_else(|| since.map_or(1, |since| since.as_secs()));
    println!("seed {seed} (FUZZ_SEED={seed} has the same inputs again)");
    let mut targets = targets::all();
    targets.retain(|target| target.name.contains(&arguments.target));
    let weights: usize = targets.iter().map(|target| target.weight).sum();
    let found = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/found"));
    let trials = targets.into_iter().map(|target| {
        let inputs = (arguments.inputs * target.weight).div_ceil(weights);
        Trial::new(target, seed, inputs, &found)
    });
    println!(
        "{:<34}{:>10}{:>9}{:>12}{:>9}",
        "target", "inputs", "answers", "slowest ms", "seconds"
    );
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let most = Duration::from_secs(arguments.seconds);
    let reports = run(trials.collect(), threads, most, |report| {
        tell(report);
        let _ = std::fs::create_dir_all(&found);
        let slowest = found.join(format!("{}.slowest", report.target));
        let _ = std::fs::write(slowest, &report.slowest.1);
    });
    let inputs: usize = reports.iter().map(|report| report.inputs).sum();
    let broken = reports.iter().filter(|report| report.failure.is_some()).count();
    println!("{inputs} inputs in {} s, {broken} targets broken", begun.elapsed().as_secs());
    for report in &reports {
        if let Some(failure) = &report.failure {
            let written = corpus::keep(&report.target, &failure.input);
            println!("\n{}: {}", report.target, failure.what);
            println!("  {:?}", String::from_utf8_lossy(&failure.input));
            println!("  kept as {written:?}");
        } else if arguments.keep > 0 {
            keep(report, arguments.keep);
        }
    }
    let short: Vec<&Report> = reports.iter().filter(|report| report.is_short()).collect();
    if !short.is_empty() {
        eprintln!(
            "\n{} s were not enough for all inputs: raise FUZZ_SECONDS, or lower FUZZ_INPUTS. Too few:",
            arguments.seconds
        );
        short.iter().for_each(|r| eprintln!("  {}: {} of {}", r.target, r.inputs, r.due));
    }
    // No target at all is none that keeps its promises.
    let is_good = broken == 0 && short.is_empty() && !reports.is_empty();
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn try_one(name: &str, file: &Path) -> ExitCode {
    let Some(target) = targets::all().into_iter().find(|target| target.name == name) else {
        eprintln!("no target is named {name:?}");
        return ExitCode::FAILURE;
    };
    let input = match std::fs::read(file) {
        Ok(input) => input,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    };
    let mut slowest = Default::default();
    let answer = attempt(&target, &input, &mut slowest);
    println!("{} bytes in {} ms: {answer:?}", input.len(), slowest.0.as_millis());
    if answer.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(report: &Report) {
    println!(
        "{:<34}{:>10}{:>9}{:>12.1}{:>9.1}",
        report.target,
        report.inputs,
        report.answers.len(),
        report.slowest.0.as_secs_f64() * 1000.0,
        report.took.as_secs_f64()
    );
}

/// Keeps the smallest inputs of different answers that the corpus and the seeds do not give.
fn keep(report: &Report, most: usize) {
    let mut inputs: Vec<&Vec<u8>> =
        report.answers.values().filter(|input| input.len() <= LONGEST_KEPT).collect();
    inputs.sort_by_key(|input| (input.len(), input.to_vec()));
    let every = inputs.len().div_ceil(most).max(1);
    for input in inputs.into_iter().step_by(every) {
        if let Err(error) = corpus::keep(&report.target, input) {
            eprintln!("{}: {error}", report.target);
        }
    }
}
