//! Reading what came out of a deployment.

use clinical::{Kind, PatientId, Timestamp};
use schemas::CarePlan;
use schemas::codec::Record;
use schemas::topics::Topic;
use stream::follow::Incoming;

use super::columns::Fields;
use super::store::{Place, Row, VersionKey};
use super::{Came, Placed, Plans, Sent, Store, assert_can_fail, complaints, undisturbed};
use crate::balanced::sum;
use crate::readings::now;
use crate::stack::{PARTITIONS, Stack};
use crate::wait::eventually;

/// So many ways to doctor a result there are without physicians who look at it.
const WAYS_TO_FAIL: usize = 25;

/// Waits until all is quiet, and holds what came out against what was sent.
///
/// # Panics
/// With every complaint; or when there is none of the same result doctored.
#[track_caller]
pub fn assert_true(stack: &Stack, sent: &Sent) {
    let came = gather(stack);
    let sum = sum(came.tallies.iter().map(|placed| &placed.record));
    assert!(
        sum.correction > 0 && sum.duplicate > 0 && sum.rejected > 0,
        "not everything goes well: {sum:?}"
    );
    assert!(!came.alerts.is_empty(), "the load has alerts in it");
    let complaints = complaints(sent, &[], &came);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_can_fail(sent, &[], &came, WAYS_TO_FAIL);
}

/// Waits until every raw record has its outcome, and reads everything that came out. Nothing more
/// may be sent; only time passes.
#[track_caller]
pub fn gather(stack: &Stack) -> Came {
    // Before the raw records are read: the copies of rerouted ones come with their outcomes.
    stack.assert_balanced();
    let until = now();
    let raw = stack.records(Topic::ReadingsRaw);
    let plans = plans(stack);
    wait_for_alerts(stack, &raw, &plans, until);
    let accesses = placed(stack, Topic::AuditEvents);
    let stored = eventually("the store has every record of an access", || {
        let stored = table(stack, "audit_events", event_place)?;
        if stored.len() >= accesses.len() { Ok(stored) } else { Err(stored.len().to_string()) }
    });
    stack.assert_balanced();
    let store = Store { accesses: stored, ..read_store(stack).unwrap() };
    Came {
        partitions: PARTITIONS,
        plans,
        accepted: stack.read(Topic::ReadingsAccepted),
        rejected: stack.read(Topic::ReadingsRejected),
        tallies: placed(stack, Topic::ReadingsOutcomes),
        alerts: placed(stack, Topic::Alerts),
        raw,
        accesses,
        store,
        until,
    }
}

/// The care plans, none of which has changed.
fn plans(stack: &Stack) -> Plans {
    let plans: Vec<CarePlan> = stack.read(Topic::CarePlans);
    let count = plans.len();
    let usable = |plan: &CarePlan| {
        let patient = PatientId::parse(&plan.patient).expect("a patient");
        (patient, plan.validate().expect("a plan that the rules can work with"))
    };
    let plans: Plans = plans.iter().map(usable).collect();
    assert_eq!(plans.len(), count, "the verdict knows no plan that changes");
    plans
}

/// What time alone brings comes a moment after it was due.
fn wait_for_alerts(stack: &Stack, raw: &[Incoming], plans: &Plans, until: Timestamp) {
    let expected = undisturbed::replay(raw, plans, PARTITIONS, until);
    let due: usize = expected.transitions.values().map(Vec::len).sum();
    let tail = stack.tail(Topic::Alerts);
    let reported = || {
        let events: Vec<schemas::AlertEvent> = stack.decoded(&tail.records());
        events.iter().filter(|event| event.changed_at <= until.millis()).count()
    };
    // When they do not come, the comparison says which ones.
    let begun = std::time::Instant::now();
    while reported() < due && begun.elapsed() < std::time::Duration::from_secs(20) {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn placed<T: Record>(stack: &Stack, topic: Topic) -> Vec<Placed<T>> {
    let records = stack.records(topic);
    let read = stack.decoded(&records);
    let place = |(at, record): (&Incoming, T)| Placed {
        partition: at.partition,
        offset: at.offset,
        written_at: at.timestamp_ms,
        record,
    };
    records.iter().zip(read).map(place).collect()
}

fn read_store(stack: &Stack) -> Result<Store, String> {
    let mut store = Store {
        alerts: table(stack, "alerts", event_place)?,
        current_alerts: table(stack, "current_alerts", event_place)?,
        rejected: rejected(stack)?,
        tallies: table(stack, "outcome_tallies", |tally| {
            let [from, next] = ["from_offset", "next_offset"].map(|name| tally.number(name));
            (tally.number("origin_partition"), from, next)
        })?,
        ..Store::default()
    };
    for kind in Kind::ALL {
        let key = |row: &Fields| {
            let version = VersionKey {
                kind: kind.as_str(),
                patient: row.text("patient").to_owned(),
                source: row.text("source").to_owned(),
                observed: row.number("observation_time"),
                version: row.number("version"),
            };
            (version, origin_place(row))
        };
        store.versions.extend(table(stack, kind.as_str(), key)?);
        // The view says in `source` what a source is known by.
        let current = format!("SELECT DISTINCT *, source AS source_id FROM current_{kind}");
        store.current.extend(rows(stack, &current, key)?);
    }
    Ok(store)
}

/// Every row of a table or view. A row that was written again is the same row; one with other values
/// is not, whether it will win when rows merge or not.
fn table<K>(stack: &Stack, table: &str, key: impl Fn(&Fields) -> K) -> Result<Vec<Row<K>>, String> {
    rows(stack, &format!("SELECT DISTINCT * FROM {table}"), key)
}

/// What came as bytes may be no text.
fn rejected(stack: &Stack) -> Result<Vec<Row<Place>>, String> {
    let columns = "* REPLACE (hex(record_key) AS record_key, hex(bytes) AS bytes)";
    rows(stack, &format!("SELECT DISTINCT {columns} FROM rejected_readings"), origin_place)
}

fn rows<K>(stack: &Stack, query: &str, key: impl Fn(&Fields) -> K) -> Result<Vec<Row<K>>, String> {
    let rows =
        stack.try_sql(&format!("{query} SETTINGS date_time_output_format = 'unix_timestamp'"))?;
    let row = |row| {
        let fields = Fields::of_row(row);
        Row { key: key(&fields), columns: fields.columns() }
    };
    Ok(rows.into_iter().map(row).collect())
}

fn origin_place(row: &Fields) -> Place {
    (row.number("origin_partition"), row.number("origin_offset"))
}

fn event_place(event: &Fields) -> Place {
    (event.number("event_partition"), event.number("event_offset"))
}
