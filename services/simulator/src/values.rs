//! The values of a measurement of any kind, taken out and put back.

use std::convert::Infallible;

use clinical::kinds::Quantity;
use schemas::fields::{Coded, Field, FieldSource, Value, Visitor};
use schemas::reading::Measurement;

/// The measurement with its main number changed: the first one that lists show.
pub(crate) fn change_number(
    measurement: &mut Measurement,
    change: impl FnOnce(&Quantity, f64) -> f64,
) {
    let mut values = Values::default();
    let Ok(()) = measurement.visit(&mut values);
    let main = values.0.iter_mut().find_map(|(field, value)| {
        let quantity = field.declared.quantity().filter(|_| field.declared.listed)?;
        Some((quantity, value.as_mut()?))
    });
    if let Some((quantity, value)) = main {
        match value {
            Owned::Integer(number) => {
                *number = change(quantity, f64::from(*number)).round() as i32;
            }
            Owned::Decimal(number) => *number = change(quantity, *number),
            _ => {}
        }
    }
    let Ok(changed) = Measurement::build(measurement.kind(), &mut values);
    *measurement = changed;
}

#[derive(Default)]
struct Values(Vec<(&'static Field, Option<Owned>)>);

enum Owned {
    Integer(i32),
    Decimal(f64),
    Flag(bool),
    Code(usize),
    Text(String),
}

impl Visitor for Values {
    type Error = Infallible;

    fn field(&mut self, field: &'static Field, value: Option<Value<'_>>) -> Result<(), Infallible> {
        let value = value.map(|value| match value {
            Value::Integer(number) => Owned::Integer(number),
            Value::Decimal(number) => Owned::Decimal(number),
            Value::Flag(flag) => Owned::Flag(flag),
            Value::Code(index) => Owned::Code(index),
            Value::Text(text) => Owned::Text(text.to_owned()),
        });
        self.0.push((field, value));
        Ok(())
    }
}

impl Values {
    fn take(&mut self, field: &Field) -> Option<Owned> {
        self.0[usize::from(field.declared.number) - 1].1.take()
    }
}

/// What was visited is what is built again, so a field has the value of its type.
impl FieldSource for Values {
    type Error = Infallible;

    fn integer(&mut self, field: &'static Field) -> Result<i32, Infallible> {
        let Some(Owned::Integer(number)) = self.take(field) else { return Ok(0) };
        Ok(number)
    }

    fn decimal(&mut self, field: &'static Field) -> Result<f64, Infallible> {
        let Some(Owned::Decimal(number)) = self.take(field) else { return Ok(0.0) };
        Ok(number)
    }

    fn flag(&mut self, field: &'static Field) -> Result<bool, Infallible> {
        Ok(matches!(self.take(field), Some(Owned::Flag(true))))
    }

    fn code<C: Coded>(&mut self, field: &'static Field) -> Result<C, Infallible> {
        let Some(Owned::Code(index)) = self.take(field) else { return Ok(C::ALL[0]) };
        Ok(C::ALL[index])
    }

    fn text(&mut self, field: &'static Field) -> Result<String, Infallible> {
        let Some(Owned::Text(text)) = self.take(field) else { return Ok(String::new()) };
        Ok(text)
    }

    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, Infallible>,
    ) -> Result<Option<T>, Infallible> {
        let is_there = self.0[usize::from(field.declared.number) - 1].1.is_some();
        is_there.then(|| read(self, field)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use clinical::Kind;

    use super::*;
    use crate::chance::Chance;

    #[test]
    fn a_changed_measurement_is_the_same_but_for_its_main_number() {
        let mut chance = Chance::of(1, 1, 1, 1);
        for kind in Kind::ALL {
            let drawn = examples::drawn(kind, &mut || chance.whole(0, i64::MAX) as u64);
            let mut same = drawn.clone();
            change_number(&mut same, |_, number| number);
            assert_eq!(same, drawn);
            change_number(&mut same, |_, number| number + 1.0);
            assert_ne!(same, drawn);
        }
    }
}
