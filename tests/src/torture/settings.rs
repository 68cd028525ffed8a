//! How long, and by which chance.

use std::time::Duration;

/// Seed of the short run, which every `cargo test` makes.
const SEED: u64 = 20_261_122;

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) seed: u64,
    /// No fault begins later than this after the beginning, once each has happened.
    pub(super) length: Duration,
    pub(super) long: bool,
}

impl Settings {
    /// `TORTURE_SECONDS` asks for a long run, with every fault; without it there is a short one of
    /// two minutes. `TORTURE_SEED` repeats a run.
    pub(super) fn from_environment() -> Self {
        let number = |name: &str| -> Option<u64> {
            let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
        };
        let seconds = number("TORTURE_SECONDS");
        let by_the_clock = || chassis::now_ms().unsigned_abs() % 1_000_000_000;
        let seed = number("TORTURE_SEED");
        Self {
            seed: seed.unwrap_or_else(|| if seconds.is_some() { by_the_clock() } else { SEED }),
            length: Duration::from_secs(seconds.unwrap_or(60)),
            long: seconds.is_some(),
        }
    }

    /// How long a process is stopped. More than the session timeout of 10 s.
    pub(super) fn stop(&self) -> Duration {
        Duration::from_secs(if self.long { 30 } else { 12 })
    }

    /// How long ClickHouse is away, or a disk is full.
    pub(super) fn away(&self) -> Duration {
        Duration::from_secs(if self.long { 15 } else { 6 })
    }

    /// How long a storm of rebalances lasts.
    pub(super) fn storm(&self) -> Duration {
        Duration::from_secs(if self.long { 30 } else { 12 })
    }
}
