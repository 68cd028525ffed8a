//! Alerts: each transition once and in order, and in the end those that the readings call for.

use std::collections::{BTreeMap, BTreeSet};

use clinical::alert::{Stage, Status};
use clinical::monitor::Monitor;
use clinical::plan::Plan;
use clinical::rules;
use clinical::{Kind, Outcome, PatientId, Span, Timestamp, Window};
use schemas::{AcceptedReading, AlertEvent};
use simulator::oracle::Stored;

use super::undisturbed::{DueOutcome, Expected};
use super::{Came, Complaints, Sent};

/// A reading that came sooner after its observation than this is in time for an urgent alert,
/// whatever little its way and the present differ by.
const WELL_IN_TIME: Span = Span::from_hours(5);

/// The events of each patient are those of a processor that was never disturbed, in its order.
pub(super) fn compare_transitions(expected: &Expected, came: &Came, found: &mut Complaints) {
    let mut reported: BTreeMap<&str, Vec<&AlertEvent>> = BTreeMap::new();
    for event in events(came) {
        reported.entry(&event.patient).or_default().push(event);
    }
    let mut differing = Vec::new();
    for (patient, due) in &expected.transitions {
        let reported = reported.remove(&**patient).unwrap_or_default();
        if reported.iter().copied().ne(due.iter()) {
            let at =
                reported.iter().zip(due).take_while(|(reported, due)| *reported == due).count();
            differing.push(Differing {
                patient: patient.clone(),
                number: at,
                reported: reported.get(at).map(|event| in_short(event)),
                due: due.get(at).map(in_short),
                counts: (reported.len(), due.len()),
            });
        }
    }
    found.of_each("alert events of patients that differ from the undisturbed", differing);
    let uncaused = reported.into_values().flatten().map(in_short);
    found.of_each("alert events that no reading has caused", uncaused);
}

#[derive(Debug)]
#[expect(dead_code, reason = "shown by its Debug form")]
struct Differing {
    patient: String,
    /// The number of the first event that differs.
    number: usize,
    reported: Option<String>,
    due: Option<String>,
    counts: (usize, usize),
}

fn in_short(event: &AlertEvent) -> String {
    let AlertEvent { alert_id, stage, severity, status, transition, changed_at, cause, .. } = event;
    let evidence: Vec<_> = event.evidence.iter().map(|e| &*e.reading_id).collect();
    format!(
        "{alert_id} of {}: {transition}, {status}, {stage}, {severity}, at {changed_at}, \
         late {}, cause {cause:?}, evidence {evidence:?}",
        event.patient, event.late
    )
}

/// The events until the time of the comparison, each partition's in order.
pub(super) fn events(came: &Came) -> impl Iterator<Item = &AlertEvent> {
    let until = came.until.millis();
    came.alerts.iter().map(|placed| &placed.record).filter(move |event| event.changed_at <= until)
}

/// What does not depend on the order of arrival.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Final {
    patient: String,
    status: String,
    stage: String,
    /// Where readings say it: what a rule that reads suspicions tells of began with a receipt.
    first_observed_at: Option<i64>,
    /// Likewise, and a gap that is open is reported until when it was looked at last.
    last_observed_at: Option<i64>,
    /// Ids and values.
    evidence: Vec<(String, String)>,
    /// While it is open, where all its readings came in time: what was over before it was reported pages
    /// nobody.
    severity: Option<String>,
}

/// After a reading that came so late a rule may wait for what was sent with it.
const LATE: Span = Span::from_minutes(15);
/// So long.
const WAITED_FOR: Span = Span::from_minutes(1);

/// How a version arrived first.
#[derive(Debug, Clone, Copy)]
struct Arrived {
    received: Timestamp,
    offset: i64,
    outcome: Outcome,
}

impl Arrived {
    fn of(accepted: &AcceptedReading) -> Self {
        let received = Timestamp::from_millis(accepted.origin.received_at);
        Self { received, offset: accepted.origin.offset, outcome: accepted.outcome.into() }
    }
}

/// The newest state of each alert is what the full computation says of the readings that were
/// sent.
pub(super) fn compare_with_the_truth(
    expected: &Expected,
    sent: &Sent,
    came: &Came,
    found: &mut Complaints,
) {
    // In Kafka's order and with their outcomes, as a rebuild takes them in: what is suspected of a clock
    // depends on which of two readings came first, and whether one was historical.
    let arrived: BTreeMap<(&str, u64), Arrived> = (expected.outcomes.values())
        .filter_map(|outcome| match outcome {
            DueOutcome::Stored(accepted) => {
                let version = (accepted.reading_id.as_str(), accepted.version.cast_unsigned());
                Some((version, Arrived::of(accepted)))
            }
            _ => None,
        })
        .collect();
    // Of those with a plan, what does not come counts too.
    let mut readings: BTreeMap<&PatientId, Vec<(Arrived, Stored<'_>)>> =
        came.plans.keys().map(|patient| (patient, Vec::new())).collect();
    let mut in_time: BTreeSet<String> = BTreeSet::new();
    let is_judged = |kind: Kind| rules::all().iter().any(|rule| rule.kinds().contains(&kind));
    for stored in sent.oracle.expected_versions().filter(|s| is_judged(s.id.kind())) {
        let id = stored.id.to_string();
        let lost = Arrived { received: came.until, offset: i64::MAX, outcome: Outcome::New };
        let arrived = *arrived.get(&(&*id, stored.version.bits())).unwrap_or(&lost);
        let received = arrived.received;
        let observed = stored.id.observation_time();
        if stored.is_greatest
            && received - observed < WELL_IN_TIME
            && came.until - observed < WELL_IN_TIME
        {
            in_time.insert(id);
        }
        readings.entry(stored.id.patient()).or_default().push((arrived, stored));
    }
    let default_plan = Plan::default();
    let (mut due, mut waiting) = (BTreeSet::new(), BTreeSet::new());
    for (patient, mut versions) in readings {
        let waits = |(Arrived { received, .. }, stored): &(Arrived, Stored<'_>)| {
            let is_late = *received - stored.id.observation_time() > LATE;
            is_late && came.until - *received < WAITED_FOR
        };
        if versions.iter().any(waits) {
            waiting.insert(patient.to_string());
            continue;
        }
        versions.sort_by_key(|(arrived, _)| (arrived.received, arrived.offset));
        let mut monitor = Monitor::default();
        for (Arrived { received, outcome, .. }, stored) in &versions {
            if let Ok(reading) = stored.reading.validate(*received) {
                let version = reading.version.counted(*received);
                let trace = (&clinical::Reading { version, ..reading }).into();
                monitor.restore_reading(&trace, *received, *outcome, Window::default());
            }
        }
        let plan = came.plans.get(patient).unwrap_or(&default_plan);
        let alerts = monitor.reassess(patient, came.until, (plan, Window::default()));
        let alerts = alerts.iter().map(AlertEvent::from);
        let alerts = alerts.filter(|event| !is_suspicion_that_is_over(event));
        due.extend(alerts.map(|event| Final::of(&event, &in_time)));
    }
    let mut newest: BTreeMap<&str, &AlertEvent> = BTreeMap::new();
    for event in events(came) {
        newest.insert(&event.alert_id, event);
    }
    let reported = newest.into_values().filter(|event| event.status != Status::Retracted.as_str());
    let reported = reported.filter(|event| !waiting.contains(&event.patient));
    let reported = reported.filter(|event| !is_suspicion_that_is_over(event));
    let reported: BTreeSet<Final> = reported.map(|event| Final::of(event, &in_time)).collect();
    found.difference("alerts that the readings call for", &reported, &due);
}

/// One is not remembered, so that the readings do not say it again; that it was reported is held by the
/// transitions.
fn is_suspicion_that_is_over(event: &AlertEvent) -> bool {
    let is_of_receipts = rules::find(&event.rule).is_some_and(|rule| rule.reads_suspicions());
    is_of_receipts && event.status != Status::Open.as_str()
}

impl Final {
    fn of(event: &AlertEvent, in_time: &BTreeSet<String>) -> Self {
        let all_in_time = event.evidence.iter().all(|item| in_time.contains(&item.reading_id));
        let is_open = event.status == Status::Open.as_str();
        let is_open_gap = event.stage == Stage::Missing.as_str() && is_open;
        let is_of_receipts = rules::find(&event.rule).is_some_and(|rule| rule.reads_suspicions());
        Self {
            patient: event.patient.clone(),
            status: event.status.clone(),
            stage: event.stage.clone(),
            first_observed_at: (!is_of_receipts).then_some(event.first_observed_at),
            last_observed_at: (!is_of_receipts && !is_open_gap).then_some(event.last_observed_at),
            evidence: event
                .evidence
                .iter()
                .map(|item| (item.reading_id.clone(), format!("{:?}", item.values)))
                .collect(),
            severity: (all_in_time && is_open).then(|| event.severity.clone()),
        }
    }
}
