//! The rule sets, kept current from the topic `rule.sets`, which every processor reads whole.

use clinical::rule_set::{RuleSet, RuleSets};
use schemas::records;
use stream::record::Incoming;

use crate::followed::{Followed, Reader, Records};
use crate::left_out::What;

/// The rule sets as the topic says now.
pub type FollowedRuleSets = Followed<RuleSets>;

impl FollowedRuleSets {
    /// Takes a record in: a set, or that the one of this name is withdrawn.
    pub fn apply(&self, name: &str, set: Option<RuleSet>) {
        self.change(|sets| match set {
            Some(set) => sets.apply(set),
            None => sets.withdraw(name),
        });
    }
}

/// Takes in the rule sets.
pub(crate) struct Sets(pub(crate) Records<records::RuleSet>);

impl Reader for Sets {
    type List = RuleSets;

    /// A record that cannot be used takes the former one of its name away, and that is reported: Kafka
    /// keeps no former one either, so who starts later would judge otherwise.
    fn read(&mut self, record: &Incoming, sets: &FollowedRuleSets) {
        let unusable = |error: &dyn std::fmt::Display| {
            self.0.left_out.count(What::RuleSet, record, error);
        };
        let Some(name) = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()) else {
            return unusable(&"its key is no name");
        };
        let Some(bytes) = &record.payload else { return sets.apply(name, None) };
        let set = match self.0.decoded(bytes) {
            None => return,
            Some(Ok(set)) => set,
            Some(Err(error)) => {
                unusable(&error);
                return sets.apply(name, None);
            }
        };
        let usable = set.validate_as(name);
        if let Err(why) = &usable {
            unusable(why);
        }
        sets.apply(name, usable.ok());
    }
}

#[cfg(test)]
mod tests {
    use chassis::{Metrics, Shutdown};
    use clinical::Timestamp;
    use schemas::Codec;
    use schemas::topics::Topic;

    use super::*;
    use crate::left_out::LeftOut;

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
            let stop = Shutdown::new();
            let mut reader = Sets(Records::of(Topic::RuleSets, &codec, left_out, &stop));
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
