//! A new crisis while an alert is open.
//!
//! A patient has one open alert of a rule, which further readings update and nobody hears of again. Where
//! values beyond the limit have gone, without what ends the alert, and come back, somebody has to be told
//! again: the alert *escalates* once more, once for each crisis, and says so in its findings.

use crate::alert::{Alert, Severity, Status, Values};
use crate::episode::Episode;
use crate::time::{Span, Timestamp};

/// Values beyond a limit so long after the last ones may be a new crisis. Ours: another day, for people
/// measure up to four hours earlier or later.
pub(crate) const AGAIN_AFTER: Span = Span::from_hours(20);

/// After so long without any value nobody knows whether it is the same crisis. Ours: the three days after
/// which readings are missing.
pub(crate) const UNKNOWN_AFTER: Span = Span::from_days(3);

/// The finding of an alert that was in a crisis again: when the newest one was seen to begin, in seconds
/// since 1970.
const CRISIS_AT: &str = "crisis_at";

/// A further crisis in an episode that lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crisis {
    /// When it was seen to begin; it tells one from another.
    pub began: Timestamp,
    /// How urgent: a review where all its readings came too late for a page.
    pub severity: Severity,
}

impl Crisis {
    /// When the newest crisis began that an alert tells of; none of one that was in the first only.
    pub fn known_of(alert: &Alert) -> Option<Timestamp> {
        alert.finding(CRISIS_AT).map(|seconds| Timestamp::from_seconds(seconds as i64))
    }

    /// One that is known from an alert, of which nobody has to be told.
    pub(crate) fn known(began: Timestamp) -> Self {
        Self { began, severity: Severity::Review }
    }

    /// Says in an alert's findings when it began.
    pub(crate) fn say_in(&self, findings: &mut Values) {
        findings.insert(CRISIS_AT.into(), self.began.seconds() as f64);
    }
}

/// Whether somebody is told of the newest crisis of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// There is none, or it was told, or the alert is raised with it.
    Nothing,
    /// Now.
    Now,
    /// Not: its readings came too late for that.
    TooLate,
}

impl Telling {
    /// Of an episode that an alert goes on with, by what the alert said so far.
    pub(crate) fn of(
        alert: Option<&Alert>,
        episode: &Episode,
        status: Status,
        now: Timestamp,
    ) -> Self {
        let (Some(crisis), Some(alert)) = (episode.crisis, alert) else { return Self::Nothing };
        // A correction may let it begin some hours earlier or later.
        let is_known =
            Crisis::known_of(alert).is_some_and(|known| crisis.began < known + AGAIN_AFTER);
        if is_known && !alert.late {
            return Self::Nothing;
        }
        let is_urgent = crisis.severity == Severity::Urgent;
        let is_in_time = is_urgent && episode.in_time_until.is_none_or(|until| now <= until);
        // Its readings came in time and were told, and are seen to be a crisis only now.
        let was_told = !is_known && is_urgent && alert.last_observed_at >= crisis.began;
        match (alert.status, status) {
            (Status::Open, Status::Open) if is_in_time => Self::Now,
            (Status::Open, Status::Open) if was_told => Self::Nothing,
            (Status::Open, Status::Open) => Self::TooLate,
            // What is over says what it said.
            (Status::Open | Status::Resolved, _) if is_known => Self::TooLate,
            _ => Self::Nothing,
        }
    }
}
