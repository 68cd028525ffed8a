//! The silences that a partition has judged.

use std::cmp::Reverse;

use super::{Group, Limits, REMEMBERED, Totals};
use crate::time::Timestamp;

/// So many silences are remembered. Ours: some for each group of a deployment. Of more, those that ended
/// first are forgotten, and then those that last of groups which come last by precedence.
const MOST_SILENCES: usize = 500;

/// A time in which a group was silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Which group.
    pub group: Group,
    /// When that was judged first.
    pub since: Timestamp,
    /// When it was not judged so any more; none while it lasts.
    pub ended: Option<Timestamp>,
}

/// The silences that are remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Silences(Vec<Silence>);

impl FromIterator<Silence> for Silences {
    fn from_iter<I: IntoIterator<Item = Silence>>(silences: I) -> Self {
        Self(silences.into_iter().collect())
    }
}

impl Silences {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Silence> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that last.
    pub fn open(&self) -> impl Iterator<Item = &Silence> {
        self.0.iter().filter(|silence| silence.ended.is_none())
    }

    /// Takes in what was counted at a time: groups fall silent, are heard again, or have too few
    /// members left. Returns the groups of which that is so, or whose silence is not remembered any more.
    pub fn judge(&mut self, totals: &Totals, at: Timestamp, limits: &Limits) -> Vec<Group> {
        self.0.retain(|silence| silence.ended.is_none_or(|ended| ended >= at - REMEMBERED));
        if totals.is_unsure {
            return Vec::new();
        }
        let mut changed = Vec::new();
        for silence in self.0.iter_mut().filter(|silence| silence.ended.is_none()) {
            let tally = totals.of(&silence.group);
            let is_gone = totals.is_complete && tally.is_dissolved(limits);
            if tally.is_heard_again(limits) || is_gone {
                silence.ended = Some(at);
                changed.push(silence.group.clone());
            }
        }
        for (group, tally) in &totals.tallies {
            if tally.falls_silent(limits) && self.open().all(|silence| silence.group != *group) {
                self.0.push(Silence { group: group.clone(), since: at, ended: None });
                changed.push(group.clone());
            }
        }
        self.forget_most(at, &mut changed);
        changed
    }

    /// What is forgotten holds nothing back any more: its alerts are raised.
    fn forget_most(&mut self, at: Timestamp, changed: &mut Vec<Group>) {
        if self.0.len() <= MOST_SILENCES {
            return;
        }
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|place| {
            let Silence { group, since, ended } = &self.0[*place];
            let precedence = if ended.is_none() { group.precedence() } else { 0 };
            (ended.is_some(), precedence, ended.map(Reverse), *since, group)
        });
        let forgotten: Vec<usize> = order.split_off(MOST_SILENCES);
        for silence in forgotten.iter().map(|place| &self.0[*place]) {
            let has_begun_now = silence.since == at && silence.ended.is_none();
            match changed.iter().position(|group| has_begun_now && *group == silence.group) {
                // As if it had never been.
                Some(place) => drop(changed.swap_remove(place)),
                None => changed.push(silence.group.clone()),
            }
        }
        let mut place = 0..;
        self.0.retain(|_| place.next().is_some_and(|place| !forgotten.contains(&place)));
    }

    /// The silent groups, those with the most silent patients first: each silent patient is counted as
    /// the own of the first that they are of.
    pub fn by_size(&self, totals: &Totals) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self.open().map(|silence| &silence.group).collect();
        groups.sort_by_key(|group| (Reverse(totals.of(group).silent), *group));
        groups
    }
}
