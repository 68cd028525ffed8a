//! The alert's own events, as far as acts depend on them.

use super::act::Covered;
use crate::alert::{Alert, Severity, Stage, Status, Transition};
use crate::crisis::Crisis;
use crate::time::Timestamp;

/// What an event of an alert says, as far as acts depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertNews {
    /// How urgent.
    pub severity: Severity,
    /// How far the rule has come.
    pub stage: Stage,
    /// Whether open.
    pub status: Status,
    /// What the event changed.
    pub transition: Transition,
    /// When the alert was raised.
    pub raised_at: Timestamp,
    /// When it was last raised or became worse.
    pub news_at: Timestamp,
    /// How urgent it was then.
    pub news_severity: Severity,
    /// When the event changed it.
    pub changed_at: Timestamp,
    /// When the newest crisis began that was reported to somebody inside the open alert.
    pub crisis_at: Option<Timestamp>,
}

impl AlertNews {
    /// When the newest crisis began that was reported to somebody: one that no further reading has
    /// confirmed, or whose readings came too late, was reported to nobody.
    pub fn reported_crisis(
        finding: impl Fn(&str) -> Option<f64>,
        is_late: bool,
    ) -> Option<Timestamp> {
        Crisis::reported_by(finding).filter(|_| !is_late)
    }
}

impl From<&Alert> for AlertNews {
    fn from(alert: &Alert) -> Self {
        Self {
            severity: alert.severity,
            stage: alert.stage,
            status: alert.status,
            transition: alert.transition,
            raised_at: alert.raised_at,
            news_at: alert.news_at,
            news_severity: alert.news_severity,
            changed_at: alert.changed_at,
            crisis_at: Self::reported_crisis(|name| alert.finding(name), alert.late),
        }
    }
}

/// The course of an alert: its newest event, and since when it is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    newest: AlertNews,
    /// When it was last raised or became worse: what an event says of an earlier time does not count.
    news_at: Timestamp,
}

impl Course {
    /// The course that begins with an event. The topic is compacted: it may not be the alert's first.
    pub fn of(first: AlertNews) -> Self {
        Self { newest: first, news_at: first.news_at }
    }

    /// A further event. The same one again changes nothing.
    pub fn apply(&mut self, event: AlertNews) {
        self.news_at = self.news_at.max(event.news_at);
        self.newest = event;
    }

    /// The newest event.
    pub const fn newest(&self) -> &AlertNews {
        &self.newest
    }

    /// When the alert was last raised or became worse.
    pub const fn news_at(&self) -> Timestamp {
        self.news_at
    }

    /// The highest severity since the alert was last raised or became worse: it may ease before anybody
    /// has seen it.
    pub fn highest(&self) -> Severity {
        self.newest.severity.max(self.newest.news_severity)
    }

    /// Whether the alert asks for attention by itself.
    pub fn is_open(&self) -> bool {
        self.newest.status == Status::Open
    }

    /// What somebody covers now who saw the alert as it was after its change at a time.
    pub const fn seen_at(&self, changed_at: Timestamp) -> Covered {
        let AlertNews { severity, stage, raised_at, crisis_at, .. } = self.newest;
        Covered { changed_at, raised_at, severity, stage, crisis_at }
    }

    /// Whether the alert is or was worse than what was covered. What became worse and is better again
    /// is so too: nobody has seen it. Severity and stage are compared beside the times, because events of
    /// one moment have the same time.
    pub fn is_beyond(&self, covered: &Covered) -> bool {
        let AlertNews { severity, stage, raised_at, crisis_at, .. } = self.newest;
        self.news_at > covered.changed_at
            || raised_at > covered.raised_at
            || (severity, stage) > (covered.severity, covered.stage)
            || crisis_at > covered.crisis_at
    }
}
