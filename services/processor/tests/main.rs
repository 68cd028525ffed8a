//! A partition over what its topics hold: one program, so that the tests share their set-up and the cores.

mod clocks;
mod consortia;
mod left_out;
mod plans;
mod published;
mod rebuild;
mod rule_sets;
mod silences;
mod silent_sensors;
mod slow;
mod still_clock;
mod trusted_products;
mod window;
