//! An act on an alert.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::alert::{Severity, Stage};
use crate::patient::PatientId;
use crate::time::{Span, Timestamp};

/// An alert is put off for so long at most. Ours: two weeks, until the next visit of somebody who is
/// seen often.
pub const LONGEST_SNOOZE: Span = Span::from_days(14);

/// An urgent alert is put off for so long at most. Ours: within one shift, after which another person
/// would not know of it; what is urgent again after four hours is a new crisis (`crisis.rs`).
pub const LONGEST_SNOOZE_OF_URGENT: Span = Span::from_hours(4);

/// Whoever has acknowledged an urgent alert sees to it for so long: by then what became of it is to be said,
/// and otherwise somebody is called anew. Ours: the longest shift, after which another person would not know
/// of it.
pub const ACKNOWLEDGED_FOR: Span = Span::from_hours(12);

/// An act's id, which its client makes, so that a retry is one act: 1 to 64 letters, digits, `.`, `_`
/// and `-` of ASCII, such as a UUID. It names one act of one alert.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActId(Box<str>);

impl ActId {
    /// No id has more characters.
    pub const LONGEST: usize = 64;

    /// Reads an id.
    pub fn parse(text: &str) -> Option<Self> {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_id = (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(is_fit);
        is_id.then(|| Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ActId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the author of an act saw of the alert: what the act covers. What comes to the alert later, or
/// was there and not seen, it does not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// When the alert had last changed.
    pub changed_at: Timestamp,
    /// When it had been raised.
    pub raised_at: Timestamp,
    /// How urgent it was.
    pub severity: Severity,
    /// How far the rule had come.
    pub stage: Stage,
    /// When the newest crisis began that was reported to somebody inside the open alert.
    pub crisis_at: Option<Timestamp>,
}

/// What became of an alert that somebody closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The patient was spoken with.
    Contacted,
    /// The medication was changed.
    MedicationChanged,
    /// The patient was seen in the clinic.
    SeenInClinic,
    /// The patient was sent to a hospital.
    SentToHospital,
    /// There was nothing; the words say why.
    FalseAlarm,
}

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Contacted,
        Self::MedicationChanged,
        Self::SeenInClinic,
        Self::SentToHospital,
        Self::FalseAlarm,
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contacted => "contacted",
            Self::MedicationChanged => "medication_changed",
            Self::SeenInClinic => "seen_in_clinic",
            Self::SentToHospital => "sent_to_hospital",
            Self::FalseAlarm => "false_alarm",
        }
    }

    /// The value of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// What somebody does about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Has seen it, and sees to it.
    Acknowledge(Covered),
    /// Gives it to a practitioner, or back to the team.
    Assign(Option<String>),
    /// Says something; the words are the act's text.
    Comment,
    /// Puts it off until a time; the words say why.
    Snooze(Covered, Timestamp),
    /// Has done what was to be done.
    Close(Covered, Outcome),
    /// Takes back an earlier act of the same alert.
    Undo(ActId),
}

impl Deed {
    /// The name of its kind.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Acknowledge(_) => "acknowledge",
            Self::Assign(_) => "assign",
            Self::Comment => "comment",
            Self::Snooze(..) => "snooze",
            Self::Close(..) => "close",
            Self::Undo(_) => "undo",
        }
    }

    /// What its author saw of the alert, where that matters.
    pub const fn covered(&self) -> Option<&Covered> {
        match self {
            Self::Acknowledge(covered) | Self::Snooze(covered, _) | Self::Close(covered, _) => {
                Some(covered)
            }
            Self::Assign(_) | Self::Comment | Self::Undo(_) => None,
        }
    }

    /// Whether it cannot do without words.
    pub const fn needs_text(&self) -> bool {
        matches!(self, Self::Comment | Self::Snooze(..) | Self::Close(_, Outcome::FalseAlarm))
    }

    /// Whether two say the same, as a client says it: what a service knew of the alert beside what the
    /// client had seen of it is none of their content.
    pub fn is_same(&self, other: &Self) -> bool {
        let seen = |deed: &Self| deed.covered().map(|covered| covered.changed_at);
        let rest = match (self, other) {
            (Self::Acknowledge(_), Self::Acknowledge(_)) | (Self::Comment, Self::Comment) => true,
            (Self::Assign(to), Self::Assign(other)) => to == other,
            (Self::Snooze(_, until), Self::Snooze(_, other)) => until == other,
            (Self::Close(_, outcome), Self::Close(_, other)) => outcome == other,
            (Self::Undo(act), Self::Undo(other)) => act == other,
            _ => false,
        };
        rest && seen(self) == seen(other)
    }
}

/// An act on an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Which act of the alert.
    pub id: ActId,
    /// Which alert.
    pub alert: String,
    /// Whose.
    pub patient: PatientId,
    /// By whom: a practitioner's id.
    pub by: String,
    /// When, by the clock of the service that took it.
    pub at: Timestamp,
    /// What.
    pub deed: Deed,
    /// Its words, sealed; empty for none.
    pub text: Vec<u8>,
}

/// Why an act is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// No such alert.
    #[error("the alert is not known")]
    UnknownAlert,
    /// The alert is another patient's.
    #[error("the alert is of another patient")]
    OtherPatient,
    /// The id was used for something else.
    #[error("the alert has an act of this id that says something else, or is of another person")]
    OtherContent,
    /// There is no such act to be undone.
    #[error("the alert has no act of the id that is to be undone")]
    UnknownAct,
    /// Somebody has undone it before.
    #[error("the act has been undone before")]
    AlreadyUndone,
    /// It has become worse than what was seen.
    #[error("the alert has become worse than what was seen of it")]
    HasBecomeWorse,
    /// The alert was seen as it has never been here (yet).
    #[error("the alert has not changed yet as it was seen")]
    NotSeenYet,
    /// What is over is not put off.
    #[error("the alert is not open")]
    NotOpen,
    /// Put off until a time that has passed, or for too long.
    #[error("the time until which the alert is put off has passed or is too far ahead")]
    UntilWhen,
    /// No more acts of the alert are taken.
    #[error("the alert has as many acts as are taken")]
    TooMany,
    /// It needs words and has none.
    #[error("words are missing that say why, or what")]
    TextMissing,
}

impl ActError {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownAlert => "unknown-alert",
            Self::OtherPatient => "other-patient",
            Self::OtherContent => "other-content",
            Self::UnknownAct => "unknown-act",
            Self::AlreadyUndone => "already-undone",
            Self::HasBecomeWorse => "has-become-worse",
            Self::NotSeenYet => "not-seen-yet",
            Self::NotOpen => "not-open",
            Self::UntilWhen => "until-when",
            Self::TooMany => "too-many",
            Self::TextMissing => "text-missing",
        }
    }
}
