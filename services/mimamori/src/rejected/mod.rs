//! `mimamori rejected`: why raw records were rejected, and sending them again.
//!
//! Kafka is the record: `readings.rejected` says what was rejected and why, `readings.raw` still has
//! the bytes for a while, `audit.events` says who looked and what was sent again. A record is named
//! by its place in `readings.raw` ([`address`]).
//!
//! A record that is sent again is a new raw record with an outcome of its own; the old one stays
//! rejected. So every raw record keeps exactly one outcome, and the reading counts once.

pub mod address;
mod archive;
mod entry;
mod list;
mod moment;
mod record;
pub mod repair;
mod replay;
mod resend;
mod show;
pub mod since;

use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;
use schemas::{Codec, RejectionReason};

use crate::source::Source;
use archive::Archive;

/// What to do with rejected records.
#[derive(Debug, Subcommand)]
pub enum RejectedCommand {
    /// Lists rejected records, newest first, and counts them; names no patient and no value
    List(Box<list::ListArgs>),
    /// Shows a rejected record whole; the look is recorded in audit.events first
    Show(Box<show::ShowArgs>),
    /// Sends rejected records again, as they came or repaired; recorded in audit.events
    Replay(Box<replay::ReplayArgs>),
}

impl Source {
    fn archive(&self, codec: &Codec) -> Archive {
        Archive::new(self.kafka.clone(), self.topics(), codec)
    }
}

/// The code of a reason.
#[derive(Debug, Clone)]
pub(crate) struct Reason(&'static str);

impl std::str::FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut known = RejectionReason::ALL.iter().map(|reason| reason.as_str());
        known.find(|reason| *reason == text).map(Self).ok_or_else(|| {
            let all = RejectionReason::ALL.map(RejectionReason::as_str);
            format!("the reasons are {}", all.join(", "))
        })
    }
}

fn not_found(address: address::Address) -> anyhow::Error {
    anyhow!(
        "{address} is not in readings.rejected: it was not rejected, or so long ago that only the \
         store has it, in the table rejected_readings"
    )
}

pub(crate) async fn run(command: RejectedCommand) -> anyhow::Result<ExitCode> {
    // Asking Kafka blocks.
    tokio::task::spawn_blocking(move || match command {
        RejectedCommand::List(args) => list::run(&args).map(|()| ExitCode::SUCCESS),
        RejectedCommand::Show(args) => show::run(&args).map(|()| ExitCode::SUCCESS),
        RejectedCommand::Replay(args) => replay::run(&args),
    })
    .await?
}
