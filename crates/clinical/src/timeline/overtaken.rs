//! Versions that were ahead of their receipt and are not current any more. A version counts as of its
//! first receipt: sent again later, when its `update_time` is not ahead any more, it must not come
//! before what has corrected it.

use std::collections::BTreeMap;

use crate::remembered::RememberedReading;
use crate::time::Timestamp;
use crate::version::Version;
use crate::window::{LOOKBACK, WINDOW};

/// So many of one patient are known, those of the latest observations. Ours: corrections are few, and
/// those of what was sent by a clock that is ahead fewer.
const MOST: usize = 4096;

/// What names a reading: observation time, kind, source.
type Key = (u32, u8, u64);

/// By reading and by what the version counted as: when it was received.
#[derive(Debug, Default)]
pub(super) struct Overtaken {
    received: BTreeMap<(Key, u64), Timestamp>,
}

fn key(reading: &RememberedReading) -> Key {
    let seconds = reading.observation_time.seconds() as u32;
    (seconds, reading.kind.number(), reading.source.bits())
}

impl Overtaken {
    /// Remembers what a version of a reading counted as.
    pub(super) fn remember(
        &mut self,
        reading: &RememberedReading,
        counted: Version,
        received: Timestamp,
    ) {
        self.received.insert((key(reading), counted.bits()), received);
        while self.received.len() > MOST {
            self.received.pop_first();
        }
    }

    /// What a version of a reading that is sent again counted as when it came first.
    pub(super) fn counted(&self, sent: &RememberedReading) -> Option<Version> {
        let key = key(sent);
        let known = self.received.range((key, 0)..=(key, u64::MAX));
        let mut versions = known.map(|((_, version), _)| Version::from_bits(*version));
        versions.find(|version| version.is_counted_of(sent.version))
    }

    /// Forgets what is too old to be corrected. True when nothing is left.
    pub(super) fn forget(&mut self, now: Timestamp) -> bool {
        self.received.retain(|_, received| *received + WINDOW + LOOKBACK >= now);
        self.received.is_empty()
    }
}
