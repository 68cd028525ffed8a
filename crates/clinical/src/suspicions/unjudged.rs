//! Versions that no rule has judged yet, because it waits for what was sent together with them.

use std::collections::VecDeque;

use crate::kinds::Kind;
use crate::remembered::RememberedReading;
use crate::source::SourceDigest;
use crate::time::Timestamp;
use crate::version::Version;

/// Of so many of one patient it is known, those that were received last: what a device remembers.
const MOST: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq)]
struct One {
    kind: Kind,
    time: Timestamp,
    source: SourceDigest,
    version: Version,
    judged_from: Timestamp,
}

/// Those that may be severe, for the minute in which rules wait.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Unjudged(VecDeque<One>);

impl Unjudged {
    pub(super) fn note(&mut self, admitted: &RememberedReading, judged_from: Timestamp) {
        let RememberedReading { kind, observation_time: time, source, version, .. } = *admitted;
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(One { kind, time, source, version, judged_from });
    }

    /// Whether a version of a reading is among them at `now`.
    pub(super) fn has(
        &self,
        reading: &RememberedReading,
        version: Version,
        now: Timestamp,
    ) -> bool {
        let RememberedReading { kind, observation_time: time, source, .. } = *reading;
        let is_it = |one: &One| {
            (one.kind, one.time, one.source, one.version) == (kind, time, source, version)
                && one.judged_from > now
        };
        self.0.iter().any(is_it)
    }

    pub(super) fn lapse(&mut self, now: Timestamp) {
        // In the order of their receipt, which is that of how long they wait.
        while self.0.front().is_some_and(|one| one.judged_from <= now) {
            self.0.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
