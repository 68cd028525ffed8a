//! Patients whose care plans expect a reading every day, and whose mornings come in the midst of the
//! torture: readings are missing from then on, unless they came in time or come late.

use clinical::schedule::grace;
use clinical::{PatientId, Span, Timestamp};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use schemas::records::{ExpectedReadings, Schedule};
use schemas::topics::Topic;
use schemas::{CarePlan, Reading};
use simulator::transmission::{Payload, Reason, Route, Sending};
use stream::producer::Outgoing;

use crate::readings::{blood_pressure, entered_in_error, now};
use crate::registered::{CONSORTIUM, SATO};
use crate::run::run;
use crate::stack::Stack;

/// Those with a plan are chosen out of so many, by when their mornings come.
const CANDIDATES: u32 = 2_000;
/// More are not needed, however long the torture is.
const MOST: usize = 150;
/// A plan is known to the processors long before that.
const UNTIL_KNOWN: Span = Span::from_seconds(12);
/// Local days are over, and readings of them may still come, until this and a part of the next hour
/// that is the patient's own.
const GRACE_HOURS: i64 = 6;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A patient from whom a reading of every day is expected.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) patient: String,
    /// When a reading of yesterday is missing.
    due: Timestamp,
    time_zone: String,
    /// Days since 1970-01-01: yesterday, as it was there.
    start: i32,
}

/// Those whose readings will be missing in some span of time.
pub(super) fn planned(from: Timestamp, to: Timestamp) -> Vec<Planned> {
    let patients = (0..CANDIDATES).map(|number| format!("{CONSORTIUM}/P{number:04}"));
    patients.filter_map(|patient| Planned::of(patient, from, to)).take(MOST).collect()
}

impl Planned {
    /// With a plan in the time zone in which the patient's morning comes at the right time, if there
    /// is one: time zones are whole hours apart.
    fn of(patient: String, from: Timestamp, to: Timestamp) -> Option<Self> {
        let own = grace(&PatientId::parse(&patient).ok()?).millis() / 1000 - GRACE_HOURS * HOUR;
        let hour = from.seconds().div_euclid(HOUR) * HOUR;
        let is_between = |due: &i64| (from.seconds()..to.seconds()).contains(due);
        let due = [hour + own, hour + HOUR + own].into_iter().find(is_between)?;
        // It is that long after midnight there, and the zones reach from -11 to +12.
        let hour_of_day = (due - own).rem_euclid(DAY) / HOUR;
        let east = (GRACE_HOURS - hour_of_day + 11).rem_euclid(24) - 11;
        let today = (due + east * HOUR).div_euclid(DAY);
        Some(Self {
            patient,
            due: Timestamp::from_seconds(due),
            // POSIX counts them to the west.
            time_zone: format!("Etc/GMT{:+}", -east),
            start: today as i32 - 1,
        })
    }

    fn plan(&self, now: Timestamp) -> CarePlan {
        let expected = ExpectedReadings::daily("blood_pressure", 1, 14);
        CarePlan {
            patient: self.patient.clone(),
            version: 1,
            thresholds: [].into(),
            author: SATO.to_owned(),
            updated_at: now.millis(),
            schedule: Some(Schedule {
                time_zone: self.time_zone.clone(),
                start: self.start,
                expected: vec![expected],
            }),
            ..CarePlan::default()
        }
    }

    /// What the patient sends: nothing, or a reading of yesterday before it is missing, which may be
    /// said to be entered in error when it would be missing, or one of yesterday or of today after that.
    pub(super) fn sendings(&self, number: u32, chance: &mut ChaCha8Rng) -> Vec<Sending> {
        let mut later = |least: i64, most: i64| {
            Span::from_millis(chance.random_range(least * 1000..most * 1000))
        };
        let (before, after, again) = (later(2, 15), later(1, 20), later(1, 30));
        let of = |at: Timestamp| blood_pressure(&self.patient, at.floor_to_second(), 127, 79);
        let yesterday = of(self.due - Span::from_hours(GRACE_HOURS + 9));
        let via = if number.is_multiple_of(2) { Route::Http } else { Route::Kafka };
        let (due, late) = (self.due, self.due + after);
        let correction = |at: Timestamp| {
            let since = (at - Timestamp::from_millis(yesterday.update_time)).millis();
            (Route::Kafka, at, entered_in_error(&yesterday, since))
        };
        let sent: Vec<(Route, Timestamp, Reading)> = match chance.random_range(0..6) {
            0 | 1 => vec![],
            2 => vec![(via, due - before, yesterday.clone())],
            3 => vec![(via, due - before, yesterday.clone()), correction(due + again)],
            4 => vec![(via, late, yesterday.clone()), correction(late + again)],
            _ => vec![(via, late, of(late))],
        };
        let sending = |(via, at, reading)| Sending {
            at,
            patient_index: number,
            via,
            payload: Payload::Reading(Box::new(reading)),
            reason: Reason::Plain,
        };
        sent.into_iter().map(sending).collect()
    }
}

/// Publishes the plans of those whose readings will not be missing before the plans are known, and
/// returns these. The verdict takes the plans as given from the beginning.
pub(super) fn publish(stack: &Stack, planned: Vec<Planned>) -> Vec<Planned> {
    let now = now();
    let (planned, late): (Vec<_>, Vec<_>) =
        planned.into_iter().partition(|planned| planned.due > now + UNTIL_KNOWN);
    if !late.is_empty() {
        println!("this machine is slow: {} patients have no plan", late.len());
    }
    let topic = stack.topics.name(Topic::CarePlans);
    let encoder = stack.codec.encoder::<CarePlan>(&topic).unwrap();
    let queue = |planned: &Planned| {
        let payload = encoder.encode(&planned.plan(now)).unwrap();
        let (partition, key) = (None, Some(planned.patient.as_bytes()));
        let record = Outgoing { topic: &topic, partition, key, payload: Some(&payload) };
        stack.producer.enqueue(record).unwrap()
    };
    let on_their_way: Vec<_> = planned.iter().map(queue).collect();
    for delivery in on_their_way {
        run().wait_for(delivery).unwrap();
    }
    planned
}

#[cfg(test)]
mod tests {
    use clinical::Window;
    use clinical::monitor::Monitor;
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn at_every_hour_of_the_day_readings_will_be_missing_when_they_are_to_be() {
        for hour in 0..25 {
            let from = Timestamp::from_seconds(1_795_300_000 + hour * HOUR);
            let to = from + Span::from_seconds(90);
            let planned = planned(from, to);
            assert!(planned.len() > 10, "{} patients", planned.len());
            for planned in planned {
                let patient = PatientId::parse(&planned.patient).unwrap();
                let plan = planned.plan(from).validate().unwrap();
                let mut monitor = Monitor::default();
                let before = from - Span::from_seconds(1);
                assert_eq!(monitor.reassess(&patient, before, (&plan, Window::default())), []);
                assert_eq!(monitor.next_assessment(), Some(planned.due), "{planned:?}");
                assert!(from <= planned.due && planned.due < to);
                assert_eq!(
                    monitor.pass_time(&patient, planned.due, (&plan, Window::default())).len(),
                    1
                );
            }
        }
    }

    #[test]
    fn some_stay_silent_some_send_in_time_and_some_too_late() {
        let from = Timestamp::from_seconds(1_795_300_000);
        let mut chance = ChaCha8Rng::seed_from_u64(1);
        let (mut silent, mut in_time, mut late) = (0, 0, 0);
        for planned in planned(from, from + Span::from_seconds(300)) {
            let sendings = planned.sendings(0, &mut chance);
            match sendings.first() {
                None => silent += 1,
                Some(first) if first.at < planned.due => in_time += 1,
                Some(_) => late += 1,
            }
            for Sending { at, payload, .. } in sendings {
                let Payload::Reading(reading) = payload else { panic!("a reading") };
                assert!(reading.validate(at).is_ok(), "{:?}", reading.validate(at));
            }
        }
        assert!(silent > 20 && in_time > 20 && late > 20, "{silent} {in_time} {late}");
    }
}
