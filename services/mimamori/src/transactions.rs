//! `mimamori transactions`: which transactions are open, and ending one that its producer does not
//! end. What an open transaction wrote, and everything after it, is hidden from every service.

use anyhow::{Context, bail};
use chassis::{DeploymentArgs, KafkaArgs, now_ms};
use clap::Subcommand;
use schemas::topics::{Topic, Topics};
use stream::open_transactions::{Ended, OpenTransaction, abort, open};
use stream::topics::partition_count;
use tokio::task::spawn_blocking;

/// What to do with transactions.
#[derive(Debug, Subcommand)]
pub enum TransactionsCommand {
    /// Lists the transactions that are open in the topics: the oldest first
    List(ListArgs),
    /// Ends an open transaction: what it wrote is never read, what comes after it is read at once
    Abort(AbortArgs),
}

/// Arguments of `mimamori transactions list`.
#[derive(Debug, Clone, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub kafka: KafkaArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub deployment: DeploymentArgs,
}

/// Arguments of `mimamori transactions abort`.
#[derive(Debug, Clone, clap::Args)]
pub struct AbortArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub kafka: KafkaArgs,
    /// Full name of the topic, as `list` shows it
    #[arg(long)]
    pub topic: String,
    /// Partition
    #[arg(long)]
    pub partition: i32,
    /// Number of the producer, as `list` shows it
    #[arg(long)]
    pub producer_id: i64,
}

pub(crate) async fn run(command: TransactionsCommand) -> anyhow::Result<()> {
    match command {
        TransactionsCommand::List(args) => list(args).await,
        TransactionsCommand::Abort(args) => end(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<()> {
    let names = Topics::with_prefix(args.deployment.topic_prefix).names(&Topic::ALL);
    let mut found = spawn_blocking(move || open(&args.kafka, &names)).await??;
    if found.is_empty() {
        println!("no transaction is open");
    }
    let now = now_ms();
    found.sort_by_key(|transaction| std::cmp::Reverse(age_ms(transaction, now)));
    for transaction in &found {
        println!("{}", line(transaction, now));
    }
    Ok(())
}

async fn end(args: AbortArgs) -> anyhow::Result<()> {
    let AbortArgs { kafka, topic, partition, producer_id } = args;
    let (transaction, ended) = spawn_blocking(move || {
        let partitions = partition_count(&kafka, &topic)?;
        if !(0..partitions).contains(&partition) {
            bail!(
                "{topic} has no partition {partition}; its partitions are 0 to {}",
                partitions - 1
            );
        }
        let found = open(&kafka, std::slice::from_ref(&topic))?;
        let is_meant =
            |it: &OpenTransaction| it.partition == partition && it.producer_id == producer_id;
        let Some(transaction) = found.into_iter().find(is_meant) else {
            bail!(
                "producer {producer_id} has no open transaction in {topic} partition {partition}"
            );
        };
        let ended = abort(&kafka, &transaction).context("the transaction is not ended")?;
        Ok((transaction, ended))
    })
    .await??;
    println!("ended: {}", line(&transaction, now_ms()));
    println!(
        "{}",
        match ended {
            Ended::ByCoordinator =>
                "its coordinator ended it in all its partitions; its producer is refused until \
                 it begins anew",
            Ended::ByMarker => "no coordinator knew of it; its end is written to this partition",
        }
    );
    Ok(())
}

/// For how long it has been open, as far as the brokers tell, milliseconds.
fn age_ms(transaction: &OpenTransaction, now: i64) -> i64 {
    let began = transaction.coordinated.as_ref().and_then(|known| known.began_ms);
    (now - began.unwrap_or(transaction.last_record_ms)).max(0)
}

/// A transaction, for an operator.
fn line(transaction: &OpenTransaction, now: i64) -> String {
    let OpenTransaction { topic, partition, offset, producer_id, last_record_ms, .. } = transaction;
    let age = age_ms(transaction, now) / 1000;
    let silence = (now - last_record_ms).max(0) / 1000;
    let who = match &transaction.coordinated {
        Some(known) => format!(
            "{} ({}, ends by itself after {} s)",
            known.shown_id(),
            known.state,
            known.timeout_ms / 1000
        ),
        None if transaction.not_asked.is_some() => {
            "not known to any coordinator that answers".to_owned()
        }
        None => "not known to any coordinator".to_owned(),
    };
    format!(
        "{topic} partition {partition} offset {offset}: producer {producer_id}, {who}; open for {age} \
         s, last record {silence} s ago"
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stream::open_transactions::Coordinated;
    use stream::{NotAsked, WireError};

    use super::*;

    fn transaction(
        coordinated: Option<Coordinated>,
        not_asked: Option<NotAsked>,
    ) -> OpenTransaction {
        OpenTransaction {
            topic: "readings.raw".to_owned(),
            partition: 3,
            offset: 42,
            producer_id: 17,
            producer_epoch: 2,
            coordinator_epoch: 0,
            last_record_ms: 90_000,
            coordinated,
            not_asked,
        }
    }

    /// Whoever may write to the topic chooses the name.
    #[test]
    fn a_name_writes_no_line_of_its_own() {
        let coordinated = Coordinated {
            transactional_id: format!(
                "evil\u{1b}[31m\nreadings.raw partition 9 {}",
                "x".repeat(5_000)
            ),
            state: "Ongoing".to_owned(),
            began_ms: Some(40_000),
            timeout_ms: 60_000,
        };
        let line = line(&transaction(Some(coordinated), None), 100_000);
        assert!(!line.contains(char::is_control), "{line}");
        assert!(line.len() < 400, "{line}");
    }

    #[test]
    fn a_line_names_who_where_and_for_how_long() {
        let coordinated = Coordinated {
            transactional_id: "vendor-7".to_owned(),
            state: "Ongoing".to_owned(),
            began_ms: Some(5_000),
            timeout_ms: 60_000,
        };
        assert_eq!(
            line(&transaction(Some(coordinated), None), 100_000),
            "readings.raw partition 3 offset 42: producer 17, vendor-7 (Ongoing, ends by itself after \
             60 s); open for 95 s, last record 10 s ago"
        );
        assert_eq!(
            line(&transaction(None, None), 100_000),
            "readings.raw partition 3 offset 42: producer 17, not known to any coordinator; open for \
             10 s, last record 10 s ago"
        );
        let not_asked = NotAsked { broker: 2, source: Arc::new(WireError::Unreadable) };
        let some_did_not = line(&transaction(None, Some(not_asked)), 100_000);
        assert!(some_did_not.contains("any coordinator that answers; open"), "{some_did_not}");
    }
}
