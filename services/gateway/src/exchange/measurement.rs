//! What was measured: the values of a record, by what is declared of its kind's fields.

use std::convert::Infallible;

use clinical::Kind;
use clinical::kinds::Readout;
use clinical::measured::Side;
use schemas::fields::{Coded, Field, FieldSource, form};
use schemas::reading::Measurement;

use super::fields::{Fields, is_decimal};
use super::json::Json;
use super::problem::WarningRule;

/// Reads the measurement of a record; where the fields have problems it is a stand-in.
pub(super) fn read(kind: Kind, fields: &mut Fields<'_, '_>) -> Measurement {
    let Ok(measurement) = Measurement::build(kind, &mut Values { kind, fields, side: None });
    measurement
}

/// The values of a record, by their names on the exchange form.
struct Values<'f, 'j, 'p> {
    kind: Kind,
    fields: &'f mut Fields<'j, 'p>,
    /// The side of a limit, written in the place of a number: `<40`.
    side: Option<Side>,
}

impl Values<'_, '_, '_> {
    /// A number, or that the value is below or above what the device can say: `LO`, `HI`, `<40`,
    /// `>400`. Then the number is the limit, and the side is kept for the comparator.
    fn number_or_beyond(&mut self, field: &'static Field, readout: &Readout) -> f64 {
        let name = field.form_name;
        let code = |number: u8| {
            let field = &form(self.kind).fields[usize::from(number) - 1];
            let Some(Json::Text(text)) = self.fields.look_at(field.form_name) else { return None };
            field.codes().iter().position(|code| code.code == text)
        };
        let (unit, device) = (code(readout.unit), code(readout.device));
        let written = self.fields.look_at(name);
        let beyond = match written {
            Some(Json::Text(text)) => beyond(text),
            _ => None,
        };
        let Some((side, limit)) = beyond else {
            if let Some(value @ Json::Text(text)) = written
                && !is_decimal(text)
            {
                self.fields.take(name);
                let wanted = r#"a number, "LO", "HI", or a limit such as "<40" or ">400""#;
                self.fields.wrong_type(name, value, wanted);
                return 0.0;
            }
            let number = self.fields.number(name, field.characters);
            if unit.is_none() && number < readout.fraction_below && number.fract() == 0.0 {
                self.fields.warn(name, WarningRule::UnitNotSaid);
            }
            return number;
        };
        self.fields.take(name);
        self.side = Some(side);
        limit.unwrap_or_else(|| readout.limit_of_word(side, unit, device))
    }
}

impl FieldSource for Values<'_, '_, '_> {
    type Error = Infallible;

    fn integer(&mut self, field: &'static Field) -> Result<i32, Infallible> {
        let number = self.fields.number(field.form_name, field.characters);
        Ok(self.fields.as_whole(field.form_name, number))
    }

    fn decimal(&mut self, field: &'static Field) -> Result<f64, Infallible> {
        Ok(match field.declared.readout {
            Some(readout) => self.number_or_beyond(field, readout),
            None => self.fields.number(field.form_name, field.characters),
        })
    }

    fn flag(&mut self, field: &'static Field) -> Result<bool, Infallible> {
        let value = self.fields.take(field.form_name);
        Ok(match self.fields.required(field.form_name, value) {
            Some(Json::Bool(flag)) => flag,
            Some(other) => {
                self.fields.wrong_type(field.form_name, other, "true or false");
                false
            }
            None => false,
        })
    }

    fn code<C: Coded>(&mut self, field: &'static Field) -> Result<C, Infallible> {
        if let Some(side) = self.side.filter(|_| field.comparator_of.is_some()) {
            return Ok(C::ALL[side as usize]);
        }
        let value = self.fields.take(field.form_name);
        let value = self.fields.required(field.form_name, value);
        let code = |index: usize| Some((field.codes().get(index)?.code, *C::ALL.get(index)?));
        let codes = (0..C::ALL.len()).filter_map(code);
        let found = value.and_then(|value| self.fields.as_code(field.form_name, value, codes));
        Ok(found.unwrap_or(C::ALL[0]))
    }

    fn text(&mut self, field: &'static Field) -> Result<String, Infallible> {
        Ok(self.fields.text(field.form_name).to_owned())
    }

    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, Infallible>,
    ) -> Result<Option<T>, Infallible> {
        let is_there = match field.comparator_of {
            Some(_) => self.side.is_some(),
            None => self.fields.look_at(field.form_name).is_some(),
        };
        (is_there || field.required_on_form).then(|| read(self, field)).transpose()
    }
}

/// The side and the limit of a value beyond what a device can say; no limit where the device's own
/// word is sent.
fn beyond(text: &str) -> Option<(Side, Option<f64>)> {
    Side::ALL.into_iter().find_map(|side| {
        if text == side.word() {
            return Some((side, None));
        }
        let limit = text.strip_prefix(side.sign()).filter(|limit| is_decimal(limit))?;
        Some((side, Some(limit.parse().ok()?)))
    })
}
