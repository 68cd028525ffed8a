//! What was measured: the values of a record, by what is declared of its kind's fields.

use std::borrow::Cow;
use std::convert::Infallible;

use clinical::Kind;
use clinical::kinds::{Readout, ValueType};
use clinical::measured::Side;
use clinical::source::without_padding;
use schemas::fields::{Coded, Field, FieldSource, Value, form};
use schemas::reading::Measurement;

use super::fields::{Fields, is_decimal};
use super::json::{Fault, Json};
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
    /// Whether an optional field says what another value means: a reading cannot do without it.
    fn is_needed(&self, field: &Field) -> bool {
        let number = field.declared.number;
        let mut readouts = form(self.kind).fields.iter().filter_map(|it| it.declared.readout);
        readouts.any(|it| [it.unit, it.comparator, it.device].contains(&number))
    }

    /// Whether what is written says that an optional field has no value.
    fn says_none(field: &Field, written: Json<'_>) -> bool {
        let number = match written {
            Json::Number(number) => number,
            Json::Text(text) if is_decimal(without_padding(text)) => {
                without_padding(text).parse().unwrap_or(f64::NAN)
            }
            _ => return written.says_none(),
        };
        field.declared.none.contains(&number)
    }

    /// Notes what is wrong with a value of an optional field.
    fn check(&mut self, field: &Field, value: Value<'_>) {
        if !field.declared.required
            && let Some(broken) = field.broken_rule(value)
        {
            self.fields.problem(field.form_name, broken.reason.into(), || broken.detail);
        }
    }

    /// A number, or that the value is below or above what the device can say: `LO`, `HI`, `<40`,
    /// `>400`. Then the number is the limit, and the side is kept for the comparator.
    fn number_or_beyond(&mut self, field: &'static Field, readout: &Readout) -> f64 {
        let name = field.form_name;
        let code = |number: u8| {
            let field = &form(self.kind).fields[usize::from(number) - 1];
            let written = match self.fields.look_at(field.form_name)? {
                Json::Text(text) => Cow::Borrowed(without_padding(text)),
                Json::Number(number) => Cow::Owned(number.to_string()),
                _ => return None,
            };
            field.codes().iter().position(|code| code.code == written)
        };
        let (unit, device) = (code(readout.unit), code(readout.device));
        let written = self.fields.look_at(name);
        let beyond = match written {
            Some(Json::Text(text)) => beyond(without_padding(text)),
            _ => None,
        };
        let Some((side, limit)) = beyond else {
            if let Some(value @ Json::Text(text)) = written
                && !is_decimal(without_padding(text))
                && Fault::of_word(without_padding(text).as_bytes()).is_none()
            {
                self.fields.take(name);
                let wanted = r#"a number, "LO", "HI", or a limit such as "<40" or ">400""#;
                self.fields.wrong_type(name, value, wanted);
                return 0.0;
            }
            let number = self.fields.number(field);
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
        let number = self.fields.number(field) as i32;
        self.check(field, Value::Integer(number));
        Ok(number)
    }

    fn decimal(&mut self, field: &'static Field) -> Result<f64, Infallible> {
        Ok(match field.declared.readout {
            Some(readout) => self.number_or_beyond(field, readout),
            None => {
                let number = self.fields.number(field);
                self.check(field, Value::Decimal(number));
                number
            }
        })
    }

    fn flag(&mut self, field: &'static Field) -> Result<bool, Infallible> {
        let value = self.fields.take(field.form_name);
        Ok(match self.fields.required(field.form_name, value) {
            Some(Json::Bool(flag)) => flag,
            Some(Json::Number(number)) if number == 0.0 || number == 1.0 => {
                self.fields.warn(field.form_name, WarningRule::NumberForCode);
                number == 1.0
            }
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
        let value = self.fields.take(field.form_name);
        let value = self.fields.required(field.form_name, value);
        let text = value.and_then(|value| match value {
            Json::Number(number) if is_whole_code(field, number) => {
                self.fields.warn(field.form_name, WarningRule::NumberForCode);
                Some(number.to_string())
            }
            _ => self.fields.as_trimmed(field.form_name, value).map(str::to_owned),
        });
        let text = text.unwrap_or_default();
        self.check(field, Value::Text(&text));
        Ok(text)
    }

    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, Infallible>,
    ) -> Result<Option<T>, Infallible> {
        if field.comparator_of.is_some() {
            return self.side.map(|_| read(self, field)).transpose();
        }
        let Some(written) = self.fields.look_at(field.form_name) else {
            if field.is_expected {
                self.fields.warn(field.form_name, WarningRule::AbsentValue);
            }
            return Ok(None);
        };
        if Self::says_none(field, written) {
            self.fields.take(field.form_name);
            self.fields.warn(field.form_name, WarningRule::AbsentValue);
            return Ok(None);
        }
        let problems = self.fields.problems();
        let value = read(self, field)?;
        let is_left_out = !self.is_needed(field) && self.fields.leave_out_since(problems);
        Ok((!is_left_out).then_some(value))
    }
}

/// Whether a number is a code that has all its characters: in front of it no zero is missing.
fn is_whole_code(field: &Field, number: f64) -> bool {
    let code = number.to_string();
    match field.declared.value_type {
        ValueType::CodeText(codes) => codes.iter().any(|known| known.code == code),
        ValueType::Text { longest } => {
            field.form_name.ends_with("_code") && code.len() == usize::from(longest)
        }
        _ => false,
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
