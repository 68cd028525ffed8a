//! Rules about events of glucose: what they have in common beside how they judge
//! ([`super::glucose_assessment`]).

use std::fmt;

use super::glucose_assessment;
use super::glucose_event::Event;
use crate::alert::{Alert, Text};
use crate::fixed::Fixed;
use crate::glucose::GLUCOSE;
use crate::kinds::{Kind, Label};
use crate::limit::Limit;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::RememberedReading;
use crate::rule::{Assessment, Change, Context, Rule, Severe};
use crate::sample::Sample;
use crate::time::Span;
use crate::timeline::Timeline;

/// What is one rule's own.
pub(super) trait Definition: fmt::Debug + Send + Sync {
    /// What it calls an event.
    fn event() -> &'static Event;

    /// Its parameters.
    const PARAMETERS: &'static [Parameter];

    /// Its own numbers that nothing changes, and those that it shares.
    const FIXED: &'static [&'static [Fixed]];

    /// See [`Rule::wording_version`].
    const WORDING_VERSION: i32;

    /// See [`Rule::calls_again_after`].
    const CALLS_AGAIN_AFTER: Option<Span> = None;

    /// See [`Rule::severe`].
    fn severe(_: Sample, _: &Plan) -> Option<Severe> {
        None
    }

    /// See [`Rule::words`].
    fn words(alert: &Alert) -> Text;
}

/// Glucose at or above which a low is back, mg/dL: the parameter of a rule.
pub(super) const fn back(name: &'static str, label: Label) -> Parameter {
    Parameter {
        name,
        former_names: &[],
        label,
        unit: "mg/dL",
        default: 70.0,
        low: 54.0,
        high: 120.0,
        decimals: 0,
        source: "international consensus on continuous glucose monitoring: 70 mg/dL is in range",
    }
}

/// What [`back`] is called of every value.
pub(super) const BACK: Label = Label { ja: "解消の血糖", en: "back, at or above" };

/// What it is called of finger-sticks, where it is given; else they are judged as sensors are.
pub(super) const BACK_BY_STICK: Label =
    Label { ja: "指先穿刺での解消の血糖", en: "back by finger-stick, at or above" };

/// The rule of a definition.
#[derive(Debug)]
pub(super) struct OfEvents<D>(pub(super) D);

impl<D: Definition> Rule for OfEvents<D> {
    fn name(&self) -> &str {
        D::event().name
    }

    fn kinds(&self) -> &[Kind] {
        &[GLUCOSE]
    }

    /// No source confirms another. Were copies left out, a second way that is linked would cut the
    /// run of a sensor in two.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        D::PARAMETERS
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        D::FIXED
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        glucose_assessment::assess(D::event(), context)
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        glucose_assessment::is_unaffected(D::event(), change, context)
    }

    fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        D::event().waits_for_the_rest(sample, delay)
    }

    fn waits_after_others(&self, reading: &RememberedReading, timeline: &Timeline) -> bool {
        D::event().waits_after_others(reading, timeline)
    }

    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        D::severe(sample, plan)
    }

    fn calls_again_after(&self) -> Option<Span> {
        D::CALLS_AGAIN_AFTER
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        vec![D::event().chart_limit(plan)]
    }

    fn wording_version(&self) -> i32 {
        D::WORDING_VERSION
    }

    fn words(&self, alert: &Alert) -> Text {
        D::words(alert)
    }
}
