//! The one binary's commands: a service each, the demo, and the operator's tools.

pub mod balance;
mod command;
mod demo;
pub mod fuzzing;
pub mod local;
mod registry;
mod rejected;
pub mod topics;

pub use command::main;
