//! Holding what came out against what was sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use clinical::alert::Alert;
use clinical::monitor::Monitor;
use clinical::plan::Plan;
use clinical::{Kind, PatientId, Timestamp};
use schemas::topics::Topic;
use schemas::{AcceptedReading, AlertEvent, RejectedReading};
use simulator::Oracle;
use simulator::mess::Route;

use crate::stack::Stack;

/// What came out is what was sent, each version and each alert event once, in Kafka and in the store.
pub fn assert_true(stack: &Stack, oracle: &Oracle) {
    let sum = stack.assert_balanced();
    assert!(sum.correction > 0 && sum.duplicate > 0 && sum.rejected > 0, "some mess: {sum:?}");
    let accepted: Vec<AcceptedReading> = stack.read(Topic::ReadingsAccepted);
    assert_versions(&accepted, oracle);
    assert_rejections(stack, oracle);
    assert_alerts(stack, &accepted);
    assert_store(stack, oracle);
}

fn assert_versions(accepted: &[AcceptedReading], oracle: &Oracle) {
    let origins: BTreeSet<_> =
        accepted.iter().map(|a| (a.origin.partition, a.origin.offset)).collect();
    assert_eq!(origins.len(), accepted.len(), "a raw record was accepted twice");
    let came: BTreeSet<(String, u64)> =
        accepted.iter().map(|a| (a.reading_id.clone(), a.version.cast_unsigned())).collect();
    let sent: BTreeSet<(String, u64)> =
        oracle.expected_versions().map(|s| (s.id.to_string(), s.version.bits())).collect();
    assert_same(&came, &sent, "versions in readings.accepted");
}

fn assert_rejections(stack: &Stack, oracle: &Oracle) {
    let mut came: BTreeMap<String, u64> = BTreeMap::new();
    for rejected in stack.read::<RejectedReading>(Topic::ReadingsRejected) {
        *came.entry(rejected.reason).or_default() += 1;
    }
    let sent: BTreeMap<String, u64> = oracle
        .expected_rejects()
        .filter(|(via, ..)| *via == Route::Kafka)
        .map(|(_, reason, count)| (reason.to_owned(), count))
        .collect();
    assert_eq!(came, sent, "rejected records by reason");
}

/// The alert events are those of one processor that was never disturbed: the clinical rules, applied
/// to the accepted readings in their order.
fn assert_alerts(stack: &Stack, accepted: &[AcceptedReading]) {
    let plan = Plan::default();
    let mut monitors: HashMap<PatientId, Monitor> = HashMap::new();
    let mut expected: BTreeMap<String, Vec<AlertEvent>> = BTreeMap::new();
    let mut in_order: Vec<&AcceptedReading> = accepted.iter().collect();
    in_order.sort_by_key(|accepted| (accepted.origin.partition, accepted.origin.offset));
    for accepted in in_order {
        let received = Timestamp::from_millis(accepted.origin.received_at);
        let reading = accepted.reading.check(received).unwrap();
        let monitor = monitors.entry(reading.patient.clone()).or_default();
        let changes: Vec<Alert> = monitor.apply(&reading, received, &plan).unwrap().changes;
        for event in changes.iter().map(AlertEvent::from) {
            expected.entry(event.patient.clone()).or_default().push(event);
        }
    }
    assert!(!expected.is_empty(), "the load has alerts in it");
    let mut came: BTreeMap<String, Vec<AlertEvent>> = BTreeMap::new();
    for event in stack.read::<AlertEvent>(Topic::Alerts) {
        came.entry(event.patient.clone()).or_default().push(event);
    }
    for (patient, expected) in &expected {
        let came = came.remove(patient).unwrap_or_default();
        assert_eq!(told(&came), told(expected), "alert events of {patient}");
    }
    assert_eq!(came, BTreeMap::new(), "alert events that nothing has caused");
}

fn told(events: &[AlertEvent]) -> Vec<String> {
    let one = |e: &AlertEvent| {
        let evidence: Vec<_> = e.evidence.iter().map(|e| (&*e.reading_id, &e.values)).collect();
        let AlertEvent { alert_id, stage, severity, transition, .. } = e;
        format!("{alert_id} {stage} {severity} {transition} {evidence:?}")
    };
    events.iter().map(one).collect()
}

fn assert_store(stack: &Stack, oracle: &Oracle) {
    type Row = (String, i64, u64);
    for kind in Kind::ALL {
        let rows = |table: &str| -> Vec<Row> {
            let query = format!(
                "SELECT patient, toInt64(toUnixTimestamp(observation_time)) AS observed, \
                 toString(version) AS version FROM {table}"
            );
            let number = |value: &serde_json::Value| match value.as_str() {
                Some(text) => text.parse().unwrap(),
                None => value.as_u64().unwrap(),
            };
            let row = |row: serde_json::Value| {
                let patient = row["patient"].as_str().unwrap().to_owned();
                (patient, number(&row["observed"]) as i64, number(&row["version"]))
            };
            stack.sql(&query).into_iter().map(row).collect()
        };
        let sent = |stored: simulator::oracle::Stored<'_>| -> Row {
            let observed = stored.id.observation_time().seconds();
            (stored.id.patient().to_string(), observed, stored.version.bits())
        };
        let standing = rows(&format!("standing_{kind}"));
        let expected: BTreeSet<Row> =
            oracle.expected_standing().filter(|s| s.id.kind() == kind).map(sent).collect();
        let distinct: BTreeSet<Row> = standing.iter().cloned().collect();
        assert_eq!(distinct.len(), standing.len(), "a reading of {kind} stands twice");
        assert_same(&distinct, &expected, &format!("standing {kind}"));
        let expected: BTreeSet<Row> =
            oracle.expected_versions().filter(|s| s.id.kind() == kind).map(sent).collect();
        let all: BTreeSet<Row> = rows(&kind.to_string()).into_iter().collect();
        assert_same(&all, &expected, &format!("versions of {kind}"));
    }
}

fn assert_same<T: Ord + std::fmt::Debug>(came: &BTreeSet<T>, sent: &BTreeSet<T>, what: &str) {
    let few =
        |items: Vec<&T>| items.into_iter().take(5).map(|i| format!("{i:?}")).collect::<Vec<_>>();
    let missing = few(sent.difference(came).collect());
    let invented = few(came.difference(sent).collect());
    assert!(
        missing.is_empty() && invented.is_empty(),
        "{what}: {} came of {}; missing {missing:#?}, invented {invented:#?}",
        came.len(),
        sent.len()
    );
}
