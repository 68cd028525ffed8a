//! The rule, shown by what happens to a patient. Here is what is sent.

mod alerts;
mod batches;
mod histories;

use super::SENSOR;
use crate::home::{Made, Sending};
use crate::kinds::ValueType;
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::measured::Measured;
use crate::sample::Sample;
use crate::{Kind, Reading, Source};

const DAY: i64 = 24 * 60;

/// The value of a device that says LO.
const LO: u16 = 0;

/// A value as it is sent, mg/dL or [`LO`]; device 0 is a meter, the others are sensors.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sent {
    minutes: i64,
    value: u16,
    device: u8,
    update: i64,
    entered_in_error: bool,
}

fn sensor(minutes: i64, value: u16) -> Sent {
    Sent { minutes, value, device: 1, update: 0, entered_in_error: false }
}

fn finger(minutes: i64, value: u16) -> Sent {
    Sent { device: 0, ..sensor(minutes, value) }
}

impl Sent {
    fn corrected_to(self, value: u16) -> Self {
        Self { value, update: self.update + 1, ..self }
    }

    fn entered_in_error(self) -> Self {
        Self { entered_in_error: true, update: self.update + 1, ..self }
    }

    fn measured(&self) -> Measured {
        match (self.value, self.device) {
            (LO, 0) => Measured::Below(20.0),
            (LO, _) => Measured::Below(40.0),
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

#[test]
fn the_code_of_a_sensor_is_the_one_that_is_declared() {
    let ValueType::Code(codes) = GLUCOSE_METHOD.field().value_type else { panic!("not a code") };
    assert_eq!(codes[SENSOR as usize].symbol, "continuous_sensor");
}
