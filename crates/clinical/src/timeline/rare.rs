//! What is remembered of few patients: one pointer for all others.

use smallvec::SmallVec;

use super::overtaken::Overtaken;
use crate::historical::Historical;
use crate::kinds::Kind;
use crate::suspicions::Suspicions;
use crate::time::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Rare {
    pub(super) historical: Historical,
    pub(super) overtaken: Overtaken,
    pub(super) left: Left,
    pub(super) suspicions: Suspicions,
    /// Whether something is suspected that the rules do not know yet.
    pub(super) is_news: bool,
}

impl Rare {
    /// Forgets what is over at `now`, with a lookback that begins at `start`. True when nothing is left.
    pub(super) fn forget(&mut self, now: Timestamp, start: Timestamp) -> bool {
        let is_over = [
            self.historical.forget(now),
            self.overtaken.forget(now),
            self.left.forget_before(start),
            self.suspicions.forget(now),
        ];
        self.historical.shrink();
        is_over.iter().all(|is_over| *is_over)
    }
}

/// Until when what was observed has left memory because there was too much.
#[derive(Debug, Default)]
pub(super) struct Left {
    of_all: Timestamp,
    of_kinds: SmallVec<[(Kind, Timestamp); 1]>,
}

impl Left {
    pub(super) fn of(&self, kind: Kind) -> Timestamp {
        let of_kind = self.of_kinds.iter().find(|(of, _)| *of == kind);
        of_kind.map_or(self.of_all, |(_, left)| self.of_all.max(*left))
    }

    pub(super) fn of_all(&mut self, left: Timestamp) {
        self.of_all = self.of_all.max(left);
    }

    pub(super) fn of_kind(&mut self, kind: Kind, left: Timestamp) {
        match self.of_kinds.iter_mut().find(|(of, _)| *of == kind) {
            Some((_, known)) => *known = left.max(*known),
            None => self.of_kinds.push((kind, left)),
        }
    }

    fn forget_before(&mut self, start: Timestamp) -> bool {
        self.of_kinds.retain(|(_, left)| *left >= start);
        self.of_kinds.is_empty() && self.of_all < start
    }
}
