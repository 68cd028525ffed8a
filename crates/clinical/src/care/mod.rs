//! What people do about alerts: acts, and what an alert's acts come to.
//!
//! An act is an event. It is never edited: a mistake is undone by a further act. [`AlertActs`] is the
//! fold of an alert's acts in the order of the log, [`Course`] that of its own events, and
//! [`CareState`] what the two come to. Neither fold looks at the other, and an act says itself what
//! its author saw of the alert: so the result does not depend on how the two topics are read beside
//! each other, and whoever reads both, now or years later, computes the same.

mod act;
mod acts;
mod course;
mod log;
mod state;
#[cfg(test)]
mod tests;

pub use act::{
    ACKNOWLEDGED_FOR, Act, ActError, ActId, Covered, Deed, LONGEST_SNOOZE,
    LONGEST_SNOOZE_OF_URGENT, Outcome,
};
pub use acts::{AlertActs, Applied, Recorded};
pub use course::{AlertNews, Course};
pub use log::CareLog;
pub use state::{Assignment, CareState, Closing, Mark, Snooze, response_within};
