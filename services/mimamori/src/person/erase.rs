//! `mimamori person erase`.
//!
//! The key dies in a transaction under the id that all who make keys share: from then on nobody makes
//! another one of this patient who has not read that it was erased.

use anyhow::{Context, ensure};
use clinical::PatientId;
use clinical::source::written_by_a_person;
use dashboard::clock::now;
use dashboard::person_keys::transactional_id;
use schemas::topics::Topic;
use stream::producer::Outgoing;
use stream::together::Together;

use super::found::{Found, Words};
use super::report::Report;
use crate::operator::{OperatorArgs, by_operator};
use crate::person_keys::until_shown;
use crate::source::Source;

/// Arguments of `mimamori person erase`.
#[derive(Debug, clap::Args)]
pub struct EraseArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    by: OperatorArgs,
    /// Why, such as the number of the request: it stands in the report and in audit.events, so it names nobody
    #[arg(long, value_parser = reason)]
    reason: String,
    /// Says what would be erased and erases nothing
    #[arg(long)]
    dry_run: bool,
    /// Whose: consortium_id/person_id
    #[arg(value_parser = |text: &str| PatientId::parse(text))]
    patient: PatientId,
}

/// Reads a reason.
fn reason(text: &str) -> Result<String, String> {
    let reason = written_by_a_person(text, 200).filter(|reason| !reason.contains(['\n', '\r']));
    reason.map(str::to_owned).ok_or_else(|| "a reason has 1 to 200 printable characters".to_owned())
}

/// Blocks the thread.
pub(super) fn run(args: &EraseArgs) -> anyhow::Result<()> {
    let EraseArgs { source, patient, .. } = args;
    let codec = source.codec()?;
    let topics = source.topics();
    // All events of years are read, which takes long: nobody else is to wait for it, nor a transaction to end.
    let words = Words::read(source, &codec, patient)?;
    // Then this, so that what is read below holds what everybody has written who made a key before.
    let together = match args.dry_run {
        true => None,
        false => Some(Together::new(&source.kafka, &transactional_id(&topics))?),
    };
    let before = Found::read(source, patient)?;
    ensure!(
        before.is_anything() || words.is_anything(),
        "nothing is known of {patient}; is the id right?"
    );
    if let Some(together) = together {
        let names =
            [Topic::RegistryKeys, Topic::RegistryIdentities].map(|topic| topics.name(topic));
        let audit = topics.name(Topic::AuditEvents);
        let detail = format!("{}; readings stay under the pseudonym", args.reason);
        let event =
            by_operator(&args.by.operator, "erase_person", Some(patient.to_string()), detail);
        let entry = codec.encoder(&audit)?.encode(&event)?;
        let key = Some(patient.as_str().as_bytes());
        let record = |topic, payload| Outgoing { topic, partition: None, key, payload };
        let records =
            [record(&names[0], None), record(&names[1], None), record(&audit, Some(&entry))];
        together
            .write(&records)
            .context("it is not known whether the person was erased; run the command again")?;
        until_shown(&format!("the erasure of {patient}; run the command again"), || {
            Ok(Found::read(source, patient)?.is_erased().then_some(()))
        })?;
    }
    let report = Report {
        patient,
        operator: &args.by.operator,
        reason: &args.reason,
        at: now(),
        before,
        words,
        is_dry_run: args.dry_run,
    };
    print!("{report}");
    Ok(())
}
