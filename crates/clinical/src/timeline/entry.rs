//! One remembered reading as it is worked with.

use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::suspicions::KnownVersion;
use crate::time::Timestamp;
use crate::version::Version;

// `Entry::marks`: the source's index in the lower ten bits, then the status, which is four bits of
// delay, then two flags.
const SOURCE_BITS: u32 = 10;
const SOURCE_MASK: u16 = (1 << SOURCE_BITS) - 1;
const DELAY_MASK: u16 = 0b1111;
const ENTERED_IN_ERROR: u16 = 0b1_0000;
const WAS_AHEAD: u16 = 0b10_0000;

/// What orders the readings of a kind, and names one of them: observation time in seconds, source.
pub(super) type Key = (u32, SourceDigest);

/// 20 bytes, aligned to four: the version is kept in halves for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seconds: u32,
    version: [u32; 2],
    pub(super) sample: Sample,
    marks: u16,
}

const _: () = assert!(std::mem::size_of::<Entry>() == 20);

impl Entry {
    /// Of a reading received at `received` whose source has an index among the patient's.
    pub(super) fn new(reading: &RememberedReading, received: Timestamp, source: usize) -> Self {
        let delay = Delay::between(reading.observation_time, received);
        let mut status = u16::from(delay.0);
        if reading.entered_in_error {
            status |= ENTERED_IN_ERROR;
        }
        if reading.version.ahead_by(received).is_some() {
            status |= WAS_AHEAD;
        }
        let mut entry = Self::from_seconds(reading.observation_time.seconds() as u32);
        entry.set_source(source);
        entry.set_status(status);
        entry.sample = reading.sample;
        entry.set_version(reading.version);
        entry
    }

    /// Of the first source and with the smallest version.
    pub(super) fn from_seconds(seconds: u32) -> Self {
        Self { seconds, version: [0; 2], sample: Sample::default(), marks: 0 }
    }

    pub(super) fn set_version(&mut self, version: Version) {
        let bits = version.bits();
        self.version = [(bits >> 32) as u32, bits as u32];
    }

    pub(super) fn key(&self, sources: &[SourceDigest]) -> Key {
        (self.seconds, sources[self.source()])
    }

    pub(super) fn time(&self) -> Timestamp {
        Timestamp::from_seconds(i64::from(self.seconds))
    }

    pub(super) fn version(&self) -> Version {
        Version::from_bits(u64::from(self.version[0]) << 32 | u64::from(self.version[1]))
    }

    /// The index of the source among the patient's.
    pub(super) fn source(&self) -> usize {
        usize::from(self.marks & SOURCE_MASK)
    }

    pub(super) fn set_source(&mut self, index: usize) {
        self.marks = self.marks & !SOURCE_MASK | index as u16;
    }

    /// Whether the version was ahead of its receipt.
    pub(super) fn was_ahead(&self) -> bool {
        self.status() & WAS_AHEAD != 0
    }

    /// The version that it is of its reading.
    pub(super) fn as_version(&self) -> KnownVersion {
        KnownVersion {
            version: self.version(),
            sample: self.sample,
            entered_in_error: self.status() & ENTERED_IN_ERROR != 0,
        }
    }

    /// Its delay, whether it was entered in error and whether its version was ahead: six bits.
    pub(super) fn status(&self) -> u16 {
        self.marks >> SOURCE_BITS
    }

    pub(super) fn set_status(&mut self, status: u16) {
        self.marks = self.marks & SOURCE_MASK | status << SOURCE_BITS;
    }

    /// As rules see it; none when it was entered in error.
    pub(super) fn current(&self, sources: &[SourceDigest]) -> Option<CurrentReading> {
        let status = self.status();
        (status & ENTERED_IN_ERROR == 0).then(|| CurrentReading {
            time: self.time(),
            source: sources[self.source()],
            sample: self.sample,
            delay: Delay((status & DELAY_MASK) as u8),
        })
    }

    /// What it was made of.
    #[cfg(test)]
    pub(super) fn unpacked(
        &self,
        kind: crate::kinds::Kind,
        sources: &[SourceDigest],
    ) -> (RememberedReading, Delay) {
        let status = self.status();
        let reading = RememberedReading {
            kind,
            observation_time: self.time(),
            source: sources[self.source()],
            version: self.version(),
            entered_in_error: status & ENTERED_IN_ERROR != 0,
            by_hand: false,
            sample: self.sample,
        };
        (reading, Delay((status & DELAY_MASK) as u8))
    }
}
