//! `mimamori person`: what concerns one person as a whole.

mod erase;
mod found;
mod report;

use clap::Subcommand;

use erase::EraseArgs;

/// What to do with a person's data.
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Erases who a patient is: the key, and with it everything that is sealed with it. It cannot be taken
    /// back. Prints a report for the person's file; recorded in audit.events
    Erase(Box<EraseArgs>),
}

pub(crate) async fn run(command: PersonCommand) -> anyhow::Result<()> {
    // Asking Kafka blocks.
    tokio::task::spawn_blocking(move || match command {
        PersonCommand::Erase(args) => erase::run(&args),
    })
    .await?
}
