//! Rules of one pressure each that a second reading confirms: what they have in common beside how they
//! judge ([`super::confirmed`]).

use std::fmt;

use super::confirmed::{self, NEW_CRISIS_AFTER};
use super::criterion::Criterion;
use crate::alert::{Alert, Text, Values};
use crate::crisis;
use crate::episode::Episode;
use crate::fixed::Fixed;
use crate::kinds::{Kind, Label, blood_pressure};
use crate::limit::Limit;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Rule, Severe, values};
use crate::sample::Sample;
use crate::time::Span;

/// What is one rule's own.
pub(super) trait Definition: fmt::Debug + Send + Sync {
    /// Its numbers for one patient.
    type Limits: Criterion;

    /// Its name.
    const NAME: &'static str;

    /// Its parameters.
    const PARAMETERS: &'static [Parameter];

    /// Its own numbers that nothing changes.
    const FIXED: &'static [Fixed];

    /// See [`Rule::wording_version`].
    const WORDING_VERSION: i32;

    /// Its numbers under a plan.
    fn limits_of(plan: &Plan) -> Self::Limits;

    /// The parameters that an episode was judged against, with their values.
    fn judged_against(plan: &Plan) -> Values;

    /// On which side a reading is that is beyond the limits.
    const SEVERE: Severe;

    /// Whether a reading is beyond the limits.
    fn is_severe(sample: Sample, limits: &Self::Limits) -> bool;

    /// Whether a late reading waits for what was sent together with it: see [`Rule::waits_for_the_rest`].
    fn waits_for_the_rest(_: Sample) -> bool {
        false
    }

    /// The limits that a chart draws.
    fn charted(plan: &Plan) -> Vec<Limit>;

    /// See [`Rule::words`].
    fn words(alert: &Alert) -> Text;
}

/// How many normalised occasions in a row end a confirmed alert: the parameter of a rule.
pub(super) const fn clear_occasions(
    name: &'static str,
    former_names: &'static [&'static str],
) -> Parameter {
    Parameter {
        name,
        former_names,
        label: Label {
            ja: "解消に要する連続した測定機会", en: "normalised occasions in a row"
        },
        unit: "",
        default: 2.0,
        low: 1.0,
        high: 10.0,
        decimals: 0,
        source: "ours",
    }
}

/// The rule of a definition.
#[derive(Debug)]
pub(super) struct Confirmed<D>(pub(super) D);

impl<D: Definition> Rule for Confirmed<D> {
    fn name(&self) -> &str {
        D::NAME
    }

    fn kinds(&self) -> &[Kind] {
        const { &[<D::Limits as Criterion>::KIND] }
    }

    fn parameters(&self) -> &'static [Parameter] {
        D::PARAMETERS
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        const { &[D::FIXED, confirmed::FIXED, crisis::FIXED] }
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        confirmed::assess(&D::limits_of(context.plan), context, |episode| {
            episode.findings = findings(episode);
            episode.parameters = D::judged_against(context.plan);
        })
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        confirmed::is_unaffected(&D::limits_of(context.plan), change, context)
    }

    fn waits_for_the_rest(&self, sample: Sample, _: Span) -> bool {
        D::waits_for_the_rest(sample)
    }

    fn waits_for_its_time(&self, reading: &CurrentReading, context: &Context<'_>) -> bool {
        confirmed::waits_for_its_time(&D::limits_of(context.plan), reading, context)
    }

    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        D::is_severe(sample, &D::limits_of(plan)).then_some(D::SEVERE)
    }

    fn calls_again_after(&self) -> Option<Span> {
        Some(NEW_CRISIS_AFTER)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        D::charted(plan)
    }

    fn wording_version(&self) -> i32 {
        D::WORDING_VERSION
    }

    fn words(&self, alert: &Alert) -> Text {
        D::words(alert)
    }
}

fn findings(episode: &Episode) -> Values {
    let judged = confirmed::judged(episode);
    if judged.is_empty() {
        return Values::new();
    }
    let mean =
        |field| confirmed::mean(judged, |reading| reading.sample.value(field).unwrap_or_default());
    values([
        ("readings", judged.len() as f64),
        ("mean_systolic", mean(blood_pressure::SYSTOLIC)),
        ("mean_diastolic", mean(blood_pressure::DIASTOLIC)),
    ])
}
