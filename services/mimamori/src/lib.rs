//! The commands of the binary that production ships: a service each, and the operator's tools.

mod command;
mod entries;
mod followers;
mod identities;
mod kept;
mod operator;
mod person;
mod person_keys;
pub mod reconciliation;
pub mod registry;
pub mod rejected;
mod report;
pub mod rezone;
pub mod rules;
pub mod source;
pub mod topics;
mod transactions;
pub mod unfollowed;

pub use command::{CommandLine, main};
