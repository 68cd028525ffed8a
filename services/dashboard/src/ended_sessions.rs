//! Sessions that have ended before their time: signed out, or followed by another one in the same
//! browser. Kept current from the topic `sessions.ended` on every instance, so that a session that
//! has ended at one has ended at all.
//!
//! A provider that somebody signed in at may end sessions too. It does not know ours by their numbers, so
//! the topic has other keys for that, made of digests: `sid:` and the provider's session, `sub:` and the
//! person, of whom all sessions have ended that had begun, `nosid:` and the person where only those have
//! whose session the provider did not name, and `jti:` and the token by which it said so, which counts once.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use clinical::Timestamp;
use schemas::EndedSession;
use tokio::sync::watch;

use crate::recorder::{Recorder, Recording};
use crate::session::{AtProvider, LIFETIME, Sealed};

/// The sessions that have ended, as far as they would go on by themselves.
#[derive(Debug)]
pub struct EndedSessions {
    ended: RwLock<HashMap<String, Ended>>,
    changes: watch::Sender<u64>,
    caught_up: watch::Sender<bool>,
}

#[derive(Debug, Clone, Copy)]
struct Ended {
    at: Timestamp,
    /// When it would have ended by itself.
    expires_at: Timestamp,
}

/// Sessions that end at once, as the topic's keys name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// One of a provider, by its digest.
    OfProvider(String),
    /// All of a person, by the digest of whom the provider knows.
    OfPerson(String),
    /// Those of a person whose session the provider did not name.
    OfPersonUnnamed(String),
    /// None: the provider's token has been read.
    Token(String),
}

impl Ending {
    /// The key in the topic.
    pub fn key(&self) -> String {
        match self {
            Self::OfProvider(session) => format!("sid:{session}"),
            Self::OfPerson(person) => format!("sub:{person}"),
            Self::OfPersonUnnamed(person) => format!("nosid:{person}"),
            Self::Token(token) => format!("jti:{token}"),
        }
    }
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
    /// A session has ended, at a time; it would have ended by itself at another.
    pub fn apply(&self, session: String, (at, expires_at): (Timestamp, Timestamp), now: Timestamp) {
        // No session lasts longer, whatever the record says and however clocks differ.
        let expires_at = expires_at.min(now + LIFETIME + LIFETIME);
        if expires_at <= now {
            return;
        }
        {
            let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
            ended.retain(|_, ended| ended.expires_at > now);
            ended.insert(session, Ended { at, expires_at });
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

    /// Whether a session has ended, here or at the provider where the person signed in.
    pub fn has_ended(&self, sealed: &Sealed) -> bool {
        if self.contains(&sealed.id) {
            return true;
        }
        let Some(AtProvider { session, subject }) = &sealed.provider else { return false };
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        // A session of the provider does not begin again. A person's does, and what has ended is what had begun.
        let before = |ending: Ending| {
            ended.get(&ending.key()).is_some_and(|ended| sealed.began_at() <= ended.at)
        };
        let there = match session {
            Some(session) => ended.contains_key(&Ending::OfProvider(session.clone()).key()),
            None => before(Ending::OfPersonUnnamed(subject.clone())),
        };
        there || before(Ending::OfPerson(subject.clone()))
    }

    /// Resolves when a session has ended.
    pub async fn wait_for(&self, sealed: &Sealed) {
        let mut changes = self.changes.subscribe();
        while !self.has_ended(sealed) {
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
    use schemas::registry::Role;
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
                    let times = [ended.ended_at, ended.expires_at].map(Timestamp::from_millis);
                    follower.apply(ended.session.clone(), times.into(), now());
                }
                Ok(())
            })
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    #[test]
    fn an_ended_session_is_kept_until_it_would_have_ended_by_itself() {
        let ended = EndedSessions::default();
        let apply = |session: &str, expires_at, now| {
            ended.apply(session.to_owned(), (now, expires_at), now);
        };
        apply("short", NOW + clinical::Span::from_minutes(5), NOW);
        apply("long", NOW + clinical::Span::from_days(300), NOW);
        apply("past", NOW, NOW);
        assert!(ended.contains("short") && ended.contains("long") && !ended.contains("past"));
        let later = NOW + clinical::Span::from_minutes(5);
        apply("another", later + LIFETIME, later);
        assert!(!ended.contains("short") && ended.contains("long"));
        let much_later = NOW + LIFETIME + LIFETIME;
        apply("third", much_later + LIFETIME, much_later);
        assert!(!ended.contains("long"));
    }

    /// A session of Dr. Sato that began so many seconds after now, in a session of the provider.
    fn of_provider(session: Option<&str>, seconds: i64) -> Sealed {
        let began_at = NOW + clinical::Span::from_seconds(seconds);
        let provider =
            AtProvider { session: session.map(str::to_owned), subject: "sato".to_owned() };
        let local = Sealed::beginning("dr.sato", Role::Physician, [7; 8], began_at);
        Sealed { provider: Some(provider), ..local }
    }

    fn ended_by(ending: Ending) -> EndedSessions {
        let ended = EndedSessions::default();
        ended.apply(ending.key(), (NOW, NOW + LIFETIME), NOW);
        ended
    }

    #[test]
    fn a_session_of_the_provider_that_has_ended_takes_along_those_of_its_name_alone() {
        let ended = ended_by(Ending::OfProvider("one".to_owned()));
        assert!(ended.has_ended(&of_provider(Some("one"), -60)));
        assert!(ended.has_ended(&of_provider(Some("one"), 60)), "it does not begin again");
        assert!(!ended.has_ended(&of_provider(Some("other"), -60)));
        assert!(!ended.has_ended(&of_provider(None, -60)));
    }

    #[test]
    fn a_person_who_has_signed_out_at_the_provider_may_sign_in_again() {
        let ended = ended_by(Ending::OfPerson("sato".to_owned()));
        for session in [Some("one"), None] {
            assert!(ended.has_ended(&of_provider(session, -60)));
            assert!(ended.has_ended(&of_provider(session, 0)));
            assert!(!ended.has_ended(&of_provider(session, 60)));
        }
        let local = Sealed { provider: None, ..of_provider(None, -60) };
        assert!(!ended.has_ended(&local));
        let another = ended_by(Ending::OfPerson("ito".to_owned()));
        assert!(!another.has_ended(&of_provider(Some("one"), -60)));
    }

    #[test]
    fn where_the_provider_did_not_name_its_session_the_person_s_name_ends_it() {
        let ended = ended_by(Ending::OfPersonUnnamed("sato".to_owned()));
        assert!(ended.has_ended(&of_provider(None, -60)));
        assert!(!ended.has_ended(&of_provider(None, 60)));
        assert!(!ended.has_ended(&of_provider(Some("one"), -60)));
    }

    #[test]
    fn the_topic_keeps_an_ended_session_for_longer_than_any_session_lasts() {
        let settings = Topic::SessionsEnded.settings();
        let retention = settings.iter().find(|(name, _)| *name == "retention.ms").unwrap();
        assert!(retention.1.parse::<i64>().unwrap() >= 2 * LIFETIME.millis());
    }
}
