//! The bands of sensor glucose: of the consensus on continuous monitoring (time in ranges), with one
//! definition for rules and summaries.
//!
//! The bands divide all values: each is in exactly one. Values are judged as they are kept, in tenths
//! of a mg/dL, and nothing is rounded before: 69.6 is below 70, and 180.4 is above 180.

use std::ops::AddAssign;

use crate::measured::Measured;
use crate::time::Span;

/// A band, the lowest least. The consensus names bands by whole numbers; the limits are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Below 54 mg/dL: level 2.
    VeryLow,
    /// '54–69': 54 and more, below 70 mg/dL: level 1.
    Low,
    /// '70–180': from 70 to 180 mg/dL, with both.
    InRange,
    /// '181–250': above 180, up to 250 mg/dL.
    High,
    /// Above 250 mg/dL.
    VeryHigh,
}

impl Band {
    /// All of them, the lowest first.
    pub const ALL: [Self; 5] =
        [Self::VeryLow, Self::Low, Self::InRange, Self::High, Self::VeryHigh];
}

/// The limits between the bands, mg/dL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandLimits {
    very_low: f64,
    low: f64,
    high: f64,
    very_high: f64,
}

impl BandLimits {
    /// 54, 70, 180 and 250: those of the consensus for type 1 and type 2.
    pub const STANDARD: Self = Self { very_low: 54.0, low: 70.0, high: 180.0, very_high: 250.0 };

    /// 63 to 140 in range, as for type 1 in pregnancy. The consensus names no higher band there: that
    /// above 250 stays, and is ours.
    pub const PREGNANCY: Self = Self::STANDARD.with_range(63.0, 140.0);

    /// The tight range: 70 to 140.
    pub const TIGHT: Self = Self::STANDARD.with_range(70.0, 140.0);

    /// The limits with another range, both ends in it. It keeps its place between the outer limits: a
    /// low end below 54 is 54, a high one above 250 is 250.
    #[must_use]
    pub const fn with_range(self, low: f64, high: f64) -> Self {
        let low = low.max(self.very_low);
        Self { low, high: high.max(low).min(self.very_high), ..self }
    }

    /// Values below this are very low, mg/dL.
    pub const fn very_low(&self) -> f64 {
        self.very_low
    }

    /// The least value in range, mg/dL.
    pub const fn low(&self) -> f64 {
        self.low
    }

    /// The greatest value in range, mg/dL.
    pub const fn high(&self) -> f64 {
        self.high
    }

    /// Values above this are very high, mg/dL.
    pub const fn very_high(&self) -> f64 {
        self.very_high
    }

    /// The band of what was measured. A value below what its device can say is very low, one above is
    /// very high: devices say so below 40 and above 400 mg/dL, beyond every limit of a band.
    pub fn band(&self, measured: Measured) -> Band {
        match measured {
            Measured::Below(_) => Band::VeryLow,
            Measured::Above(_) => Band::VeryHigh,
            Measured::Exactly(value) if value < self.very_low => Band::VeryLow,
            Measured::Exactly(value) if value < self.low => Band::Low,
            Measured::Exactly(value) if value <= self.high => Band::InRange,
            Measured::Exactly(value) if value <= self.very_high => Band::High,
            Measured::Exactly(_) => Band::VeryHigh,
        }
    }
}

impl Default for BandLimits {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// How much is in each band: a number of values, or of seconds. Named bands are apart ([`Self::of`]);
/// the other numbers are cumulative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InBands([u64; 5]);

impl InBands {
    /// Counts so much more in a band.
    pub fn add(&mut self, band: Band, amount: u64) {
        self.0[band as usize] += amount;
    }

    /// For how many seconds values stand in each band; each comes with the time that it stands for.
    pub fn of_times(
        values: impl IntoIterator<Item = (Measured, Span)>,
        limits: BandLimits,
    ) -> Self {
        let mut seconds = Self::default();
        for (measured, stands_for) in values {
            let amount = u64::try_from(stands_for.millis() / 1000).unwrap_or(0);
            seconds.add(limits.band(measured), amount);
        }
        seconds
    }

    /// What is in one band.
    pub fn of(&self, band: Band) -> u64 {
        self.0[band as usize]
    }

    /// What is below 54 mg/dL.
    pub fn very_low(&self) -> u64 {
        self.of(Band::VeryLow)
    }

    /// What is below 70 mg/dL, with what is below 54.
    pub fn below_range(&self) -> u64 {
        self.of(Band::VeryLow) + self.of(Band::Low)
    }

    /// What is from 70 to 180 mg/dL.
    pub fn in_range(&self) -> u64 {
        self.of(Band::InRange)
    }

    /// What is above 180 mg/dL, with what is above 250.
    pub fn above_range(&self) -> u64 {
        self.of(Band::High) + self.of(Band::VeryHigh)
    }

    /// What is above 250 mg/dL.
    pub fn very_high(&self) -> u64 {
        self.of(Band::VeryHigh)
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What a part of it is of all, in percent; none where there is nothing.
    pub fn percent(&self, part: u64) -> Option<f64> {
        let total = self.total();
        (total > 0).then(|| part as f64 * 100.0 / total as f64)
    }
}

impl AddAssign for InBands {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(amount, more)| *amount += more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standard(value: f64) -> Band {
        BandLimits::STANDARD.band(Measured::Exactly(value))
    }

    #[test]
    fn seventy_and_180_are_in_range_and_a_tenth_beyond_is_not() {
        for (value, band) in [
            (10.0, Band::VeryLow),
            (53.9, Band::VeryLow),
            (54.0, Band::Low),
            (69.6, Band::Low),
            (69.9, Band::Low),
            (70.0, Band::InRange),
            (180.0, Band::InRange),
            (180.1, Band::High),
            (180.4, Band::High),
            (250.0, Band::High),
            (250.1, Band::VeryHigh),
            (2000.0, Band::VeryHigh),
        ] {
            assert_eq!(standard(value), band, "{value}");
        }
    }

    #[test]
    fn what_a_sensor_cannot_say_is_on_its_side_of_all_limits() {
        assert_eq!(BandLimits::STANDARD.band(Measured::Below(40.0)), Band::VeryLow);
        assert_eq!(BandLimits::STANDARD.band(Measured::Above(400.0)), Band::VeryHigh);
    }

    #[test]
    fn in_pregnancy_63_to_140_are_in_range_and_70_to_140_of_the_tight_range() {
        let band = |limits: BandLimits, value| limits.band(Measured::Exactly(value));
        assert_eq!(band(BandLimits::PREGNANCY, 62.9), Band::Low);
        assert_eq!(band(BandLimits::PREGNANCY, 63.0), Band::InRange);
        assert_eq!(band(BandLimits::PREGNANCY, 140.0), Band::InRange);
        assert_eq!(band(BandLimits::PREGNANCY, 140.1), Band::High);
        assert_eq!(band(BandLimits::TIGHT, 69.9), Band::Low);
        assert_eq!(band(BandLimits::TIGHT, 140.0), Band::InRange);
    }

    #[test]
    fn no_range_goes_beyond_the_outer_limits() {
        let limits = BandLimits::STANDARD.with_range(40.0, 300.0);
        assert_eq!((limits.low(), limits.high()), (54.0, 250.0));
        let turned = BandLimits::STANDARD.with_range(150.0, 100.0);
        assert_eq!((turned.low(), turned.high()), (150.0, 150.0));
    }

    #[test]
    fn what_is_below_range_holds_what_is_very_low_and_named_bands_do_not() {
        let mut in_bands = InBands::default();
        for (band, amount) in Band::ALL.into_iter().zip([1, 3, 80, 10, 6]) {
            in_bands.add(band, amount);
        }
        assert_eq!(
            (in_bands.very_low(), in_bands.of(Band::Low), in_bands.below_range()),
            (1, 3, 4)
        );
        assert_eq!((in_bands.of(Band::High), in_bands.above_range()), (10, 16));
        assert_eq!(in_bands.percent(in_bands.in_range()), Some(80.0));
        assert_eq!(InBands::default().percent(0), None);
        let mut twice = in_bands;
        twice += in_bands;
        assert_eq!((twice.total(), twice.below_range()), (200, 8));
    }
}
