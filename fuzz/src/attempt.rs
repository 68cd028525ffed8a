//! Trying a target with one input, and what came of it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

use crate::target::Target;

/// An input that takes longer, every time, breaks the promise of bounded time. Generous: it holds
/// for code without optimisation on a machine that is busy with other things.
const TOO_LONG: Duration = Duration::from_secs(1);
/// Times that a slow input is tried, to say that it is slow by itself and not for want of a
/// processor.
const ATTEMPTS: usize = 6;

thread_local! {
    /// What the last panic of this thread said, while one is expected.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
    static LISTENING: RefCell<bool> = const { RefCell::new(false) };
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if LISTENING.with_borrow(|listening| *listening) {
                SAID.set(Some(info.to_string()));
            } else {
                usual(info);
            }
        }));
    });
}

/// Tries an input; a panic is a broken promise too.
fn tried(target: &Target, input: &[u8]) -> Result<String, String> {
    listen();
    LISTENING.set(true);
    let answer = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    LISTENING.set(false);
    answer.unwrap_or_else(|_| {
        Err(SAID.take().unwrap_or_else(|| "a panic that says nothing".to_owned()))
    })
}

/// Tries an input: how it was answered.
///
/// # Errors
/// The promise that is broken; that of bounded time too.
pub fn attempt(target: &Target, input: &[u8]) -> Result<String, String> {
    let mut least = Duration::MAX;
    for _ in 0..ATTEMPTS {
        let begun = Instant::now();
        let answer = tried(target, input)?;
        least = least.min(begun.elapsed());
        if least <= TOO_LONG {
            return Ok(answer);
        }
    }
    Err(format!("an input of {} bytes takes {} ms", input.len(), least.as_millis()))
}
