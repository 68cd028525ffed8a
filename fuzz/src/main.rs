//! `make fuzz`: every target under libFuzzer, each for its share of the time, and what came of it.

mod engine;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use engine::{Engine, Failure, Run};
use fuzz::attempt::attempt;
use fuzz::target::Target;
use fuzz::{corpus, targets};

/// Tries decoders and parsers with inputs that nobody would send on purpose.
#[derive(Debug, Parser)]
struct Arguments {
    /// Targets whose names hold this
    #[arg(default_value = "")]
    target: String,
    /// The instrumented program that runs a target; `fuzz-engine` beside this one where none is given
    #[arg(long, env = "FUZZ_ENGINE")]
    engine: Option<PathBuf>,
    /// The time where none is given
    #[arg(long, env = "FUZZ_SEED")]
    seed: Option<u32>,
    /// For all targets together; each gets its share, and 5 at least
    #[arg(long, env = "FUZZ_SECONDS", default_value_t = 600)]
    seconds: u64,
    /// Tries this one input, and says how it is answered and how long that takes
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Only makes sure that the engine is guided by coverage
    #[arg(long)]
    verify: bool,
}

/// A target gets no less.
const LEAST: Duration = Duration::from_secs(5);
/// The planted fault is found within this, or the engine is not guided.
const PLANTED: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.input {
        Some(file) => try_one(&arguments.target, file),
        None => run(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// True when every promise is kept.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = arguments.seed.unwrap_or_else(|| since.map_or(1, |since| since.as_secs() as u32));
    let beside = || std::env::current_exe().map(|this| this.with_file_name("fuzz-engine"));
    let program = match &arguments.engine {
        Some(program) => program.clone(),
        None => beside().map_err(|error| format!("this program cannot be found: {error}"))?,
    };
    let engine = Engine::new(&program, seed)?;
    verify(&engine)?;
    if arguments.verify {
        return Ok(true);
    }
    println!("seed {seed}");
    let mut targets = targets::all();
    targets.retain(|target| target.name.contains(&arguments.target));
    if targets.is_empty() {
        return Err(format!("no target's name holds {:?}", arguments.target));
    }
    let weights: u64 = targets.iter().map(|target| target.weight as u64).sum();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let whole = Duration::from_secs(arguments.seconds) * threads as u32;
    let share = |target: &Target| (whole * target.weight as u32 / weights as u32).max(LEAST);
    println!(
        "{:<34}{:>10}{:>10}{:>10}{:>10}{:>9}",
        "target", "inputs", "reached", "before", "kept", "seconds"
    );
    let begun = Instant::now();
    let count = targets.len();
    let left = Mutex::new(targets.into_iter());
    let runs = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                while let Some(target) = left.lock().ok().and_then(|mut left| left.next()) {
                    let run = engine.run(&target, share(&target));
                    if let Ok(run) = &run {
                        tell(&target, run);
                    }
                    if let Ok(mut runs) = runs.lock() {
                        runs.push((target, run));
                    }
                }
            });
        }
    });
    let runs = runs.into_inner().map_err(|_| "a thread has panicked")?;
    let (mut broken, mut reached, mut inputs) = (0, 0, 0);
    for (target, run) in runs {
        match run {
            Ok(run) => {
                (reached, inputs) = (reached + run.reached, inputs + run.inputs);
                let Some(failure) = run.failure else { continue };
                broken += 1;
                report(&engine, &target, &failure)?;
            }
            Err(error) => {
                broken += 1;
                eprintln!("\n{error}");
            }
        }
    }
    println!(
        "{count} targets, {inputs} inputs, {reached} places reached in {} s, {broken} broken",
        begun.elapsed().as_secs()
    );
    Ok(broken == 0)
}

/// Keeps the input that broke a promise, so that every test run tries it from then on, and says how
/// to look at it. Neither it nor the words of a panic are printed: both may be of somebody's reading.
fn report(engine: &Engine, target: &Target, failure: &Failure) -> Result<(), String> {
    let input = engine.smaller(target, &failure.input);
    let kept = corpus::keep(&target.name, &input).map_err(|error| error.to_string())?;
    let (name, kept) = (&target.name, kept.display());
    eprintln!("\n{name}: {}", failure.what);
    eprintln!("  by {} bytes, kept as {kept}; to see it:", input.len());
    eprintln!("  cargo run -p fuzz -- {name} --input {kept}");
    Ok(())
}

/// A fault is planted behind six bytes that have to be guessed one after another: blind guessing
/// would need some 10^14 inputs.
fn verify(engine: &Engine) -> Result<(), String> {
    let planted = targets::planted();
    // Or it would begin where an earlier run ended.
    engine.forget(&planted);
    let run = engine.run(&planted, PLANTED)?;
    let (before, after) = (run.reached_before, run.reached);
    let is_planted = |failure: &Failure| {
        attempt(&planted, &failure.input).is_err_and(|what| what == targets::PLANTED)
    };
    match run.failure {
        Some(failure) if is_planted(&failure) && after > before => {
            println!(
                "the engine is guided: the planted fault was found after {} inputs in {:.1} s, \
                 reaching {after} places instead of {before}",
                run.inputs,
                run.took.as_secs_f64()
            );
            Ok(())
        }
        failure => Err(format!(
            "the engine is not guided by coverage: after {} inputs it reaches {after} places instead \
             of {before}, and of the planted fault it says {:?}. Build it by `make fuzz`",
            run.inputs,
            failure.map(|failure| failure.what)
        )),
    }
}

fn tell(target: &Target, run: &Run) {
    println!(
        "{:<34}{:>10}{:>10}{:>10}{:>10}{:>9.1}",
        target.name,
        run.inputs,
        run.reached,
        run.reached_before,
        run.kept,
        run.took.as_secs_f64()
    );
}

fn try_one(name: &str, file: &Path) -> Result<bool, String> {
    let mut all = targets::all().into_iter();
    let target = all.find(|target| target.name == name);
    let target = target.ok_or_else(|| format!("no target is named {name:?}"))?;
    let input = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let begun = Instant::now();
    let answer = attempt(&target, &input);
    println!("{} bytes in {} ms: {answer:?}", input.len(), begun.elapsed().as_millis());
    Ok(answer.is_ok())
}
