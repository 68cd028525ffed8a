//! w
#![allow(dead_code)]
pub mod budget;
pub mod columns;
pub mod ledger;
pub mod rows;
pub mod tables;
