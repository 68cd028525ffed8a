//! All that is remembered of one patient, and what a reading or the passing of time does to it.

use smallvec::SmallVec;

use crate::admission::Outcome;
use crate::alert::{Alert, RuleName};
use crate::episode::{Computation, publish_difference};
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::reading::{Reading, ReadingId};
use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::rule::{Assessment, Change, Context};
use crate::rules;
use crate::source::SourceDigest;
use crate::time::Timestamp;
use crate::timeline::{Admission, CountedChange, Timeline, TooMany};
use crate::window::Window;

#[cfg(test)]
thread_local! {
    /// How many full computations there were.
    pub(crate) static ASSESSED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// One patient under watch. What every reading asks for comes first.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Monitor {
    /// When which rule has to be assessed again, by its index in [`rules::all`]. A time may come too
    /// early, because readings have come since: then the assessment finds nothing. Most patients have
    /// one at most.
    due: SmallVec<[(u16, Timestamp); 1]>,
    timeline: Timeline,
    alerts: Alerts,
}

/// A patient's alerts within the window, open or not. Empty, and without memory, for most patients.
#[derive(Debug)]
#[repr(C)]
struct Alerts {
    /// When the last of them was over. Most readings ask no more, and each alert is far in memory.
    until: Timestamp,
    all: Box<[Alert]>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { all: Box::default(), until: Timestamp::EARLIEST }
    }
}

impl Alerts {
    fn change<T>(&mut self, change: impl FnOnce(&mut Vec<Alert>) -> T) -> T {
        let mut all = std::mem::take(&mut self.all).into_vec();
        let result = change(&mut all);
        self.until = all.iter().map(Alert::until).max().unwrap_or(Timestamp::EARLIEST);
        self.all = all.into();
        result
    }
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

/// What an assessment belongs to, besides the patient's readings and alerts.
#[derive(Debug, Clone, Copy)]
struct Situation<'a> {
    patient: &'a PatientId,
    plan: &'a Plan,
    window: Window,
    now: Timestamp,
    cause: Option<&'a ReadingId>,
}

impl Monitor {
    /// So many of its first bytes every reading asks for.
    pub const HOT: usize = std::mem::offset_of!(Self, alerts) + std::mem::offset_of!(Alerts, all);

    /// Takes in a reading received at `received`: admits it and, where it changes what is current,
    /// assesses the rules that read its kind.
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
            let change = change(reading, &admission, received);
            let is_added = admission.outcome == Outcome::New && !reading.entered_in_error;
            let counted = self.timeline.counted_change(reading.kind, &change.reading, is_added);
            let patient = &reading.patient;
            let fast = Situation { patient, plan, window, now: received, cause: None };
            for &index in rules::reading(reading.kind) {
                let rule = rules::all()[index];
                let counted = if rule.reads_copies() { CountedChange::AsCurrent } else { counted };
                let is_unaffected = match counted {
                    CountedChange::Nothing => true,
                    CountedChange::Others => false,
                    CountedChange::AsCurrent => {
                        rule.is_unaffected(&change, &self.context(index, fast))
                    }
                    // The other goes, on which no alert rests; then the reading is one in order.
                    CountedChange::InPlaceOf(other) => {
                        let context = self.context(index, fast);
                        let gone = Change { reading: other, is_in_order: false, ..change };
                        let newest = Change { is_in_order: true, ..change };
                        context.lasting_at(other.time).next().is_none()
                            && rule.is_unaffected(&gone, &context)
                            && rule.is_unaffected(&newest, &context)
                    }
                };
                if is_unaffected || !rule.applies_to(plan) {
                    continue;
                }
                let cause = reading.id();
                changes.extend(self.assess(index, Situation { cause: Some(&cause), ..fast }));
            }
        }
        Ok(Applied { outcome: admission.outcome, changes, source: admission.source })
    }

    /// Lets time pass: assesses the rules that are due at `now`.
    pub fn pass_time(
        &mut self,
        patient: &PatientId,
        now: Timestamp,
        (plan, window): (&Plan, Window),
    ) -> Vec<Alert> {
        let situation = Situation { patient, plan, window, now, cause: None };
        let mut due: Vec<u16> =
            self.due.iter().filter(|(_, due)| *due <= now).map(|(index, _)| *index).collect();
        due.sort_unstable();
        due.into_iter().flat_map(|index| self.assess(usize::from(index), situation)).collect()
    }

    /// When [`Self::pass_time`] should be called.
    pub fn next_assessment(&self) -> Option<Timestamp> {
        self.due.iter().map(|(_, due)| *due).min()
    }

    /// Assesses every rule: after a rebuild, or because the plan has changed.
    pub fn reassess(
        &mut self,
        patient: &PatientId,
        now: Timestamp,
        (plan, window): (&Plan, Window),
    ) -> Vec<Alert> {
        let situation = Situation { patient, plan, window, now, cause: None };
        let mut changes = Vec::new();
        for (index, rule) in rules::all().iter().enumerate() {
            if rule.applies_to(plan)
                || self.alerts.all.iter().any(|a| a.rule.as_str() == rule.name())
            {
                changes.extend(self.assess(index, situation));
            } else {
                self.set_due(index, None);
            }
        }
        self.due.shrink_to_fit();
        changes
    }

    /// Restores a reading that was accepted before with an outcome, without assessing anything.
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
        self.alerts.change(|alerts| match alerts.iter_mut().find(|known| known.id == alert.id) {
            Some(known) => *known = alert,
            None => alerts.push(alert),
        });
    }

    /// Forgets what is not seen from the window any more. True when nothing is left to remember.
    pub fn forget(&mut self, now: Timestamp, window: Window) -> bool {
        self.forget_alerts(now, window);
        self.timeline.forget(now, window) && self.alerts.all.is_empty()
    }

    /// Forgets the alerts that were over before the lookback begins.
    fn forget_alerts(&mut self, now: Timestamp, window: Window) {
        let lookback_start = window.lookback_start(now);
        if !self.alerts.all.is_empty() {
            self.alerts.change(|alerts| alerts.retain(|alert| alert.until() >= lookback_start));
        }
    }

    /// The alerts remembered.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts.all
    }

    /// The readings remembered.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn context<'a>(&'a self, index: usize, situation: Situation<'a>) -> Context<'a> {
        let Situation { patient, plan, window, now, cause } = situation;
        Context {
            patient,
            plan,
            now,
            cause,
            due: self.due_of(index),
            rule: RuleName::of(rules::all()[index].name()),
            timeline: &self.timeline,
            alerts: &self.alerts.all,
            alerts_until: self.alerts.until,
            window,
        }
    }

    /// The full computation of one rule. Returns the alerts that it changes.
    fn assess(&mut self, index: usize, situation: Situation<'_>) -> Vec<Alert> {
        #[cfg(test)]
        ASSESSED.with(|assessed| assessed.set(assessed.get() + 1));
        // Whoever has been rebuilt does not know them, so nobody may choose one of them.
        self.forget_alerts(situation.now, situation.window);
        let rule = rules::all()[index];
        let Assessment { episodes, next_assessment, covered } =
            rule.assess(&self.context(index, situation));
        self.set_due(index, next_assessment);
        let computation = Computation {
            patient: situation.patient,
            rule: RuleName::of(rule.name()),
            wording_version: rule.wording_version(),
            rule_set: rules::RULE_SET,
            plan_version: situation.plan.version,
            at: situation.now,
            cause: situation.cause,
        };
        self.alerts.change(|alerts| publish_difference(alerts, episodes, &covered, &computation))
    }

    fn due_of(&self, index: usize) -> Option<Timestamp> {
        self.due.iter().find(|(of, _)| usize::from(*of) == index).map(|(_, due)| *due)
    }

    fn set_due(&mut self, index: usize, due: Option<Timestamp>) {
        let known = self.due.iter().position(|(of, _)| usize::from(*of) == index);
        match (known, due) {
            (Some(place), Some(due)) => self.due[place].1 = due,
            (Some(place), None) => drop(self.due.swap_remove(place)),
            (None, Some(due)) => {
                self.due.push((index as u16, due));
            }
            (None, None) => {}
        }
    }
}

/// What has changed, as rules see it.
fn change(reading: &Reading, admission: &Admission, received: Timestamp) -> Change {
    Change {
        kind: reading.kind,
        reading: CurrentReading {
            time: reading.observation_time,
            source: admission.source,
            sample: reading.sample,
            delay: Delay::between(reading.observation_time, received),
        },
        is_in_order: admission.in_order,
    }
}
