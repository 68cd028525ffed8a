//! Why a reading is rejected: a code for machines, and the rule for the person who mends it.

use clinical::kinds::{self, Kind, Quantity, Readout};
use clinical::measured::NotMeasured;
use clinical::patient::InvalidId;
use clinical::source::InvalidSource;

/// Why a raw record is rejected: the code that vendors see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionReason {
    /// The bytes are no record.
    Undecodable,
    /// Written with a schema that is not known.
    UnknownSchema,
    /// The Kafka record has no key.
    KeyMissing,
    /// The Kafka key is not the reading's patient.
    KeyMismatch,
    /// A field is not made as the exchange standard says.
    Malformed,
    /// A value cannot be true.
    Implausible,
    /// A value looks like one of another unit, and no unit was said.
    UnitSuspected,
    /// A number is a status code of the device, not a value.
    SensorStatus,
    /// A time is before 1970, at a check-up before 2000, or in the future.
    TimeOutOfRange,
    /// More devices for one patient than any patient has: of records from before the oldest made room.
    TooManyDevices,
    /// More readings of a kind for one patient than any patient takes: the same.
    TooManyReadings,
    /// More bytes than any reading has.
    TooLarge,
}

impl RejectionReason {
    /// Every reason.
    pub const ALL: [RejectionReason; 12] = [
        RejectionReason::Undecodable,
        RejectionReason::UnknownSchema,
        RejectionReason::KeyMissing,
        RejectionReason::KeyMismatch,
        RejectionReason::Malformed,
        RejectionReason::Implausible,
        RejectionReason::UnitSuspected,
        RejectionReason::SensorStatus,
        RejectionReason::TimeOutOfRange,
        RejectionReason::TooManyDevices,
        RejectionReason::TooManyReadings,
        RejectionReason::TooLarge,
    ];

    /// The code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::UnknownSchema => "unknown_schema",
            Self::KeyMissing => "key_missing",
            Self::KeyMismatch => "key_mismatch",
            Self::Malformed => "malformed",
            Self::Implausible => "implausible",
            Self::UnitSuspected => "unit_suspected",
            Self::SensorStatus => "sensor_status",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::TooManyDevices => "too_many_devices",
            Self::TooManyReadings => "too_many_readings",
            Self::TooLarge => "too_large",
        }
    }
}

/// Why a reading is rejected. Names fields and rules, never a value; a device's status code is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ValidationError {
    /// The code.
    pub reason: RejectionReason,
    /// The exchange standard's name of the field at fault.
    pub field: &'static str,
    /// The rule, for a person.
    pub detail: String,
}

impl ValidationError {
    pub(super) fn new(
        reason: RejectionReason,
        field: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { reason, field, detail: detail.into() }
    }
}

impl From<InvalidSource> for ValidationError {
    fn from(error: InvalidSource) -> Self {
        Self::new(RejectionReason::Malformed, error.field(), error.to_string())
    }
}

impl From<InvalidId> for ValidationError {
    fn from(error: InvalidId) -> Self {
        let field = match error {
            InvalidId::Consortium => "consortium_id",
            InvalidId::Person | InvalidId::Patient => "person_id",
        };
        Self::new(RejectionReason::Malformed, field, error.to_string())
    }
}

/// Why what was sent is rejected, with what to send.
#[cold]
pub(super) fn not_measured(
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

/// Why a number that is not plausible is rejected.
#[cold]
pub(crate) fn out_of_range(field: &'static str, quantity: &Quantity) -> ValidationError {
    let Quantity { low, high, unit, .. } = quantity;
    let rule = format!("{field} must be between {low} and {high} {unit}");
    ValidationError::new(RejectionReason::Implausible, field, rule)
}

/// Why a field that is not below another one is rejected.
#[cold]
pub(super) fn not_below(field: &'static str, other: &'static str) -> ValidationError {
    let rule = format!("{field} must be below {other}");
    ValidationError::new(RejectionReason::Implausible, field, rule)
}
