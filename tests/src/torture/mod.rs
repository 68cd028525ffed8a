//! Torture: one fault after the other under steady load, and the verdict over what came out.
//!
//! Everything that chance decides comes from a seed. The load is an open loop: when something is
//! sent is decided by a timetable, never by how the platform fares.

mod aggregates;
mod caught_up;
mod closing;
mod course;
mod delays;
#[cfg(test)]
mod events;
mod fault;
mod load;
mod patients;
mod physician;
mod plans;
mod promptness;
mod report;
mod senders;
mod settings;
mod storm;
mod watching;

pub use course::run;
