//! Moments as people read them: UTC.

use clinical::Timestamp;
use serde::{Serialize, Serializer};

/// Milliseconds since the epoch in words.
pub(super) fn written(millis: i64) -> String {
    Timestamp::from_millis(millis).to_string()
}

/// [`written`], for a field of a JSON form.
pub(super) fn serialize<S: Serializer>(millis: &i64, to: S) -> Result<S::Ok, S::Error> {
    written(*millis).serialize(to)
}
