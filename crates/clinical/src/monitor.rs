//! All that is remembered of one patient, and what a reading or the passing of time does to it.

use smallvec::SmallVec;

use crate::admission::Outcome;
use crate::alert::{Alert, RuleName};
use crate::computation::Computation;
use crate::difference::publish_difference;
use crate::due::{Due, Rest, What};
use crate::judged::Judged;
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::reading::{Reading, ReadingId};
use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::rule::{Assessment, Change, Context, TOGETHER};
use crate::rule_set::Places;
use crate::rules;
use crate::slow::SlowReadings;
use crate::source::SourceDigest;
use crate::suspicions::SAME_MINUTE_FOR;
use crate::time::{Span, Timestamp};
use crate::timeline::{Admission, CountedChange, Timeline};
use crate::version::Version;
use crate::window::Window;
use ahead::BesideThoseAhead;

mod ahead;
mod slow;
mod suspicions;
mod waiting;

#[cfg(test)]
thread_local! {
    /// How many full computations there were.
    pub(crate) static ASSESSED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    /// How many of each rule.
    static ASSESSED_OF: std::cell::RefCell<std::collections::BTreeMap<&'static str, usize>> =
        const { std::cell::RefCell::new(std::collections::BTreeMap::new()) };
}

/// How many full computations of a rule there were.
#[cfg(test)]
pub(crate) fn assessed(rule: &str) -> usize {
    ASSESSED_OF.with_borrow(|assessed| assessed.get(rule).copied().unwrap_or(0))
}

/// So is what comes later: a process that is away for the rest of the window, and waits when it is back,
/// would not see it any more. Ours.
const OLDEST: Span = Span::from_days(30);

/// One patient under watch. What every reading asks for comes first.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Monitor {
    /// When which rule has to be assessed again. A time may come too early, because readings have come
    /// since: then the assessment finds nothing. Also until when which rule waits for the rest of an
    /// upload.
    ///
    /// Who measures blood pressure waits for two, the rules that judge it once a day. Two are what fits
    /// beside the vector's length, so that they cost no memory of their own and what every reading asks
    /// for ([`Self::HOT`]) stays within two lines of cache. More, as of who has further devices or a
    /// schedule, take 32 bytes for four elsewhere.
    due: SmallVec<[Due; 2]>,
    timeline: Timeline,
    alerts: Alerts,
    slow: SlowReadings,
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
    /// What its version counts as: as of its first receipt.
    pub version: Version,
}

/// What an assessment belongs to, besides the patient's readings and alerts.
#[derive(Debug, Clone, Copy)]
struct Situation<'a> {
    patient: &'a PatientId,
    plan: &'a Plan,
    window: Window,
    now: Timestamp,
    cause: Option<&'a ReadingId>,
    judged: Judged,
}

impl Monitor {
    /// So many of its first bytes every reading asks for.
    pub const HOT: usize = std::mem::offset_of!(Self, alerts) + std::mem::offset_of!(Alerts, all);

    /// Takes in a reading received at `received`: admits it and, where it changes what is current,
    /// assesses the rules that read its kind.
    pub fn apply(
        &mut self,
        reading: &Reading,
        received: Timestamp,
        with: (&Plan, Window),
    ) -> Applied {
        self.apply_remembered(&reading.patient, &RememberedReading::from(reading), received, with)
    }

    /// The same where it is known which rules the plan's rule set switches off: that of a partition is
    /// one for all its patients, and each plan is far in memory.
    pub fn apply_under(
        &mut self,
        reading: &Reading,
        received: Timestamp,
        off: Places,
        with: (&Plan, Window),
    ) -> Applied {
        self.take(&reading.patient, &RememberedReading::from(reading), received, off, with)
    }

    /// The same of a reading of a patient of which is known what is remembered.
    pub fn apply_remembered(
        &mut self,
        patient: &PatientId,
        reading: &RememberedReading,
        received: Timestamp,
        with: (&Plan, Window),
    ) -> Applied {
        self.take(patient, reading, received, with.0.places_off(), with)
    }

    fn take(
        &mut self,
        patient: &PatientId,
        reading: &RememberedReading,
        received: Timestamp,
        off: Places,
        (plan, window): (&Plan, Window),
    ) -> Applied {
        debug_assert_eq!(off, plan.places_off());
        let admission = self.timeline.admit(reading, received, window, rules::ASK_SEVERE);
        let cause = || {
            let RememberedReading { kind, observation_time, source, .. } = *reading;
            ReadingId::new(patient.clone(), kind, observation_time, source)
        };
        let is_slow_news = self.remember_slow(reading, &admission, received);
        let mut changes = Vec::new();
        if admission.changes_current {
            let change = change(reading, &admission, received);
            let is_added = admission.outcome == Outcome::New && !reading.entered_in_error;
            let counted = self.timeline.counted_change(reading.kind, &change.reading, is_added);
            let time = reading.observation_time;
            let judged = Judged::OfReadings(time, time);
            let fast = Situation { patient, plan, window, now: received, cause: None, judged };
            self.wait_for_the_rest(reading, admission.outcome, received);
            let newest_is_past = admission.in_order && reading.observation_time <= received;
            let are_any_ahead = !newest_is_past && self.are_any_ahead(reading.kind, received);
            let (all, of_copies) = (rules::all(), rules::of_copies());
            for index in rules::reading(reading.kind).without(off).all() {
                let rule = all[index];
                let beside = match are_any_ahead && rules::applies(rule, plan) {
                    true => self.beside_those_ahead(index, (&change.reading, is_added), fast),
                    false => BesideThoseAhead::AsEver,
                };
                let counted = if of_copies.has(index) { CountedChange::AsCurrent } else { counted };
                let is_unaffected = match counted {
                    _ if matches!(beside, BesideThoseAhead::Nothing) => true,
                    _ if matches!(beside, BesideThoseAhead::Anything) => false,
                    CountedChange::Nothing => {
                        // Who waits is assessed at its end, whatever has come, as after a restart.
                        let Context { due, rest_until, .. } = self.context(index, fast);
                        rest_until.is_none() || due == rest_until
                    }
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
                if is_unaffected || !rules::applies(rule, plan) {
                    continue;
                }
                let cause = cause();
                changes.extend(self.assess(index, Situation { cause: Some(&cause), ..fast }));
            }
        } else if is_slow_news {
            let (cause, time) = (cause(), reading.observation_time);
            let (cause, judged) = (Some(&cause), Judged::OfReadings(time, time));
            let situation = Situation { patient, plan, window, now: received, cause, judged };
            changes.extend(self.judge_by_slow(reading.kind, situation));
        }
        if admission.changes_suspicions || self.may_report_replaced(&changes, received) {
            let cause = cause();
            let (cause, judged) = (Some(&cause), Judged::All);
            let situation = Situation { patient, plan, window, now: received, cause, judged };
            changes.extend(self.assess_suspicions(situation));
        }
        let Admission { outcome, source, version, .. } = admission;
        Applied { outcome, changes, source, version }
    }

    /// Lets time pass: assesses the rules that are due at `now`.
    pub fn pass_time(
        &mut self,
        patient: &PatientId,
        now: Timestamp,
        (plan, window): (&Plan, Window),
    ) -> Vec<Alert> {
        let judged = Judged::OfTheseNumbers;
        let situation = Situation { patient, plan, window, now, cause: None, judged };
        let mut due: Vec<usize> =
            self.assessments().filter(|due| due.at() <= now).map(Due::rule).collect();
        due.sort_unstable();
        let assess = |index| self.assess(index, situation);
        let changes = due.into_iter().flat_map(assess).collect();
        self.with_replaced(changes, situation)
    }

    /// When [`Self::pass_time`] should be called.
    pub fn next_assessment(&self) -> Option<Timestamp> {
        self.assessments().map(Due::at).min()
    }

    fn assessments(&self) -> impl Iterator<Item = Due> {
        self.due.iter().copied().filter(|due| due.what() == What::Assessment)
    }

    /// Assesses every rule as one who knows nothing yet: what is over is judged too.
    pub fn reassess(
        &mut self,
        patient: &PatientId,
        now: Timestamp,
        with: (&Plan, Window),
    ) -> Vec<Alert> {
        self.assess_all(patient, (now, Judged::All), with)
    }

    /// Assesses every rule where alerts are held back otherwise than before: no number has changed, and
    /// what is over stays as it was said.
    pub fn judge_as_held_back(
        &mut self,
        patient: &PatientId,
        now: Timestamp,
        with: (&Plan, Window),
    ) -> Vec<Alert> {
        self.assess_all(patient, (now, Judged::OfTheseNumbers), with)
    }

    /// Assesses every rule by numbers that may be others than before: after a rebuild, or because the
    /// plan, the rule set or the trust in products has changed. What is over stays as it was said.
    pub fn judge_by_other_numbers(
        &mut self,
        patient: &PatientId,
        now: Timestamp,
        with: (&Plan, Window),
    ) -> Vec<Alert> {
        self.assess_all(patient, (now, Judged::OpenByOtherNumbers), with)
    }

    fn assess_all(
        &mut self,
        patient: &PatientId,
        (now, judged): (Timestamp, Judged),
        (plan, window): (&Plan, Window),
    ) -> Vec<Alert> {
        let situation = Situation { patient, plan, window, now, cause: None, judged };
        let mut changes = Vec::new();
        self.forget_waits(now);
        for (index, rule) in rules::all().iter().enumerate() {
            // Whatever was judged counts no more, also what nothing but time would add to.
            self.set(index, What::Assessment, None);
            let has_alerts = self.alerts.all.iter().any(|a| a.rule.as_str() == rule.name());
            if has_alerts || rules::applies(*rule, plan) && self.has_something_for(index) {
                changes.extend(self.assess(index, situation));
            }
        }
        let changes = self.with_replaced(changes, situation);
        self.due.shrink_to_fit();
        changes
    }

    /// Restores a reading that was accepted before with an outcome, without assessing anything. Its
    /// version is what it was counted as.
    pub fn restore_reading(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        outcome: Outcome,
        window: Window,
    ) {
        if self.timeline.restore(reading, received, outcome, window, rules::ASK_SEVERE) {
            self.wait_for_the_rest(reading, outcome, received);
        }
        self.slow.remember(reading, received);
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
        self.forget_waits(now);
        self.slow.forget(now);
        self.timeline.forget(now, window) && self.alerts.all.is_empty() && self.slow.is_empty()
    }

    /// Forgets the alerts that were over before the lookback begins. One that changed lately tells for as long
    /// as a replaced reading is reported that it was about such a reading.
    fn forget_alerts(&mut self, now: Timestamp, window: Window) {
        let seen_from = window.lookback_start(now);
        let is_seen = |of: &Alert| of.until() >= seen_from || of.changed_at + SAME_MINUTE_FOR > now;
        if !self.alerts.all.is_empty() {
            self.alerts.change(|alerts| alerts.retain(is_seen));
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
        let Situation { patient, plan, window, now, cause, judged: _ } = situation;
        let (mut due, mut rest_until) = (None, None);
        for of_rule in self.due.iter().filter(|due| due.rule() == index) {
            match of_rule.what() {
                What::Assessment => due = Some(of_rule.at()),
                What::TheRest => rest_until = Some(of_rule.at()).filter(|until| *until > now),
                What::FirstOfTheRest => {}
            }
        }
        let rule = rules::all()[index];
        Context {
            patient,
            plan,
            now,
            cause,
            due,
            rest_until,
            rule: RuleName::of(rule.name()),
            named: rules::named,
            timeline: &self.timeline,
            slow: &self.slow,
            alerts: &self.alerts.all,
            alerts_until: self.alerts.until,
            window: self.timeline.window_of_all(|| rule.kinds(), window),
        }
    }

    /// The full computation of one rule. Returns the alerts that it changes.
    fn assess(&mut self, index: usize, situation: Situation<'_>) -> Vec<Alert> {
        let rest = self.take_the_rest(index, situation.now);
        let mut changes = Vec::new();
        // Numbers that came while the rule waited have judged nothing yet.
        if let Some(Rest { until: Some(until), .. }) = rest
            && situation.judged != Judged::OpenByOtherNumbers
            && situation.plan.counts_from() > until - TOGETHER
        {
            let judged = Judged::OpenByOtherNumbers;
            let by_others = Situation { judged, cause: None, ..situation };
            changes = self.compute(index, by_others, None);
        }
        changes.extend(self.compute(index, situation, rest.map(|rest| rest.first)));
        changes
    }

    fn compute(
        &mut self,
        index: usize,
        situation: Situation<'_>,
        first_of_the_rest: Option<Timestamp>,
    ) -> Vec<Alert> {
        #[cfg(test)]
        {
            ASSESSED.set(ASSESSED.get() + 1);
            let of = rules::all()[index].name();
            ASSESSED_OF.with_borrow_mut(|assessed| *assessed.entry(of).or_default() += 1);
        }
        // Whoever has been rebuilt does not know them, so nobody may choose one of them.
        self.forget_alerts(situation.now, situation.window);
        let rule = rules::all()[index];
        let judged = match first_of_the_rest {
            // What is suspected is of no time that a reading says.
            _ if rule.reads_suspicions() && situation.cause.is_some() => Judged::All,
            Some(first) => situation.judged.with_readings_from(first),
            None => situation.judged,
        };
        let context = self.context(index, situation);
        let Assessment { episodes, next_assessment, covered } =
            match situation.plan.switches_off(rule.name()) {
                true => Assessment::switched_off(&context),
                false => {
                    let mut found = rule.assess(&context);
                    let to_come = context.next_to_come(rule.kinds());
                    to_come.into_iter().for_each(|time| found.assess_again_at(time));
                    found
                }
            };
        self.set(index, What::Assessment, next_assessment);
        let computation = Computation {
            judged,
            patient: situation.patient,
            rule: RuleName::of(rule.name()),
            wording_version: rule.wording_version(),
            plan: situation.plan,
            at: situation.now,
            cause: situation.cause,
        };
        self.alerts.change(|alerts| publish_difference(alerts, episodes, &covered, &computation))
    }

    fn place_of(&self, index: usize, what: What) -> Option<usize> {
        self.due.iter().position(|due| due.what() == what && due.rule() == index)
    }

    fn set(&mut self, index: usize, what: What, at: Option<Timestamp>) {
        match (self.place_of(index, what), at) {
            (Some(place), Some(at)) => self.due[place] = Due::new(at, index, what),
            (Some(place), None) => drop(self.due.swap_remove(place)),
            (None, Some(at)) => self.due.push(Due::new(at, index, what)),
            (None, None) => {}
        }
    }
}

/// What has changed, as rules see it.
fn change(reading: &RememberedReading, admission: &Admission, received: Timestamp) -> Change {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::{Home, bp};
    use crate::kinds::Kind;

    #[test]
    fn what_a_patient_waits_for_who_measures_pressure_takes_no_memory_of_its_own() {
        let twice_a_day = (0..80).map(|half| bp(half * 12 * 60, 128, 79));
        let home = Home::after(twice_a_day);
        assert!(home.monitor.assessments().count() > 0);
        assert!(!home.monitor.due.spilled(), "{:?}", home.monitor.due);
        assert!(
            home.monitor.timeline.current(Kind::BloodPressure, Timestamp::EARLIEST).count() > 70
        );
    }
}
