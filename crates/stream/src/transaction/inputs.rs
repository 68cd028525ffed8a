//! Which topics a task reads: its inputs, and what states are rebuilt from. The task names each by a
//! value of its own, which comes back with every record; nothing depends on their order.

use std::collections::BTreeMap;

/// The input topics of a loop. They have equal numbers of partitions: partition *n* of all of them is
/// consumed by one member. One of them drives the loop: its partitions are those that are assigned,
/// its records are tallied, and its end decides whether time may pass.
#[derive(Debug, Clone)]
pub struct Inputs<I>(Vec<(I, String)>);

/// An input by its place in [`Inputs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InputIndex(usize);

impl InputIndex {
    /// The input that drives the loop.
    pub(super) const DRIVING: Self = Self(0);
}

impl<I: Copy + PartialEq> Inputs<I> {
    /// The input that drives the loop, and its topic.
    pub fn driven_by(input: I, topic: impl Into<String>) -> Self {
        Self(vec![(input, topic.into())])
    }

    /// Adds another input.
    #[must_use]
    pub fn and(mut self, input: I, topic: impl Into<String>) -> Self {
        self.0.push((input, topic.into()));
        self
    }

    /// The topic of the input that drives the loop.
    pub fn driving_topic(&self) -> &str {
        &self.0[InputIndex::DRIVING.0].1
    }

    /// The topics of all inputs.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, topic)| topic.as_str())
    }

    /// Every input with its topic.
    pub(super) fn indexed(&self) -> impl Iterator<Item = (InputIndex, &str)> {
        self.topics().enumerate().map(|(index, topic)| (InputIndex(index), topic))
    }

    /// The input of a topic.
    pub(super) fn of_topic(&self, topic: &str) -> Option<(InputIndex, I)> {
        let index = self.0.iter().position(|(_, known)| known == topic)?;
        Some((InputIndex(index), self.0[index].0))
    }

    /// Index and topic of an input.
    pub(super) fn find(&self, input: I) -> Option<(InputIndex, &str)> {
        let index = self.0.iter().position(|(known, _)| *known == input)?;
        Some((InputIndex(index), &self.0[index].1))
    }
}

/// The next offset to process in a partition of each input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Positions(BTreeMap<InputIndex, i64>);

impl Positions {
    pub(super) fn of(&self, input: InputIndex) -> i64 {
        self.0[&input]
    }

    pub(super) fn driving(&self) -> i64 {
        self.of(InputIndex::DRIVING)
    }

    pub(super) fn set(&mut self, input: InputIndex, next: i64) {
        self.0.insert(input, next);
    }

    /// Each topic of the inputs with its position.
    pub(super) fn by_topic<'a, I: Copy + PartialEq>(
        &'a self,
        inputs: &'a Inputs<I>,
    ) -> impl Iterator<Item = (&'a str, i64)> {
        inputs.indexed().map(|(input, topic)| (topic, self.of(input)))
    }
}

/// A topic that states are rebuilt from, and what the task calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay<R, I> {
    pub(super) name: R,
    pub(super) source: ReplaySource<I>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReplaySource<I> {
    /// A topic to its end: from its oldest record, or from the first one appended at or after a time.
    Topic { topic: String, since_ms: Option<i64> },
    /// An input, from its oldest record to where the group has consumed it.
    Consumed(I),
}

impl<R, I> Replay<R, I> {
    /// A topic, from its oldest record to its end.
    pub fn whole(name: R, topic: impl Into<String>) -> Self {
        Self { name, source: ReplaySource::Topic { topic: topic.into(), since_ms: None } }
    }

    /// A topic, from the first record appended at or after a time (ms since the epoch) to its end.
    pub fn since(name: R, topic: impl Into<String>, time_ms: i64) -> Self {
        Self { name, source: ReplaySource::Topic { topic: topic.into(), since_ms: Some(time_ms) } }
    }

    /// An input, from its oldest record to where the group has consumed it.
    pub fn consumed(name: R, input: I) -> Self {
        Self { name, source: ReplaySource::Consumed(input) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Input {
        Letters,
        Parcels,
    }

    #[test]
    fn an_input_is_found_by_its_topic_and_keeps_its_position_in_any_order() {
        let orders = [
            Inputs::driven_by(Input::Letters, "letters").and(Input::Parcels, "parcels"),
            Inputs::driven_by(Input::Parcels, "parcels").and(Input::Letters, "letters"),
        ];
        for inputs in orders {
            let mut positions = Positions::default();
            inputs.indexed().for_each(|(input, _)| positions.set(input, 0));
            for (topic, input, next) in
                [("letters", Input::Letters, 3), ("parcels", Input::Parcels, 8)]
            {
                let (index, found) = inputs.of_topic(topic).unwrap();
                assert_eq!(found, input);
                assert_eq!(inputs.find(input), Some((index, topic)));
                positions.set(index, next);
            }
            let mut by_topic: Vec<_> = positions.by_topic(&inputs).collect();
            by_topic.sort_unstable();
            assert_eq!(by_topic, [("letters", 3), ("parcels", 8)]);
            let (driving, _) = inputs.of_topic(inputs.driving_topic()).unwrap();
            assert_eq!(positions.driving(), positions.of(driving));
            assert_eq!(inputs.of_topic("flowers"), None);
        }
    }
}
