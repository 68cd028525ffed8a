//! Previews, summaries and tables take memory and processor: a few are made at a time, and the others wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::problem::Problem;

/// So many are made at a time: each may hold some hundred thousand readings.
const AT_A_TIME: usize = 2;
/// How long a request waits for its turn.
const LONGEST_QUEUE: Duration = Duration::from_secs(5);

/// The turns of an instance.
#[derive(Debug)]
pub struct Turns {
    turns: Arc<Semaphore>,
    longest_queue: Duration,
}

/// The turn of one who makes a preview, a summary or a table: it ends where the work does.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)), longest_queue: LONGEST_QUEUE }
    }
}

impl Turns {
    /// Waits for a turn, which is to be moved into the work: a client that hangs up does not end it.
    ///
    /// # Errors
    /// The problem to answer with when it takes too long.
    pub async fn take(&self) -> Result<Turn, Problem> {
        match timeout(self.longest_queue, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Turn { _permit: turn }),
            _ => Err(Problem::summaries_busy()),
        }
    }

    /// How many turns nobody has.
    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.turns.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_too_long_for_a_turn_is_asked_to_come_back() {
        let turns = Turns { longest_queue: Duration::from_millis(20), ..Turns::default() };
        let first = turns.take().await.unwrap();
        let _second = turns.take().await.unwrap();
        assert_eq!(turns.take().await.unwrap_err(), Problem::summaries_busy());
        drop(first);
        assert!(turns.take().await.is_ok());
    }
}
