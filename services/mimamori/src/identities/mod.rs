//! `mimamori identities`: who patients are to people, imported from a list and sealed.
//!
//! Neither a report nor an error repeats a value of the list: both end in logs and tickets.

mod list;
mod plan;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use chassis::{MasterKeyArgs, now_ms};
use clap::Subcommand;
use clinical::PatientId;
use clinical::identity::Identity;
use dashboard::identities::{open, seal};
use dashboard::person_keys::{NoKey, PersonKeys};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemas::registry::{DEFAULT_TIME_ZONE, ListRecord, Participant, SealedIdentity};
use schemas::topics::Topic;
use schemas::{Codec, DecodeError};
use stream::follow::Start;
use stream::producer::{Outgoing, Producer};
use tokio::runtime::Handle;

use crate::entries::{decoded, each};
use crate::operator::{OperatorArgs, record_access};
use crate::person_keys::Keys;
use crate::registry::outgoing;
use crate::source::Source;
use plan::{Known, Plan};

/// So many records are encoded and sent at a time.
const AT_ONCE: usize = 1_000;

/// What to do with identities.
#[derive(Debug, Subcommand)]
pub enum IdentitiesCommand {
    /// Writes the identities of a list, sealed. A blank cell takes away what the patient had, a column that is
    /// missing leaves it. A row that is refused leaves the others. Recorded in audit.events
    Apply(Box<ApplyArgs>),
}

/// Arguments of `mimamori identities apply`.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    by: OperatorArgs,
    #[command(flatten)]
    master_keys: MasterKeyArgs,
    /// Says what would become of each row and writes nothing
    #[arg(long)]
    dry_run: bool,
    /// A list in UTF-8: .csv with a header, or .json, an array of objects; with the columns patient, name,
    /// kana, birth_date, chart_number, telephone, emergency_name, emergency_relationship,
    /// emergency_telephone. All but patient and name may be missing
    file: PathBuf,
}

pub(crate) async fn run(command: IdentitiesCommand) -> anyhow::Result<ExitCode> {
    // Asking Kafka blocks.
    tokio::task::spawn_blocking(move || match command {
        IdentitiesCommand::Apply(args) => apply(&args),
    })
    .await?
}

fn apply(args: &ApplyArgs) -> anyhow::Result<ExitCode> {
    let rows = list::read(&args.file)?;
    let codec = args.source.codec()?;
    let keys = Keys::read(&args.source, &codec, &args.master_keys)?;
    if args.dry_run {
        let patients = rows.iter().filter_map(|row| row.says.as_ref().ok());
        let patients = patients.map(|entry| entry.patient.as_str());
        let what = "which identities a list would change";
        record_access(
            &args.source,
            &args.by.operator,
            ("preview_identities", true),
            what,
            patients,
        )?;
    }
    let known = known(&args.source, &codec, keys.known())?;
    let plan = Plan::of(rows, &known, today(), |patient| keys.known().of(patient).map(drop));
    for remark in &plan.remarks {
        println!("{remark}");
    }
    if args.dry_run {
        println!("{plan}; nothing is written");
        return Ok(ended(plan.is_whole()));
    }
    let erased = write(args, &codec, &keys, &plan.written)?;
    for patient in &erased {
        println!("{patient}: was erased meanwhile; nothing of the row is kept");
    }
    println!("{plan}");
    Ok(ended(plan.is_whole() && erased.is_empty()))
}

fn ended(is_whole: bool) -> ExitCode {
    if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Nobody is born after today, wherever the clinic is: Japan's day has begun where the list is from.
fn today() -> Date {
    let zone = TimeZone::get(DEFAULT_TIME_ZONE).unwrap_or(TimeZone::UTC);
    Timestamp::now().to_zoned(zone).date()
}

fn known(source: &Source, codec: &Codec, keys: &PersonKeys) -> anyhow::Result<Known> {
    let mut known = Known::default();
    let (participants, identities) =
        (codec.decoder::<Participant>(), codec.decoder::<SealedIdentity>());
    let name = |topic| source.topics().name(topic);
    each(source, &name(Topic::RegistryParticipants), Start::Beginning, |patient, entry| {
        match decoded(&participants, entry)? {
            Some(of) => known.participants.insert(patient, (of.birth_year, of.birth_month)),
            None => known.participants.remove(&patient),
        };
        Ok::<(), DecodeError>(())
    })?;
    let mut sealed = HashMap::new();
    each(source, &name(Topic::RegistryIdentities), Start::Beginning, |patient, entry| {
        match decoded(&identities, entry)? {
            Some(of) => sealed.insert(patient, of.sealed),
            None => sealed.remove(&patient),
        };
        Ok::<(), DecodeError>(())
    })?;
    // One that cannot be read is as good as none: it is written anew.
    let opened = |(patient, sealed): (String, Vec<u8>)| {
        let identity = open(&keys.of(&patient).ok()?, &patient, &sealed).ok()?;
        Some((patient, identity))
    };
    known.identities = sealed.into_iter().filter_map(opened).collect();
    Ok(known)
}

/// Writes identities. Returns who was erased meanwhile: nothing of them is left.
fn write(
    args: &ApplyArgs,
    codec: &Codec,
    keys: &Keys<'_>,
    identities: &[(PatientId, Identity)],
) -> anyhow::Result<Vec<PatientId>> {
    if identities.is_empty() {
        return Ok(Vec::new());
    }
    let topic = args.source.topics().name(Topic::RegistryIdentities);
    let encoder = codec.encoder::<SealedIdentity>(&topic)?;
    let patients = identities.iter().map(|(patient, _)| patient.as_str());
    let action = ("apply_identities", true);
    let what = "name, birth date, chart number and telephones as imported";
    record_access(&args.source, &args.by.operator, action, what, patients.clone())?;
    let has_none = |patient: &&str| matches!(keys.known().of(patient), Err(NoKey::NotMade));
    let missing: BTreeSet<String> = patients.filter(has_none).map(str::to_owned).collect();
    keys.make(&missing)?;
    let producer = Producer::new(&args.source.kafka, "mimamori-identities")?;
    let send = |records: Vec<Outgoing<'_>>| {
        Handle::current()
            .block_on(producer.send_all(records))
            .with_context(|| format!("writing to {topic}; what was written stays, apply again"))
    };
    let is_erased =
        |patient: &PatientId| matches!(keys.known().of(patient.as_str()), Err(NoKey::Erased));
    for some in identities.chunks(AT_ONCE) {
        keys.read_on()?;
        let record = |(patient, identity): &(PatientId, Identity)| -> anyhow::Result<ListRecord> {
            let patient = patient.as_str();
            let key = keys.known().of(patient).with_context(|| format!("the key of {patient}"))?;
            let sealed = seal(&key, patient, identity);
            let entry =
                SealedIdentity { patient: patient.to_owned(), sealed, written_at: now_ms() };
            let (topic, key) = (topic.clone(), patient.to_owned());
            Ok(ListRecord { topic, key, payload: encoder.encode(&entry)? })
        };
        let some = some.iter().filter(|(patient, _)| !is_erased(patient));
        let records = some.map(record).collect::<anyhow::Result<Vec<_>>>()?;
        send(outgoing(&records))?;
    }
    // An erasure that came between has its tombstone before what was written here.
    keys.read_on()?;
    let erased = identities.iter().map(|(patient, _)| patient).filter(|patient| is_erased(patient));
    let erased: Vec<_> = erased.cloned().collect();
    let tombstones = erased.iter().map(|patient| Outgoing {
        topic: &topic,
        partition: None,
        key: Some(patient.as_str().as_bytes()),
        payload: None,
    });
    send(tombstones.collect())?;
    Ok(erased)
}
