//! The platform under torture; see `tests::torture`. `cargo test -p tests --test torture` makes the
//! short run, `make torture` the long one.

#![allow(missing_docs, reason = "a program")]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list {
        tests::disk::with_mounts_of_its_own();
    }
    let name = "under_every_fault_nothing_is_lost_nothing_is_reported_twice_and_alerts_come_first";
    let run = Trial::test(name, || {
        tests::torture::run();
        Ok(())
    });
    let conclusion = libtest_mimic::run(&arguments, vec![run]);
    tests::run::end(!conclusion.has_failed());
    conclusion.exit_code()
}
