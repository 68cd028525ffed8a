//! Who patients are to people: imported by an operator, sealed, and nowhere in the clear.

use std::path::{Path, PathBuf};
use std::process::Command;

use schemas::registry::SealedIdentity;
use schemas::topics::Topic;
use schemas::{AuditEvent, PersonKey};
use serde_json::{Value, json};
use tests::http::SignedIn;
use tests::readings::{blood_pressure, seconds_ago};
use tests::registered::{ITO, OPERATOR, SATO};
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, eventually};

use crate::rejected::output;

const PATIENT: &str = "TST001/P1";
const OTHER: &str = "TST001/P2";
/// What is imported: no part of it may stand anywhere in the clear.
const HEADER: &str = "patient,name,kana,birth_date,chart_number,telephone,emergency_name,emergency_relationship,emergency_telephone";
const ROW: &str =
    "TST001/P1,見本　花子,ﾐﾎﾝ ﾊﾅｺ,1957/3/2,K-7734125,090-0000-7731,見本 岩男,長男,080-0000-7732";
const PARTS: [&str; 9] =
    ["見本", "花子", "ミホン", "ﾐﾎﾝ", "7734125", "0000-7731", "岩男", "00007732", "0000-7732"];

/// A part of what was imported that stands in some bytes.
fn named(bytes: &[u8]) -> Option<&'static str> {
    PARTS.into_iter().find(|part| bytes.windows(part.len()).any(|some| some == part.as_bytes()))
}

/// A list with these rows.
fn list(stack: &Stack, rows: &[&str]) -> PathBuf {
    let file = stack.folder.join("identities.csv");
    std::fs::write(&file, format!("\u{feff}{HEADER}\r\n{}\r\n", rows.join("\r\n"))).unwrap();
    file
}

/// A `mimamori identities apply` of this stack.
fn apply(stack: &Stack, file: &Path) -> Command {
    let mut command = stack.tool("identities apply");
    command
        .env("MIMAMORI_OPERATOR", OPERATOR)
        .env("MIMAMORI_MASTER_KEY_FILE", stack.folder.join("master.key"))
        .arg(file);
    command
}

/// No record of any topic holds a part of what was imported.
#[track_caller]
fn is_in_no_topic(stack: &Stack) {
    for topic in Topic::ALL {
        for record in stack.records(topic) {
            for bytes in [record.key, record.payload].into_iter().flatten() {
                assert_eq!(named(&bytes), None, "{topic}");
            }
        }
    }
}

pub fn a_list_of_names_is_imported_row_by_row_sealed_and_stands_in_no_topic() {
    let stack = Plan::named("directory_import").patients(&[PATIENT, OTHER]).start(&[]);
    let bad = ["TST001/P2,架空 太郎,Kaku,,,,,,", "TST001/P9,仮名 一子,,,,,,,"];
    let file = list(&stack, &[ROW, bad[0], bad[1]]);
    let said = "row 3, TST001/P2: kana has to be kana, 100 characters at most\n\
                row 4, TST001/P9: is not in registry.participants; apply the registry first\n\
                3 rows: 1 new, 0 changed, 0 unchanged, 2 refused";

    // A dry run says the same and writes nothing.
    let (out, err) = output(apply(&stack, &file).arg("--dry-run"), false);
    assert_eq!((out, err), (format!("{said}; nothing is written\n"), String::new()));
    for topic in [Topic::RegistryIdentities, Topic::RegistryKeys] {
        assert_eq!(stack.records(topic).len(), 0, "{topic}");
    }
    // What it says is an access to each of them.
    let looked: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let whose: Vec<_> = looked.iter().filter_map(|event| event.patient.as_deref()).collect();
    assert!(looked.iter().all(|event| event.action == "preview_identities"));
    assert_eq!(whose, [PATIENT, OTHER, "TST001/P9"]);

    // Of bad rows the good one loses nothing.
    let (out, _) = output(&mut apply(&stack, &file), false);
    assert_eq!(out, format!("{said}\n"));
    let file = list(&stack, &[ROW, "TST001/P2,架空 太郎,かくう たろう,,,,,,"]);
    let (out, _) = output(&mut apply(&stack, &file), true);
    assert_eq!(
        out,
        "2 rows: 1 new, 0 changed, 1 unchanged, 0 refused; 1 rows could not be checked against the registry's year and month of birth\n"
    );
    let entries: Vec<SealedIdentity> = stack.read(Topic::RegistryIdentities);
    let patients: Vec<_> = entries.iter().map(|entry| entry.patient.as_str()).collect();
    assert_eq!(patients, [PATIENT, OTHER]);
    let keys: Vec<PersonKey> = stack.read(Topic::RegistryKeys);
    let of: Vec<_> = keys.iter().map(|key| key.patient.as_str()).collect();
    assert_eq!(of, [PATIENT, OTHER], "one key for each");

    let file = list(&stack, &[&ROW.replace("花子", "華子")]);
    let (out, _) = output(&mut apply(&stack, &file), true);
    assert_eq!(out, "1 rows: 0 new, 1 changed, 0 unchanged, 0 refused\n");
    let keys: Vec<PersonKey> = stack.read(Topic::RegistryKeys);
    assert_eq!(keys.len(), 2, "the key stays");

    // Whose identities were written, by whom, is on record; what they are stands nowhere.
    let events: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let recorded = events
        .iter()
        .skip(looked.len())
        .map(|event| (&*event.actor, &*event.action, &event.patient));
    let patients = [PATIENT, OTHER, PATIENT].map(|patient| Some(patient.to_owned()));
    let expected: Vec<_> =
        patients.iter().map(|patient| (OPERATOR, "apply_identities", patient)).collect();
    assert_eq!(recorded.collect::<Vec<_>>(), expected);
    is_in_no_topic(&stack);
}

const RUNNING: [Service; 4] =
    [Service::Gateway, Service::Processor, Service::Writer, Service::Dashboard];

/// A stack where a list was imported: Dr. Sato follows one patient of it, Dr. Ito the other.
fn with_names(name: &str) -> Stack {
    let plan = Plan::named(name).patients(&[PATIENT]).followed_by(ITO, &[OTHER]);
    let stack = plan.start(&RUNNING);
    let file = list(&stack, &[ROW, "TST001/P2,架空 花子,かくう はなこ,,,,,,"]);
    output(&mut apply(&stack, &file), true);
    std::fs::remove_file(file).unwrap();
    stack
}

/// The name by which a physician's list calls a patient.
fn name(user: &SignedIn) -> Value {
    user.get("patients").expect(200)["patients"][0]["name"]["name"].clone()
}

fn found(user: &SignedIn, text: &str) -> Value {
    user.post("patients/search", &json!({ "text": text })).expect(200)["patients"].clone()
}

pub fn a_name_is_on_the_screen_of_its_physician_and_in_no_topic_log_metric_or_table() {
    let stack = with_names("directory_shown");
    let sato = stack.sign_in(SATO);
    eventually("the name is on the screen", || equal(name(&sato), "見本 花子".into()));
    let identity = format!("patients/{PATIENT}/identity");
    let own = sato.get(&identity).expect(200);
    assert_eq!(
        (&own["telephone"], &own["name"]["kana"]),
        (&json!("090-0000-7731"), &json!("ミホン ハナコ"))
    );
    for text in ["みほん", "花子", "k-7734", "7731", "7732"] {
        assert_eq!(found(&sato, text), json!([PATIENT]), "{text}");
    }
    // Another physician sees and finds nothing of it, and that is on record.
    let ito = stack.sign_in(ITO);
    assert_eq!(found(&ito, "花子"), json!([OTHER]));
    let refused = ito.get(&identity);
    assert_eq!((refused.status, named(refused.body.to_string().as_bytes())), (403, None));
    let events: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let is_refused = |event: &&AuditEvent| event.action == "read_identity" && !event.allowed;
    assert_eq!(events.iter().filter(is_refused).count(), 1);
    assert_eq!(events.iter().filter(|event| event.action == "search_patients").count(), 6);

    // With readings, an alert and a restart behind it, nothing of the list is anywhere in the clear.
    let alerts = sato.alert_stream();
    alerts.next("snapshot");
    stack.produce(&blood_pressure(PATIENT, seconds_ago(180), 192, 114));
    stack.produce(&blood_pressure(PATIENT, seconds_ago(60), 188, 111));
    alerts.next("alert");
    eventually("the readings are stored", || {
        stack.number("SELECT count() FROM blood_pressure").and_then(|count| equal(count, 2))
    });
    let metrics = RUNNING.map(|service| stack.metrics_at(stack.ports(service)).unwrap());
    stack.kill(Service::Dashboard);
    stack.start(&[Service::Dashboard]);
    assert_eq!(name(&stack.sign_in(SATO)), "見本 花子");
    is_in_no_topic(&stack);
    for text in metrics {
        assert_eq!(named(text.as_bytes()), None);
    }
    let logs: Vec<_> = stack.logs().collect();
    assert!(logs.len() >= RUNNING.len(), "{logs:?}");
    for log in logs {
        assert_eq!(named(&std::fs::read(&log).unwrap()), None, "{}", log.display());
    }
    let tables = stack.sql(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
    );
    assert!(tables.len() > 10, "{tables:?}");
    for table in tables {
        let table = table["name"].as_str().unwrap();
        for row in stack.sql(&format!("SELECT * FROM {table}")) {
            assert_eq!(named(row.to_string().as_bytes()), None, "{table}");
        }
    }
}

/// A `mimamori person erase` of this stack.
fn erase(stack: &Stack, patient: &str, more: &[&str]) -> Command {
    let mut command = stack.tool("person erase");
    command.env("MIMAMORI_OPERATOR", OPERATOR).args([patient, "--reason", "request 17"]).args(more);
    command
}

pub fn an_erased_person_has_no_name_anywhere_and_no_key_is_made_again() {
    let stack = with_names("directory_erased");
    let (sato, ito) = (stack.sign_in(SATO), stack.sign_in(ITO));
    eventually("the name is on the screen", || equal(name(&sato), "見本 花子".into()));
    let alerts = sato.alert_stream();
    alerts.next("snapshot");
    stack.produce(&blood_pressure(PATIENT, seconds_ago(180), 192, 114));
    stack.produce(&blood_pressure(PATIENT, seconds_ago(60), 188, 111));
    let alert = alerts.next("alert")["id"].as_str().unwrap().to_owned();
    let comment =
        |id: &str| json!({ "id": id, "act": { "kind": "comment", "text": "花子さんに電話" } });
    sato.act(&alert, &comment("1")).expect(200);

    // Nobody of a wrong id is erased, and a dry run erases nobody.
    let (_, err) = output(&mut erase(&stack, "TST001/P9", &[]), false);
    assert!(err.contains("nothing is known of TST001/P9"), "{err}");
    let (out, _) = output(&mut erase(&stack, PATIENT, &["--dry-run"]), true);
    assert!(out.starts_with("Would be erased: TST001/P1"), "{out}");
    assert_eq!(name(&sato), "見本 花子");

    let (report, _) = output(&mut erase(&stack, PATIENT, &[]), true);
    for part in [
        "Erased: TST001/P1, ",
        "by operator. Reason: request 17",
        "(registry.keys): erased",
        "(registry.identities): erased",
        "(care.events): 1, which nobody can open",
        "in care.plans no plan",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert_eq!(named(report.as_bytes()), None);

    // The name is gone, the words are lost, and what was measured and done stays under the pseudonym.
    eventually("the name is gone", || equal(name(&sato), Value::Null));
    assert_eq!(found(&sato, "花子"), json!([]));
    assert_eq!(found(&sato, PATIENT), json!([PATIENT]));
    assert_eq!(
        sato.get(&format!("patients/{PATIENT}/identity")).expect(200)["telephone"],
        Value::Null
    );
    let acts = sato.get(&format!("alerts/{alert}/acts")).expect(200);
    assert_eq!(
        (&acts["acts"][0]["text_lost"], acts["acts"].as_array().unwrap().len()),
        (&json!(true), 1)
    );
    sato.act(&alert, &comment("2")).expect(409);
    assert_eq!(name(&ito), "架空 花子", "another person stays");
    let gone = [Topic::RegistryKeys, Topic::RegistryIdentities].map(|topic| {
        let of = stack
            .records(topic)
            .into_iter()
            .filter(|it| it.key.as_deref() == Some(PATIENT.as_bytes()));
        of.map(|record| record.payload.is_some()).collect::<Vec<_>>()
    });
    assert_eq!(gone, [[true, false], [true, false]]);

    // Neither an import nor a dashboard that starts later brings anything back; erased again it stays so.
    let file = list(&stack, &[ROW]);
    let (out, _) = output(&mut apply(&stack, &file), false);
    assert!(out.contains("row 2, TST001/P1: the patient's data was erased"), "{out}");
    stack.kill(Service::Dashboard);
    stack.start(&[Service::Dashboard]);
    assert_eq!(name(&stack.sign_in(SATO)), Value::Null);
    let (report, _) = output(&mut erase(&stack, PATIENT, &[]), true);
    assert!(report.contains("(registry.keys): had been erased before"), "{report}");
    let events: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let erased = events.iter().filter(|event| event.action == "erase_person");
    let erased: Vec<_> = erased.map(|event| (&*event.actor, event.patient.as_deref())).collect();
    assert_eq!(erased, [(OPERATOR, Some(PATIENT)); 2]);
}
