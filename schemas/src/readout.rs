//! What a device shows in the place of a plain number: read from the fields of a record.

use std::convert::Infallible;

use clinical::Kind;
use clinical::kinds::{self, Quantity};
use clinical::measured::{Measured, NotMeasured, Readout, Sent, Side};

use crate::fields::{Field, MOST_FIELDS, Value, Visitor};
use crate::measurement::Measurement;
use crate::validation::{RejectionReason, ValidationError, out_of_range};

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
        side: code(readout.comparator)
            .map(|side| if side == 0 { Side::Below } else { Side::Above }),
        device: code(readout.device).unwrap_or(usize::MAX),
    }
}

/// Why what was sent is rejected, with what to send.
#[cold]
pub(crate) fn not_measured(
    kind: Kind,
    field: &kinds::Field,
    readout: &Readout,
    quantity: &Quantity,
    fault: NotMeasured,
) -> ValidationError {
    let (name, unit) = (field.name, quantity.unit);
    let named = |number: u8| kind.fields()[usize::from(number) - 1].name;
    let error = |reason, detail: String| ValidationError::new(reason, name, detail);
    match fault {
        NotMeasured::Implausible => out_of_range(name, quantity),
        NotMeasured::UnitSuspected => {
            let said = named(readout.unit);
            let units: Vec<&str> = readout.units.iter().map(|(unit, _)| *unit).collect();
            let detail = format!(
                "{name} has a fraction and is below {}, which is rare in {unit}: send {said} ({})",
                readout.fraction_below,
                units.join(" or ")
            );
            error(RejectionReason::UnitSuspected, detail)
        }
        NotMeasured::Status(status) => {
            let detail = format!(
                "{name} {} is a status code of the sensor, no value: {}",
                status.code, status.meaning
            );
            error(RejectionReason::SensorStatus, detail)
        }
        NotMeasured::BeyondDevice { device, low, high } => {
            let detail = format!(
                "{name} of a {} must be between {low} and {high} {unit}; send what is below as \"LO\" \
                 or \"<{}\" and what is above as \"HI\" or \">{}\", over Kafka as {} below or \
                 above with the limit in {name}",
                device.name,
                device.low,
                device.high,
                named(readout.comparator)
            );
            error(RejectionReason::Implausible, detail)
        }
        NotMeasured::NoLimit(Some(device)) => {
            let range = |(low, high): (f64, f64)| match low == high {
                true => low.to_string(),
                false => format!("{low} to {high}"),
            };
            let detail = format!(
                "{name} of a {} can only be below {} {unit} or above {} {unit}",
                device.name,
                range(device.below),
                range(device.above)
            );
            error(RejectionReason::Implausible, detail)
        }
        NotMeasured::NoLimit(None) => {
            let detail = format!("{name} of such a {} is a number", named(readout.device));
            error(RejectionReason::Implausible, detail)
        }
    }
}
