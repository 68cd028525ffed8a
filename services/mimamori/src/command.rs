//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::identities::IdentitiesCommand;
use crate::person::PersonCommand;
use crate::reconciliation::ReconciliationArgs;
use crate::registry::RegistryCommand;
use crate::rejected::RejectedCommand;
use crate::report::ReportCommand;
use crate::rules::RulesCommand;
use crate::topics::TopicsCommand;
use crate::transactions::TransactionsCommand;

/// Mimamori (見守り, 'watching over'): telemonitoring of patients at home.
#[derive(Debug, Parser)]
#[command(name = "mimamori", version, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Takes readings over HTTP and publishes them to Kafka
    Gateway(Box<gateway::GatewayArgs>),
    /// Turns raw readings into accepted readings, rejections and alerts
    Processor(Box<processor::ProcessorArgs>),
    /// Writes what the processor publishes to ClickHouse
    Writer(Box<writer::WriterArgs>),
    /// Serves physicians: the API and the pages
    Dashboard(Box<dashboard::DashboardArgs>),
    /// Tells the people on call of alerts that nobody sees to
    Notifier(Box<notifier::NotifierArgs>),
    /// Compares what went into readings.raw with what came out, and with ClickHouse
    Balance(Box<ReconciliationArgs>),
    /// Transactions that are open, and ending them
    #[command(subcommand)]
    Transactions(TransactionsCommand),
    /// Creates the topics
    #[command(subcommand)]
    Topics(TopicsCommand),
    /// Writes the master lists
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Who patients are to people: names, birth dates, chart numbers, telephones
    #[command(subcommand)]
    Identities(IdentitiesCommand),
    /// Erasing a person
    #[command(subcommand)]
    Person(PersonCommand),
    /// Why raw records were rejected, and sending them again
    #[command(subcommand)]
    Rejected(RejectedCommand),
    /// Rule sets: numbers that take the place of the built-in ones, and rules that are switched off
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Numbers over many patients; whose data they are made of is recorded in audit.events first
    #[command(subcommand)]
    Report(ReportCommand),
}

/// Runs the command line's command.
pub fn main() -> ExitCode {
    let command = CommandLine::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("mimamori: the runtime cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(command.what)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("mimamori: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(what: What) -> anyhow::Result<ExitCode> {
    match what {
        What::Gateway(args) => gateway::run(*args).await?,
        What::Processor(args) => processor::run(*args).await?,
        What::Writer(args) => writer::run(*args).await?,
        What::Dashboard(args) => dashboard::run(*args).await?,
        What::Notifier(args) => notifier::run(*args).await?,
        What::Balance(args) => return crate::reconciliation::run(*args).await,
        What::Transactions(command) => crate::transactions::run(command).await?,
        What::Topics(command) => crate::topics::run(command).await?,
        What::Registry(command) => crate::registry::run(command).await?,
        What::Identities(command) => return crate::identities::run(command).await,
        What::Person(command) => crate::person::run(command).await?,
        What::Report(command) => {
            // Asking Kafka blocks.
            tokio::task::spawn_blocking(move || crate::report::run(command)).await??;
        }
        What::Rejected(command) => return crate::rejected::run(command).await,
        What::Rules(command) => return crate::rules::run(command).await,
    }
    Ok(ExitCode::SUCCESS)
}
