//! Processes end at any moment, in order or not, and nothing is lost or reported twice.

use std::time::Instant;

use clinical::{Span, Timestamp};
use schemas::topics::Topic;
use schemas::{AcceptedReading, AlertEvent};

use tests::load::under_load;
use tests::readings::{blood_pressure, now, seconds_ago};
use tests::registered::SATO;
use tests::service::Service;
use tests::stack::{DRAIN_DEADLINE, End, Plan};
use tests::verdict::assert_true;
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";

pub fn kill_9_of_any_service_under_load_loses_nothing_and_reports_nothing_twice() {
    let stack = Plan::named("kill_9").patients(&["DEMO01/P0001"]).start(&Service::ALL);
    let sato = stack.sign_in(SATO);
    let oracle = under_load(&stack, 11, |load| {
        load.goes_on_for(300);
        let victims = [
            Service::Processor,
            Service::Writer,
            Service::Gateway,
            Service::Dashboard,
            Service::Processor,
            Service::Writer,
            Service::Processor,
        ];
        for service in victims {
            stack.kill(service);
            stack.start(&[service]);
            load.goes_on_for(250);
        }
    });
    assert_true(&stack, &oracle);
    // The session outlives the dashboard's process.
    assert_eq!(sato.get("patients").status, 200);
}

pub fn a_writer_killed_while_the_store_is_away_loses_nothing() {
    const READINGS: i64 = 50;
    let stack =
        Plan::named("store_away").own_clickhouse().start(&[Service::Processor, Service::Writer]);
    let reading = |minutes| blood_pressure(PATIENT, seconds_ago(60 * minutes), 128, 80);
    let stored = "SELECT count() FROM current_blood_pressure";
    stack.produce(&reading(0));
    eventually("the first reading is stored", || equal(stack.number(stored)?, 1));

    stack.end_clickhouse(End::InOrder);
    for minutes in 1..READINGS {
        stack.produce(&reading(minutes));
    }
    // It has them in flight, cannot store them, and goes on trying for some time.
    eventually("the writer tries again and again", || {
        let tries = "mimamori_writer_retries_total{fault=\"passing\"}";
        match stack.metric(Service::Writer, tries)? {
            times if times >= 12.0 => Ok(()),
            times => Err(format!("{times} times")),
        }
    });
    stack.kill(Service::Writer);
    stack.start_clickhouse();
    stack.start(&[Service::Writer]);
    eventually("all readings are stored", || equal(stack.number(stored)?, READINGS as u64));
    stack.assert_balanced();
}

pub fn sigterm_drains_every_service_under_load_within_its_deadline_and_nothing_is_lost() {
    let stack = Plan::named("sigterm").start(&Service::ALL);
    let oracle = under_load(&stack, 12, |load| {
        load.goes_on_for(300);
        for service in Service::ALL {
            let begun = Instant::now();
            let status = stack.terminate(service);
            assert_eq!(status.code(), Some(0), "{service:?} after {:?}", begun.elapsed());
            assert!(begun.elapsed() < DRAIN_DEADLINE);
            stack.start(&[service]);
            load.goes_on_for(250);
        }
    });
    assert_true(&stack, &oracle);
}

pub fn a_restarted_processor_remembers_versions_open_alerts_and_what_it_waits_for() {
    const WAITING: &str = "TST001/P2";
    let stack = Plan::named("restart").start(&[Service::Processor, Service::Writer]);
    let plain = blood_pressure(PATIENT, seconds_ago(90_000), 128, 80);
    let pair = [
        blood_pressure(PATIENT, seconds_ago(600), 191, 113),
        blood_pressure(PATIENT, seconds_ago(480), 189, 112),
    ];
    // Fifteen minutes after it the second reading has failed to come: soon, not yet.
    const DUE_IN_SECONDS: i64 = 20;
    let alone = blood_pressure(WAITING, seconds_ago(15 * 60 - DUE_IN_SECONDS), 193, 111);
    let due = Timestamp::from_millis(alone.observation_time) + Span::from_minutes(15);
    let all = [&plain, &pair[0], &pair[1], &alone];
    for reading in all {
        stack.produce(reading);
    }
    let alerts = stack.tail(Topic::Alerts);
    let of = |patient: &str| -> Vec<AlertEvent> {
        let events: Vec<AlertEvent> = stack.decoded(&alerts.records());
        events.into_iter().filter(|event| event.patient == patient).collect()
    };
    eventually("the pair raises an alert", || match &of(PATIENT)[..] {
        [alert] if alert.severity == "urgent" && alert.transition == "raised" => Ok(()),
        other => Err(format!("{other:?}")),
    });
    for reading in all {
        stack.produce(reading);
    }
    assert_eq!(stack.assert_balanced().duplicate, 4);

    assert_eq!(stack.terminate(Service::Processor).code(), Some(0));
    let nothing_before_its_time = || assert!(of(WAITING).is_empty() || now() >= due);
    nothing_before_its_time();
    stack.start(&[Service::Processor]);
    nothing_before_its_time();
    for reading in all {
        stack.produce(reading);
    }
    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.duplicate), (4, 8), "what was known is known");
    eventually("the severe reading alone is reported as unconfirmed", || match &of(WAITING)[..] {
        [alert] if alert.stage == "unconfirmed" && alert.severity == "review" => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(now() >= due);

    // Killed and restarted once more: neither is raised again, and the open one goes on.
    stack.kill(Service::Processor);
    stack.start(&[Service::Processor]);
    let third = blood_pressure(PATIENT, seconds_ago(5), 195, 115);
    stack.produce(&third);
    eventually("the open alert takes the new reading in", || match &of(PATIENT)[..] {
        [raised, newer @ ..] if newer.iter().all(|event| event.alert_id == raised.alert_id) => {
            let accepted: Vec<AcceptedReading> = stack.read(Topic::ReadingsAccepted);
            let is_new = |a: &AcceptedReading| a.reading.observation_time == third.observation_time;
            let transitions: Vec<_> = newer.iter().map(|event| &*event.transition).collect();
            match accepted.iter().any(is_new) {
                true if !transitions.contains(&"raised") => Ok(()),
                _ => Err(format!("{transitions:?}")),
            }
        }
        other => Err(format!("{other:?}")),
    });
    assert_eq!(of(WAITING).len(), 1, "raised once");
    stack.assert_balanced();
}
