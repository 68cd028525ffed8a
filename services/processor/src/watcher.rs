//! Who learns how the task fares.

use stream::HeldBack;

/// Learns how the task fares, for health.
pub trait Watcher {
    /// Another turn of the loop.
    fn turned(&mut self);
    /// The session has ended; another one begins.
    fn lost(&mut self);
    /// How many owned partitions are ready.
    fn rebuilt(&mut self, states: States);
    /// What open transactions hide of the inputs.
    fn held_back(&mut self, held_back: &[HeldBack]);
}

/// How far the states of the owned partitions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States {
    /// Partitions whose state is ready.
    pub ready: usize,
    /// Partitions owned.
    pub owned: usize,
    /// How much of the rebuild is done, %; none before it is known how much there is.
    pub percent: Option<u64>,
    /// Whether it is known which partitions are owned: they may be none.
    pub is_assigned: bool,
}
