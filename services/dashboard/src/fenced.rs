//! Work in transactions under one transactional id for all instances, which therefore come one after the
//! other: within the process in turn, and tried again where another instance was quicker.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::Backoff;
use tokio::sync::Mutex;

use crate::recorder::NotRecorded;

/// How long a request waits for it.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// How often work that others overtook, or that Kafka did not take, is tried.
const ATTEMPTS: usize = 5;

/// Does it when its turn comes. The turn ends with the work, not with a client that hangs up or a request
/// that has waited long enough: the next one would only fence it.
///
/// # Errors
/// What the work says.
pub async fn in_turn<T, E>(
    turn: Arc<Mutex<()>>,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<NotRecorded> + Send + 'static,
{
    let turn = turn.lock_owned().await;
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    work.await.unwrap_or_else(|error| Err(not_recorded(error)))
}

/// Tries again what others overtook, or Kafka did not take; no attempt begins when it is too late.
///
/// # Errors
/// What an attempt says, or that none came to an end.
pub fn tried<T, E: From<NotRecorded>>(
    until: Instant,
    mut attempt: impl FnMut() -> anyhow::Result<Result<T, E>>,
) -> Result<T, E> {
    let mut backoff = Backoff::default();
    for number in 1..=ATTEMPTS {
        if Instant::now() >= until {
            return Err(late());
        }
        match attempt() {
            Ok(done) => return done,
            // Another instance began meanwhile, or Kafka was away. Whether this one was committed all
            // the same, the next attempt reads.
            Err(error) if number == ATTEMPTS => return Err(not_recorded(error)),
            Err(error) => tracing::info!(%error, number, "a transaction is tried again"),
        }
        backoff.sleep();
    }
    Err(late())
}

/// It was not done in time.
pub fn late<E: From<NotRecorded>>() -> E {
    NotRecorded::Late(DEADLINE).into()
}

/// It is not known to be done.
pub fn not_recorded<E: From<NotRecorded>>(error: impl Into<Box<dyn Error + Send + Sync>>) -> E {
    NotRecorded::failed(error).into()
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    type Done = Result<i32, NotRecorded>;

    #[test]
    fn no_attempt_begins_when_nobody_waits_for_it_any_more() {
        let soon = Instant::now() + Duration::from_secs(60);
        assert!(matches!(tried(soon, || Ok(Done::Ok(7))), Ok(7)));
        let past = Instant::now();
        let mut attempts = 0;
        let done = tried(past, || {
            attempts += 1;
            Ok(Done::Ok(7))
        });
        assert!(matches!((done, attempts), (Err(NotRecorded::Late(_)), 0)));
    }

    #[tokio::test]
    async fn a_turn_ends_with_the_work_and_not_with_who_waits_for_it() {
        let turn: Arc<Mutex<()>> = Arc::default();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let work = in_turn(Arc::clone(&turn), move || {
            let _ = ended.recv();
            Done::Err(late())
        });
        // Who waits goes away while it is done.
        assert!(timeout(Duration::from_millis(50), work).await.is_err());
        assert!(turn.try_lock().is_err());
        end.send(()).unwrap();
        assert!(timeout(Duration::from_secs(10), turn.lock()).await.is_ok());
    }
}
