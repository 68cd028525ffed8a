//! A storm of rebalances.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::caught_up::PROCESSORS;
use crate::service::Service;
use crate::stack::Stack;

/// Processors come and go for some time; in the end two are left.
pub(super) fn rage(stack: &Stack, length: Duration, chance: &mut ChaCha8Rng) -> Instant {
    let until = Instant::now() + length;
    while Instant::now() < until {
        let processor = Service::PROCESSORS[chance.random_range(0..Service::PROCESSORS.len())];
        if stack.is_started(processor) {
            match chance.random_range(0..3) {
                0 => stack.kill(processor),
                1 => leave(stack, processor),
                _ => {
                    stack.signal(processor, Signal::SIGSTOP);
                    std::thread::sleep(Duration::from_millis(chance.random_range(200..1_500)));
                    stack.signal(processor, Signal::SIGCONT);
                }
            }
        } else {
            stack.start_without_waiting(processor);
        }
        std::thread::sleep(Duration::from_millis(chance.random_range(100..2_500)));
    }
    let ended = Instant::now();
    let others = Service::PROCESSORS.iter().filter(|processor| !PROCESSORS.contains(processor));
    for processor in others.filter(|processor| stack.is_started(**processor)) {
        leave(stack, *processor);
    }
    for processor in PROCESSORS {
        if !stack.is_started(processor) {
            stack.start_without_waiting(processor);
        }
        stack.wait_until_ready(processor);
    }
    ended
}

/// A processor leaves within its deadline, in the midst of everything; one that has hardly begun may
/// end at once.
fn leave(stack: &Stack, processor: Service) {
    let status = stack.terminate(processor);
    let had_hardly_begun = status.signal() == Some(Signal::SIGTERM as i32);
    assert!(status.success() || had_hardly_begun, "{} ended with {status}", processor.name());
}
