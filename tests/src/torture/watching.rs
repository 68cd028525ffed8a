//! What is seen of the topics while the torture goes on, as consumers see it that read what is
//! committed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clinical::Timestamp;
use schemas::codec::Record;
use schemas::topics::Topic;
use schemas::{AcceptedReading, AlertEvent, Codec, OutcomeTally};
use stream::follow::{FollowHandle, Followed, Incoming, Start, follow};

use crate::readings::now;
use crate::stack::Stack;

/// Eyes on the topics.
pub(super) struct Watching {
    seen: Arc<Mutex<Seen>>,
    _followers: Vec<FollowHandle>,
}

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Behind the newest raw record of each partition.
    pub(super) raw: BTreeMap<i32, i64>,
    /// Up to where each partition's raw records have outcomes.
    pub(super) answered: BTreeMap<i32, i64>,
    /// Offset of the raw record of the newest accepted reading, by kind and partition.
    pub(super) accepted: BTreeMap<(String, i32), i64>,
    /// Every alert event, with when it was seen.
    pub(super) alerts: Vec<(AlertEvent, Timestamp)>,
}

/// Takes a record of a topic in.
type Take = Box<dyn Fn(&mut Seen, &Incoming) + Send>;

impl Watching {
    pub(super) fn of(stack: &Stack) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let codec = &stack.codec;
        let follower = |topic: Topic, take: Take| {
            let seen = Arc::clone(&seen);
            let handle = move |followed| {
                if let Followed::Record(record) = followed {
                    take(&mut lock(&seen), &record);
                }
            };
            let name = stack.topics.name(topic);
            follow(&stack.kafka, &[(&name, Start::Beginning)], || false, handle).unwrap()
        };
        let raw = |seen: &mut Seen, record: &Incoming| {
            seen.raw.insert(record.partition, record.offset + 1);
        };
        let tally = reader::<OutcomeTally>(codec);
        let outcome = move |seen: &mut Seen, record: &Incoming| {
            let tally = tally(record);
            seen.answered.insert(tally.partition, tally.next_offset);
        };
        let reading = reader::<AcceptedReading>(codec);
        let accepted = move |seen: &mut Seen, record: &Incoming| {
            let accepted = reading(record);
            let kind = accepted.reading_id.split('/').nth(2).unwrap_or_default().to_owned();
            seen.accepted.insert((kind, accepted.origin.partition), accepted.origin.offset);
        };
        let event = reader::<AlertEvent>(codec);
        let alert = move |seen: &mut Seen, record: &Incoming| {
            seen.alerts.push((event(record), now()));
        };
        let followers = vec![
            follower(Topic::ReadingsRaw, Box::new(raw)),
            follower(Topic::ReadingsOutcomes, Box::new(outcome)),
            follower(Topic::ReadingsAccepted, Box::new(accepted)),
            follower(Topic::Alerts, Box::new(alert)),
        ];
        Self { seen, _followers: followers }
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reader<T: Record + 'static>(codec: &Codec) -> impl Fn(&Incoming) -> T + Send + 'static {
    let decoder = codec.decoder::<T>();
    move |record| decoder.decode(record.payload.as_deref().expect("a value")).expect("a record")
}
