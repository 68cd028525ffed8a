//! Black-box tests of the whole platform, over a real Kafka and the real ClickHouse engine.
//!
//! `tests/black_box/` holds the promises, a sentence each; its `main.rs` lists them. They speak HTTP,
//! Kafka and SQL with processes of the one binary, as vendors, physicians and operators do.
//! `browser/` opens the pages in a real browser.
