//! What is written into `audit.events` about rejected records.

use schemas::AuditEvent;
use stream::transaction::now_ms;

use super::address::Address;

/// Who writes: [`AuditEvent::service`].
pub(super) const SERVICE: &str = "mimamori";
/// Somebody looked at a rejected record.
pub(super) const SHOWN: &str = "show_rejected";
/// Somebody sent a rejected record again.
pub(super) const REPLAYED: &str = "replay_rejected";

/// An operator's access to a rejected record. Its address comes first in the detail.
pub(super) fn entry(
    operator: &str,
    action: &str,
    address: Address,
    patient: Option<String>,
    how: &str,
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
        detail: format!("{address}: {how}"),
    }
}

/// Reads an operator's name: what stands in the record of accesses.
///
/// # Errors
/// When it is empty, long, or not printable.
pub(super) fn operator(text: &str) -> Result<String, String> {
    let name = text.trim();
    if (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err("an operator's name has 1 to 100 printable characters".to_owned())
    }
}
