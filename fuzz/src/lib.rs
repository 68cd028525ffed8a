//! Bad input, by the million: every decoder and parser of the platform against inputs that nobody
//! would send on purpose, or that somebody did.
//!
//! A [`Target`](target::Target) is a parser, what it promises of every input ("no panic", "what was
//! read is written the same"), and good inputs to begin with. The engine damages those, in ways that
//! know their form: bits and lengths ([`bytes`]), text ([`text`]), the structure of JSON ([`json`]),
//! lists of records ([`packed`]). Inputs that a target answers in a new way are damaged further. It
//! is seeded, so a run can be had again, and needs nothing but a stable compiler.
//!
//! `corpus/TARGET/` holds inputs that are tried by every test run: those that once broke something,
//! and one for each kind of answer.

pub mod bytes;
pub mod corpus;
pub mod json;
pub mod packed;
pub mod random;
pub mod run;
pub mod target;
pub mod targets;
pub mod text;
mod watch;
