//! `mimamori rejected replay`: sends rejected records again, as they came or repaired.
//!
//! The raw record and the entry in `audit.events` that says so are written in one transaction, so
//! that neither is without the other. The transactional id is the same for every replay of a
//! deployment: a replay that begins ends earlier ones before it reads what they have sent, so the
//! same record is not sent twice by two operators either.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use chassis::now_ms;
use clinical::Timestamp;
use schemas::topics::Topic;
use schemas::{AuditEvent, Encoder, Reading, RejectedReading};
use stream::producer::Outgoing;
use stream::together::Together;
use stream::topics::partition_count;

use super::address::Address;
use super::archive::{Archive, Replays};
use super::entry::{REPLAYED, entry};
use super::moment::written;
use super::record::Found;
use super::resend::{Judge, Key, Refused, Repair, Resend};
use super::since::Since;
use super::{Reason, not_found, repair};
use crate::operator::OperatorArgs;
use crate::source::Source;

/// Records of a transaction, at most, and bytes after which no more are added.
const CHUNK: usize = 100;
const CHUNK_BYTES: usize = 8 << 20;

/// Arguments of `mimamori rejected replay`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["addresses", "reason"]))]
pub struct ReplayArgs {
    #[command(flatten)]
    pub(super) source: Source,
    #[command(flatten)]
    by: OperatorArgs,
    /// Which records: PARTITION/OFFSET, as `list` says it
    addresses: Vec<Address>,
    /// All that were rejected for this reason and not sent again yet
    #[arg(long, requires = "since")]
    reason: Option<Reason>,
    /// With --reason: received since a time (2026-11-22T07:31:00+09:00), or how long ago (90m, 12h,
    /// 7d)
    #[arg(long, conflicts_with = "addresses")]
    since: Option<Since>,
    /// Sends this reading instead of the one record's bytes: JSON as `show` prints it, repaired
    #[arg(long, value_name = "FILE", conflicts_with = "reason")]
    reading: Option<PathBuf>,
    /// The right key of the one record: consortium_id/person_id
    #[arg(long, conflicts_with = "reason")]
    key: Option<String>,
    /// The right key is the one that the reading names
    #[arg(long, conflicts_with = "key")]
    key_of_reading: bool,
    /// Sends although it was sent again before
    #[arg(long, conflicts_with = "reason")]
    again: bool,
    /// Sends although it would be rejected again
    #[arg(long)]
    anyway: bool,
    /// Says what would be done, and does nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let addresses: BTreeSet<Address> = args.addresses.iter().copied().collect();
    if addresses.len() > 1 && (args.reading.is_some() || args.key.is_some()) {
        bail!("--reading and --key repair one record; give one address");
    }
    let codec = args.source.codec()?;
    let archive = args.source.archive(&codec);
    // First, so that what is read below holds what every earlier replay has sent.
    let together = (!args.dry_run)
        .then(|| {
            Together::new(&archive.kafka, &format!("{}mimamori-replay", archive.topics.prefix()))
        })
        .transpose()?;
    let raw_topic = archive.topics.name(Topic::ReadingsRaw);
    let audit_topic = archive.topics.name(Topic::AuditEvents);
    let judge = Judge {
        partitions: partition_count(&archive.kafka, &raw_topic)?,
        decoder: codec.decoder(),
        encoder: codec.encoder(&raw_topic)?,
        now: Timestamp::from_millis(now_ms()),
        anyway: args.anyway,
    };
    let mut sending = Sending {
        args,
        repair: args.repair()?,
        replays: Replays::new(),
        audit: codec.encoder(&audit_topic)?,
        archive,
        judge,
        together,
        topics: [raw_topic, audit_topic],
        waiting: Vec::new(),
        bytes: 0,
        sent: 0,
        refused: 0,
    };
    match (&args.reason, args.since) {
        (Some(reason), Some(since)) => sending.all_of(reason, since)?,
        _ => sending.each(&addresses)?,
    }
    sending.flush()?;
    Ok(sending.conclude())
}

impl ReplayArgs {
    fn repair(&self) -> anyhow::Result<Repair> {
        let read = |file: &PathBuf| -> anyhow::Result<Reading> {
            let named = || file.display().to_string();
            let json = std::fs::read(file).with_context(named)?;
            repair::parse(&json).with_context(named)
        };
        Ok(Repair {
            reading: self.reading.as_ref().map(read).transpose()?,
            key: match &self.key {
                Some(key) => Key::Given(key.clone()),
                None if self.key_of_reading => Key::OfReading,
                None => Key::AsItCame,
            },
        })
    }
}

struct Sending<'a> {
    args: &'a ReplayArgs,
    repair: Repair,
    archive: Archive,
    judge: Judge,
    replays: Replays,
    audit: Encoder<AuditEvent>,
    /// None in a dry run.
    together: Option<Together>,
    /// `readings.raw`, `audit.events`.
    topics: [String; 2],
    waiting: Vec<Resend>,
    bytes: usize,
    sent: u64,
    refused: u64,
}

impl Sending<'_> {
    fn each(&mut self, addresses: &BTreeSet<Address>) -> anyhow::Result<()> {
        let mut found = self.archive.find(addresses)?;
        let oldest = found.values().map(|rejected| rejected.origin.received_at).min();
        self.replays = self.archive.replays(oldest.unwrap_or(i64::MAX))?;
        for address in addresses {
            match found.remove(address) {
                Some(rejected) => self.take(rejected)?,
                None => self.refuse(*address, &not_found(*address).to_string()),
            }
        }
        Ok(())
    }

    fn all_of(&mut self, reason: &Reason, since: Since) -> anyhow::Result<()> {
        let since = since.moment(self.judge.now).millis();
        self.replays = self.archive.replays(since)?;
        let mut all = Vec::new();
        self.archive.rejections(since, |rejected| {
            if rejected.reason == reason.0 {
                all.push(Address::from(rejected.origin));
            }
            Ok(())
        })?;
        all.retain(|address| !self.replays.contains_key(address));
        for some in all.chunks(CHUNK) {
            for (_, rejected) in self.archive.find(&some.iter().copied().collect())? {
                self.take(rejected)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, rejected: RejectedReading) -> anyhow::Result<()> {
        let address = Address::from(rejected.origin);
        if let Some(last) = self.replays.get(&address).and_then(|all| all.last())
            && !self.args.again
        {
            let (at, by) = (written(last.at), &last.by);
            let why = format!("it was sent again at {at} by {by}; --again sends it once more");
            self.refuse(address, &why);
            return Ok(());
        }
        let whole = if rejected.is_whole() || self.repair.reading.is_some() {
            None
        } else {
            self.archive.raw(address)?
        };
        let found = Found::new(rejected, &self.judge.decoder);
        match self.judge.prepare(&found, whole.as_ref(), &self.repair) {
            Ok(resend) => {
                self.bytes += resend.length();
                self.waiting.push(resend);
                if self.waiting.len() >= CHUNK || self.bytes >= CHUNK_BYTES {
                    self.flush()?;
                }
            }
            Err(Refused::Never(why)) => self.refuse(address, &why),
            Err(Refused::NotNow(why)) => bail!("{address} cannot be checked now: {why}"),
        }
        Ok(())
    }

    fn refuse(&mut self, address: Address, why: &str) {
        self.refused += 1;
        eprintln!("{address} not sent: {why}");
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        if waiting.is_empty() {
            return Ok(());
        }
        let Some(together) = &self.together else {
            for resend in waiting {
                self.sent += 1;
                println!(
                    "{} would be sent to partition {}: {}",
                    resend.address, resend.partition, resend.how
                );
            }
            return Ok(());
        };
        let mut entries = Vec::with_capacity(waiting.len());
        for resend in &waiting {
            let (patient, how) = (resend.patient.clone(), &resend.how);
            let event = entry(&self.args.by.operator, REPLAYED, resend.address, patient, how);
            entries.push((self.audit.encode(&event)?, event.patient));
        }
        let [raw, audit] = &self.topics;
        let records: Vec<Outgoing<'_>> = (waiting.iter().zip(&entries))
            .flat_map(|(resend, (entry, patient))| {
                let recorded = Outgoing {
                    topic: audit,
                    partition: None,
                    key: patient.as_deref().map(str::as_bytes),
                    payload: Some(entry),
                };
                [resend.outgoing(raw), recorded]
            })
            .collect();
        let places = together.write(&records).context(
            "nothing of this was sent, unless the error came while committing; the same command \
             again refuses what was sent",
        )?;
        for (resend, place) in waiting.iter().zip(places.iter().step_by(2)) {
            self.sent += 1;
            println!("{} sent again as {}: {}", resend.address, Address::from(*place), resend.how);
        }
        Ok(())
    }

    fn conclude(&self) -> ExitCode {
        let (sent, refused) = (self.sent, self.refused);
        let done = if self.args.dry_run { "would be sent" } else { "sent" };
        println!("{sent} {done}, {refused} not");
        if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
