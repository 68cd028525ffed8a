//! What goes wrong in the real world: between what a device measured and what arrives lie memories that
//! are sent again, corrections, phones that were off, clocks that were never set, slips of the
//! finger and plain garbage.

use clinical::{Span, Timestamp};
use schemas::Reading;
use schemas::reading::{DataInput, ReadingStatus};

use crate::chance::{Chance, Purpose};
use crate::population::Patient;
use crate::slips;

/// How much of each fault: shares of all readings, 0 to 1.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct TransmissionArgs {
    /// Share of readings that a device sends again out of its memory
    #[arg(long, env = "MIMAMORI_SIMULATOR_DUPLICATES", default_value_t = 0.10, value_parser = share)]
    pub duplicates: f64,
    /// Share of readings that are corrected later (one in five of these twice)
    #[arg(long, env = "MIMAMORI_SIMULATOR_CORRECTIONS", default_value_t = 0.05, value_parser = share)]
    pub corrections: f64,
    /// Share of readings that are said later to be entered in error (over Kafka only)
    #[arg(long, env = "MIMAMORI_SIMULATOR_ENTERED_IN_ERROR", default_value_t = 0.005, value_parser = share)]
    pub entered_in_error: f64,
    /// Share of readings that come hours or days late, in a bunch
    #[arg(long, env = "MIMAMORI_SIMULATOR_LATE", default_value_t = 0.05, value_parser = share)]
    pub late: f64,
    /// Share of readings whose clock is wrong: lost, in the future, or nine hours off
    #[arg(long, env = "MIMAMORI_SIMULATOR_WRONG_CLOCKS", default_value_t = 0.005, value_parser = share)]
    pub wrong_clocks: f64,
    /// Share of readings with a number that cannot be true (half of them are put right later)
    #[arg(long, env = "MIMAMORI_SIMULATOR_WRONG_NUMBERS", default_value_t = 0.01, value_parser = share)]
    pub wrong_numbers: f64,
    /// Share of readings that two senders register at the same moment with different values
    #[arg(long, env = "MIMAMORI_SIMULATOR_CONFLICTS", default_value_t = 0.002, value_parser = share)]
    pub conflicts: f64,
    /// Share of readings beside which bytes that are no record are written to Kafka
    #[arg(long, env = "MIMAMORI_SIMULATOR_GARBAGE", default_value_t = 0.0005, value_parser = share)]
    pub garbage: f64,
}

/// Reads a share.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

impl Default for TransmissionArgs {
    fn default() -> Self {
        Self {
            duplicates: 0.10,
            corrections: 0.05,
            entered_in_error: 0.005,
            late: 0.05,
            wrong_clocks: 0.005,
            wrong_numbers: 0.01,
            conflicts: 0.002,
            garbage: 0.0005,
        }
    }
}

impl TransmissionArgs {
    /// As little goes wrong as where devices send by themselves and nobody puts them to the test. The
    /// defaults are for tests: there each kind of fault occurs within days.
    pub fn as_in_life() -> Self {
        Self {
            duplicates: 0.05,
            corrections: 0.002,
            entered_in_error: 0.001,
            late: 0.05,
            wrong_clocks: 0.0002,
            wrong_numbers: 0.002,
            conflicts: 0.0002,
            garbage: 0.0,
        }
    }

    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self {
            duplicates: 0.0,
            corrections: 0.0,
            entered_in_error: 0.0,
            late: 0.0,
            wrong_clocks: 0.0,
            wrong_numbers: 0.0,
            conflicts: 0.0,
            garbage: 0.0,
        }
    }
}

/// How long faults take to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As in life: memories are sent again after a day or two, corrections come within days.
    Days,
    /// For somebody who watches: everything happens within minutes.
    Minutes,
    /// For a test that is over in minutes.
    Seconds,
}

impl Pace {
    /// Readings of one such span are late, or sent again, together.
    fn bunch(self) -> Span {
        match self {
            Pace::Days => Span::from_days(1),
            Pace::Minutes => Span::from_minutes(4),
            Pace::Seconds => Span::from_seconds(12),
        }
    }

    /// A part of the bunch's span.
    fn part(self, share: f64) -> Span {
        Span::from_millis((self.bunch().millis() as f64 * share) as i64)
    }
}

/// When readings are received, which decides whether a clock that is ahead is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// When they are due.
    WhenDue,
    /// All at about this time: history that is loaded at once.
    At(Timestamp),
}

/// The way into the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// An exchange document to the gateway.
    Http,
    /// A record to `readings.raw`.
    Kafka,
}

impl Route {
    /// The route's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Route::Http => "http",
            Route::Kafka => "kafka",
        }
    }
}

/// Why something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// As it should be.
    Plain,
    /// Again, out of a device's memory.
    Resent,
    /// A changed value with a later `update_time`.
    Correction,
    /// Said to be entered in error.
    EnteredInError,
    /// Long after it was observed.
    Late,
    /// With a clock that was lost, is ahead, or nine hours off.
    WrongClock,
    /// With a number that cannot be true.
    WrongNumber,
    /// With the `update_time` of another content.
    Conflict,
    /// Bytes that are no record.
    Garbage,
}

impl Reason {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Plain => "plain",
            Reason::Resent => "resent",
            Reason::Correction => "correction",
            Reason::EnteredInError => "entered in error",
            Reason::Late => "late",
            Reason::WrongClock => "wrong_clock",
            Reason::WrongNumber => "wrong_number",
            Reason::Conflict => "conflict",
            Reason::Garbage => "garbage",
        }
    }
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A reading.
    Reading(Box<Reading>),
    /// Bytes under a patient's key.
    Bytes {
        /// The Kafka key.
        key: String,
        /// The value.
        bytes: Vec<u8>,
    },
}

/// Something to be sent at a time, by a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// When it is due.
    pub at: Timestamp,
    /// Whose, by number in the population.
    pub patient_index: u32,
    /// How.
    pub via: Route,
    /// What.
    pub payload: Payload,
    /// Why.
    pub reason: Reason,
}

/// How faults are made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How much.
    pub shares: TransmissionArgs,
    /// How fast.
    pub pace: Pace,
    /// When it is received.
    pub reception: Reception,
    /// Share of the patients whose devices write to Kafka.
    pub kafka_share: f64,
}

impl Plan {
    /// Everything that is sent because of one true reading, in no particular order. Depends on the
    /// reading alone, not on what else is sent.
    pub fn sendings(&self, patient: &Patient, truth: Reading) -> Vec<Sending> {
        let kind = u64::from(truth.measurement.kind().number());
        let chance = patient.chance_numbered(Purpose::Transmission, kind, truth.observation_time);
        let via = if patient.route_draw < self.kafka_share { Route::Kafka } else { Route::Http };
        let bunch = Bunch::of(self, patient, Timestamp::from_millis(truth.update_time));
        Sender { plan: self, patient, via, bunch, chance, sent: Vec::new() }.send(truth)
    }
}

/// What readings of one span have in common.
struct Bunch {
    late_until: Option<Timestamp>,
    again_at: Option<Timestamp>,
}

impl Bunch {
    fn of(plan: &Plan, patient: &Patient, registered: Timestamp) -> Self {
        let length = plan.pace.bunch().millis();
        let number = registered.millis().div_euclid(length);
        let end = Timestamp::from_millis((number + 1) * length);
        let mut chance = patient.chance(Purpose::MessBunch, number * 2 + plan.pace as i64);
        let late = chance.happens(plan.shares.late);
        let late_until = end + plan.pace.part(chance.between(0.1, 2.5));
        let again = chance.happens(plan.shares.duplicates);
        let again_at = end + plan.pace.part(chance.between(2.6, 4.0));
        Self { late_until: late.then_some(late_until), again_at: again.then_some(again_at) }
    }
}

struct Sender<'a> {
    plan: &'a Plan,
    patient: &'a Patient,
    via: Route,
    bunch: Bunch,
    chance: Chance,
    sent: Vec<Sending>,
}

impl Sender<'_> {
    fn send(mut self, truth: Reading) -> Vec<Sending> {
        let shares = &self.plan.shares;
        let delay = Span::from_millis(self.chance.whole(300, 4_000));
        let mut at = Timestamp::from_millis(truth.update_time) + delay;
        let mut reason = Reason::Plain;
        if let Some(late) = self.bunch.late_until {
            at = at.max(late) + delay;
            reason = Reason::Late;
        }
        let drawn = self.chance.share();
        let mut first = truth.clone();
        if drawn < shares.wrong_numbers {
            reason = Reason::WrongNumber;
            slips::wrong_number(&mut first.measurement, &mut self.chance);
        } else if drawn < shares.wrong_numbers + shares.wrong_clocks {
            reason = Reason::WrongClock;
            let received = match self.plan.reception {
                Reception::WhenDue => at,
                Reception::At(time) => time,
            };
            slips::wrong_clock(&mut first, received, &mut self.chance);
        }
        if reason == Reason::WrongNumber && self.chance.happens(0.5) {
            let right = Reading { data_input: DataInput::Modified, ..truth };
            self.later(right, at, Reason::Correction);
        }
        self.push(at, self.via, first.clone(), reason);
        if let Some(again) = self.bunch.again_at {
            self.push(again.max(at) + delay, self.via, first.clone(), Reason::Resent);
        }
        self.garbage(at);
        // A number that cannot be true has been put right above, or never is.
        if reason != Reason::WrongNumber {
            self.change(first, at);
        }
        self.sent
    }

    /// What becomes of a reading after it was sent.
    fn change(&mut self, first: Reading, at: Timestamp) {
        let shares = &self.plan.shares;
        let draw = self.chance.share();
        if draw < shares.corrections {
            let (corrected, at) = self.corrected(first, at);
            if self.chance.happens(0.2) {
                self.corrected(corrected, at);
            }
        } else if draw < shares.corrections + shares.entered_in_error {
            let entered_in_error = Reading { status: ReadingStatus::EnteredInError, ..first };
            self.later(entered_in_error, at, Reason::EnteredInError);
        } else if draw < shares.corrections + shares.entered_in_error + shares.conflicts {
            let mut other = first;
            slips::another_value(&mut other.measurement, &mut self.chance);
            let at = at + Span::from_millis(self.chance.whole(200, 60_000));
            self.push(at, self.via, other, Reason::Conflict);
        }
    }

    fn garbage(&mut self, at: Timestamp) {
        if self.chance.happens(self.plan.shares.garbage) {
            let length = self.chance.whole(0, 120) as usize;
            let mut bytes = self.chance.bytes(length);
            // Never the beginning of a record by chance.
            bytes.insert(0, b'{');
            let payload = Payload::Bytes { key: self.patient.id.to_string(), bytes };
            self.push_payload(at, Route::Kafka, payload, Reason::Garbage);
        }
    }

    fn corrected(&mut self, mut reading: Reading, at: Timestamp) -> (Reading, Timestamp) {
        slips::another_value(&mut reading.measurement, &mut self.chance);
        reading.data_input = DataInput::Modified;
        self.later(reading, at, Reason::Correction)
    }

    /// Sends a further version of a reading: registered after the last one was sent.
    fn later(
        &mut self,
        mut reading: Reading,
        after: Timestamp,
        reason: Reason,
    ) -> (Reading, Timestamp) {
        let wait = self.plan.pace.part(self.chance.between(0.05, 1.2));
        let registered = after + wait;
        reading.update_time = registered.millis();
        let at = registered + Span::from_millis(self.chance.whole(300, 4_000));
        self.push(at, self.via, reading.clone(), reason);
        (reading, at)
    }

    fn push(&mut self, at: Timestamp, via: Route, reading: Reading, reason: Reason) {
        self.push_payload(at, via, Payload::Reading(Box::new(reading)), reason);
    }

    fn push_payload(&mut self, at: Timestamp, via: Route, payload: Payload, reason: Reason) {
        self.sent.push(Sending { at, patient_index: self.patient.index, via, payload, reason });
    }
}
