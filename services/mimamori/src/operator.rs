//! What is written into `audit.events` about operators.

use chassis::now_ms;
use schemas::AuditEvent;

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
