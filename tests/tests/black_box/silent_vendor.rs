//! A vendor falls silent, and operations are informed instead of every physician.

use std::cell::Cell;

use clinical::local_time::LocalTime;
use clinical::schedule::grace;
use clinical::{PatientId, Span, Timestamp};
use schemas::reading::{Device, Source};
use schemas::records::{ExpectedReadings, Schedule};
use schemas::topics::Topic;
use schemas::{AlertEvent, CarePlan, Reading};
use stream::producer::Outgoing;
use stream::record::Incoming;

use tests::readings::{blood_pressure, now, seconds_ago};
use tests::registered::SATO;
use tests::run::run;
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, eventually};

/// Patients of each of two vendors: enough to be a group on several partitions.
const PATIENTS: usize = 12;
const AWAY: &str = "AWAY";
const HERE: &str = "HERE";
const SILENT: &str = r#"mimamori_processor_silent_patients{group="vendor",model="",name="AWAY"}"#;

/// A zone of whole hours in which it is between six and seven at a time.
fn zone_of_morning(at: Timestamp) -> String {
    let hour = at.seconds().div_euclid(3600).rem_euclid(24);
    let east = (6 - hour).rem_euclid(24);
    let east = if east > 12 { east - 24 } else { east };
    // The names count to the west.
    match east {
        0 => "Etc/GMT".to_owned(),
        east @ 1.. => format!("Etc/GMT-{east}"),
        west => format!("Etc/GMT+{}", -west),
    }
}

/// Patients whose first day without a reading counts from some time between two on, and the zone in
/// which it does so.
fn due_between(from: Timestamp, until: Timestamp) -> (String, Vec<String>) {
    let zone = zone_of_morning(from);
    let local = LocalTime::of(&zone).unwrap();
    let midnight = local.begin_of(local.day_of(from), 0);
    let is_due = |patient: &String| {
        let due = midnight + grace(&PatientId::parse(patient).unwrap());
        from <= due && due < until
    };
    let patients = (1..).map(|number| format!("TST001/P{number}")).filter(is_due);
    (zone, patients.take(2 * PATIENTS).collect())
}

/// Blood pressure is expected every day, and missed after a day without.
fn plan(patient: &str, zone: &str, start: i64) -> CarePlan {
    CarePlan {
        patient: patient.to_owned(),
        version: 1,
        author: SATO.to_owned(),
        updated_at: now().millis(),
        schedule: Some(Schedule {
            time_zone: zone.to_owned(),
            start: start as i32,
            expected: vec![ExpectedReadings::daily("blood_pressure", 1, 14)],
        }),
        ..CarePlan::default()
    }
}

fn publish(stack: &Stack, plan: &CarePlan) {
    let topic = stack.topics.name(Topic::CarePlans);
    let payload = stack.codec.encoder::<CarePlan>(&topic).unwrap().encode(plan).unwrap();
    let (key, payload) = (Some(plan.patient.as_bytes()), Some(&payload[..]));
    run()
        .wait_for(stack.producer.send(Outgoing { topic: &topic, partition: None, key, payload }))
        .unwrap();
}

fn of_vendor(vendor: &str, patient: &str, at: Timestamp) -> Reading {
    let (manufacturer, serial) = (vendor.to_owned(), "1".to_owned());
    let source = Source::Device(Device { manufacturer, model_number: None, serial });
    Reading { source, ..blood_pressure(patient, at, 122, 78) }
}

pub fn a_silent_vendor_is_one_alarm_and_only_who_is_silent_afterwards_gets_an_alert() {
    let limits = [
        "--silence-count-seconds",
        "2",
        "--silence-shortest-seconds",
        "8",
        "--silence-longest-seconds",
        "8",
        "--silence-afterwards-seconds",
        "5",
    ];
    let stack = Plan::named("silent_vendor")
        .argument(Service::Processor, &limits)
        .start(&[Service::Processor]);
    let alerts = stack.tail(Topic::Alerts);
    let raised = |records: &[Incoming]| -> Vec<String> {
        let events: Vec<AlertEvent> = stack.decoded(records);
        events.into_iter().map(|event| format!("{} {}", event.patient, event.transition)).collect()
    };

    // Everybody has measured the day before yesterday: alerts are due within the next minute.
    let begun = now().floor_to_second();
    let due = begun + Span::from_seconds(45);
    let (zone, patients) = due_between(due, due + Span::from_seconds(20));
    let (away, here) = patients.split_at(PATIENTS);
    let local = LocalTime::of(&zone).unwrap();
    let noon = local.begin_of(local.day_of(begun), -2) + Span::from_hours(12);
    for (vendor, patients) in [(AWAY, away), (HERE, here)] {
        for patient in patients {
            stack.produce(&of_vendor(vendor, patient, noon));
        }
    }
    // A plan that is read before would find that nobody has ever measured.
    let accepted = stack.tail(Topic::ReadingsAccepted);
    eventually("what was measured is known", || equal(accepted.records().len(), patients.len()));
    // Readings are expected from the day on that has one: of days before one would be missed.
    let start = noon.seconds() / 86_400;
    patients.iter().for_each(|patient| publish(&stack, &plan(patient, &zone, start)));

    // One vendor goes on, but for one patient; of the other nobody is heard any more.
    let (stopped, heard) = here.split_last().unwrap();
    let last = Cell::new(0);
    let measure = || {
        let at = seconds_ago(0);
        if at.seconds() >= last.get() + 2 {
            last.set(at.seconds());
            for patient in heard {
                stack.produce(&of_vendor(HERE, patient, at));
            }
        }
    };
    eventually("operations are informed of all patients of the vendor", || {
        measure();
        equal(stack.metric(Service::Processor, SILENT)?, PATIENTS as f64)
    });
    assert!(now() < due, "the alerts are not due yet");
    eventually("who has stopped by themselves is reported, and nobody else", || {
        measure();
        equal(raised(&alerts.records()), vec![format!("{stopped} raised")])
    });
    stack.kill(Service::Processor);
    stack.start(&[Service::Processor]);
    eventually("all alerts have been due", || {
        measure();
        if now() > due + Span::from_seconds(22) { Ok(()) } else { Err("not yet".to_owned()) }
    });
    assert_eq!(raised(&alerts.records()), [format!("{stopped} raised")]);
    eventually("after the restart it is reported as before", || {
        measure();
        equal(stack.metric(Service::Processor, SILENT)?, PATIENTS as f64)
    });

    // It is back, with all its patients but one.
    let (silent, back) = away.split_last().unwrap();
    let measure = || {
        measure();
        let at = seconds_ago(0);
        for patient in back {
            stack.produce(&of_vendor(AWAY, patient, at));
        }
    };
    eventually("who is silent still is reported, and nobody else", || {
        measure();
        let expected = vec![format!("{stopped} raised"), format!("{silent} raised")];
        equal(raised(&alerts.records()), expected)
    });
    eventually("the alarm ends by itself", || {
        measure();
        match stack.metric(Service::Processor, SILENT) {
            Err(_) | Ok(0.0) => Ok(()),
            Ok(patients) => Err(format!("{patients} are silent")),
        }
    });
}
