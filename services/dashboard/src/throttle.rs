//! Failed sign-ins per user: after a few, each costs a longer wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures that cost nothing: people mistype.
const FREE: u32 = 5;
/// The wait after the first failure that costs; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// After this long without a failure, they are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(900);
/// Users whose failures are remembered, so that invented names cannot fill the memory.
const MOST_USERS: usize = 10_000;

/// Failed sign-ins, by user, whether or not there is such a user.
#[derive(Debug, Default)]
pub struct Throttle {
    failures: Mutex<HashMap<String, Failures>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
    blocked_until: Instant,
}

impl Throttle {
    /// Begins an attempt, which counts as failed until [`Throttle::succeeded`] says otherwise: so
    /// attempts at the same moment cannot all pass before the first of them has failed.
    ///
    /// # Errors
    /// How long to wait before the next attempt.
    pub fn begin(&self, user: &str, now: Instant) -> Result<(), Duration> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if !failures.contains_key(user) {
            make_room(&mut failures, now);
        }
        let entry = failures.entry(user.to_owned()).or_insert(Failures {
            count: 0,
            last: now,
            blocked_until: now,
        });
        if now.saturating_duration_since(entry.last) >= FORGOTTEN_AFTER {
            *entry = Failures { count: 0, last: now, blocked_until: now };
        }
        if entry.blocked_until > now {
            return Err(entry.blocked_until - now);
        }
        entry.count = entry.count.saturating_add(1);
        entry.last = now;
        if let Some(costly) = entry.count.checked_sub(FREE) {
            let wait = FIRST_WAIT.saturating_mul(1 << costly.min(16)).min(LONGEST_WAIT);
            entry.blocked_until = now + wait;
        }
        Ok(())
    }

    /// The attempt succeeded: the user's failures are forgotten.
    pub fn succeeded(&self, user: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(user);
    }
}

fn make_room(failures: &mut HashMap<String, Failures>, now: Instant) {
    if failures.len() < MOST_USERS {
        return;
    }
    failures.retain(|_, entry| now.saturating_duration_since(entry.last) < FORGOTTEN_AFTER);
    if failures.len() >= MOST_USERS {
        // The fewest failures first: who fails on must not be forgotten for the sake of new names.
        let least = failures.iter().min_by_key(|(_, entry)| (entry.count, entry.last));
        if let Some(user) = least.map(|(user, _)| user.clone()) {
            failures.remove(&user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_few_failures_each_costs_a_longer_wait() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..FREE {
            throttle.begin("sato", start).unwrap();
        }
        assert_eq!(throttle.begin("sato", start), Err(FIRST_WAIT));
        assert_eq!(throttle.begin("ito", start), Ok(()));
        let later = start + FIRST_WAIT;
        throttle.begin("sato", later).unwrap();
        assert_eq!(throttle.begin("sato", later), Err(FIRST_WAIT * 2));
    }

    #[test]
    fn a_success_and_enough_time_forgive() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..FREE {
            throttle.begin("sato", start).unwrap();
            throttle.begin("ito", start).unwrap();
        }
        throttle.succeeded("sato");
        assert_eq!(throttle.begin("sato", start), Ok(()));
        let later = start + FORGOTTEN_AFTER;
        for _ in 0..FREE {
            throttle.begin("ito", later).unwrap();
        }
    }

    #[test]
    fn invented_names_neither_fill_the_memory_nor_free_who_is_blocked() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..FREE {
            throttle.begin("sato", start).unwrap();
        }
        for number in 0..MOST_USERS + 100 {
            throttle.begin(&format!("user{number}"), start).unwrap();
        }
        assert!(throttle.failures.lock().unwrap().len() <= MOST_USERS);
        assert!(throttle.begin("sato", start).is_err());
    }
}
