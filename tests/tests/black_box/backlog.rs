//! What is waited for is judged by what was sent, not by when the processor comes to it.

use schemas::AlertEvent;
use schemas::topics::Topic;

use clinical::{Span, Timestamp};
use tests::readings::{blood_pressure, now, seconds_ago};
use tests::service::Service;
use tests::stack::Plan;
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";

pub fn a_second_reading_in_the_backlog_confirms_although_its_time_has_passed_meanwhile() {
    /// Until the first reading's fifteen minutes are over.
    const DUE_IN_SECONDS: i64 = 15;
    let stack = Plan::named("backlog").start(&[Service::Processor, Service::Writer]);
    let first = blood_pressure(PATIENT, seconds_ago(15 * 60 - DUE_IN_SECONDS), 193, 111);
    let due = Timestamp::from_millis(first.observation_time) + Span::from_minutes(15);
    stack.produce(&first);
    assert_eq!(stack.assert_balanced().new, 1);
    stack.kill(Service::Processor);
    let second = blood_pressure(PATIENT, seconds_ago(13 * 60), 190, 112);
    stack.produce(&second);
    assert!(now() < due, "the second reading came in time");
    eventually("its time has passed", || match now() > due {
        true => Ok(()),
        false => Err("not yet".to_owned()),
    });
    stack.start(&[Service::Processor]);
    assert_eq!(stack.assert_balanced().new, 2);
    let told: Vec<AlertEvent> = stack.read(Topic::Alerts);
    let told: Vec<_> = told.iter().map(|e| (&*e.transition, &*e.stage, &*e.severity)).collect();
    equal(&told[..], &[("raised", "confirmed", "urgent")]).unwrap();
}
