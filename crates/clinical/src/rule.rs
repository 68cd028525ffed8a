//! What a clinical rule is. Each folder of [`crate::rules`] holds one.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::alert::{Alert, AlertId, RuleName, Severity, Stage, Status, Text, Values};
use crate::copies;
use crate::episode::{Episode, EvidenceReading};
use crate::fixed::Fixed;
use crate::kinds::Kind;
use crate::limit::Limit;
use crate::parameter::Parameter;
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::reading::ReadingId;
use crate::remembered::{CurrentReading, RememberedReading};
use crate::sample::Sample;
use crate::slow::{SlowReadings, remembered_from};
use crate::suspicions::Suspicions;
use crate::time::{Span, Timestamp};
use crate::timeline::Timeline;
use crate::window::Window;

/// What comes sooner after its observation is judged at once, by every rule.
pub(crate) const PROMPT: Span = Span::from_minutes(15);

/// What was sent together is received within so long: a device that uploads in batches sends one
/// request, which Kafka takes in few batches. Ours.
pub(crate) const TOGETHER: Span = Span::from_minutes(1);

/// When a reading that its rule does not see before its time ([`Rule::waits_for_its_time`]) is seen: with
/// the next whole minute, so that of a device that sends each second one assessment a minute sees all.
pub(crate) fn seen_from(observed: Timestamp) -> Timestamp {
    let minute = SEEN_WITHIN.millis();
    Timestamp::from_millis((observed.millis() + minute - 1).div_euclid(minute) * minute)
}

/// So long after its time such a reading is seen at the latest.
pub(crate) const SEEN_WITHIN: Span = Span::from_minutes(1);

/// A rule: a pure function from a patient's current readings to the episodes in them.
///
/// The readings are those of the window, and what the rule finds must depend on nothing but its
/// [`Context`]: whoever computes the same again finds the same.
pub trait Rule: Debug + Send + Sync {
    /// The name: letters, underscores and points. It never changes: alerts are known by it.
    fn name(&self) -> &str;

    /// The kinds of readings that the rule reads.
    fn kinds(&self) -> &[Kind];

    /// Whether the rule reads copies of readings too, or is asked about them. It must not take a copy
    /// for another measurement: it compares each source's readings with one another only, or counts no
    /// copy itself and has to know that a copy, too, may begin a day.
    fn reads_copies(&self) -> bool {
        false
    }

    /// The numbers that a rule set or a care plan may change.
    fn parameters(&self) -> &'static [Parameter];

    /// Numbers of other rules that this one works with as well, and records with its alerts.
    fn parameters_of_others(&self) -> &'static [&'static Parameter] {
        &[]
    }

    /// The numbers that nothing changes, the rule's own and those that it shares with others.
    fn fixed(&self) -> &'static [&'static [Fixed]];

    /// The name without the kind, of a rule that there is for each kind with the same fixed numbers; else
    /// its own name.
    fn family(&self) -> &str {
        self.name()
    }

    /// Whether a patient with such a plan can have alerts of the rule.
    fn applies_to(&self, _: &Plan) -> bool {
        true
    }

    /// The full computation: every episode that can be seen, and which known alerts are among them.
    fn assess(&self, context: &Context<'_>) -> Assessment;

    /// The fast path: whether a changed reading leaves what [`Rule::assess`] finds as it is. True
    /// must be right, false may be cautious; a property test holds it to the full computation.
    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool;

    /// Whether a new reading that came so long after its observation lets the rule wait for a minute, for
    /// what was sent together with it, which may say that all was over long ago:
    /// [`Context::rest_until`]. Asked of readings that came 15 minutes to 30 days after their observation.
    ///
    /// It depends on no plan, for a state that is being rebuilt does not know it yet.
    fn waits_for_the_rest(&self, _: Sample, _delay: Span) -> bool {
        false
    }

    /// Whether a reading that says it was observed later than now, by a clock that is ahead, is not seen
    /// before that time has come: what is harmless hides nothing that is measured now, neither repeats it
    /// nor ends anything. What is beyond a limit of the rule is seen at once. Until then
    /// [`Context::readings`] and [`Context::readings_and_copies`] are without it, and at that time the rule
    /// is assessed. A rule that does not wait holds what it sees to the present itself.
    fn waits_for_its_time(&self, _: &CurrentReading, _: &Context<'_>) -> bool {
        false
    }

    /// Whether it waits because of what such a reading follows: what ends a run of a source may take an
    /// alert back that the next of the upload brings again.
    fn waits_after_others(&self, _: &RememberedReading, _: &Timeline) -> bool {
        false
    }

    /// The limits of the rule that a chart of the patient's readings draws.
    fn limits(&self, _: &Plan) -> Vec<Limit> {
        Vec::new()
    }

    /// Whether a value is one that a physician should see whenever it was measured, without any other
    /// beside it, and on which side: asked where nobody knows when that was. On each side more values are the
    /// greater every parameter is that the answer depends on, or the smaller: so the least and the greatest
    /// numbers of all say which values are such ones under some plan.
    fn severe(&self, _: Sample, _: &Plan) -> Option<Severe> {
        None
    }

    /// Of a rule that can be urgent: after how long at most without a value beyond the most urgent of its
    /// [`Rule::limits`] an open alert calls again where that would raise an urgent one in a patient without
    /// history ([`crate::crisis`]). None of a rule that never is.
    fn calls_again_after(&self) -> Option<Span> {
        None
    }

    /// Whether it may find something of a patient of whom no reading of its kinds is known: what is missing,
    /// or suspected. Where nothing is known nobody else is asked.
    fn judges_absence(&self) -> bool {
        self.reads_suspicions()
    }

    /// Whether the rule looks at what the patient's data are suspected of ([`Context::suspicions`]); it
    /// is assessed where that changes.
    fn reads_suspicions(&self) -> bool {
        false
    }

    /// Whether the rule asks which product measured a reading, and how far it is trusted
    /// ([`Plan::trust_of`]). The declarations of its kinds say so too (`products`).
    fn reads_products(&self) -> bool {
        false
    }

    /// Counts up when the sentences change, so that the past reads as it was reported.
    fn wording_version(&self) -> i32 {
        1
    }

    /// What an alert of the rule says: what was seen, against which limit, and what to do. The
    /// sentences are those of the alert's own wording version.
    fn words(&self, alert: &Alert) -> Text;
}

/// On which side a value is severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severe {
    /// Too low.
    Low,
    /// Too high.
    High,
}

/// What a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Whose readings.
    pub patient: &'a PatientId,
    /// The care plan.
    pub plan: &'a Plan,
    /// The present: when the reading that is the cause was received, or the time that was waited
    /// for.
    pub now: Timestamp,
    /// The reading that made the assessment necessary; none when time did, also the time that was
    /// waited for what was sent together.
    pub cause: Option<&'a ReadingId>,
    /// When the rule asked to be assessed again.
    pub due: Option<Timestamp>,
    /// Until when the rule waits for what was sent together with a late reading; none when it does not.
    pub rest_until: Option<Timestamp>,
    pub(crate) rule: RuleName,
    /// The rule of a name.
    pub(crate) named: fn(RuleName) -> Option<&'static dyn Rule>,
    pub(crate) timeline: &'a Timeline,
    pub(crate) slow: &'a SlowReadings,
    pub(crate) alerts: &'a [Alert],
    /// When the last of all alerts was over.
    pub(crate) alerts_until: Timestamp,
    pub(crate) window: Window,
}

/// A reading that was added, corrected or entered in error.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// Its kind.
    pub kind: Kind,
    /// Its newest version.
    pub reading: CurrentReading,
    /// Whether it is newer than every other reading of its kind that is remembered.
    pub is_in_order: bool,
}

/// What a rule finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assessment {
    /// In time's order.
    pub episodes: Vec<Episode>,
    /// When time alone can change the answer.
    pub next_assessment: Option<Timestamp>,
    /// The known alerts that are among the episodes, or are not any more. All others were over
    /// before the window and stay as they were reported.
    pub covered: Vec<AlertId>,
}

impl Assessment {
    /// What a rule finds that waits for what was sent together with a late reading, where it does:
    /// until then all stays as it was reported.
    pub(crate) fn waiting(context: &Context<'_>) -> Option<Self> {
        let until = context.rest_until?;
        Some(Self { next_assessment: Some(until), ..Self::default() })
    }

    /// What is found of a rule that the rule set switches off: no episode, so that an open alert is
    /// closed. What was over stays as it was reported.
    pub(crate) fn switched_off(context: &Context<'_>) -> Self {
        let covered = context.open().map(|alert| alert.id).into_iter().collect();
        Self { covered, ..Self::default() }
    }

    /// Asks to be assessed again at a time, or earlier if that was asked for.
    pub(crate) fn assess_again_at(&mut self, time: Timestamp) {
        self.next_assessment = Some(self.next_assessment.map_or(time, |known| known.min(time)));
    }
}

impl<'a> Context<'a> {
    /// Where the window begins: what was observed earlier cannot change any more.
    pub fn window_start(&self) -> Timestamp {
        self.window.start(self.now)
    }

    /// From when on readings are seen.
    pub fn lookback_start(&self) -> Timestamp {
        self.window.lookback_start(self.now)
    }

    /// The readings of a kind that are counted, observed at `from` or later and to be seen, in
    /// observation order: the current ones without the copies of others ([`crate::copies`]), and without
    /// those that are to come ([`Rule::waits_for_its_time`]).
    pub fn readings(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl Iterator<Item = CurrentReading> + use<'a> {
        let context = *self;
        self.timeline.counted_of(kind, from, move |reading| !context.is_to_come(reading))
    }

    /// Whether a reading is of a clock that is ahead, and its rule does not see it yet.
    pub(crate) fn is_to_come(&self, reading: &CurrentReading) -> bool {
        reading.delay.is_ahead()
            && seen_from(reading.time) > self.now
            && (self.named)(self.rule).is_some_and(|rule| rule.waits_for_its_time(reading, self))
    }

    /// When the first of the readings of some kinds is seen that are to come.
    pub(crate) fn next_to_come(&self, kinds: &[Kind]) -> Option<Timestamp> {
        let first = |kind: &Kind| {
            // One of the present minute is still to come.
            let mut ahead = self.timeline.current(*kind, self.now - SEEN_WITHIN);
            ahead.find(|reading| self.is_to_come(reading)).map(|reading| seen_from(reading.time))
        };
        kinds.iter().filter_map(first).min()
    }

    /// All current readings, also those that are to come.
    pub(crate) fn all_readings(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl Iterator<Item = CurrentReading> + use<'a> {
        self.timeline.current(kind, from)
    }

    /// The same with the copies: for rules that read them ([`Rule::reads_copies`]), and where a reading
    /// more leads to no more than caution.
    pub fn readings_and_copies(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl Iterator<Item = CurrentReading> + use<'a> {
        let context = *self;
        self.timeline.current(kind, from).filter(move |reading| !context.is_to_come(reading))
    }

    /// The current readings from the newest on, for rules that look at the present alone.
    pub fn newest_first(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl Iterator<Item = CurrentReading> + use<'a> {
        self.timeline.current(kind, from).rev()
    }

    /// All readings of a slow kind that are counted and remembered, in observation order: those of before
    /// the lookback too, which a value in the window may be compared with.
    pub fn slow_readings(&self, kind: Kind) -> Vec<CurrentReading> {
        let mut all: Vec<_> = self.slow.current(kind, remembered_from(self.now)).collect();
        // Of many in the window only the newest are among them. What has changed since it was in the
        // window has changed here alone.
        let in_window = self.timeline.current(kind, self.lookback_start());
        for reading in in_window.filter(|one| !self.slow.knows(kind, one)) {
            let key = |one: &CurrentReading| (one.time, one.source);
            let place = all.partition_point(|one| key(one) < key(&reading));
            all.insert(place, reading);
        }
        copies::counted(kind, all.into_iter()).collect()
    }

    /// Whether a version of a reading is among the remembered ones of slow kinds: then these say what it
    /// is now, and what an alert says of it is the past.
    pub fn remembers_slow(&self, kind: Kind, reading: &CurrentReading) -> bool {
        reading.time >= remembered_from(self.now) && self.slow.knows(kind, reading)
    }

    /// What the patient's data are suspected of, now or some time ago.
    pub fn suspicions(&self) -> Option<&'a Suspicions> {
        self.timeline.suspicions()
    }

    /// The known alerts of the rule, without those that other numbers closed: no reading says more of
    /// them.
    pub fn known(&self) -> impl Iterator<Item = &'a Alert> + Clone + use<'a> {
        let rule = self.rule;
        let is_of_rule =
            move |alert: &&Alert| alert.rule == rule && !alert.is_closed_by_other_numbers();
        self.alerts.iter().filter(is_of_rule)
    }

    /// The known alerts of the rule that were not over before a time.
    pub fn lasting_at(&self, time: Timestamp) -> impl Iterator<Item = &'a Alert> + use<'a> {
        let any = self.alerts_until >= time;
        let known = any.then(|| self.known());
        known.into_iter().flatten().filter(move |alert| alert.until() >= time)
    }

    /// The open alert of the rule.
    pub fn open(&self) -> Option<&'a Alert> {
        self.lasting_at(Timestamp::LATEST).find(|alert| alert.is_open())
    }

    /// From when on a rule judges that needs every reading up to so long before the one it judges.
    pub fn judged_from(&self, lookback: Span) -> Timestamp {
        self.window_start().max(self.lookback_start() + lookback)
    }

    /// What a rule that goes through the readings once, in time's order, has to know when it begins
    /// at `from`. `steps` says which readings, counted from the first of an alert's evidence, brought
    /// it to which stage.
    pub fn beginning<const N: usize>(
        &self,
        from: Timestamp,
        steps: impl Fn(&Alert) -> [Option<Step>; N],
    ) -> Beginning<'a> {
        let mut beginning = Beginning::default();
        // What was over before rests on nothing that came later.
        let is_asked = |alert: &&Alert| alert.is_open() || alert.last_observed_at >= from;
        for alert in self.known().filter(is_asked) {
            let evidence: Vec<EvidenceReading> =
                alert.evidence.iter().map(EvidenceReading::from).collect();
            let is_before = |step: &Step| {
                let readings = evidence.get(..step.readings).filter(|step| !step.is_empty());
                readings.is_some_and(|all| all.iter().all(|one| one.reading.time < from))
            };
            let mut steps = steps(alert).into_iter().flatten();
            let known_stage = steps.clone().next_back().map(|step| step.stage);
            let Some(step) = steps.rfind(is_before) else {
                beginning.covered.push(alert.id);
                continue;
            };
            let lasts = alert.is_open()
                || alert.status == Status::Resolved && alert.last_observed_at >= from;
            let began = |alert: &Alert| (alert.is_open(), alert.first_observed_at);
            let is_newer =
                beginning.open.as_ref().is_none_or(|other| began(other.alert) < began(alert));
            if lasts && is_newer {
                let (established, newest) = evidence.split_at(step.readings);
                // What upheld an earlier stage is not reported any more.
                let is_known = known_stage == Some(step.stage)
                    && newest.iter().all(|reading| reading.reading.time < from);
                let newest = if is_known { newest } else { &[] };
                beginning.open = Some(Carried {
                    alert,
                    stage: step.stage,
                    established: established.to_vec(),
                    newest: newest.to_vec(),
                });
            }
        }
        beginning.covered.extend(beginning.open.as_ref().map(|carried| carried.alert.id));
        beginning
    }
}

/// So many of the first readings of an alert's evidence brought it to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which stage.
    pub stage: Stage,
    /// How many readings.
    pub readings: usize,
}

/// Where a rule begins to go through the readings, and what is known there.
#[derive(Debug, Default)]
pub struct Beginning<'a> {
    /// The alert that is open there.
    pub open: Option<Carried<'a>>,
    /// The alerts that are computed anew: that one, and all that reached their first stage later.
    pub covered: Vec<AlertId>,
}

/// An alert that is open where a rule begins. Its evidence says what it rests on, so that it goes on
/// as it was although those readings are not remembered any more, also in a state that was rebuilt.
#[derive(Debug, Clone)]
pub struct Carried<'a> {
    /// Which.
    pub alert: &'a Alert,
    /// The stage it has there.
    pub stage: Stage,
    /// The readings that brought it to that stage.
    pub established: Vec<EvidenceReading>,
    /// The newest that upheld it there.
    pub newest: Vec<EvidenceReading>,
}

impl Carried<'_> {
    /// The episode as it is there.
    pub fn episode(&self) -> Episode {
        let Self { alert, stage, established, newest } = self;
        // A stage that the alert had earlier was for review.
        let severity = if *stage == alert.stage { alert.severity } else { Severity::Review };
        let mut episode = Episode::begin(*stage, severity, established.clone());
        episode.continues = Some(alert.id);
        episode.newest.clone_from(newest);
        episode
    }
}

/// Numbers by name.
pub(crate) fn values<const N: usize>(values: [(&'static str, f64); N]) -> Values {
    values.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect()
}

/// Of a rule's parameters those that an episode was judged against, as the plan has them, by their
/// short names.
pub(crate) fn parameters<const N: usize>(plan: &Plan, parameters: [&Parameter; N]) -> Values {
    values(parameters.map(|parameter| (parameter.short_name(), plan.value(parameter))))
}
