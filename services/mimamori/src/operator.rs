//! What is written into `audit.events` about operators.

use anyhow::Context;
use chassis::now_ms;
use schemas::AuditEvent;
use schemas::topics::Topic;
use stream::producer::{Outgoing, Producer};

use crate::source::Source;

/// Who writes: [`AuditEvent::service`].
pub(crate) const SERVICE: &str = "mimamori";

/// What an operator did, or was shown.
pub(crate) fn by_operator(
    operator: &str,
    action: &str,
    patient: Option<String>,
    detail: String,
) -> AuditEvent {
    let consortium = patient.as_deref().and_then(|patient| patient.split('/').next());
    AuditEvent {
        at: now_ms(),
        service: SERVICE.to_owned(),
        actor: operator.to_owned(),
        role: "operator".to_owned(),
        action: action.to_owned(),
        consortium: consortium.map(str::to_owned),
        patient,
        allowed: true,
        detail,
        session: None,
        patient_set: None,
    }
}

/// Records that an operator is shown something of patients, before it is: an entry for each patient, so
/// that a search for the patient finds it. Blocks the thread.
///
/// # Errors
/// When it cannot be recorded; then nothing may be shown.
pub(crate) fn record_shown<'p>(
    source: &Source,
    operator: &str,
    action: &str,
    what: &str,
    patients: impl IntoIterator<Item = &'p String>,
) -> anyhow::Result<()> {
    let topic = source.topics().name(Topic::AuditEvents);
    let encoder = source.codec()?.encoder(&topic)?;
    let mut entries = Vec::new();
    for patient in patients {
        let event = by_operator(operator, action, Some(patient.clone()), what.to_owned());
        entries.push((patient, encoder.encode(&event)?));
    }
    let producer = Producer::new(&source.kafka, "mimamori-operator")?;
    let records = entries.iter().map(|(patient, payload)| Outgoing {
        topic: &topic,
        partition: None,
        key: Some(patient.as_bytes()),
        payload: Some(payload),
    });
    tokio::runtime::Handle::current()
        .block_on(producer.send_all(records))
        .context("the access cannot be recorded, so nothing is shown")
}

/// Reads an operator's name: what stands in the record of accesses.
///
/// # Errors
/// When it is empty, long, or not printable.
pub(crate) fn operator(text: &str) -> Result<String, String> {
    let name = text.trim();
    if (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err("an operator's name has 1 to 100 printable characters".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_the_patients_consortium_where_there_is_a_patient() {
        let event = by_operator("aoki", "look", Some("A/1".to_owned()), "x".to_owned());
        assert_eq!((event.service.as_str(), event.actor.as_str()), ("mimamori", "aoki"));
        assert_eq!(event.consortium.as_deref(), Some("A"));
        assert_eq!(by_operator("aoki", "look", None, String::new()).consortium, None);
    }
}
