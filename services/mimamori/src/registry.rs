//! `mimamori registry`: writing the master lists from a file.

use std::path::PathBuf;

use anyhow::Context;
use chassis::KafkaArgs;
use clap::Subcommand;
use jiff::tz::TimeZone;
use schemas::registry::{Consortium, ListRecord, MasterLists};
use schemas::topics::{Topic, Topics};
use sha2::{Digest, Sha256};
use stream::producer::{Outgoing, Producer};
use stream::together::Together;

use crate::rezone::RezoneArgs;
use crate::source::Source;
use crate::unfollowed::UnfollowedArgs;

/// What to do with the master lists.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Writes the entries of a JSON file; an entry replaces the earlier one of the same id
    Apply(ApplyArgs),
    /// Finds what was read with the wrong time zone of a consortium, and with --apply puts it right;
    /// recorded in audit.events
    Rezone(Box<RezoneArgs>),
    /// Lists patients whose readings and alerts nobody sees, because nobody follows them, and those in no
    /// list; the look is recorded in audit.events first
    Unfollowed(Box<UnfollowedArgs>),
    /// Makes a bearer token for a vendor and prints it with the hash that its entry must hold
    Token,
}

/// Arguments of `mimamori registry apply`.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    source: Source,
    /// A JSON object with any of the lists consortia, participants, test_labs, assays, devices,
    /// activity_aggregations, vendors, practitioners, care_teams; entries as schemas/avro/registry_*
    /// say
    file: PathBuf,
}

pub(crate) async fn run(command: RegistryCommand) -> anyhow::Result<()> {
    match command {
        RegistryCommand::Apply(args) => apply(args).await,
        RegistryCommand::Rezone(args) => {
            // Asking Kafka blocks.
            tokio::task::spawn_blocking(move || crate::rezone::run(&args)).await?
        }
        RegistryCommand::Unfollowed(args) => {
            tokio::task::spawn_blocking(move || crate::unfollowed::run(&args)).await?
        }
        RegistryCommand::Token => {
            let token = random_token();
            println!("token (give it to the vendor, it is not kept): {token}");
            println!("token_hashes entry: {}", token_hash(&token));
            Ok(())
        }
    }
}

/// 256 random bits in hexadecimal.
pub fn random_token() -> String {
    let bytes: [u8; 32] = rand::random();
    chassis::hex(&bytes)
}

fn token_hash(token: &str) -> String {
    chassis::hex(&Sha256::digest(token.as_bytes()))
}

async fn apply(args: ApplyArgs) -> anyhow::Result<()> {
    let text = std::fs::read(&args.file)
        .with_context(|| format!("{} cannot be read", args.file.display()))?;
    let lists: MasterLists = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not a registry file", args.file.display()))?;
    check_zones(&lists)?;
    check_on_call(&lists)?;
    let written = write(&args.source, lists).await?;
    println!("{written} entries written");
    Ok(())
}

/// The gateway answers 503 to every body for a consortium whose zone nobody knows.
fn check_zones(lists: &MasterLists) -> anyhow::Result<()> {
    for Consortium { consortium_id, time_zone, .. } in &lists.consortia {
        TimeZone::get(time_zone).with_context(|| {
            format!(
                "nothing is written: the time_zone of {consortium_id}, {time_zone}, is not in the tz \
                 database; it has names such as Asia/Tokyo"
            )
        })?;
    }
    Ok(())
}

/// By an entry that cannot be used nobody is notified, and the notifier can only count it.
fn check_on_call(lists: &MasterLists) -> anyhow::Result<()> {
    let faults = lists.care_teams.iter().flat_map(|team| {
        let (_, faults) = team.on_call();
        faults.into_iter().map(|fault| format!("care team {}: {fault}", team.patient))
    });
    let faults: Vec<_> = faults.collect();
    anyhow::ensure!(faults.is_empty(), "nothing is written:\n{}", faults.join("\n"));
    Ok(())
}

/// Whoever changes entries of products, one after the other: from this call on no earlier one can write,
/// and what is read after it holds what they have written. Blocks the thread.
pub(crate) fn products_alone(kafka: &KafkaArgs, topics: &Topics) -> anyhow::Result<Together> {
    Ok(Together::new(kafka, &format!("{}mimamori-products", topics.prefix()))?)
}

/// Writes entries of master lists, and says how many.
async fn write(source: &Source, lists: MasterLists) -> anyhow::Result<usize> {
    let (kafka, topics, codec) = (source.kafka.clone(), source.topics(), source.codec()?);
    // The schema registry is asked by a client that blocks, and so does the transaction.
    let writing = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        let (products, others) = apart(lists.encode(&codec, &topics)?, &topics);
        // `report devices --apply` reads these entries and writes them again: not between the two.
        if !products.is_empty() {
            products_alone(&kafka, &topics)?.write(&outgoing(&products))?;
        }
        Ok((products.len(), others))
    });
    let (products, records) = writing.await??;
    let producer = Producer::new(&source.kafka, "mimamori-registry")?;
    for list in records.chunk_by(|one, next| one.topic == next.topic) {
        producer
            .send_all(outgoing(list))
            .await
            .with_context(|| format!("writing to {}", list[0].topic))?;
    }
    Ok(products + records.len())
}

/// The entries of products, and the others.
fn apart(records: Vec<ListRecord>, topics: &Topics) -> (Vec<ListRecord>, Vec<ListRecord>) {
    let products = topics.name(Topic::RegistryDevices);
    records.into_iter().partition(|entry| entry.topic == products)
}

/// Entries as they are written.
pub(crate) fn outgoing(entries: &[ListRecord]) -> Vec<Outgoing<'_>> {
    let entries = entries.iter();
    entries
        .map(|ListRecord { topic, key, payload }| Outgoing {
            topic,
            partition: None,
            key: Some(key.as_bytes()),
            payload: Some(payload),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_that_nobody_knows_is_refused_with_whose_it_is() {
        let lists = |zone: &str| {
            let entry = format!(r#"{{"consortium_id":"CGM005","name":"A","time_zone":"{zone}"}}"#);
            let consortia = vec![serde_json::from_str(&entry).unwrap()];
            MasterLists { consortia, ..MasterLists::default() }
        };
        assert!(check_zones(&lists("Asia/Tokyo")).is_ok());
        let refused = check_zones(&lists("Asia/Tokio")).unwrap_err().to_string();
        assert!(refused.contains("CGM005") && refused.contains("Asia/Tokio"), "{refused}");
    }

    #[test]
    fn an_on_call_list_that_cannot_be_used_is_refused_with_whose_and_which_entry() {
        let lists = |address: &str| {
            let text = format!(
                r#"{{"care_teams":[{{"patient":"CGM005/S001","practitioners":["dr.sato"],"on_call":[
                {{"practitioner":"dr.sato","channel":"email","address":"{address}","after_seconds":60}}]}}]}}"#
            );
            serde_json::from_str::<MasterLists>(&text).unwrap()
        };
        assert!(check_on_call(&lists("sato@clinic.example")).is_ok());
        let refused = check_on_call(&lists("sato")).unwrap_err().to_string();
        assert!(refused.contains("CGM005/S001: entry 1"), "{refused}");
    }
}
