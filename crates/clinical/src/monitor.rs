//! All that is remembered of one patient, and what a reading or the passing of time does to it.

use crate::admission::Outcome;
use crate::alert::Alert;
use crate::episode::{Occurrence, publish_difference};
use crate::measurement::Kind;
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::reading::{Reading, SourceDigest};
use crate::rules::bp_severe_high::{self, Carried};
use crate::time::Timestamp;
use crate::timeline::{Delay, Standing, Timeline, TooManySources, WINDOW};

/// One patient under watch.
#[derive(Debug, Default)]
pub struct Monitor {
    timeline: Timeline,
    /// Alerts within the window, open or not. Empty, and without memory, for most patients.
    alerts: Vec<Alert>,
    /// When time alone can change an alert.
    look_again: Option<Timestamp>,
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
    /// Takes in a reading received at `received`: admits it and, where it changes what stands,
    /// computes what that does to the alerts.
    ///
    /// # Errors
    /// [`TooManySources`]; nothing has changed then.
    pub fn apply(
        &mut self,
        reading: &Reading,
        received: Timestamp,
        plan: &Plan,
    ) -> Result<Applied, TooManySources> {
        let admission = self.timeline.admit(reading, received)?;
        let is_watched = reading.kind() == Kind::BloodPressure;
        let changes = if !admission.changes_standing
            || !is_watched
            || (admission.in_order
                && self.is_left_alone_by(reading, admission.source, received, plan))
        {
            Vec::new()
        } else {
            let occurrence = Occurrence { at: received, cause: Some(reading.id()) };
            self.assess(&reading.patient, plan, &occurrence)
        };
        Ok(Applied { outcome: admission.outcome, changes, source: admission.source })
    }

    /// Lets time pass: computes again if something was waited for until `now`.
    pub fn look(&mut self, patient: &PatientId, now: Timestamp, plan: &Plan) -> Vec<Alert> {
        if self.look_again.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.assess(patient, plan, &Occurrence { at: now, cause: None })
    }

    /// When [`Self::look`] should be called.
    pub fn look_again(&self) -> Option<Timestamp> {
        self.look_again
    }

    /// Computes everything anew: after a rebuild, or because the plan has changed.
    pub fn reassess(&mut self, patient: &PatientId, now: Timestamp, plan: &Plan) -> Vec<Alert> {
        self.assess(patient, plan, &Occurrence { at: now, cause: None })
    }

    /// Restores a reading that was accepted before, without computing anything.
    ///
    /// # Errors
    /// [`TooManySources`], as it was when the reading was applied.
    pub fn restore_reading(
        &mut self,
        reading: &Reading,
        received: Timestamp,
    ) -> Result<(), TooManySources> {
        self.timeline.admit(reading, received).map(|_| ())
    }

    /// Restores an alert's newest state.
    pub fn restore_alert(&mut self, alert: Alert) {
        match self.alerts.iter_mut().find(|known| known.id == alert.id) {
            Some(known) => *known = alert,
            None => self.alerts.push(alert),
        }
    }

    /// Forgets what has left the window. True when nothing is left to remember.
    pub fn forget(&mut self, now: Timestamp) -> bool {
        let horizon = now - WINDOW;
        self.alerts.retain(|alert| alert.is_open() || alert.last_observed_at >= horizon);
        self.timeline.forget(now) && self.alerts.is_empty()
    }

    /// The alerts remembered.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// The readings remembered.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn is_left_alone_by(
        &self,
        reading: &Reading,
        source: SourceDigest,
        received: Timestamp,
        plan: &Plan,
    ) -> bool {
        let limits = &plan.limits.severe_high;
        let standing = Standing {
            time: reading.observation_time,
            source,
            sample: reading.measurement.sample(),
            delay: Delay::between(reading.observation_time, received),
        };
        let near = reading.observation_time - bp_severe_high::reach(limits);
        let earlier = self
            .timeline
            .standing(Kind::BloodPressure, near)
            .rev()
            .skip_while(|other| other.time >= standing.time);
        let quiet = self.look_again.is_none() && !self.alerts.iter().any(Alert::is_open);
        bp_severe_high::changes_nothing(&standing, earlier, limits, self.alerts.is_empty(), quiet)
    }

    /// The full computation.
    fn assess(&mut self, patient: &PatientId, plan: &Plan, occurrence: &Occurrence) -> Vec<Alert> {
        let horizon = occurrence.at - WINDOW;
        let readings: Vec<Standing> =
            self.timeline.standing(Kind::BloodPressure, horizon).collect();
        let carried = self
            .alerts
            .iter()
            .find(|alert| alert.is_open() && alert.first_observed_at < horizon)
            .map(|alert| Carried { stage: alert.stage, severity: alert.severity });
        let found =
            bp_severe_high::assess(&readings, &plan.limits.severe_high, occurrence.at, carried);
        self.look_again = found.look_again;
        let changes = publish_difference(
            patient,
            &mut self.alerts,
            found.episodes,
            horizon,
            plan,
            occurrence,
        );
        if self.alerts.is_empty() {
            self.alerts.shrink_to_fit();
        }
        changes
    }
}
