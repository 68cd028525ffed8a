//! What Mimamori knows of medicine: readings and their plausible ranges, how a reading is admitted
//! among the versions already known, and which rules raise an alert.
//!
//! Pure by rule: no clock, no environment, no randomness and no input or output. The present is an
//! argument, so everything here can be replayed and gives the same answer.

pub mod admission;
pub mod alert;
mod built_in;
pub mod care;
pub mod clock;
mod computation;
mod continued;
pub mod copies;
pub mod crisis;
mod difference;
mod due;
pub mod episode;
pub mod fixed;
mod found;
pub mod glucose;
pub mod held_back;
mod historical;
pub mod home_pressure;
pub mod identity;
mod invalid_plan;
pub mod judged;
pub mod kinds;
pub mod limit;
pub mod local_time;
pub mod measured;
pub mod metrics;
pub mod monitor;
pub mod notify;
pub mod parameter;
pub mod patient;
pub mod pause;
pub mod plan;
pub mod preview;
pub mod programmes;
pub mod quiet_hours;
pub mod reading;
pub mod reliability;
pub mod remembered;
mod reporting;
pub mod rule;
pub mod rule_set;
pub mod rules;
pub mod sample;
pub mod schedule;
pub mod silence;
pub mod slow;
pub mod source;
pub mod statistics;
pub mod suspicions;
pub mod time;
pub mod timeline;
pub mod trial;
pub mod version;
pub mod window;
mod wording;

// The tests of rules and those of the crate share what they are made of.
#[cfg(test)]
extern crate self as clinical;
#[cfg(test)]
#[path = "../tests/home/mod.rs"]
mod home;

pub use admission::Outcome;
pub use home_pressure::hours::Hours;
pub use kinds::Kind;
pub use patient::PatientId;
pub use reading::{Reading, ReadingId};
pub use source::Source;
pub use time::{Span, Timestamp};
pub use version::Version;
pub use window::Window;
