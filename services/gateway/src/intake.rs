//! From the bytes of a request to records for Kafka: reading, right, encoding. No input or output.

use clinical::Timestamp;
use schemas::{Encoder, Reading};

use crate::error_response::ErrorResponse;
use crate::exchange::{self, Problem, Rule, Warnings};
use crate::memory::Share;
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
    registry: &Snapshot,
    encoder: &Encoder<Reading>,
    limits: exchange::Limits,
    received: Timestamp,
    share: &mut Share,
) -> Result<Prepared, IntakeError> {
    let zone = |consortium_id: &str| registry.zone(consortium_id);
    let context = exchange::Context { received, limits, zone: &zone };
    let parsed = exchange::parse(body, &context, share)
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
    Ok(Prepared { entries, records, warnings: parsed.warnings, bytes })
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
