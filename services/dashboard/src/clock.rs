//! The present.

use clinical::Timestamp;

/// The present, by the clock of the machine.
pub fn now() -> Timestamp {
    Timestamp::from_millis(chassis::now_ms())
}
