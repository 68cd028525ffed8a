//! Which of several versions of one reading is current.

use serde::{Deserialize, Serialize};

use crate::clock::{UPDATE_TIME_TOLERANCE, update_time_ahead};
use crate::time::{Span, Timestamp};

/// The version of a reading: its `update_time` in milliseconds (upper 42 bits), then a digest of
/// its content (lower 22 bits).
///
/// A total order that does not depend on arrival: the newest `update_time` wins, and where two
/// senders give the same `update_time` to different contents, the greater digest wins, in whatever
/// order they come. Two versions are equal when time and content are the same; different contents
/// with one `update_time` look equal by chance once in four million such pairs.
///
/// A version that is registered later than it is received, by a clock that is ahead, is *counted* as
/// registered a minute after its receipt ([`Version::counted`]): so that what corrects it later
/// wins. Such versions of one receipt keep their own order, by how much further their clock is ahead, in
/// the place of the digest's upper bits.
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
    /// `update_time` is between [`Timestamp::FIRST`] and [`Timestamp::LATEST`].
    pub fn new(update_time: Timestamp, content_digest: u64) -> Self {
        debug_assert!(update_time.is_storable());
        let millis = update_time.millis() as u64;
        Self(millis << Self::DIGEST_BITS | content_digest >> (64 - Self::DIGEST_BITS))
    }

    /// The version of a content registered at `update_time`, given what [`Self::digest`] keeps of it.
    pub(crate) const fn with_digest(update_time: Timestamp, digest: u32) -> Self {
        Self((update_time.millis() as u64) << Self::DIGEST_BITS | digest as u64)
    }

    /// How many of those bits say how far a counted version was ahead: seconds of the first hour, and
    /// minutes of the eight behind it. Whoever is ahead by a wrong time zone is so by less, mostly.
    const EXCESS_BITS: u32 = 12;
    /// The seconds of the first hour.
    const EXCESS_IN_SECONDS: i64 = 3_600;

    /// What a version counts as that was received at `received`: itself, unless its `update_time` is
    /// ahead of that.
    pub fn counted(self, received: Timestamp) -> Self {
        if !update_time_ahead(self.update_time(), received) {
            return self;
        }
        let most = received + UPDATE_TIME_TOLERANCE;
        Self::with_digest(most, self.digest_beyond(most))
    }

    /// How far ahead of its receipt a version was that counts as this; none when it was not.
    pub(crate) fn ahead_by(self, received: Timestamp) -> Option<Span> {
        let excess = i64::from(self.digest() >> (Self::DIGEST_BITS - Self::EXCESS_BITS));
        let minutes = (excess - Self::EXCESS_IN_SECONDS).max(0);
        let seconds = excess - minutes + minutes * 60;
        let is_ahead = self.update_time() == received + UPDATE_TIME_TOLERANCE;
        is_ahead.then(|| UPDATE_TIME_TOLERANCE + Span::from_seconds(seconds))
    }

    /// Whether this is what a version counted as when it was first received, at a time when its
    /// `update_time` was ahead.
    pub(crate) fn is_counted_of(self, sent: Self) -> bool {
        let counted_at = self.update_time();
        sent.update_time() >= counted_at && self.digest() == sent.digest_beyond(counted_at)
    }

    /// What a counted version has in the place of its digest.
    fn digest_beyond(self, counted_at: Timestamp) -> u32 {
        const MOST: i64 = (1 << Version::EXCESS_BITS) - 1;
        let seconds = (self.update_time() - counted_at).millis() / 1000;
        let beyond = (seconds - Self::EXCESS_IN_SECONDS).max(0);
        let excess = seconds - beyond + beyond / 60;
        let rest = Self::DIGEST_BITS - Self::EXCESS_BITS;
        (excess.clamp(0, MOST) as u32) << rest | self.digest() >> Self::EXCESS_BITS
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
    fn a_version_counts_at_most_as_its_receipt_and_a_minute() {
        let received = Timestamp::from_seconds(1_700_000_000);
        let at = |seconds, digest: u64| {
            Version::new(received + Span::from_seconds(seconds), digest << 42)
        };
        for in_time in [-1_000_000, 0, 59] {
            assert_eq!(at(in_time, 7).counted(received), at(in_time, 7));
        }
        let ahead = at(600, 7 << 12);
        let counted = ahead.counted(received);
        assert_eq!(counted.update_time(), received + Span::from_minutes(1));
        assert_eq!(counted.ahead_by(received), Some(Span::from_minutes(10)));
        let correction = at(120, 1);
        assert!(correction.counted(received + Span::from_minutes(2)) > counted);
        let further_ahead = at(601, 0).counted(received);
        assert!(further_ahead > counted, "of one receipt the clock's own order holds");
        let hours = [59, 61, 63, 120, 122, 9 * 60].map(|minutes| at(minutes * 60, 7));
        let counted = hours.map(|version| version.counted(received));
        assert!(counted.is_sorted(), "to the minute, where it is hours: {counted:?}");
        assert_eq!(counted[3].ahead_by(received), Some(Span::from_minutes(120)));
        for (sent, counted) in hours.into_iter().zip(counted) {
            assert!(counted.is_counted_of(sent), "{sent:?}");
        }
        let years = at(1_000_000_000, 7).counted(received);
        assert_eq!(years.update_time(), received + Span::from_minutes(1));
    }

    #[test]
    fn what_a_version_counted_as_is_recognised_whenever_it_comes_again() {
        let received = Timestamp::from_seconds(1_700_000_000);
        let at =
            |millis, digest: u64| Version::new(received + Span::from_millis(millis), digest << 42);
        let sent = at(600_123, 0x3f_ffff);
        let counted = sent.counted(received);
        assert!(counted.is_counted_of(sent));
        for other in [at(600_123, 0), at(601_123, 0x3f_ffff), at(60_000, 0x3f_ffff), counted] {
            assert!(!counted.is_counted_of(other), "{other:?}");
        }
        // One that was ahead by a minute exactly comes again when it is not ahead any more.
        let edge = at(60_000, 0x3f_ffff);
        assert!(edge.counted(received).is_counted_of(edge));
        assert!(!edge.counted(received).is_counted_of(at(60_000, 0)));
    }

    #[test]
    fn the_latest_time_fits() {
        let version = Version::new(Timestamp::LATEST, u64::MAX);
        assert_eq!(version.update_time(), Timestamp::LATEST);
    }
}
