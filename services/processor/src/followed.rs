//! Lists that every processor reads whole before it judges anything, and follows from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::{Backoff, KafkaArgs, Shutdown};
use schemas::codec::Record;
use schemas::topics::Topic;
use schemas::{DecodeError, Decoder};
use stream::StreamError;
use stream::follow::{FollowHandle, Followed, Start, follow};
use stream::record::Incoming;

/// How often it is looked whether a topic has been read.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Follows a topic on a thread of its own, and returns when all that was there has been read, or when
/// stopped. Nothing may be judged before: a state would be rebuilt by another list than that which it was
/// published by.
pub(crate) fn read_and_follow(
    (kafka, topic): (&KafkaArgs, &str),
    stop: &Shutdown,
    waiting: impl Fn(),
    mut take: impl FnMut(&Incoming) + Send + 'static,
) -> Result<FollowHandle, StreamError> {
    let is_caught_up = Arc::new(AtomicBool::new(false));
    let (caught_up, stopping) = (is_caught_up.clone(), stop.clone());
    let handle = move |event| match event {
        Followed::CaughtUp => caught_up.store(true, Ordering::Release),
        Followed::Record(record) => take(&record),
    };
    let followed = [(topic, Start::Beginning)];
    let following = follow(kafka, &followed, move || stopping.is_requested(), handle)?;
    while !is_caught_up.load(Ordering::Acquire) && !stop.is_requested() {
        waiting();
        std::thread::sleep(BETWEEN_LOOKS);
    }
    Ok(following)
}

/// Decodes a record of a list, as soon as the schema registry can be asked; none when stopped before:
/// it may be usable for all that is known.
pub(crate) fn decoded<T: Record>(
    decoder: &Decoder<T>,
    bytes: &[u8],
    topic: Topic,
    stop: &Shutdown,
) -> Option<Result<T, DecodeError>> {
    let mut backoff = Backoff::default();
    loop {
        match decoder.decode(bytes) {
            Err(error) if error.is_retryable() && !stop.is_requested() => {
                tracing::warn!(%topic, %error, "waiting for the schema registry");
                backoff.sleep();
            }
            Err(error) if error.is_retryable() => return None,
            decoded => return Some(decoded),
        }
    }
}
