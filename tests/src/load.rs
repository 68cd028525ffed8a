//! Load with all that goes wrong in the real world, by virtual patients, and what has to come of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::Duration;

use clinical::{Span, Timestamp};
use schemas::Reading;
use simulator::population::{Patient, population};
use simulator::timetable::Timetable;
use simulator::transmission::{
    Pace, Payload, Plan as Transmission, Reason, Reception, Route, Sending, TransmissionArgs,
};
use simulator::truth;

use crate::readings::{blood_pressure, document, now};
use crate::registered::TOKEN;
use crate::run::run;
use crate::stack::Stack;
use crate::verdict::{Certainty, Sent};
use crate::wait;

/// Virtual patients; some of them with surges of pressure.
const PATIENTS: u32 = 80;
/// The history that is sent as load, well within the window of remembered versions.
const DAYS: i64 = 35;
/// Sent at a time.
const STEP: Span = Span::from_hours(2);
/// Between steps at first; the less is left, the longer, so that the load lasts for two minutes more
/// where the machine is slow.
const BETWEEN_STEPS: Duration = Duration::from_millis(90);
const LONGEST_BETWEEN_STEPS: Duration = Duration::from_secs(2);
/// Readings of a document.
const DOCUMENT: usize = 60;
const BEFORE_TRYING_AGAIN: Duration = Duration::from_millis(100);

/// Load that is being sent.
pub struct Load<'a> {
    stack: &'a Stack,
    sent: Mutex<Sent>,
    acknowledged: AtomicU64,
    over: AtomicBool,
    /// The test has failed: everybody ends at once.
    given_up: AtomicBool,
}

/// Does something while load is sent, over HTTP and Kafka and again until it is acknowledged; then
/// sends what is still due. Returns what the platform must hold.
pub fn under_load<'a>(stack: &'a Stack, seed: u64, act: impl FnOnce(&Load<'a>)) -> Sent {
    let load = Load {
        stack,
        sent: Mutex::default(),
        acknowledged: AtomicU64::new(0),
        over: AtomicBool::new(false),
        given_up: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        let given_up = GivenUp(&load);
        load.start(scope, seed);
        act(&load);
        load.over.store(true, Ordering::Release);
        std::mem::forget(given_up);
    });
    load.sent.into_inner().unwrap_or_else(PoisonError::into_inner)
}

struct GivenUp<'l, 'a>(&'l Load<'a>);

impl Drop for GivenUp<'_, '_> {
    fn drop(&mut self) {
        self.0.given_up.store(true, Ordering::Release);
    }
}

impl<'a> Load<'a> {
    /// Waits until so many more readings are acknowledged.
    pub fn goes_on_for(&self, readings: u64) {
        let enough = self.acknowledged.load(Ordering::Acquire) + readings;
        wait::eventually("readings are acknowledged", || {
            match self.acknowledged.load(Ordering::Acquire) {
                count if count >= enough => Ok(()),
                count => Err(format!("{count} instead of {enough}")),
            }
        });
    }

    fn start<'s>(&'s self, scope: &'s Scope<'s, '_>, seed: u64) {
        let (http, by_http) = channel();
        let (kafka, by_kafka) = channel();
        scope.spawn(move || self.generate(seed, &http, &kafka));
        scope.spawn(move || self.send_by_http(&by_http));
        scope.spawn(move || self.send_by_kafka(&by_kafka));
    }

    fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    fn generate(&self, seed: u64, http: &Sender<Vec<Sending>>, kafka: &Sender<Vec<Sending>>) {
        let people: Vec<Patient> = population(seed, PATIENTS, 2);
        let until = now();
        let (begin, end) = (until - Span::from_days(DAYS), until - Span::from_days(1));
        let transmission = Transmission {
            shares: TransmissionArgs { garbage: 0.002, ..TransmissionArgs::default() },
            pace: Pace::Days,
            reception: Reception::At(until),
            kafka_share: 0.5,
        };
        let mut timetable = Timetable::default();
        let mut step = begin;
        let mut steps = 0;
        let send = |due: Vec<Sending>| {
            let (by_http, by_kafka) = due.into_iter().partition(|s| s.via == Route::Http);
            http.send(by_http).is_ok() && kafka.send(by_kafka).is_ok()
        };
        while !self.over.load(Ordering::Acquire) && !self.is_given_up() {
            assert!(step < end, "the load ended before the test did");
            for patient in &people {
                let observed = truth(patient, step, step + STEP);
                timetable
                    .extend(observed.flat_map(|reading| transmission.sendings(patient, reading)));
            }
            steps += 1;
            if steps % 6 == 0 {
                timetable.extend(surge(
                    &people[steps / 6 % people.len()],
                    step,
                    transmission.kafka_share,
                ));
            }
            step = step + STEP;
            if !send(timetable.due(step)) {
                return;
            }
            let left = (end - step).millis() as f64 / (end - begin).millis() as f64;
            let pause = BETWEEN_STEPS.div_f64(left.max(f64::EPSILON));
            std::thread::sleep(pause.min(LONGEST_BETWEEN_STEPS));
        }
        send(timetable.due(Timestamp::LATEST));
    }

    fn send_by_http(&self, waiting: &Receiver<Vec<Sending>>) {
        for sendings in waiting {
            let mut readings: Vec<Reading> = sendings.into_iter().filter_map(reading).collect();
            // Stable: the order of each patient's readings stays.
            readings.sort_by(|a, b| a.consortium_id.cmp(&b.consortium_id));
            let of_one = readings.chunk_by(|a, b| a.consortium_id == b.consortium_id);
            for readings in of_one.flat_map(|readings| readings.chunks(DOCUMENT)) {
                while !self.is_taken(readings) {
                    self.note(readings, Certainty::Unknown);
                    if self.is_given_up() {
                        return;
                    }
                    std::thread::sleep(BEFORE_TRYING_AGAIN);
                }
                self.note(readings, Certainty::Acknowledged);
                self.acknowledged.fetch_add(readings.len() as u64, Ordering::AcqRel);
            }
        }
    }

    /// Whether each reading of a document has its answer.
    fn is_taken(&self, readings: &[Reading]) -> bool {
        match self.stack.try_post(Some(TOKEN), document(readings)) {
            Ok(answer) if answer.status == 503 => false,
            Ok(answer) => {
                let status = answer.status;
                assert!(status == 202 || status == 422, "{status}: {}", answer.body);
                let said = |name: &str| answer.body[name].as_u64().unwrap() as usize;
                assert_eq!(said("accepted") + said("rejected"), readings.len());
                true
            }
            // The gateway is away.
            Err(_) => false,
        }
    }

    fn send_by_kafka(&self, waiting: &Receiver<Vec<Sending>>) {
        for sendings in waiting {
            let queue = |sending: &Sending| {
                let (key, bytes) = match &sending.payload {
                    Payload::Reading(reading) => (reading.key(), self.stack.encoded(reading)),
                    Payload::Bytes { key, bytes } => (key.clone(), bytes.clone()),
                };
                (self.stack.enqueue(key.as_bytes(), &bytes).unwrap(), bytes)
            };
            let queued: Vec<_> = sendings.iter().map(queue).collect();
            for ((delivery, bytes), sending) in queued.into_iter().zip(&sendings) {
                run().wait_for(delivery).unwrap();
                let known = Certainty::Acknowledged;
                match &sending.payload {
                    Payload::Reading(reading) => {
                        self.sent().by_kafka(reading, &bytes, known, now())
                    }
                    Payload::Bytes { bytes, .. } => self.sent().garbage(bytes, known, now()),
                }
            }
            self.acknowledged.fetch_add(sendings.len() as u64, Ordering::AcqRel);
        }
    }

    fn note(&self, readings: &[Reading], certainty: Certainty) {
        let mut sent = self.sent();
        readings.iter().for_each(|reading| sent.by_http(reading, certainty, now()));
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two severe readings, so that there are alerts to be reported.
fn surge(patient: &Patient, at: Timestamp, kafka_share: f64) -> [Sending; 2] {
    let via = if patient.route_draw < kafka_share { Route::Kafka } else { Route::Http };
    [(0, 192), (4, 188)].map(|(minutes, systolic)| {
        let at = at + Span::from_minutes(minutes);
        let reading = blood_pressure(patient.id.as_str(), at, systolic, 112);
        let payload = Payload::Reading(Box::new(reading));
        Sending { at, patient_index: patient.index, via, payload, reason: Reason::Plain }
    })
}

fn reading(sending: Sending) -> Option<Reading> {
    match sending.payload {
        Payload::Reading(reading) => Some(*reading),
        Payload::Bytes { .. } => None,
    }
}
