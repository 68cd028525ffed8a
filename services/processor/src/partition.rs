//! What one partition remembers: its patients, their plans, and when to look again.

use std::collections::BTreeSet;

use clinical::alert::Alert;
use clinical::monitor::{Applied, Monitor};
use clinical::patient::InvalidId;
use clinical::plan::Plan;
use clinical::{PatientId, Reading, Span, Timestamp, Window};
use hashbrown::HashTable;
use schemas::{OutcomeTally, ReplayedReading};
use xxhash_rust::xxh3::xxh3_64;

/// How often readings that have left the window are forgotten.
const SWEEP: Span = Span::from_hours(6);

/// A patient, and what is known of them. In this order what every reading asks for takes two lines of
/// the processor's cache, and patients are so many that each line is far in memory.
#[repr(C, align(64))]
struct Watched {
    patient: PatientId,
    /// The care plan, for those who have one.
    plan: Option<Box<Plan>>,
    monitor: Monitor,
    /// When the partition's timers come to this patient, never later than the monitor asks for;
    /// the latest time where there is no timer.
    timer: Timestamp,
}

const _: () = assert!(std::mem::offset_of!(Watched, monitor) + Monitor::HOT == 128);

impl Watched {
    fn new(patient: PatientId) -> Self {
        Self { patient, monitor: Monitor::default(), plan: None, timer: Timestamp::LATEST }
    }

    /// Sets the timer forward to when the monitor wants to look again. One that would go off too
    /// early stays: it looks, finds nothing and is set anew.
    fn set_timer(&mut self, timers: &mut BTreeSet<(Timestamp, PatientId)>) {
        let Some(due) = self.monitor.next_assessment() else { return };
        if self.timer <= due {
            return;
        }
        let timer = std::mem::replace(&mut self.timer, due);
        if timer < Timestamp::LATEST {
            timers.remove(&(timer, self.patient.clone()));
        }
        timers.insert((due, self.patient.clone()));
    }
}

/// The state of one partition.
#[derive(Default)]
pub struct Partition {
    /// Boxed, so that a slot costs eight bytes and a monitor exists once.
    patients: HashTable<Box<Watched>>,
    default_plan: Plan,
    /// When to look at whom again: at most one time for each patient.
    timers: BTreeSet<(Timestamp, PatientId)>,
    /// The partition's clock: the newest receipt, or the present once the input is consumed.
    clock: Timestamp,
    /// From when on the state knows every reading.
    window: Window,
    swept: Timestamp,
    /// Alerts that the rebuild found changed, to be published with the next occasion.
    unpublished: Vec<Alert>,
    /// What became of the records of the transaction at hand.
    pub(crate) tally: OutcomeTally,
}

fn find<'a>(
    patients: &'a mut HashTable<Box<Watched>>,
    patient: &PatientId,
) -> Option<&'a mut Watched> {
    let found = patients.find_mut(hash(patient.as_str()), |known| known.patient == *patient);
    found.map(|watched| &mut **watched)
}

fn hash(patient: &str) -> u64 {
    xxh3_64(patient.as_bytes())
}

impl Partition {
    /// A partition of which only what is in a window will be known.
    pub(crate) fn with_window(window: Window) -> Self {
        Self { window, ..Self::default() }
    }

    /// Moves the clock forward to `now` and returns the alerts that the passing of time changes.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Alert> {
        let mut changes = std::mem::take(&mut self.unpublished);
        self.clock = self.clock.max(now);
        while self.timers.first().is_some_and(|(due, _)| *due <= now) {
            let Some((due, patient)) = self.timers.pop_first() else { break };
            let Some(watched) = find(&mut self.patients, &patient) else { continue };
            let plan = watched.plan.as_deref().unwrap_or(&self.default_plan);
            changes.extend(watched.monitor.pass_time(&patient, due, (plan, self.window)));
            watched.timer = Timestamp::LATEST;
            watched.set_timer(&mut self.timers);
        }
        changes
    }

    /// When time alone gives something to do.
    pub fn due(&self) -> Option<Timestamp> {
        if !self.unpublished.is_empty() {
            return Some(self.clock);
        }
        let sweep = self.swept + SWEEP;
        Some(self.timers.first().map_or(sweep, |(due, _)| sweep.min(*due)))
    }

    /// Takes in a reading received at `received`.
    pub fn apply(&mut self, reading: &Reading, received: Timestamp) -> Applied {
        let watched = Self::watched(&mut self.patients, &reading.patient);
        let plan = watched.plan.as_deref().unwrap_or(&self.default_plan);
        // Asked first, so that memory fetches it together with what else the reading needs.
        let due = watched.monitor.next_assessment();
        let applied = watched.monitor.apply(reading, received, (plan, self.window));
        if watched.monitor.next_assessment() != due {
            watched.set_timer(&mut self.timers);
        }
        applied
    }

    /// Sets or ends a patient's plan and returns the alerts that this changes, after those that
    /// wait to be published: of one alert the newer state comes later.
    pub fn set_plan(&mut self, patient: &PatientId, plan: Option<Plan>) -> Vec<Alert> {
        self.restore_plan(patient, plan);
        let mut changes = std::mem::take(&mut self.unpublished);
        if let Some(watched) = find(&mut self.patients, patient) {
            let plan = watched.plan.as_deref().unwrap_or(&self.default_plan);
            changes.extend(watched.monitor.reassess(patient, self.clock, (plan, self.window)));
            watched.set_timer(&mut self.timers);
        }
        changes
    }

    /// Forgets what has left the window, if that is due.
    pub fn sweep(&mut self, now: Timestamp) {
        if now < self.swept + SWEEP {
            return;
        }
        self.swept = now;
        let window = self.window;
        self.patients.retain(|watched| {
            let is_empty = watched.monitor.forget(now, window);
            !is_empty || watched.plan.is_some()
        });
        let patients = self.patients.len();
        if self.patients.capacity() > patients * 2 {
            self.patients.shrink_to(patients, |watched| hash(watched.patient.as_str()));
        }
    }

    /// How many patients are remembered.
    pub fn patients(&self) -> usize {
        self.patients.len()
    }

    /// How many readings are remembered.
    pub fn readings(&self) -> usize {
        self.patients.iter().map(|watched| watched.monitor.timeline().len()).sum()
    }

    pub(crate) fn restore_reading(
        &mut self,
        replayed: &ReplayedReading<'_>,
    ) -> Result<(), InvalidId> {
        self.clock = self.clock.max(replayed.received);
        let name = replayed.patient;
        let known = self.patients.find_mut(hash(name), |known| known.patient.as_str() == name);
        let watched = match known {
            Some(watched) => watched,
            None => Self::watched(&mut self.patients, &PatientId::parse(name)?),
        };
        let (trace, received) = (&replayed.trace, replayed.received);
        let outcome = replayed.outcome.into();
        watched.monitor.restore_reading(trace, received, outcome, self.window);
        Ok(())
    }

    pub(crate) fn restore_alert(&mut self, alert: Alert) {
        self.clock = self.clock.max(alert.changed_at);
        Self::watched(&mut self.patients, &alert.patient).monitor.restore_alert(alert);
    }

    pub(crate) fn restore_plan(&mut self, patient: &PatientId, plan: Option<Plan>) {
        match plan {
            // Before the first reading comes: it may be one that is expected.
            Some(plan) => {
                Self::watched(&mut self.patients, patient).plan = Some(Box::new(plan));
            }
            None => {
                if let Some(watched) = find(&mut self.patients, patient) {
                    watched.plan = None;
                }
            }
        }
    }

    /// Ends a rebuild: computes every patient's episodes as of the partition's clock. Nothing
    /// differs from what was published, unless rules or plans have changed; then the difference
    /// waits to be published.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        self.swept = now;
        let (clock, window) = (self.clock, self.window);
        for watched in &mut self.patients {
            let Watched { patient, monitor, plan, .. } = &mut **watched;
            monitor.forget(clock, window);
            let plan = plan.as_deref().unwrap_or(&self.default_plan);
            self.unpublished.extend(monitor.reassess(patient, clock, (plan, window)));
            watched.set_timer(&mut self.timers);
        }
    }

    fn watched<'a>(
        patients: &'a mut HashTable<Box<Watched>>,
        patient: &PatientId,
    ) -> &'a mut Watched {
        patients
            .entry(
                hash(patient.as_str()),
                |known| known.patient == *patient,
                |known| hash(known.patient.as_str()),
            )
            .or_insert_with(|| Box::new(Watched::new(patient.clone())))
            .into_mut()
    }
}
