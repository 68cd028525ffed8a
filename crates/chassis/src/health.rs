//! Health that tells the truth.
//!
//! Two questions are kept apart. *Alive*: do the main loops make progress? A process that is not
//! alive should be restarted. *Ready*: does every component do its work? A process that is not
//! ready should be left alone, and no traffic sent to it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The health of one process; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    components: Mutex<Vec<Arc<Mutex<State>>>>,
    heartbeats: Mutex<Vec<Arc<Pulse>>>,
}

#[derive(Debug)]
struct State {
    name: &'static str,
    /// Why the component is not ready; none when it is.
    reason: Option<String>,
    progress: Option<String>,
}

#[derive(Debug)]
struct Pulse {
    name: &'static str,
    maximum_silence: Duration,
    born: Instant,
    /// Nanoseconds from birth to the last beat.
    last: AtomicU64,
    retired: AtomicBool,
}

impl Health {
    /// Health without components or heartbeats: alive and ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a component. It is not ready until it says so, and it keeps what it said last
    /// when its handle is dropped.
    #[must_use]
    pub fn component(&self, name: &'static str) -> Component {
        let state = Arc::new(Mutex::new(State {
            name,
            reason: Some("starting".to_owned()),
            progress: None,
        }));
        lock(&self.inner.components).push(Arc::clone(&state));
        Component { state }
    }

    /// Registers a loop that promises to beat at least once in `maximum_silence`. A loop that
    /// ends without [`Heartbeat::retire`], as by a panic, falls silent and is reported.
    #[must_use]
    pub fn heartbeat(&self, name: &'static str, maximum_silence: Duration) -> Heartbeat {
        let pulse = Arc::new(Pulse {
            name,
            maximum_silence,
            born: Instant::now(),
            last: AtomicU64::new(0),
            retired: AtomicBool::new(false),
        });
        lock(&self.inner.heartbeats).push(Arc::clone(&pulse));
        Heartbeat { pulse }
    }

    /// Whether every component is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.readiness().0
    }

    /// Readiness and the components with their reasons.
    #[must_use]
    pub fn readiness(&self) -> (bool, Value) {
        let mut ready = true;
        let mut components = Vec::new();
        for state in lock(&self.inner.components).iter() {
            let state = lock(state);
            ready &= state.reason.is_none();
            let mut entry = json!({ "name": state.name, "ready": state.reason.is_none() });
            if let Some(reason) = &state.reason {
                entry["reason"] = json!(reason);
            }
            if let Some(progress) = &state.progress {
                entry["progress"] = json!(progress);
            }
            components.push(entry);
        }
        (ready, json!({ "ready": ready, "components": components }))
    }

    /// Liveness and the loops that are silent for too long.
    #[must_use]
    pub fn liveness(&self) -> (bool, Value) {
        let mut stalled = Vec::new();
        for pulse in lock(&self.inner.heartbeats).iter() {
            let silence = pulse.silence();
            if !pulse.retired.load(Ordering::Acquire) && silence > pulse.maximum_silence {
                stalled.push(json!({
                    "name": pulse.name,
                    "silent_seconds": silence.as_secs_f64(),
                    "allowed_seconds": pulse.maximum_silence.as_secs_f64(),
                }));
            }
        }
        let alive = stalled.is_empty();
        (alive, json!({ "alive": alive, "stalled": stalled }))
    }
}

/// A part of the process that can be ready or not, such as a connection.
#[derive(Debug, Clone)]
pub struct Component {
    state: Arc<Mutex<State>>,
}

impl Component {
    /// The component does its work.
    pub fn ready(&self) {
        let mut state = lock(&self.state);
        state.reason = None;
        state.progress = None;
    }

    /// The component does not do its work, and why. The reason is shown to operators: it holds
    /// no patient data and no secrets.
    pub fn not_ready(&self, reason: impl Into<String>) {
        lock(&self.state).reason = Some(reason.into());
    }

    /// How far the component has come; shown until it is ready.
    pub fn progress(&self, progress: impl Into<String>) {
        lock(&self.state).progress = Some(progress.into());
    }
}

/// The pulse of one loop.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    pulse: Arc<Pulse>,
}

impl Heartbeat {
    /// The loop made progress just now. Cheap enough for every turn of a loop.
    pub fn beat(&self) {
        let age = u64::try_from(self.pulse.born.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.pulse.last.store(age, Ordering::Release);
    }

    /// The loop ended as planned: its silence means nothing from now on.
    pub fn retire(&self) {
        self.pulse.retired.store(true, Ordering::Release);
    }
}

impl Pulse {
    fn silence(&self) -> Duration {
        let last = Duration::from_nanos(self.last.load(Ordering::Acquire));
        self.born.elapsed().saturating_sub(last)
    }
}

/// A panic elsewhere must not silence health: the states are valid at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_not_ready_before_it_says_so() {
        let health = Health::new();
        let _kafka = health.component("kafka");
        let (ready, body) = health.readiness();
        assert!(!ready);
        assert_eq!(body["components"][0]["reason"], "starting");
    }

    #[test]
    fn a_component_that_is_not_ready_makes_the_process_not_ready_with_its_reason() {
        let health = Health::new();
        let kafka = health.component("kafka");
        let store = health.component("clickhouse");
        kafka.ready();
        store.ready();
        assert!(health.is_ready());
        store.not_ready("connection refused");
        let (ready, body) = health.readiness();
        assert!(!ready);
        assert_eq!(body["components"][0]["ready"], true);
        assert_eq!(body["components"][1]["name"], "clickhouse");
        assert_eq!(body["components"][1]["reason"], "connection refused");
    }

    #[test]
    fn a_dropped_handle_leaves_what_it_said_last() {
        let health = Health::new();
        health.component("kafka").not_ready("lost");
        assert!(!health.is_ready());
    }

    #[test]
    fn progress_is_shown_until_the_component_is_ready() {
        let health = Health::new();
        let state = health.component("state");
        state.progress("2 of 8 partitions");
        assert_eq!(health.readiness().1["components"][0]["progress"], "2 of 8 partitions");
        state.ready();
        assert!(health.readiness().1["components"][0].get("progress").is_none());
    }

    #[test]
    fn a_loop_that_falls_silent_is_named_and_one_that_beats_again_is_forgiven() {
        let health = Health::new();
        let poll = health.heartbeat("poll", Duration::from_millis(20));
        let _patient = health.heartbeat("patient", Duration::from_secs(3600));
        poll.beat();
        let deadline = Instant::now() + Duration::from_secs(5);
        while health.liveness().0 {
            assert!(Instant::now() < deadline, "the silence was never noticed");
            std::thread::yield_now();
        }
        let (_, body) = health.liveness();
        assert_eq!(body["stalled"].as_array().map(Vec::len), Some(1));
        assert_eq!(body["stalled"][0]["name"], "poll");
        // A machine may be slow enough for the 20 ms to pass between a beat and the question.
        while !health.liveness().0 {
            assert!(Instant::now() < deadline, "beating did not help");
            poll.beat();
        }
    }

    #[test]
    fn a_loop_whose_thread_panicked_is_reported_and_a_retired_one_is_not() {
        let health = Health::new();
        let doomed = health.heartbeat("doomed", Duration::ZERO);
        let finished = health.heartbeat("finished", Duration::ZERO);
        finished.retire();
        let thread = std::thread::spawn(move || {
            doomed.beat();
            std::panic::resume_unwind(Box::new("ended"));
        });
        assert!(thread.join().is_err());
        let (alive, body) = health.liveness();
        assert!(!alive);
        assert_eq!(body["stalled"].as_array().map(Vec::len), Some(1));
        assert_eq!(body["stalled"][0]["name"], "doomed");
    }
}
