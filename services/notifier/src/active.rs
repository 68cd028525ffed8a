//! Which instance sends: the member of the consumer group that has the only partition of
//! `registry.care_teams`. The group says so to one at a time; that an earlier one cannot write any more is
//! for the transactional id to see to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::{Backoff, Shutdown};
use stream::group::{GroupArgs, GroupConsumer, GroupEvent};
use stream::{KafkaArgs, StreamError};

/// Whether this instance sends. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Active(Arc<AtomicBool>);

impl Active {
    /// Whether it does, as far as the group has said.
    pub(crate) fn is_active(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Joins the group and stays in it until the end. Blocks the thread.
    ///
    /// # Errors
    /// When a setting is refused.
    pub(crate) fn stay(
        &self,
        kafka: &KafkaArgs,
        args: GroupArgs,
        shutdown: &Shutdown,
    ) -> Result<(), StreamError> {
        let mut member = GroupConsumer::new(kafka, args)?;
        let mut backoff = Backoff::default();
        while !shutdown.is_requested() {
            match member.poll(Duration::from_millis(200)) {
                Ok(Some(GroupEvent::Assigned(partitions))) if !partitions.is_empty() => {
                    // The records are read by the follower, whole.
                    member.pause();
                    self.0.store(true, Ordering::Release);
                    tracing::info!("this instance sends");
                }
                Ok(Some(GroupEvent::Revoked(_))) => {
                    self.0.store(false, Ordering::Release);
                    tracing::info!("this instance stands by");
                }
                Ok(_) => backoff.reset(),
                Err(error) => {
                    tracing::warn!(%error, "the group of notifiers; going on");
                    backoff.sleep();
                }
            }
        }
        Ok(())
    }
}
