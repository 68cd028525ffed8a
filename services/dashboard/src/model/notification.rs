//! Who was notified of an alert, as the API says it.

use clinical::alert::Severity;
use clinical::notify::{Channel, WhyNobody};
use serde::Serialize;
use utoipa::ToSchema;

use super::care::Colleague;
use super::documented;
use super::time::Instant;
use crate::notifications::{self, OfAlert, Progress};
use crate::registry::Registry;

/// How somebody is notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationChannel {
    /// By a call to a paging service.
    Webhook,
    /// By mail.
    Email,
}

impl From<Channel> for NotificationChannel {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Webhook => Self::Webhook,
            Channel::Email => Self::Email,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationStatus {
    /// It is being sent.
    Sending,
    /// An attempt failed, and another one follows.
    Failed,
    /// It was given up, for a while at least.
    GivenUp,
    /// The receiver has taken it, which is no proof that a person has read it.
    Delivered,
}

impl From<Progress> for NotificationStatus {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Sending => Self::Sending,
            Progress::Failed => Self::Failed,
            Progress::GivenUp => Self::GivenUp,
            Progress::Delivered => Self::Delivered,
        }
    }
}

/// Why nobody could be notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UndeliveredReason {
    /// The team has no on-call list.
    NoOnCallList,
    /// Nobody of the list is on duty.
    NobodyOnDuty,
    /// No message to anybody on duty came through, or none after those that did.
    NoneDelivered,
}

impl From<WhyNobody> for UndeliveredReason {
    fn from(why: WhyNobody) -> Self {
        match why {
            WhyNobody::NoOnCallList => Self::NoOnCallList,
            WhyNobody::NobodyOnDuty => Self::NobodyOnDuty,
            WhyNobody::NoneDelivered => Self::NoneDelivered,
        }
    }
}

/// A message to somebody of the on-call list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Notification {
    /// To whom.
    pub to: Colleague,
    /// How.
    pub channel: NotificationChannel,
    /// As how urgent the alert was reported.
    #[schema(value_type = documented::Severity)]
    pub severity: Severity,
    /// What became of it.
    pub status: NotificationStatus,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Instant,
    /// When it came to its status.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Instant,
    /// How many attempts have failed.
    pub failed_attempts: u32,
}

/// That nobody could be notified.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Undelivered {
    /// When that was found.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// Why.
    pub reason: UndeliveredReason,
}

/// Who was notified of an alert in the last 30 days, because nobody saw to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertNotifications {
    /// Which alert.
    pub alert: String,
    /// Whose: `consortium_id/person_id`.
    pub patient: String,
    /// The messages, oldest first; the newest 128.
    pub notifications: Vec<Notification>,
    /// When nobody could be notified, oldest first.
    pub undelivered: Vec<Undelivered>,
}

impl AlertNotifications {
    /// What is known of an alert, with the names of the list of practitioners.
    pub fn of((alert, patient): (String, String), known: &OfAlert, registry: &Registry) -> Self {
        let message = |one: &notifications::Notification| Notification {
            to: Colleague::of(&one.practitioner, registry),
            channel: one.channel.into(),
            severity: one.severity(),
            status: one.progress.into(),
            decided_at: Instant::utc(one.decided_at),
            changed_at: Instant::utc(one.changed_at),
            failed_attempts: one.failed_attempts,
        };
        let undelivered = known
            .undelivered
            .iter()
            .map(|one| Undelivered { at: Instant::utc(one.at), reason: one.why.into() });
        Self {
            alert,
            patient,
            notifications: known.notifications.iter().map(message).collect(),
            undelivered: undelivered.collect(),
        }
    }
}
