//! What is remembered of a measurement.

use crate::kinds::{Field, Kind, Watched};
use crate::measured::{Measured, Side};
use crate::reliability::ProductDigest;

/// What rules may look at of a measurement, in six bytes. Which bits are which field depends on the
/// kind, and is declared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample(pub(crate) [u16; 3]);

impl Sample {
    /// The value of a field for comparing it with a limit, in the field's unit; 1 and 0 of a flag,
    /// the place among its codes of a code. None when it was not measured. The sample must be of the
    /// field's kind.
    ///
    /// A value below what its device can say is 0, below every limit; one above is more than every
    /// plausible value. Neither is a number to calculate with or to show: a mean takes
    /// [`exact`](Self::exact), and [`measured`](Self::measured) says which limit it was.
    pub fn value(self, watched: Watched) -> Option<f64> {
        let number = self.number(watched)?;
        Some(match self.side(watched) {
            None => number,
            Some(Side::Below) => 0.0,
            Some(Side::Above) => watched.greatest(),
        })
    }

    /// The value of a field for calculating with it; none also when the device could only say that
    /// it is below or above a limit.
    pub fn exact(self, watched: Watched) -> Option<f64> {
        self.number(watched).filter(|_| self.side(watched).is_none())
    }

    /// What was measured of a field: its value, or that it is below or above a limit of the device.
    pub fn measured(self, watched: Watched) -> Option<Measured> {
        Some(Measured::of(self.side(watched), self.number(watched)?))
    }

    /// The sample with what was measured of a field; of a field that cannot say a side, the limit is
    /// its value.
    #[must_use]
    pub fn with_measured(self, watched: Watched, measured: Measured) -> Self {
        let sample = self.with(watched, measured.number());
        let Some(bit) = watched.comparator else { return sample };
        let side = measured.side().map_or(0, |side| side as u64 + 1);
        Self::from_bits(sample.bits() & !(0b11 << bit) | side << bit)
    }

    /// The side of its number on which the value is.
    fn side(self, watched: Watched) -> Option<Side> {
        match (self.bits() >> watched.comparator?) & 0b11 {
            0 => None,
            1 => Some(Side::Below),
            _ => Some(Side::Above),
        }
    }

    /// The number of a field, which may be a limit.
    fn number(self, watched: Watched) -> Option<f64> {
        let steps = (self.bits() >> watched.bit) & watched.mask();
        let steps = steps.checked_sub(u64::from(watched.optional))?;
        Some(steps as f64 / f64::from(watched.scale))
    }

    /// The sample with a value for a field. A value beyond what the field's bits hold is kept as the
    /// nearest that they do; plausible ones are not.
    #[must_use]
    pub fn with(self, watched: Watched, value: f64) -> Self {
        // Values are not negative: adding a half rounds, without a call of the library.
        let steps = (value * f64::from(watched.scale) + 0.5) as u64;
        let steps = steps.saturating_add(u64::from(watched.optional)).min(watched.mask());
        let others = self.bits() & !(watched.mask() << watched.bit);
        Self::from_bits(others | steps << watched.bit)
    }

    /// The sample of a kind with the product that measured it, where rules judge the kind by that: in the
    /// bits that its fields leave.
    #[must_use]
    pub fn of_product(self, kind: Kind, product: impl FnOnce() -> Option<ProductDigest>) -> Self {
        if !kind.has_products() {
            return self;
        }
        let [low, middle, _] = self.0;
        Self([low, middle, product().map_or(0, ProductDigest::bits)])
    }

    /// The product that measured it. The sample must be of a kind whose rules ask for that.
    pub(crate) fn product(self) -> Option<ProductDigest> {
        ProductDigest::from_bits(self.0[2])
    }

    /// The sample of a kind that holds the values of its watched fields, asked for by name.
    pub fn of(kind: Kind, value: impl Fn(&str) -> Option<f64>) -> Self {
        watched(kind).fold(Self::default(), |sample, (field, watched)| match value(field.name) {
            Some(value) => sample.with(watched, value),
            None => sample,
        })
    }

    /// The numbers of the watched fields of its kind, by name; those that were measured. Where the
    /// value is beyond a limit of the device, the number is that limit, and the comparator is there.
    pub fn values(self, kind: Kind) -> impl Iterator<Item = (&'static str, f64)> {
        let value = move |(field, watched): (&'static Field, Watched)| {
            Some((field.name, self.number(watched)?))
        };
        watched(kind).filter_map(value)
    }

    const fn bits(self) -> u64 {
        let [low, middle, high] = self.0;
        low as u64 | (middle as u64) << 16 | (high as u64) << 32
    }

    const fn from_bits(bits: u64) -> Self {
        Self([bits as u16, (bits >> 16) as u16, (bits >> 32) as u16])
    }
}

fn watched(kind: Kind) -> impl Iterator<Item = (&'static Field, Watched)> {
    kind.fields().iter().filter_map(|field| Some((field, field.watched?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{Quantity, ValueType};

    fn ends(field: &Field) -> Vec<f64> {
        match &field.value_type {
            ValueType::Integer(Quantity { low, high, .. })
            | ValueType::Decimal(Quantity { low, high, .. }) => vec![*low, *high],
            ValueType::Code(codes) => vec![0.0, codes.len() as f64 - 1.0],
            _ => vec![0.0, 1.0],
        }
    }

    #[test]
    fn every_watched_field_keeps_its_plausible_values_beside_all_others() {
        for kind in Kind::ALL {
            let watched: Vec<&Field> =
                kind.fields().iter().filter(|field| field.watched.is_some()).collect();
            for end in 0..2 {
                let sample = watched.iter().fold(Sample::default(), |sample, field| {
                    sample.with(field.watched.unwrap(), ends(field)[end])
                });
                for field in &watched {
                    let value = sample.number(field.watched.unwrap());
                    assert_eq!(value, Some(ends(field)[end]), "{kind} {}", field.name);
                    assert_eq!(field.watched.unwrap().field().number, field.number);
                }
            }
        }
    }

    #[test]
    fn a_sample_is_made_again_of_its_values() {
        for kind in Kind::ALL {
            for end in 0..2 {
                let ends = |name: &str| {
                    let field = kind.fields().iter().find(|field| field.name == name).unwrap();
                    Some(ends(field)[end])
                };
                let sample = Sample::of(kind, ends);
                let values: std::collections::BTreeMap<_, _> = sample.values(kind).collect();
                assert_eq!(Sample::of(kind, |name| values.get(name).copied()), sample, "{kind}");
            }
            assert_eq!(Sample::of(kind, |_| None), Sample::default());
        }
    }

    #[test]
    fn a_kind_whose_rules_ask_for_products_leaves_their_bits_free() {
        let product = ProductDigest::of("KAWASEMI", "W-1");
        let asking = Kind::ALL.into_iter().filter(|kind| kind.has_products());
        for kind in asking {
            for (field, watched) in watched(kind) {
                assert!(watched.bit + watched.bits <= 32, "{kind} {}", field.name);
                let least_and_greatest = ends(field);
                for value in least_and_greatest {
                    let sample =
                        Sample::default().with(watched, value).of_product(kind, || product);
                    assert_eq!(sample.product(), product);
                    assert_eq!(sample.number(watched), Some(value), "{kind} {}", field.name);
                }
            }
        }
        let pressure = Sample::default().of_product(Kind::BloodPressure, || product);
        assert_eq!(pressure, Sample::default(), "nobody asks");
    }

    #[test]
    fn below_is_below_every_limit_and_above_is_above_and_neither_is_in_a_mean() {
        use crate::kinds::blood_glucose::GLUCOSE_VALUE;
        let of = |measured| Sample::default().with_measured(GLUCOSE_VALUE, measured);
        let below = of(Measured::Below(40.0));
        assert_eq!(below.value(GLUCOSE_VALUE), Some(0.0));
        assert_eq!(below.exact(GLUCOSE_VALUE), None);
        assert_eq!(below.measured(GLUCOSE_VALUE), Some(Measured::Below(40.0)));
        let above = of(Measured::Above(400.0));
        assert!(above.value(GLUCOSE_VALUE).unwrap() > 2000.0);
        assert_eq!(above.exact(GLUCOSE_VALUE), None);
        assert_eq!(above.measured(GLUCOSE_VALUE), Some(Measured::Above(400.0)));
        let value = above.with_measured(GLUCOSE_VALUE, Measured::Exactly(104.0));
        assert_eq!(value, Sample::default().with(GLUCOSE_VALUE, 104.0));
        assert_eq!(value.exact(GLUCOSE_VALUE), Some(104.0));
        let evidence: Vec<_> = below.values(Kind::BloodGlucose).collect();
        assert!(evidence.contains(&("glucose_value", 40.0)));
        assert!(evidence.contains(&("glucose_comparator", 0.0)));
    }

    #[test]
    fn what_was_not_measured_is_no_value() {
        use crate::kinds::blood_pressure::{IRREGULAR_PULSE, PULSE_RATE, SYSTOLIC};
        let sample = Sample::default().with(SYSTOLIC, 182.0);
        assert_eq!(sample.value(SYSTOLIC), Some(182.0));
        assert_eq!(sample.value(PULSE_RATE), None);
        assert_eq!(sample.value(IRREGULAR_PULSE), None);
        assert_eq!(sample.with(IRREGULAR_PULSE, 0.0).value(IRREGULAR_PULSE), Some(0.0));
        assert_eq!(sample.with(PULSE_RATE, 1e9).value(SYSTOLIC), Some(182.0));
    }
}
