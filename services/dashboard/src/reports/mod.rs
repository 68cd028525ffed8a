//! Reports over many patients: a file says of whom, the store what was measured.
//!
//! The numbers are computed by [`clinical::trial`] and [`clinical::reliability`]; `mimamori report`
//! prints what the API answers.

pub mod devices;
pub mod table;
pub mod trial;
