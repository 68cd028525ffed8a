//! What an alert's acts come to.

use super::act::{ACKNOWLEDGED_FOR, Act, Covered, Deed, Outcome};
use super::acts::AlertActs;
use super::course::Course;
use crate::alert::Severity;
use crate::time::{Span, Timestamp};

/// Within so long somebody is to have seen an alert. Ours: an urgent one within half an hour, as long
/// as a clinic can be expected to take for a call; a review within three days, a weekend and its
/// Friday evening; what is about data within a week.
pub const fn response_within(severity: Severity) -> Span {
    match severity {
        Severity::Urgent => Span::from_minutes(30),
        Severity::Review => Span::from_days(3),
        Severity::Technical => Span::from_days(7),
    }
}

/// By whom and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// A practitioner's id.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Mark {
    fn of(act: &Act) -> Self {
        Self { by: act.by.clone(), at: act.at }
    }
}

/// Who is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// A practitioner's id.
    pub to: String,
    /// Who said so.
    pub mark: Mark,
}

/// Until when it is put off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snooze {
    /// Until when; the time may have passed.
    pub until: Timestamp,
    /// Who said so.
    pub mark: Mark,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// What.
    pub outcome: Outcome,
    /// Who said so.
    pub mark: Mark,
}

/// An alert's care state: what was done about the alert, as far as it holds.
///
/// An acknowledgement, a snooze and a closing cover what their authors saw. When the alert becomes
/// worse than that, or is raised again, they hold no more: the alert *came back*. Who is on it, and
/// what was said, stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CareState {
    /// Who was the first to acknowledge it as it is.
    pub acknowledged: Option<Mark>,
    /// Until when the newest acknowledgement holds, of an urgent alert that is open and not closed; none
    /// where it holds as long as it covers the alert.
    pub acknowledged_until: Option<Timestamp>,
    /// Who is on it.
    pub assigned: Option<Assignment>,
    /// Until when it is put off: the newest that covers it, unless it was acknowledged or closed since.
    pub snoozed: Option<Snooze>,
    /// What became of it: the newest that covers it.
    pub closed: Option<Closing>,
    /// Since when it is more than anybody covered, where somebody had covered what it was before.
    pub came_back_at: Option<Timestamp>,
    /// How many comments there are.
    pub comments: usize,
    /// When somebody is to have seen to it: as long as it is open and nobody has. Overdue after that.
    pub due_at: Option<Timestamp>,
}

impl CareState {
    /// The state of an alert.
    pub fn of(course: &Course, acts: Option<&AlertActs>) -> Self {
        let mut state = Self::default();
        let mut was_covered = false;
        let mut last_acknowledged = None;
        for act in acts.into_iter().flat_map(AlertActs::counted) {
            if let Some(covered) = act.deed.covered() {
                was_covered = true;
                if course.is_beyond(covered) {
                    continue;
                }
            }
            if matches!(act.deed, Deed::Acknowledge(_)) {
                last_acknowledged = last_acknowledged.max(Some(act.at));
            }
            state.add(act);
        }
        let lapses = course.is_open()
            && course.newest().severity == Severity::Urgent
            && state.closed.is_none();
        state.acknowledged_until =
            last_acknowledged.filter(|_| lapses).map(|at| at + ACKNOWLEDGED_FOR);
        let is_covered =
            state.acknowledged.is_some() || state.snoozed.is_some() || state.closed.is_some();
        state.came_back_at = (was_covered && !is_covered).then_some(course.news_at());
        state.due_at = state.due_at(course);
        state
    }

    fn add(&mut self, act: &Act) {
        match &act.deed {
            Deed::Acknowledge(_) => {
                self.acknowledged.get_or_insert_with(|| Mark::of(act));
                // Who has put it off before, or somebody else, sees to it now.
                self.snoozed = None;
            }
            Deed::Assign(to) => {
                self.assigned = to.clone().map(|to| Assignment { to, mark: Mark::of(act) });
            }
            Deed::Comment => self.comments += 1,
            Deed::Snooze(_, until) => {
                self.snoozed = Some(Snooze { until: *until, mark: Mark::of(act) });
                // Who puts it off has more to do about it.
                self.closed = None;
            }
            Deed::Close(_, outcome) => {
                self.closed = Some(Closing { outcome: *outcome, mark: Mark::of(act) });
                self.snoozed = None;
            }
            Deed::Undo(_) => {}
        }
    }

    fn due_at(&self, course: &Course) -> Option<Timestamp> {
        if !course.is_open() || self.closed.is_some() {
            return None;
        }
        match &self.snoozed {
            // Whoever has acknowledged it before: then it is due again.
            Some(snooze) => Some(snooze.until),
            None if self.acknowledged.is_some() => self.acknowledged_until,
            None => Some(course.news_at() + response_within(course.newest().severity)),
        }
    }

    /// Until when somebody sees to it or has put it off, where that ends with a time.
    pub fn attended_until(&self) -> Option<Timestamp> {
        self.snoozed.as_ref().map_or(self.acknowledged_until, |snooze| Some(snooze.until))
    }

    /// Whether somebody sees to it at a time: it was acknowledged or closed as it is, or is put off.
    pub fn is_attended(&self, at: Timestamp) -> bool {
        match self.attended_until() {
            Some(until) => at < until,
            None => self.acknowledged.is_some() || self.closed.is_some(),
        }
    }

    /// Whether it should have been seen to by a time, and was not.
    pub fn is_overdue(&self, at: Timestamp) -> bool {
        self.due_at.is_some_and(|due| at >= due)
    }
}

impl Covered {
    /// For how long an alert that was so may be put off.
    pub fn longest_snooze(&self) -> Span {
        match self.severity {
            Severity::Urgent => super::act::LONGEST_SNOOZE_OF_URGENT,
            Severity::Review | Severity::Technical => super::act::LONGEST_SNOOZE,
        }
    }
}
