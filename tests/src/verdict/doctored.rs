//! The verdict can fail: whatever is taken from a good result, doubled or put in, it complains.

use clinical::{Outcome, Timestamp};
use schemas::records::RawOutcome;
use schemas::{AuditEvent, Codec, Origin, OutcomeTally, Reading, RejectedReading};
use stream::follow::Incoming;
use stream::partition_for_key;

use super::columns::{of_accepted, of_access, of_alert, of_rejected, of_tally};
use super::undisturbed::{DueOutcome, replay};
use super::*;
use crate::readings::{blood_pressure, corrected, entered_in_error};

const PATIENT: &str = "TST001/P1";
const OTHER: &str = "TST001/P2";
const BEGIN: i64 = 1_795_300_000;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_seconds(BEGIN + 60 * minutes)
}

/// What is sent, and in which minute it is received: what is measured at once, so that no rule waits for
/// more of it, and what is changed an hour after the beginning.
fn readings() -> Vec<(i64, Reading)> {
    let severe = blood_pressure(PATIENT, at(40), 192, 114);
    let second = blood_pressure(PATIENT, at(44), 188, 112);
    let others = [
        blood_pressure(OTHER, at(30), 186, 111),
        blood_pressure(OTHER, at(33), 185, 112),
        blood_pressure(OTHER, at(55), 191, 113),
    ];
    let harmless = corrected(&second, 900_000, 131, 82);
    let restored = corrected(&harmless, 60_000, 189, 113);
    vec![
        (6, blood_pressure(PATIENT, at(5), 128, 80)),
        (31, others[0].clone()),
        (34, others[1].clone()),
        (41, severe.clone()),
        (45, second.clone()),
        (45, second),
        (56, others[2].clone()),
        // Its cause is corrected away and comes back; then one reading is said to be entered in error, which leaves
        // the other one alone.
        (60, harmless),
        (60, restored.clone()),
        (60, entered_in_error(&restored, 60_000)),
        (60, corrected(&others[1], 60_000, 184, 111)),
        // Came after what replaces it: stale.
        (60, corrected(&others[1], 30_000, 183, 111)),
    ]
}

/// A good result, as an undisturbed platform gives it.
fn good() -> (Sent, Vec<Asked>, Came) {
    let codec = Codec::new(None).unwrap();
    let encoder = codec.encoder::<Reading>("readings.raw").unwrap();
    let mut sent = Sent::default();
    let mut raw: Vec<Incoming> = Vec::new();
    let mut write = |key: String, payload: Vec<u8>, second: i64| {
        let partition = partition_for_key(key.as_bytes(), 3);
        let offset = raw.iter().filter(|r: &&Incoming| r.partition == partition).count() as i64;
        let (key, payload) = (Some(key.into_bytes()), Some(payload));
        let timestamp_ms = at(0).millis() + 1000 * second;
        raw.push(Incoming { topic: "raw".into(), partition, offset, timestamp_ms, key, payload });
    };
    for (second, (minute, reading)) in (0..).zip(readings()) {
        let bytes = encoder.encode(&reading).unwrap();
        sent.by_kafka(&reading, &bytes, Certainty::Acknowledged, at(minute));
        write(reading.key(), bytes, 60 * minute + second);
    }
    sent.garbage(b"{no record", Certainty::Acknowledged, at(60));
    write(PATIENT.to_owned(), b"{no record".to_vec(), 60 * 60 + 20);
    // Its sender never heard of it and has sent it again.
    let again = blood_pressure(OTHER, at(56), 120, 80);
    let bytes = encoder.encode(&again).unwrap();
    for (certainty, second) in [(Certainty::Unknown, 3621), (Certainty::Acknowledged, 3622)] {
        sent.by_kafka(&again, &bytes, certainty, at(60));
        write(again.key(), bytes.clone(), second);
    }
    let until = at(120);
    let came = came_of(&codec, raw, until);
    let asked = Asked {
        user: "dr.sato",
        action: "read_readings",
        patient: Some(PATIENT.to_owned()),
        asked_at: 1000,
        answered_at: 2000,
        answered: true,
    };
    (sent, vec![asked], came)
}

fn came_of(codec: &Codec, raw: Vec<Incoming>, until: Timestamp) -> Came {
    let decoder = codec.decoder::<Reading>();
    let expected = replay(&raw, &Plans::new(), 3, until);
    let mut came = Came { partitions: 3, until, ..Came::default() };
    for record in &raw {
        let origin = Origin {
            partition: record.partition,
            offset: record.offset,
            received_at: record.timestamp_ms,
        };
        let bytes = record.payload.clone().unwrap();
        let mut tally = OutcomeTally {
            partition: record.partition,
            from_offset: record.offset,
            next_offset: record.offset + 1,
            ..OutcomeTally::default()
        };
        match &expected.outcomes[&(record.partition, record.offset)] {
            DueOutcome::Stored(accepted) => {
                tally.count(accepted.outcome);
                let reading = &accepted.reading;
                let version = VersionKey {
                    kind: "blood_pressure",
                    patient: reading.key(),
                    source: reading.validate(at(60)).unwrap().source.written(),
                    observed: reading.observation_time / 1000,
                    version: accepted.version.cast_unsigned(),
                };
                let key = (version, (origin.partition, origin.offset));
                came.store.versions.push(Row { key, columns: of_accepted(accepted) });
                came.accepted.push((**accepted).clone());
            }
            DueOutcome::Duplicate { .. } => tally.count(Outcome::Duplicate),
            DueOutcome::Rejected(reason) => {
                tally.count(RawOutcome::Rejected);
                let rejected = RejectedReading {
                    reason: (*reason).to_owned(),
                    ..RejectedReading::holding(&bytes, record.key.as_deref(), bytes.len(), origin)
                };
                let key = (origin.partition, origin.offset);
                came.store.rejected.push(Row { key, columns: of_rejected(&rejected) });
                came.rejected.push(rejected);
            }
            DueOutcome::Rerouted => panic!("none is on a wrong partition"),
        }
        let key = (tally.partition, tally.from_offset, tally.next_offset);
        let offset = came.tallies.len() as i64;
        let reported = placed(offset, tally);
        came.store.tallies.push(Row { key, columns: of_tally(&reported) });
        came.tallies.push(reported);
    }
    came.raw = raw;
    set_current(&mut came, &decoder);
    let events = expected.transitions.into_values().flatten();
    came.alerts = (0..).zip(events).map(|(offset, record)| placed(offset, record)).collect();
    let mut newest = BTreeMap::new();
    for reported in &came.alerts {
        let row = Row { key: reported.place(), columns: of_alert(reported) };
        came.store.alerts.push(row.clone());
        newest.insert(&reported.record.alert_id, row);
    }
    came.store.current_alerts = newest.into_values().collect();
    let access = AuditEvent {
        at: 1500,
        service: "dashboard".to_owned(),
        actor: "dr.sato".to_owned(),
        role: "physician".to_owned(),
        action: "read_readings".to_owned(),
        patient: Some(PATIENT.to_owned()),
        consortium: None,
        allowed: true,
        detail: String::new(),
        session: None,
        patient_set: None,
    };
    came.accesses = vec![placed(0, access)];
    came.store.accesses = vec![Row { key: (0, 0), columns: of_access(&came.accesses[0]) }];
    came
}

fn placed<T>(offset: i64, record: T) -> Placed<T> {
    Placed { partition: 0, offset, written_at: 3000 + offset, record }
}

/// The greatest version of each reading is current, unless it is entered in error.
fn set_current(came: &mut Came, decoder: &schemas::Decoder<Reading>) {
    let mut rows = came.store.versions.clone();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let mut top = BTreeMap::new();
    for row in rows {
        top.insert((row.key.0.patient.clone(), row.key.0.observed), row);
    }
    let entered_in_error: Vec<u64> = came
        .raw
        .iter()
        .filter_map(|record| decoder.decode(record.payload.as_deref()?).ok())
        .filter(|reading| reading.status == schemas::reading::ReadingStatus::EnteredInError)
        .map(|reading| reading.validate(at(60)).unwrap().version.bits())
        .collect();
    came.store.current =
        top.into_values().filter(|row| !entered_in_error.contains(&row.key.0.version)).collect();
}

/// The complaints about a result of which something was changed.
fn doctored(change: impl FnOnce(&mut Sent, &mut Came)) -> String {
    let (mut sent, asked, mut came) = good();
    change(&mut sent, &mut came);
    complaints(&sent, &asked, &came).join("\n")
}

#[track_caller]
fn complains(of: &str, change: impl FnOnce(&mut Came)) {
    let complaints = doctored(|_, came| change(came));
    assert!(complaints.contains(of), "no complaint of {of:?}, but: {complaints}");
}

#[test]
fn a_good_result_is_good_and_has_every_transition_that_is_doctored_below() {
    assert_eq!(doctored(|_, _| ()), "");
    let (_, _, came) = good();
    let transitions: BTreeSet<&str> =
        came.alerts.iter().map(|placed| &*placed.record.transition).collect();
    for transition in ["raised", "retracted", "eased", "updated"] {
        assert!(transitions.contains(transition), "{transitions:?}");
    }
}

#[test]
fn every_way_to_doctor_a_result_is_complained_of() {
    let (sent, asked, came) = good();
    assert_eq!(assert_can_fail(&sent, &asked, &came, 30), 30);
}

#[test]
fn it_complains_of_a_reading_that_is_lost_anywhere_on_its_way() {
    complains("acknowledged sends that are no raw records: 1", |came| drop(came.raw.remove(0)));
    complains("versions in readings.accepted, missing: 1", |came| drop(came.accepted.remove(3)));
    complains("current versions, missing: 1", |came| drop(came.store.current.remove(0)));
}

#[test]
fn it_complains_of_what_is_there_twice_or_that_nobody_sent() {
    complains("current readings, twice: 1", |came| {
        came.store.current.push(came.store.current[0].clone());
    });
    complains("raw records that nobody sent: 1", |came| {
        let doubled = came.raw.iter().find(|record| record.partition == came.raw[0].partition);
        let mut doubled = doubled.unwrap().clone();
        doubled.offset += 1000;
        came.raw.push(doubled);
    });
    let complaints = doctored(|sent, _| *sent = Sent::default());
    assert!(complaints.contains("raw records that nobody sent"), "{complaints}");
    complains("rejected records, twice: 1", |came| came.rejected.push(came.rejected[0].clone()));
}

#[test]
fn it_complains_of_counts_that_do_not_balance() {
    complains("tallies that do not follow one another", |came| {
        let _ = came.tallies.remove(0);
    });
    complains("raw records without an outcome: 1", |came| {
        let _ = came.tallies.pop();
    });
    complains("tallies in the store, missing: 1", |came| {
        let _ = came.store.tallies.pop();
    });
}

#[test]
fn it_complains_of_an_alert_transition_that_is_missing_other_or_without_cause() {
    let differs = "alert events of patients that differ from the undisturbed: 1";
    complains(differs, |came| {
        let is_retracted = |reported: &Placed<_>| event_of(reported).transition == "retracted";
        let retracted = came.alerts.iter().position(is_retracted).unwrap();
        came.alerts.remove(retracted);
    });
    complains(differs, |came| came.alerts[0].record.changed_at += 1);
    complains("alert events that no reading has caused: 1", |came| {
        let mut other = came.alerts[0].clone();
        other.record.patient = "TST001/P9".to_owned();
        came.alerts.push(other);
    });
}

fn event_of(reported: &Placed<AlertEvent>) -> &AlertEvent {
    &reported.record
}

#[test]
fn it_complains_of_an_alert_without_readings_and_of_readings_without_an_alert() {
    let of = "alerts that the readings call for";
    complains(&format!("{of}, without cause: 1"), |came| {
        // The last state is an unconfirmed one; an earlier one says that it is confirmed.
        came.alerts.retain(|p| p.record.patient != PATIENT || p.record.transition == "raised");
    });
    complains(&format!("{of}, missing: 1"), |came| {
        came.alerts.retain(|placed| placed.record.patient != OTHER);
    });
}

#[test]
fn an_access_that_was_not_answered_may_be_recorded_twice_but_not_before_it_was_made() {
    let (sent, mut asked, came) = good();
    // Asked again after a while: given up, and again: answered.
    for (asked_at, answered) in [(5000, false), (9000, true)] {
        let answered_at = asked_at + 1000;
        asked.push(Asked { asked_at, answered_at, answered, ..asked[0].clone() });
    }
    let wrong = |times: &[i64]| {
        let mut came = came.clone();
        for (offset, at) in (1..).zip(times) {
            let mut again = came.accesses[0].clone();
            (again.offset, again.record.at) = (offset, *at);
            let again = placed(offset, again.record);
            came.store.accesses.push(Row { key: again.place(), columns: of_access(&again) });
            came.accesses.push(again);
        }
        complaints(&sent, &asked, &came).join("\n")
    };
    for good in [&[9500][..], &[5500, 9500], &[5500, 6500, 9500], &[5500, 9300, 9500]] {
        assert_eq!(wrong(good), "", "{good:?}");
    }
    for missing in [&[][..], &[5500], &[5500, 6500]] {
        assert!(
            wrong(missing).contains("answered accesses that are not recorded: 1"),
            "{missing:?}"
        );
    }
    for invented in [&[1600, 9500][..], &[4900, 9500], &[5500, 5600, 9300, 9500]] {
        assert!(wrong(invented).contains("that nobody made, or too often"), "{invented:?}");
    }
}

#[test]
fn a_list_is_recorded_by_its_first_answer_and_need_not_be_again() {
    let (sent, mut asked, came) = good();
    for (asked_at, answered) in [(5000, true), (7000, false), (9000, true)] {
        let (answered_at, patient) = (asked_at + 1000, None);
        let action = "list_alerts";
        asked.push(Asked { action, patient, asked_at, answered_at, answered, ..asked[0].clone() });
    }
    let wrong = |times: &[i64]| {
        let mut came = came.clone();
        for (offset, at) in (1..).zip(times) {
            let mut list = came.accesses[0].record.clone();
            (list.at, list.action, list.patient) = (*at, "list_alerts".to_owned(), None);
            let list = placed(offset, list);
            came.store.accesses.push(Row { key: list.place(), columns: of_access(&list) });
            came.accesses.push(list);
        }
        complaints(&sent, &asked, &came).join("\n")
    };
    for good in [&[5500][..], &[5500, 9500], &[5500, 7500, 7600, 9500]] {
        assert_eq!(wrong(good), "", "{good:?}");
    }
    assert!(wrong(&[]).contains("answered accesses that are not recorded: 2"));
    assert!(wrong(&[9500]).contains("answered accesses that are not recorded: 1"));
    for invented in [&[4900, 5500][..], &[5500, 5600]] {
        assert!(wrong(invented).contains("that nobody made, or too often"), "{invented:?}");
    }
}

#[test]
fn it_complains_of_questions_that_were_hardly_ever_answered() {
    let (sent, asked, came) = good();
    let with_unanswered = |count: usize| {
        let unanswered = Asked { answered: false, ..asked[0].clone() };
        let asked = [&asked[..], &vec![unanswered; count]].concat();
        complaints(&sent, &asked, &came).join("\n")
    };
    assert_eq!(with_unanswered(3), "");
    assert!(with_unanswered(4).contains("hardly ever answered"), "{}", with_unanswered(4));
    let other = Asked { action: "list_patients", answered: false, ..asked[0].clone() };
    let asked = [&asked[..], &[other]].concat();
    assert!(complaints(&sent, &asked, &came).join("\n").contains("never answered"));
}
