//! What demo and tests need and production does not contain: the demo, virtual patients, a local
//! Kafka and the ClickHouse engine in a process of its own.
//!
//! The services themselves are processes of the binary `mimamori`, the one that production ships.

mod command;
mod demo;
pub mod local;
pub mod mail_catcher;

pub use command::{CommandLine, main};
