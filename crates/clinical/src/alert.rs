//! An alert: what is said to a physician, and the whole of its state.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::measurement::Kind;
use crate::patient::PatientId;
use crate::reading::ReadingId;
use crate::time::Timestamp;

/// An alert's identifier: 32 hexadecimal digits, derived from patient, rule and the first reading
/// of the episode (or its beginning, where the readings are what is missing), so that a replay names
/// the same alert. It tells nothing about the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertId(u128);

impl AlertId {
    /// The id of the episode of a rule that begins with a reading.
    pub fn of(rule: Rule, first: &ReadingId) -> Self {
        Self(xxh3_128(format!("{rule}|{first}").as_bytes()))
    }

    /// The id of an episode without readings: of a patient, by when it began.
    pub fn without_reading(rule: Rule, patient: &PatientId, began: Timestamp) -> Self {
        Self(xxh3_128(format!("{rule}|{patient}|{}", began.seconds()).as_bytes()))
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        // The library also takes a sign for a digit.
        let is_written_so = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_written_so.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self)
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// The name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of a name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// The rules. A patient has at most one open alert of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Severe high blood pressure at home.
    BpSevereHigh,
    /// Readings of a kind that the care plan expects do not come.
    DataMissing(Kind),
}

impl Rule {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BpSevereHigh => "bp.severe_high",
            Self::DataMissing(kind) => match kind {
                Kind::WeighingScale => "data.missing.weighing_scale",
                Kind::BloodPressure => "data.missing.blood_pressure",
                Kind::Activity => "data.missing.activity",
                Kind::Hba1c => "data.missing.hba1c",
                Kind::BloodPressureCheckup => "data.missing.blood_pressure_checkup",
                Kind::BloodGlucose => "data.missing.blood_glucose",
                Kind::BodyTemperature => "data.missing.body_temperature",
                Kind::OxygenSaturation => "data.missing.oxygen_saturation",
            },
        }
    }

    /// The rule of a name.
    pub fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix("data.missing.") {
            Some(kind) => Kind::parse(kind).map(Self::DataMissing),
            None => (name == Self::BpSevereHigh.as_str()).then_some(Self::BpSevereHigh),
        }
    }

    /// The kind of readings it looks at.
    pub const fn kind(self) -> Kind {
        match self {
            Self::BpSevereHigh => Kind::BloodPressure,
            Self::DataMissing(kind) => kind,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

named! {
    /// How soon somebody should look, the most urgent greatest.
    Severity {
        /// About the data, not the patient.
        Technical = "technical",
        /// Within the working routine.
        Review = "review",
        /// Now.
        Urgent = "urgent",
    }
}
named! {
    /// How far a rule has come.
    Stage {
        /// One severe reading and no second to confirm it.
        Unconfirmed = "unconfirmed",
        /// Confirmed by a second reading.
        Confirmed = "confirmed",
        /// Readings do not come.
        Missing = "missing",
    }
}
named! {
    /// Whether the alert still asks for attention.
    Status {
        /// It does.
        Open = "open",
        /// Its clearing condition came.
        Resolved = "resolved",
        /// The readings that raised it no longer say so.
        Retracted = "retracted",
    }
}
named! {
    /// What the newest event changed.
    Transition {
        /// Opened (or opened again).
        Raised = "raised",
        /// More severe than before.
        Escalated = "escalated",
        /// Less severe than before.
        Eased = "eased",
        /// Same severity, other evidence.
        Updated = "updated",
        /// Closed by its clearing condition.
        Resolved = "resolved",
        /// Closed because its cause was corrected away.
        Retracted = "retracted",
    }
}

/// A reading that an alert rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Which reading.
    pub reading: ReadingId,
    /// What it says: names of the exchange standard with values in their units.
    pub values: Vec<(&'static str, f64)>,
}

/// A text in the languages of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

/// An alert's whole state: each event carries it, so that the newest event alone restores it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Which alert.
    pub id: AlertId,
    /// Whose.
    pub patient: PatientId,
    /// Raised by which rule.
    pub rule: Rule,
    /// How far.
    pub stage: Stage,
    /// How urgent.
    pub severity: Severity,
    /// Whether open.
    pub status: Status,
    /// What the newest event changed.
    pub transition: Transition,
    /// Rests only on readings that came after the rule's patience: a review, never a page.
    pub late: bool,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Observation time of the episode's first reading; where readings are missing, the beginning of
    /// the first day without one.
    pub first_observed_at: Timestamp,
    /// Observation time of the newest reading of its evidence, or of the occasion that ended it; where
    /// readings are missing, until when that was known.
    pub last_observed_at: Timestamp,
    /// What it rests on; nothing, where readings are missing.
    pub evidence: Vec<Evidence>,
    /// The threshold it was measured against.
    pub threshold: String,
    /// The rule set's name.
    pub rule_set: String,
    /// The care plan's version, 0 for none.
    pub plan_version: i32,
    /// What it says.
    pub text: Text,
    /// The reading whose arrival, correction or withdrawal made the newest change; none when time did.
    pub cause: Option<ReadingId>,
}

impl Alert {
    /// Whether it asks for attention.
    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }
}
