//! What auditors ask of the store, in the words of docs/operations.md, against the real engine.

use std::collections::BTreeSet;

use clickhouse::{Client, Row};
use serde::Deserialize;

use super::engine_tests::database;
use crate::patient_sets::{id_of, parts_of};

const OPERATIONS: &str = include_str!("../../../../docs/operations.md");

/// A query under a heading of the document, by its place.
pub(super) fn documented_under(heading: &str, place: usize) -> &'static str {
    let heading = format!("\n{heading}\n");
    let (_, section) = OPERATIONS.split_once(&heading).expect("the heading is there");
    let query = section.split("```sql\n").nth(place + 1).expect("a query follows");
    query.split_once("```").expect("the query ends").0.trim()
}

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Shown {
    action: String,
    session: String,
    patients: Vec<String>,
    proven: bool,
}

async fn shown(client: &Client, user: &str) -> Vec<Shown> {
    let query = documented_under("### Whose data was shown", 0);
    let sql = format!(
        "SELECT CAST(action, 'String') AS action, session, patients, \
         toBool(proven) AS proven FROM ({query})"
    );
    client.query(&sql).param("user", user).fetch_all().await.unwrap()
}

pub(super) async fn run(client: &Client, sql: &str) {
    client.query_raw(sql).execute().await.unwrap();
}

async fn keep(client: &Client, patients: &BTreeSet<String>) -> String {
    let id = id_of(patients);
    for part in parts_of(&id, patients) {
        let ids = part.patients.join("\\n");
        let (part, parts) = (part.part, part.parts);
        let insert = "INSERT INTO audit_sets (patient_set, part, parts, patients)";
        let settings = "SETTINGS async_insert = 0";
        run(client, &format!("{insert} {settings} VALUES ('{id}', {part}, {parts}, '{ids}')"))
            .await;
    }
    id
}

async fn access(client: &Client, second: u32, action: &str, set: &str, allowed: bool) {
    let sql = format!(
        "INSERT INTO audit_events (at, service, actor, role, action, allowed, session, patient_set, \
         event_offset) SETTINGS async_insert = 0 VALUES ({second}, 'dashboard', 'dr.sato', \
         'physician', '{action}', {allowed}, 's', '{set}', {second})"
    );
    run(client, &sql).await;
}

fn ids(numbers: impl IntoIterator<Item = u32>) -> BTreeSet<String> {
    numbers.into_iter().map(|number| format!("CGM005/S{number:06}")).collect()
}

#[tokio::test]
async fn an_auditor_learns_whose_data_an_access_showed_and_that_none_is_missing() {
    let (client, _) = database("audit_sets");
    let (few, many, none) = (ids([2, 1]), ids(0..90_000), ids([]));
    let mut sets = Vec::new();
    for patients in [&few, &many, &none] {
        sets.push(keep(&client, patients).await);
        // By another instance: the same once more.
        keep(&client, patients).await;
    }
    assert!(parts_of(&sets[1], &many).len() > 1);
    access(&client, 1, "list_patients", &sets[0], true).await;
    access(&client, 2, "stream_alerts", &sets[1], true).await;
    access(&client, 3, "list_patients", &sets[2], true).await;
    access(&client, 4, "read_readings", "", true).await;
    let expected = |action: &str, patients: &BTreeSet<String>, proven| Shown {
        action: action.to_owned(),
        session: "s".to_owned(),
        patients: patients.iter().cloned().collect(),
        proven,
    };
    let all = [
        expected("list_patients", &few, true),
        expected("stream_alerts", &many, true),
        expected("list_patients", &none, true),
    ];
    assert!(shown(&client, "dr.sato").await == all);
    assert_eq!(shown(&client, "dr.ito").await, []);

    let lose = "ALTER TABLE audit_sets DELETE WHERE part = 1 SETTINGS mutations_sync = 1";
    run(&client, lose).await;
    let change = "ALTER TABLE audit_sets UPDATE patients = replaceOne(patients, 'S000001', 'S000009') \
        WHERE parts = 1 SETTINGS mutations_sync = 1";
    run(&client, change).await;
    let proven: Vec<bool> = shown(&client, "dr.sato").await.iter().map(|it| it.proven).collect();
    assert_eq!(proven, [false, false, true], "what is lost or altered is noticed");
}
