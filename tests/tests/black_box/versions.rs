//! Which version of a reading is current does not depend on how often and in which order they come.

use std::collections::BTreeMap;

use clinical::{PatientId, Span, Timestamp};
use schemas::Reading;
use serde_json::Value;
use simulator::Oracle;
use simulator::transmission::Route;

use tests::readings::{
    blood_pressure, corrected, document, entered_in_error, now, seconds_ago, sensor_glucose,
    shuffled,
};
use tests::registered::{SATO, TOKEN};
use tests::service::Service;
use tests::stack::{Plan, Stack};

pub fn a_correction_wins_in_whatever_order_it_comes_and_sending_again_changes_nothing() {
    const ORDERS: [[usize; 4]; 24] = permutations();
    let patients: Vec<String> = (0..ORDERS.len()).map(|n| format!("TST001/P{n}")).collect();
    let names: Vec<&str> = patients.iter().map(String::as_str).collect();
    let stack = Plan::named("orders").patients(&names).start(&[
        Service::Processor,
        Service::Writer,
        Service::Dashboard,
    ]);
    let observed = seconds_ago(7200);
    let mut oracle = Oracle::new();
    let mut sent = Vec::new();
    for (patient, order) in patients.iter().zip(ORDERS) {
        // Two corrections of the same moment are in conflict: one of them is current, always the same.
        let first = blood_pressure(patient, observed, 148, 92);
        let versions = [
            first.clone(),
            corrected(&first, 60_000, 138, 86),
            corrected(&first, 120_000, 131, 84),
            corrected(&first, 120_000, 133, 85),
        ];
        sent.extend(order.map(|number| versions[number].clone()));
        // And one that was entered in error, before or after it has come.
        let slip = blood_pressure(patient, observed - Span::from_hours(1), 160, 95);
        let pair = [entered_in_error(&slip, 30_000), slip];
        sent.extend(if order[0] % 2 == 0 { pair } else { [pair[1].clone(), pair[0].clone()] });
    }
    for reading in &sent {
        stack.produce(reading);
        oracle.note_sent(reading, Route::Kafka, now());
    }
    let sum = stack.assert_balanced();
    assert_eq!(sum.stored(), sent.len() as i64, "every version is kept: {sum:?}");
    assert_eq!(sum.new, 2 * patients.len() as i64);
    assert!(sum.stale > 0 && sum.conflict > 0 && sum.correction > 0, "{sum:?}");

    let sato = stack.sign_in(SATO);
    let shown = || -> Vec<Vec<Value>> {
        patients.iter().map(|patient| sato.readings(patient).unwrap()).collect()
    };
    let before = shown();
    for (patient, shown) in patients.iter().zip(&before) {
        let id = PatientId::parse(patient).unwrap();
        let current: Vec<_> = oracle.expected_of(&id, clinical::Kind::BloodPressure).collect();
        let [current] = &current[..] else { panic!("one current reading") };
        let [shown] = &shown[..] else { panic!("{patient}: one reading is shown: {shown:?}") };
        let expected = serde_json::to_value(&current.reading.measurement).unwrap();
        assert_eq!(shown["id"], current.id.to_string());
        assert_eq!(shown["values"]["systolic"], expected["BloodPressure"]["systolic"]);
        assert_eq!(shown["values"]["diastolic"], expected["BloodPressure"]["diastolic"]);
    }

    let versions = "SELECT uniqExact(patient, observation_time, version) FROM blood_pressure";
    assert_eq!(stack.number(versions).unwrap(), sent.len() as u64);
    for reading in shuffled(&sent, 7) {
        stack.produce(&reading);
    }
    let again = stack.assert_balanced();
    // Only the current version is remembered: another version is recognised as stale or in conflict again,
    // and its row merges with the first one's.
    assert_eq!((again.new, again.correction), (sum.new, sum.correction), "{again:?}");
    assert!(again.duplicate >= sum.duplicate + sum.new, "{again:?}");
    assert_eq!(stack.number(versions).unwrap(), sent.len() as u64);
    assert_eq!(shown(), before);
}

const fn permutations() -> [[usize; 4]; 24] {
    let mut all = [[0; 4]; 24];
    let (mut number, mut count) = (0, 0);
    while number < 256 {
        let one = [number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6];
        if 1 << one[0] | 1 << one[1] | 1 << one[2] | 1 << one[3] == 0b1111 {
            all[count] = one;
            count += 1;
        }
        number += 1;
    }
    all
}

pub fn a_sensors_file_comes_out_whole_and_sending_it_again_or_shuffled_changes_nothing() {
    const WEARERS: [&str; 2] = ["TST001/P1", "TST001/P2"];
    let begin = Timestamp::from_seconds(now().seconds()) - Span::from_days(3);
    // Every five minutes but for some, with a sensor's own waves.
    let readings: Vec<Reading> = WEARERS
        .into_iter()
        .enumerate()
        .flat_map(|(who, patient)| {
            let slots = (0..2 * 288_i64).filter(move |slot| slot % (11 + who as i64) != 0);
            slots.map(move |slot| {
                let wave = (slot as f64 / 23.0 + who as f64).sin();
                let value = (120.0 + 40.0 * wave).round();
                sensor_glucose(patient, begin + Span::from_minutes(5 * slot), value)
            })
        })
        .collect();
    let expected = WEARERS.map(|wearer| {
        (wearer.to_owned(), readings.iter().filter(|reading| reading.key() == wearer).count())
    });
    comes_out_whole("sensor_file", &in_documents(&readings, 100), &expected.into());
}

/// The recordings, where `MIMAMORI_REAL_DATA` names their folder: five people's sensors, 13,866
/// readings.
pub fn real_recordings() -> Option<std::path::PathBuf> {
    let folder = std::path::PathBuf::from(std::env::var_os("MIMAMORI_REAL_DATA")?);
    Some(folder.join("cgm-5-people.ndjson")).filter(|file| file.is_file())
}

pub fn real_recordings_come_out_whole_and_sending_them_again_or_shuffled_changes_nothing() {
    let file = real_recordings().expect("the test is listed only where the file is");
    let text = std::fs::read_to_string(file).unwrap();
    let documents: Vec<String> = text.lines().map(str::to_owned).collect();
    let expected = [2915, 2829, 1533, 3664, 2925].into_iter().zip(1..);
    let expected = expected.map(|(count, person)| (format!("CGM005/S00{person}"), count));
    comes_out_whole("recordings", &documents, &expected.collect());
}

fn comes_out_whole(name: &str, documents: &[String], expected: &BTreeMap<String, usize>) {
    let people: Vec<&str> = expected.keys().map(String::as_str).collect();
    let stack = Plan::named(name).patients(&people).start(&Service::ALL);
    let count: usize = expected.values().sum();
    assert_eq!(send(&stack, &documents.join("\n")), count);
    let first = stack.assert_balanced();
    assert_eq!(first.stored(), count as i64);
    let sato = stack.sign_in(SATO);
    let shown = || -> BTreeMap<String, Vec<Value>> {
        let of = |patient: &&str| ((*patient).to_owned(), sato.readings(patient).unwrap());
        people.iter().map(of).collect()
    };
    let before = shown();
    let counts: BTreeMap<_, _> =
        before.iter().map(|(patient, shown)| (patient.clone(), shown.len())).collect();
    assert_eq!(&counts, expected);
    let stored = || stack.number("SELECT count() FROM current_blood_glucose").unwrap();
    assert_eq!(stored(), count as u64);

    assert_eq!(send(&stack, &documents.join("\n")), count);
    assert_eq!(send(&stack, &shuffled_inside(documents).join("\n")), count);
    stack.assert_balanced();
    assert_eq!(stored(), count as u64);
    let (before, after) = (without_arrival(before), without_arrival(shown()));
    assert!(before == after, "the readings shown have changed");

    // The first time in any order: the same readings are current.
    let fresh = Plan::named(&format!("{name}_shuffled")).patients(&people).start(&Service::ALL);
    assert_eq!(send(&fresh, &shuffled_inside(documents).join("\n")), count);
    fresh.assert_balanced();
    let sato = fresh.sign_in(SATO);
    let shuffled =
        people.iter().map(|patient| ((*patient).to_owned(), sato.readings(patient).unwrap()));
    assert!(without_arrival(shuffled.collect()) == before, "other readings are current");
}

/// Sends documents in one request, as `curl --data-binary` sends a file, and returns how many
/// readings were accepted.
fn send(stack: &Stack, documents: &str) -> usize {
    let answer = stack.post(Some(TOKEN), documents).expect(202);
    assert_eq!((&answer["rejected"], &answer["not_stored"]), (&0.into(), &0.into()));
    answer["accepted"].as_u64().unwrap() as usize
}

/// When a reading came, and what it was when it came, may differ; nothing else.
fn without_arrival(mut shown: BTreeMap<String, Vec<Value>>) -> BTreeMap<String, Vec<Value>> {
    for reading in shown.values_mut().flatten() {
        let reading = reading.as_object_mut().unwrap();
        reading.remove("received_at");
        reading.remove("outcome");
    }
    shown
}

fn in_documents(readings: &[Reading], size: usize) -> Vec<String> {
    readings.chunks(size).map(document).collect()
}

/// The documents in another order, and in each the readings of each person too.
fn shuffled_inside(documents: &[String]) -> Vec<String> {
    let shuffle = |text: &String| {
        let mut document: Value = serde_json::from_str(text).unwrap();
        for person in document["person_information"].as_array_mut().unwrap() {
            let records = person["healthcare_information"]["blood_glucose"].as_array_mut().unwrap();
            *records = shuffled(records, 3);
        }
        document.to_string()
    };
    shuffled(documents, 5).iter().map(shuffle).collect()
}
