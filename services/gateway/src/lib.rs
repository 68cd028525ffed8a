//! gateway
pub mod exchange;
