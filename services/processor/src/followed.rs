//! Lists that every processor reads whole before it judges anything, and follows from then on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chassis::{Backoff, KafkaArgs, Shutdown};
use schemas::codec::Record;
use schemas::topics::Topic;
use schemas::{Codec, DecodeError, Decoder, decoded_when_possible};
use stream::StreamError;
use stream::follow::{FollowHandle, Followed as Event, Start, follow};
use stream::record::Incoming;

use crate::left_out::LeftOut;

/// How often it is looked whether a topic has been read.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// A list as its topic says it now.
#[derive(Debug, Default)]
pub struct Followed<L>(Arc<RwLock<Arc<L>>>);

impl<L> Clone for Followed<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<L> Followed<L> {
    /// All of it. The same pointer as before where nothing has changed.
    pub fn current(&self) -> Arc<L> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes it.
    pub(crate) fn change(&self, change: impl FnOnce(&mut L))
    where
        L: Clone + PartialEq,
    {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = L::clone(&known);
        change(&mut changed);
        if changed != **known {
            *known = Arc::new(changed);
        }
    }

    /// Follows the topic on a thread of its own, and returns when all that was there has been read, or when
    /// stopped. Nothing may be judged before: a state would be rebuilt by another list than that which it
    /// was published by.
    pub(crate) fn follow<R: Reader<List = L> + Send + 'static>(
        &self,
        (kafka, topic): (&KafkaArgs, &str),
        mut reader: R,
        stop: &Shutdown,
        waiting: impl Fn(),
    ) -> Result<FollowHandle, StreamError>
    where
        L: Send + Sync + 'static,
    {
        let list = self.clone();
        let is_caught_up = Arc::new(AtomicBool::new(false));
        let (caught_up, stopping) = (is_caught_up.clone(), stop.clone());
        let handle = move |event| match event {
            Event::CaughtUp => caught_up.store(true, Ordering::Release),
            Event::Record(record) => reader.read(&record, &list),
        };
        let followed = [(topic, Start::Beginning)];
        let following = follow(kafka, &followed, move || stopping.is_requested(), handle)?;
        while !is_caught_up.load(Ordering::Acquire) && !stop.is_requested() {
            waiting();
            std::thread::sleep(BETWEEN_LOOKS);
        }
        Ok(following)
    }
}

/// Takes the records of a topic into a list.
pub(crate) trait Reader {
    /// What the topic says.
    type List;

    /// Takes a record in.
    fn read(&mut self, record: &Incoming, list: &Followed<Self::List>);
}

/// What the records of a list are read with.
pub(crate) struct Records<T> {
    topic: Topic,
    decoder: Decoder<T>,
    pub(crate) left_out: LeftOut,
    stop: Shutdown,
}

impl<T: Record> Records<T> {
    pub(crate) fn of(topic: Topic, codec: &Codec, left_out: LeftOut, stop: &Shutdown) -> Self {
        Self { topic, decoder: codec.decoder(), left_out, stop: stop.clone() }
    }

    /// Decodes a record, as soon as the schema registry can be asked; none when stopped before: it may be
    /// usable for all that is known.
    pub(crate) fn decoded(&self, bytes: &[u8]) -> Option<Result<T, DecodeError>> {
        let mut backoff = Backoff::default();
        let wait = |error: &DecodeError| {
            tracing::warn!(topic = %self.topic, %error, "waiting for the schema registry");
            backoff.sleep_unless(&self.stop).then_some(()).ok_or(())
        };
        decoded_when_possible(|| self.decoder.decode(bytes), wait).ok()
    }
}
