//! The developers' binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    mimamori_dev::main()
}
