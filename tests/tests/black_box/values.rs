//! One bad value costs itself, one bad reading itself, one bad line itself.

use clinical::Timestamp;
use schemas::Reading;
use schemas::reading::Measurement;
use schemas::topics::Topic;
use serde_json::Value;

use tests::readings::{blood_pressure, document, oxygen_saturation, seconds_ago};
use tests::registered::{SATO, TOKEN};
use tests::service::Service;
use tests::stack::Plan;
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";
/// What a balance needs: without the writer there are no tables to count in.
const STORING: [Service; 3] = [Service::Gateway, Service::Processor, Service::Writer];

/// A severe pair whose pulse a device says so.
fn severe(seconds: i64, pulse_rate: Option<i32>) -> Reading {
    let mut reading = blood_pressure(PATIENT, seconds_ago(seconds), 191, 113);
    if let Measurement::BloodPressure(pressure) = &mut reading.measurement {
        pressure.systolic -= (seconds / 100) as i32;
        pressure.pulse_rate = pulse_rate;
    }
    reading
}

/// A document in which a value is written so.
fn written(readings: &[Reading], value: &str, so: &str) -> String {
    let document = document(readings);
    assert!(document.contains(value), "{document}");
    document.replacen(value, so, 1)
}

pub fn a_severe_pair_whose_pulse_says_nothing_pages_over_http_and_over_kafka() {
    let stack = Plan::named("no_pulse").patients(&[PATIENT]).start(&Service::ALL);
    let (first, second) = (severe(300, Some(71)), severe(120, Some(2047)));
    let says_nothing = written(&[first], "\"pulse_rate\":71", "\"pulse_rate\":255");
    let answer = stack.post(Some(TOKEN), says_nothing).expect(202);
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&1.into(), &0.into()));
    assert_eq!(answer["warnings"][0]["rule"], "absent_value");
    let pointer = answer["warnings"][0]["pointer"].as_str().unwrap();
    assert!(pointer.ends_with("/blood_pressure/0/pulse_rate"), "{pointer}");
    stack.produce(&second);
    stack.produce(&oxygen_saturation(PATIENT, seconds_ago(110), 97.0, Some(65_535)));
    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.rejected), (3, 0));

    let sato = stack.sign_in(SATO);
    eventually("the pair is an urgent alert", || {
        let alerts = sato.get("alerts").expect(200);
        let severity = &alerts["alerts"][0]["severity"];
        equal(severity, &Value::from("urgent")).map(drop)
    });
    let shown = eventually("all of them are on the screen", || {
        let readings = sato.readings(PATIENT)?;
        if readings.len() == 3 { Ok(readings) } else { Err(format!("{readings:?}")) }
    });
    for reading in shown {
        let values = reading["values"].as_object().unwrap();
        assert!(values.get("pulse_rate").is_none_or(Value::is_null), "{values:?}");
        assert!(values.contains_key("systolic") || values.contains_key("spo2"));
    }

    // The same over the other way is the same.
    let mut without = severe(120, None);
    (without.observation_time, without.update_time) = (second.observation_time, second.update_time);
    stack.post(Some(TOKEN), document(&[without])).expect(202);
    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.duplicate, sum.conflict), (3, 1, 0));
}

pub fn of_a_thousand_lines_the_bad_one_is_named_and_the_others_are_stored() {
    let stack = Plan::named("lines").start(&STORING);
    let begin = seconds_ago(100_000);
    let line = |number: i64| {
        let at = Timestamp::from_seconds(begin.seconds() + 60 * number);
        document(&[blood_pressure(PATIENT, at, 128, 82)])
    };
    let mut lines: Vec<String> = (0..1000).map(line).collect();
    lines[400] = lines[400].replacen(":128", ":NaN", 1);
    lines[500].truncate(100);
    let answer = stack.post(Some(TOKEN), lines.join("\n")).expect(202);
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&998.into(), &2.into()));
    let readings = answer["readings"].as_array().unwrap();
    let rejected: Vec<&Value> =
        readings.iter().filter(|reading| reading["status"] == "rejected").collect();
    assert_eq!((&rejected[0]["document"], &rejected[1]["document"]), (&400.into(), &500.into()));
    assert_eq!(rejected[0]["errors"][0]["rule"], "not_a_number");
    let pointer = rejected[0]["errors"][0]["pointer"].as_str().unwrap();
    assert!(pointer.ends_with("/systolic"), "{pointer}");
    let message = rejected[1]["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("in the document that begins in line 501;"), "{message}");
    assert_eq!(stack.records(Topic::ReadingsRaw).len(), 998);
    assert_eq!(stack.assert_balanced().new, 998);
}

pub fn a_value_with_more_decimals_is_one_version_over_http_and_over_kafka() {
    let stack = Plan::named("decimals").start(&STORING);
    let at = seconds_ago(600);
    let weight = |body_weight| tests::readings::body_weight(PATIENT, at, body_weight);
    let document = written(&[weight(72.57)], "72.57", "72.57477792");
    let answer = stack.post(Some(TOKEN), document).expect(202);
    // The patient and the consortium are in no list, which is warned of, too.
    let warnings = answer["warnings"].as_array().unwrap();
    let rounded: Vec<&Value> =
        warnings.iter().filter(|warning| warning["rule"] == "rounded").collect();
    assert_eq!(rounded.len(), 1, "{answer}");
    let pointer = rounded[0]["pointer"].as_str().unwrap();
    assert!(pointer.ends_with("/body_weight"), "{pointer}");
    stack.produce(&weight(72.570_000_1));
    stack.produce(&weight(72.57));
    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.duplicate, sum.conflict), (1, 2, 0));
}
