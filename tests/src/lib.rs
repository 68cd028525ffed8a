//! Black-box tests of the whole platform, over a real Kafka and the real ClickHouse engine.
//!
//! `tests/black_box/` holds the promises, a sentence each; its `main.rs` lists them. They speak HTTP,
//! Kafka and SQL with processes of the binary that production ships, as vendors, physicians and operators do.
//! `browser/` opens the pages in a real browser. This library is what the programs of tests share.

#![allow(missing_docs, reason = "a vocabulary for tests: the names are sentences")]

pub mod balanced;
pub mod damaged;
pub mod disk;
pub mod glucose;
pub mod http;
pub mod load;
pub mod pager;
pub mod proxy;
pub mod readings;
pub mod registered;
pub mod run;
pub mod service;
pub mod sql;
pub mod stack;
pub mod topics;
pub mod torture;
pub mod verdict;
pub mod wait;
