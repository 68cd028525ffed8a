//! From the bytes of a request to records for Kafka: reading, right, encoding. No input or output.

use clinical::Timestamp;
use schemas::{Encoder, Reading};

use crate::error_response::ErrorResponse;
use crate::exchange::{self, Parsed, Problem, Rule, WarningRule, Warnings};
use crate::memory::Share;
use crate::patients::Patients;
use crate::publish::Outbound;
use crate::registry::{Grant, Snapshot};

/// A request whose readings are ready to be sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Readings and rejections, in the order of the request.
    pub(crate) entries: Vec<Entry>,
    /// Records of the readings that are good, in the same order.
    pub(crate) records: Vec<Outbound>,
    /// What was tolerated.
    pub(crate) warnings: Warnings,
    /// Good readings of patients who are in no list, or whom nobody follows.
    pub(crate) of_unregistered_patients: usize,
    /// Good readings of consortia without an entry.
    pub(crate) of_unregistered_consortia: usize,
    /// What all of this takes of the request's share until it is answered, in bytes.
    pub(crate) bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) document: usize,
    pub(crate) pointer: String,
    pub(crate) result: ReadingResult,
}

#[derive(Debug)]
pub(crate) enum ReadingResult {
    /// Good: the next of the records is its record, and this its reading id.
    Good(String),
    /// Rejected.
    Rejected(Vec<Problem>),
}

/// Why a request is answered as a whole, and none of its readings is sent.
#[derive(Debug)]
pub(crate) enum IntakeError {
    /// For a consortium that the credential does not cover.
    WrongConsortium { document: usize, consortium_id: String },
    /// Anything else, with its answer.
    Answered(ErrorResponse),
}

/// Reads a request, checks that its sender may send all of it, and encodes what is good.
pub(crate) fn prepare(
    body: &[u8],
    grant: &Grant,
    (registry, patients): (&Snapshot, &Patients),
    encoder: &Encoder<Reading>,
    limits: exchange::Limits,
    received: Timestamp,
    share: &mut Share,
) -> Result<Prepared, IntakeError> {
    let zone = |consortium_id: &str| registry.zone(consortium_id);
    let context = exchange::Context { received, limits, zone: &zone };
    let mut parsed = exchange::parse(body, &context, share)
        .map_err(|error| IntakeError::Answered(ErrorResponse::unreadable(&error)))?;
    for (consortium_id, document) in parsed.consortia() {
        if !grant.covers(consortium_id) {
            let consortium_id = consortium_id.to_owned();
            return Err(IntakeError::WrongConsortium { document, consortium_id });
        }
        if !registry.has_usable_zone(consortium_id) {
            return Err(IntakeError::Answered(ErrorResponse::no_usable_zone(consortium_id)));
        }
    }
    // First, so that they are not left out where a document deviates in many ways.
    let mut warnings = Warnings::default();
    let of_unregistered_consortia = warn_of_consortia(&parsed, registry, &mut warnings);
    let of_unregistered_patients = warn_of_patients(&parsed, patients, &mut warnings);
    let warnings = warnings.followed_by(std::mem::take(&mut parsed.warnings));
    let bytes = parsed.bytes();
    let mut records = Vec::with_capacity(parsed.entries.len());
    let entries = parsed
        .entries
        .into_iter()
        .map(|entry| {
            let result = match entry.result {
                Ok(valid) => match encode(valid.reading, grant, encoder) {
                    Ok(record) => {
                        records.push(record);
                        ReadingResult::Good(valid.id.to_string())
                    }
                    Err(problem) => ReadingResult::Rejected(vec![Problem {
                        pointer: entry.pointer.clone(),
                        ..problem
                    }]),
                },
                Err(problems) => ReadingResult::Rejected(problems),
            };
            Entry { document: entry.document, pointer: entry.pointer, result }
        })
        .collect();
    Ok(Prepared {
        entries,
        records,
        warnings,
        of_unregistered_patients,
        of_unregistered_consortia,
        bytes,
    })
}

/// The good readings with their documents and pointers.
fn good(entries: &[exchange::Entry]) -> impl Iterator<Item = (usize, &str, &Reading)> {
    entries.iter().filter_map(|entry| {
        let valid = entry.result.as_ref().ok()?;
        Some((entry.document, entry.pointer.as_str(), &valid.reading))
    })
}

/// Warns once of each consortium without an entry, at the first document for it, and counts its
/// readings.
fn warn_of_consortia(parsed: &Parsed, registry: &Snapshot, warnings: &mut Warnings) -> usize {
    for (consortium_id, document) in &parsed.claims {
        if !registry.is_registered(consortium_id) {
            let rule = WarningRule::UnregisteredConsortium;
            warnings.add(*document, rule, || "/consortium_id".to_owned());
        }
    }
    good(&parsed.entries)
        .filter(|(_, _, reading)| !registry.is_registered(&reading.consortium_id))
        .count()
}

/// Warns of each person who is in no list or whom nobody follows, where a document names the person,
/// and counts their readings.
fn warn_of_patients(parsed: &Parsed, patients: &Patients, warnings: &mut Warnings) -> usize {
    let (mut readings, mut warned) = (0, None);
    // Readings of one person follow on one another.
    let mut last: Option<(String, bool)> = None;
    for (document, pointer, reading) in good(&parsed.entries) {
        let key = reading.key();
        let is_missing = match &last {
            Some((known, is_missing)) if *known == key => *is_missing,
            _ => patients.is_missing(&key),
        };
        last = Some((key, is_missing));
        if !is_missing {
            continue;
        }
        readings += 1;
        let person = person_of(pointer);
        if warned != Some((document, person)) {
            warned = Some((document, person));
            let rule = WarningRule::UnregisteredPatient;
            warnings.add(document, rule, || format!("{person}/person_id"));
        }
    }
    readings
}

/// The pointer to the person in whom a reading stands: its first two parts.
fn person_of(pointer: &str) -> &str {
    let end = pointer.match_indices('/').nth(2).map_or(pointer.len(), |(place, _)| place);
    &pointer[..end]
}

fn encode(
    mut reading: Reading,
    grant: &Grant,
    encoder: &Encoder<Reading>,
) -> Result<Outbound, Problem> {
    reading.vendor = Some(grant.vendor_id.clone());
    let key = reading.key();
    match encoder.encode(&reading) {
        Ok(payload) => Ok(Outbound { key, payload }),
        // A reading that was valid fits the schema; should one not, it must not stop the others.
        Err(error) => {
            tracing::error!(error = %error, "a reading does not fit its schema");
            let message = "the reading does not fit the platform's schema".to_owned();
            Err(Problem { pointer: String::new(), rule: Rule::Malformed, message })
        }
    }
}
