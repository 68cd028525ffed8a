//! The clock of the machine.

use std::time::{SystemTime, UNIX_EPOCH};

/// The present, milliseconds since the epoch; 0 where the clock is set to before it.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
