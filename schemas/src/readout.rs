//! What a device shows in the place of a plain number: read from the fields of a record.

use std::convert::Infallible;

use clinical::kinds::{self, Readout};
use clinical::measured::{Measured, Sent, Side};

use crate::fields::{Field, MOST_FIELDS, Value, Visitor};
use crate::measurement::Measurement;

/// What was measured of a field that devices show in several ways.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The field.
    pub field: &'static kinds::Field,
    /// Number of the field that says on which side of a limit the value is.
    pub comparator: u8,
    /// What was measured, in the field's unit.
    pub measured: Measured,
    /// The number as it was sent.
    pub sent: f64,
}

impl Measurement {
    /// What was measured of the field that devices show in several ways; none where the kind has no
    /// such field, or what was sent is no value.
    pub fn shown(&self) -> Option<Shown> {
        let mut numbers = Numbers([f64::NAN; MOST_FIELDS]);
        let field = self.kind().fields().iter().find(|field| field.readout.is_some())?;
        let (readout, quantity) = (field.readout?, field.quantity()?);
        let Ok(()) = self.visit(&mut numbers);
        let sent = sent(field, readout, |number| numbers.0[usize::from(number) - 1]);
        let measured = readout.measured(quantity, sent).ok()?;
        Some(Shown { field, comparator: readout.comparator, measured, sent: sent.number })
    }
}

/// The numbers by the fields' numbers; NaN where there is none.
struct Numbers([f64; MOST_FIELDS]);

impl Visitor for Numbers {
    type Error = Infallible;

    fn field(&mut self, field: &'static Field, value: Option<Value<'_>>) -> Result<(), Infallible> {
        let number = match value {
            Some(Value::Integer(value)) => f64::from(value),
            Some(Value::Decimal(value)) => value,
            Some(Value::Code(code)) => code as f64,
            Some(Value::Flag(_) | Value::Text(_)) | None => return Ok(()),
        };
        self.0[usize::from(field.declared.number) - 1] = number;
        Ok(())
    }
}

/// What was sent, from the numbers of the fields; NaN where a field is absent.
pub(crate) fn sent(field: &kinds::Field, readout: &Readout, number: impl Fn(u8) -> f64) -> Sent {
    let code =
        |field: u8| Some(number(field)).filter(|code| !code.is_nan()).map(|code| code as usize);
    Sent {
        number: number(field.number),
        unit: code(readout.unit),
        side: code(readout.comparator).map(Side::of_code),
        device: code(readout.device).unwrap_or(usize::MAX),
    }
}
