//! All that is remembered of one patient, and what a reading or the passing of time does to it.

use crate::admission::Outcome;
use crate::alert::{Alert, Rule};
use crate::episode::{Occurrence, publish_difference};
use crate::measurement::Kind;
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::reading::{Reading, SourceDigest};
use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::rules::bp_severe_high::{self, View};
use crate::rules::data_missing;
use crate::schedule::grace;
use crate::time::Timestamp;
use crate::timeline::{Admission, Timeline, TooMany};
use crate::window::Window;

/// One patient under watch.
#[derive(Debug, Default)]
pub struct Monitor {
    timeline: Timeline,
    /// Alerts within the window, open or not. Empty, and without memory, for most patients.
    alerts: Vec<Alert>,
    /// When time alone can change an alert of `bp.severe_high`.
    severe_high_due: Option<Timestamp>,
    /// When the first gap of the readings that the plan expects would count; earlier than that where
    /// readings have come since, for looking too early does nothing.
    missing_due: Option<Timestamp>,
}

/// What a reading did.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// What became of it.
    pub outcome: Outcome,
    /// Alerts that changed, in their new state.
    pub changes: Vec<Alert>,
    /// What measured it.
    pub source: SourceDigest,
}

impl Monitor {
    /// Takes in a reading received at `received`: admits it and, where it changes the current
    /// readings, computes what that does to the alerts.
    ///
    /// # Errors
    /// [`TooMany`]; nothing has changed then.
    pub fn apply(
        &mut self,
        reading: &Reading,
        received: Timestamp,
        (plan, window): (&Plan, Window),
    ) -> Result<Applied, TooMany> {
        let admission = self.timeline.admit(&reading.into(), received, window)?;
        let mut changes = Vec::new();
        if admission.changes_current {
            let occurrence = Occurrence { at: received, cause: Some(reading.id()), window };
            if reading.kind == Kind::BloodPressure
                && !self.severe_high_stays(reading, &admission, received, plan)
            {
                changes.extend(self.assess_severe_high(&reading.patient, plan, &occurrence));
            }
            if self.is_expected(reading.kind, plan) && !self.missing_stays(reading, &admission) {
                changes.extend(self.assess_missing(&reading.patient, plan, &occurrence));
            }
        }
        Ok(Applied { outcome: admission.outcome, changes, source: admission.source })
    }

    /// Lets time pass: computes again what was waited for until `now`.
    pub fn look(
        &mut self,
        patient: &PatientId,
        now: Timestamp,
        (plan, window): (&Plan, Window),
    ) -> Vec<Alert> {
        let occurrence = Occurrence { at: now, cause: None, window };
        let is_due = |due: Option<Timestamp>| due.is_some_and(|due| due <= now);
        let mut changes = Vec::new();
        if is_due(self.severe_high_due) {
            changes.extend(self.assess_severe_high(patient, plan, &occurrence));
        }
        if is_due(self.missing_due) {
            changes.extend(self.assess_missing(patient, plan, &occurrence));
        }
        changes
    }

    /// When [`Self::look`] should be called.
    pub fn look_again(&self) -> Option<Timestamp> {
        match (self.severe_high_due, self.missing_due) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Computes everything anew: after a rebuild, or because the plan has changed.
    pub fn reassess(
        &mut self,
        patient: &PatientId,
        now: Timestamp,
        (plan, window): (&Plan, Window),
    ) -> Vec<Alert> {
        let occurrence = Occurrence { at: now, cause: None, window };
        let mut changes = self.assess_severe_high(patient, plan, &occurrence);
        changes.extend(self.assess_missing(patient, plan, &occurrence));
        if self.alerts.is_empty() {
            self.alerts.shrink_to_fit();
        }
        changes
    }

    /// Restores a reading that was accepted before with an outcome, without computing anything.
    ///
    /// # Errors
    /// [`TooMany`], as it was when the reading was applied.
    pub fn restore_reading(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        outcome: Outcome,
        window: Window,
    ) -> Result<(), TooMany> {
        self.timeline.restore(reading, received, outcome, window)
    }

    /// Restores an alert's newest state.
    pub fn restore_alert(&mut self, alert: Alert) {
        match self.alerts.iter_mut().find(|known| known.id == alert.id) {
            Some(known) => *known = alert,
            None => self.alerts.push(alert),
        }
    }

    /// Forgets what is not seen from the window any more. True when nothing is left to remember.
    pub fn forget(&mut self, now: Timestamp, window: Window) -> bool {
        let start = window.lookback_start(now);
        self.alerts.retain(|alert| alert.is_open() || alert.last_observed_at >= start);
        self.timeline.forget(now, window) && self.alerts.is_empty()
    }

    /// The alerts remembered.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// The readings remembered.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The fast path of `bp.severe_high`: a reading about which nothing needs computing.
    fn severe_high_stays(
        &self,
        reading: &Reading,
        admission: &Admission,
        received: Timestamp,
        plan: &Plan,
    ) -> bool {
        let limits = &plan.limits.severe_high;
        let (time, reach) = (reading.observation_time, bp_severe_high::reach(limits));
        let near = self.timeline.current(Kind::BloodPressure, time - reach);
        let mut known = self.alerts.iter().filter(|alert| alert.rule == Rule::BpSevereHigh);
        let none_known = known.clone().next().is_none();
        let quiet = self.severe_high_due.is_none() && !known.any(Alert::is_open);
        if !admission.in_order {
            let mut near = near.take_while(|other| other.time <= time + reach);
            return none_known && quiet && bp_severe_high::says_nothing(&mut near, limits);
        }
        let current = CurrentReading {
            time,
            source: admission.source,
            sample: reading.sample,
            delay: Delay::between(time, received),
        };
        let earlier = near.rev().skip_while(|other| other.time >= time);
        bp_severe_high::changes_nothing(&current, earlier, limits, none_known, quiet)
    }

    /// The fast path of `data.missing.*`.
    fn missing_stays(&self, reading: &Reading, admission: &Admission) -> bool {
        let is_open = self.open_alert(Rule::DataMissing(reading.kind)).is_some();
        admission.in_order
            && data_missing::changes_nothing(reading.observation_time, is_open, self.missing_due)
    }

    fn is_expected(&self, kind: Kind, plan: &Plan) -> bool {
        plan.schedule.as_ref().is_some_and(|schedule| schedule.of(kind).is_some())
    }

    fn open_alert(&self, rule: Rule) -> Option<&Alert> {
        self.alerts.iter().find(|alert| alert.rule == rule && alert.is_open())
    }

    /// The full computation of `bp.severe_high`.
    fn assess_severe_high(
        &mut self,
        patient: &PatientId,
        plan: &Plan,
        occurrence: &Occurrence,
    ) -> Vec<Alert> {
        let (horizon, context) = occurrence.sight();
        let readings: Vec<CurrentReading> =
            self.timeline.current(Kind::BloodPressure, context).collect();
        let limits = &plan.limits.severe_high;
        let view = View::of(&readings, &self.alerts, limits, horizon, occurrence);
        let found = bp_severe_high::assess(&view, limits, occurrence.at);
        self.severe_high_due = found.look_again;
        let is_computed = |alert: &Alert| view.computes(alert, limits);
        let (rule, known) = (Rule::BpSevereHigh, &mut self.alerts);
        publish_difference(patient, rule, known, found.episodes, is_computed, plan, occurrence)
    }

    /// The full computation of `data.missing.*`.
    fn assess_missing(
        &mut self,
        patient: &PatientId,
        plan: &Plan,
        occurrence: &Occurrence,
    ) -> Vec<Alert> {
        let (horizon, _) = occurrence.sight();
        self.missing_due = None;
        let mut changes = Vec::new();
        for kind in Kind::ALL {
            let rule = Rule::DataMissing(kind);
            let expected =
                plan.schedule.as_ref().and_then(|schedule| Some((schedule, schedule.of(kind)?)));
            let mut episodes = Vec::new();
            let mut carried = None;
            if let Some((schedule, expected)) = expected {
                let first_at = |from: Timestamp| {
                    self.timeline.current(kind, from.max(horizon)).next().map(|found| found.time)
                };
                let known = self.alerts.iter().filter(|alert| alert.rule == rule);
                let across = data_missing::carried(schedule, known, horizon);
                carried = across.map(|alert| alert.id);
                let since = across.or_else(|| self.open_alert(rule));
                let since = since.map(|alert| alert.first_observed_at);
                let found = data_missing::assess(
                    (schedule, expected, grace(patient)),
                    first_at,
                    since,
                    horizon,
                    occurrence.at,
                );
                episodes = found.episodes;
                self.missing_due = match (self.missing_due, found.look_again) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            } else if !self.alerts.iter().any(|alert| alert.rule == rule) {
                continue;
            }
            // Of missing readings every open gap is computed, however long ago it began.
            let is_computed = |alert: &Alert| {
                alert.first_observed_at >= horizon || alert.is_open() || Some(alert.id) == carried
            };
            let known = &mut self.alerts;
            changes.extend(publish_difference(
                patient,
                rule,
                known,
                episodes,
                is_computed,
                plan,
                occurrence,
            ));
        }
        changes
    }
}
