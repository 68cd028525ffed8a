//! What a rule says of its readings that is about single occasions which a second reading confirms
//! ([`super::confirmed`]).

use crate::kinds::Kind;
use crate::remembered::CurrentReading;
use crate::time::Span;

/// A number of a reading that is the nearer to a limit, or the further beyond it, the greater it is.
pub(super) type Measure = fn(&CurrentReading) -> i32;

/// When a rule calls readings of its kind beyond its limit, and when normalised.
pub(super) trait Criterion {
    /// The kind that is judged.
    const KIND: Kind;

    /// So much later than it was received a reading may be judged, where the rule waits for the rest of
    /// an upload.
    const JUDGED_WITHIN: Span = Span::ZERO;

    /// Whether one reading alone is beyond the limit.
    fn is_beyond(&self, reading: &CurrentReading) -> bool;

    /// Whether the mean of two readings is. Then one of them is.
    fn mean_is_beyond(&self, one: &CurrentReading, other: &CurrentReading) -> bool;

    /// What [`Self::mean_is_beyond`] depends on: of two readings that are the first of a pair the one
    /// that is greater in a measure makes a mean beyond the limit of it where the other does.
    fn measures(&self) -> &'static [Measure];

    /// Whether the mean of an occasion is back.
    fn is_normal(&self, occasion: &[CurrentReading]) -> bool;

    /// How many normalised occasions in a row end a confirmed alert.
    fn clear_occasions(&self) -> u8;
}
