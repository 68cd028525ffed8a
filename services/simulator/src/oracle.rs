//! The truth about everything that was sent: what the store must hold in the end, in whatever order
//! and however often it arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use clinical::{Kind, PatientId, ReadingId, Timestamp, Version};
use schemas::reading::Reading;
use schemas::validation::ValidationError;
use serde::Serialize;

use crate::transmission::Route;

/// Takes note of what is sent and says what is to be expected of the store.
///
/// The same sends in any order give the same expectation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Oracle {
    readings: BTreeMap<ReadingId, BTreeMap<Version, Reading>>,
    rejects: BTreeMap<(Route, &'static str), u64>,
    uncertain: BTreeSet<(ReadingId, Version)>,
    acknowledged: u64,
    duplicates: u64,
}

/// A version of a reading that the store must hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stored<'a> {
    /// Which reading.
    pub id: &'a ReadingId,
    /// Which version of it.
    pub version: Version,
    /// Whether it is the greatest version of its reading.
    pub is_greatest: bool,
    /// What was sent.
    pub reading: &'a Reading,
}

/// Totals of what is expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Readings acknowledged by gateway or Kafka, or rejected by the gateway, each send counted.
    pub sent: u64,
    /// Readings: distinct ids.
    pub readings: u64,
    /// Versions: distinct ids and versions.
    pub versions: u64,
    /// Readings whose greatest version is not entered in error.
    pub current: u64,
    /// Sends of a version that was sent before.
    pub duplicates: u64,
    /// Sends that must be rejected, by the gateway or by the processor.
    pub rejected: u64,
    /// Versions of which it is not known whether they arrived.
    pub uncertain: u64,
}

/// What is expected of one send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The store must hold it.
    Stored,
    /// It is rejected for this reason.
    Rejected(&'static str),
}

/// Id and version of a reading that is received at a time.
///
/// # Errors
/// The rejection that it will meet.
pub fn validated(
    reading: &Reading,
    received_about: Timestamp,
) -> Result<(ReadingId, Version), ValidationError> {
    reading.validate(received_about).map(|checked| (checked.id(), checked.version))
}

impl Oracle {
    /// Nothing was sent yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A reading was acknowledged (or rejected by the gateway) at about this time.
    pub fn note_sent(
        &mut self,
        reading: &Reading,
        via: Route,
        received_about: Timestamp,
    ) -> Expected {
        match validated(reading, received_about) {
            Ok((id, version)) => {
                self.acknowledged += 1;
                self.uncertain.remove(&(id.clone(), version));
                // The send's own time and vendor are no part of the content.
                let content = Reading { send_time: None, vendor: None, ..reading.clone() };
                let known = self.readings.entry(id).or_default().insert(version, content);
                self.duplicates += u64::from(known.is_some());
                Expected::Stored
            }
            Err(rejection) => {
                self.note_rejected(via, rejection.reason.as_str());
                Expected::Rejected(rejection.reason.as_str())
            }
        }
    }

    /// Bytes that are no record were written to Kafka.
    pub fn note_garbage(&mut self) {
        self.note_rejected(Route::Kafka, schemas::RejectionReason::Undecodable.as_str());
    }

    /// A reading was sent, but nobody said whether it arrived.
    pub fn note_uncertain(&mut self, reading: &Reading, received_about: Timestamp) {
        if let Ok((id, version)) = validated(reading, received_about)
            && !self.readings.get(&id).is_some_and(|versions| versions.contains_key(&version))
        {
            self.uncertain.insert((id, version));
        }
    }

    fn note_rejected(&mut self, via: Route, reason: &'static str) {
        *self.rejects.entry((via, reason)).or_default() += 1;
    }

    /// Every version that the store must hold, by reading and version.
    pub fn expected_versions(&self) -> impl Iterator<Item = Stored<'_>> {
        self.readings.iter().flat_map(|(id, versions)| {
            let greatest = versions.last_key_value().map(|(version, _)| *version);
            versions.iter().map(move |(version, reading)| Stored {
                id,
                version: *version,
                is_greatest: Some(*version) == greatest,
                reading,
            })
        })
    }

    /// The greatest version of every reading, unless it is entered in error: what a query must show.
    pub fn expected_current(&self) -> impl Iterator<Item = Stored<'_>> {
        self.expected_versions()
            .filter(|stored| stored.is_greatest && !stored.is_entered_in_error())
    }

    /// The current readings of a patient and kind, in the order of observation.
    pub fn expected_of<'a>(
        &'a self,
        patient: &'a PatientId,
        kind: Kind,
    ) -> impl Iterator<Item = Stored<'a>> {
        self.expected_current()
            .filter(move |stored| stored.id.patient() == patient && stored.id.kind() == kind)
    }

    /// How many rejects are expected by route and reason.
    pub fn expected_rejects(&self) -> impl Iterator<Item = (Route, &'static str, u64)> {
        self.rejects.iter().map(|((via, reason), count)| (*via, *reason, *count))
    }

    /// Totals.
    pub fn totals(&self) -> Totals {
        let rejected = self.rejects.values().sum::<u64>();
        Totals {
            sent: self.acknowledged + rejected,
            readings: self.readings.len() as u64,
            versions: self.readings.values().map(|versions| versions.len() as u64).sum(),
            current: self.expected_current().count() as u64,
            duplicates: self.duplicates,
            rejected,
            uncertain: self.uncertain.len() as u64,
        }
    }

    /// Writes what is expected as JSON lines: one `totals`, one `rejects` for each route and reason,
    /// one `version` for each version that the store must hold, and one `uncertain` for each of
    /// which nobody said whether it arrived.
    ///
    /// # Errors
    /// When writing fails.
    pub fn dump(&self, mut out: impl Write) -> io::Result<()> {
        let mut line = |line: &Line<'_>| -> io::Result<()> {
            serde_json::to_writer(&mut out, line)?;
            out.write_all(b"\n")
        };
        line(&Line::Totals(self.totals()))?;
        for (route, reason, count) in self.expected_rejects() {
            line(&Line::Rejects { route, reason, count })?;
        }
        for stored in self.expected_versions() {
            line(&Line::Version {
                patient: stored.id.patient().as_str(),
                kind: stored.id.kind(),
                reading_id: stored.id.to_string(),
                observation_time: stored.id.observation_time().millis(),
                version: stored.version.bits() as i64,
                update_time: stored.version.update_time().millis(),
                is_greatest: stored.is_greatest,
                entered_in_error: stored.is_entered_in_error(),
                reading: stored.reading,
            })?;
        }
        for (id, version) in &self.uncertain {
            line(&Line::Uncertain { reading_id: id.to_string(), version: version.bits() as i64 })?;
        }
        Ok(())
    }
}

impl Stored<'_> {
    /// Whether this version says that the reading is none.
    pub fn is_entered_in_error(&self) -> bool {
        self.reading.status == schemas::reading::ReadingStatus::EnteredInError
    }
}

/// A line of the dump. Times are milliseconds since the epoch; versions are signed, as everywhere
/// on the wire.
#[derive(Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line<'a> {
    Totals(Totals),
    Rejects {
        route: Route,
        reason: &'static str,
        count: u64,
    },
    Version {
        patient: &'a str,
        kind: Kind,
        reading_id: String,
        observation_time: i64,
        version: i64,
        update_time: i64,
        is_greatest: bool,
        entered_in_error: bool,
        reading: &'a Reading,
    },
    Uncertain {
        reading_id: String,
        version: i64,
    },
}
