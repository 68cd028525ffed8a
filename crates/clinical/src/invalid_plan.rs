//! What is wrong with a care plan.

use crate::pause::InvalidPause;
use crate::quiet_hours::InvalidQuietHours;
use crate::schedule::InvalidSchedule;

/// A plan that asks for what no rule can work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidPlan {
    /// No rule has a parameter of this name.
    #[error("no rule has a threshold named {0}")]
    UnknownParameter(String),
    /// The number is outside what the rule can work with.
    #[error("{name} must be between {low} and {high}")]
    OutOfRange {
        /// The parameter's name.
        name: &'static str,
        /// Smallest value allowed.
        low: f64,
        /// Greatest value allowed.
        high: f64,
    },
    /// The hours of mornings and evenings do not follow each other.
    #[error(
        "the hours of the day do not follow each other: the morning begins, the morning ends, the \
         evening begins, and the next morning begins; name all three of who lives at other hours"
    )]
    Hours,
    /// They do not follow each other together with those of a rule set.
    #[error(
        "together with those of the rule set {0} the hours of the day do not follow each other: the \
         morning begins, the morning ends, the evening begins, and the next morning begins; name all three"
    )]
    HoursUnder(String),
    /// There is no programme of this name.
    #[error("no programme is named {0}")]
    UnknownProgramme(String),
    /// The schedule cannot be kept.
    #[error(transparent)]
    Schedule(#[from] InvalidSchedule),
    /// A pause cannot be.
    #[error(transparent)]
    Pause(#[from] InvalidPause),
    /// The quiet hours are no hours.
    #[error(transparent)]
    QuietHours(#[from] InvalidQuietHours),
}
