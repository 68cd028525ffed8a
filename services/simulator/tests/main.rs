//! Virtual patients and what they send: one program, so that the tests share the cores.

mod burden;
mod exchange;
mod live;
mod registry;
mod scenarios;
mod transmission;
mod truth;
