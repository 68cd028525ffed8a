//! What is written into `audit.events` about rejected records.

use schemas::AuditEvent;

use super::address::Address;
use crate::operator::{SERVICE, by_operator};

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
    by_operator(operator, action, patient, format!("{address}: {how}"))
}

/// That a record was sent again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Replay {
    /// When, milliseconds since the epoch.
    #[serde(serialize_with = "super::moment::serialize")]
    pub(super) at: i64,
    /// By whom.
    pub(super) by: String,
    /// How.
    pub(super) detail: String,
}

impl Replay {
    /// The replay that an [`entry`] records, and of which record; none of another access.
    pub(super) fn recorded(event: AuditEvent) -> Option<(Address, Self)> {
        if (event.service.as_str(), event.action.as_str()) != (SERVICE, REPLAYED) {
            return None;
        }
        let (address, how) = event.detail.split_once(": ")?;
        let replay = Self { at: event.at, detail: how.to_owned(), by: event.actor };
        Some((address.parse().ok()?, replay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_is_read_back_from_the_entry_that_records_it() {
        let address = Address { partition: 3, offset: 1042 };
        let event = entry("aoki", REPLAYED, address, Some("A/1".to_owned()), "repaired: unit");
        let (found, replay) = Replay::recorded(event.clone()).unwrap();
        assert_eq!((found, replay.at), (address, event.at));
        assert_eq!((&*replay.by, &*replay.detail), ("aoki", "repaired: unit"));
        assert_eq!(Replay::recorded(entry("aoki", SHOWN, address, None, "")), None);
    }
}
