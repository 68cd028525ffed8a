//! `mimamori registry`: writing the master lists from a file.

use std::path::PathBuf;

use anyhow::Context;
use chassis::{DeploymentArgs, KafkaArgs, SchemaRegistryArgs};
use clap::Subcommand;
use schemas::codec::Record;
use schemas::registry::{
    ActivityAggregation, Assay, CareTeam, Consortium, DeviceModel, Participant, Practitioner,
    TestLabEntry, Vendor,
};
use schemas::topics::{Topic, Topics};
use schemas::{Codec, Encoder};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use stream::producer::{Outgoing, Producer};

/// What to do with the master lists.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Writes the entries of a JSON file; an entry replaces the earlier one of the same id
    Apply(ApplyArgs),
    /// Makes a bearer token for a vendor and prints it with the hash that its entry must hold
    Token,
}

/// Arguments of `mimamori registry apply`.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    kafka: KafkaArgs,
    #[command(flatten)]
    deployment: DeploymentArgs,
    #[command(flatten)]
    schema_registry: SchemaRegistryArgs,
    /// A JSON object with any of the lists consortia, participants, test_labs, assays, devices,
    /// activity_aggregations, vendors, practitioners, care_teams; entries as schemas/avro/registry_*
    /// say
    file: PathBuf,
}

/// A file of master lists: entries of any of them, as `schemas/avro/registry_*` say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lists {
    /// Entries of `registry.consortia`.
    pub consortia: Vec<Consortium>,
    /// Entries of `registry.participants`.
    pub participants: Vec<Participant>,
    /// Entries of `registry.test_labs`.
    pub test_labs: Vec<TestLabEntry>,
    /// Entries of `registry.assays`.
    pub assays: Vec<Assay>,
    /// Entries of `registry.devices`.
    pub devices: Vec<DeviceModel>,
    /// Entries of `registry.activity_aggregations`.
    pub activity_aggregations: Vec<ActivityAggregation>,
    /// Entries of `registry.vendors`.
    pub vendors: Vec<Vendor>,
    /// Entries of `registry.practitioners`.
    pub practitioners: Vec<Practitioner>,
    /// Entries of `registry.care_teams`.
    pub care_teams: Vec<CareTeam>,
}

pub(crate) async fn run(command: RegistryCommand) -> anyhow::Result<()> {
    match command {
        RegistryCommand::Apply(args) => apply(args).await,
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
    let lists: Lists = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not a registry file", args.file.display()))?;
    let writer = ListWriter {
        producer: Producer::new(&args.kafka, "mimamori-registry")?,
        codec: Codec::new(args.schema_registry.url())?,
        topics: Topics::with_prefix(args.deployment.topic_prefix),
    };
    let patient = |p: &Participant| format!("{}/{}", p.consortium_id, p.person_id);
    let lab = |l: &TestLabEntry| format!("{}/{}", l.consortium_id, l.test_lab_id);
    let model = |d: &DeviceModel| format!("{}|{}", d.manufacturer, d.model_number);
    let counted = |a: &ActivityAggregation| format!("{}|{}", a.manufacturer, a.model_number);
    let mut written = 0;
    written += writer
        .write(Topic::RegistryConsortia, &lists.consortia, |c| c.consortium_id.clone())
        .await?;
    written += writer.write(Topic::RegistryParticipants, &lists.participants, patient).await?;
    written += writer.write(Topic::RegistryTestLabs, &lists.test_labs, lab).await?;
    written += writer.write(Topic::RegistryAssays, &lists.assays, |a| a.assay_code.clone()).await?;
    written += writer.write(Topic::RegistryDevices, &lists.devices, model).await?;
    written += writer
        .write(Topic::RegistryActivityAggregations, &lists.activity_aggregations, counted)
        .await?;
    written +=
        writer.write(Topic::RegistryVendors, &lists.vendors, |v| v.vendor_id.clone()).await?;
    written += writer
        .write(Topic::RegistryPractitioners, &lists.practitioners, |p| p.practitioner_id.clone())
        .await?;
    written +=
        writer.write(Topic::RegistryCareTeams, &lists.care_teams, |t| t.patient.clone()).await?;
    println!("{written} entries written");
    Ok(())
}

struct ListWriter {
    producer: Producer,
    codec: Codec,
    topics: Topics,
}

impl ListWriter {
    async fn write<T: Record + 'static>(
        &self,
        topic: Topic,
        entries: &[T],
        key: impl Fn(&T) -> String,
    ) -> anyhow::Result<usize> {
        if entries.is_empty() {
            return Ok(0);
        }
        let topic = self.topics.name(topic);
        let (codec, name) = (self.codec.clone(), topic.clone());
        let encoder: Encoder<T> =
            tokio::task::spawn_blocking(move || codec.encoder(&name)).await??;
        let mut deliveries = Vec::with_capacity(entries.len());
        for entry in entries {
            let bytes = encoder.encode(entry)?;
            deliveries.push(self.producer.enqueue(Outgoing {
                topic: &topic,
                partition: None,
                key: Some(key(entry).as_bytes()),
                payload: Some(&bytes),
            })?);
        }
        for delivery in deliveries {
            delivery.await.with_context(|| format!("writing to {topic}"))?;
        }
        Ok(entries.len())
    }
}
