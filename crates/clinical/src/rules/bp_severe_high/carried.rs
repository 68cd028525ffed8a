//! What stood at the edge of the window: an alert that began before it, as far as the readings from
//! before the edge carry it. The alert's newest event says all that is needed, so a rebuilt state
//! knows the same.

use crate::alert::{Alert, AlertId, Evidence, Rule, Severity, Stage, Status};
use crate::episode::Occurrence;
use crate::plan::SevereHigh;
use crate::reading::ReadingId;
use crate::remembered::{CurrentReading, Delay};
use crate::sample::Sample;
use crate::time::Timestamp;

/// An alert that was open at the edge.
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
    /// The occasion that was told to have ended it, if nothing up to it has changed now. How many
    /// calm ones before the edge it followed is not remembered: with a change they do not count.
    pub(super) told_end: Option<Timestamp>,
}

impl Carried {
    /// The alert that was open at `edge`, where the first occasion in the window begins, if one was.
    pub(super) fn across(
        alerts: &[Alert],
        limits: &SevereHigh,
        edge: Timestamp,
        occurrence: &Occurrence,
    ) -> Option<Self> {
        let is_across = |alert: &&Alert| {
            alert.rule == Rule::BpSevereHigh
                && alert.status != Status::Retracted
                && (alert.is_open() || alert.last_observed_at >= edge)
        };
        let carried = alerts.iter().filter(is_across).filter_map(|alert| {
            Some((
                alert.is_open(),
                alert.first_observed_at,
                Self::of(alert, limits, edge, occurrence)?,
            ))
        });
        carried.max_by_key(|(is_open, began, _)| (*is_open, *began)).map(|(_, _, carried)| carried)
    }

    fn of(
        alert: &Alert,
        limits: &SevereHigh,
        edge: Timestamp,
        occurrence: &Occurrence,
    ) -> Option<Self> {
        let Findings { established, newest, is_confirmed } = Findings::of(alert, limits)?;
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
        let is_as_told = stage == alert.stage;
        let changed = occurrence.cause.as_ref().map(ReadingId::observation_time);
        let is_changed =
            |end: &Timestamp| changed.is_some_and(|changed| changed <= *end + limits.repeat_within);
        let told_end = Some(alert.last_observed_at).filter(|_| !alert.is_open());
        Some(Self {
            alert: alert.id,
            stage,
            severity: if is_as_told { alert.severity } else { Severity::Review },
            established,
            newest,
            told_end: told_end.filter(|end| !is_changed(end)),
        })
    }
}

/// Whether all that the alert rests on is at `edge` or later, so that it is computed anew.
pub(super) fn is_in_window(alert: &Alert, limits: &SevereHigh, edge: Timestamp) -> bool {
    let begins = match Findings::of(alert, limits) {
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
    fn of(alert: &Alert, limits: &SevereHigh) -> Option<Self> {
        let mut established: Vec<CurrentReading> = alert.evidence.iter().map(current).collect();
        // Of a severe reading that is not repeated no other reading is so near.
        let is_pair = |pair: &[CurrentReading]| {
            let apart = pair[1].time - pair[0].time;
            (limits.repeat_after..=limits.repeat_within).contains(&apart)
        };
        let pair = established.windows(2).position(is_pair);
        let is_confirmed = pair.is_some();
        let upheld = pair.map_or(1, |first| first + 2).min(established.len());
        let newest = established.split_off(upheld);
        (!established.is_empty()).then_some(Self { established, newest, is_confirmed })
    }
}

fn current(evidence: &Evidence) -> CurrentReading {
    let value = |name: &str| {
        let found = evidence.values.iter().find(|(known, _)| *known == name);
        found.map_or(0, |(_, value)| *value as u16)
    };
    CurrentReading {
        time: evidence.reading.observation_time(),
        source: evidence.reading.source(),
        sample: Sample::blood_pressure(value("systolic"), value("diastolic"), None, false),
        // Its severity is known already.
        delay: Delay::default(),
    }
}
