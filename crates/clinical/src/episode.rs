//! Episodes, and the difference between those known and those computed: what is published.

use crate::alert::{Alert, AlertId, Evidence, Rule, Severity, Stage, Status, Transition};
use crate::patient::PatientId;
use crate::plan::{Plan, RULE_SET};
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::rules;
use crate::time::Timestamp;
use crate::window::Window;

/// A stretch of time in which a rule holds, as the readings say now.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Which rule.
    pub rule: Rule,
    /// How far.
    pub stage: Stage,
    /// How urgent.
    pub severity: Severity,
    /// When it began: the observation time of its first reading, or of the first day without one.
    pub began: Timestamp,
    /// The readings that began it and brought it to its stage.
    pub established: Vec<CurrentReading>,
    /// The newest readings that uphold it.
    pub newest: Vec<CurrentReading>,
    /// The occasion that ended it; none while it lasts.
    pub ended: Option<Timestamp>,
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
    /// An episode in which readings are what is missing.
    pub(crate) fn without_readings(
        rule: Rule,
        stage: Stage,
        severity: Severity,
        began: Timestamp,
    ) -> Self {
        Self {
            rule,
            stage,
            severity,
            began,
            established: Vec::new(),
            newest: Vec::new(),
            ended: None,
        }
    }

    /// An episode that begins with readings, of which there is at least one.
    pub(crate) fn begin(
        rule: Rule,
        stage: Stage,
        severity: Severity,
        (first, rest): (CurrentReading, &[CurrentReading]),
    ) -> Self {
        let mut established = vec![first];
        established.extend_from_slice(rest);
        Self { established, ..Self::without_readings(rule, stage, severity, first.time) }
    }

    /// Further readings for which the rule holds.
    pub(crate) fn continue_with(
        &mut self,
        stage: Stage,
        severity: Severity,
        newest: &[CurrentReading],
    ) {
        self.severity = self.severity.max(severity);
        // Only the stage: the severity depends on when readings came, and what an alert rests on
        // must not.
        if stage > self.stage {
            self.stage = stage;
            self.established.truncate(1);
            self.established.retain(|first| !newest.iter().any(|new| new.is_of(first)));
            self.established.extend_from_slice(newest);
            self.newest.clear();
        } else {
            self.newest = newest.to_vec();
        }
    }

    /// The readings it rests on: what began it, what brought it to its stage, and the newest.
    pub fn evidence(&self) -> Vec<CurrentReading> {
        let mut evidence = self.established.clone();
        let is_new = |new: &&CurrentReading| !self.established.iter().any(|known| known.is_of(new));
        evidence.extend(self.newest.iter().filter(is_new));
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
    /// How far back what is known is whole.
    pub window: Window,
}

impl Occurrence {
    /// Where the window begins, and from when on readings are seen beside those in it.
    pub(crate) fn sight(&self) -> (Timestamp, Timestamp) {
        (self.window.start(self.at), self.window.lookback_start(self.at))
    }
}

/// Turns the difference between the alerts known of one rule and its episodes, as computed, into new
/// states of alerts, and keeps `known` up to date with them. Alerts of other rules stay as they are.
///
/// `computed` are all episodes of those alerts, and new ones, that `is_computed` says; all others were
/// over before the window and stay as told.
pub fn publish_difference(
    patient: &PatientId,
    rule: Rule,
    known: &mut Vec<Alert>,
    computed: Vec<Episode>,
    is_computed: impl Fn(&Alert) -> bool,
    plan: &Plan,
    occurrence: &Occurrence,
) -> Vec<Alert> {
    let is_computed: Vec<bool> =
        known.iter().map(|alert| alert.rule == rule && is_computed(alert)).collect();
    let mut matched = vec![false; known.len()];
    let mut changes = Vec::new();
    let computed: Vec<Seen> =
        computed.into_iter().map(|episode| Seen::of(patient, episode)).collect();
    let continued = continued_alerts(patient, known, &is_computed, &computed);
    for (Seen { episode, readings, ids }, index) in computed.iter().zip(continued) {
        if let Some(index) = index {
            matched[index] = true;
        }
        let known_alert = index.map(|index| &known[index]);
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
    for ((alert, is_computed), matched) in known.iter_mut().zip(is_computed).zip(matched) {
        if is_computed && !matched && alert.status != Status::Retracted {
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
    readings: Vec<CurrentReading>,
    ids: Vec<ReadingId>,
}

impl Seen {
    fn of(patient: &PatientId, episode: Episode) -> Self {
        let readings = episode.evidence();
        let kind = episode.rule.kind();
        let id = |reading: &CurrentReading| {
            ReadingId::new(patient.clone(), kind, reading.time, reading.source)
        };
        Self { ids: readings.iter().map(id).collect(), readings, episode }
    }

    /// The ids that alerts named after one of its readings, or after its beginning, have.
    fn alert_ids(&self, patient: &PatientId) -> Vec<AlertId> {
        let rule = self.episode.rule;
        match rule {
            Rule::DataMissing(_) => {
                vec![AlertId::without_reading(rule, patient, self.episode.began)]
            }
            Rule::BpSevereHigh => self.ids.iter().map(|id| AlertId::of(rule, id)).collect(),
        }
    }

    fn shared_reading(&self, alert: &Alert) -> Option<usize> {
        let is_shared = |id: &ReadingId| alert.evidence.iter().any(|e| e.reading == *id);
        self.ids.iter().position(is_shared)
    }

    fn overlaps(&self, alert: &Alert) -> bool {
        let first = self.readings.first().map_or(self.episode.began, |first| first.time);
        // A gap that is open lasts.
        let last = self.readings.last().map_or(Timestamp::LATEST, |last| last.time);
        let last = self.episode.ended.unwrap_or(last);
        first <= alert.last_observed_at && last >= alert.first_observed_at
    }
}

/// Which known alert each episode continues, if any. First choice has the alert whose id was derived
/// from one of the episode's readings (so that of an episode that falls apart the part with the
/// reading that gave the id keeps it, and no id is given twice), then one that shares a reading, then
/// one that overlaps in time. One that was retracted is raised again for the reading that gave the id
/// only. Of several the earliest is chosen: whoever computes the same again chooses the same.
fn continued_alerts(
    patient: &PatientId,
    known: &[Alert],
    is_computed: &[bool],
    computed: &[Seen],
) -> Vec<Option<usize>> {
    let mut continued = vec![None; computed.len()];
    let mut taken = vec![false; known.len()];
    // `fit` gives the place, in the episode, of the reading by which an alert fits.
    let mut choose = |place: &mut Option<usize>, fit: &dyn Fn(usize) -> Option<usize>| {
        if place.is_none() {
            let fitting = (0..known.len()).filter(|index| !taken[*index]).filter_map(|index| {
                Some((fit(index)?, known[index].first_observed_at, known[index].id, index))
            });
            *place = fitting.min().map(|(.., index)| index);
            if let Some(index) = *place {
                taken[index] = true;
            }
        }
    };
    let is_live = |index: usize| known[index].status != Status::Retracted;
    let may_go_on = |index: usize| is_live(index) && is_computed[index];
    let ids: Vec<_> = computed.iter().map(|seen| seen.alert_ids(patient)).collect();
    let gave_the_id =
        |of: usize, alert: usize| ids[of].iter().position(|id| *id == known[alert].id);
    for (of, place) in continued.iter_mut().enumerate() {
        choose(place, &|alert| gave_the_id(of, alert).filter(|_| is_live(alert)));
    }
    for (of, place) in continued.iter_mut().enumerate() {
        let shared = |alert: usize| computed[of].shared_reading(&known[alert]);
        choose(place, &|alert| shared(alert).filter(|_| may_go_on(alert)));
    }
    for (of, place) in continued.iter_mut().enumerate() {
        let overlaps = |alert: usize| may_go_on(alert) && computed[of].overlaps(&known[alert]);
        choose(place, &|alert| overlaps(alert).then_some(0));
    }
    for (of, place) in continued.iter_mut().enumerate() {
        choose(place, &|alert| gave_the_id(of, alert));
    }
    continued
}

/// The alert's new state; none when nothing has changed.
fn state_of(
    patient: &PatientId,
    known: Option<&Alert>,
    episode: &Episode,
    (readings, ids): (&[CurrentReading], &[ReadingId]),
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
    let rule = episode.rule;
    let named_after = match rule {
        Rule::DataMissing(_) => AlertId::without_reading(rule, patient, episode.began),
        Rule::BpSevereHigh => AlertId::of(rule, &evidence.first()?.reading),
    };
    let began = evidence.first().map_or(episode.began, |first| first.reading.observation_time());
    let newest_time = evidence.iter().map(|e| e.reading.observation_time()).max();
    let decisive = decisive_time(episode.stage, &evidence, plan).or(newest_time);
    let severity = severity_of(known, episode, status, decisive, plan, occurrence.at);
    let transition = transition(known, episode, severity, status, (&evidence, began))?;
    let late = episode.stage == Stage::Confirmed && severity < Severity::Urgent;
    Some(Alert {
        id: known.map_or(named_after, |alert| alert.id),
        patient: patient.clone(),
        rule,
        stage: episode.stage,
        severity,
        status,
        transition,
        late,
        raised_at: known
            .filter(|alert| alert.status == Status::Open || status != Status::Open)
            .map_or(occurrence.at, |alert| alert.raised_at),
        changed_at: occurrence.at,
        first_observed_at: began,
        last_observed_at: episode.ended.or(newest_time).unwrap_or(occurrence.at),
        threshold: rules::threshold(rule, plan),
        rule_set: RULE_SET.to_owned(),
        plan_version: plan.version,
        text: rules::text(rule, plan, (episode.stage, late), began, readings)
            .or_else(|| known.map(|alert| alert.text.clone()))?,
        cause: occurrence.cause.clone(),
        evidence,
    })
}

/// When the newest pair was complete that confirms: a single reading after it confirms nothing.
fn decisive_time(stage: Stage, evidence: &[Evidence], plan: &Plan) -> Option<Timestamp> {
    let limits = &plan.limits.severe_high;
    let times = || evidence.iter().map(|evidence| evidence.reading.observation_time());
    let completes = |second: &Timestamp| {
        times()
            .any(|first| (limits.repeat_after..=limits.repeat_within).contains(&(*second - first)))
    };
    times().filter(completes).max().filter(|_| stage == Stage::Confirmed)
}

/// Lateness keeps an alert from paging, it does not take a page back: a correction that comes late
/// and leaves the cause standing leaves the severity too. What is over keeps the severity it had.
fn severity_of(
    known: Option<&Alert>,
    episode: &Episode,
    status: Status,
    decisive: Option<Timestamp>,
    plan: &Plan,
    now: Timestamp,
) -> Severity {
    // What is said of readings that do not come depends on time alone.
    let Some(decisive) = decisive else { return episode.severity };
    let is_late = now - decisive > plan.limits.severe_high.patience;
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
    (evidence, began): (&[Evidence], Timestamp),
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
                let same = known.evidence == evidence && known.first_observed_at == began;
                (!same).then_some(Transition::Updated)
            }
        }
        (Status::Open, _) => Some(Transition::Resolved),
        (_, Status::Open) => Some(Transition::Raised),
        (Status::Retracted, _) => Some(Transition::Resolved),
        (Status::Resolved, _) => {
            let same = known.evidence == evidence
                && known.first_observed_at == began
                && known.severity == severity
                && known.stage == episode.stage
                && Some(known.last_observed_at) == episode.ended;
            (!same).then_some(Transition::Updated)
        }
    }
}
