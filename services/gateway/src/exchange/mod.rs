//! The exchange document: JSON as the health information exchange rules define it, read without
//! input or output.
//!
//! [`parse`] takes a whole request body, one document or several after one another, and gives one
//! [`Entry`] for each reading in the order in which they stand there: either valid or with all
//! that is wrong with it, each fault at its place. Nothing that is wrong with one reading touches
//! another, and a document that is no JSON touches no other document. Only where none can be read, or
//! a limit is broken ([`Unreadable`]), the whole body is refused.
//!
//! Documents are read strictly: what the exchange rules do not name is an error, so that a
//! misspelt optional field is not lost in silence. What is known to occur in the wild is read with
//! a warning ([`WarningRule`]): `ovservation_time`, numbers in quotation marks, a consortium id
//! shorter than six, an `update_time` without milliseconds, blanks around codes, numbers for codes,
//! more decimals than are kept. `input_method_code` is the older name of `data_input_code` and read
//! as such. An optional field of a measurement costs itself: where it says that there is no value, or
//! is not as it must be, the reading is taken without it, with a warning. The extension `status` of a
//! record says that the reading was entered in error: then its values are those that it was sent
//! with.
//!
//! `num n` of the rules counts characters, the point included, of the shortest way to write a
//! value. Civil times are read with the extension `utc_offset` of record or document, or else in
//! the zone of the consortium. What clocks say that cannot be so is taken with a warning as well: a
//! factory date, a time after the receipt, two readings of a device at one whole minute. Where
//! clocks are moved, the order of the array says which of two instants a time is that they show
//! twice, with a warning, and one that they skip is read with the offset before the skip.

mod civil_time;
mod entry_bytes;
mod fields;
mod json;
mod measurement;
mod observation;
mod order;
mod places;
mod problem;
mod reader;
mod record;
mod same_minute;
mod walk;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod lost_clock_tests;
#[cfg(test)]
mod nothing_said_tests;
#[cfg(test)]
mod properties;

use std::collections::BTreeMap;

use clinical::{ReadingId, Timestamp};
use jiff::tz::TimeZone;
use schemas::Reading;

pub(crate) use places::is_padding;
pub use problem::{Problem, Rule, Warning, WarningRule, Warnings};

use crate::memory::{NoRoom, Share};
use places::Places;

/// How much a request may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Arrays and objects inside one another. The deepest document of the rules has 7.
    pub nesting: usize,
    /// Readings.
    pub readings: usize,
}

impl Limits {
    /// JSON values in a request: twice what the longest readings need.
    fn values(&self) -> usize {
        /// Members that every record has besides what was measured, at most.
        const AROUND_VALUES: usize = 9;
        /// The record itself, and its share of arrays, persons and documents.
        const AROUND_RECORD: usize = 3;
        const VALUES_PER_READING: usize =
            2 * (schemas::fields::MOST_FIELDS + AROUND_VALUES + AROUND_RECORD);
        self.readings.saturating_mul(VALUES_PER_READING).max(10_000)
    }
}

/// What reading a document depends on besides its text.
pub struct Context<'a> {
    /// When it was received: readings from later on are not valid.
    pub received: Timestamp,
    /// How much a request may hold.
    pub limits: Limits,
    /// The time zone of a consortium.
    pub zone: &'a dyn Fn(&str) -> TimeZone,
    /// The rule by which nothing is taken for a consortium; mostly none.
    pub refused: &'a dyn Fn(&str) -> Option<Rule>,
}

/// A request body, read.
#[derive(Debug, Default)]
pub struct Parsed {
    /// One entry for each reading, in the order of the body; added with [`Self::push`].
    pub entries: Vec<Entry>,
    /// For which consortia it is sent, each with the first document (from 0) that says so.
    pub claims: BTreeMap<String, usize>,
    /// What was tolerated.
    pub warnings: Warnings,
    /// How many problems its entries have.
    problems: usize,
    /// What its entries have taken of the request's share, in bytes.
    bytes: usize,
}

/// A request with more problems than this gets only the first of each further reading: an envelope
/// that is wrong in many ways is wrong in as many ways for each of its readings.
const PROBLEMS_IN_FULL: usize = 1000;

impl Parsed {
    /// Adds an entry, the one way to do so: what it takes until it is answered is taken of the request's
    /// share, and counted in [`Self::bytes`].
    ///
    /// # Errors
    /// [`Unreadable`] when there are as many readings as a request may hold, or the share has no room.
    pub fn push(
        &mut self,
        mut entry: Entry,
        limits: Limits,
        share: &mut Share,
    ) -> Result<(), Unreadable> {
        if self.entries.len() == limits.readings {
            return Err(Unreadable::TooManyReadings { limit: limits.readings });
        }
        if let Err(problems) = &mut entry.result {
            if self.problems > PROBLEMS_IN_FULL {
                problems.truncate(1);
                problems.shrink_to_fit();
            }
            self.problems += problems.len();
        }
        let bytes = entry.bytes();
        share.take(bytes)?;
        self.bytes += bytes;
        self.entries.push(entry);
        Ok(())
    }

    /// What its entries have taken of the request's share, in bytes: until they are answered.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Each consortium that the sender must be allowed to write for, with a document (from 0) that
    /// is for it: those that documents say, and those of the readings, whatever the documents say.
    pub fn consortia(&self) -> impl Iterator<Item = (&str, usize)> {
        let said = self.claims.iter().map(|(id, document)| (id.as_str(), *document));
        let readings = self.entries.iter().filter_map(|entry| {
            let valid = entry.result.as_ref().ok()?;
            Some((valid.reading.consortium_id.as_str(), entry.document))
        });
        said.chain(readings)
    }
}

/// One reading of the body, or a place where readings should be and none can be made out.
#[derive(Debug)]
pub struct Entry {
    /// Which document of the request, from 0.
    pub document: usize,
    /// JSON pointer into the document.
    pub pointer: String,
    /// The reading, or all that is wrong with it (the first thing, after a thousand problems).
    pub result: Result<ValidReading, Vec<Problem>>,
}

/// A reading that is well-formed and plausible.
#[derive(Debug)]
pub struct ValidReading {
    /// As it travels.
    pub reading: Reading,
    /// Its id.
    pub id: ReadingId,
}

/// Why a body cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is nothing but white space in it.
    #[error("the body is empty; send an exchange document")]
    Empty,
    /// It is no JSON from some place on.
    #[error("line {line}, column {column}: {what}")]
    Malformed {
        /// Which document, from 0.
        document: usize,
        /// Line of the body, from 1.
        line: usize,
        /// Column (byte) of the line, from 1.
        column: usize,
        /// What the parser says.
        what: String,
    },
    /// Arrays and objects nested too deep.
    #[error("document {document} nests arrays and objects deeper than {limit}")]
    TooDeep {
        /// Which document, from 0.
        document: usize,
        /// The limit.
        limit: usize,
    },
    /// More readings than a request may hold.
    #[error("a request may hold at most {limit} readings; send several requests")]
    TooManyReadings {
        /// The limit.
        limit: usize,
    },
    /// More JSON values than the readings of a request can need.
    #[error("a request may hold at most {limit} JSON values; send several requests")]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// The memory that requests may take together has no room for what is in the body.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

/// Reads a body of one or several exchange documents. What its trees and its entries take is taken
/// of the request's share; that of the entries is [`Parsed::bytes`], the rest may be given back.
///
/// # Errors
/// [`Unreadable`] when the body is no JSON or breaks a limit; then nothing of it is read.
pub fn parse(body: &[u8], context: &Context<'_>, share: &mut Share) -> Result<Parsed, Unreadable> {
    // A text is copied to be unescaped.
    share.take(body.len())?;
    let mut parsed = Parsed::default();
    let mut tree = json::Tree::new(context.limits.nesting, context.limits.values());
    let mut places = Places::of(body);
    let mut unreadable = None;
    let mut readable = 0;
    for document in 0.. {
        places.go_between(document, &mut parsed.warnings);
        if places.rest().is_empty() {
            break;
        }
        parsed.warnings.last_document = document;
        let error = match tree.read(places.rest(), share) {
            Ok((json, length)) => {
                walk::Walk::new(context, document, &mut parsed, share).document(json)?;
                places.go_to(places.at + length);
                readable += 1;
                continue;
            }
            Err(json::JsonError::Syntax { at, what }) => {
                let (line, column) = places.line_and_column(places.at + at);
                Unreadable::Malformed { document, line, column, what: what.to_owned() }
            }
            Err(json::JsonError::TooDeep) => {
                Unreadable::TooDeep { document, limit: context.limits.nesting }
            }
            Err(json::JsonError::TooManyValues) => {
                return Err(Unreadable::TooManyValues { limit: context.limits.values() });
            }
            Err(json::JsonError::NoRoom(no_room)) => return Err(Unreadable::NoRoom(no_room)),
        };
        walk::Walk::new(context, document, &mut parsed, share).unreadable(places.line(), &error)?;
        places.go_to_next_document();
        unreadable = unreadable.or(Some(error));
    }
    share.give_back(body.len());
    same_minute::warn(&mut parsed, share)?;
    match unreadable {
        Some(error) if readable == 0 => Err(error),
        None if readable == 0 => Err(Unreadable::Empty),
        _ => Ok(parsed),
    }
}
