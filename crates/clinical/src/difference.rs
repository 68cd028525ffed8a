//! The difference between the alerts that are known and the episodes that are computed: what is published.

use crate::alert::{Alert, AlertId, Evidence, Severity, Status, Transition};
use crate::computation::Computation;
use crate::continued::{continued_alerts, is_judged};
use crate::crisis::Crisis;
use crate::episode::Episode;
use crate::found::Found;
use crate::judged::Judged;
use crate::reporting::Reporting;
use crate::time::Timestamp;

/// Turns the difference between the alerts known of one rule and its episodes, as computed, into new
/// states of alerts, and keeps `known` up to date with them. Alerts of other rules stay as they are.
///
/// `computed` are all episodes of the alerts `covered`, and new ones; all other alerts were over before
/// the window and stay as they were reported.
pub fn publish_difference(
    known: &mut Vec<Alert>,
    computed: Vec<Episode>,
    covered: &[AlertId],
    computation: &Computation<'_>,
) -> Vec<Alert> {
    let Computation { patient, rule, judged, plan, .. } = *computation;
    let is_computed: Vec<bool> =
        known.iter().map(|alert| alert.rule == rule && covered.contains(&alert.id)).collect();
    let mut matched = vec![false; known.len()];
    let mut changes = Vec::new();
    let computed: Vec<Found> =
        computed.into_iter().map(|episode| Found::of(patient, episode)).collect();
    let is_judged: Vec<bool> =
        (computed.iter()).map(|found| is_judged(found, computation, known, &is_computed)).collect();
    let continued = continued_alerts(computation, known, &is_computed, (&computed, &is_judged));
    for ((found, is_judged), index) in computed.into_iter().zip(is_judged).zip(continued) {
        if let Some(index) = index {
            matched[index] = true;
        }
        let known_alert = index.map(|index| &known[index]);
        // What is over and not judged ends an open alert at most.
        if !is_judged && !known_alert.is_some_and(Alert::is_open) {
            continue;
        }
        if let Some(state) = state_of(known_alert, found, computation) {
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
        if is_computed
            && !matched
            && alert.status != Status::Retracted
            && judged.has_alert(alert, plan)
        {
            close(alert, computation);
            changes.push(alert.clone());
        }
    }
    changes
}

/// Nothing that was computed goes on with an alert: the readings do not say so any more, or other numbers
/// do not, by which no reading says that it is over.
fn close(alert: &mut Alert, computation: &Computation<'_>) {
    if computation.judged == Judged::OpenByOtherNumbers {
        // What it says stays, with the numbers that it was judged by.
        alert.status = Status::Resolved;
        alert.transition = Transition::CriteriaChanged;
    } else {
        alert.status = Status::Retracted;
        alert.transition = Transition::Retracted;
        // By which it does not stand any more.
        alert.plan_version = computation.plan.version;
        computation.plan.rule_set_name().clone_into(&mut alert.rule_set);
    }
    alert.changed_at = computation.at;
    alert.cause = computation.cause.cloned();
}

/// The alert's new state; none when nothing has changed.
fn state_of(known: Option<&Alert>, found: Found, computation: &Computation<'_>) -> Option<Alert> {
    let id = known.map_or_else(
        || found.new_alert_id(computation.rule, computation.patient),
        |alert| alert.id,
    );
    let Found { episode, readings, ids } = found;
    let evidence: Vec<Evidence> = if readings.is_empty() && !episode.is_of_unknown_time {
        known.map(|alert| alert.evidence.clone()).unwrap_or_default()
    } else {
        readings.iter().zip(ids).map(|(reading, id)| reading.evidence(id)).collect()
    };
    let status = if episode.ended.is_some() { Status::Resolved } else { Status::Open };
    let of_known_time = || evidence.iter().filter(|_| !episode.is_of_unknown_time);
    let times = || of_known_time().map(|evidence| evidence.reading.observation_time());
    let began = times().next().unwrap_or(episode.began);
    let newest_time = times().max();
    let severity = severity_of(known, &episode, status, computation.at);
    let reporting = Reporting::of(known, &episode, status, computation);
    let transition =
        transition(known, &episode, (severity, reporting), status, (&evidence, began))?;
    // What was judged stays as it was, with the numbers of the plan and the rule set that it was judged
    // by. What was taken back or holds again is judged anew, and so is what became more or less severe:
    // its findings may say which readings made it so.
    let is_judged_anew =
        matches!(transition, Transition::Raised | Transition::Escalated | Transition::Eased);
    let judged = known.filter(|alert| {
        alert.status != Status::Retracted
            && !is_judged_anew
            && (alert.stage, alert.wording_version) == (episode.stage, computation.wording_version)
            && (episode.rests_on_findings || !evidence.is_empty())
            && alert.evidence == evidence
            && finds_the_same(alert, &episode)
    });
    // Raised or worse is news of this moment.
    let before =
        known.filter(|_| !matches!(transition, Transition::Raised | Transition::Escalated));
    Some(Alert {
        id,
        patient: computation.patient.clone(),
        rule: computation.rule,
        stage: episode.stage,
        severity,
        status,
        transition,
        late: severity < episode.severity_in_time || reporting == Reporting::TooLate,
        raised_at: known
            .filter(|alert| alert.status == Status::Open || status != Status::Open)
            .map_or(computation.at, |alert| alert.raised_at),
        news_at: before.map_or(computation.at, |alert| alert.news_at),
        news_severity: before.map_or(severity, |alert| alert.news_severity),
        changed_at: computation.at,
        first_observed_at: began,
        last_observed_at: episode.ended.or(newest_time).unwrap_or(computation.at),
        findings: judged.map_or(episode.findings, |alert| alert.findings.clone()),
        parameters: judged.map_or(episode.parameters, |alert| alert.parameters.clone()),
        wording_version: computation.wording_version,
        reported: None,
        rule_set: judged.map_or_else(
            || computation.plan.rule_set_name().to_owned(),
            |alert| alert.rule_set.clone(),
        ),
        plan_version: judged.map_or(computation.plan.version, |alert| alert.plan_version),
        cause: computation.cause.cloned(),
        evidence,
    })
}

/// Lateness keeps an alert from paging, it does not take a page back: a correction that comes late
/// and leaves the cause as it is leaves the severity too. One after which the stage is less urgent also in
/// time takes it back. What is over keeps the severity it had; what is over before it was reported pages
/// nobody.
fn severity_of(
    known: Option<&Alert>,
    episode: &Episode,
    status: Status,
    now: Timestamp,
) -> Severity {
    // The severity of readings that do not come depends on time alone.
    let Some(in_time_until) = episode.in_time_until else { return episode.severity };
    let is_late = now > in_time_until || status == Status::Resolved;
    let now = if is_late { episode.severity.min(Severity::Review) } else { episode.severity };
    match known {
        Some(known) if known.stage != episode.stage => now,
        Some(known) if known.is_open() => known.severity.min(episode.severity_in_time).max(now),
        Some(known) if status == Status::Resolved => known.severity,
        _ => now,
    }
}

/// Whether an alert says what was judged as an episode does: by the same names, for a rule may name its
/// reasons so, of the same crisis and the same readings of the evidence, and with the same numbers where the
/// episode rests on them. An alert from before there were findings names nothing.
fn finds_the_same(alert: &Alert, episode: &Episode) -> bool {
    if episode.rests_on_findings {
        return alert.findings == episode.findings;
    }
    alert.findings.is_empty()
        || alert.findings.keys().eq(episode.findings.keys())
            && Crisis::known_of(alert) == episode.crisis.map(|crisis| crisis.began)
            && episode
                .places
                .iter()
                .all(|name| alert.finding(name) == episode.findings.get(*name).copied())
}

fn transition(
    known: Option<&Alert>,
    episode: &Episode,
    (severity, reporting): (Severity, Reporting),
    status: Status,
    (evidence, began): (&[Evidence], Timestamp),
) -> Option<Transition> {
    let Some(known) = known else {
        // An episode that is over before it was known, because its readings came out of order, is
        // reported once, as resolved, so that the record does not depend on the order of arrival.
        return Some(match status {
            Status::Resolved => Transition::Resolved,
            _ => Transition::Raised,
        });
    };
    match (known.status, status) {
        (Status::Open, Status::Open) => {
            let reported = (known.severity, known.stage);
            let found = (severity, episode.stage);
            if found > reported || reporting == Reporting::Now {
                Some(Transition::Escalated)
            } else if found < reported {
                Some(Transition::Eased)
            } else {
                let same = known.evidence == evidence
                    && known.first_observed_at == began
                    && finds_the_same(known, episode);
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
                && finds_the_same(known, episode)
                && Some(known.last_observed_at) == episode.ended;
            (!same).then_some(Transition::Updated)
        }
    }
}
