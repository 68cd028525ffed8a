//! What is remembered of a measurement.

use crate::kinds::{Field, Kind};

/// What rules may look at of a measurement, in six bytes. Which bits are which field depends on the
/// kind, and is declared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample(pub(crate) [u16; 3]);

/// A field that rules may look at: which bits of a sample of its kind hold it, and in which steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    pub(crate) kind: Kind,
    pub(crate) number: u8,
    pub(crate) bit: u8,
    pub(crate) bits: u8,
    pub(crate) scale: u16,
    /// Absence is 0, and every value is kept as one more than it is.
    pub(crate) optional: bool,
}

impl Watched {
    /// The kind of its samples.
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// What is declared of the field.
    pub const fn field(self) -> &'static Field {
        &self.kind.fields()[self.number as usize - 1]
    }

    const fn mask(self) -> u64 {
        (1 << self.bits) - 1
    }
}

impl Sample {
    /// The value of a field, in the field's unit; 1 and 0 of a flag, the place among its codes of a
    /// code. None when it was not measured. The sample must be of the field's kind.
    pub fn value(self, watched: Watched) -> Option<f64> {
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

    /// The sample of a kind that holds the values of its watched fields, asked for by name.
    pub fn of(kind: Kind, value: impl Fn(&str) -> Option<f64>) -> Self {
        watched(kind).fold(Self::default(), |sample, (field, watched)| match value(field.name) {
            Some(value) => sample.with(watched, value),
            None => sample,
        })
    }

    /// The values of the watched fields of its kind, by name; those that were measured.
    pub fn values(self, kind: Kind) -> impl Iterator<Item = (&'static str, f64)> {
        let value = move |(field, watched): (&'static Field, Watched)| {
            Some((field.name, self.value(watched)?))
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
                    let value = sample.value(field.watched.unwrap());
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
