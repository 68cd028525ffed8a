//! Sessions that have ended before their time: signed out, or followed by another one in the same
//! browser. Kept current from the topic `sessions.ended` on every instance, so that a session that
//! has ended at one has ended at all.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use clinical::Timestamp;
use schemas::EndedSession;
use tokio::sync::watch;

use crate::recorder::{Recorder, Recording};
use crate::session::LIFETIME;

/// The sessions that have ended, as far as they would go on by themselves.
#[derive(Debug)]
pub struct EndedSessions {
    /// When each would have ended by itself.
    ended: RwLock<HashMap<String, Timestamp>>,
    changes: watch::Sender<u64>,
    caught_up: watch::Sender<bool>,
}

impl Default for EndedSessions {
    fn default() -> Self {
        Self {
            ended: RwLock::default(),
            changes: watch::Sender::new(0),
            caught_up: watch::Sender::new(false),
        }
    }
}

impl EndedSessions {
    /// A session has ended.
    pub fn apply(&self, session: String, expires_at: Timestamp, now: Timestamp) {
        // No session lasts longer, whatever the record says and however clocks differ.
        let expires_at = expires_at.min(now + LIFETIME + LIFETIME);
        if expires_at <= now {
            return;
        }
        {
            let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
            ended.retain(|_, expires_at| *expires_at > now);
            ended.insert(session, expires_at);
        }
        self.changes.send_modify(|count| *count += 1);
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the ended sessions are complete; before that, nobody is let in with a session.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// Whether a session has ended.
    pub fn contains(&self, session: &str) -> bool {
        self.ended.read().unwrap_or_else(PoisonError::into_inner).contains_key(session)
    }

    /// Resolves when a session has ended.
    pub async fn wait_for(&self, session: &str) {
        let mut changes = self.changes.subscribe();
        while !self.contains(session) {
            // The sender lives as long as this.
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

/// Where it is made known that a session has ended.
pub trait SessionEnds: Send + Sync {
    /// Resolves when the record is safe, so that every instance comes to read it.
    fn publish(&self, ended: EndedSession) -> Recording<'_>;
}

impl SessionEnds for Recorder<EndedSession> {
    fn publish(&self, ended: EndedSession) -> Recording<'_> {
        Box::pin(async move { self.write(Some(&ended.session), &ended).await })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use schemas::topics::Topic;

    use super::*;
    use crate::clock::now;
    use crate::recorder::NotRecorded;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    /// The topic in memory: what is published is delivered to every follower, or to none.
    #[derive(Default)]
    pub(crate) struct MemorySessionEnds {
        pub(crate) followers: Mutex<Vec<Arc<EndedSessions>>>,
        pub(crate) broken: AtomicBool,
    }

    impl SessionEnds for MemorySessionEnds {
        fn publish(&self, ended: EndedSession) -> Recording<'_> {
            Box::pin(async move {
                if self.broken.load(Ordering::Relaxed) {
                    return Err(NotRecorded::failed(std::io::Error::other("out of order")));
                }
                for follower in self.followers.lock().unwrap().iter() {
                    let expires_at = Timestamp::from_millis(ended.expires_at);
                    follower.apply(ended.session.clone(), expires_at, now());
                }
                Ok(())
            })
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    #[test]
    fn an_ended_session_is_kept_until_it_would_have_ended_by_itself() {
        let ended = EndedSessions::default();
        ended.apply("short".to_owned(), NOW + clinical::Span::from_minutes(5), NOW);
        ended.apply("long".to_owned(), NOW + clinical::Span::from_days(300), NOW);
        ended.apply("past".to_owned(), NOW, NOW);
        assert!(ended.contains("short") && ended.contains("long") && !ended.contains("past"));
        let later = NOW + clinical::Span::from_minutes(5);
        ended.apply("another".to_owned(), later + LIFETIME, later);
        assert!(!ended.contains("short") && ended.contains("long"));
        let much_later = NOW + LIFETIME + LIFETIME;
        ended.apply("third".to_owned(), much_later + LIFETIME, much_later);
        assert!(!ended.contains("long"));
    }

    #[test]
    fn the_topic_keeps_an_ended_session_for_longer_than_any_session_lasts() {
        let settings = Topic::SessionsEnded.settings();
        let retention = settings.iter().find(|(name, _)| *name == "retention.ms").unwrap();
        assert!(retention.1.parse::<i64>().unwrap() >= 2 * LIFETIME.millis());
    }
}
