//! What the senders know.

use std::collections::BTreeMap;

use clinical::{Timestamp, Version};
use schemas::Reading;
use simulator::Oracle;
use simulator::oracle::Expected as Due;
use simulator::transmission::Route;
use stream::follow::Incoming;

use super::undisturbed::{DueOutcome, Expected};
use super::{Came, Complaints};

/// Whether a send is known to have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Gateway or Kafka acknowledged it.
    Acknowledged,
    /// Nobody said whether it arrived; it is sent again.
    Unknown,
}

/// Everything that was sent, with what is known of its arrival.
#[derive(Debug, Default)]
pub struct Sent {
    /// Which versions must be current in the end.
    pub oracle: Oracle,
    sends: BTreeMap<What, Sends>,
}

/// What can be found again among the raw records: a valid version of a reading, or the bytes
/// of what will be rejected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Version(String, Version),
    Rejected(Vec<u8>),
}

#[derive(Debug, Clone, Default)]
struct Sends {
    acknowledged: u64,
    unknown: u64,
    first: Option<Timestamp>,
    reason: Option<&'static str>,
}

impl Sent {
    /// A reading was sent to the gateway. What the gateway refuses as it has to goes no further.
    pub fn by_http(&mut self, reading: &Reading, certainty: Certainty, at: Timestamp) {
        match reading.validate(at) {
            Ok(checked) => {
                self.note(What::Version(checked.id().to_string(), checked.version), certainty, at);
                if certainty == Certainty::Acknowledged {
                    self.oracle.note_sent(reading, Route::Http, at);
                }
            }
            Err(_) if certainty == Certainty::Acknowledged => {
                self.oracle.note_sent(reading, Route::Http, at);
            }
            Err(_) => {}
        }
    }

    /// A reading was written to Kafka, as these bytes.
    pub fn by_kafka(&mut self, reading: &Reading, bytes: &[u8], known: Certainty, at: Timestamp) {
        let sends = match reading.validate(at) {
            Ok(checked) => {
                self.note(What::Version(checked.id().to_string(), checked.version), known, at)
            }
            Err(_) => self.note(What::Rejected(bytes.to_vec()), known, at),
        };
        if let Err(rejection) = reading.validate(at) {
            sends.reason = Some(rejection.reason.as_str());
        }
        if known == Certainty::Acknowledged {
            let due = self.oracle.note_sent(reading, Route::Kafka, at);
            debug_assert_eq!(due == Due::Stored, reading.validate(at).is_ok());
        }
    }

    /// Bytes that are no record were written to Kafka.
    pub fn garbage(&mut self, bytes: &[u8], known: Certainty, at: Timestamp) {
        let sends = self.note(What::Rejected(bytes.to_vec()), known, at);
        sends.reason = Some(schemas::RejectionReason::Undecodable.as_str());
        if known == Certainty::Acknowledged {
            self.oracle.note_garbage();
        }
    }

    fn note(&mut self, what: What, certainty: Certainty, at: Timestamp) -> &mut Sends {
        let sends = self.sends.entry(what).or_default();
        match certainty {
            Certainty::Acknowledged => sends.acknowledged += 1,
            Certainty::Unknown => sends.unknown += 1,
        }
        sends.first.get_or_insert(at);
        sends
    }

    /// About when a version was first received.
    pub(super) fn first_received(&self, id: &str, version: Version) -> Option<Timestamp> {
        self.sends.get(&What::Version(id.to_owned(), version))?.first
    }

    /// How many sends were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.sends.values().map(|sends| sends.acknowledged).sum()
    }

    /// Each acknowledged send is a raw record, nobody else wrote any, and what is rejected is
    /// rejected for the reason that its sender expects.
    pub(super) fn compare(&self, expected: &Expected, came: &Came, found: &mut Complaints) {
        let mut arrived: BTreeMap<What, u64> = BTreeMap::new();
        let mut rerouted: BTreeMap<&[u8], u64> = BTreeMap::new();
        let (mut other_reasons, mut copies) = (Vec::new(), Vec::new());
        for record in &came.raw {
            let bytes = bytes_of(record);
            let what = match expected.outcomes.get(&(record.partition, record.offset)) {
                Some(DueOutcome::Stored(accepted)) => {
                    let version = Version::from_bits(accepted.version.cast_unsigned());
                    What::Version(accepted.reading_id.clone(), version)
                }
                Some(DueOutcome::Duplicate { id, version }) => {
                    What::Version(id.clone(), Version::from_bits(*version))
                }
                Some(DueOutcome::Rejected(reason)) => {
                    let what = What::Rejected(bytes.to_vec());
                    let due = self.sends.get(&what).and_then(|sends| sends.reason);
                    if due.is_some_and(|due| due != *reason) {
                        other_reasons.push((record.partition, record.offset, due, *reason));
                    }
                    what
                }
                Some(DueOutcome::Rerouted) => {
                    *rerouted.entry(bytes).or_default() += 1;
                    continue;
                }
                None => continue,
            };
            // The first copies of what was rerouted are the processor's, not the sender's.
            copies.push((what.clone(), bytes));
            *arrived.entry(what).or_default() += 1;
        }
        // A record on a wrong partition and its copy are one send.
        for (_, bytes) in &copies {
            if let Some(left) = rerouted.get_mut(bytes) {
                *left = left.saturating_sub(1);
            }
        }
        found.of_each("rerouted records without a copy", rerouted.iter().filter(|(_, n)| **n > 0));
        found.of_each("rejected for another reason (place, due, found)", other_reasons);
        let lost = self.sends.iter().filter_map(|(what, sends)| {
            let came = arrived.get(what).copied().unwrap_or(0);
            (came < sends.acknowledged).then_some((what, sends, came))
        });
        found.of_each("acknowledged sends that are no raw records", lost);
        // What was given up without an answer may have been written more than once: by its sender's
        // next try, and by the client of Kafka, which does not know either.
        let invented = arrived.iter().filter_map(|(what, came)| {
            let sends = self.sends.get(what).cloned().unwrap_or_default();
            (sends.unknown == 0 && *came > sends.acknowledged).then_some((what, sends, *came))
        });
        found.of_each("raw records that nobody sent", invented);
    }
}

fn bytes_of(record: &Incoming) -> &[u8] {
    record.payload.as_deref().unwrap_or_default()
}
