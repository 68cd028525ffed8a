//! `mimamori rejected show`: a rejected record whole. It is an access to a patient's data, and
//! recorded before anything is shown.

use anyhow::Context;
use schemas::topics::Topic;
use stream::producer::{Outgoing, Producer};

use super::address::Address;
use super::entry::{SHOWN, entry};
use super::not_found;
use super::record::Found;
use crate::operator::OperatorArgs;
use crate::source::Source;

/// Arguments of `mimamori rejected show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    pub(super) source: Source,
    #[command(flatten)]
    by: OperatorArgs,
    /// Which record: PARTITION/OFFSET, as `list` says it
    address: Address,
}

pub(super) fn run(args: &ShowArgs) -> anyhow::Result<()> {
    let codec = args.source.codec()?;
    let archive = args.source.archive(&codec);
    let rejected = archive.find(&[args.address].into())?.remove(&args.address);
    let rejected = rejected.ok_or_else(|| not_found(args.address))?;
    let replays = archive.replays(rejected.origin.received_at)?;
    let replays = replays.get(&args.address).map_or(&[][..], Vec::as_slice);
    let found = Found::new(rejected, &codec.decoder());

    let topic = archive.topics.name(Topic::AuditEvents);
    let patient = found.patient().map(String::from);
    let event = entry(&args.by.operator, SHOWN, args.address, patient, "shown whole");
    let bytes = codec.encoder(&topic)?.encode(&event)?;
    let producer = Producer::new(&archive.kafka, "mimamori-rejected")?;
    let delivery = producer.enqueue(Outgoing {
        topic: &topic,
        partition: None,
        key: event.patient.as_deref().map(str::as_bytes),
        payload: Some(&bytes),
    })?;
    tokio::runtime::Handle::current()
        .block_on(delivery)
        .context("the access cannot be recorded, so nothing is shown")?;

    println!("{:#}", found.shown(replays));
    Ok(())
}
