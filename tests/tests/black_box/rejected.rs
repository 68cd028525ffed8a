//! What operators do with rejected records.

use std::process::{Child, Command, Output, Stdio};

use schemas::reading::Measurement;
use schemas::topics::Topic;
use schemas::{AcceptedReading, AuditEvent, Reading};
use serde_json::Value;

use tests::balanced::sum;
use tests::readings::{blood_pressure, seconds_ago};
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";
const OPERATOR: &str = "hana";

/// A `mimamori rejected` of this stack.
pub fn rejected(stack: &Stack, what: &str) -> Command {
    let mut command = stack.tool(&format!("rejected {what}"));
    if what != "list" {
        command.env("MIMAMORI_OPERATOR", OPERATOR);
    }
    command
}

/// Both outputs of a command that ends well or, as the second argument says, not.
#[track_caller]
pub fn output(command: &mut Command, good: bool) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.success(), good, "{status}\n{out}\n{err}");
    (out, err)
}

#[track_caller]
fn json(command: &mut Command) -> Value {
    let (out, _) = output(command, true);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// Waits until so many records are rejected.
pub fn wait_for_rejections(stack: &Stack, count: i64) {
    stack.tail(Topic::ReadingsOutcomes).wait_for("records are rejected", |tallies| {
        equal(sum(&stack.decoded(tallies)).rejected, count)
    });
}

/// What operators are recorded to have done: action, patient and detail.
fn recorded(stack: &Stack) -> Vec<(String, Option<String>, String)> {
    let events: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let by_operators = events.into_iter().filter(|event| event.service == "mimamori");
    by_operators
        .map(|event| {
            assert_eq!((event.actor.as_str(), event.role.as_str()), (OPERATOR, "operator"));
            (event.action, event.patient, event.detail)
        })
        .collect()
}

fn accepted(stack: &Stack) -> Vec<Reading> {
    let accepted: Vec<AcceptedReading> = stack.read(Topic::ReadingsAccepted);
    accepted.into_iter().map(|accepted| accepted.reading).collect()
}

pub fn what_was_rejected_is_seen_repaired_and_sent_again_and_counts_once() {
    let stack = Plan::named("replayed").start(&[Service::Processor, Service::Writer]);
    stack.produce(&blood_pressure(PATIENT, seconds_ago(900), 121, 79));
    // The number of somebody who writes in tenths, a schema nobody has published, and two records of
    // a producer that forgets the key.
    let mistyped = blood_pressure(PATIENT, seconds_ago(600), 1280, 80);
    let at = stack.produce(&mistyped);
    let mistyped_at = format!("{}/{}", at.partition, at.offset);
    let unpublished = blood_pressure(PATIENT, seconds_ago(500), 131, 81);
    let mut bytes = stack.encoded(&unpublished);
    bytes[4] ^= 0x55;
    let at = stack.produce_bytes(None, Some(PATIENT.as_bytes()), Some(&bytes));
    let unpublished_at = format!("{}/{}", at.partition, at.offset);
    for minutes in [5, 4] {
        let keyless = blood_pressure("TST001/P2", seconds_ago(minutes * 60), 122, 78);
        stack.produce_bytes(Some(0), None, Some(&stack.encoded(&keyless)));
    }
    wait_for_rejections(&stack, 4);

    // Seen, without naming anybody.
    let listed = json(rejected(&stack, "list").arg("--json"));
    assert_eq!(listed["total"], 4);
    let of = |address: &str| {
        let lines = listed["records"].as_array().unwrap();
        lines.iter().find(|line| line["address"] == address).unwrap_or_else(|| panic!("{listed}"))
    };
    assert_eq!(of(&mistyped_at)["reason"], "implausible");
    assert_eq!(of(&mistyped_at)["consortium"], "TST001");
    assert_eq!(of(&unpublished_at)["reason"], "unknown_schema");
    assert_eq!(of(&unpublished_at)["replayed"], false);
    let (table, _) = output(rejected(&stack, "list").args(["--reason", "implausible"]), true);
    assert!(table.contains(&mistyped_at) && !table.contains(&unpublished_at), "{table}");
    assert!(table.contains("systolic must be "), "{table}");
    for text in [table, listed.to_string()] {
        assert!(!text.contains("P1") && !text.contains("1280"), "{text}");
    }
    assert!(recorded(&stack).is_empty(), "a list is no access to a patient's data");

    // Looked at: not by nobody, and not unrecorded.
    let mut nobody = rejected(&stack, "show");
    let (out, err) = output(nobody.arg(&mistyped_at).env_remove("MIMAMORI_OPERATOR"), false);
    assert!(out.is_empty() && err.contains("--operator"), "{out}{err}");
    let mut shown = json(rejected(&stack, "show").arg(&mistyped_at));
    assert_eq!(serde_json::from_value::<Reading>(shown["reading"].clone()).unwrap(), mistyped);
    let patient = Some(PATIENT.to_owned());
    let show = ("show_rejected".to_owned(), patient.clone(), format!("{mistyped_at}: shown whole"));
    assert_eq!(recorded(&stack), std::slice::from_ref(&show));

    // As it came it would be rejected again: nothing is sent.
    let raw = stack.records(Topic::ReadingsRaw).len();
    let (_, err) = output(rejected(&stack, "replay").arg(&mistyped_at), false);
    assert!(err.contains("implausible: systolic must be "), "{err}");
    let file = stack.folder.join("repaired.json");
    shown["reading"]["measurement"]["BloodPressure"]["systolic"] = 128.into();
    std::fs::write(&file, shown.to_string()).unwrap();
    let mut repaired = rejected(&stack, "replay");
    repaired.arg(&mistyped_at).arg("--reading").arg(&file);
    let (out, _) = output(repaired.arg("--dry-run"), true);
    assert!(out.contains("would be sent"), "{out}");
    assert_eq!(stack.records(Topic::ReadingsRaw).len(), raw);
    assert_eq!(recorded(&stack), std::slice::from_ref(&show));

    // Repaired it counts once, and is sent once.
    let mut repaired = rejected(&stack, "replay");
    repaired.arg(&mistyped_at).arg("--reading").arg(&file);
    let (out, _) = output(&mut repaired, true);
    assert!(out.contains(&format!("{mistyped_at} sent again as ")), "{out}");
    let replay = "replay_rejected".to_owned();
    let replayed = (replay.clone(), patient.clone(), format!("{mistyped_at}: a repaired reading"));
    let both = [show, replayed];
    assert_eq!(recorded(&stack), both);
    let right = |reading: &Reading| {
        matches!(&reading.measurement, Measurement::BloodPressure(p) if p.systolic == 128)
            && reading.observation_time == mistyped.observation_time
    };
    eventually("the repaired reading is accepted", || {
        equal(accepted(&stack).iter().filter(|reading| right(reading)).count(), 1)
    });
    let (_, err) = output(&mut repaired, false);
    assert!(err.contains("it was sent again at") && err.contains("by hana"), "{err}");
    assert_eq!(recorded(&stack), both);
    // Sent once more all the same, it is the same reading.
    output(repaired.arg("--again"), true);

    // What needs no repair but a schema and a key.
    let schema = serde_json::to_string(&unpublished).unwrap();
    std::fs::write(&file, schema).unwrap();
    output(rejected(&stack, "replay").arg(&unpublished_at).arg("--reading").arg(&file), true);
    let keys = ["--reason", "key_missing", "--since", "1h", "--key-of-reading"];
    let (out, _) = output(rejected(&stack, "replay").args(keys), true);
    assert!(out.ends_with("2 sent, 0 not\n"), "{out}");
    let (out, _) = output(rejected(&stack, "replay").args(keys), true);
    assert!(out.ends_with("0 sent, 0 not\n"), "{out}");
    let (open, _) = output(rejected(&stack, "list").args(["--open", "--json"]), true);
    assert_eq!(serde_json::from_str::<Value>(&open).unwrap()["total"], 0);

    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.duplicate, sum.rejected), (5, 1, 4));
    assert_eq!(accepted(&stack).len(), 5);
    assert_eq!(recorded(&stack).len(), 6);
    eventually("the store has each once, and who did what", || {
        equal(stack.number("SELECT count() FROM current_blood_pressure")?, 5)?;
        let audited = "SELECT count() FROM audit_events WHERE service = 'mimamori'";
        equal(stack.number(audited)?, 6)
    });
}

pub fn of_operators_who_send_a_rejected_record_at_the_same_time_one_does() {
    let stack = Plan::named("replayed_at_once").start(&[Service::Processor, Service::Writer]);
    const RECORDS: usize = 4;
    for number in 0..RECORDS {
        let keyless = blood_pressure(PATIENT, seconds_ago(600 + number as i64), 122, 78);
        stack.produce_bytes(Some(0), None, Some(&stack.encoded(&keyless)));
    }
    wait_for_rejections(&stack, RECORDS as i64);
    for number in 0..RECORDS {
        let address = format!("0/{number}");
        let replay = |_| {
            let mut command = rejected(&stack, "replay");
            command.arg(&address).arg("--key-of-reading");
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let operators: Vec<Child> = (0..3).map(replay).collect();
        let ended = operators.into_iter().map(|operator| operator.wait_with_output().unwrap());
        let output: Vec<String> = ended
            .map(|done| [done.stdout, done.stderr].concat())
            .map(|output| String::from_utf8_lossy(&output).into_owned())
            .collect();
        let sent = output.iter().filter(|output| output.contains("sent again as")).count();
        assert_eq!(sent, 1, "{output:#?}");
    }
    assert_eq!(recorded(&stack).len(), RECORDS);
    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.duplicate), (RECORDS as i64, 0));
}
