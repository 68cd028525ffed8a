//! The rule sets, kept current from the topic `rule.sets`, which every processor reads whole.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chassis::{Backoff, KafkaArgs, Shutdown};
use clinical::rule_set::RuleSets;
use schemas::topics::Topic;
use schemas::{Codec, Decoder, records};
use stream::StreamError;
use stream::follow::{FollowHandle, Followed, Start, follow};
use stream::record::Incoming;

use crate::metrics::LeftOut;

/// How often it is looked whether the topic has been read.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The rule sets as the topic says now.
#[derive(Default, Clone)]
pub struct FollowedRuleSets(Arc<Shared>);

#[derive(Default)]
struct Shared {
    sets: RwLock<Arc<RuleSets>>,
    is_caught_up: AtomicBool,
}

impl FollowedRuleSets {
    /// All of them. The same pointer as before where nothing has changed.
    pub fn current(&self) -> Arc<RuleSets> {
        self.0.sets.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a record in: a set, or that the one of this name is withdrawn.
    pub fn apply(&self, name: &str, set: Option<clinical::rule_set::RuleSet>) {
        let mut sets = self.0.sets.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = RuleSets::clone(&sets);
        match set {
            Some(set) => changed.apply(set),
            None => changed.withdraw(name),
        }
        if changed != **sets {
            *sets = Arc::new(changed);
        }
    }

    /// Follows the topic on a thread of its own, and returns when all that was there has been read, or
    /// when stopped. Nothing may be judged before: a state would be rebuilt by other rules than those
    /// that it was published by.
    pub(crate) fn follow(
        &self,
        (kafka, topic): (&KafkaArgs, &str),
        codec: &Codec,
        left_out: LeftOut,
        stop: &Shutdown,
        waiting: impl Fn(),
    ) -> Result<FollowHandle, StreamError> {
        let (sets, stopping) = (self.clone(), stop.clone());
        let reader = Reader { decoder: codec.decoder(), left_out, stop: stop.clone() };
        let handle = move |event| match event {
            Followed::CaughtUp => sets.0.is_caught_up.store(true, Ordering::Release),
            Followed::Record(record) => reader.read(&record, &sets),
        };
        let followed = [(topic, Start::Beginning)];
        let following = follow(kafka, &followed, move || stopping.is_requested(), handle)?;
        while !self.0.is_caught_up.load(Ordering::Acquire) && !stop.is_requested() {
            waiting();
            std::thread::sleep(BETWEEN_LOOKS);
        }
        Ok(following)
    }
}

struct Reader {
    decoder: Decoder<records::RuleSet>,
    left_out: LeftOut,
    stop: Shutdown,
}

impl Reader {
    /// A record that cannot be used changes nothing: the sets before it hold, and somebody is told.
    fn read(&self, record: &Incoming, sets: &FollowedRuleSets) {
        let Some(name) = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()) else {
            return self.left_out.count_rule_set(record, "its key is no name");
        };
        let Some(bytes) = &record.payload else { return sets.apply(name, None) };
        let mut backoff = Backoff::default();
        let set = loop {
            match self.decoder.decode(bytes) {
                Ok(set) => break set,
                Err(error) if error.is_retryable() && !self.stop.is_requested() => {
                    tracing::warn!(topic = %Topic::RuleSets, %error, "waiting for the schema registry");
                    backoff.sleep();
                }
                Err(error) => return self.left_out.count_rule_set(record, error),
            }
        };
        match set.validate() {
            Ok(set) if set.name() == name => sets.apply(name, Some(set)),
            Ok(_) => self.left_out.count_rule_set(record, "its key is not its name"),
            Err(error) => self.left_out.count_rule_set(record, error),
        }
    }
}
