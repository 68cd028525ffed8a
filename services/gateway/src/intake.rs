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
    /// The first consortium that the credential does not cover, and how many others of the request.
    pub(crate) uncovered: Option<(String, usize)>,
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
    /// Not stored, for a reason that is not the sender's: to be sent again.
    NotStored(Vec<Problem>),
}

/// Why a request is answered as a whole, and none of its readings is sent.
#[derive(Debug)]
pub(crate) enum IntakeError {
    /// All of it is for consortia that the credential does not cover.
    WrongConsortium { document: usize, consortium_id: String },
    /// Anything else, with its answer.
    Answered(ErrorResponse),
}

/// Reads a request, and encodes what is good of it and for consortia that its sender may write for.
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
    let refused = |consortium_id: &str| refused(grant, registry, consortium_id);
    let context = exchange::Context { received, limits, zone: &zone, refused: &refused };
    let mut parsed = exchange::parse(body, &context, share)
        .map_err(|error| IntakeError::Answered(ErrorResponse::unreadable(&error)))?;
    let uncovered = uncovered(&parsed, refused)?;
    // Whatever the documents say they are for.
    for entry in &mut parsed.entries {
        let of_reading = |valid: &exchange::ValidReading| refused(&valid.reading.consortium_id);
        if let Some(rule) = entry.result.as_ref().ok().and_then(of_reading) {
            let (pointer, message) = (entry.pointer.clone(), rule.of_consortia().to_owned());
            entry.result = Err(vec![Problem { pointer, rule, message }]);
        }
    }
    // First, so that they are not left out where a document deviates in many ways.
    let mut warnings = Warnings::default();
    let is_taken = |consortium_id: &str| refused(consortium_id).is_none();
    let of_unregistered_consortia = warn_of_consortia(&parsed, registry, is_taken, &mut warnings);
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
                Err(problems) => result_of(problems),
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
        uncovered,
        bytes,
    })
}

/// The rule by which nothing of a sender is taken for a consortium; none where it is.
fn refused(grant: &Grant, registry: &Snapshot, consortium_id: &str) -> Option<Rule> {
    if !grant.covers(consortium_id) {
        Some(Rule::WrongConsortium)
    } else if !registry.has_usable_zone(consortium_id) {
        Some(Rule::TimeZone)
    } else {
        None
    }
}

/// The first consortium that is not covered, and how many others there are. One bad document costs
/// itself; where none is for a consortium that is taken, and all for one reason, the request is answered as
/// a whole.
fn uncovered(
    parsed: &Parsed,
    refused: impl Fn(&str) -> Option<Rule>,
) -> Result<Option<(String, usize)>, IntakeError> {
    let rules = || parsed.claims.keys().map(|consortium_id| refused(consortium_id));
    let of_rule = |rule| {
        let mut claims: Vec<(usize, &str)> = parsed
            .claims
            .iter()
            .filter(|(consortium_id, _)| refused(consortium_id) == Some(rule))
            .map(|(consortium_id, document)| (*document, consortium_id.as_str()))
            .collect();
        claims.sort_unstable();
        claims
    };
    let is_all = |rule| rules().next().is_some() && rules().all(|it| it == Some(rule));
    let uncovered = of_rule(Rule::WrongConsortium);
    if is_all(Rule::WrongConsortium)
        && let Some((document, consortium_id)) = uncovered.first()
    {
        let (document, consortium_id) = (*document, (*consortium_id).to_owned());
        return Err(IntakeError::WrongConsortium { document, consortium_id });
    }
    if is_all(Rule::TimeZone)
        && let Some((_, consortium_id)) = of_rule(Rule::TimeZone).first()
    {
        return Err(IntakeError::Answered(ErrorResponse::no_usable_zone(consortium_id)));
    }
    let others = uncovered.len().saturating_sub(1);
    Ok(uncovered.first().map(|(_, consortium_id)| ((*consortium_id).to_owned(), others)))
}

/// What becomes of a reading that is not taken: it is the operators who mend a time zone.
fn result_of(problems: Vec<Problem>) -> ReadingResult {
    match problems.iter().all(|problem| problem.rule == Rule::TimeZone) {
        true => ReadingResult::NotStored(problems),
        false => ReadingResult::Rejected(problems),
    }
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
fn warn_of_consortia(
    parsed: &Parsed,
    registry: &Snapshot,
    is_taken: impl Fn(&str) -> bool,
    warnings: &mut Warnings,
) -> usize {
    for (consortium_id, document) in &parsed.claims {
        if !registry.is_registered(consortium_id) && is_taken(consortium_id) {
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
