//! The rule sets of a deployment, as the topic `rule.sets` has them now.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;

use anyhow::{Context, anyhow};
use clinical::rule_set::RuleSets;
use clinical::{Timestamp, rules};
use schemas::topics::Topic;
use schemas::{Codec, DecodeError, records};
use stream::browse::read_to_end;
use stream::follow::Start;

use super::file;
use crate::source::Source;

/// What the topic says.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) sets: RuleSets,
    /// Who applied each, by its name.
    authors: BTreeMap<String, String>,
}

impl Known {
    /// Reads the topic. One that this version cannot follow is not there, as for the services, and said.
    pub(super) fn read(source: &Source, codec: &Codec) -> anyhow::Result<Self> {
        let topic = source.topics().name(Topic::RuleSets);
        let decoder = codec.decoder::<records::RuleSet>();
        let mut known = Self::default();
        let mut failed = None;
        read_to_end(&source.kafka, &topic, None, Start::Beginning, |record| {
            let name = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default());
            match record.payload.as_deref().map(|bytes| decoder.decode(bytes)).transpose() {
                Err(error) if error.is_retryable() => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
                decoded => known.take(&name, decoded),
            }
            ControlFlow::Continue(())
        })
        .with_context(|| format!("{topic} cannot be read; `mimamori topics create` makes it"))?;
        match failed {
            Some(error) => Err(anyhow!("the rule sets cannot be read now: {error}")),
            None => Ok(known),
        }
    }

    /// Takes a record in; none withdraws the set. One that cannot be used takes the former one of its
    /// name away.
    fn take(&mut self, name: &str, decoded: Result<Option<records::RuleSet>, DecodeError>) {
        self.sets.withdraw(name);
        self.authors.remove(name);
        let why = match decoded {
            Ok(None) => return,
            Ok(Some(set)) => match set.validate_as(name) {
                Ok(valid) => {
                    self.authors.insert(set.name, set.author);
                    return self.sets.apply(valid);
                }
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        eprintln!("mimamori: {name} is not used: {why}");
    }

    /// The set of a name, or the one in force, as a file, and which are to come.
    pub(super) fn shown(&self, name: Option<&str>, now: Timestamp) -> anyhow::Result<String> {
        let set = match name {
            Some(name) if name == rules::RULE_SET => None,
            Some(name) => Some(self.sets.find(name).with_context(|| {
                let all: Vec<&str> = self.sets.iter().map(|set| set.name()).collect();
                format!(
                    "no rule set is named {name}; there are {}, {}",
                    rules::RULE_SET,
                    all.join(", ")
                )
            })?),
            None => self.sets.in_force(now),
        };
        let mut text = String::new();
        if let Some(set) = set {
            let author = self.authors.get(set.name()).map_or("somebody", String::as_str);
            let _ = writeln!(text, "# Applied by {author}. Built in: {}.", rules::RULE_SET);
        }
        for next in self.sets.after(now) {
            let (name, from) = (next.name(), next.effective_from());
            let _ = writeln!(text, "# To come: {name}, in force from {from}.");
        }
        text.push_str(&file::write(set.map(|set| &**set)));
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use clinical::rule_set::RuleSet;

    use super::*;

    #[test]
    fn the_set_in_force_is_shown_with_those_to_come_and_reads_as_itself() {
        let at = |hours: i64| Timestamp::from_seconds(1_800_000_000 + hours * 3600);
        let mut known = Known::default();
        for (name, from) in [("a", 0), ("b", 10)] {
            let mut set = RuleSet::new(name, at(from)).unwrap();
            set.give("bp.severe_high.systolic", 175.0, "the ward's board").unwrap();
            known.sets.apply(set);
            known.authors.insert(name.to_owned(), "aoki".to_owned());
        }
        let shown = known.shown(None, at(5)).unwrap();
        let built_in = rules::RULE_SET;
        let expected = format!(
            "# Applied by aoki. Built in: {built_in}.\n\
             # To come: b, in force from 2027-01-15T18:00:00Z.\n\
             name = \"a\"\n\
             effective_from = 2027-01-15T08:00:00Z\n"
        );
        assert!(shown.starts_with(&expected), "{shown}");
        let of_rule = "\n[rules.\"bp.severe_high\"]\n\
             # severe, systolic: 120 to 300 mm[Hg]\n\
             systolic = { value = 175, source = \"the ward's board\" }\n\
             # severe, diastolic: 70 to 200 mm[Hg]\n\
             # diastolic = { value = 110, source = ";
        assert!(shown.contains(of_rule), "{shown}");
        assert_eq!(file::parse(&shown).as_ref().ok(), known.sets.find("a").map(|set| &**set));
        assert!(known.shown(None, at(-1)).unwrap().contains("The built-in rule set"));
        assert!(known.shown(Some("b"), at(5)).unwrap().contains("name = \"b\""));
        assert!(known.shown(Some("c"), at(5)).is_err());
    }

    #[test]
    fn a_set_that_cannot_be_used_takes_the_former_one_of_its_name_away() {
        let at = Timestamp::from_seconds(1_800_000_000);
        let good = records::RuleSet::of(&RuleSet::new("a", at).unwrap(), "aoki", at);
        let off = records::SwitchedOffRule { rule: "no.rule".into(), reason: "x".into() };
        let unknown_rule = records::RuleSet { switched_off: vec![off], ..good.clone() };
        let other_name = records::RuleSet { name: "b".into(), ..good.clone() };
        for unusable in [Ok(Some(unknown_rule)), Ok(Some(other_name)), Err(DecodeError::NotFramed)]
        {
            let mut known = Known::default();
            known.take("a", Ok(Some(good.clone())));
            assert!(known.sets.find("a").is_some());
            known.take("a", unusable);
            assert_eq!(known.sets, RuleSets::default());
        }
    }
}
