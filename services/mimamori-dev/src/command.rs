//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::demo::DemoArgs;
use crate::mail_catcher::MailCatcherArgs;

/// What demo and tests of Mimamori need and production does not contain.
#[derive(Debug, Parser)]
#[command(name = "mimamori-dev", version, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Everything on this machine, with virtual patients
    Demo(Box<DemoArgs>),
    /// Virtual patients and devices
    Simulator(Box<simulator::SimulatorArgs>),
    /// The ClickHouse engine in this process, behind ClickHouse's HTTP interface
    LocalClickhouse(Box<local_clickhouse::LocalClickhouseArgs>),
    /// A mail server that delivers nothing: each mail becomes a file
    MailCatcher(Box<MailCatcherArgs>),
}

/// Runs the command line's command.
pub fn main() -> ExitCode {
    let command = CommandLine::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("mimamori-dev: the runtime cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(command.what)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("mimamori-dev: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(what: What) -> anyhow::Result<ExitCode> {
    match what {
        What::Demo(args) => return crate::demo::run(*args).await,
        What::Simulator(args) => simulator::run(*args).await?,
        What::LocalClickhouse(args) => local_clickhouse::run(*args).await?,
        What::MailCatcher(args) => crate::mail_catcher::run(*args).await?,
    }
    Ok(ExitCode::SUCCESS)
}
