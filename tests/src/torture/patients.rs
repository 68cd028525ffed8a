//! Patients whose readings are made for the torture: surges that page a physician at once, severe
//! readings that nothing confirms, histories that come late and in any order, and what is so old that
//! nothing follows from it.

use clinical::{Span, Timestamp};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use schemas::Reading;
use simulator::transmission::{Payload, Reason, Route, Sending};

use crate::readings::{blood_pressure, corrected, entered_in_error};
use crate::registered::CONSORTIUM;

/// Patients with surges; each has one again and again.
const SURGING: u32 = 170;
/// Patients with one severe reading, a history, or old readings, each.
const OTHERS: u32 = 250;
const MINUTE: i64 = 60_000;
/// Longer ago than readings are watched over.
const LONG_AGO: i64 = 41 * 24 * 60 * MINUTE;

/// Makes the readings of such patients.
pub(super) struct Staged {
    chance: ChaCha8Rng,
    surges: u32,
    alone: u32,
    histories: u32,
    old: u32,
}

/// Everybody whose readings may be staged.
pub(super) fn patients() -> Vec<String> {
    let pool = |letter: char, count: u32| (0..count).map(move |number| id(letter, number));
    let others = ['U', 'H', 'O'].into_iter().flat_map(|letter| pool(letter, OTHERS));
    pool('S', SURGING).chain(others).collect()
}

/// Somebody who has readings soon after the beginning.
pub(super) fn somebody() -> String {
    id('S', 0)
}

fn id(letter: char, number: u32) -> String {
    format!("{CONSORTIUM}/{letter}{number:04}")
}

/// Half of the patients' devices speak HTTP.
fn route(number: u32) -> Route {
    if number.is_multiple_of(2) { Route::Http } else { Route::Kafka }
}

fn ago(now: Timestamp, millis: i64) -> Timestamp {
    (now - Span::from_millis(millis)).floor_to_second()
}

impl Staged {
    pub(super) fn new(chance: ChaCha8Rng) -> Self {
        Self { chance, surges: 0, alone: 0, histories: 0, old: 0 }
    }

    /// Two severe readings, the second one observed now: an urgent alert is due.
    pub(super) fn surge(&mut self, now: Timestamp) -> Vec<Sending> {
        let number = self.surges % SURGING;
        self.surges += 1;
        let patient = id('S', number);
        let systolic = self.chance.random_range(186..206);
        let first = blood_pressure(&patient, ago(now, 90_000), systolic, 112);
        let second = blood_pressure(&patient, ago(now, 0), systolic - 3, 113);
        let mut sent = Sent { number, via: route(number), sendings: Vec::new() };
        sent.push(now, first.clone());
        sent.push(now + Span::from_millis(150), second.clone());
        if self.chance.random_bool(0.1) {
            let later = self.later(1_000, 30_000);
            sent.push(now + later, first);
        }
        self.with_faults(&mut sent, second, now + Span::from_millis(150));
        sent.sendings
    }

    /// A severe reading alone; the fifteen minutes in which another one may confirm it are over
    /// soon.
    pub(super) fn alone(&mut self, now: Timestamp) -> Vec<Sending> {
        let number = self.alone % OTHERS;
        self.alone += 1;
        let patient = id('U', number);
        let due_in = self.chance.random_range(3_000..50_000);
        let reading = blood_pressure(&patient, ago(now, 15 * MINUTE - due_in), 195, 108);
        let mut sent = Sent { number, via: route(number), sendings: Vec::new() };
        sent.push(now, reading.clone());
        if self.chance.random_bool(0.2) {
            // It is confirmed after all, shortly before or after.
            let at = now + Span::from_millis(due_in + self.chance.random_range(-2_000..4_000));
            sent.push(at, blood_pressure(&patient, ago(now, 8 * MINUTE), 190, 107));
        }
        self.with_faults(&mut sent, reading, now);
        sent.sendings
    }

    /// Some hours of a patient in any order: severe pairs, single severe readings and normalised
    /// occasions, all of them in time for an urgent alert or all of them too late.
    pub(super) fn history(&mut self, now: Timestamp) -> Vec<Sending> {
        let number = self.histories % OTHERS;
        self.histories += 1;
        let patient = id('H', number);
        let begin = if self.chance.random_bool(0.5) { 4 * 60 } else { 30 * 60 } * MINUTE;
        let mut readings = Vec::new();
        for occasion in 0..self.chance.random_range(3..7) {
            let at = ago(now, begin - occasion * 25 * MINUTE);
            let (systolic, diastolic) = match self.chance.random_range(0..3) {
                0 => (128, 81),
                1 => (178, 104),
                _ => (193, 112),
            };
            readings.push(blood_pressure(&patient, at, systolic, diastolic));
            if self.chance.random_bool(0.7) {
                let again = at + Span::from_minutes(self.chance.random_range(1..6));
                readings.push(blood_pressure(&patient, again, systolic - 4, diastolic - 1));
            }
        }
        readings.shuffle(&mut self.chance);
        let mut sent = Sent { number, via: route(number), sendings: Vec::new() };
        let mut at = now;
        for reading in readings {
            at = at + self.later(20, 1_500);
            sent.push(at, reading.clone());
            self.with_faults(&mut sent, reading, at);
        }
        sent.sendings
    }

    /// The memory of a device that lay in a drawer: two severe readings of long ago.
    pub(super) fn old(&mut self, now: Timestamp) -> Vec<Sending> {
        let number = self.old % OTHERS;
        self.old += 1;
        let patient = id('O', number);
        let mut sent = Sent { number, via: route(number), sendings: Vec::new() };
        for (minutes, systolic) in [(0, 196), (3, 191)] {
            let at = ago(now, LONG_AGO - minutes * MINUTE);
            let reading = blood_pressure(&patient, at, systolic, 114);
            sent.push(now, reading.clone());
            self.with_faults(&mut sent, reading, now);
        }
        sent.sendings
    }

    /// Some readings are corrected so that nothing is severe any more, some of these back again;
    /// some are entered in error.
    fn with_faults(&mut self, sent: &mut Sent, reading: Reading, at: Timestamp) {
        let drawn = self.chance.random_range(0.0..1.0);
        let at = at + self.later(2_000, 25_000);
        let since = (at - Timestamp::from_millis(reading.update_time)).millis();
        if drawn < 0.08 {
            let harmless = corrected(&reading, since, 131, 82);
            sent.push(at, harmless.clone());
            if self.chance.random_bool(0.4) {
                let later = self.later(2_000, 20_000);
                sent.push(at + later, corrected(&harmless, later.millis(), 194, 113));
            }
        } else if drawn < 0.11 {
            // The exchange documents cannot say that a reading was entered in error.
            sent.via = Route::Kafka;
            sent.push(at, entered_in_error(&reading, since));
            sent.via = route(sent.number);
        } else if drawn < 0.2 {
            sent.push(at, reading);
        }
    }

    fn later(&mut self, least: i64, most: i64) -> Span {
        Span::from_millis(self.chance.random_range(least..most))
    }
}

struct Sent {
    number: u32,
    via: Route,
    sendings: Vec<Sending>,
}

impl Sent {
    fn push(&mut self, at: Timestamp, reading: Reading) {
        self.sendings.push(Sending {
            at,
            patient_index: self.number,
            via: self.via,
            payload: Payload::Reading(Box::new(reading)),
            reason: Reason::Plain,
        });
    }
}
