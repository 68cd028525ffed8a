//! An alert: what is reported to a physician, and the whole of its state. It carries numbers and
//! names, no sentences: those are made where they are shown, from the wording of the rule.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::patient::PatientId;
use crate::reading::{ReadingId, hexadecimal};
use crate::time::Timestamp;

/// An alert's identifier: 32 hexadecimal digits, derived from patient, rule and the first reading
/// of the episode (or its beginning, where the readings are what is missing), so that a replay names
/// the same alert. It tells nothing about the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertId(u128);

impl AlertId {
    /// The id of the episode of a rule that begins with a reading.
    pub fn of(rule: RuleName, first: &ReadingId) -> Self {
        Self(xxh3_128(format!("{rule}|{first}").as_bytes()))
    }

    /// The id of an episode without readings: of a patient, by when it began.
    pub fn without_reading(rule: RuleName, patient: &PatientId, began: Timestamp) -> Self {
        Self(xxh3_128(format!("{rule}|{patient}|{}", began.seconds()).as_bytes()))
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        hexadecimal(text, 32).map(Self)
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

/// The name of a rule. A patient has at most one open alert of each rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleName(&'static str);

impl RuleName {
    /// The name of a rule, which says what its name is.
    pub(crate) const fn of(name: &'static str) -> Self {
        Self(name)
    }

    /// The name as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
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
    /// How far a rule has come, the furthest greatest.
    Stage {
        /// What one reading says and no other confirms.
        Unconfirmed = "unconfirmed",
        /// What the readings say as the rule wants it.
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
        /// More severe than before, or in a new crisis.
        Escalated = "escalated",
        /// Less severe than before.
        Eased = "eased",
        /// Same severity, other evidence.
        Updated = "updated",
        /// Closed by its clearing condition.
        Resolved = "resolved",
        /// Closed because its cause was corrected away.
        Retracted = "retracted",
        /// Closed because the numbers that now count would not have it open: another care plan, programme
        /// or rule set, or another trust in a product. What it says stays, with the numbers that it was
        /// judged by.
        CriteriaChanged = "criteria_changed",
    }
}

/// Numbers by name, in the units of what they are called.
pub type Values = BTreeMap<Cow<'static, str>, f64>;

/// A reading that an alert rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Which reading.
    pub reading: ReadingId,
    /// What the reading says: field names of the exchange standard with values in their units.
    pub values: Values,
}

impl Evidence {
    /// A value of the reading.
    pub fn value(&self, field: &str) -> Option<f64> {
        self.values.get(field).copied()
    }
}

/// A text in the languages of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

/// What an alert said that was reported before wordings had versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Its sentences.
    pub text: Text,
    /// What it was measured against.
    pub threshold: String,
}

/// An alert's whole state: each event carries it, so that the newest event alone restores it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Which alert.
    pub id: AlertId,
    /// Whose.
    pub patient: PatientId,
    /// Raised by which rule.
    pub rule: RuleName,
    /// How far.
    pub stage: Stage,
    /// How urgent.
    pub severity: Severity,
    /// Whether open.
    pub status: Status,
    /// What the newest event changed.
    pub transition: Transition,
    /// Less severe than its stage because it rests on readings that came after the rule's patience:
    /// a review, never a page. Of an open alert in a new crisis, that the crisis was reported to nobody for
    /// this reason.
    pub late: bool,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When it was last raised or became worse: since when it asks for attention as it does. Each event
    /// carries it, because the topic of alerts is compacted.
    pub news_at: Timestamp,
    /// How urgent it was then: it may have eased since.
    pub news_severity: Severity,
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
    /// What the rule judged, e.g. the mean of two readings; the rule names the numbers.
    pub findings: Values,
    /// What the rule judged it against: the short names of its parameters with their values.
    pub parameters: Values,
    /// The version of the rule's wording that the alert was reported with; 0 of one from before there
    /// were versions.
    pub wording_version: i32,
    /// Of an alert from before there were versions, what it said then: by which numbers it was judged
    /// is known from that alone. None once it has been computed anew.
    pub reported: Option<Box<Reported>>,
    /// The rule set's name.
    pub rule_set: String,
    /// The care plan's version, 0 for none.
    pub plan_version: i32,
    /// The reading whose arrival, correction or entry in error made the newest change; none when
    /// time did, or several that were sent together and came late.
    pub cause: Option<ReadingId>,
}

impl Alert {
    /// Whether it asks for attention.
    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// Whether other numbers closed it, and no reading did.
    pub fn is_closed_by_other_numbers(&self) -> bool {
        self.transition == Transition::CriteriaChanged
    }

    /// Until when it lasted, as far as is known; an open one lasts for ever.
    pub fn until(&self) -> Timestamp {
        if self.is_open() { Timestamp::LATEST } else { self.last_observed_at }
    }

    /// A number that the rule judged.
    pub fn finding(&self, name: &str) -> Option<f64> {
        self.findings.get(name).copied()
    }

    /// A number that the rule judged against.
    pub fn parameter(&self, name: &str) -> Option<f64> {
        self.parameters.get(name).copied()
    }
}
