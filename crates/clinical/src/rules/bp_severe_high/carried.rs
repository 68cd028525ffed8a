//! An alert that began before the window, as far as the readings from before it carry it. The alert's
//! newest event holds all that is needed, so a state that was rebuilt knows the same.

use super::{REPEAT_AFTER, REPEAT_WITHIN};
use crate::alert::{Alert, AlertId, Severity, Stage, Status};
use crate::episode::EvidenceReading;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::rule::Context;
use crate::time::Timestamp;

/// An alert that was open at the edge: where the first occasion in the window begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Carried {
    /// Which.
    pub(super) alert: AlertId,
    /// The stage it had there.
    pub(super) stage: Stage,
    /// The severity it had there.
    pub(super) severity: Severity,
    /// The readings that began it and brought it to that stage.
    pub(super) established: Vec<CurrentReading>,
    /// The newest that upheld it there.
    pub(super) newest: Vec<CurrentReading>,
    /// The occasion that was reported to have ended it, if nothing up to it has changed now. How
    /// many normalised ones before the edge it followed is not remembered: with a change they do not
    /// count.
    pub(super) reported_end: Option<Timestamp>,
}

impl Carried {
    /// The alert that was open at `edge`, if one was.
    pub(super) fn across(context: &Context<'_>, edge: Timestamp) -> Option<Self> {
        let is_across = |alert: &&Alert| {
            alert.status != Status::Retracted && (alert.is_open() || alert.last_observed_at >= edge)
        };
        let carried = context.known().filter(is_across).filter_map(|alert| {
            let carried = Self::of(alert, edge, context.cause)?;
            Some((alert.is_open(), alert.first_observed_at, carried))
        });
        carried.max_by_key(|(is_open, began, _)| (*is_open, *began)).map(|(_, _, carried)| carried)
    }

    fn of(alert: &Alert, edge: Timestamp, cause: Option<&ReadingId>) -> Option<Self> {
        let Findings { established, newest, is_confirmed } = Findings::of(alert)?;
        let is_before =
            |finding: &[CurrentReading]| finding.last().is_some_and(|last| last.time < edge);
        let (stage, established, newest) = if is_before(&established) {
            let stage = if is_confirmed { Stage::Confirmed } else { Stage::Unconfirmed };
            (stage, established, if is_before(&newest) { newest } else { Vec::new() })
        } else if established.len() > 2 && established[0].time < edge {
            // The pair that confirmed it is in the window, the reading that began it is not.
            (Stage::Unconfirmed, established[..1].to_vec(), Vec::new())
        } else {
            return None;
        };
        let is_as_reported = stage == alert.stage;
        let changed = cause.map(ReadingId::observation_time);
        let is_changed =
            |end: &Timestamp| changed.is_some_and(|changed| changed <= *end + REPEAT_WITHIN);
        let reported_end = Some(alert.last_observed_at).filter(|_| !alert.is_open());
        Some(Self {
            alert: alert.id,
            stage,
            severity: if is_as_reported { alert.severity } else { Severity::Review },
            established,
            newest,
            reported_end: reported_end.filter(|end| !is_changed(end)),
        })
    }
}

/// Whether all that the alert rests on is at `edge` or later, so that it is computed anew.
pub(super) fn is_in_window(alert: &Alert, edge: Timestamp) -> bool {
    let begins = match Findings::of(alert) {
        Some(findings) if findings.established.len() > 2 => findings.established[0].time,
        Some(Findings { established, .. }) => established[established.len() - 1].time,
        None => alert.first_observed_at,
    };
    begins >= edge
}

/// What an alert rests on, taken apart again.
struct Findings {
    /// The reading that began it and, where it is confirmed, the pair; or the pair that did both.
    established: Vec<CurrentReading>,
    /// What upheld it since. Of a pair whose first reading is in the above only the second.
    newest: Vec<CurrentReading>,
    is_confirmed: bool,
}

impl Findings {
    fn of(alert: &Alert) -> Option<Self> {
        let mut established: Vec<CurrentReading> =
            alert.evidence.iter().map(EvidenceReading::current_reading).collect();
        // Of a severe reading that is not repeated no other reading is so near.
        let is_pair = |pair: &[CurrentReading]| {
            let apart = pair[1].time - pair[0].time;
            (REPEAT_AFTER..=REPEAT_WITHIN).contains(&apart)
        };
        let pair = established.windows(2).position(is_pair);
        let is_confirmed = pair.is_some();
        let upheld = pair.map_or(1, |first| first + 2).min(established.len());
        let newest = established.split_off(upheld);
        (!established.is_empty()).then_some(Self { established, newest, is_confirmed })
    }
}
