//! Glucose as it must be stored, worked out from what was sent and not by the platform's code; the
//! numbers are those of the kind's declaration.

use clinical::Kind;
use clinical::kinds::{Readout, ReadoutDevice};
use schemas::reading::{BloodGlucose, Comparator, GlucoseMethod, GlucoseUnit};

/// What was sent of glucose.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub number: f64,
    /// Of a number that is a limit, on which side the value is.
    pub comparator: Option<Comparator>,
    pub method: GlucoseMethod,
    pub is_in_millimoles: bool,
}

/// What its table holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stored {
    /// mg/dL; beyond what the device can say its limit.
    pub value: f64,
    /// The number that was sent, where it is another; 0 otherwise.
    pub sent: f64,
    /// On which side of the value the glucose is.
    pub comparator: Option<Comparator>,
}

fn readout() -> &'static Readout {
    Kind::BloodGlucose.fields()[0].readout.expect("glucose has a readout")
}

impl From<&BloodGlucose> for Sent {
    fn from(glucose: &BloodGlucose) -> Self {
        Self {
            number: glucose.glucose_value,
            comparator: glucose.glucose_comparator,
            method: glucose.glucose_method,
            is_in_millimoles: glucose.glucose_unit == Some(GlucoseUnit::MmolL),
        }
    }
}

impl Sent {
    /// A word of a device, LO or HI: the device's limit, as it writes a number of its unit.
    pub fn word(word: &str, method: GlucoseMethod, is_in_millimoles: bool) -> Self {
        let mut sent = Self { number: 0.0, comparator: None, method, is_in_millimoles };
        let device = sent.device().expect("a laboratory has no such word");
        let (limit, side) = match word {
            "LO" => (device.low, Comparator::Below),
            "HI" => (device.high, Comparator::Above),
            other => panic!("{other} is no word of a device"),
        };
        let factor = sent.factor();
        sent.number = if factor == 1.0 { limit } else { (limit / factor * 10.0).round() / 10.0 };
        sent.comparator = Some(side);
        sent
    }

    fn device(&self) -> Option<&'static ReadoutDevice> {
        readout().devices[self.method as usize].as_ref()
    }

    /// mg/dL in one of the unit that was sent.
    fn factor(&self) -> f64 {
        readout().units[usize::from(self.is_in_millimoles)].1
    }

    /// As it must be stored. A sensor's 39 and 401 say that the value is below 40 and above 400.
    pub fn stored(&self) -> Stored {
        let value = self.number * self.factor();
        let sensor = self.device().filter(|_| self.method == GlucoseMethod::ContinuousSensor);
        let (value, comparator) = match (self.comparator, sensor) {
            (None, Some(sensor)) => match sensor.flags {
                Some((low, _)) if value == low => (sensor.low, Some(Comparator::Below)),
                Some((_, high)) if value == high => (sensor.high, Some(Comparator::Above)),
                _ => (value, None),
            },
            // A limit in tenths of mmol/L is the one in mg/dL.
            (Some(Comparator::Below), Some(sensor)) => (sensor.low, self.comparator),
            (Some(Comparator::Above), Some(sensor)) => (value.max(sensor.high), self.comparator),
            (comparator, None) => (value, comparator),
        };
        Stored { value, sent: if value == self.number { 0.0 } else { self.number }, comparator }
    }
}
