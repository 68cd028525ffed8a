//! The contract as others see it: one program, so that the tests share the cores.

mod identity;
mod versions;
mod wire;
