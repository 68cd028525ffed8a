//! The versions of a reading, by the real ClickHouse engine.

use clinical::{Kind, PatientId, ReadingId, Source, Timestamp};

use super::engine_tests::{MIDNIGHT, PRESSURE, Version, database, insert};
use crate::model::reading::ReadingVersion;

fn id(serial: &str) -> ReadingId {
    let source = Source::device("ACME", serial).unwrap().digest();
    let patient = PatientId::parse("A/1").unwrap();
    ReadingId::new(patient, Kind::BloodPressure, Timestamp::from_seconds(MIDNIGHT), source)
}

fn shown(version: &ReadingVersion) -> (Option<f64>, bool, bool) {
    (version.reading.number("systolic"), version.is_current, version.entered_in_error)
}

#[tokio::test]
async fn every_version_of_one_reading_is_listed_once_and_of_no_other() {
    let (client, store) = database("reading_versions");
    let sent = |version, systolic: &'static str| {
        let values: &[(&str, &str)] = match systolic {
            "182" => &[("systolic", "182"), ("diastolic", "79")],
            _ => &[("systolic", "128"), ("diastolic", "79")],
        };
        Version { version, values, ..PRESSURE }
    };
    insert(&client, sent(1, "182")).await;
    // The same row again, not merged yet.
    insert(&client, sent(1, "182")).await;
    // Of the app's next release.
    insert(&client, Version { source: "ACME|BP2|7", data_input: "modified", ..sent(2, "128") })
        .await;
    insert(&client, Version { entered_in_error: true, ..sent(3, "128") }).await;
    insert(&client, Version { source: "ACME|BP1|8", ..sent(4, "128") }).await;
    insert(&client, Version { at: 60, ..sent(5, "128") }).await;
    insert(&client, Version { patient: "A/2", ..sent(6, "128") }).await;

    let versions = store.versions(&id("7")).await.unwrap();
    let expected =
        [(Some(128.0), true, true), (Some(128.0), false, false), (Some(182.0), false, false)];
    assert_eq!(versions.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(serde_json::to_value(&versions[1]).unwrap()["data_input"], "modified");
    assert!(versions.iter().all(|version| version.reading.id == id("7")));

    assert_eq!(store.versions(&id("9")).await.unwrap(), []);
}
