//! The rule sets, kept current from the topic `rule.sets`, which every processor reads whole.

use std::sync::{Arc, PoisonError, RwLock};

use chassis::{KafkaArgs, Shutdown};
use clinical::rule_set::RuleSets;
use schemas::topics::Topic;
use schemas::{Codec, Decoder, records};
use stream::StreamError;
use stream::follow::FollowHandle;
use stream::record::Incoming;

use crate::followed::{decoded, read_and_follow};
use crate::metrics::LeftOut;

/// The rule sets as the topic says now.
#[derive(Default, Clone)]
pub struct FollowedRuleSets(Arc<RwLock<Arc<RuleSets>>>);

impl FollowedRuleSets {
    /// All of them. The same pointer as before where nothing has changed.
    pub fn current(&self) -> Arc<RuleSets> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a record in: a set, or that the one of this name is withdrawn.
    pub fn apply(&self, name: &str, set: Option<clinical::rule_set::RuleSet>) {
        let mut sets = self.0.write().unwrap_or_else(PoisonError::into_inner);
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
    /// when stopped.
    pub(crate) fn follow(
        &self,
        (kafka, topic): (&KafkaArgs, &str),
        codec: &Codec,
        left_out: LeftOut,
        stop: &Shutdown,
        waiting: impl Fn(),
    ) -> Result<FollowHandle, StreamError> {
        let sets = self.clone();
        let reader = Reader { decoder: codec.decoder(), left_out, stop: stop.clone() };
        let take = move |record: &Incoming| reader.read(record, &sets);
        read_and_follow((kafka, topic), stop, waiting, take)
    }
}

struct Reader {
    decoder: Decoder<records::RuleSet>,
    left_out: LeftOut,
    stop: Shutdown,
}

impl Reader {
    /// A record that cannot be used takes the former one of its name away, and somebody is told: Kafka
    /// keeps no former one either, so who starts later would judge otherwise.
    fn read(&self, record: &Incoming, sets: &FollowedRuleSets) {
        let Some(name) = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()) else {
            return self.left_out.count_rule_set(record, "its key is no name");
        };
        let Some(bytes) = &record.payload else { return sets.apply(name, None) };
        let set = match decoded(&self.decoder, bytes, Topic::RuleSets, &self.stop) {
            None => return,
            Some(Ok(set)) => set,
            Some(Err(error)) => {
                self.left_out.count_rule_set(record, error);
                return sets.apply(name, None);
            }
        };
        let usable = set.validate_as(name);
        if let Err(why) = &usable {
            self.left_out.count_rule_set(record, why);
        }
        sets.apply(name, usable.ok());
    }
}

#[cfg(test)]
mod tests {
    use chassis::Metrics;
    use clinical::Timestamp;
    use clinical::rule_set::RuleSet;

    use super::*;

    #[test]
    fn a_record_that_cannot_be_used_takes_the_former_one_of_its_name_away() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder("rule.sets").unwrap();
        let set = RuleSet::new("ward", Timestamp::from_millis(0)).unwrap();
        let good = records::RuleSet::of(&set, "aoki", Timestamp::from_millis(0));
        let of_a_later_version =
            records::SwitchedOffRule { rule: "no.rule".into(), reason: "x".into() };
        let unknown_rule =
            records::RuleSet { switched_off: vec![of_a_later_version], ..good.clone() };
        let other_name = records::RuleSet { name: "other".into(), ..good.clone() };
        let record = |key: &str, payload: &[u8]| Incoming {
            topic: "rule.sets".into(),
            partition: 0,
            offset: 0,
            timestamp_ms: 0,
            key: Some(key.into()),
            payload: Some(payload.to_vec()),
        };
        let bytes = |set: &records::RuleSet| encoder.encode(set).unwrap();
        for unusable in [bytes(&unknown_rule), bytes(&other_name), b"no framing".to_vec()] {
            let left_out = LeftOut::register(&Metrics::for_service("processor")).unwrap();
            let reader = Reader { decoder: codec.decoder(), left_out, stop: Shutdown::new() };
            let sets = FollowedRuleSets::default();
            let known = || -> Vec<String> {
                sets.current().iter().map(|set| set.name().to_owned()).collect()
            };
            reader.read(&record("ward", &bytes(&good)), &sets);
            let kept = records::RuleSet { name: "kept".into(), ..good.clone() };
            reader.read(&record("kept", &bytes(&kept)), &sets);
            assert_eq!(known(), ["kept", "ward"]);
            reader.read(&record("ward", &unusable), &sets);
            assert_eq!(known(), ["kept"]);
        }
    }
}
