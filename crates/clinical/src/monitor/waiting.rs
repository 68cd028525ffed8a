//! How rules wait for what was sent together with a late reading.

use smallvec::SmallVec;

use super::{Monitor, OLDEST};
use crate::admission::Outcome;
use crate::due::{Rest, What};
use crate::kinds::Kind;
use crate::remembered::RememberedReading;
use crate::rule::{PROMPT, TOGETHER};
use crate::rules;
use crate::time::Timestamp;

impl Monitor {
    /// Where a new reading came so late that a rule wants to see what was sent with it, the rule waits
    /// for that, unless it does already; and how far back what comes meanwhile reaches. Depends on the
    /// readings and their receipts alone, so that a state that is rebuilt waits for the same.
    pub(super) fn wait_for_the_rest(
        &mut self,
        reading: &RememberedReading,
        outcome: Outcome,
        received: Timestamp,
    ) {
        let delay = received - reading.observation_time;
        let is_late = delay > PROMPT && delay <= OLDEST && outcome == Outcome::New;
        if !is_late && self.assessments().count() == self.due.len() {
            return;
        }
        for index in rules::reading(reading.kind).all() {
            let known = self.place_of(index, What::TheRest);
            let is_waiting = known.is_some_and(|place| self.due[place].at() > received);
            if is_waiting && delay > OLDEST {
                // Neither does it wait with others.
                let first = self.place_of(index, What::FirstOfTheRest);
                let first = first.map(|place| self.due[place].at().min(reading.observation_time));
                self.set(index, What::FirstOfTheRest, first);
                self.set(index, What::TheRest, None);
                continue;
            }
            if !is_waiting {
                let rule = rules::all()[index];
                let waits = is_late
                    && (rule.waits_for_the_rest(reading.sample, delay)
                        || rule.waits_after_others(reading, &self.timeline));
                if !waits {
                    continue;
                }
                self.set(index, What::TheRest, Some(received + TOGETHER));
            }
            let known = self.place_of(index, What::FirstOfTheRest).filter(|_| is_waiting);
            let time = reading.observation_time;
            let first = known.map_or(time, |place| self.due[place].at().min(time));
            self.set(index, What::FirstOfTheRest, Some(first));
        }
    }

    /// Where a rule does not wait any more, for what it has waited: once.
    pub(super) fn take_the_rest(&mut self, index: usize, now: Timestamp) -> Option<Rest> {
        let until = self.place_of(index, What::TheRest).map(|place| self.due[place].at());
        let place = self.place_of(index, What::FirstOfTheRest)?;
        if until.is_some_and(|until| until > now) {
            return None;
        }
        let first = self.due.swap_remove(place).at();
        self.due.shrink_to_fit();
        Some(Rest { first, until })
    }

    /// Whether a rule can find anything: a reading of its kinds is known, or it waits for one, or judges
    /// what is not there.
    pub(super) fn has_something_for(&self, index: usize) -> bool {
        let rule = rules::all()[index];
        let is_known = |kind: &Kind| {
            self.timeline.current(*kind, Timestamp::EARLIEST).next().is_some()
                || self.slow.all().iter().any(|one| one.kind == *kind)
        };
        rule.judges_absence()
            || rule.kinds().iter().any(is_known)
            || self.place_of(index, What::TheRest).is_some()
    }

    pub(super) fn forget_waits(&mut self, now: Timestamp) {
        let known = self.due.len();
        self.due.retain(|due| due.what() != What::TheRest || due.at() > now);
        let asked: SmallVec<[usize; 8]> = (self.due.iter())
            .filter(|due| due.what() != What::FirstOfTheRest)
            .map(|due| due.rule())
            .collect();
        self.due.retain(|due| due.what() != What::FirstOfTheRest || asked.contains(&due.rule()));
        if self.due.len() < known {
            self.due.shrink_to_fit();
        }
    }
}
