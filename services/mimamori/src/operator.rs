//! What is written into `audit.events` about operators.

use anyhow::Context;
use chassis::now_ms;
use clinical::source::written_by_a_person;
use schemas::AuditEvent;
use schemas::topics::Topic;
use stream::producer::{Outgoing, Producer};

use crate::source::Source;

/// Who runs a command that shows something of patients, or changes something.
#[derive(Debug, clap::Args)]
pub(crate) struct OperatorArgs {
    /// Who does it; it is recorded in audit.events
    #[arg(long, env = "MIMAMORI_OPERATOR", value_parser = operator)]
    pub(crate) operator: String,
}

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

/// Records that an operator is shown something of patients, before it is, or was refused it: an entry for
/// each patient, so that a search for the patient finds it; one without patient where there is none. Blocks
/// the thread.
///
/// # Errors
/// When it cannot be recorded; then nothing may be shown.
pub(crate) fn record_access<'p>(
    source: &Source,
    operator: &str,
    (action, allowed): (&str, bool),
    what: &str,
    patients: impl IntoIterator<Item = &'p str>,
) -> anyhow::Result<()> {
    let topic = source.topics().name(Topic::AuditEvents);
    let encoder = source.codec()?.encoder(&topic)?;
    let events = accesses(operator, (action, allowed), what, patients);
    let encoded = events.iter().map(|event| encoder.encode(event));
    let encoded = encoded.collect::<Result<Vec<_>, _>>()?;
    let producer = Producer::new(&source.kafka, "mimamori-operator")?;
    let records = events.iter().zip(&encoded).map(|(event, payload)| Outgoing {
        topic: &topic,
        partition: None,
        key: event.patient.as_deref().map(str::as_bytes),
        payload: Some(payload),
    });
    tokio::runtime::Handle::current()
        .block_on(producer.send_all(records))
        .context("the access cannot be recorded, so nothing is shown")
}

fn accesses<'p>(
    operator: &str,
    (action, allowed): (&str, bool),
    what: &str,
    patients: impl IntoIterator<Item = &'p str>,
) -> Vec<AuditEvent> {
    let entry = |patient: Option<&str>| {
        let event = by_operator(operator, action, patient.map(str::to_owned), what.to_owned());
        AuditEvent { allowed, ..event }
    };
    let entries: Vec<_> = patients.into_iter().map(|patient| entry(Some(patient))).collect();
    if entries.is_empty() { vec![entry(None)] } else { entries }
}

/// Reads an operator's name: what stands in the record of accesses.
///
/// # Errors
/// When it is empty, long, or not printable.
fn operator(text: &str) -> Result<String, String> {
    let name = written_by_a_person(text, 100).filter(|name| !name.chars().any(char::is_control));
    let name = name.map(str::to_owned);
    name.ok_or_else(|| "an operator's name has 1 to 100 printable characters".to_owned())
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

    #[test]
    fn whose_data_was_asked_for_is_on_record_also_where_it_is_refused() {
        for allowed in [true, false] {
            let entries = accesses("hana", ("look", allowed), "how many", ["A/1", "B/2"]);
            let whose: Vec<_> = entries.iter().map(|entry| entry.patient.as_deref()).collect();
            assert_eq!(whose, [Some("A/1"), Some("B/2")]);
            assert!(entries.iter().all(|entry| entry.allowed == allowed && entry.actor == "hana"));
        }
        let of_nobody = accesses("hana", ("look", false), "refused", []);
        assert_eq!(of_nobody.len(), 1);
        assert_eq!(of_nobody[0].patient, None);
    }
}
