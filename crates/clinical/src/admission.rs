//! What becomes of a reading: the outcomes, one of which every raw reading has.

use serde::{Deserialize, Serialize};

use crate::version::Version;

/// What became of a plausible reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its id was not known.
    New,
    /// Its id was known with an older `update_time`: it is current from now on.
    Correction,
    /// Observed before the window: stored, never a page.
    Historical,
    /// Id and version were known: dropped, because it changes nothing.
    Duplicate,
    /// Its id was known with a newer `update_time`: stored, does not become current.
    Stale,
    /// Its id was known with the same `update_time` and another content: both are stored, the
    /// greater digest is current whichever came first.
    Conflict,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 6] = [
        Outcome::New,
        Outcome::Correction,
        Outcome::Historical,
        Outcome::Duplicate,
        Outcome::Stale,
        Outcome::Conflict,
    ];

    /// The outcome's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::New => "new",
            Outcome::Correction => "correction",
            Outcome::Historical => "historical",
            Outcome::Duplicate => "duplicate",
            Outcome::Stale => "stale",
            Outcome::Conflict => "conflict",
        }
    }

    /// The outcome of a version whose reading is known with another version.
    pub fn of_version(version: Version, known: Version, historical: bool) -> Outcome {
        if version == known {
            Outcome::Duplicate
        } else if version.update_time() == known.update_time() {
            Outcome::Conflict
        } else if version < known {
            Outcome::Stale
        } else if historical {
            Outcome::Historical
        } else {
            Outcome::Correction
        }
    }
}
