//! Reading what came out of a deployment.

use clinical::Kind;
use schemas::codec::Record;
use schemas::topics::Topic;
use serde_json::Value;

use super::{Came, Placed, Sent, Store, VersionRow, complaints, undisturbed};
use crate::balanced::sum;
use crate::readings::now;
use crate::stack::{PARTITIONS, Stack};
use crate::wait::eventually;

/// Waits until all is quiet, and holds what came out against what was sent.
///
/// # Panics
/// With every complaint.
#[track_caller]
pub fn assert_true(stack: &Stack, sent: &Sent) {
    let came = gather(stack);
    let sum = sum(&came.tallies);
    assert!(sum.correction > 0 && sum.duplicate > 0 && sum.rejected > 0, "some mess: {sum:?}");
    assert!(!came.alerts.is_empty(), "the load has alerts in it");
    let complaints = complaints(sent, &[], &came);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Waits until every raw record has its outcome, and reads everything that came out. Nothing more
/// may be sent; only time passes.
#[track_caller]
pub fn gather(stack: &Stack) -> Came {
    // Before the raw records are read: the copies of rerouted ones come with their outcomes.
    stack.assert_balanced();
    let until = now();
    let raw = stack.records(Topic::ReadingsRaw);
    wait_for_alerts(stack, &raw, until);
    let accesses = placed(stack, Topic::AuditEvents);
    let stored = eventually("the store has every record of an access", || {
        let stored = origins(stack, "audit_events", ["event_partition", "event_offset"])?;
        if stored.len() >= accesses.len() { Ok(stored) } else { Err(stored.len().to_string()) }
    });
    stack.assert_balanced();
    let store = Store { accesses: stored, ..read_store(stack).unwrap() };
    Came {
        partitions: PARTITIONS,
        accepted: stack.read(Topic::ReadingsAccepted),
        rejected: stack.read(Topic::ReadingsRejected),
        tallies: stack.read(Topic::ReadingsOutcomes),
        alerts: placed(stack, Topic::Alerts),
        raw,
        accesses,
        store,
        until,
    }
}

/// What time alone brings comes a moment after it was due.
fn wait_for_alerts(stack: &Stack, raw: &[stream::follow::Incoming], until: clinical::Timestamp) {
    let expected = undisturbed::replay(raw, PARTITIONS, until);
    let due: usize = expected.transitions.values().map(Vec::len).sum();
    let tail = stack.tail(Topic::Alerts);
    let told = || {
        let events: Vec<schemas::AlertEvent> = stack.decoded(&tail.records());
        events.iter().filter(|event| event.changed_at <= until.millis()).count()
    };
    // When they do not come, the comparison says which ones.
    let begun = std::time::Instant::now();
    while told() < due && begun.elapsed() < std::time::Duration::from_secs(20) {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn placed<T: Record>(stack: &Stack, topic: Topic) -> Vec<Placed<T>> {
    let records = stack.records(topic);
    let read = stack.decoded(&records);
    let place = |(at, record): (&stream::follow::Incoming, T)| Placed {
        partition: at.partition,
        offset: at.offset,
        record,
    };
    records.iter().zip(read).map(place).collect()
}

fn read_store(stack: &Stack) -> Result<Store, String> {
    let mut store = Store::default();
    for kind in Kind::ALL {
        store.versions.extend(versions(stack, kind, &format!("{kind} FINAL"))?);
        store.standing.extend(versions(stack, kind, &format!("standing_{kind}"))?);
    }
    let alerts = stack.try_sql(
        "SELECT event_partition, event_offset, toUnixTimestamp64Milli(changed_at) AS changed \
         FROM alerts FINAL",
    )?;
    let numbers = |row: &Value, names: [&str; 3]| names.map(|name| number(&row[name]));
    store.alerts = alerts
        .iter()
        .map(|row| numbers(row, ["event_partition", "event_offset", "changed"]))
        .map(|[partition, offset, changed]| (partition as i32, offset, changed))
        .collect();
    let current = stack.try_sql("SELECT alert_id, event_offset FROM current_alerts")?;
    store.current_alerts =
        current.iter().map(|row| (text(&row["alert_id"]), number(&row["event_offset"]))).collect();
    store.rejected = origins(stack, "rejected_readings", ["origin_partition", "origin_offset"])?;
    let tallies = stack
        .try_sql("SELECT origin_partition, from_offset, next_offset FROM outcome_tallies FINAL")?;
    store.tallies = tallies
        .iter()
        .map(|row| numbers(row, ["origin_partition", "from_offset", "next_offset"]))
        .map(|[partition, from, next]| (partition as i32, from, next))
        .collect();
    Ok(store)
}

fn versions(stack: &Stack, kind: Kind, table: &str) -> Result<Vec<VersionRow>, String> {
    let rows = stack.try_sql(&format!(
        "SELECT patient, source, toInt64(toUnixTimestamp(observation_time)) AS observed, \
         toString(version) AS version FROM {table}"
    ))?;
    let row = |row: &Value| VersionRow {
        kind: kind.as_str(),
        patient: text(&row["patient"]),
        source: text(&row["source"]),
        observed: number(&row["observed"]),
        version: text(&row["version"]).parse().expect("a version is a number"),
    };
    Ok(rows.iter().map(row).collect())
}

fn origins(stack: &Stack, table: &str, [a, b]: [&str; 2]) -> Result<Vec<(i32, i64)>, String> {
    let rows = stack.try_sql(&format!("SELECT {a}, {b} FROM {table} FINAL"))?;
    Ok(rows.iter().map(|row| (number(&row[a]) as i32, number(&row[b]))).collect())
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// ClickHouse writes numbers of 64 bits as text or as numbers.
fn number(value: &Value) -> i64 {
    match value.as_str() {
        Some(text) => text.parse().expect("a number"),
        None => value.as_i64().expect("a number"),
    }
}
