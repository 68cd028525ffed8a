//! The commands of the binary that production ships: a service each, and the operator's tools.

mod command;
pub mod reconciliation;
pub mod registry;
pub mod rejected;
pub mod topics;
mod transactions;

pub use command::{CommandLine, main};
