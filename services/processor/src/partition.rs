//! What one partition remembers: its patients, their plans, and when to look again.

mod slow;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use clinical::alert::Alert;
use clinical::local_time::ConsortiumTimes;
use clinical::monitor::Applied;
use clinical::patient::InvalidId;
use clinical::plan::Plan;
use clinical::reliability::TrustedProducts;
use clinical::rule_set::{RuleSet, RuleSets};
use clinical::silence::{Limits, Report};
use clinical::{Kind, PatientId, Reading, Span, Timestamp, Window};
use hashbrown::HashTable;
use schemas::{OutcomeTally, Product, ReplayedReading};

use crate::effective::{Defaults, EffectivePlan};
use crate::listening::Listening;
use crate::lists::Lists;
use crate::silences::Reports;
use crate::watched::{Watched, find, hash, watched};
use slow::forget;

/// How often readings that have left the window are forgotten.
const SWEEP: Span = Span::from_hours(6);

/// So many assessments under other rule sets are made at a time: those of all patients of a partition
/// at once would take longer than Kafka leaves a transaction open.
const AT_A_TIME: usize = 100;

/// A rule set, a list of devices or of consortia, or a silence that came into force or ended, for those
/// who are still to be assessed under it.
struct Entered {
    at: Timestamp,
    /// What holds under it for who has no plan.
    defaults: Arc<Defaults>,
}

/// The state of one partition.
#[derive(Default)]
pub struct Partition {
    /// Boxed, so that a slot costs eight bytes and a monitor exists once.
    patients: HashTable<Box<Watched>>,
    /// The plans of who has none.
    defaults: Arc<Defaults>,
    /// The lists, as far as they are known.
    lists: Lists,
    /// The rule set in force.
    rule_set: Option<Arc<RuleSet>>,
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
    /// Which groups of patients are silent.
    listening: Listening,
    /// Alerts that the rebuild found changed, or another product of a patient, to be published with the
    /// next occasion.
    unpublished: Vec<Alert>,
    /// Patients of whose last readings of slow kinds the record is to be written with the next occasion.
    unpublished_slow: VecDeque<PatientId>,
    /// What became of the records of the transaction at hand.
    pub(crate) tally: OutcomeTally,
}

impl Partition {
    /// A partition of which only what is in a window will be known.
    pub(crate) fn with_window(window: Window) -> Self {
        Self { window, ..Self::default() }
    }

    /// The same, with other limits of when a group of patients is silent.
    #[must_use]
    pub fn listening_by(self, limits: Limits) -> Self {
        Self { listening: Listening::by(limits), ..self }
    }

    /// Moves the clock forward to `now` and returns the alerts that the passing of time changes.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Alert> {
        let mut changes = std::mem::take(&mut self.unpublished);
        let mut since = self.clock;
        self.clock = self.clock.max(now);
        while let Some(next) = self.next_change(since).filter(|next| *next <= now) {
            // What was due before is judged by the rule set before, and by the silences.
            self.let_timers_go_off(next - Span::from_millis(1), &mut changes);
            if self.next_rule_set(since) == Some(next) {
                self.enter_rule_set(next);
            }
            if self.next_count(since) == Some(next) {
                self.count_heard(next);
            }
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
            let with = (&*watched.plan, self.window);
            changes.extend(watched.monitor.pass_time(&patient, due, with));
            watched.set_timer(&mut self.timers);
        }
    }

    /// Whether these are the rule sets that the partition knows.
    pub fn knows(&self, rule_sets: &Arc<RuleSets>) -> bool {
        Arc::ptr_eq(&self.lists.rule_sets, rule_sets)
    }

    /// Takes in which rule sets there are. Where another one is in force by that, it is from the
    /// partition's clock on; one that comes into force later is when the clock gets there.
    pub fn learn(&mut self, rule_sets: &Arc<RuleSets>) {
        self.lists.rule_sets = rule_sets.clone();
        if rule_sets.in_force(self.clock) != self.rule_set.as_ref() {
            self.enter_rule_set(self.clock);
        }
    }

    /// Whether this is the list of devices that the partition knows.
    pub fn trusts(&self, trusted: &Arc<TrustedProducts>) -> bool {
        Arc::ptr_eq(&self.lists.trusted, trusted)
    }

    /// Takes in how far products are trusted. Where that is something else than before, it is from the
    /// partition's clock on, for every patient.
    pub fn trust(&mut self, trusted: &Arc<TrustedProducts>) {
        let former = std::mem::replace(&mut self.lists.trusted, trusted.clone());
        if former != *trusted {
            self.enter_rule_set(self.clock);
        }
    }

    /// Whether these are the local times of consortia that the partition knows.
    pub fn lives_by(&self, consortia: &Arc<ConsortiumTimes>) -> bool {
        Arc::ptr_eq(&self.lists.consortia, consortia)
    }

    /// Takes in by which local times consortia live. Where one is another than before, it is from the
    /// partition's clock on, for the patients of that consortium.
    pub fn live_by(&mut self, consortia: &Arc<ConsortiumTimes>) {
        let former = std::mem::replace(&mut self.lists.consortia, consortia.clone());
        if former != *consortia {
            let lives_otherwise = |patient: &PatientId| {
                let consortium = patient.consortium();
                former.of(consortium) != consortia.of(consortium)
            };
            self.enter_for(self.clock, lives_otherwise);
        }
    }

    fn next_rule_set(&self, after: Timestamp) -> Option<Timestamp> {
        self.lists.rule_sets.after(after).next().map(|set| set.effective_from())
    }

    fn next_count(&self, after: Timestamp) -> Option<Timestamp> {
        self.listening.next_count(after, self.clock)
    }

    /// When all patients, or those of a group, may have to be assessed anew.
    fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        [self.next_rule_set(after), self.next_count(after)].into_iter().flatten().min()
    }

    /// Counts who is heard, and has those patients assessed as of then whose alerts are held back
    /// otherwise than before.
    fn count_heard(&mut self, at: Timestamp) {
        if !self.listening.count(self.patients.iter().map(|watched| &**watched), at) {
            return;
        }
        for watched in &self.patients {
            if self.listening.is_held_back_otherwise(watched) {
                self.outdated.entry(watched.patient.clone()).or_insert(self.entered.len());
            }
        }
        self.enter(at);
    }

    /// What the partition has counted since it was asked last, to be published.
    pub fn take_report(&mut self) -> Option<Report> {
        self.listening.take_report()
    }

    /// How many groups of patients are not reported, because there are too many.
    pub fn groups_left_out(&self) -> usize {
        self.listening.left_out()
    }

    /// Takes in what the partitions have reported; this one has a number.
    pub fn listen(&mut self, number: i32, reports: &Arc<Reports>) {
        self.listening.learn(number, reports);
    }

    /// Every patient is to be assessed under the rule set in force at a time, as of then, and before
    /// that under those whose turns have not come yet.
    fn enter_rule_set(&mut self, at: Timestamp) {
        self.enter_for(at, |_| true);
    }

    /// The same of some patients: of the others all that holds from then on is as before.
    fn enter_for(&mut self, at: Timestamp, is_concerned: impl Fn(&PatientId) -> bool) {
        self.use_rule_set_of(at);
        for watched in self.patients.iter().filter(|watched| is_concerned(&watched.patient)) {
            self.outdated.entry(watched.patient.clone()).or_insert(self.entered.len());
        }
        self.enter(at);
    }

    fn enter(&mut self, at: Timestamp) {
        if !self.outdated.is_empty() {
            self.entered.push(Entered { at, defaults: self.defaults.clone() });
        }
    }

    fn use_rule_set_of(&mut self, at: Timestamp) {
        self.rule_set = self.lists.rule_sets.in_force(at).cloned();
        self.defaults = Arc::new(Defaults::by(self.rule_set.as_ref(), &self.lists));
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
        let Entered { at, defaults } = &self.entered[index];
        let next = self.entered.get(index + 1);
        if let Some(watched) = find(&mut self.patients, patient) {
            watched.work_by(defaults);
            self.listening.hold(watched);
            let with = (&*watched.plan, self.window);
            changes.extend(watched.monitor.judge_by_other_numbers(patient, *at, with));
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
        let is_unpublished = !self.unpublished.is_empty() || !self.unpublished_slow.is_empty();
        if is_unpublished || !self.outdated.is_empty() {
            return Some(self.clock);
        }
        let timer = self.timers.first().map(|(due, _)| *due);
        let times = [timer, self.next_change(self.clock), Some(self.swept + SWEEP)];
        times.into_iter().flatten().min()
    }

    /// Takes in a reading received at `received`.
    pub fn apply(&mut self, reading: &Reading, received: Timestamp) -> Applied {
        let earlier = self.assess_if_outdated(&reading.patient);
        let watched = watched(&mut self.patients, &reading.patient, &self.defaults);
        let with = (&*watched.plan, self.window);
        // Asked first, so that memory fetches it together with what else the reading needs.
        let due = watched.monitor.next_assessment();
        let off = self.defaults.places_off();
        let mut applied = watched.monitor.apply_under(reading, received, off, with);
        if !earlier.is_empty() {
            applied.changes.splice(0..0, earlier);
        }
        if watched.monitor.next_assessment() != due {
            watched.set_timer(&mut self.timers);
        }
        applied
    }

    /// Takes in that a patient was heard: by a reading of a kind that was kept, and the product that
    /// measured it.
    pub fn hear(
        &mut self,
        patient: &PatientId,
        kind: Kind,
        product: Option<Product<'_>>,
        received: Timestamp,
    ) {
        let Some(watched) = find(&mut self.patients, patient) else { return };
        if self.listening.hear(watched, kind, product, received) {
            // What is due may be due at another time.
            let with = (&*watched.plan, self.window);
            let changes = watched.monitor.judge_as_held_back(patient, self.clock, with);
            self.unpublished.extend(changes);
            watched.set_timer(&mut self.timers);
        }
    }

    /// Sets or ends a patient's plan and returns the alerts that this changes, after those that
    /// wait to be published: of one alert the newer state comes later.
    pub fn set_plan(&mut self, patient: &PatientId, plan: Option<Plan>) -> Vec<Alert> {
        let mut changes = std::mem::take(&mut self.unpublished);
        changes.extend(self.assess_if_outdated(patient));
        self.restore_plan(patient, plan);
        if let Some(watched) = find(&mut self.patients, patient) {
            let with = (&*watched.plan, self.window);
            changes.extend(watched.monitor.judge_by_other_numbers(patient, self.clock, with));
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
        let (window, defaults) = (self.window, &self.defaults);
        let unpublished = &mut self.unpublished_slow;
        self.patients.retain(|watched| {
            let is_empty = forget(watched, now, window, unpublished);
            let start = window.lookback_start(now);
            if watched.plan.is_own() && watched.plan.is_ended() && watched.plan.set_at < start {
                watched.plan = defaults.of(&watched.patient);
            }
            let is_watched = !is_empty || watched.plan.is_own();
            self.listening.forget(watched, now, is_watched);
            is_watched
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
            None => watched(&mut self.patients, &PatientId::parse(name)?, &self.defaults),
        };
        let (trace, received) = (&replayed.trace, replayed.received);
        let outcome = replayed.outcome.into();
        watched.monitor.restore_reading(trace, received, outcome, self.window);
        self.listening.hear(watched, trace.kind, replayed.product, received);
        Ok(())
    }

    pub(crate) fn restore_alert(&mut self, alert: Alert) {
        self.clock = self.clock.max(alert.changed_at);
        let watched = watched(&mut self.patients, &alert.patient, &self.defaults);
        watched.monitor.restore_alert(alert);
    }

    /// Restores what the partition has counted and judged last. The clock had come so far.
    pub(crate) fn restore_report(&mut self, report: Report) {
        self.clock = self.clock.max(report.counted_at);
        self.listening.restore(report);
    }

    pub(crate) fn restore_plan(&mut self, patient: &PatientId, plan: Option<Plan>) {
        match plan {
            // Of one that was ended nothing is said to who is not known.
            Some(plan) if plan.is_ended() && find(&mut self.patients, patient).is_none() => {}
            // Before the first reading comes: it may be one that is expected.
            Some(plan) => {
                let watched = watched(&mut self.patients, patient, &self.defaults);
                watched.plan = EffectivePlan::own(self.defaults.around(patient, plan));
                self.listening.hold(watched);
            }
            None => {
                if let Some(watched) = find(&mut self.patients, patient) {
                    watched.plan = self.defaults.of(patient);
                }
            }
        }
    }

    /// Ends a rebuild: computes every patient's episodes as of the partition's clock, by the rule set
    /// that was in force then. Nothing differs from what was published, unless rules or plans have
    /// changed; then the difference waits to be published.
    pub(crate) fn settle(&mut self, now: Timestamp, lists: Lists) {
        self.swept = now;
        self.lists = lists;
        self.use_rule_set_of(self.clock);
        let (clock, window) = (self.clock, self.window);
        for watched in &mut self.patients {
            forget(watched, clock, window, &mut self.unpublished_slow);
            if watched.monitor.slow().have_changed() {
                self.unpublished_slow.push_back(watched.patient.clone());
            }
            watched.work_by(&self.defaults);
            self.listening.hold(watched);
            let Watched { patient, monitor, plan, .. } = &mut **watched;
            let with = (&**plan, window);
            self.unpublished.extend(monitor.judge_by_other_numbers(patient, clock, with));
            watched.set_timer(&mut self.timers);
        }
    }
}
