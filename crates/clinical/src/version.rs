//! Which of several versions of one reading is current.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The version of a reading: its `update_time` in milliseconds (upper 42 bits), then a digest of
/// its content (lower 22 bits).
///
/// A total order that does not depend on arrival: the newest `update_time` wins, and where two
/// senders give the same `update_time` to different contents, the greater digest wins, in whatever
/// order they come. Two versions are equal when time and content are the same; different contents
/// with one `update_time` look equal by chance once in four million such pairs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// How many bits of the content's digest are kept.
    pub(crate) const DIGEST_BITS: u32 = 22;

    /// The version of a content (given by its 64-bit digest) registered at `update_time`.
    ///
    /// `update_time` is between [`Timestamp::EARLIEST`] and [`Timestamp::LATEST`].
    pub fn new(update_time: Timestamp, content_digest: u64) -> Self {
        debug_assert!(update_time.is_storable());
        let millis = update_time.millis() as u64;
        Self(millis << Self::DIGEST_BITS | content_digest >> (64 - Self::DIGEST_BITS))
    }

    /// The version of a content registered at `update_time`, given what [`Self::digest`] keeps of it.
    pub(crate) const fn with_digest(update_time: Timestamp, digest: u32) -> Self {
        Self((update_time.millis() as u64) << Self::DIGEST_BITS | digest as u64)
    }

    /// A version from its stored form.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The stored form.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// What is kept of the content's digest: [`Self::DIGEST_BITS`] bits.
    pub(crate) const fn digest(self) -> u32 {
        self.0 as u32 & ((1 << Self::DIGEST_BITS) - 1)
    }

    /// When this version was registered or changed at its sender.
    pub const fn update_time(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> Self::DIGEST_BITS) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_update_time_wins_whatever_the_content() {
        let older = Version::new(Timestamp::from_seconds(1_700_000_000), u64::MAX);
        let newer = Version::new(Timestamp::from_millis(1_700_000_000_001), 0);
        assert!(newer > older);
        assert_eq!(newer.update_time().millis(), 1_700_000_000_001);
    }

    #[test]
    fn at_the_same_update_time_the_greater_digest_wins() {
        let time = Timestamp::from_seconds(1_700_000_000);
        assert!(Version::new(time, u64::MAX) > Version::new(time, 1 << 50));
        assert_eq!(Version::new(time, 7 << 42), Version::new(time, 7 << 42));
    }

    #[test]
    fn the_latest_time_fits() {
        let version = Version::new(Timestamp::LATEST, u64::MAX);
        assert_eq!(version.update_time(), Timestamp::LATEST);
    }
}
