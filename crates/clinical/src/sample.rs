//! What is remembered of a reading, and what the rules see of it.

use crate::measurement::Kind;
use crate::reading::{Reading, SourceDigest};
use crate::time::{Span, Timestamp};
use crate::version::Version;

/// What a rule needs of a measurement: three 16-bit numbers whose meaning depends on the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample(pub(crate) [u16; 3]);

const IRREGULAR: u16 = 1 << 15;

impl Sample {
    pub(crate) fn blood_pressure(
        systolic: u16,
        diastolic: u16,
        pulse_rate: Option<u16>,
        irregular: bool,
    ) -> Self {
        let pulse = pulse_rate.unwrap_or(0) | if irregular { IRREGULAR } else { 0 };
        Self([systolic, diastolic, pulse])
    }

    /// Systolic pressure of a blood pressure sample, mmHg.
    pub const fn systolic(self) -> u16 {
        self.0[0]
    }

    /// Diastolic pressure of a blood pressure sample, mmHg.
    pub const fn diastolic(self) -> u16 {
        self.0[1]
    }
}

/// How long after its observation a reading was received, in the steps that rules distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Delay(pub(crate) u8);

impl Delay {
    const STEPS: [Span; 7] = [
        Span::from_minutes(15),
        Span::from_hours(1),
        Span::from_hours(3),
        Span::from_hours(6),
        Span::from_hours(12),
        Span::from_hours(24),
        Span::from_hours(72),
    ];

    /// The delay between observation and receipt.
    pub fn between(observed: Timestamp, received: Timestamp) -> Self {
        let delay = received - observed;
        Self(Self::STEPS.iter().filter(|step| delay > **step).count() as u8)
    }

    /// Whether the delay is longer than a rule's patience (rounded down to a step).
    pub fn exceeds(self, patience: Span) -> bool {
        let allowed = Self::STEPS.iter().filter(|step| **step <= patience).count() as u8;
        self.0 >= allowed
    }
}

/// A reading as the rules see it: one that stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// When it was observed.
    pub time: Timestamp,
    /// What measured it.
    pub source: SourceDigest,
    /// Its values.
    pub sample: Sample,
    /// How late it came.
    pub delay: Delay,
}

impl Standing {
    /// Whether both are of the same reading of a patient.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (self.time, self.source) == (other.time, other.source)
    }
}

/// A reading as far as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// Its kind.
    pub kind: Kind,
    /// When it was observed, in whole seconds.
    pub observation_time: Timestamp,
    /// What measured it.
    pub source: SourceDigest,
    /// Its version.
    pub version: Version,
    /// Whether this version says that the reading is none.
    pub withdrawn: bool,
    /// Its values.
    pub sample: Sample,
}

impl From<&Reading> for Trace {
    fn from(reading: &Reading) -> Self {
        Self {
            kind: reading.kind(),
            observation_time: reading.observation_time,
            source: reading.source.digest(),
            version: reading.version,
            withdrawn: reading.withdrawn,
            sample: reading.measurement.sample(),
        }
    }
}
