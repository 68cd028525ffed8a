//! Who follows whom, by the dashboard's own rule, for commands that ask it once.

use dashboard::registry::{Change, Registry};
use schemas::registry::{CareTeam, Participant, Practitioner};
use schemas::topics::Topic;
use schemas::{AlertEvent, Codec, DecodeError, Record};
use stream::follow::Start;

use crate::entries::{decoded, each};
use crate::source::Source;

/// Reads the lists of participants, practitioners and care teams. Blocks the thread.
///
/// # Errors
/// When Kafka or the schema registry does not answer.
pub(crate) fn registry(source: &Source, codec: &Codec) -> anyhow::Result<Registry> {
    let registry = Registry::default();
    entries::<Participant>(source, codec, Topic::RegistryParticipants, |key, entry| {
        registry.apply(Change::Participant(key, entry));
    })?;
    entries::<Practitioner>(source, codec, Topic::RegistryPractitioners, |key, entry| {
        registry.apply(Change::Practitioner(key, entry));
    })?;
    entries::<CareTeam>(source, codec, Topic::RegistryCareTeams, |key, entry| {
        registry.apply(Change::CareTeam(key, entry));
    })?;
    Ok(registry)
}

/// Lets a registry know the patients of alerts: one who is on no list is the fallback team's. Blocks the
/// thread.
///
/// # Errors
/// When Kafka or the schema registry does not answer.
pub(crate) fn know_alerts(
    registry: &Registry,
    source: &Source,
    codec: &Codec,
) -> anyhow::Result<()> {
    entries::<AlertEvent>(source, codec, Topic::Alerts, |_, event| {
        if let Some(event) = event {
            registry.has_alert(&event.patient);
        }
    })
}

fn entries<T: Record>(
    source: &Source,
    codec: &Codec,
    topic: Topic,
    mut take: impl FnMut(String, Option<T>),
) -> anyhow::Result<()> {
    let decoder = codec.decoder::<T>();
    each(source, &source.topics().name(topic), Start::Beginning, |key, entry| {
        take(key, decoded(&decoder, entry)?);
        Ok::<(), DecodeError>(())
    })
}
