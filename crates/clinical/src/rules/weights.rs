//! Weights, as scales show them.

use crate::fixed::Fixed;
use crate::kinds::weighing_scale;
use crate::remembered::CurrentReading;

/// Nobody's weight changes by more than this in a few weeks: another person stood on the scale. Ours.
pub(super) const OF_ANOTHER_PERSON: Weight = Weight(20_00);

/// What the scale showed.
pub(super) fn weight(reading: &CurrentReading) -> Weight {
    Weight::of(reading.sample.value(weighing_scale::BODY_WEIGHT).unwrap_or_default())
}

/// Weight in hundredths of a kilogram, the steps in which it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Weight(pub(super) i32);

impl Weight {
    pub(super) fn of(kilograms: f64) -> Self {
        Self((kilograms * 100.0).round() as i32)
    }

    pub(super) fn kilograms(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        Self(self.0 - earlier.0)
    }

    pub(super) fn magnitude(self) -> Self {
        Self(self.0.abs())
    }

    /// The weight before a gain.
    pub(super) fn less(self, gain: Self) -> Self {
        Self(self.0 - gain.0)
    }
}

/// What the rules that share these numbers say of them.
pub(super) const FIXED: &[Fixed] = &[Fixed::new(
    ["別の人の測定とみなす差（超）", "another person: further away than"],
    OF_ANOTHER_PERSON.0 as f64 / 100.0,
    "kg",
    "ours: nobody's weight changes by more in a few weeks",
)];
