//! What a device shows in the place of a plain number: read from the fields of a record.

use clinical::kinds::{self, Readout};
use clinical::measured::{Measured, Sent, Side};

use crate::fields::{MOST_FIELDS, Value};
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
        let field = self.kind().fields().iter().find(|field| field.readout.is_some())?;
        let (readout, quantity) = (field.readout?, field.quantity()?);
        // By the fields' numbers; NaN where there is none.
        let mut numbers = [f64::NAN; MOST_FIELDS];
        self.each_field(|field, value| {
            numbers[usize::from(field.declared.number) - 1] = match value {
                Some(Value::Integer(value)) => f64::from(value),
                Some(Value::Decimal(value)) => value,
                Some(Value::Code(code)) => code as f64,
                Some(Value::Flag(_) | Value::Text(_)) | None => f64::NAN,
            };
        });
        let sent = sent(field, readout, |number| numbers[usize::from(number) - 1]);
        let measured = readout.measured(quantity, sent).ok()?;
        Some(Shown { field, comparator: readout.comparator, measured, sent: sent.number })
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
