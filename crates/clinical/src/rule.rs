//! What a clinical rule is. Each folder of [`crate::rules`] holds one.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::alert::{Alert, AlertId, RuleName, Status, Text, Values};
use crate::episode::{Episode, EvidenceReading};
use crate::kinds::Kind;
use crate::parameter::Parameter;
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::time::{Span, Timestamp};
use crate::timeline::Timeline;
use crate::window::Window;

/// A rule: a pure function from a patient's current readings to the episodes in them.
///
/// The readings are those of the window, and what the rule finds must depend on nothing but its
/// [`Context`]: whoever computes the same again finds the same.
pub trait Rule: Debug + Send + Sync {
    /// The name: letters, underscores and points. It never changes: alerts are known by it.
    fn name(&self) -> &str;

    /// The kinds of readings that the rule reads.
    fn kinds(&self) -> &[Kind];

    /// The numbers that a care plan may change.
    fn parameters(&self) -> &'static [Parameter];

    /// How far before a reading other readings matter to it. A rule that looks back further than
    /// [`crate::window::LOOKBACK`] judges only readings of which all that is in sight.
    fn lookback(&self) -> Span {
        Span::ZERO
    }

    /// Whether a patient with such a plan can have alerts of the rule.
    fn applies_to(&self, _: &Plan) -> bool {
        true
    }

    /// The full computation: every episode in sight, and which known alerts are among them.
    fn assess(&self, context: &Context<'_>) -> Assessment;

    /// The fast path: whether a changed reading leaves what [`Rule::assess`] finds as it is. True
    /// must be right, false may be cautious; a property test holds it to the full computation.
    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool;

    /// Counts up when the sentences change, so that the past reads as it was reported.
    fn wording_version(&self) -> i32 {
        1
    }

    /// What an alert of the rule says: what was seen, against which limit, and what to do. The
    /// sentences are those of the alert's own wording version.
    fn words(&self, alert: &Alert) -> Text;
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
    /// The reading that made the assessment necessary; none when time did.
    pub cause: Option<&'a ReadingId>,
    /// When the rule asked to be assessed again.
    pub due: Option<Timestamp>,
    pub(crate) rule: RuleName,
    pub(crate) timeline: &'a Timeline,
    pub(crate) alerts: &'a [Alert],
    pub(crate) window: Window,
}

/// A reading that was added, corrected or withdrawn.
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

    /// The current readings of a kind that were observed at `from` or later and are in sight, in
    /// observation order.
    pub fn readings(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl DoubleEndedIterator<Item = CurrentReading> + use<'a> {
        self.timeline.current(kind, from)
    }

    /// The known alerts of the rule.
    pub fn known(&self) -> impl Iterator<Item = &'a Alert> + Clone + use<'a> {
        let rule = self.rule;
        self.alerts.iter().filter(move |alert| alert.rule == rule)
    }

    /// The open alert of the rule.
    pub fn open(&self) -> Option<&'a Alert> {
        self.known().find(|alert| alert.is_open())
    }

    /// What a rule with such a lookback judges; see [`Sight`].
    pub fn sight(&self, lookback: Span) -> Sight<'a> {
        let (window_start, lookback_start) = (self.window_start(), self.lookback_start());
        let start = window_start.max(lookback_start + lookback);
        let is_covered = move |alert: &&Alert| {
            alert.status != Status::Retracted
                && (alert.is_open() || alert.last_observed_at >= start)
        };
        Sight { start, lookback_start, covered: self.known().filter(is_covered).collect() }
    }
}

/// The part of the past that a rule judges which finds its episodes by going through the readings
/// once, in time's order.
///
/// An episode that ended before [`Sight::start`] is over for good and stays as it was reported. Of
/// an alert that is open, or ended later, the readings that have left the timeline are known from
/// its evidence: with them the rule finds the same alert again, whoever computes it, also from a
/// state that was rebuilt.
#[derive(Debug)]
pub struct Sight<'a> {
    /// When it begins.
    pub start: Timestamp,
    lookback_start: Timestamp,
    covered: Vec<&'a Alert>,
}

impl<'a> Sight<'a> {
    /// The current readings of a kind in sight, preceded by those that only the evidence of alerts
    /// still knows, in observation order.
    pub fn readings(&self, kind: Kind, context: &Context<'a>) -> Vec<CurrentReading> {
        let evidence = self.covered.iter().flat_map(|alert| &alert.evidence);
        let mut readings: Vec<CurrentReading> = evidence
            .filter(|evidence| evidence.reading.kind() == kind)
            .filter(|evidence| evidence.reading.observation_time() < self.lookback_start)
            .map(EvidenceReading::current_reading)
            .collect();
        readings.sort_by_key(|reading| (reading.time, reading.source));
        readings.dedup_by_key(|reading| (reading.time, reading.source));
        readings.extend(context.readings(kind, self.lookback_start));
        readings
    }

    /// The answer of the rule: of the episodes found those that are not over for good, and the
    /// alerts that are computed anew with them.
    pub fn assessment(self, episodes: Vec<Episode>) -> Assessment {
        let is_over = |episode: &Episode| episode.ended.is_some_and(|ended| ended < self.start);
        let episodes = episodes.into_iter().filter(|episode| !is_over(episode)).collect();
        let covered = self.covered.iter().map(|alert| alert.id).collect();
        Assessment { episodes, next_assessment: None, covered }
    }
}

/// Numbers by name.
pub(crate) fn values<const N: usize>(values: [(&'static str, f64); N]) -> Values {
    values.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect()
}

/// Of a rule's parameters those that an alert was judged against, by their short names.
pub(crate) fn parameters<const N: usize>(plan: &Plan, parameters: [&Parameter; N]) -> Values {
    values(parameters.map(|parameter| (parameter.short_name(), plan.value(parameter))))
}
