//! Trying a target many times.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::corpus;
use crate::random::Random;
use crate::target::Target;
use crate::watch::{Watchman, tried};

/// An input that takes longer, six times, breaks the promise of bounded time. Generous: it holds
/// for code without optimisation on a machine that is busy with other things.
const TOO_LONG: Duration = Duration::from_secs(1);
/// What takes no longer is not measured twice.
const QUICK: Duration = Duration::from_millis(5);
/// Inputs that are damaged further, at most.
const MOST_KEPT: usize = 2_000;
/// Longer ones are not: what can be said is said in less, and sooner.
const LONGEST_KEPT: usize = 4 * 1024;
/// Attempts to make an input smaller that breaks a promise.
const SHRINKING: usize = 3_000;

/// How much is tried.
#[derive(Debug, Clone)]
pub struct Effort {
    /// The same seed gives the same inputs.
    pub seed: u64,
    /// Inputs.
    pub inputs: usize,
    /// Time after which no more are tried.
    pub most: Duration,
    /// Where inputs are written that break a promise.
    pub found: PathBuf,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// The target's name.
    pub target: String,
    /// Inputs tried.
    pub inputs: usize,
    /// Ways in which it was answered, with the first input of each, as far as they were kept.
    pub answers: HashMap<String, Vec<u8>>,
    /// How long it took.
    pub took: Duration,
    /// The longest that one input took, and that input.
    pub slowest: (Duration, Vec<u8>),
    /// The promise that was broken, if one was.
    pub failure: Option<Failure>,
}

/// A broken promise.
#[derive(Debug)]
pub struct Failure {
    /// What is broken.
    pub what: String,
    /// The input, as small as it was got.
    pub input: Vec<u8>,
}

/// Tries a target: its corpus, its seeds, and what is made of them; until a promise is broken.
pub fn run(target: &Target, effort: &Effort) -> Report {
    let mut random = Random::new(effort.seed, &target.name);
    let begun = Instant::now();
    let watchman = Watchman::of(&target.name, effort.found.clone());
    let mut report = Report {
        target: target.name.clone(),
        inputs: 0,
        answers: HashMap::new(),
        took: Duration::ZERO,
        slowest: (Duration::ZERO, Vec::new()),
        failure: None,
    };
    let kept = corpus::of(&target.name).into_iter().map(|(_, input)| input);
    let mut pool: Vec<Vec<u8>> = kept.chain(target.seeds.iter().cloned()).collect();
    let given = pool.len();
    while report.inputs < effort.inputs.max(given) && begun.elapsed() < effort.most {
        let input = match pool.get(report.inputs) {
            Some(input) if report.inputs < given => input.clone(),
            _ => next(target, &pool, &mut random),
        };
        report.inputs += 1;
        watchman.trying(&input);
        match attempt(target, &input, &mut report.slowest) {
            Ok(answer) => {
                if !report.answers.contains_key(&answer) && report.answers.len() < MOST_KEPT {
                    if report.inputs > given && input.len() <= LONGEST_KEPT {
                        pool.push(input.clone());
                    }
                    report.answers.insert(answer, input);
                }
            }
            Err(what) => {
                let input = shrunk(target, input, &watchman);
                report.failure = Some(Failure { what, input });
                break;
            }
        }
    }
    watchman.rests();
    report.took = begun.elapsed();
    report
}

/// Tries an input, as often as needed to say that it is slow by itself and not for want of a
/// processor.
///
/// # Errors
/// The promise that is broken.
pub fn attempt(
    target: &Target,
    input: &[u8],
    slowest: &mut (Duration, Vec<u8>),
) -> Result<String, String> {
    let mut least = Duration::MAX;
    let mut attempts = 0..5;
    loop {
        let begun = Instant::now();
        let answer = tried(target, input)?;
        least = least.min(begun.elapsed());
        if least > slowest.0.max(QUICK) && attempts.next().is_some() {
            continue;
        }
        if least > TOO_LONG {
            return Err(format!(
                "an input of {} bytes takes {} ms",
                input.len(),
                least.as_millis()
            ));
        }
        if least > slowest.0 {
            *slowest = (least, input.to_vec());
        }
        return Ok(answer);
    }
}

fn next(target: &Target, pool: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    if let Some(make) = &target.make
        && random.once_in(3)
        && let Some(input) = make(random)
    {
        return input;
    }
    if pool.is_empty() || random.once_in(50) {
        return random.bytes(300);
    }
    let mut input = random.pick(pool).clone();
    let other = random.below(pool.len());
    target.form.damage(&mut input, &pool[other], random);
    input
}

/// A smaller input that breaks a promise too.
fn shrunk(target: &Target, mut input: Vec<u8>, watchman: &Watchman) -> Vec<u8> {
    let mut attempts = 0;
    let mut part = input.len().div_ceil(2);
    while part > 0 && attempts < SHRINKING {
        let mut at = 0;
        let mut smaller = false;
        while at < input.len() && attempts < SHRINKING {
            let end = input.len().min(at + part);
            let less = [&input[..at], &input[end..]].concat();
            attempts += 1;
            watchman.trying(&less);
            if tried(target, &less).is_err() {
                (input, smaller) = (less, true);
            } else {
                at = end;
            }
        }
        if !smaller {
            part /= 2;
        }
    }
    input
}
