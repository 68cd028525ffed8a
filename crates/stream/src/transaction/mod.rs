//! From input to output, exactly once: a loop that consumes in a group, keeps a state for each
//! partition, and commits outputs and consumed offsets in one Kafka transaction.
//!
//! A turn of the loop collects records, begins a transaction, lets the [`Task`] process them, and
//! commits. Nothing is polled inside a transaction, so a rebalance never finds one open. What is not
//! processed after a while waits for the next one: no input can make a transaction last until the
//! broker aborts it. A record that cannot be read now pauses its partition and no other. States are
//! rebuilt from Kafka when partitions are assigned, on threads of their own, while the partitions
//! are paused; nothing is answered for a partition before its state is ready. Any error that leaves
//! it open whether a transaction was committed ends the session: clients and states are made anew.

mod args;
mod consumed;
mod inputs;
mod left_open;
mod offsets;
mod outputs;
mod rebuild;
mod session;
mod task;

use std::time::Duration;

use chassis::Backoff;

pub use self::args::LoopArgs;
pub use self::inputs::{Inputs, Replay};
pub use self::outputs::Outputs;
pub use self::session::producer_settings;
pub use self::task::{Builder, Observation, Processed, Record, ReplayOf, Task};
use crate::connection::KafkaArgs;
use crate::error::StreamError;
pub use crate::error::TaskError;

/// Runs the loop until `stop` is true: then the transaction at hand is committed and the group left.
///
/// # Errors
/// Only when a setting is refused; everything that can pass is waited for.
pub fn run<T: Task>(
    kafka: &KafkaArgs,
    args: &LoopArgs,
    task: &mut T,
    stop: &dyn Fn() -> bool,
) -> Result<(), StreamError> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    while !stop() {
        let began = std::time::Instant::now();
        match session::run(kafka, args, task, stop) {
            Ok(()) => return Ok(()),
            Err(error @ StreamError::Configuration(_)) => return Err(error),
            Err(error) => {
                task.observe(Observation::Aborted(&error));
                tracing::warn!(%error, "the session ends and begins anew");
            }
        }
        if began.elapsed() > Duration::from_secs(60) {
            backoff.reset();
        }
        let until = std::time::Instant::now() + backoff.next_wait();
        while std::time::Instant::now() < until && !stop() {
            std::thread::sleep(Duration::from_millis(20));
            task.observe(Observation::Turn);
        }
    }
    Ok(())
}
