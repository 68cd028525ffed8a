//! Follows the accepted readings and how far the store has come with them.
//!
//! Following begins at once with what comes next, so that changes are reported whatever Kafka says of the
//! writer. When Kafka says how far the writer's group has come, following begins anew with what the
//! store does not have. Before that has been read, and whenever Kafka does not say it, it is not known
//! what is missing, and pages say so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chassis::Component;
use clinical::{ReadingId, Timestamp};
use schemas::topics::Topic;
use stream::follow::{FollowHandle, Followed, Start, follow};
use stream::record::Position;
use stream::topics::GroupProgress;
use stream::{HeldBack, StreamError};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::MissedTickBehavior;

use crate::changed_readings::ChangedReadings;
use crate::clock::now;
use crate::following::Following;
use crate::registry::Registry;
use crate::unfollowed_readings::UnfollowedReadings;

/// How often Kafka is asked how far the store has come, while readings wait for it.
const ASK_STORE: Duration = Duration::from_millis(500);

/// The follower of the accepted readings, whichever it is at present.
#[derive(Clone, Default)]
pub struct AcceptedFollower(Arc<Mutex<Option<FollowHandle>>>);

impl AcceptedFollower {
    /// What open transactions hide of the accepted readings.
    pub fn held_back(&self) -> Vec<HeldBack> {
        self.lock().as_ref().map(|follower| follower.held_back()()).unwrap_or_default()
    }

    /// Waits for its thread to end.
    pub fn join(&self) {
        let follower = self.lock().take();
        follower.into_iter().for_each(FollowHandle::join);
    }

    /// Takes the place of the former one, which ends.
    fn replace(&self, follower: FollowHandle) {
        *self.lock() = Some(follower);
    }

    fn lock(&self) -> MutexGuard<'_, Option<FollowHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Following {
    /// Follows the accepted readings and tells what of them the store has. `readings` says when it is
    /// not known which ones are missing, `progress` when Kafka does not say how far the store has come.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn accepted_readings(
        &self,
        (changed, registry): (Arc<ChangedReadings>, Arc<Registry>),
        readings: Component,
        progress: Component,
    ) -> Result<(AcceptedFollower, impl Future<Output = ()> + use<>), StreamError> {
        let group = self.topics.writer_group();
        let topic = self.topics.name(Topic::ReadingsAccepted);
        let asked = Arc::new(GroupProgress::new(&self.kafka, &group, &topic)?);
        let (metrics, shutdown) = (self.metrics.clone(), self.shutdown.clone());
        let follower = AcceptedFollower::default();
        let (following, current, to) = (self.clone(), follower.clone(), Arc::clone(&changed));
        let unfollowed = UnfollowedReadings::new(registry, metrics.unfollowed_readings.clone());
        let unfollowed = Arc::new(unfollowed);
        let mut tracked = Tracked::begin(
            Arc::clone(&changed),
            move |start: Start, caught_up: Arc<AtomicBool>| -> Result<(), StreamError> {
                let to = (Arc::clone(&to), Arc::clone(&unfollowed));
                current.replace(following.accepted(to, start, caught_up)?);
                Ok(())
            },
        )?;
        readings.ready();
        progress.ready();
        let tracking = async move {
            let mut ticks = tokio::time::interval(ASK_STORE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut asking = None;
            loop {
                tokio::select! {
                    // Changes are reported meanwhile: an answer may take many seconds.
                    _ = ticks.tick() => {
                        if asking.is_none() && tracked.wants_answer() {
                            let asked = Arc::clone(&asked);
                            asking = Some(spawn_blocking(move || asked.ask()));
                        }
                    }
                    answer = answer_of(&mut asking) => {
                        asking = None;
                        let Ok(answer) = answer else { return };
                        let consumed = answer.map(|all| {
                            let consumed = all.into_iter().filter_map(|(of, next)| Some((of, next?)));
                            consumed.collect::<HashMap<_, _>>()
                        });
                        match consumed.and_then(|consumed| tracked.answered(consumed)) {
                            Ok(()) => progress.ready(),
                            Err(error) => {
                                tracked.not_answered(now());
                                progress.progress(format!(
                                    "degraded: how far the store has come is not known ({error}); \
                                     allow to describe the group {group}"
                                ));
                            }
                        }
                    }
                    () = shutdown.requested() => return,
                }
                tracked.report(now());
                metrics.show_waiting(changed.waiting(), now());
                if changed.is_known() {
                    readings.ready();
                } else {
                    readings.progress(
                        "degraded: which readings the store does not have is not known; pages say \
                         that readings may be missing",
                    );
                }
            }
        };
        Ok((follower, tracking))
    }

    /// Follows the accepted readings. Whose reading of which kind one is, its key says.
    fn accepted(
        &self,
        (changed, unfollowed): (Arc<ChangedReadings>, Arc<UnfollowedReadings>),
        start: Start,
        caught_up: Arc<AtomicBool>,
    ) -> Result<FollowHandle, StreamError> {
        let topic = self.topics.name(Topic::ReadingsAccepted);
        let reader = self.clone();
        let handle = move |event| {
            let record = match event {
                Followed::Record(record) => record,
                Followed::CaughtUp => return caught_up.store(true, Ordering::Release),
            };
            let key = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
            let Some(Ok(reading)) = key.map(ReadingId::parse) else {
                return reader.skipped(&record, "its key is no reading id");
            };
            let place = Position { partition: record.partition, offset: record.offset };
            let at = Timestamp::from_millis(record.timestamp_ms);
            changed.accepted(reading.patient().as_str(), reading.kind(), place, at);
            unfollowed.accepted(reading.patient().as_str(), place);
        };
        let shutdown = self.shutdown.clone();
        let followed = [(topic.as_str(), start)];
        follow(&self.kafka, &followed, move || shutdown.is_requested(), handle)
    }
}

/// The answer to a question; never where none is asked.
async fn answer_of<T>(asking: &mut Option<JoinHandle<T>>) -> Result<T, tokio::task::JoinError> {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

/// What is known of the store, from answers and from what is followed.
struct Tracked<F> {
    changed: Arc<ChangedReadings>,
    /// Follows from a start in place of what was followed, and says when all has been read that was
    /// there at the beginning.
    follow: F,
    /// The offset before which the store has everything, by partition.
    before: HashMap<i32, i64>,
    /// Whether all has been read that the store does not have. None where what is followed did not
    /// begin with it, or nobody has said since what the store has.
    caught_up: Option<Arc<AtomicBool>>,
}

impl<F: FnMut(Start, Arc<AtomicBool>) -> Result<(), StreamError>> Tracked<F> {
    fn begin(changed: Arc<ChangedReadings>, mut follow: F) -> Result<Self, StreamError> {
        follow(Start::End, Arc::default())?;
        Ok(Self { changed, follow, before: HashMap::new(), caught_up: None })
    }

    fn wants_answer(&self) -> bool {
        self.caught_up.is_none() || self.changed.waiting().0 > 0
    }

    fn answered(&mut self, before: HashMap<i32, i64>) -> Result<(), StreamError> {
        if self.caught_up.is_none() {
            let caught_up = Arc::<AtomicBool>::default();
            (self.follow)(Start::Offsets(before.clone()), Arc::clone(&caught_up))?;
            self.caught_up = Some(caught_up);
        }
        self.before = before;
        Ok(())
    }

    fn not_answered(&mut self, now: Timestamp) {
        self.caught_up = None;
        self.changed.unknown(now);
    }

    fn report(&self, now: Timestamp) {
        let Some(caught_up) = &self.caught_up else { return self.changed.probably_stored(now) };
        if caught_up.load(Ordering::Acquire) {
            self.changed.known();
        }
        self.changed.stored(&self.before, now);
    }
}

#[cfg(test)]
mod tests {
    use clinical::Kind;

    use super::*;
    use crate::changed_readings::Reported;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + seconds)
    }

    fn accept(changed: &ChangedReadings, offset: i64, seconds: i64) {
        let place = Position { partition: 0, offset };
        changed.accepted("A/1", Kind::BloodPressure, place, at(seconds));
    }

    #[test]
    fn without_an_answer_changes_are_reported_and_with_one_what_is_missing_is_read_anew() {
        let changed = Arc::new(ChangedReadings::new(at(0)));
        let mut began: Vec<(Start, Arc<AtomicBool>)> = Vec::new();
        let mut tracked = Tracked::begin(
            Arc::clone(&changed),
            |start: Start, caught_up: Arc<AtomicBool>| -> Result<(), StreamError> {
                began.push((start, caught_up));
                Ok(())
            },
        )
        .unwrap();
        let mut reports = changed.subscribe();
        assert!(tracked.wants_answer(), "whatever waits");
        tracked.not_answered(at(1));
        accept(&changed, 7, 1);
        tracked.report(at(5));
        assert!(reports.try_recv().is_err());
        tracked.report(at(6));
        assert!(matches!(reports.try_recv(), Ok(Reported::Changed(_))));
        assert_eq!(changed.waiting_since("A/1", at(6)), Some(at(0)));
        assert!(tracked.wants_answer());

        let before = HashMap::from([(0, 5)]);
        tracked.answered(before.clone()).unwrap();
        // What was accepted long ago is held while it is read anew.
        accept(&changed, 5, -3600);
        tracked.report(at(10));
        assert_eq!(changed.waiting().0, 1);
        assert!(!changed.is_known());
        tracked.caught_up.as_ref().unwrap().store(true, Ordering::Release);
        tracked.report(at(11));
        assert!(changed.is_known());
        assert_eq!(changed.waiting_since("A/1", at(11)), Some(at(-3600)));
        tracked.answered(HashMap::from([(0, 8)])).unwrap();
        tracked.report(at(12));
        assert_eq!(changed.waiting(), (0, None));
        assert!(!tracked.wants_answer());

        tracked.not_answered(at(20));
        assert!(!changed.is_known() && tracked.wants_answer());
        tracked.answered(before.clone()).unwrap();
        drop(tracked);
        let starts: Vec<Start> = began.into_iter().map(|(start, _)| start).collect();
        assert_eq!(starts, [Start::End, Start::Offsets(before.clone()), Start::Offsets(before)]);
    }
}
