//! Running a target under libFuzzer, in a process of its own, and reading what it says.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use fuzz::attempt::attempt;
use fuzz::corpus;
use fuzz::target::Target;

/// After so many seconds an input counts as one that is never answered.
const NEVER: u64 = 20;
/// After so many seconds an input is looked at once more for whether it is slow by itself.
const SLOW: u64 = 1;
/// Memory that one input may take, MB.
const MEMORY: u64 = 2048;
/// A step of making an input smaller that breaks a promise takes so long, seconds.
const SHRINKING: u64 = 5;

/// The program that runs a target.
pub struct Engine {
    program: PathBuf,
    seed: u32,
    /// For each target: the inputs that earlier runs found, the seeds as files, and what the engine
    /// said last.
    folder: PathBuf,
}

/// What came of a target.
#[derive(Debug, Default)]
pub struct Run {
    /// Inputs tried.
    pub inputs: u64,
    /// Places of the code that inputs reached, before the first was changed and at the end.
    pub reached_before: u64,
    pub reached: u64,
    /// Inputs that are changed further.
    pub kept: u64,
    /// How long it took.
    pub took: Duration,
    /// The promise that was broken, if one was.
    pub failure: Option<Failure>,
}

/// A broken promise.
#[derive(Debug)]
pub struct Failure {
    /// What is broken, without any value of the input.
    pub what: String,
    /// The input.
    pub input: Vec<u8>,
}

impl Engine {
    pub fn new(program: &Path, seed: u32) -> Result<Self, String> {
        let program = program
            .canonicalize()
            .map_err(|error| format!("{}: {error}. `make fuzz` builds it", program.display()))?;
        let folder = program.with_file_name("fuzz-runs");
        Ok(Self { program, seed, folder })
    }

    /// Forgets what earlier runs found.
    pub fn forget(&self, target: &Target) {
        let _ = std::fs::remove_dir_all(self.folder.join(&target.name));
    }

    /// Runs a target for so long, or until a promise is broken.
    ///
    /// # Errors
    /// When the engine cannot be run, or ends without saying by which input.
    pub fn run(&self, target: &Target, most: Duration) -> Result<Run, String> {
        let because = |error: std::io::Error| format!("{}: {error}", target.name);
        let folder = self.folder.join(&target.name);
        let (found, seeds) = (folder.join("found"), folder.join("seeds"));
        for folder in [&found, &seeds] {
            std::fs::create_dir_all(folder).map_err(because)?;
        }
        for (number, seed) in target.seeds.iter().enumerate() {
            std::fs::write(seeds.join(number.to_string()), seed).map_err(because)?;
        }
        let broken = folder.join("broken");
        let _ = std::fs::remove_file(&broken);
        let kept = corpus::folder().join(&target.name);
        let begun = Instant::now();
        let output = self
            .command(target)
            .arg(&found)
            .args(kept.is_dir().then_some(kept))
            .arg(&seeds)
            .arg(format!("-max_len={}", fuzz::bytes::LONGEST))
            .arg(format!("-max_total_time={}", most.as_secs()))
            .arg(format!("-exact_artifact_path={}", broken.display()))
            .arg(format!("-report_slow_units={SLOW}"))
            .arg("-print_final_stats=1")
            .output()
            .map_err(because)?;
        let log = folder.join("log");
        std::fs::write(&log, &output.stderr).map_err(because)?;
        let (mut run, said) = understood(&String::from_utf8_lossy(&output.stderr));
        run.took = begun.elapsed();
        let input = std::fs::read(&broken).ok();
        run.failure = match (output.status.success(), input) {
            (true, None) => None,
            // It was slow at least once, which may be for want of a processor.
            (true, Some(input)) => {
                let is_slow = attempt(target, &input).is_err();
                is_slow.then(|| Failure { what: "an input is answered too late".to_owned(), input })
            }
            (false, Some(input)) => {
                let what = said.unwrap_or_else(|| format!("the engine ended, {}", output.status));
                Some(Failure { what, input })
            }
            (false, None) => {
                let (name, status, log) = (&target.name, output.status, log.display());
                return Err(format!("{name}: the engine ended by itself ({status}); see {log}"));
            }
        };
        Ok(run)
    }

    /// A smaller input that breaks a promise too; the input itself where none is found.
    pub fn smaller(&self, target: &Target, input: &[u8]) -> Vec<u8> {
        let folder = self.folder.join(&target.name);
        let (from, to) = (folder.join("broken"), folder.join("smaller"));
        let _ = std::fs::remove_file(&to);
        // What comes of it is looked at below.
        let _ = self
            .command(target)
            .arg("-minimize_crash=1")
            .arg(format!("-max_total_time={SHRINKING}"))
            .arg(format!("-exact_artifact_path={}", to.display()))
            .arg(&from)
            .output();
        let breaks = |file: &Path| {
            let tried = self.command(target).arg(file).output();
            tried.is_ok_and(|tried| !tried.status.success())
        };
        let smaller = std::fs::read(&to).ok().filter(|found| found.len() < input.len());
        smaller.filter(|_| breaks(&to)).unwrap_or_else(|| input.to_vec())
    }

    fn command(&self, target: &Target) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("FUZZ_TARGET", &target.name)
            .arg(format!("-seed={}", self.seed))
            .arg(format!("-timeout={NEVER}"))
            .arg(format!("-rss_limit_mb={MEMORY}"));
        command
    }
}

/// What libFuzzer reports on its standard error, and where a promise was broken: by a panic's place,
/// not by its words, which may hold values of the input.
fn understood(said: &str) -> (Run, Option<String>) {
    let mut run = Run::default();
    let mut broken = None;
    for line in said.lines() {
        if let Some(reached) = number_after(line, " cov: ") {
            run.reached = reached;
            // Whatever is said first is of the inputs that were given.
            if run.reached_before == 0 && line.contains("INITED") {
                run.reached_before = reached;
            }
            run.kept = number_after(line, " corp: ").unwrap_or(run.kept);
            run.inputs = number_after(line, "#").unwrap_or(run.inputs);
        }
        if let Some(units) = number_after(line, "stat::number_of_executed_units:") {
            run.inputs = units;
        }
        if let Some(place) = place_of_panic(line) {
            broken = Some(match place {
                place if place.contains(ENGINE) => "a promise is broken".to_owned(),
                place => format!("a panic at {place}"),
            });
        } else if let Some((_, what)) = line.split_once("ERROR: libFuzzer: ") {
            broken = broken.or_else(|| Some(what.to_owned()));
        }
    }
    (run, broken)
}

/// Where the program panics for a promise that is broken otherwise than by a panic.
const ENGINE: &str = "fuzz-engine.rs:";

fn place_of_panic(line: &str) -> Option<&str> {
    let (_, place) = line.strip_prefix("thread ")?.split_once(" panicked at ")?;
    Some(place.trim_end_matches(':'))
}

fn number_after(line: &str, what: &str) -> Option<u64> {
    let (_, rest) = line.split_once(what)?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
INFO: Running with entropic power schedule (0xFF, 100).
#2\tINITED cov: 17 ft: 18 corp: 1/1b exec/s: 0 rss: 45Mb
#518\tNEW    cov: 21 ft: 22 corp: 3/9b lim: 8 exec/s: 0 rss: 46Mb L: 7/7 MS: 1 ChangeByte-
#9000\tREDUCE cov: 24 ft: 40 corp: 7/80b lim: 80 exec/s: 9000 rss: 50Mb L: 9/9 MS: 1 EraseBytes-
";

    #[test]
    fn what_the_engine_reached_is_read_from_what_it_says() {
        let said = format!("{SAID}stat::number_of_executed_units: 9512\n");
        let (run, broken) = understood(&said);
        assert_eq!((run.reached_before, run.reached, run.kept), (17, 24, 7));
        assert_eq!(run.inputs, 9512);
        assert_eq!(broken, None);
    }

    #[test]
    fn a_panic_is_reported_by_its_place_and_never_by_its_words() {
        let panicked = |place: &str| {
            let said = format!(
                "{SAID}\nthread '<unnamed>' (3) panicked at {place}:\npulse 61 of S001\n\
                 ==1== ERROR: libFuzzer: deadly signal\n"
            );
            understood(&said).1
        };
        let broken = panicked("fuzz/src/bin/fuzz-engine.rs:21:9");
        assert_eq!(broken.as_deref(), Some("a promise is broken"));
        let broken = panicked("schemas/src/plan/read.rs:7:1");
        assert_eq!(broken.as_deref(), Some("a panic at schemas/src/plan/read.rs:7:1"));
    }

    #[test]
    fn an_input_that_is_never_answered_is_reported_in_the_engines_words() {
        let (_, broken) = understood("==1== ERROR: libFuzzer: timeout after 20 seconds\n");
        assert_eq!(broken.as_deref(), Some("timeout after 20 seconds"));
    }
}
