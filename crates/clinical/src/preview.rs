//! Which alerts readings would have raised under a plan and a rule set: the past once more, by the code
//! that judges the present.

use std::collections::BTreeMap;

use crate::admission::Outcome;
use crate::alert::{Alert, AlertId, Severity, Status, Transition};
use crate::kinds::Kind;
use crate::limit::Limit;
use crate::monitor::Monitor;
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::remembered::RememberedReading;
use crate::rules;
use crate::slow;
use crate::time::{Span, Timestamp};
use crate::window::{LOOKBACK, WINDOW, Window};

/// For how long a preview says what would have been. Ours: what a physician remembers of a patient, and
/// long enough for rules over weeks.
pub const PREVIEWED: Span = Span::from_days(30);

/// A current reading, and when it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedReading {
    /// The reading.
    pub reading: RememberedReading,
    /// When that version of it was received.
    pub received: Timestamp,
}

/// An alert that would have been there.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewedAlert {
    /// As it would be at the end.
    pub alert: Alert,
    /// The most urgent that it would have been.
    pub highest: Severity,
}

/// A reading with a value that is beyond a limit of a rule, as a chart draws the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlaggedReading {
    /// The reading.
    pub reading: RememberedReading,
    /// The rule's name.
    pub rule: &'static str,
    /// The limit.
    pub limit: Limit,
    /// What was measured, in the unit of the limit's field.
    pub value: f64,
    /// When the alert of the rule would have been raised within which it was observed; none where none would
    /// have been, or not of this time.
    pub alert_raised_at: Option<Timestamp>,
}

/// The readings observed from a time on until another that are beyond a limit of a rule under a plan, each
/// once for every such limit, in observation order.
///
/// One value is judged by itself: neither confirmed by another nor hidden by an alert that is open, so that
/// labels of single readings can be compared one by one. `alerts` are those of [`alerts`] for the same
/// readings. Rules of days and weeks draw no such limit: what they flag is in their alerts alone.
pub fn flagged(
    readings: &[ReceivedReading],
    plan: &Plan,
    (from, to): (Timestamp, Timestamp),
    alerts: &[PreviewedAlert],
) -> Vec<FlaggedReading> {
    let applying = rules::all().iter().filter(|rule| rules::applies(**rule, plan));
    let limits: Vec<(&'static str, Limit)> = applying
        .flat_map(|rule| rule.limits(plan).into_iter().map(|limit| (rule.name(), limit)))
        .filter(|(_, limit)| limit.severity.is_some())
        .collect();
    let is_asked_for = |reading: &RememberedReading| {
        !reading.entered_in_error && (from..to).contains(&reading.observation_time)
    };
    let mut flagged = Vec::new();
    for reading in readings.iter().map(|one| one.reading).filter(is_asked_for) {
        for (rule, limit) in limits.iter().filter(|(_, limit)| limit.kind() == reading.kind) {
            let Some(value) = reading.sample.value(limit.field) else { continue };
            if limit.is_beyond(value) {
                let of_rule = alerts.iter().map(|one| &one.alert);
                let alert_raised_at = of_rule
                    .filter(|alert| alert.rule.as_str() == *rule)
                    .find(|alert| {
                        let lasts = alert.first_observed_at..=alert.until();
                        lasts.contains(&reading.observation_time)
                    })
                    .map(|alert| alert.raised_at);
                flagged.push(FlaggedReading {
                    reading,
                    rule,
                    limit: *limit,
                    value,
                    alert_raised_at,
                });
            }
        }
    }
    flagged.sort_by_key(|one| (one.reading.observation_time, one.reading.kind, one.reading.source));
    flagged
}

/// From when on a preview from a time on needs the readings of a kind, by their observation: as far back
/// as the rules look.
pub fn needed_from(kind: Kind, from: Timestamp) -> Timestamp {
    if kind.is_slow() { slow::remembered_from(from) } else { from - WINDOW - LOOKBACK }
}

/// The alerts that there would have been from a time on until another, in the order in which they would
/// have been raised. One that was retracted in the end is not among them.
///
/// `readings` are all current readings of the patient, of each kind those observed from [`needed_from`]
/// on, in any order.
/// What only time raises comes at its time, as it would have. One thing is otherwise: a reading that was
/// corrected is taken as first received with its correction, for what it said before is not asked.
/// What lasts since before the readings that are looked at begins with the first that can be judged.
pub fn alerts(
    patient: &PatientId,
    mut readings: Vec<ReceivedReading>,
    plan: &Plan,
    (from, to): (Timestamp, Timestamp),
) -> Vec<PreviewedAlert> {
    readings.retain(|one| one.received <= to);
    readings.sort_by_key(|one| {
        let RememberedReading { kind, observation_time, source, .. } = one.reading;
        (one.received, observation_time, kind, source)
    });
    let mut replay = Replay { monitor: Monitor::default(), found: BTreeMap::new() };
    // As a state that was rebuilt then: of what is older not every reading is there.
    let (began, window) = (from - WINDOW, Window::rebuilt_at(from));
    let with = (plan, window);
    let earlier = readings.partition_point(|one| one.received < began);
    for ReceivedReading { reading, received } in &readings[..earlier] {
        replay.monitor.restore_reading(reading, *received, Outcome::New, window);
    }
    let changes = replay.monitor.reassess(patient, began, with);
    replay.take(changes);
    for ReceivedReading { reading, received } in &readings[earlier..] {
        replay.let_time_pass(patient, *received, with);
        let applied = replay.monitor.apply_remembered(patient, reading, *received, with);
        replay.take(applied.changes);
    }
    replay.let_time_pass(patient, to, with);
    let was_there = |one: &PreviewedAlert| {
        one.alert.status != Status::Retracted
            && (one.alert.is_open() || one.alert.changed_at >= from)
    };
    let mut found: Vec<_> = replay.found.into_values().filter(was_there).collect();
    found.sort_by_key(|one| (one.alert.raised_at, one.alert.id));
    found
}

struct Replay {
    monitor: Monitor,
    found: BTreeMap<AlertId, PreviewedAlert>,
}

impl Replay {
    fn let_time_pass(&mut self, patient: &PatientId, until: Timestamp, with: (&Plan, Window)) {
        while let Some(due) = self.monitor.next_assessment().filter(|due| *due <= until) {
            let changes = self.monitor.pass_time(patient, due, with);
            self.take(changes);
        }
    }

    fn take(&mut self, changes: Vec<Alert>) {
        for alert in changes {
            let severity = alert.severity;
            let is_raised = alert.transition == Transition::Raised;
            let known = self.found.remove(&alert.id).filter(|_| !is_raised);
            let highest = known.map_or(severity, |known| known.highest.max(severity));
            self.found.insert(alert.id, PreviewedAlert { alert, highest });
        }
    }
}
