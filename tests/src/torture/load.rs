//! The load: what is due at which time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clinical::{Span, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use simulator::live::{Live, LiveArgs};
use simulator::population::{Patient, population};
use simulator::timetable::Timetable;
use simulator::transmission::{
    Pace, Payload, Plan as Transmission, Reception, Sending, TransmissionArgs,
};

use super::patients::Staged;
use super::plans::Planned;
use super::senders::Senders;
use crate::readings::now;

/// Virtual patients beside the staged ones.
const PATIENTS: u32 = 200;
const KAFKA_SHARE: f64 = 0.5;
/// How often the timetable is looked at. What is due is never later for it than this.
const STEP: Duration = Duration::from_millis(20);
/// How far ahead readings are made.
const AHEAD: Span = Span::from_seconds(2);
/// Between urgent alerts, severe readings that nothing confirms, histories, and old readings.
const BETWEEN_SURGES: Span = Span::from_millis(700);
const BETWEEN_ALONE: Span = Span::from_millis(2_900);
const BETWEEN_HISTORIES: Span = Span::from_millis(4_700);
const BETWEEN_OLD: Span = Span::from_millis(5_300);

/// The virtual patients of a seed.
pub(super) fn people(seed: u64) -> Vec<Patient> {
    population(seed, PATIENTS, 2)
}

/// Hands to the senders what is due when it is due, until `over`; then what is registered by then and
/// still to come, at once.
pub(super) fn send(
    seed: u64,
    people: &[Patient],
    planned: &[Planned],
    senders: &Senders<'_>,
    over: &AtomicBool,
) {
    let mut load = Load::new(seed, people);
    load.expect(seed, planned);
    while !over.load(Ordering::Acquire) {
        senders.take(load.due(now()));
        std::thread::sleep(STEP);
    }
    let mut left = load.timetable.due(Timestamp::LATEST);
    let end = now();
    left.retain(|sending| match &sending.payload {
        Payload::Reading(reading) => reading.update_time <= end.millis(),
        Payload::Bytes { .. } => true,
    });
    left.iter_mut().for_each(|sending| sending.at = end);
    senders.take(left);
}

struct Load<'p> {
    people: &'p [Patient],
    live: Live<'p>,
    transmission: Transmission,
    staged: Staged,
    timetable: Timetable,
    /// Readings are made until here.
    made: Timestamp,
    surge: Timestamp,
    alone: Timestamp,
    history: Timestamp,
    old: Timestamp,
}

impl<'p> Load<'p> {
    fn new(seed: u64, people: &'p [Patient]) -> Self {
        let begin = now();
        let args =
            LiveArgs { live_interval_minutes: 20, live_oximeter_seconds: 2, live_surge_seconds: 0 };
        Self {
            people,
            live: Live::new(people, args, begin, |_| true),
            transmission: Transmission {
                shares: TransmissionArgs { garbage: 0.01, ..TransmissionArgs::default() },
                pace: Pace::Seconds,
                reception: Reception::WhenDue,
                kafka_share: KAFKA_SHARE,
            },
            staged: Staged::new(ChaCha8Rng::seed_from_u64(seed)),
            timetable: Timetable::default(),
            made: begin,
            surge: begin,
            alone: begin,
            history: begin,
            old: begin,
        }
    }

    fn expect(&mut self, seed: u64, planned: &[Planned]) {
        let mut chance = ChaCha8Rng::seed_from_u64(seed ^ 0x91a);
        for (number, planned) in (0..).zip(planned) {
            self.timetable.extend(planned.sendings(number, &mut chance));
        }
    }

    fn due(&mut self, now: Timestamp) -> Vec<Sending> {
        if now + AHEAD > self.made {
            let (from, to) = (self.made, self.made + AHEAD);
            self.made = to;
            let mut readings = self.live.readings(from, to);
            readings.extend(self.live.automatic(from, to));
            for (number, reading) in readings {
                self.timetable.extend(self.transmission.sendings(&self.people[number], reading));
            }
        }
        // Staged readings are observed now, so they are made when they are due.
        while self.surge <= now {
            self.timetable.extend(self.staged.surge(self.surge));
            self.surge = self.surge + BETWEEN_SURGES;
        }
        while self.alone <= now {
            self.timetable.extend(self.staged.alone(self.alone));
            self.alone = self.alone + BETWEEN_ALONE;
        }
        while self.history <= now {
            self.timetable.extend(self.staged.history(self.history));
            self.history = self.history + BETWEEN_HISTORIES;
        }
        while self.old <= now {
            self.timetable.extend(self.staged.old(self.old));
            self.old = self.old + BETWEEN_OLD;
        }
        self.timetable.due(now)
    }
}
