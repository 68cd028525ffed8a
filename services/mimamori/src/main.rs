//! The binary that production ships.

use std::process::ExitCode;

fn main() -> ExitCode {
    mimamori::main()
}
