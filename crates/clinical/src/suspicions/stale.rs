//! Senders whose corrections are all too old: their clock is behind.

use crate::admission::Outcome;
use crate::kinds::Kind;
use crate::remembered::RememberedReading;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};

/// So many readings whose versions come too old, with none between that corrects anything, show that a
/// clock is behind: who sends again what was corrected long ago sends fewer. Ours.
pub(super) const IN_A_ROW: usize = 10;

/// A clock that is behind is suspected for so long after the last version that shows it, unless a version
/// of its source corrects anything before. Ours.
pub(super) const SUSPECTED_FOR: Span = Span::from_days(7);

/// Of so many sources of one patient it is known, those that began last.
const MOST_SOURCES: usize = 16;

/// The sources of which stale versions came, and none since that corrects anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StaleCorrections(Vec<OfSource>);

#[derive(Debug, Clone, PartialEq)]
struct OfSource {
    source: SourceDigest,
    /// The first [`IN_A_ROW`] readings of which they are.
    readings: Vec<(Kind, Timestamp)>,
    /// When the newest of those was received.
    since: Timestamp,
    /// When a stale version was received last.
    received: Timestamp,
}

impl OfSource {
    fn is_suspected(&self) -> bool {
        self.readings.len() == IN_A_ROW
    }

    fn until(&self) -> Timestamp {
        self.received + SUSPECTED_FOR
    }
}

impl StaleCorrections {
    /// Takes in a version that was accepted with an outcome. Says whether what is suspected has changed.
    pub(super) fn take(
        &mut self,
        reading: &RememberedReading,
        outcome: Outcome,
        received: Timestamp,
    ) -> bool {
        let place = self.0.iter().position(|known| known.source == reading.source);
        let place = match (outcome, place) {
            (Outcome::Stale, Some(place)) => place,
            (Outcome::Stale, None) => {
                if self.0.len() == MOST_SOURCES {
                    self.0.remove(0);
                }
                let (source, readings) = (reading.source, Vec::new());
                self.0.push(OfSource { source, readings, since: received, received });
                self.0.len() - 1
            }
            (Outcome::Correction, Some(place)) => return self.0.remove(place).is_suspected(),
            // A new reading has nothing to be older than.
            _ => return false,
        };
        let known = &mut self.0[place];
        known.received = known.received.max(received);
        let key = (reading.kind, reading.observation_time);
        if known.is_suspected() || known.readings.contains(&key) {
            return false;
        }
        known.readings.push(key);
        known.since = received;
        known.is_suspected()
    }

    /// Forgets what is not suspected any more.
    pub(super) fn lapse(&mut self, now: Timestamp) {
        self.0.retain(|known| known.until() > now);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Since when a clock is behind, and until when that is suspected.
    pub(super) fn since_until(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let suspected = || self.0.iter().filter(|one| one.is_suspected() && one.until() > now);
        let until = suspected().map(OfSource::until).max()?;
        Some((suspected().map(|one| one.since).min()?, until))
    }
}
