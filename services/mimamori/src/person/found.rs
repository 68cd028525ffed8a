//! What is there of a person, before and after the erasure.

use clinical::PatientId;
use schemas::topics::Topic;
use schemas::{CareEvent, Codec, DecodeError};
use stream::follow::Start;

use crate::entries::{decoded, each};
use crate::source::Source;

/// The newest record of a patient in a compacted topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Newest {
    /// There is none.
    #[default]
    None,
    /// An entry.
    Entry,
    /// A tombstone.
    Erased,
}

/// What is there of a patient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The key.
    pub(super) key: Newest,
    /// The identity.
    pub(super) identity: Newest,
    /// On the list of participants.
    pub(super) is_registered: bool,
}

/// What people have written about a patient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// Acts whose words are sealed.
    pub(super) sealed: usize,
    /// Reasons of care plans, which are not: of each plan that was set, in care.events.
    pub(super) reasons: usize,
    /// Whether a plan is in force, which holds its reasons too, in care.plans.
    pub(super) has_plan: bool,
}

impl Words {
    /// Whether anything was written.
    pub(super) fn is_anything(&self) -> bool {
        *self != Self::default()
    }

    /// Reads them. Blocks the thread for as long as it takes to read care.events.
    ///
    /// # Errors
    /// When Kafka or the schema registry does not answer.
    pub(super) fn read(
        source: &Source,
        codec: &Codec,
        patient: &PatientId,
    ) -> anyhow::Result<Self> {
        let has_plan = newest(source, Topic::CarePlans, patient)? == Newest::Entry;
        let mut found = Self { has_plan, ..Self::default() };
        let (topic, decoder) =
            (source.topics().name(Topic::CareEvents), codec.decoder::<CareEvent>());
        each(source, &topic, Start::Beginning, |key, payload| {
            if key != patient.as_str() {
                return Ok(());
            }
            if let Some(event) = decoded(&decoder, payload)? {
                let words = event.act.as_ref().and_then(|act| act.text.as_ref());
                found.sealed += usize::from(words.is_some_and(|words| !words.is_empty()));
                found.reasons += usize::from(event.plan.is_some() && !event.text.is_empty());
            }
            Ok::<(), DecodeError>(())
        })?;
        Ok(found)
    }
}

impl Found {
    /// Whether anything is known of the patient.
    pub(super) fn is_anything(&self) -> bool {
        *self != Self::default()
    }

    /// Whether nothing that was sealed can be opened any more.
    pub(super) fn is_erased(&self) -> bool {
        self.key == Newest::Erased && self.identity != Newest::Entry
    }

    /// Reads it. Blocks the thread.
    ///
    /// # Errors
    /// When Kafka does not answer.
    pub(super) fn read(source: &Source, patient: &PatientId) -> anyhow::Result<Self> {
        Ok(Self {
            key: newest(source, Topic::RegistryKeys, patient)?,
            identity: newest(source, Topic::RegistryIdentities, patient)?,
            is_registered: newest(source, Topic::RegistryParticipants, patient)? == Newest::Entry,
        })
    }
}

fn newest(source: &Source, topic: Topic, patient: &PatientId) -> anyhow::Result<Newest> {
    let mut newest = Newest::None;
    each(source, &source.topics().name(topic), Start::Beginning, |key, payload| {
        if key == patient.as_str() {
            newest = if payload.is_some() { Newest::Entry } else { Newest::Erased };
        }
        Ok(())
    })?;
    Ok(newest)
}
