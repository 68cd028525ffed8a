//! Trying a target many times.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
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
/// So long a target of weight one is tried before it is the next one's turn.
const TURN: Duration = Duration::from_millis(100);
/// Attempts to make an input smaller that breaks a promise.
const SHRINKING: usize = 3_000;

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// The target's name.
    pub target: String,
    /// Inputs tried.
    pub inputs: usize,
    /// Inputs to be tried.
    pub due: usize,
    /// Ways in which it was answered, with the first input of each, as far as they were kept.
    pub answers: HashMap<String, Vec<u8>>,
    /// How long it took.
    pub took: Duration,
    /// The longest that one input took, and that input.
    pub slowest: (Duration, Vec<u8>),
    /// The promise that was broken, if one was.
    pub failure: Option<Failure>,
}

impl Report {
    /// Whether the time was over before all inputs were tried, and no promise was broken.
    pub fn is_short(&self) -> bool {
        self.failure.is_none() && self.inputs < self.due
    }
}

/// A broken promise.
#[derive(Debug)]
pub struct Failure {
    /// What is broken.
    pub what: String,
    /// The input, as small as it was got.
    pub input: Vec<u8>,
}

/// A target, with what has come of it so far.
pub struct Trial {
    target: Target,
    /// Inputs to try.
    inputs: usize,
    /// The corpus and the seeds; then what is worth being damaged further.
    pool: Vec<Vec<u8>>,
    /// How many inputs the corpus and the seeds are.
    given: usize,
    random: Random,
    watchman: Watchman,
    report: Report,
}

impl Trial {
    /// A trial with so many inputs, and with all of the corpus and the seeds. The same seed gives the
    /// same inputs. What is never answered is written to `found`.
    pub fn new(target: Target, seed: u64, inputs: usize, found: &Path) -> Self {
        let kept = corpus::of(&target.name).into_iter().map(|(_, input)| input);
        let pool: Vec<Vec<u8>> = kept.chain(target.seeds.iter().cloned()).collect();
        let given = pool.len();
        Self {
            inputs: inputs.max(given),
            pool,
            given,
            random: Random::new(seed, &target.name),
            watchman: Watchman::of(&target.name, found.to_owned()),
            report: Report {
                target: target.name.clone(),
                inputs: 0,
                due: inputs.max(given),
                answers: HashMap::new(),
                took: Duration::ZERO,
                slowest: (Duration::ZERO, Vec::new()),
                failure: None,
            },
            target,
        }
    }

    /// How often the target is tried, in comparison with others.
    pub fn weight(&self) -> usize {
        self.target.weight
    }

    /// Goes on until all inputs are tried, a promise is broken, or the time is over.
    pub fn go_on(&mut self, most: Duration) {
        let begun = Instant::now();
        while !self.is_over() && begun.elapsed() < most {
            self.try_next();
        }
        self.watchman.rests();
        self.report.took += begun.elapsed();
    }

    /// Whether all inputs are tried, or a promise is broken.
    pub fn is_over(&self) -> bool {
        self.report.failure.is_some() || self.report.inputs >= self.inputs
    }

    /// What came of it.
    pub fn into_report(self) -> Report {
        self.report
    }

    fn try_next(&mut self) {
        let Self { target, pool, given, random, watchman, report, .. } = self;
        let input = match pool.get(report.inputs) {
            Some(input) if report.inputs < *given => input.clone(),
            _ => next(target, pool, random),
        };
        report.inputs += 1;
        watchman.trying(&input);
        match attempt(target, &input, &mut report.slowest) {
            Ok(answer) => {
                if !report.answers.contains_key(&answer) && report.answers.len() < MOST_KEPT {
                    if report.inputs > *given && input.len() <= LONGEST_KEPT {
                        pool.push(input.clone());
                    }
                    report.answers.insert(answer, input);
                }
            }
            Err(what) => {
                let input = shrunk(target, input, watchman);
                report.failure = Some(Failure { what, input });
            }
        }
    }
}

/// Gives each trial its share of the time, by weight and in turn, on so many threads; what some do not
/// need the others get. Calls `over` with each report, those of trials that the time was not enough
/// for at last.
pub fn run(
    trials: Vec<Trial>,
    threads: usize,
    most: Duration,
    over: impl Fn(&Report) + Sync,
) -> Vec<Report> {
    let end = Instant::now() + most;
    let left: Mutex<VecDeque<Trial>> = Mutex::new(trials.into());
    let reports: Mutex<Vec<Report>> = Mutex::default();
    let finish = |trial: Trial| {
        let report = trial.into_report();
        over(&report);
        lock(&reports).push(report);
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(mut trial) = next_of(&left, end) {
                    let turn = TURN.saturating_mul(u32::try_from(trial.weight()).unwrap_or(1));
                    trial.go_on(turn.min(end.saturating_duration_since(Instant::now())));
                    match trial.is_over() {
                        true => finish(trial),
                        false => lock(&left).push_back(trial),
                    }
                }
            });
        }
    });
    left.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().for_each(finish);
    reports.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn next_of(left: &Mutex<VecDeque<Trial>>, end: Instant) -> Option<Trial> {
    if Instant::now() < end { lock(left).pop_front() } else { None }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
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
