//! A storm of rebalances.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

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
                1 => drop(stack.terminate(processor)),
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
    let (lasting, others) = Service::PROCESSORS.split_at(2);
    for processor in others.iter().filter(|processor| stack.is_started(**processor)) {
        stack.terminate(*processor);
    }
    for processor in lasting {
        if !stack.is_started(*processor) {
            stack.start_without_waiting(*processor);
        }
        stack.wait_until_ready(*processor);
    }
    ended
}
