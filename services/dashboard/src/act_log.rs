//! Writes acts on alerts to the topic `care.events`.
//!
//! Without a transaction: of two records under one id the first in the log is the act, as every reader
//! decides alike. So two instances need not wait for each other, and a retry may write once more.

use std::pin::Pin;

use schemas::CareEvent;
use stream::record::Position;

use crate::recorder::{NotRecorded, Recorder};

/// An act on its way: where its record is in `care.events`.
pub type Writing<'a> = Pin<Box<dyn Future<Output = Result<Position, NotRecorded>> + Send + 'a>>;

/// Where acts are written.
pub trait ActLog: Send + Sync {
    /// Resolves when the act is safe, so that every instance comes to read it.
    fn write(&self, event: CareEvent) -> Writing<'_>;
}

impl ActLog for Recorder<CareEvent> {
    fn write(&self, event: CareEvent) -> Writing<'_> {
        Box::pin(async move { self.placed(Some(&event.patient), &event).await })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::care_states::CareStates;

    /// The topic in memory: what is written is delivered to every follower, or to none.
    #[derive(Default)]
    pub(crate) struct MemoryActLog {
        pub(crate) events: Mutex<Vec<CareEvent>>,
        pub(crate) followers: Mutex<Vec<Arc<CareStates>>>,
        pub(crate) broken: AtomicBool,
    }

    impl MemoryActLog {
        /// Writes as another instance would.
        pub(crate) fn push(&self, event: CareEvent) -> Position {
            let mut events = self.events.lock().unwrap();
            let place = Position { partition: 0, offset: events.len() as i64 };
            for follower in self.followers.lock().unwrap().iter() {
                if let Some(Ok(act)) = event.act_on_alert() {
                    follower.apply_act(act);
                }
                follower.reached().reached(place);
            }
            events.push(event);
            place
        }
    }

    impl ActLog for MemoryActLog {
        fn write(&self, event: CareEvent) -> Writing<'_> {
            Box::pin(async move {
                match self.broken.load(Ordering::Relaxed) {
                    true => Err(NotRecorded::failed(std::io::Error::other("out of order"))),
                    false => Ok(self.push(event)),
                }
            })
        }
    }
}
