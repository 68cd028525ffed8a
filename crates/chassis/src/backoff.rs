//! How long to wait before the next attempt: the one rule for everything that is tried again.

use std::time::{Duration, Instant};

use crate::shutdown::Shutdown;

/// How often a waiting thread looks whether the end is requested.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Waits that double from the first up to the longest. Each is cut by chance to between half and all
/// of it, so that many clients do not come back to a struggling server in step.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    attempts: u32,
    /// Gives numbers from 0 to 1.
    chance: fn() -> f64,
}

impl Default for Backoff {
    /// From 100 ms to 10 s.
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(10))
    }
}

impl Backoff {
    /// Waits from `first` up to `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, attempts: 0, chance: rand::random }
    }

    /// As [`Self::new`], with numbers from 0 to 1 of one's own in place of chance.
    #[cfg(test)]
    fn with_chance(self, chance: fn() -> f64) -> Self {
        Self { chance, ..self }
    }

    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let full = self.next_full();
        self.attempts = self.attempts.saturating_add(1);
        full.mul_f64(0.5 + 0.5 * (self.chance)())
    }

    /// Whether waits have grown to the longest: what is tried fails for more than a moment.
    #[must_use]
    pub fn is_at_longest(&self) -> bool {
        self.next_full() == self.longest
    }

    /// What was tried succeeded: the next wait is the first again.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    /// Waits, for threads.
    pub fn sleep(&mut self) {
        std::thread::sleep(self.next_wait());
    }

    /// Waits, for threads, and at most until the end is requested. Whether it is not.
    pub fn sleep_unless(&mut self, shutdown: &Shutdown) -> bool {
        let end = Instant::now() + self.next_wait();
        while !shutdown.is_requested() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(BETWEEN_LOOKS));
        }
        false
    }

    /// Waits, for tasks.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_wait()).await;
    }

    /// Waits, for tasks, and at most until the end is requested. Whether it is not.
    pub async fn wait_unless(&mut self, shutdown: &Shutdown) -> bool {
        tokio::select! {
            biased;
            () = shutdown.requested() => false,
            () = self.wait() => true,
        }
    }

    fn next_full(&self) -> Duration {
        self.first.saturating_mul(1 << self.attempts.min(30)).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(1);

    fn waits(chance: fn() -> f64) -> Vec<u128> {
        let mut backoff = Backoff::new(FIRST, LONGEST).with_chance(chance);
        (0..6).map(|_| backoff.next_wait().as_millis()).collect()
    }

    #[test]
    fn waits_double_up_to_the_longest_and_stay_there() {
        assert_eq!(waits(|| 1.0), [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(waits(|| 0.0), [50, 100, 200, 400, 500, 500]);
    }

    #[test]
    fn chance_cuts_a_wait_to_between_half_and_all_of_it() {
        for _ in 0..1000 {
            let wait = Backoff::new(FIRST, LONGEST).next_wait();
            assert!(wait >= FIRST / 2 && wait <= FIRST, "{wait:?}");
        }
    }

    #[test]
    fn after_a_success_the_next_wait_is_the_first_again() {
        let mut backoff = Backoff::new(FIRST, LONGEST).with_chance(|| 1.0);
        while !backoff.is_at_longest() {
            backoff.next_wait();
        }
        backoff.reset();
        assert!(!backoff.is_at_longest());
        assert_eq!(backoff.next_wait(), FIRST);
    }

    #[test]
    fn however_often_is_tried_a_wait_is_the_longest_at_most() {
        let mut backoff = Backoff { attempts: u32::MAX - 1, ..Backoff::default() };
        for _ in 0..3 {
            assert!(backoff.next_wait() <= Duration::from_secs(10));
        }
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_end_is_requested() {
        let shutdown = Shutdown::new();
        assert!(Backoff::new(Duration::ZERO, LONGEST).wait_unless(&shutdown).await);
        shutdown.trigger();
        assert!(!Backoff::default().wait_unless(&shutdown).await);
    }

    #[test]
    fn a_threads_wait_ends_when_the_end_is_requested() {
        let shutdown = Shutdown::new();
        assert!(Backoff::new(Duration::ZERO, LONGEST).sleep_unless(&shutdown));
        let waiting = std::thread::spawn({
            let shutdown = shutdown.clone();
            let hour = Duration::from_secs(3600);
            move || Backoff::new(hour, hour).sleep_unless(&shutdown)
        });
        shutdown.trigger();
        assert!(!waiting.join().expect("no panic"));
    }
}
