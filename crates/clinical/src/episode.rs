//! Episodes, and the difference between those known and those computed: what is published.

use crate::alert::{Alert, AlertId, Evidence, Rule, Severity, Stage, Status, Transition};
use crate::measurement::Kind;
use crate::patient::PatientId;
use crate::plan::{Plan, RULE_SET};
use crate::reading::ReadingId;
use crate::rules::bp_severe_high;
use crate::time::{Span, Timestamp};
use crate::timeline::Standing;

/// A stretch of time in which a rule holds, as the readings say now.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Which rule.
    pub rule: Rule,
    /// How far.
    pub stage: Stage,
    /// How urgent.
    pub severity: Severity,
    /// The readings that began it and brought it to its stage.
    pub established: Vec<Standing>,
    /// The newest readings that uphold it.
    pub newest: Vec<Standing>,
    /// The occasion that ended it; none while it lasts.
    pub ended: Option<Timestamp>,
    /// Continues an open alert whose readings have left the window.
    pub carried: bool,
}

/// What a rule finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assessment {
    /// In time's order.
    pub episodes: Vec<Episode>,
    /// When time alone can change the answer.
    pub look_again: Option<Timestamp>,
}

impl Assessment {
    pub(crate) fn look_again_at(&mut self, time: Timestamp) {
        self.look_again = Some(self.look_again.map_or(time, |known| known.min(time)));
    }
}

impl Episode {
    pub(crate) fn begin(
        rule: Rule,
        stage: Stage,
        severity: Severity,
        evidence: &[Standing],
    ) -> Self {
        Self {
            rule,
            stage,
            severity,
            established: evidence.to_vec(),
            newest: Vec::new(),
            ended: None,
            carried: false,
        }
    }

    pub(crate) fn carried(rule: Rule, stage: Stage, severity: Severity) -> Self {
        Self { carried: true, ..Self::begin(rule, stage, severity, &[]) }
    }

    /// Further readings for which the rule holds.
    pub(crate) fn continue_with(&mut self, stage: Stage, severity: Severity, newest: &[Standing]) {
        if stage > self.stage || severity > self.severity {
            self.stage = self.stage.max(stage);
            self.severity = self.severity.max(severity);
            self.established.truncate(1);
            self.established.retain(|first| !newest.contains(first));
            self.established.extend_from_slice(newest);
            self.newest.clear();
        } else {
            self.newest = newest.to_vec();
        }
    }

    /// The readings it rests on: what began it, what brought it to its stage, and the newest.
    pub fn evidence(&self) -> Vec<Standing> {
        let mut evidence = self.established.clone();
        evidence.extend(self.newest.iter().filter(|new| !self.established.contains(new)));
        evidence
    }
}

/// What made the computation necessary, and when.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// The present: when the reading was received, or the time that was waited for.
    pub at: Timestamp,
    /// The reading, where it was one.
    pub cause: Option<ReadingId>,
}

/// Turns the difference between the alerts known of one rule and the episodes computed into new
/// states of alerts, and keeps `known` up to date with them.
///
/// Known alerts that began before `horizon` can no longer be computed: closed ones are forgotten,
/// open ones are what a carried episode continues.
pub fn publish_difference(
    patient: &PatientId,
    known: &mut Vec<Alert>,
    computed: Vec<Episode>,
    horizon: Timestamp,
    plan: &Plan,
    occurrence: &Occurrence,
) -> Vec<Alert> {
    known.retain(|alert| alert.is_open() || alert.last_observed_at >= horizon);
    let mut matched = vec![false; known.len()];
    let mut changes = Vec::new();
    let computed: Vec<Seen> =
        computed.into_iter().map(|episode| Seen::of(patient, episode)).collect();
    let continued = continued_alerts(known, &computed);
    for (Seen { episode, readings, ids }, index) in computed.iter().zip(continued) {
        if let Some(index) = index {
            matched[index] = true;
        }
        let known_alert = index.map(|index| &known[index]);
        // A closed alert that began before the horizon can only be seen in part: it stays as told.
        if known_alert.is_some_and(|alert| !alert.is_open() && alert.first_observed_at < horizon) {
            continue;
        }
        if let Some(state) =
            state_of(patient, known_alert, episode, (readings, ids), plan, occurrence)
        {
            match index {
                Some(index) => known[index] = state.clone(),
                None => {
                    known.push(state.clone());
                    matched.push(true);
                }
            }
            changes.push(state);
        }
    }
    for (alert, matched) in known.iter_mut().zip(matched) {
        if !matched && alert.status != Status::Retracted && alert.first_observed_at >= horizon {
            alert.status = Status::Retracted;
            alert.transition = Transition::Retracted;
            alert.changed_at = occurrence.at;
            alert.cause = occurrence.cause.clone();
            changes.push(alert.clone());
        }
    }
    changes
}

/// An episode with the readings it rests on and their ids.
struct Seen {
    episode: Episode,
    readings: Vec<Standing>,
    ids: Vec<ReadingId>,
}

impl Seen {
    fn of(patient: &PatientId, episode: Episode) -> Self {
        let readings = episode.evidence();
        let id = |reading: &Standing| {
            ReadingId::new(patient.clone(), Kind::BloodPressure, reading.time, reading.source)
        };
        Self { ids: readings.iter().map(id).collect(), readings, episode }
    }

    /// The ids that alerts named after one of its readings have.
    fn alert_ids(&self) -> Vec<AlertId> {
        self.ids.iter().map(|id| AlertId::of(self.episode.rule, id)).collect()
    }

    fn shares_a_reading(&self, alert: &Alert) -> bool {
        alert.evidence.iter().any(|evidence| self.ids.contains(&evidence.reading))
    }

    fn overlaps(&self, alert: &Alert) -> bool {
        if self.episode.carried {
            return alert.is_open();
        }
        let (Some(first), Some(last)) = (self.readings.first(), self.readings.last()) else {
            return false;
        };
        let last = self.episode.ended.unwrap_or(last.time);
        alert.status != Status::Retracted
            && first.time <= alert.last_observed_at
            && last >= alert.first_observed_at
    }
}

/// Which known alert each episode continues, if any. First choice has the alert whose id was derived
/// from one of the episode's readings (so that of an episode that falls apart the part with the
/// reading that gave the id keeps it, and no id is given twice), then one that shares a reading, then
/// one that overlaps in time.
fn continued_alerts(known: &[Alert], computed: &[Seen]) -> Vec<Option<usize>> {
    let mut continued = vec![None; computed.len()];
    let mut taken = vec![false; known.len()];
    let mut choose = |place: &mut Option<usize>, rule: Rule, fits: &dyn Fn(&Alert) -> bool| {
        if place.is_none() {
            *place = (0..known.len())
                .find(|index| !taken[*index] && known[*index].rule == rule && fits(&known[*index]));
            if let Some(index) = *place {
                taken[index] = true;
            }
        }
    };
    for (place, seen) in continued.iter_mut().zip(computed) {
        let ids = seen.alert_ids();
        choose(place, seen.episode.rule, &|alert| ids.contains(&alert.id));
    }
    for (place, seen) in continued.iter_mut().zip(computed) {
        choose(place, seen.episode.rule, &|alert| seen.shares_a_reading(alert));
    }
    for (place, seen) in continued.iter_mut().zip(computed) {
        choose(place, seen.episode.rule, &|alert| seen.overlaps(alert));
    }
    continued
}

/// The alert's new state; none when nothing has changed.
fn state_of(
    patient: &PatientId,
    known: Option<&Alert>,
    episode: &Episode,
    (readings, ids): (&[Standing], &[ReadingId]),
    plan: &Plan,
    occurrence: &Occurrence,
) -> Option<Alert> {
    let evidence: Vec<Evidence> = if readings.is_empty() {
        known.map(|alert| alert.evidence.clone()).unwrap_or_default()
    } else {
        readings
            .iter()
            .zip(ids)
            .map(|(reading, id)| Evidence {
                reading: id.clone(),
                values: vec![
                    ("diastolic", f64::from(reading.sample.diastolic())),
                    ("systolic", f64::from(reading.sample.systolic())),
                ],
            })
            .collect()
    };
    let status = if episode.ended.is_some() { Status::Resolved } else { Status::Open };
    let newest_time = evidence.iter().map(|e| e.reading.observation_time()).max()?;
    let severity = severity_of(known, episode, status, occurrence.at - newest_time, plan);
    let transition = transition(known, episode, severity, status, &evidence)?;
    let limits = &plan.limits.severe_high;
    let late = episode.stage == Stage::Confirmed && severity < Severity::Urgent;
    let first = evidence.first()?;
    Some(Alert {
        id: known.map_or_else(|| AlertId::of(episode.rule, &first.reading), |alert| alert.id),
        patient: patient.clone(),
        rule: episode.rule,
        stage: episode.stage,
        severity,
        status,
        transition,
        late,
        raised_at: known
            .filter(|alert| alert.status == Status::Open || status != Status::Open)
            .map_or(occurrence.at, |alert| alert.raised_at),
        changed_at: occurrence.at,
        first_observed_at: if episode.carried {
            known.map_or(first.reading.observation_time(), |alert| alert.first_observed_at)
        } else {
            first.reading.observation_time()
        },
        last_observed_at: episode.ended.unwrap_or(newest_time),
        threshold: format!("{}/{} mmHg", limits.systolic, limits.diastolic),
        rule_set: RULE_SET.to_owned(),
        plan_version: plan.version,
        text: if readings.is_empty() {
            known.map(|alert| alert.text.clone())?
        } else {
            bp_severe_high::text(episode.stage, late, readings)
        },
        cause: occurrence.cause.clone(),
        evidence,
    })
}

/// Lateness keeps an alert from paging, it does not take a page back: a correction that comes late
/// and leaves the cause standing leaves the severity too. What is over keeps the severity it had.
fn severity_of(
    known: Option<&Alert>,
    episode: &Episode,
    status: Status,
    since_newest: Span,
    plan: &Plan,
) -> Severity {
    let is_late = since_newest > plan.limits.severe_high.patience;
    let now = if is_late { episode.severity.min(Severity::Review) } else { episode.severity };
    match known {
        Some(known) if known.stage != episode.stage => now,
        Some(known) if known.is_open() => known.severity.max(now),
        Some(known) if known.status == Status::Resolved && status == Status::Resolved => {
            known.severity
        }
        _ => now,
    }
}

fn transition(
    known: Option<&Alert>,
    episode: &Episode,
    severity: Severity,
    status: Status,
    evidence: &[Evidence],
) -> Option<Transition> {
    let Some(known) = known else {
        // An episode that is over before it was known, because its readings came out of order: told
        // once, as resolved, so that the record does not depend on the order of arrival.
        return Some(match status {
            Status::Resolved => Transition::Resolved,
            _ => Transition::Raised,
        });
    };
    match (known.status, status) {
        (Status::Open, Status::Open) => {
            let told = (known.severity, known.stage);
            let found = (severity, episode.stage);
            if found > told {
                Some(Transition::Escalated)
            } else if found < told {
                Some(Transition::Eased)
            } else {
                (known.evidence != evidence).then_some(Transition::Updated)
            }
        }
        (Status::Open, _) => Some(Transition::Resolved),
        (_, Status::Open) => Some(Transition::Raised),
        (Status::Retracted, _) => Some(Transition::Resolved),
        (Status::Resolved, _) => {
            let same = known.evidence == evidence
                && known.severity == severity
                && known.stage == episode.stage
                && Some(known.last_observed_at) == episode.ended;
            (!same).then_some(Transition::Updated)
        }
    }
}
