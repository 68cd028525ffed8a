//! Bad input, by the million: decoders and parsers of the platform against inputs that nobody
//! would send on purpose, or that somebody did.
//!
//! A [`Target`](target::Target) is a parser, what it promises of every input ("no panic", "what was
//! read is written the same"), and good inputs to begin with. `make fuzz` gives each to libFuzzer,
//! which keeps the inputs that reach code that none before reached, and changes those further. Half
//! of its changes know the input's form: text ([`text`]), the structure of JSON ([`json`]), lists of
//! records ([`packed`]), lengths and numbers of binary forms ([`bytes`]).
//!
//! Targets of what senders send begin with the cases of `tests/field/` too.
//!
//! `corpus/TARGET/` holds inputs that are tried by every test run, without the engine: those that
//! once broke something, and some for each kind of answer.

pub mod attempt;
pub mod bytes;
pub mod corpus;
pub mod json;
pub mod packed;
pub mod random;
pub mod target;
pub mod targets;
pub mod text;
