//! Of which values that were replaced or overtaken something else tells.

use super::{OVERTAKEN, Place, newest, place, wording};
use crate::alert::{Alert, Evidence};
use crate::copies::has_same_values;
use crate::episode::EvidenceReading;
use crate::plan::Plan;
use crate::rule::{Context, Severe};
use crate::rules;
use crate::suspicions::{Replaced, SAME_MINUTE_FOR};
use crate::time::Timestamp;
use crate::window::WINDOW;

/// Whether a reading that was replaced is reported by an alert of another rule: about what counts instead,
/// or about the reading itself before it was replaced.
pub(super) fn is_reported_elsewhere(one: &Replaced, context: &Context<'_>) -> bool {
    is_reported_by_what_counts(one, context.plan) || was_reported(one, context)
}

/// Whether alerts reported a reading as long as it counted. An alert that rests on a version of the reading that is
/// as severe is taken back where it is seen, which says enough. So do alerts that stayed open when it was replaced,
/// of each rule by which it is severe and about a value on the same side.
fn was_reported(one: &Replaced, context: &Context<'_>) -> bool {
    let Replaced { kind, reading, received, .. } = *one;
    let sample = |evidence: &Evidence| EvidenceReading::from(evidence).reading.sample;
    let rests_on_it = |alert: &Alert| {
        alert.evidence.iter().any(|evidence| {
            let id = &evidence.reading;
            (id.kind(), id.observation_time(), id.source()) == (kind, reading.time, reading.source)
                && rules::is_as_severe(kind, sample(evidence), reading.sample, context.plan)
        })
    };
    let stayed_open = |alert: &Alert| {
        alert.raised_at <= received && (alert.is_open() || received < alert.changed_at)
    };
    let of_way = |(index, side): (usize, Severe)| {
        let rule = rules::all()[index];
        let is_so =
            move |evidence: &Evidence| rule.severe(sample(evidence), context.plan) == Some(side);
        let of_rule = context.alerts.iter().filter(|alert| alert.rule.as_str() == rule.name());
        of_rule.filter(move |alert| alert.evidence.iter().any(is_so))
    };
    let ways = || rules::severe(kind, reading.sample, context.plan);
    one.was_current()
        && (ways().flat_map(of_way).any(rests_on_it)
            || ways().all(|way| of_way(way).any(stayed_open)))
}

/// Whether rules tell of what counts instead of a reading that was replaced all that is severe of that: where
/// both are of one second, or what counts lacks a number at most.
fn is_reported_by_what_counts(one: &Replaced, plan: &Plan) -> bool {
    one.by().is_some_and(|by| {
        (one.is_overtaken() || has_same_values(one.kind, by, one.reading.sample))
            && rules::is_as_severe(one.kind, by, one.reading.sample, plan)
    })
}

/// Whether whoever has started since knows of a reading that was replaced as well: not of one from before all
/// that is looked back at, of which nobody gets to know anything new. What says a date of long ago is known
/// whenever a process starts.
pub(super) fn is_known_here(one: &Replaced, context: &Context<'_>) -> bool {
    let time = one.reading.time;
    time >= context.lookback_start() || time < one.received - WINDOW
}

/// A severe value of which nothing but an open alert tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToldByAlert {
    reading: EvidenceReading,
    /// Since when, at the latest. The alert does not say it: since the alert has changed last, or since the reading
    /// has left the window, behind which none is replaced.
    pub(super) since: Timestamp,
}

/// What an alert tells of one of the last reasons, from before all that a process can know which has started
/// since, until its time is over.
pub(super) fn not_known_here(
    alert: &Alert,
    reason: &str,
    context: &Context<'_>,
) -> Vec<ToldByAlert> {
    let before = alert.raised_at - WINDOW..context.lookback_start();
    let told = told(alert, reason).iter().map(|evidence| {
        let reading = EvidenceReading::from(evidence);
        let since = alert.changed_at.min(reading.reading.time + WINDOW);
        ToldByAlert { reading, since }
    });
    let lasts = |one: &ToldByAlert| {
        before.contains(&one.reading.reading.time)
            && one.since + SAME_MINUTE_FOR > context.now
            && rules::is_severe(one.reading.kind, one.reading.reading.sample, context.plan)
    };
    told.filter(lasts).collect()
}

/// Of one reason, an alert's evidence.
fn told<'a>(alert: &'a Alert, reason: &str) -> &'a [Evidence] {
    let [of_minute, overtaken] = wording::replaced(alert);
    if reason == OVERTAKEN { overtaken } else { of_minute }
}

/// The severe values that are reported last. What nothing but the alert tells of keeps its place there: behind what
/// it stands behind.
pub(super) fn reported_last(
    known: &[&Replaced],
    not_known: &[ToldByAlert],
    open: Option<&Alert>,
    reason: &str,
) -> Vec<EvidenceReading> {
    let is_of = |one: &EvidenceReading, other: &EvidenceReading| {
        one.kind == other.kind && one.reading.is_of(&other.reading)
    };
    let reported = |one: &&Replaced| {
        let reading = EvidenceReading { kind: one.kind, reading: one.reading };
        (Some(place(reading, one.reported_from())), reading)
    };
    let mut reported: Vec<(Option<Place>, EvidenceReading)> = known.iter().map(reported).collect();
    let known_places = reported.clone();
    let mut behind = None;
    for told in open.map(|alert| told(alert, reason)).unwrap_or_default() {
        let told = EvidenceReading::from(told);
        if let Some((place, _)) = known_places.iter().find(|(_, known)| is_of(known, &told)) {
            behind = behind.max(*place);
        } else if not_known.iter().any(|one| is_of(&one.reading, &told)) {
            reported.push((behind, told));
        }
    }
    newest(reported)
}
