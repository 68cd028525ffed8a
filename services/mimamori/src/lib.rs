//! The commands of the binary that production ships: a service each, and the operator's tools.

mod command;
pub mod fuzzing;
pub mod reconciliation;
pub mod registry;
mod rejected;
pub mod topics;

pub use command::{CommandLine, main};
