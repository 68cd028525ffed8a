//! Measurements drawn at random.

use std::convert::Infallible;

use clinical::Kind;
use clinical::kinds::{Below, Quantity, Readout, ValueType};
use clinical::measured::{Sent, Side};
use schemas::fields::{Coded, Field, FieldSource, MOST_FIELDS};
use schemas::reading::Measurement;

/// A valid measurement of a kind, its values drawn from a source of numbers: for tests that are to
/// hold for every kind, in every form in which it may be sent.
pub fn drawn(kind: Kind, next: &mut impl FnMut() -> u64) -> Measurement {
    let below = kind.below();
    let mut drawing = Drawing { next, numbers: [f64::NAN; MOST_FIELDS], below, shown: None };
    drawing.shown = kind.fields().iter().find_map(|field| {
        let (readout, quantity) = (field.readout?, field.quantity()?);
        Some((readout, drawing.sent(readout, quantity)))
    });
    let Ok(measurement) = Measurement::build(kind, &mut drawing);
    measurement
}

struct Drawing<'n, N> {
    next: &'n mut N,
    /// The numbers drawn so far, by the fields' numbers.
    numbers: [f64; MOST_FIELDS],
    below: &'static [Below],
    /// What is sent of the field that devices show in several ways, where the kind has one.
    shown: Option<(&'static Readout, Sent)>,
}

impl<N: FnMut() -> u64> Drawing<'_, N> {
    /// What a device shows: a number of any unit, said or not, a number that stands for a word of
    /// the device, or a limit that the value is below or above.
    fn sent(&mut self, readout: &Readout, quantity: &Quantity) -> Sent {
        let device = self.index(readout.devices.len());
        let unit = self.index(readout.units.len() + 1).checked_sub(1);
        let factor = readout.units[unit.unwrap_or(0)].1;
        // Without its unit a fraction would be taken for one of another unit.
        let steps = if unit.is_some() { 10.0 } else { 1.0 };
        let rounded = |value: f64| (value / factor * steps).round();
        let plausible =
            ((quantity.low / factor * steps).ceil(), (quantity.high / factor * steps).floor());
        let shown = readout.devices[device].as_ref();
        let side = match (shown, self.index(4)) {
            (Some(_), 0) => Some(Side::Below),
            (Some(_), 1) => Some(Side::Above),
            _ => None,
        };
        let flags = shown.and_then(|shown| shown.flags).filter(|_| factor == 1.0);
        if let (Some((low, high)), None, 0) = (flags, side, self.index(8)) {
            let number = if self.index(2) == 0 { low } else { high };
            return Sent { number, unit, side, device };
        }
        let limits = shown.and_then(|shown| match side {
            // As often as not the limit is that of the device's word.
            Some(Side::Below) if self.index(2) == 0 => Some((shown.low, shown.low)),
            Some(Side::Above) if self.index(2) == 0 => Some((shown.high, shown.high)),
            Some(Side::Below) => Some(shown.below),
            Some(Side::Above) => Some(shown.above),
            None => shown.values,
        });
        let (low, high) = limits.map_or(plausible, |(low, high)| {
            (rounded(low).max(plausible.0), rounded(high).min(plausible.1))
        });
        let number = (low + self.index((high - low) as usize + 1) as f64) / steps;
        Sent { number, unit, side, device }
    }

    /// The place among its codes of a field that says how a value is shown; none within where it is
    /// absent, none at all of another field.
    fn said_of_shown(&self, field: &Field) -> Option<Option<usize>> {
        let (readout, sent) = self.shown?;
        match field.declared.number {
            number if number == readout.unit => Some(sent.unit),
            number if number == readout.comparator => Some(sent.side.map(|side| side as usize)),
            number if number == readout.device => Some(Some(sent.device)),
            _ => None,
        }
    }

    /// A number from 0 to below 1.
    fn share(&mut self) -> f64 {
        ((self.next)() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A plausible number of a field, with as many decimals as pages show.
    fn number(&mut self, field: &Field) -> f64 {
        let Some(quantity) = field.declared.quantity() else { return 0.0 };
        let steps = 10_f64.powi(quantity.decimals.into());
        let other = self.below.iter().find(|below| below.field == field.declared.number);
        let other = other.map(|below| self.numbers[usize::from(below.other) - 1] - 1.0 / steps);
        let high = other.unwrap_or(f64::INFINITY).min(quantity.high);
        let low = quantity.low;
        let drawn = low + self.share() * (high - low);
        let mut number = ((drawn * steps).round() / steps).clamp(low, high);
        if field.declared.none.contains(&number) {
            number += 1.0 / steps;
        }
        self.numbers[usize::from(field.declared.number) - 1] = number;
        number
    }

    fn index(&mut self, count: usize) -> usize {
        ((self.next)() % count as u64) as usize
    }
}

impl<N: FnMut() -> u64> FieldSource for Drawing<'_, N> {
    type Error = Infallible;

    fn integer(&mut self, field: &'static Field) -> Result<i32, Infallible> {
        Ok(self.number(field) as i32)
    }

    fn decimal(&mut self, field: &'static Field) -> Result<f64, Infallible> {
        Ok(match (field.declared.readout, self.shown) {
            (Some(_), Some((_, sent))) => sent.number,
            _ => self.number(field),
        })
    }

    fn flag(&mut self, _: &'static Field) -> Result<bool, Infallible> {
        Ok(self.index(2) == 1)
    }

    fn code<C: Coded>(&mut self, field: &'static Field) -> Result<C, Infallible> {
        let place = self.said_of_shown(field).flatten();
        Ok(C::ALL[place.unwrap_or_else(|| self.index(C::ALL.len()))])
    }

    fn text(&mut self, field: &'static Field) -> Result<String, Infallible> {
        const LETTERS: [char; 8] = ['A', 'z', '0', ' ', '"', '\\', 'é', '血'];
        let codes = field.codes();
        if !codes.is_empty() {
            return Ok(codes[self.index(codes.len())].code.to_owned());
        }
        let ValueType::Text { longest } = field.declared.value_type else {
            return Ok(String::new());
        };
        let length = 1 + self.index(longest.min(30).into());
        let text: String = (0..length).map(|_| LETTERS[self.index(LETTERS.len())]).collect();
        // Nobody reads the blanks around it.
        Ok(if text.trim() == text { text } else { "A".to_owned() })
    }

    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, Infallible>,
    ) -> Result<Option<T>, Infallible> {
        let is_there = match self.said_of_shown(field) {
            Some(place) => place.is_some(),
            None => self.index(2) == 1,
        };
        is_there.then(|| read(self, field)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clinical::Timestamp;
    use clinical::kinds::Setting;
    use clinical::measured::Measured;
    use schemas::Reading;
    use schemas::fields::{Value, form};
    use schemas::readout::Shown;

    use super::*;
    use crate::{RAW_READINGS, RECEIVED};

    /// Many measurements of a kind.
    fn many(kind: Kind) -> impl Iterator<Item = Measurement> {
        let mut state = 1_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.rotate_left(29)
        };
        (0..2_000).map(move |_| drawn(kind, &mut next))
    }

    #[test]
    fn what_is_drawn_is_valid() {
        let received = Timestamp::from_millis(RECEIVED);
        for kind in Kind::ALL {
            let around = match kind.setting() {
                Setting::Home => "blood_pressure",
                Setting::Checkup => "blood_pressure_checkup",
            };
            let around = RAW_READINGS.iter().find(|example| example.name == around).unwrap();
            let around: Reading = serde_json::from_str(around.json).unwrap();
            for measurement in many(kind) {
                let outcome = Reading { measurement, ..around.clone() }.validate(received);
                assert!(outcome.is_ok(), "{kind}: {outcome:?}");
            }
        }
    }

    #[test]
    fn every_code_is_drawn_and_the_absence_of_every_field_that_may_be_absent() {
        let place_of = |field: &Field, value: Value<'_>| match value {
            Value::Code(place) => place,
            Value::Text(text) => {
                let place = field.codes().iter().position(|code| code.code == text);
                place.unwrap_or(0)
            }
            _ => 0,
        };
        for kind in Kind::ALL {
            let mut seen = BTreeSet::new();
            for measurement in many(kind) {
                measurement.each_field(|field, value| {
                    seen.insert((field.name(), value.map(|value| place_of(field, value))));
                });
            }
            for field in form(kind).fields {
                for place in 0..field.codes().len().max(1) {
                    assert!(seen.contains(&(field.name(), Some(place))), "{kind}.{}", field.name());
                }
                let may_be_absent = !field.declared.required;
                assert_eq!(
                    seen.contains(&(field.name(), None)),
                    may_be_absent,
                    "{kind}.{}",
                    field.name()
                );
            }
        }
    }

    #[test]
    fn every_form_in_which_a_device_may_show_a_value_is_drawn() {
        for kind in Kind::ALL {
            let Some(readout) = kind.fields().iter().find_map(|field| field.readout) else {
                continue;
            };
            let shown: Vec<Shown> = many(kind).map(|one| one.shown().unwrap()).collect();
            for device in readout.devices.iter().flatten() {
                let is_drawn = |measured| shown.iter().any(|shown| shown.measured == measured);
                assert!(is_drawn(Measured::Below(device.low)), "{}", device.name);
                assert!(is_drawn(Measured::Above(device.high)), "{}", device.name);
                for flag in device.flags.map(|(low, high)| [low, high]).into_iter().flatten() {
                    let is_flag =
                        |shown: &Shown| shown.sent == flag && shown.measured.side().is_some();
                    assert!(shown.iter().any(is_flag), "{flag} of {}", device.name);
                }
            }
            for (unit, factor) in readout.units {
                let is_of = |shown: &Shown| {
                    shown.measured == Measured::Exactly(shown.sent * factor) && shown.sent != 0.0
                };
                assert!(shown.iter().any(is_of), "{unit}");
            }
        }
    }
}
