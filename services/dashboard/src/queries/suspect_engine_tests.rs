//! What operators ask of the store about data that cannot be judged, in the words of docs/operations.md,
//! against the real engine.

use clickhouse::Client;

use super::audit_engine_tests::{documented_under, run};
use super::engine_tests::database;

const HEADING: &str = "## Data that cannot be judged";

async fn alert(client: &Client, (patient, id): (&str, u32), event: (u32, &str, &str)) {
    let (offset, status, findings) = event;
    let sql = format!(
        "INSERT INTO alerts (patient, alert_id, rule, status, findings, raised_at, event_offset) \
         SETTINGS async_insert = 0 VALUES ('{patient}', '{id}', 'data.suspect', '{status}', \
         '{findings}', 1795305600000, {offset})"
    );
    run(client, &sql).await;
}

#[tokio::test]
async fn an_operator_learns_how_many_patients_have_which_reason_now() {
    let (client, _) = database("suspect_reasons");
    let ahead = r#"{"update_time_ahead":1}"#;
    let both = r#"{"update_time_ahead":1,"same_minute":2}"#;
    alert(&client, ("CGM005/S1", 1), (1, "open", ahead)).await;
    alert(&client, ("CGM005/S1", 1), (2, "open", both)).await;
    alert(&client, ("CGM005/S2", 2), (3, "open", ahead)).await;
    alert(&client, ("CGM006/S1", 3), (4, "open", ahead)).await;
    // What was open and is over counts no more.
    alert(&client, ("CGM005/S3", 4), (5, "open", ahead)).await;
    alert(&client, ("CGM005/S3", 4), (6, "resolved", "{}")).await;
    let query = documented_under(HEADING, 0);
    let asked = client.query(query).fetch_all::<(String, String, u64)>().await.unwrap();
    let row = |reason: &str, consortium: &str, patients| {
        (reason.to_owned(), consortium.to_owned(), patients)
    };
    let expected = [
        row("update_time_ahead", "CGM005", 2),
        row("same_minute", "CGM005", 1),
        row("update_time_ahead", "CGM006", 1),
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn an_operator_learns_whose_server_is_ahead() {
    let (client, _) = database("suspect_vendors");
    for (vendor, patient, ahead, days) in [
        ("acme", "CGM005/S1", 540, 0),
        ("acme", "CGM005/S2", 540, 0),
        ("acme", "CGM005/S2", 538, 0),
        ("hibari", "CGM005/S1", 6, 0),
        ("right", "CGM005/S4", 4, 0),
        ("mended", "CGM005/S5", 540, 2),
    ] {
        let sql = format!(
            "INSERT INTO deliveries (vendor, stored_at, received_at, patient, kind, update_time) \
             SELECT '{vendor}', now(), now() - INTERVAL {days} DAY, '{patient}', 'blood_pressure', \
             now() - INTERVAL {days} DAY + INTERVAL {ahead} MINUTE"
        );
        run(&client, &sql).await;
    }
    let query = documented_under(HEADING, 1);
    let asked = client.query(query).fetch_all::<(String, u64, f64)>().await.unwrap();
    assert_eq!(asked, [("acme".to_owned(), 2, 540.0), ("hibari".to_owned(), 1, 6.0)]);
}
