//! One orderly end for a whole process: requested once, noticed by tasks and threads alike, and
//! bounded by a deadline.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Exit code of a process that could not drain within its deadline, or in which an essential thread has
/// panicked (EX_SOFTWARE).
pub const SOFTWARE_EXIT_CODE: i32 = 70;

/// A request to stop that all clones share.
#[derive(Debug, Clone)]
pub struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    requested: watch::Sender<bool>,
    watchdog: Mutex<Option<Watchdog>>,
    drained: Drained,
}

#[derive(Debug, Clone, Copy)]
struct Watchdog {
    deadline: Duration,
    overrun: fn(Duration),
}

#[derive(Debug, Default)]
struct Drained {
    done: Mutex<bool>,
    changed: Condvar,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A shutdown that only [`Shutdown::trigger`] requests.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                requested: watch::Sender::new(false),
                watchdog: Mutex::new(None),
                drained: Drained::default(),
            }),
        }
    }

    /// A shutdown that SIGTERM or SIGINT requests. Further signals change nothing: whoever
    /// presses Ctrl-C often reaches the same process twice, directly and through its parent, and
    /// that must not cut the draining short.
    ///
    /// # Errors
    /// When the operating system refuses the signal handlers.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let triggered = shutdown.clone();
        tokio::spawn(async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                if triggered.is_requested() {
                    tracing::info!(signal = name, "already stopping");
                } else {
                    tracing::info!(signal = name, "stopping: finishing the work in hand");
                    triggered.trigger();
                }
            }
        });
        Ok(shutdown)
    }

    /// Sets a watchdog: when the process still runs this long after the request and has not
    /// said [`Shutdown::drained`], it logs that and exits with [`SOFTWARE_EXIT_CODE`]. The
    /// watchdog is a thread of its own, so that a blocked runtime cannot hold it up.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        self.with_watchdog(Watchdog { deadline, overrun: exit_overdue })
    }

    /// Requests the end. Only the first call counts.
    pub fn trigger(&self) {
        let first =
            self.inner.requested.send_if_modified(|requested| !std::mem::replace(requested, true));
        if first {
            self.start_watchdog();
        }
    }

    /// Whether the end has been requested; for threads, which ask at each turn of their loop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.inner.requested.borrow()
    }

    /// Waits for the request; for tasks.
    pub async fn requested(&self) {
        // The sender lives in `self`, so that waiting cannot fail.
        let _ = self.inner.requested.subscribe().wait_for(|requested| *requested).await;
    }

    /// Everything is finished: the watchdog lies down. A process that simply ends need not say
    /// it; one that goes on after the services in it have ended does.
    pub fn drained(&self) {
        *lock(&self.inner.drained.done) = true;
        self.inner.drained.changed.notify_all();
    }

    fn with_watchdog(self, watchdog: Watchdog) -> Self {
        *lock(&self.inner.watchdog) = Some(watchdog);
        self
    }

    fn start_watchdog(&self) {
        let Some(watchdog) = *lock(&self.inner.watchdog) else {
            return;
        };
        let inner = Arc::clone(&self.inner);
        let started =
            std::thread::Builder::new().name("drain-watchdog".to_owned()).spawn(move || {
                if !inner.drained.within(watchdog.deadline) {
                    (watchdog.overrun)(watchdog.deadline);
                }
            });
        if let Err(error) = started {
            tracing::error!(%error, "no thread for the drain deadline: draining is not bounded");
        }
    }
}

impl Drained {
    fn within(&self, deadline: Duration) -> bool {
        let end = Instant::now() + deadline;
        let mut done = lock(&self.done);
        while !*done {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                return false;
            };
            done = self.changed.wait_timeout(done, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn exit_overdue(deadline: Duration) {
    tracing::error!(
        deadline_seconds = deadline.as_secs_f64(),
        exit_code = SOFTWARE_EXIT_CODE,
        "draining took longer than its deadline: exiting with work unfinished; raise --drain-deadline-seconds if this work is normal"
    );
    std::process::exit(SOFTWARE_EXIT_CODE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn every_task_and_thread_notices_one_request() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_requested());
        let early = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.requested().await }
        });
        let thread = std::thread::spawn({
            let shutdown = shutdown.clone();
            move || {
                let end = Instant::now() + SOON;
                while !shutdown.is_requested() && Instant::now() < end {
                    std::thread::yield_now();
                }
                shutdown.is_requested()
            }
        });
        shutdown.clone().trigger();
        shutdown.trigger();
        tokio::time::timeout(SOON, early).await.expect("in time").expect("no panic");
        tokio::time::timeout(SOON, shutdown.requested())
            .await
            .expect("a late waiter is answered at once");
        assert!(thread.join().expect("no panic"));
    }

    #[test]
    fn the_watchdog_bites_when_draining_takes_too_long() {
        static BITTEN: AtomicBool = AtomicBool::new(false);
        let shutdown = Shutdown::new().with_watchdog(Watchdog {
            deadline: Duration::from_millis(5),
            overrun: |_| BITTEN.store(true, Ordering::Release),
        });
        shutdown.trigger();
        let end = Instant::now() + SOON;
        while !BITTEN.load(Ordering::Acquire) {
            assert!(Instant::now() < end, "the watchdog slept");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_process_that_drained_in_time_is_left_alone() {
        let drained = Drained::default();
        *lock(&drained.done) = true;
        assert!(drained.within(Duration::ZERO));
        assert!(!Drained::default().within(Duration::ZERO));
    }
}
