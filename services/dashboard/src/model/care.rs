//! What people do about alerts, as the API says it and takes it.

use clinical::Timestamp;
use clinical::alert::Severity;
use clinical::care::{CareState, Deed, Mark, Outcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documented;
use super::time::Instant;
use crate::problem::ProblemDetails;
use crate::registry::Registry;

/// Somebody of a care team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Colleague {
    /// The practitioner's id.
    pub id: String,
    /// The name; null of somebody who is on no list any more.
    pub name: Option<String>,
}

impl Colleague {
    /// A practitioner, as the list of practitioners has them.
    pub fn of(id: &str, registry: &Registry) -> Self {
        Self { id: id.to_owned(), name: registry.staff(id).map(|staff| staff.name) }
    }
}

/// The colleagues who follow a patient, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct Colleagues {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// Those to whom an alert of the patient can be assigned, oneself among them.
    pub colleagues: Vec<Colleague>,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CareMark {
    /// Who.
    pub by: Colleague,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}

/// Who is on it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CareAssignment {
    /// Who is on it.
    pub to: Colleague,
    /// Who said so, and when.
    #[serde(flatten)]
    pub mark: CareMark,
}

/// Until when it is put off.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CareSnooze {
    /// Until when; the time may have passed.
    #[schema(value_type = String, format = DateTime)]
    pub until: Instant,
    /// Who said so, and when.
    #[serde(flatten)]
    pub mark: CareMark,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CareClosing {
    /// What.
    #[schema(value_type = documented::CareOutcome)]
    pub outcome: Outcome,
    /// Who said so, and when.
    #[serde(flatten)]
    pub mark: CareMark,
}

/// What people did about an alert, as far as it holds: an acknowledgement, a snooze and a closing cover
/// what their author saw, and end when the alert becomes worse than that or is raised again.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Care {
    /// Who was the first to acknowledge it as it is.
    pub acknowledged: Option<CareMark>,
    /// Who is on it. It stays when the alert comes back.
    pub assigned: Option<CareAssignment>,
    /// Until when it is put off.
    pub snoozed: Option<CareSnooze>,
    /// What became of it.
    pub closed: Option<CareClosing>,
    /// Since when it is more than anybody covered, where somebody had covered what it was before: it came
    /// back. Null otherwise.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub came_back_at: Option<Instant>,
    /// How many comments there are.
    pub comments: usize,
    /// By when somebody is to have seen to it, as long as nobody has: overdue after that. Of an urgent alert
    /// that was acknowledged it is when that lapses. Null of what else is seen to, or not open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Instant>,
    /// The last change of the alert that this is of. With `acts` it tells the newer of two answers: neither
    /// goes back.
    #[schema(value_type = String, format = DateTime)]
    pub alert_changed_at: Instant,
    /// How many acts of the alert this is of.
    pub acts: usize,
}

impl Care {
    /// A care state and its extent, with the names of the list of practitioners.
    pub fn of(
        (state, (changed_at, acts)): &(CareState, (Timestamp, usize)),
        registry: &Registry,
    ) -> Self {
        let mark = |mark: &Mark| CareMark {
            by: Colleague::of(&mark.by, registry),
            at: Instant::utc(mark.at),
        };
        Self {
            acknowledged: state.acknowledged.as_ref().map(mark),
            assigned: state.assigned.as_ref().map(|assigned| CareAssignment {
                to: Colleague::of(&assigned.to, registry),
                mark: mark(&assigned.mark),
            }),
            snoozed: state.snoozed.as_ref().map(|snoozed| CareSnooze {
                until: Instant::utc(snoozed.until),
                mark: mark(&snoozed.mark),
            }),
            closed: state
                .closed
                .as_ref()
                .map(|closed| CareClosing { outcome: closed.outcome, mark: mark(&closed.mark) }),
            came_back_at: state.came_back_at.map(Instant::utc),
            comments: state.comments,
            due_at: state.due_at.map(Instant::utc),
            alert_changed_at: Instant::utc(*changed_at),
            acts: *acts,
        }
    }
}

/// What people did about an alert, with whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlertCare {
    /// Which alert.
    pub alert: String,
    /// Whose: `consortium_id/person_id`.
    pub patient: String,
    /// What people did about it.
    pub care: Care,
}

/// The alert as the page showed it when somebody acted. Required to acknowledge, to snooze and to close:
/// what has become worse since is not covered, and the act is refused.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The alert's `changed_at`.
    #[schema(format = DateTime)]
    pub changed_at: String,
    /// The alert's `severity`.
    #[schema(value_type = documented::Severity)]
    pub severity: Severity,
}

/// What is done.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RequestedAct {
    /// I have seen it, and see to it.
    Acknowledge {},
    /// Gives it to a colleague who follows the patient; null gives it back to the team.
    Assign {
        /// A practitioner's id.
        to: Option<String>,
    },
    /// Says something about it.
    Comment {
        /// 1 to 2000 characters.
        text: String,
    },
    /// Puts it off: an urgent alert for 4 hours at most, any other one for 14 days.
    Snooze {
        /// Until when.
        #[schema(format = DateTime)]
        until: String,
        /// Why, 1 to 2000 characters.
        reason: String,
    },
    /// Says what became of it.
    Close {
        /// What.
        #[schema(value_type = documented::CareOutcome)]
        outcome: Outcome,
        /// Why, 1 to 2000 characters; required of a false alarm.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Takes back an act of the alert, one's own or another person's; also an undo.
    Undo {
        /// The id of the act.
        act: String,
        /// Why, 1 to 2000 characters.
        #[serde(default)]
        reason: Option<String>,
    },
}

impl RequestedAct {
    /// Its words.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Comment { text } | Self::Snooze { reason: text, .. } => Some(text),
            Self::Close { reason, .. } | Self::Undo { reason, .. } => reason.as_deref(),
            Self::Acknowledge {} | Self::Assign { .. } => None,
        }
    }
}

/// An act on an alert.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActRequest {
    /// Made by the client, a UUID or 1 to 64 letters, digits, `.`, `_` and `-`: a retry under the same id is
    /// the same act.
    pub id: String,
    /// What was seen of the alert.
    #[serde(default)]
    pub seen: Option<Seen>,
    /// What is done.
    pub act: RequestedAct,
}

/// One act on many alerts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActsRequest {
    /// As of one act; it names one act of each alert.
    pub id: String,
    /// What is done.
    pub act: RequestedAct,
    /// 1 to 200 alerts.
    pub alerts: Vec<ActedAlert>,
}

/// One of many alerts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActedAlert {
    /// Which alert.
    pub alert: String,
    /// What was seen of it.
    #[serde(default)]
    pub seen: Option<Seen>,
}

/// What became of one act of many.
#[derive(Serialize, ToSchema)]
pub struct ActAnswer {
    /// Which alert.
    pub alert: String,
    /// As if the act had been sent alone: 200 when it is done.
    pub status: u16,
    /// What people did about the alert, where it is done.
    pub care: Option<Care>,
    /// Why it is not done.
    pub problem: Option<ProblemDetails>,
}

/// What became of one act on many alerts.
#[derive(Serialize, ToSchema)]
pub struct ActAnswers {
    /// An answer for each alert, in the order of the request.
    pub answers: Vec<ActAnswer>,
}

/// The kinds of acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// Has seen it.
    Acknowledge,
    /// Gave it to somebody.
    Assign,
    /// Said something.
    Comment,
    /// Put it off.
    Snooze,
    /// Said what became of it.
    Close,
    /// Took back another act.
    Undo,
}

impl From<&Deed> for ActKind {
    fn from(deed: &Deed) -> Self {
        match deed {
            Deed::Acknowledge(_) => Self::Acknowledge,
            Deed::Assign(_) => Self::Assign,
            Deed::Comment => Self::Comment,
            Deed::Snooze(..) => Self::Snooze,
            Deed::Close(..) => Self::Close,
            Deed::Undo(_) => Self::Undo,
        }
    }
}

/// By which act another one was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Undone {
    /// The id of the act that took it back.
    pub act: String,
    /// Who took it back, and when.
    #[serde(flatten)]
    pub mark: CareMark,
}

/// An act that was done.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordedAct {
    /// Its id, which its client made.
    pub id: String,
    /// What was done.
    pub kind: ActKind,
    /// Who did it, and when.
    #[serde(flatten)]
    pub mark: CareMark,
    /// Of an assignment: to whom; null where it was given back to the team.
    pub to: Option<Colleague>,
    /// Of a snooze: until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Instant>,
    /// Of a closing: what became of it.
    #[schema(value_type = Option<documented::CareOutcome>)]
    pub outcome: Option<Outcome>,
    /// Of an undo: the id of the act that it takes back.
    pub undoes: Option<String>,
    /// How urgent the alert was to whom did it.
    #[schema(value_type = Option<documented::Severity>)]
    pub severity: Option<Severity>,
    /// The words to it.
    pub text: Option<String>,
    /// There are words that cannot be read any more: the patient's data was deleted, or the key is missing.
    pub text_lost: bool,
    /// Where it was taken back: by whom. Null where it counts.
    pub undone: Option<Undone>,
}

/// Everything that was done about an alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertActs {
    /// Which alert.
    pub alert: String,
    /// Whose: `consortium_id/person_id`.
    pub patient: String,
    /// What it comes to.
    pub care: Option<Care>,
    /// The acts, oldest first.
    pub acts: Vec<RecordedAct>,
}
