//! What the tests of the rules about glucose send, and who sees what of it.

use std::ops::{Deref, DerefMut};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::glucose::SENSOR;
use crate::home::{Home, Made, Sending};
use crate::kinds::ValueType;
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::measured::Measured;
use crate::plan::Plan;
use crate::sample::Sample;
use crate::{Kind, Outcome, Reading, Source};

pub(super) const DAY: i64 = 24 * 60;

/// The value of a device that says LO.
pub(super) const LO: u16 = 0;

/// The value of a device that says HI.
pub(super) const HI: u16 = u16::MAX;

/// A value as it is sent, mg/dL, [`LO`] or [`HI`]; device 0 is a meter, the others are sensors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sent {
    pub(super) minutes: i64,
    pub(super) value: u16,
    pub(super) device: u8,
    pub(super) update: i64,
    pub(super) entered_in_error: bool,
}

pub(super) fn sensor(minutes: i64, value: u16) -> Sent {
    Sent { minutes, value, device: 1, update: 0, entered_in_error: false }
}

pub(super) fn finger(minutes: i64, value: u16) -> Sent {
    Sent { device: 0, ..sensor(minutes, value) }
}

impl Sent {
    pub(super) fn corrected_to(self, value: u16) -> Self {
        Self { value, update: self.update + 1, ..self }
    }

    pub(super) fn entered_in_error(self) -> Self {
        Self { entered_in_error: true, update: self.update + 1, ..self }
    }

    fn measured(&self) -> Measured {
        match (self.value, self.device) {
            (LO, 0) => Measured::Below(20.0),
            (LO, _) => Measured::Below(40.0),
            (HI, 0) => Measured::Above(600.0),
            (HI, _) => Measured::Above(400.0),
            (value, _) => Measured::Exactly(value.into()),
        }
    }
}

impl Sending for Sent {
    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let method = if self.device == 0 { 0.0 } else { SENSOR };
        let sample = Sample::default().with_measured(GLUCOSE_VALUE, self.measured());
        Made {
            kind: Kind::BloodGlucose,
            source: Source::device("DEXCOM", &self.device.to_string()).unwrap(),
            sample: sample.with(GLUCOSE_METHOD, method),
            minutes: self.minutes,
            update: self.update,
            content: self.value.into(),
            entered_in_error: self.entered_in_error,
        }
        .reading()
    }
}

/// A finger-stick as one of several ways brings it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Over {
    pub(super) way: u8,
    pub(super) sent: Sent,
}

impl Sending for Over {
    fn minutes(&self) -> i64 {
        self.sent.minutes
    }

    fn reading(&self) -> Reading {
        let source = Source::device("ROCHE", &self.way.to_string()).unwrap();
        Reading { source, ..self.sent.reading() }
    }
}

/// A patient of whom only one rule's alerts are looked at.
pub(super) struct Watched {
    pub(super) home: Home,
    rule: &'static str,
}

impl Watched {
    pub(super) fn by(rule: &'static str, plan: Plan) -> Self {
        Self { home: Home { plan, ..Home::default() }, rule }
    }

    pub(super) fn after<S: Sending>(self, sent: impl IntoIterator<Item = S>) -> Self {
        let mut patient = self;
        for sent in sent {
            patient.receives(sent);
        }
        patient
    }

    pub(super) fn receives(&mut self, sent: impl Sending) -> Outcome {
        let outcome = self.home.receives(sent);
        self.look();
        outcome
    }

    pub(super) fn receives_at(&mut self, minutes: i64, sent: impl Sending) -> Outcome {
        let outcome = self.home.receives_at(minutes, sent);
        self.look();
        outcome
    }

    pub(super) fn receives_all<S: Sending + Clone>(&mut self, history: &[(i64, S)]) {
        self.home.receives_all(history);
        self.look();
    }

    pub(super) fn waits_until(&mut self, minutes: i64) {
        self.home.waits_until(minutes);
        self.look();
    }

    pub(super) fn restarted<S: Sending>(&self, sent: &[(i64, S)], minutes: i64) -> Self {
        Self { home: self.home.restarted(sent, minutes), rule: self.rule }
    }

    fn look(&mut self) {
        self.home.reported.retain(|alert| alert.rule.as_str() == self.rule);
    }
}

impl Deref for Watched {
    type Target = Home;
    fn deref(&self) -> &Home {
        &self.home
    }
}

impl DerefMut for Watched {
    fn deref_mut(&mut self) -> &mut Home {
        &mut self.home
    }
}

/// Hours of sensors in stretches of one value, with silences, finger-sticks and corrections; each
/// stretch with the minutes until it is received. In time's order.
pub(super) fn courses(
    values: &'static [u16],
    longest: usize,
) -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let change = prop_oneof![
        8 => Just(None),
        1 => select(values).prop_map(Some).prop_map(Some),
        1 => Just(Some(None)),
    ];
    let silence = prop_oneof![6 => Just(0_i64), 2 => 10..50_i64, 1 => 60..1_500_i64];
    let device = prop_oneof![2 => Just(0_u8), 7 => Just(1), 1 => Just(2)];
    let delay = prop_oneof![8 => 0..3_i64, 2 => 0..90_i64, 1 => 0..2_000_i64];
    let stretch = (select(values), 1..longest, device, silence, change, delay);
    vec(stretch, 1..9).prop_map(|stretches| {
        let (mut all, mut minutes) = (Vec::new(), 0);
        for (value, length, device, silence, change, delay) in stretches {
            minutes += silence;
            // A finger-stick is measured once, or again some hours later.
            let (length, step) = if device == 0 { (length.min(2), 70) } else { (length, 5) };
            for place in 0..length {
                minutes += step;
                let first = Sent { device, ..sensor(minutes, value) };
                all.push((delay, first));
                match change.filter(|_| place == length / 2) {
                    None => {}
                    Some(Some(value)) => all.push((delay.max(1), first.corrected_to(value))),
                    Some(None) => all.push((delay.max(1), first.entered_in_error())),
                }
            }
        }
        all
    })
}

/// What was sent, in the order of its receipt.
pub(super) fn by_receipt(sent: &[(i64, Sent)]) -> Vec<(i64, Sent)> {
    let mut all: Vec<_> =
        sent.iter().map(|(delay, sent)| (sent.minutes + delay.max(&sent.update), *sent)).collect();
    all.sort_by_key(|(received, _)| *received);
    all
}

/// Neither time alone nor a process that starts says anything new while what was sent leaves memory,
/// `minutes` after the first of it has.
pub(super) fn nothing_new_is_said_when_readings_leave(
    plan: Plan,
    sent: &[(i64, Sent)],
    minutes: i64,
) -> Result<(), TestCaseError> {
    let history = by_receipt(sent);
    let mut home = Home { plan, ..Home::default() };
    home.receives_all(&history);
    let last = history.last().map_or(0, |(received, _)| *received);
    let now = (40 * DAY + minutes).max(last + 1);
    home.waits_until(now);
    let mut restarted = home.restarted(&history, now);
    for (home, who) in [(&mut home, "who was there"), (&mut restarted, "who starts")] {
        let said = home.missed_at(now);
        prop_assert!(said.is_empty(), "{who}: {said:?}");
    }
    Ok(())
}

#[test]
fn the_code_of_a_sensor_is_the_one_that_is_declared() {
    let ValueType::Code(codes) = GLUCOSE_METHOD.field().value_type else { panic!("not a code") };
    assert_eq!(codes[SENSOR as usize].symbol, "continuous_sensor");
}
