//! What a clinical rule is. Each folder of [`crate::rules`] holds one.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::alert::{Alert, AlertId, RuleName, Text, Values};
use crate::episode::Episode;
use crate::kinds::Kind;
use crate::limit::Limit;
use crate::parameter::Parameter;
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::time::Timestamp;
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

    /// Whether a patient with such a plan can have alerts of the rule.
    fn applies_to(&self, _: &Plan) -> bool {
        true
    }

    /// The full computation: every episode that can be seen, and which known alerts are among them.
    fn assess(&self, context: &Context<'_>) -> Assessment;

    /// The fast path: whether a changed reading leaves what [`Rule::assess`] finds as it is. True
    /// must be right, false may be cautious; a property test holds it to the full computation.
    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool;

    /// The limits of the rule that a chart of the patient's readings draws.
    fn limits(&self, _: &Plan) -> Vec<Limit> {
        Vec::new()
    }

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

    /// The readings of a kind that are counted, observed at `from` or later and to be seen, in
    /// observation order: the current ones without the copies of others ([`crate::copies`]).
    pub fn readings(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl DoubleEndedIterator<Item = CurrentReading> + use<'a> {
        self.timeline.counted(kind, from)
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
}

/// Numbers by name.
pub(crate) fn values<const N: usize>(values: [(&'static str, f64); N]) -> Values {
    values.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect()
}

/// Of a rule's parameters those that an alert was judged against, by their short names.
pub(crate) fn parameters<const N: usize>(plan: &Plan, parameters: [&Parameter; N]) -> Values {
    values(parameters.map(|parameter| (parameter.short_name(), plan.value(parameter))))
}
