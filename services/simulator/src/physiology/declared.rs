//! Kinds without a physiology of their own: each patient who owns the device has a usual value
//! within what is typical, and readings spread around it. All of it stands in the declarations.

use std::convert::Infallible;

use schemas::Reading;
use schemas::fields::{Coded, Field, FieldSource};
use schemas::reading::Measurement;

use super::at_home;
use crate::chance::{Chance, Purpose};
use crate::civil::Day;
use crate::declared::{DECLARED, Declared, Typical};
use crate::population::Patient;

pub(super) fn of_day(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    for declared in &DECLARED {
        let mut person = chance_of(patient, declared, i64::MIN);
        if !person.happens(declared.share) {
            continue;
        }
        let usual = person.share();
        let mut chance = chance_of(patient, declared, day.0);
        let (first, last) = (patient.habits.morning + 10.0, patient.habits.evening);
        for time in 0..declared.times_a_day {
            let between = f64::from(time) / f64::from(declared.times_a_day.max(2) - 1);
            let minute = first + (last - first) * between + chance.between(0.0, 9.0);
            if chance.happens(0.85) {
                let mut measuring = Measuring { declared, usual, chance: &mut chance };
                let Ok(measurement) = Measurement::build(declared.kind, &mut measuring);
                readings.push(at_home(patient, day.at_minute(minute), measurement));
            }
        }
    }
}

fn chance_of(patient: &Patient, declared: &Declared, when: i64) -> Chance {
    patient.chance_numbered(Purpose::Declared, declared.kind.number().into(), when)
}

/// One measurement of a patient. `usual` is where within what is typical the patient is.
struct Measuring<'d, 'c> {
    declared: &'d Declared,
    usual: f64,
    chance: &'c mut Chance,
}

impl Measuring<'_, '_> {
    fn typical(&self, field: &Field) -> Option<&'static Typical> {
        self.declared.typical.iter().find(|typical| typical.field == field.declared.number)
    }

    fn number(&mut self, field: &Field) -> f64 {
        let (Some(typical), Some(quantity)) = (self.typical(field), field.declared.quantity())
        else {
            return 0.0;
        };
        let usual = typical.low + self.usual * (typical.high - typical.low);
        let steps = 10_f64.powi(quantity.decimals.into());
        let value = (self.chance.normal(usual, typical.spread) * steps).round() / steps;
        value.clamp(quantity.low, quantity.high)
    }
}

impl FieldSource for Measuring<'_, '_> {
    type Error = Infallible;

    fn integer(&mut self, field: &'static Field) -> Result<i32, Infallible> {
        Ok(self.number(field).round() as i32)
    }

    fn decimal(&mut self, field: &'static Field) -> Result<f64, Infallible> {
        Ok(self.number(field))
    }

    fn flag(&mut self, _: &'static Field) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn code<C: Coded>(&mut self, _: &'static Field) -> Result<C, Infallible> {
        Ok(C::ALL[0])
    }

    fn text(&mut self, _: &'static Field) -> Result<String, Infallible> {
        Ok(String::new())
    }

    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, Infallible>,
    ) -> Result<Option<T>, Infallible> {
        self.typical(field).is_some().then(|| read(self, field)).transpose()
    }
}
