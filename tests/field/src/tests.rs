use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::case::{Case, Step};
use crate::sent::{Sent, rendered};
use crate::time::When;
use crate::{BadCase, judge};

const GOOD: &str = r#"
title = "A severe pair raises an urgent alert"

[[send]]
[send.http]
home.blood_pressure = '''
{ {times -4m}, {device}, "systolic": 192, "diastolic": 114, "pulse_rate": 71 }
{ {times -2m, -1m}, {device 0002}, "systolic": 188, "diastolic": 111, "pulse_rate": 0 }
'''
answer.accepted = 2
answer.warnings = [{ rule = "absent_value", at = "blood_pressure/1/pulse_rate" }]

[[send]]
[send.kafka]
observed = "-1m"
kind = "blood_glucose"
values = { glucose_value = nan, glucose_method = "finger_stick" }

[[seen]]
readings = [{ kind = "blood_pressure", values = { systolic = 192, diastolic = 114 }, marks = ["copy_of"] }]
alerts = [{ rule = "bp.severe_high", severity = "urgent" }]
"#;

fn parsed(text: &str) -> Result<Case, BadCase> {
    Case::parse("some.toml", 7, text)
}

/// What is said of the good case with something in it replaced.
#[track_caller]
fn refused(from: &str, to: &str) -> String {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "{from}");
    parsed(&text).expect_err(to).to_string()
}

#[test]
fn a_thousand_cases_have_consortia_of_their_own() {
    let text = GOOD.replacen(
        "[[send]]",
        "[patients.a]\ntime_zone = \"Europe/Berlin\"\n[patients.b]\ntime_zone = \"Asia/Tokyo\"\nconsortium_is_registered = false\n[[send]]",
        1,
    );
    let text = text
        .replace("[send.http]", "[send.http]\npatient = \"a\"")
        .replace("[send.kafka]", "[send.kafka]\npatient = \"b\"")
        .replace("[[seen]]", "[[seen]]\npatient = \"a\"");
    let mut all = std::collections::BTreeSet::new();
    for number in 0..1_000 {
        let case = Case::parse("some.toml", number, &text).unwrap();
        for name in ["a", "b"] {
            let consortium = case.address(Some(name)).unwrap().consortium;
            assert!(clinical::PatientId::parse(&format!("{consortium}/1")).is_ok(), "{consortium}");
            assert!(consortium.starts_with(crate::ids::CONSORTIA) && consortium != "FLD000");
            assert!(all.insert(consortium), "{number} {name}");
        }
    }
    assert!(Case::parse("some.toml", 5_000, &text).unwrap_err().to_string().contains("cases"));
}

fn present() -> Timestamp {
    "2026-11-28T15:04:59.5Z".parse().unwrap()
}

fn body(case: &Case, send: usize) -> Vec<u8> {
    match rendered(case, &case.send[send], present()).unwrap() {
        Sent::Http(body) => body,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_case_is_read_and_sent_at_any_present() {
    let cases = crate::all().unwrap_or_else(|error| panic!("{error}"));
    assert!(!cases.is_empty());
    for case in &cases {
        for send in &case.send {
            rendered(case, send, present()).unwrap_or_else(|what| panic!("{}: {what}", case.file));
        }
    }
    let mut addresses: Vec<_> = cases
        .iter()
        .flat_map(|case| case.patients.keys().map(move |name| case.address(Some(name)).unwrap()))
        .collect();
    let all = addresses.len();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), all, "no two cases have a patient in common");
}

#[test]
fn records_are_sent_in_a_document_with_times_of_the_senders_zone() {
    let case = parsed(GOOD).unwrap();
    let document: Value = serde_json::from_slice(&body(&case, 0)).unwrap();
    assert_eq!(document["consortium_id"], "FLD000");
    let person = &document["person_information"][0];
    assert_eq!(person["person_id"], "C007patient");
    let records = &person["healthcare_information"]["blood_pressure"];
    assert_eq!(records[0]["observation_time"], "20261129000059");
    assert_eq!(records[0]["update_time"], "20261129000059000");
    assert_eq!(records[1]["update_time"], "20261129000359000");
    assert_eq!(records[0]["production_specification_serial"], "0001");
    assert_eq!(records[1]["production_specification_serial"], "0002");
    assert_eq!(records[1]["pulse_rate"], 0);
    let berlin = parsed(&GOOD.replacen("[send.http]", "[send.http]\nzone = \"Europe/Berlin\"", 1));
    let document: Value = serde_json::from_slice(&body(&berlin.unwrap(), 0)).unwrap();
    let record = &document["person_information"][0]["healthcare_information"]["blood_pressure"][0];
    assert_eq!(record["observation_time"], "20261128160059");
}

#[test]
fn a_body_is_sent_as_it_stands_with_what_comes_around_it() {
    let case = parsed(
        r#"
title = "Bytes around a document"
[[send]]
[send.http]
body = '{ {"a": "\ud800{bytes ff}", "at": "{yyyyMMddHHmm00 -5m}" } }'
begins_with = "efbbbf"
followed_by = "0000"
answer.status = 400
"#,
    );
    let expected = [
        b"\xef\xbb\xbf{ {\"a\": \"\\ud800\xff\", \"at\": \"20261128235900\" } }".as_slice(),
        b"\0\0",
    ];
    assert_eq!(body(&case.unwrap(), 0), expected.concat());
}

#[test]
fn records_of_kafka_hold_what_json_cannot() {
    let case = parsed(GOOD).unwrap();
    let Sent::Kafka(readings) = rendered(&case, &case.send[1], present()).unwrap() else {
        panic!("records")
    };
    let [reading] = &readings[..] else { panic!("one record") };
    assert_eq!(reading.key(), "FLD000/C007patient");
    assert_eq!(reading.observation_time, 1_795_878_239_000);
    assert!(format!("{:?}", reading.measurement).contains("glucose_value: NaN"));
}

#[test]
fn a_line_may_be_sent_so_many_times() {
    let text = r#"
title = "Many serials"
[[send]]
[send.http]
repeat = 3
home.oxygen_saturation = '{ {times -1h +{n}s}, {device S{n}}, "spo2": 97 }'
answer.accepted = 3
[[send]]
[send.kafka]
repeat = 2
observed = "-{n}s"
serial = "T{n}"
kind = "oxygen_saturation"
values = { spo2 = 97 }
"#;
    let case = parsed(text).unwrap();
    let document: Value = serde_json::from_slice(&body(&case, 0)).unwrap();
    let records = &document["person_information"][0]["healthcare_information"]["oxygen_saturation"];
    assert_eq!(records.as_array().unwrap().len(), 3);
    assert_eq!(records[2]["observation_time"], "20261128230501");
    assert_eq!(records[2]["production_specification_serial"], "S2");
    let Sent::Kafka(readings) = rendered(&case, &case.send[1], present()).unwrap() else {
        panic!("records")
    };
    assert_eq!(readings[0].observation_time - readings[1].observation_time, 1_000);
    assert_ne!(readings[0].source, readings[1].source);
}

#[test]
fn times_are_relative_to_the_present_or_what_a_clock_shows() {
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    let at = |text: &str| When::parse(text).unwrap().at(present(), &tokyo).to_string();
    assert_eq!(at("now"), "2026-11-28T15:04:59Z");
    assert_eq!(at("-1d +61s"), "2026-11-27T15:06:00Z");
    assert_eq!(at("-5m at :00"), "2026-11-28T14:59:00Z");
    assert_eq!(at("2021-01-01T00:00:00"), "2020-12-31T15:00:00Z");
    for second in 0..120 {
        let now = Timestamp::from_second(1_795_878_240 + second).unwrap();
        let present = crate::time::present(now);
        assert!((0..10).contains(&(now.as_second() - present.as_second())), "{now}");
        for text in ["-2m", "-20m +61s", "+45s", "-5m +50s"] {
            assert_ne!(When::parse(text).unwrap().at(present, &tokyo).as_second() % 60, 0, "{now}");
        }
    }
    for wrong in ["", "3m", "-3", "-3x", "yesterday", "--3m", " at :00", "-9223372036854775807d"] {
        assert!(When::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_case_that_is_none_is_refused_by_file_and_place() {
    let said = refused("alerts =", "alert =");
    assert!(said.starts_with("tests/field/cases/some.toml: "), "{said}");
    assert!(said.contains("alert") && said.contains("line "), "{said}");
    for (from, to, says) in [
        ("title = \"A", "title = \"a", "title is a sentence"),
        ("= 2\n", "= 2\nanswer.receipt_warnings = [[]]\n", "1 receipts for 2 accepted"),
        ("answer.accepted = 2", "", "202 with accepted = 0"),
        ("answer.accepted", "answer.acepted", "acepted"),
        ("[send.http]", "[send.mail]", "mail"),
        ("observed = \"-1m\"", "observed = \"1m\"", "send 1: \"1m\" is no time"),
        ("kind = \"blood_glucose\"", "kind = \"mood\"", "no kind is \"mood\""),
        ("glucose_method", "glucose_mehtod", "has no field glucose_mehtod"),
        ("= \"finger_stick\"", "= \"toe\"", "toe"),
        ("{device 0002}", "{gadget}", "{gadget} is no place"),
        ("{times -4m}", "{times then}", "is no time"),
        ("home.blood_pressure", "body = ''\nhome.blood_pressure", "not both"),
        ("systolic = 192", "systole = 192", "seen 0: blood_pressure has no field systole"),
        ("\"copy_of\"", "\"coppy_of\"", "coppy_of is no mark"),
        ("rule = \"bp.severe_high\", ", "", "rule"),
        ("[[seen]]", "[[seen]]\npatient = \"other\"", "no patient is named \"other\""),
        ("title", "[patients.a]\n[patients.b]\n[[send]]\ntitle", "title"),
    ] {
        let said = refused(from, to);
        assert!(said.contains(says), "{to}: {said}");
    }
}

#[test]
fn an_answer_is_held_to_all_that_it_says() {
    let case = parsed(GOOD).unwrap();
    let Step::Http(http) = &case.send[0] else { panic!("a request") };
    let pulse = "/person_information/0/healthcare_information/blood_pressure/1/pulse_rate";
    let warning = |pointer: &str| json!({ "document": 0, "pointer": pointer, "rule": "absent_value", "message": "no value" });
    let answer = |warnings: Vec<Value>| {
        json!({ "accepted": 2, "rejected": 0, "not_stored": 0, "readings": [
            { "document": 0, "pointer": "/0", "status": "accepted", "id": "a" },
            { "document": 0, "pointer": "/1", "status": "accepted", "id": "b" },
        ], "warnings": warnings })
    };
    let said = |status: u16, body: &Value| judge::answer(&http.answer, status, body);
    let good = answer(vec![warning(pulse)]);
    assert_eq!(said(202, &good), Vec::<String>::new());
    assert_eq!(judge::accepted_ids(&good), ["a", "b"]);
    assert!(said(503, &good)[0].starts_with("status: expected 202, seen 503"));
    for warnings in [
        vec![],
        vec![warning(&pulse.replace("/1/", "/0/"))],
        vec![warning(pulse), warning(pulse)],
        vec![warning(&pulse.replace("blood_pressure", "not_blood_pressure"))],
    ] {
        let failures = said(202, &answer(warnings));
        assert!(failures.len() == 1 && failures[0].starts_with("warnings: "), "{failures:?}");
    }
    let mut rejected = good;
    rejected["readings"][1] = json!({ "document": 0, "pointer": "/1", "status": "rejected", "errors": [
        { "pointer": "/1/systolic", "rule": "implausible", "message": "too high" }] });
    rejected["accepted"] = 1.into();
    let failures = said(202, &rejected);
    assert!(failures.iter().any(|failure| failure.starts_with("accepted: expected 2, seen 1")));
    assert!(failures.iter().any(|failure| failure.starts_with("errors: ")), "{failures:?}");
}

#[test]
fn readings_and_alerts_are_held_to_values_and_marks() {
    let case = parsed(GOOD).unwrap();
    let expected = case.seen[0].readings.as_deref().unwrap();
    let seen = json!({ "id": "a", "kind": "blood_pressure", "copy_of": "b",
        "values": { "systolic": 192.0, "diastolic": 114 } });
    let said = |seen: &Value| judge::readings("readings", expected, std::slice::from_ref(seen));
    assert_eq!(said(&seen), Vec::<String>::new());
    for (member, other) in [
        ("copy_of", Value::Null),
        ("time_unknown", true.into()),
        ("kind", "oxygen_saturation".into()),
        ("values", json!({ "systolic": 192, "diastolic": 114, "pulse_rate": 71 })),
        ("values", json!({ "systolic": 192 })),
    ] {
        let mut different = seen.clone();
        different[member] = other;
        assert_eq!(said(&different).len(), 1, "{different}");
    }
    assert_eq!(judge::readings("readings", expected, &[]).len(), 1);

    let expected: Vec<_> = case.seen[0].alerts.iter().flatten().collect();
    let alert = json!({ "rule": "bp.severe_high", "severity": "urgent", "status": "open",
        "findings": {}, "text": { "en": "Severe", "ja": "重症" } });
    assert_eq!(
        judge::alerts("alerts", &expected, std::slice::from_ref(&alert)),
        Vec::<String>::new()
    );
    assert_eq!(judge::alerts("alerts", &expected, &[alert.clone(), alert.clone()]).len(), 1);
    let (severe, of_clock) = (r#"says_ja = "重症""#, r#"says_ja = "時計""#);
    for (words, is_so) in [(severe, true), (of_clock, false)] {
        let text = GOOD.replacen(
            r#"severity = "urgent" }"#,
            &format!("severity = \"urgent\", {words} }}"),
            1,
        );
        let case = parsed(&text).unwrap();
        let said: Vec<_> = case.seen[0].alerts.iter().flatten().collect();
        let seen = std::slice::from_ref(&alert);
        assert_eq!(judge::alerts("alerts", &said, seen).is_empty(), is_so, "{words}");
    }
    let with_evidence = GOOD.replacen(
        r#"severity = "urgent" }"#,
        r#"severity = "urgent", evidence = [{ kind = "blood_pressure", values = { systolic = 192 }, marks = ["time_unknown"] }] }"#,
        1,
    );
    let case = parsed(&with_evidence).unwrap();
    let resting: Vec<_> = case.seen[0].alerts.iter().flatten().collect();
    for (evidence, is_so) in [
        (
            json!([{ "kind": "blood_pressure", "time_unknown": true, "values": { "systolic": 192 } }]),
            true,
        ),
        (json!([{ "kind": "blood_pressure", "values": { "systolic": 192 } }]), false),
        (json!([]), false),
    ] {
        let mut alert = alert.clone();
        alert["evidence"] = evidence;
        assert_eq!(judge::alerts("alerts", &resting, &[alert]).is_empty(), is_so);
    }
    let mut retracted = alert;
    retracted["status"] = "retracted".into();
    assert_eq!(judge::alerts("alerts", &expected, &[retracted]).len(), 1);
}
