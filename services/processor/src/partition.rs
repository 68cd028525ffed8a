//! What one partition remembers: its patients, their plans, and when to look again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clinical::alert::Alert;
use clinical::monitor::{Applied, Monitor};
use clinical::patient::InvalidId;
use clinical::plan::Plan;
use clinical::reliability::TrustedProducts;
use clinical::rule_set::{RuleSet, RuleSets};
use clinical::{PatientId, Reading, Span, Timestamp, Window};
use hashbrown::HashTable;
use schemas::{OutcomeTally, ReplayedReading};
use xxhash_rust::xxh3::xxh3_64;

/// How often readings that have left the window are forgotten.
const SWEEP: Span = Span::from_hours(6);

/// So many assessments under other rule sets are made at a time: those of all patients of a partition
/// at once would take longer than Kafka leaves a transaction open.
const AT_A_TIME: usize = 100;

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

    /// The patient's plan is one by the rule set and the list of devices from now on by which the plan is
    /// of who has none.
    fn work_as(&mut self, default_plan: &Plan) {
        if let Some(plan) = &mut self.plan {
            **plan = as_default(std::mem::take(&mut **plan), default_plan);
        }
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

/// A rule set or a list of devices that came into force, for those who are still to be assessed under it.
struct Entered {
    at: Timestamp,
    /// What holds under it for who has no plan.
    default_plan: Plan,
}

/// A plan by the rule set and the list of devices by which another one is.
fn as_default(plan: Plan, default_plan: &Plan) -> Plan {
    plan.under(default_plan.rule_set().cloned()).trusting(default_plan.trusted().clone())
}

/// The state of one partition.
#[derive(Default)]
pub struct Partition {
    /// Boxed, so that a slot costs eight bytes and a monitor exists once.
    patients: HashTable<Box<Watched>>,
    default_plan: Plan,
    /// All rule sets, as far as they are known; `rule_set` is the one in force.
    rule_sets: Arc<RuleSets>,
    rule_set: Option<Arc<RuleSet>>,
    /// How far products are trusted.
    trusted: Arc<TrustedProducts>,
    /// Rule sets under which patients are still to be assessed, in the order in which they came into
    /// force here; and who is, from which of them on. Nothing else happens to a patient before that, so
    /// what happens to one does not depend on when their turn comes.
    entered: Vec<Entered>,
    outdated: BTreeMap<PatientId, usize>,
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
        let mut since = self.clock;
        self.clock = self.clock.max(now);
        while let Some(next) = self.next_rule_set(since).filter(|next| *next <= now) {
            // What was due before is judged by the rule set before.
            self.let_timers_go_off(next - Span::from_millis(1), &mut changes);
            self.enter_rule_set(next);
            since = next;
        }
        self.let_timers_go_off(now, &mut changes);
        self.assess_outdated(&mut changes);
        changes
    }

    fn let_timers_go_off(&mut self, until: Timestamp, changes: &mut Vec<Alert>) {
        while self.timers.first().is_some_and(|(due, _)| *due <= until) {
            let Some((due, patient)) = self.timers.pop_first() else { break };
            let Some(watched) = find(&mut self.patients, &patient) else { continue };
            watched.timer = Timestamp::LATEST;
            if self.outdated.contains_key(&patient) {
                // It goes off in the patient's turn.
                continue;
            }
            let plan = watched.plan.as_deref().unwrap_or(&self.default_plan);
            changes.extend(watched.monitor.pass_time(&patient, due, (plan, self.window)));
            watched.set_timer(&mut self.timers);
        }
    }

    /// Whether these are the rule sets that the partition knows.
    pub fn knows(&self, rule_sets: &Arc<RuleSets>) -> bool {
        Arc::ptr_eq(&self.rule_sets, rule_sets)
    }

    /// Takes in which rule sets there are. Where another one is in force by that, it is from the
    /// partition's clock on; one that comes into force later is when the clock gets there.
    pub fn learn(&mut self, rule_sets: &Arc<RuleSets>) {
        self.rule_sets = rule_sets.clone();
        if self.rule_sets.in_force(self.clock) != self.rule_set.as_ref() {
            self.enter_rule_set(self.clock);
        }
    }

    /// Whether this is the list of devices that the partition knows.
    pub fn trusts(&self, trusted: &Arc<TrustedProducts>) -> bool {
        Arc::ptr_eq(&self.trusted, trusted)
    }

    /// Takes in how far products are trusted. Where that is something else than before, it is from the
    /// partition's clock on, for every patient.
    pub fn trust(&mut self, trusted: &Arc<TrustedProducts>) {
        let is_news = *self.trusted != **trusted;
        self.trusted = trusted.clone();
        if is_news {
            self.enter_rule_set(self.clock);
        }
    }

    fn next_rule_set(&self, after: Timestamp) -> Option<Timestamp> {
        self.rule_sets.after(after).next().map(|set| set.effective_from())
    }

    /// Every patient is to be assessed under the rule set in force at a time, as of then, and before
    /// that under those whose turns have not come yet.
    fn enter_rule_set(&mut self, at: Timestamp) {
        self.use_rule_set_of(at);
        let default_plan = self.default_plan.clone();
        for watched in &self.patients {
            self.outdated.entry(watched.patient.clone()).or_insert(self.entered.len());
        }
        if !self.outdated.is_empty() {
            self.entered.push(Entered { at, default_plan });
        }
    }

    fn use_rule_set_of(&mut self, at: Timestamp) {
        self.rule_set = self.rule_sets.in_force(at).cloned();
        self.default_plan =
            Plan::default().under(self.rule_set.clone()).trusting(self.trusted.clone());
    }

    fn assess_outdated(&mut self, changes: &mut Vec<Alert>) {
        for _ in 0..AT_A_TIME {
            let Some(patient) = self.outdated.first_key_value().map(|(patient, _)| patient.clone())
            else {
                break;
            };
            self.assess_under_next(&patient, changes);
        }
    }

    fn assess_if_outdated(&mut self, patient: &PatientId) -> Vec<Alert> {
        let mut changes = Vec::new();
        while !self.outdated.is_empty() && self.assess_under_next(patient, &mut changes) {}
        changes
    }

    /// Assesses a patient under the first rule set that is due for them, as of when it came into force,
    /// and lets go off what is due before the next one or, under the last one, until the partition's clock. False where
    /// none is due.
    fn assess_under_next(&mut self, patient: &PatientId, changes: &mut Vec<Alert>) -> bool {
        let Some(index) = self.outdated.get(patient).copied() else { return false };
        let Entered { at, default_plan } = &self.entered[index];
        let next = self.entered.get(index + 1);
        if let Some(watched) = find(&mut self.patients, patient) {
            watched.work_as(default_plan);
            let with = (watched.plan.as_deref().unwrap_or(default_plan), self.window);
            changes.extend(watched.monitor.reassess(patient, *at, with));
            let until = next.map_or(self.clock, |next| next.at - Span::from_millis(1));
            while let Some(due) = watched.monitor.next_assessment().filter(|due| *due <= until) {
                changes.extend(watched.monitor.pass_time(patient, due, with));
            }
            watched.set_timer(&mut self.timers);
        }
        match next {
            Some(_) => {
                self.outdated.insert(patient.clone(), index + 1);
            }
            None => {
                self.outdated.remove(patient);
            }
        }
        if self.outdated.is_empty() {
            self.entered.clear();
        }
        true
    }

    /// When time alone gives something to do.
    pub fn due(&self) -> Option<Timestamp> {
        if !self.unpublished.is_empty() || !self.outdated.is_empty() {
            return Some(self.clock);
        }
        let timer = self.timers.first().map(|(due, _)| *due);
        let times = [timer, self.next_rule_set(self.clock), Some(self.swept + SWEEP)];
        times.into_iter().flatten().min()
    }

    /// Takes in a reading received at `received`.
    pub fn apply(&mut self, reading: &Reading, received: Timestamp) -> Applied {
        let earlier = self.assess_if_outdated(&reading.patient);
        let watched = Self::watched(&mut self.patients, &reading.patient);
        let plan = watched.plan.as_deref().unwrap_or(&self.default_plan);
        // Asked first, so that memory fetches it together with what else the reading needs.
        let due = watched.monitor.next_assessment();
        let mut applied = watched.monitor.apply(reading, received, (plan, self.window));
        applied.changes.splice(0..0, earlier);
        if watched.monitor.next_assessment() != due {
            watched.set_timer(&mut self.timers);
        }
        applied
    }

    /// Sets or ends a patient's plan and returns the alerts that this changes, after those that
    /// wait to be published: of one alert the newer state comes later.
    pub fn set_plan(&mut self, patient: &PatientId, plan: Option<Plan>) -> Vec<Alert> {
        let mut changes = std::mem::take(&mut self.unpublished);
        changes.extend(self.assess_if_outdated(patient));
        self.restore_plan(patient, plan);
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
                let plan = as_default(plan, &self.default_plan);
                Self::watched(&mut self.patients, patient).plan = Some(Box::new(plan));
            }
            None => {
                if let Some(watched) = find(&mut self.patients, patient) {
                    watched.plan = None;
                }
            }
        }
    }

    /// Ends a rebuild: computes every patient's episodes as of the partition's clock, by the rule set
    /// that was in force then. Nothing differs from what was published, unless rules or plans have
    /// changed; then the difference waits to be published.
    pub(crate) fn settle(
        &mut self,
        now: Timestamp,
        rule_sets: Arc<RuleSets>,
        trusted: Arc<TrustedProducts>,
    ) {
        self.swept = now;
        (self.rule_sets, self.trusted) = (rule_sets, trusted);
        self.use_rule_set_of(self.clock);
        let (clock, window) = (self.clock, self.window);
        for watched in &mut self.patients {
            watched.work_as(&self.default_plan);
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
