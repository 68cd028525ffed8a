//! `mimamori report`: numbers over many patients.
//!
//! Whose data they are made of is recorded before they are shown. No number of fewer than five people
//! is shown, because an operator sees no patient's data.

mod devices;
mod hba1c;

use std::path::Path;

use anyhow::{Context, bail};
use clap::Subcommand;
use dashboard::queries::Store;
use dashboard::reports::table::Fault;

use crate::operator::OperatorArgs;
use crate::source::StoreSource;

/// What to report.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// HbA1c before and after a programme, by arm
    Hba1c(Box<hba1c::Hba1cArgs>),
    /// Errors of device products against reference values
    Devices(Box<devices::DevicesArgs>),
}

/// Arguments of every report.
#[derive(Debug, clap::Args)]
struct ReportArgs {
    #[command(flatten)]
    from: StoreSource,
    #[command(flatten)]
    by: OperatorArgs,
}

impl ReportArgs {
    fn store(&self) -> anyhow::Result<Store> {
        self.from.store("report")
    }
}

/// Blocks the thread.
pub(crate) fn run(command: ReportCommand) -> anyhow::Result<()> {
    match command {
        ReportCommand::Hba1c(args) => hba1c::run(&args),
        ReportCommand::Devices(args) => devices::run(&args),
    }
}

/// What a file says.
fn read<T>(file: &Path, parse: impl Fn(&str) -> Result<T, Vec<Fault>>) -> anyhow::Result<T> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{name} cannot be read as text in UTF-8"))?;
    match parse(&text) {
        Ok(parsed) => Ok(parsed),
        Err(faults) => {
            let faults: Vec<String> = faults.iter().map(|it| format!("\n  {it}")).collect();
            bail!("{name} cannot be used:{}", faults.concat())
        }
    }
}
