//! Waiting for what was promised: by looking again and again, until a deadline.

use std::time::{Duration, Instant};

/// How long anything promised may take on a machine that is busy with other things too.
pub const PATIENCE: Duration = Duration::from_secs(60);

const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// Looks until what is looked for is there; the error of a look says what is there instead.
///
/// # Panics
/// When it is not there in time.
#[track_caller]
pub fn eventually<T>(promise: &str, look: impl FnMut() -> Result<T, String>) -> T {
    within(PATIENCE, promise, look)
}

/// As [`eventually`], with a deadline of its own.
///
/// # Panics
/// When it is not there in time.
#[track_caller]
pub fn within<T>(deadline: Duration, promise: &str, look: impl FnMut() -> Result<T, String>) -> T {
    match try_within(deadline, look) {
        Ok(found) => found,
        Err(instead) => {
            panic!("not within {} s: {promise}; instead: {instead}", deadline.as_secs());
        }
    }
}

/// Looks until what is looked for is there.
///
/// # Errors
/// What is there instead when time is up.
pub fn try_within<T, E>(
    deadline: Duration,
    mut look: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let begun = Instant::now();
    loop {
        match look() {
            Err(_) if begun.elapsed() <= deadline => std::thread::sleep(BETWEEN_LOOKS),
            seen => return seen,
        }
    }
}

/// What a look found when it is as expected, and what it is otherwise.
///
/// # Errors
/// When the two differ.
pub fn equal<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<T, String> {
    if found == expected { Ok(found) } else { Err(format!("{found:?} instead of {expected:?}")) }
}
