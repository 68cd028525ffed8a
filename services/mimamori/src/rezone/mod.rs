//! `mimamori registry rezone`: finds what was read with the wrong time zone of a consortium, and puts
//! it right.
//!
//! A consortium without an entry in `registry.consortia` is taken as Japan's. When the entry comes
//! later, or is corrected, what was read before is at the wrong instant, and the same documents sent
//! again are further readings. This says what it would do, and does it with `--apply`: a withdrawal
//! for each reading at the wrong instant, and the reading that was meant. Both are raw records like
//! any others, written in transactions with the entries of `audit.events` that say so.

mod looked;
mod plan;
mod readings;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::{Context, anyhow, bail};
use chassis::now_ms;
use clinical::patient::ConsortiumId;
use clinical::{ReadingId, Timestamp, Version};
use jiff::tz::TimeZone;
use schemas::registry::{Consortium, DEFAULT_TIME_ZONE};
use schemas::topics::{Topic, Topics};
use schemas::{AcceptedReading, AuditEvent, Codec, Encoder, Reading};
use stream::browse::read_to_end;
use stream::follow::Start;
use stream::partition_for_key;
use stream::producer::Outgoing;
use stream::together::Together;
use stream::topics::{all_offsets, partition_count};

use crate::operator::{OperatorArgs, by_operator};
use crate::source::Source;
use looked::Looked;
use plan::{Plan, What, Write, Zones};
use readings::{Current, Readings};

/// Readings of a transaction, at most.
const CHUNK: usize = 500;

/// Arguments of `mimamori registry rezone`.
#[derive(Debug, clap::Args)]
pub struct RezoneArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    by: OperatorArgs,
    /// The consortium, whose entry has the right zone by now
    consortium: String,
    /// The zone with which its documents were read before
    #[arg(long, value_name = "ZONE", default_value = DEFAULT_TIME_ZONE)]
    former_zone: String,
    /// Only what was received before this time (2026-11-22T07:31:00+09:00): when the right entry came.
    /// By default, when it was written
    #[arg(long, value_name = "TIME")]
    before: Option<jiff::Timestamp>,
    /// Does it. Without it, this says what would be done
    #[arg(long)]
    apply: bool,
}

/// Blocks the thread.
pub(crate) fn run(args: &RezoneArgs) -> anyhow::Result<()> {
    let consortium = ConsortiumId::parse(&args.consortium)?;
    let codec = args.source.codec()?;
    let topics = args.source.topics();
    // First, so that what is read below holds what every earlier one has written.
    let together = args
        .apply
        .then(|| Together::new(&args.source.kafka, &format!("{}mimamori-rezone", topics.prefix())))
        .transpose()?;
    let (entry, written) = entry(args, &codec, &topics, consortium.as_str())?;
    let zone = |name: &str| {
        TimeZone::get(name).with_context(|| format!("{name} is not in the tz database"))
    };
    let zones = Zones { was: zone(&args.former_zone)?, right: zone(&entry.time_zone)? };
    let before = args.before.map_or(written, jiff::Timestamp::as_millisecond);
    let (readings, looked) = readings(args, &codec, &topics, consortium.as_str())?;
    let plan = plan::plan(&readings, &zones, before, Timestamp::from_millis(now_ms()));
    let (was, right) = (&args.former_zone, &entry.time_zone);
    println!(
        "{}: {} readings; those received before {} were read as {was}, and are {right}",
        consortium.as_str(),
        readings.len(),
        Timestamp::from_millis(before)
    );
    println!("{}", looked.report(&topics.name(Topic::ReadingsAccepted)));
    report(&plan);
    let Some(together) = together else {
        println!("nothing is done; --apply does it");
        return Ok(());
    };
    Writing {
        raw: topics.name(Topic::ReadingsRaw),
        audit: topics.name(Topic::AuditEvents),
        partitions: partition_count(&args.source.kafka, &topics.name(Topic::ReadingsRaw))?,
        readings: codec.encoder(&topics.name(Topic::ReadingsRaw))?,
        entries: codec.encoder(&topics.name(Topic::AuditEvents))?,
        how: format!("read as {was}, now as {right}"),
        operator: &args.by.operator,
        together,
    }
    .all(&plan)
}

/// The newest entry of the consortium, and when it was written.
fn entry(
    args: &RezoneArgs,
    codec: &Codec,
    topics: &Topics,
    consortium: &str,
) -> anyhow::Result<(Consortium, i64)> {
    let topic = topics.name(Topic::RegistryConsortia);
    let decoder = codec.decoder::<Consortium>();
    let mut newest = None;
    read_to_end(&args.source.kafka, &topic, None, Start::Beginning, |record| {
        if record.key.as_deref() == Some(consortium.as_bytes()) {
            newest = record.payload.map(|bytes| (decoder.decode(&bytes), record.timestamp_ms));
        }
        ControlFlow::Continue(())
    })?;
    let (entry, written) = newest.ok_or_else(|| {
        anyhow!("{consortium} has no entry in {topic}; write it first, with its right time_zone")
    })?;
    Ok((entry.context("the consortium's entry cannot be read")?, written))
}

/// The current readings of the consortium, as far as `readings.accepted` keeps them, and how far that is.
fn readings(
    args: &RezoneArgs,
    codec: &Codec,
    topics: &Topics,
    consortium: &str,
) -> anyhow::Result<(Readings, Looked)> {
    let decoder = codec.decoder::<AcceptedReading>();
    let topic = topics.name(Topic::ReadingsAccepted);
    let mut looked = Looked::of(&all_offsets(&args.source.kafka, &topic)?);
    let mut readings = Readings::default();
    let mut failed = None;
    let begins = format!("{consortium}/");
    read_to_end(&args.source.kafka, &topic, None, Start::Beginning, |record| {
        looked.at(record.partition, record.timestamp_ms);
        // The key is the reading's id.
        let key = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
        let Some(key) = key.filter(|key| key.starts_with(&begins)) else {
            return ControlFlow::Continue(());
        };
        let accepted = record.payload.as_deref().map(|bytes| decoder.decode(bytes));
        match (ReadingId::parse(key), accepted) {
            (Ok(id), Some(Ok(accepted))) => {
                let current = Current {
                    version: Version::from_bits(accepted.version.cast_unsigned()),
                    received: accepted.origin.received_at,
                    reading: accepted.reading,
                };
                readings.take(id, current);
            }
            (_, Some(Err(error))) if error.is_retryable() => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            _ => eprintln!(
                "mimamori: {topic}, partition {}, offset {}: no reading; left out",
                record.partition, record.offset
            ),
        }
        ControlFlow::Continue(())
    })?;
    match failed {
        Some(error) => bail!("the readings cannot be read now: {error}"),
        None => Ok((readings, looked)),
    }
}

/// Says what is planned, without a patient and without a value.
fn report(plan: &Plan) {
    let mut kinds: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    let mut patients = BTreeMap::new();
    for write in &plan.writes {
        let what = usize::from(write.what == What::Withdrawal);
        kinds.entry(write.id.kind().as_str()).or_default()[what] += 1;
        patients.insert(write.id.patient().clone(), ());
    }
    for (kind, [right, withdrawn]) in kinds {
        println!("{kind}: {right} to write as they were meant, {withdrawn} to withdraw");
    }
    println!(
        "{} patients, {} readings to write; {} are there already; {} stay, because what they should be would not be accepted",
        patients.len(),
        plan.writes.len(),
        plan.already_there,
        plan.not_possible
    );
}

struct Writing<'a> {
    raw: String,
    audit: String,
    partitions: i32,
    readings: Encoder<Reading>,
    entries: Encoder<AuditEvent>,
    how: String,
    operator: &'a str,
    together: Together,
}

impl Writing<'_> {
    fn all(&self, plan: &Plan) -> anyhow::Result<()> {
        let mut written = 0;
        for writes in plan.at_once(CHUNK) {
            self.some(writes).with_context(|| {
                format!("{written} readings are written; the same command again does the rest")
            })?;
            written += writes.len();
        }
        println!("{written} readings written");
        Ok(())
    }

    /// Writes some in one transaction with an entry for each patient.
    fn some(&self, writes: &[Write]) -> anyhow::Result<()> {
        let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
        let mut records = Vec::with_capacity(writes.len());
        for write in writes {
            let key = write.reading.key();
            counts.entry(key.clone()).or_default()[usize::from(write.what == What::Withdrawal)] +=
                1;
            let partition = partition_for_key(key.as_bytes(), self.partitions);
            records.push((key, self.readings.encode(&write.reading)?, partition));
        }
        let mut entries = Vec::with_capacity(counts.len());
        for (patient, counts) in counts {
            let entry = self.entry(&patient, counts);
            entries.push((patient, self.entries.encode(&entry)?));
        }
        let raw = records.iter().map(|(key, payload, partition)| Outgoing {
            topic: &self.raw,
            partition: Some(*partition),
            key: Some(key.as_bytes()),
            payload: Some(payload),
        });
        let recorded = entries.iter().map(|(patient, payload)| Outgoing {
            topic: &self.audit,
            partition: None,
            key: Some(patient.as_bytes()),
            payload: Some(payload),
        });
        self.together.write(&raw.chain(recorded).collect::<Vec<_>>())?;
        Ok(())
    }

    fn entry(&self, patient: &str, [right, withdrawn]: [usize; 2]) -> AuditEvent {
        let detail = format!("{}: {right} written as meant, {withdrawn} withdrawn", self.how);
        by_operator(self.operator, "rezone_readings", Some(patient.to_owned()), detail)
    }
}
