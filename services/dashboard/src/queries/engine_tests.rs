//! The queries against the real ClickHouse engine.
//!
//! The engine serves in a process of its own. Every test has a database of its own.

use std::collections::BTreeSet;

use chassis::{ClickHouseArgs, Metrics};
use clickhouse::Client;
use clinical::{Kind, PatientId, Span, Timestamp};
use schemas::migrations::{MIGRATIONS, Migration};
use serde_json::{Value, json};
use store::QueryError;

use super::current;
use super::{Page, Store, StoreError, Wanted};
use crate::metrics::DashboardMetrics;
use crate::model::values::columns;

/// 2026-11-22T00:00:00Z.
pub(super) const MIDNIGHT: i64 = 1_795_305_600;

fn server() -> &'static str {
    local_clickhouse::beside::url("queries::engine_tests::the_engine_answers")
}

/// Is the engine's own process, too.
#[test]
fn the_engine_answers() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local/clickhouse/libchdb.so");
    if !local_clickhouse::beside::serve_if_asked(library) {
        assert!(local_clickhouse::beside::answers(server()));
    }
}

/// A migrated database of its own, and a store that asks it.
pub(super) fn database(name: &str) -> (Client, Store) {
    let statements = MIGRATIONS.iter().flat_map(Migration::statements);
    local_clickhouse::beside::create_database(server(), name, statements);
    let client = Client::default().with_url(server()).with_database(name);
    let metrics = DashboardMetrics::new(&Metrics::for_service("dashboard")).unwrap();
    let store = ClickHouseArgs::local(server(), name);
    (client, Store::new(&store, metrics))
}

/// A version of a reading of a kind, in seconds after [`MIDNIGHT`].
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    pub(super) kind: Kind,
    pub(super) patient: &'a str,
    pub(super) source: &'a str,
    pub(super) at: i64,
    /// When it was received; at the time of observation where not given.
    pub(super) received: Option<i64>,
    /// When it was registered; at the time of observation where not given.
    pub(super) updated: Option<i64>,
    pub(super) data_input: &'a str,
    pub(super) version: u64,
    pub(super) entered_in_error: bool,
    /// Columns and their values, as SQL.
    pub(super) values: &'a [(&'a str, &'a str)],
}

pub(super) const PRESSURE: Version<'static> = Version {
    kind: Kind::BloodPressure,
    patient: "A/1",
    source: "ACME|BP1|7",
    at: 0,
    received: None,
    updated: None,
    data_input: "device",
    version: 1,
    entered_in_error: false,
    values: &[("systolic", "128"), ("diastolic", "79")],
};

pub(super) async fn insert(client: &Client, inserted: Version<'_>) {
    let Version { kind, patient, source, at, received, updated, version, .. } = inserted;
    let Version { data_input, entered_in_error, values, .. } = inserted;
    let (names, values): (Vec<_>, Vec<_>) = values.iter().copied().unzip();
    let sql = format!(
        "INSERT INTO {kind} (patient, source, observation_time, version, entered_in_error, \
         utc_offset_minutes, data_input, update_time, received_at, {names}) \
         SETTINGS async_insert = 0 VALUES ('{patient}', '{source}', {time}, {version}, {entered_in_error}, \
         540, '{data_input}', {updated}, {received}, {values})",
        time = MIDNIGHT + at,
        // Numbers for these columns are milliseconds.
        updated = (MIDNIGHT + updated.unwrap_or(at)) * 1000,
        received = (MIDNIGHT + received.unwrap_or(at)) * 1000,
        names = names.join(", "),
        values = values.join(", "),
    );
    client.query_raw(&sql).execute().await.unwrap();
}

pub(super) fn patient(text: &str) -> PatientId {
    PatientId::parse(text).unwrap()
}

pub(super) const ALL: Wanted = Wanted { kind: None, from: None, to: None, limit: 10_000 };

async fn readings(store: &Store, wanted: Wanted) -> Page {
    store.readings(&patient("A/1"), wanted).await.unwrap()
}

/// Systolic values, oldest reading first.
async fn systolic(store: &Store, wanted: Wanted) -> Vec<Value> {
    let page = readings(store, wanted).await;
    page.readings.iter().map(|reading| reading.measurement.values["systolic"].clone()).collect()
}

#[tokio::test]
async fn the_greatest_version_is_current_whatever_the_order_of_arrival_unless_in_error() {
    let (client, store) = database("versions");
    let with = async |at, version, systolic: &str| {
        let values = [("systolic", systolic), ("diastolic", "70")];
        insert(&client, Version { at, version, values: &values, ..PRESSURE }).await;
    };
    with(0, 2, "122").await;
    with(0, 1, "121").await;
    with(60, 1, "131").await;
    with(60, 3, "133").await;
    with(60, 2, "132").await;
    with(120, 1, "141").await;
    insert(&client, Version { at: 120, version: 2, entered_in_error: true, ..PRESSURE }).await;
    insert(&client, Version { at: 180, version: 2, entered_in_error: true, ..PRESSURE }).await;
    with(180, 3, "153").await;
    insert(&client, Version { patient: "A/2", at: 0, version: 9, ..PRESSURE }).await;
    assert_eq!(systolic(&store, ALL).await, [122, 133, 153]);
    client.query("OPTIMIZE TABLE blood_pressure FINAL").execute().await.unwrap();
    assert_eq!(systolic(&store, ALL).await, [122, 133, 153]);
}

/// What was written before a source was known without its model number and normalised.
#[tokio::test]
async fn a_row_from_before_source_ids_is_a_version_of_the_reading_it_is_of_now() {
    let (client, store) = database("source_ids");
    let with = async |source, version, systolic: &str| {
        let values = [("systolic", systolic), ("diastolic", "70")];
        insert(&client, Version { source, version, values: &values, ..PRESSURE }).await;
    };
    let older = [
        "ACME||7",
        "ACME|HealthKit 12.0|7",
        " ACME|HealthKit 12.1|7 ",
        "ＡＣＭＥ|BP1|\u{200b}７\u{a0}",
        "ACME\u{3000}|B%7CP%25|\u{feff}7",
    ];
    for (version, source) in (1..).zip(older) {
        with(source, version, &(120 + version).to_string()).await;
    }
    let page = readings(&store, ALL).await;
    let [reading] = &*page.readings else { panic!("{page:?}") };
    assert_eq!(reading.measurement.values["systolic"], 125);
    let source = json!({ "manufacturer": "ACME", "model_number": "B|P%", "serial": "7" });
    assert_eq!(json!(reading.source), source);
    let digest = clinical::Source::device("ACME", "7").unwrap().digest().bits();
    assert_eq!(reading.id.source().bits(), digest);
    let view = "SELECT toString(source), systolic FROM current_blood_pressure";
    let of_view: Vec<(String, u16)> = client.query(view).fetch_all().await.unwrap();
    assert_eq!(of_view, [("ACME||7".to_owned(), 125)]);
    with("ACME|| ", 1, "140").await;
    let shown = readings(&store, ALL).await.readings;
    assert!(shown.iter().any(|reading| json!(reading.source)["serial"] == ""), "{shown:?}");
}

/// The same for every text that a sender can have written: of the characters that have no width those
/// that begin and end a range, and those that NFKC makes a separator or an escape of.
#[tokio::test]
async fn sources_from_before_source_ids_are_known_as_the_processor_knows_them() {
    let (client, store) = database("source_forms");
    let mut serials: Vec<String> = [
        "\u{ad}",
        "\u{34f}",
        "\u{61c}",
        "\u{115f}",
        "\u{1160}",
        "\u{17b4}",
        "\u{17b5}",
        "\u{180b}",
        "\u{180f}",
        "\u{200b}",
        "\u{200f}",
        "\u{202a}",
        "\u{202e}",
        "\u{2060}",
        "\u{206f}",
        "\u{3164}",
        "\u{fe00}",
        "\u{fe0f}",
        "\u{feff}",
        "\u{ffa0}",
        "\u{fff0}",
        "\u{fff8}",
        "\u{1bca0}",
        "\u{1bca3}",
        "\u{1d173}",
        "\u{1d17a}",
        "\u{e0000}",
        "\u{e0fff}",
    ]
    .map(|character| format!("1{character}"))
    .into();
    let forms = [
        "1｜2",
        "1％7C2",
        "1%7C2",
        "％",
        "1|2",
        "1%2",
        "ﾃﾙﾓ",
        "A\u{200d}\u{30a}",
        "\u{2028}1 \u{3000}2",
    ];
    serials.extend(forms.map(str::to_owned));
    for (at, serial) in (0..).zip(&serials) {
        let written = format!("Ａ|BP1|{}", serial.replace('%', "%25").replace('|', "%7C"));
        insert(&client, Version { source: &written, at, ..PRESSURE }).await;
    }
    let shown = readings(&store, ALL).await.readings;
    assert_eq!(shown.len(), serials.len());
    for (reading, serial) in shown.iter().zip(&serials) {
        let source = clinical::Source::device("A", serial).unwrap();
        assert_eq!(
            reading.id.source(),
            source.digest(),
            "{serial:?} is {:?}",
            json!(reading.source)
        );
    }
}

/// As a migration before the last one made them, and merged into the table.
#[tokio::test]
async fn a_source_of_no_form_is_shown_as_it_is_written_and_hides_no_other() {
    let (client, store) = database("no_form");
    insert(&client, Version { source: "A|B|C|7", ..PRESSURE }).await;
    insert(&client, Version { at: 60, ..PRESSURE }).await;
    let shown = readings(&store, ALL).await.readings;
    let sources: Vec<_> = shown.iter().map(|reading| json!(reading.source)).collect();
    assert_eq!(
        sources[0],
        json!({ "manufacturer": "A|B|C|7", "model_number": null, "serial": "" })
    );
    assert_eq!(sources[1]["serial"], "7");
}

#[tokio::test]
async fn readings_are_found_by_kind_and_time_and_the_newest_where_there_are_too_many() {
    let (client, store) = database("ranges");
    for number in 0..5 {
        let systolic = (120 + number).to_string();
        let values = [("systolic", systolic.as_str()), ("diastolic", "70")];
        insert(&client, Version { at: number * 60, values: &values, ..PRESSURE }).await;
    }
    let weight = Version {
        kind: Kind::WeighingScale,
        at: 90,
        values: &[("body_weight", "61.4")],
        ..PRESSURE
    };
    insert(&client, weight).await;
    let pressure = Wanted { kind: Some(Kind::BloodPressure), ..ALL };
    assert_eq!(systolic(&store, pressure).await, [120, 121, 122, 123, 124]);

    let at = |seconds| Some(Timestamp::from_seconds(MIDNIGHT + seconds));
    let between = Wanted { from: at(60), to: at(180), ..pressure };
    assert_eq!(systolic(&store, between).await, [121, 122]);

    let page = readings(&store, Wanted { limit: 2, ..pressure }).await;
    assert!(page.truncated);
    assert_eq!(page.readings.len(), 2);
    assert_eq!(page.readings[0].measurement.values["systolic"], 123);
    assert!(!readings(&store, Wanted { limit: 5, ..pressure }).await.truncated);

    let all = readings(&store, ALL).await.readings;
    let kinds: Vec<_> = all.iter().map(|reading| reading.measurement.kind).collect();
    assert_eq!(kinds.iter().position(|kind| *kind == Kind::WeighingScale), Some(2));
    assert_eq!(json!(all[2].measurement.values), json!({ "body_weight": 61.4 }));
    assert_eq!(
        json!(all[2].source),
        json!({
            "manufacturer": "ACME", "model_number": "BP1", "serial": "7"
        })
    );
    assert_eq!(all[2].observed_at.to_string(), "2026-11-22T09:01:30+09:00");
}

/// A cuff's cloud and a phone's app, sources 7 and 8, whichever of them is counted.
#[tokio::test]
async fn a_copy_is_marked_wherever_the_page_ends() {
    let (client, store) = database("copies");
    let sent = async |source, at, systolic: &str| {
        let values = [("systolic", systolic), ("diastolic", "70")];
        insert(&client, Version { source, at, values: &values, ..PRESSURE }).await;
    };
    for at in [0, 600, 1_200] {
        sent("ACME|BP1|7", at, "150").await;
        sent("PHONE|HealthKit|8", at + 61, "150").await;
    }
    sent("PHONE|HealthKit|8", 1_800, "150").await;
    sent("ACME|BP1|7", 1_921, "150").await;
    sent("ACME|BP1|7", 2_400, "150").await;
    sent("PHONE|HealthKit|8", 2_400, "149").await;

    let all = readings(&store, ALL).await.readings;
    let digest =
        |source: (&str, &str)| clinical::Source::device(source.0, source.1).unwrap().digest();
    let (cuff, phone) = (digest(("ACME", "7")), digest(("PHONE", "8")));
    let (counted, copied) = (cuff.min(phone), cuff.max(phone));
    let of = |at: i64, reading: &crate::model::Reading| {
        let is_near = |other: &&crate::model::Reading| {
            let apart = other.observed_at.at() - reading.observed_at.at();
            other.id.source() == counted && apart.abs() <= Span::from_minutes(2)
        };
        let near = all.iter().find(is_near).map(|other| other.id.clone());
        (at < 1_800 && reading.id.source() == copied).then_some(near).flatten()
    };
    let expected: Vec<_> = all
        .iter()
        .map(|reading| of(reading.observed_at.at().seconds() - MIDNIGHT, reading))
        .collect();
    let marks = |page: &[crate::model::Reading]| -> Vec<_> {
        page.iter().map(|reading| reading.copy_of.clone()).collect()
    };
    assert_eq!(marks(&all), expected);
    assert_eq!(expected.iter().flatten().count(), 3);

    for limit in 1..=10 {
        let newest = readings(&store, Wanted { limit, ..ALL }).await.readings;
        assert_eq!(marks(&newest), expected[10 - limit as usize..], "limit {limit}");
    }
    let at = |seconds| Some(Timestamp::from_seconds(MIDNIGHT + seconds));
    for (place, reading) in all.iter().enumerate() {
        let time = reading.observed_at.at().seconds() - MIDNIGHT;
        let same = all.iter().filter(|other| other.observed_at == reading.observed_at).count();
        let from = readings(&store, Wanted { from: at(time), ..ALL }).await.readings;
        assert_eq!(marks(&from), expected[10 - from.len()..], "from {place}");
        let to = readings(&store, Wanted { to: at(time + 1), ..ALL }).await.readings;
        assert_eq!(marks(&to), expected[..to.len()], "to {place}, {same} at once");
    }
}

#[tokio::test]
async fn a_kind_is_found_as_its_view_shows_it_and_read_by_the_primary_key() {
    let (client, _) = database("views");
    for kind in Kind::ALL {
        // Enough of other patients that reading them all would show.
        let names: Vec<_> = columns(kind).map(|(name, _)| name).collect();
        let fill = format!(
            "INSERT INTO {kind} (patient, source, observation_time, version, entered_in_error) \
             SELECT concat('B/', leftPad(toString(number % 50), 4, '0')), 'ACME|X|1', \
             {MIDNIGHT} + intDiv(number, 100), number % 3, number % 7 = 0 FROM numbers(60000)"
        );
        client.query_raw(&fill).execute().await.unwrap();
        let inside = current::readings(kind, "patient = 'B/0007'");
        let texts: Vec<_> = names.iter().map(|name| format!("toString({name})")).collect();
        let view = format!(
            "SELECT toInt64(toUnixTimestamp(observation_time)), [{}] \
             FROM current_{kind} WHERE patient = 'B/0007'",
            texts.join(", ")
        );
        let digest = |sql: String| {
            format!(
                "SELECT concat(toString(count()), ' ', toString(groupBitXor(cityHash64(*)))) FROM ({sql})"
            )
        };
        let one = format!("SELECT observed_seconds, value_texts FROM ({inside})");
        let inside_digest: String = client.query_raw(&digest(one)).fetch_one().await.unwrap();
        let view_digest: String = client.query_raw(&digest(view)).fetch_one().await.unwrap();
        assert_eq!(inside_digest, view_digest, "{kind}");
        assert!(!inside_digest.starts_with("0 "), "{kind}");

        let plan = format!("EXPLAIN indexes = 1 {inside}");
        let plan: Vec<String> = client.query_raw(&plan).fetch_all().await.unwrap();
        let granules = plan.iter().rev().find_map(|line| line.trim().strip_prefix("Granules: "));
        let (read, of) = granules.unwrap().split_once('/').unwrap();
        let (read, of): (u32, u32) = (read.parse().unwrap(), of.parse().unwrap());
        assert!(of >= 4 && read <= 2, "{kind}: {read} of {of} granules\n{}", plan.join("\n"));
    }
}

#[tokio::test]
async fn the_latest_readings_are_the_newest_of_each_kind_old_ones_included() {
    let (client, store) = database("latest");
    let long_ago = -400 * 86_400;
    insert(&client, Version { at: 0, ..PRESSURE }).await;
    insert(&client, Version { at: 60, version: 1, ..PRESSURE }).await;
    insert(&client, Version { at: 60, version: 2, entered_in_error: true, ..PRESSURE }).await;
    insert(&client, Version { at: long_ago, ..PRESSURE }).await;
    let hba1c = Version {
        kind: Kind::Hba1c,
        source: "lab|123456789012",
        at: long_ago,
        values: &[("hba1c_value", "6.9")],
        ..PRESSURE
    };
    insert(&client, hba1c).await;
    insert(&client, Version { patient: "A/2", at: long_ago, ..PRESSURE }).await;
    insert(&client, Version { patient: "B/1", ..PRESSURE }).await;

    let mine: BTreeSet<String> = ["A/1", "A/2", "A/3"].map(str::to_owned).into();
    let now = Timestamp::from_seconds(MIDNIGHT) + Span::from_hours(2);
    let latest = store.latest_readings(&mine, now).await.unwrap();
    assert_eq!(latest.len(), 2);
    let of_first: Vec<_> = latest["A/1"]
        .iter()
        .map(|reading| (reading.measurement.kind, reading.observed_at.at().seconds() - MIDNIGHT))
        .collect();
    assert_eq!(of_first, [(Kind::BloodPressure, 0), (Kind::Hba1c, long_ago)]);
    assert_eq!(json!(latest["A/1"][1].source), json!({ "test_lab_id": "123456789012" }));
    assert_eq!(latest["A/2"][0].observed_at.at().seconds(), MIDNIGHT + long_ago);
    assert!(store.latest_readings(&BTreeSet::new(), now).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_alert_is_reported_once_in_its_newest_state() {
    const READING: &str = "A/1/blood_pressure/20261122T000100Z/0123456789abcdef";
    let (client, store) = database("alert_states");
    let event = |id: &str, patient: &str, status: &str, raised: i64, offset: i64| {
        format!(
            "INSERT INTO alerts (patient, alert_id, rule, stage, severity, status, transition, \
             raised_at, changed_at, first_observed_at, last_observed_at, evidence, threshold, \
             text_en, event_offset) SETTINGS async_insert = 0 VALUES ('{patient}', '{id}', \
             'bp.severe_high', 'confirmed', 'urgent', '{status}', '{transition}', \
             {raised}000, {changed}000, {raised}000, {raised}000, \
             '[{{\"reading_id\":\"{READING}\",\"observed_at\":{raised}000,\"values\":{{\"systolic\":191.0}}}}]', \
             '180/110 mmHg', 'Severe', {offset})",
            transition = if status == "open" { "raised" } else { status },
            raised = MIDNIGHT + raised,
            changed = MIDNIGHT + raised + offset,
        )
    };
    for sql in [
        event("older", "A/1", "resolved", 0, 5),
        event("older", "A/1", "open", 0, 1),
        event("newer", "A/1", "open", 60, 2),
        event("theirs", "B/1", "open", 60, 3),
    ] {
        client.query_raw(&sql).execute().await.unwrap();
    }
    let alerts = store.alerts(&patient("A/1")).await.unwrap();
    let alerts = json!(alerts);
    assert_eq!(alerts.as_array().unwrap().len(), 2);
    assert_eq!((&alerts[0]["id"], &alerts[0]["status"]), (&json!("newer"), &json!("open")));
    assert_eq!((&alerts[1]["id"], &alerts[1]["status"]), (&json!("older"), &json!("resolved")));
    assert_eq!(
        alerts[0]["evidence"],
        json!([{ "reading": READING, "kind": "blood_pressure", "observed_at": "2026-11-22T00:01:00Z", "values": { "systolic": 191 } }])
    );
}

#[tokio::test]
async fn without_its_tables_the_store_says_what_is_wrong_and_nothing_of_the_patient() {
    let (client, store) = database("bare");
    assert!(store.ping().await.is_ok());
    client.query("DROP TABLE alerts").execute().await.unwrap();
    let error = store.alerts(&patient("A/1")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Query(QueryError::Refused(_))), "{error:?}");
    assert_eq!(error.to_string(), "ClickHouse refuses: code 60, UNKNOWN_TABLE");
    assert!(!store.is_available());
}

#[tokio::test]
async fn what_rules_see_of_a_patient_are_the_current_readings_with_their_receipts() {
    let (client, store) = database("received");
    insert(&client, Version { received: Some(90), ..PRESSURE }).await;
    let corrected = [("systolic", "122"), ("diastolic", "70")];
    let second = Version { version: 2, received: Some(7200), values: &corrected, ..PRESSURE };
    insert(&client, second).await;
    insert(&client, Version { at: 60, version: 2, entered_in_error: true, ..PRESSURE }).await;
    insert(&client, Version { at: 999, ..PRESSURE }).await;
    let at = |seconds| Timestamp::from_seconds(MIDNIGHT + seconds);
    let found = store.received_readings(&patient("A/1"), (at(0), at(999))).await.unwrap();
    let [one] = found[..] else { panic!("one reading, not {}", found.len()) };
    assert_eq!(one.received, at(7200));
    assert_eq!(one.reading.observation_time, at(0));
    let values: Vec<_> = one.reading.sample.values(Kind::BloodPressure).collect();
    assert!(values.contains(&("systolic", 122.0)), "{values:?}");
}
