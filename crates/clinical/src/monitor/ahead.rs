//! Readings of clocks that are ahead, which some rules do not see before their time has come.

use super::{Monitor, Situation};
use crate::due::What;
use crate::kinds::Kind;
use crate::remembered::CurrentReading;
use crate::rule::{SEEN_WITHIN, seen_from};
use crate::rules;
use crate::time::Timestamp;

/// What a reading that has come changes for a rule, while some of its kind are ahead of their time.
pub(super) enum BesideThoseAhead {
    /// Nothing before its own time.
    Nothing,
    /// What the full computation says: which readings are in order and which are counted is otherwise
    /// without those that are to come.
    Anything,
    /// What it changes where none is ahead: the rule sees all that are remembered.
    AsEver,
}

impl Monitor {
    /// Whether readings of a kind are remembered whose time has not come, by clocks that are ahead.
    pub(super) fn are_any_ahead(&self, kind: Kind, now: Timestamp) -> bool {
        let is_ahead = |one: CurrentReading| one.delay.is_ahead() && seen_from(one.time) > now;
        self.timeline.current(kind, now - SEEN_WITHIN).any(is_ahead)
    }

    /// What a reading changes beside those that are ahead. One that is to come itself is looked at then.
    pub(super) fn beside_those_ahead(
        &mut self,
        index: usize,
        (reading, is_added): (&CurrentReading, bool),
        situation: Situation<'_>,
    ) -> BesideThoseAhead {
        let context = self.context(index, situation);
        let is_to_come = is_added && context.is_to_come(reading);
        if !is_to_come {
            let next = context.next_to_come(rules::all()[index].kinds());
            return next.map_or(BesideThoseAhead::AsEver, |_| BesideThoseAhead::Anything);
        }
        let time = seen_from(reading.time);
        let due = context.due.map_or(time, |due| due.min(time));
        self.set(index, What::Assessment, Some(due));
        BesideThoseAhead::Nothing
    }
}
