//! What was measured: a record a kind, as `schemas/kinds` declares it.

mod generated;

pub use generated::*;
