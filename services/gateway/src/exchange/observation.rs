//! When a record was observed, and by which source.

use clinical::kinds::Setting;
use schemas::reading::{Device, Source, TestLab};

use super::civil_time::{CivilTime, Clock};
use super::fields::Fields;
use super::problem::WarningRule;

pub(super) const OBSERVATION_TIME: &str = "observation_time";
const OBSERVATION_TIME_MISSPELT: &str = "ovservation_time";
/// An extension: the offset from UTC of the times around it.
pub(super) const UTC_OFFSET: &str = "utc_offset";

/// The time of a record.
pub(super) struct Observed {
    /// The name that the field has in the record.
    pub(super) name: &'static str,
    /// What the record's times are read with, where it says so itself.
    pub(super) own_clock: Option<Clock>,
    pub(super) time: Option<CivilTime>,
}

/// Reads the time of a record. `clock` is that of the document.
pub(super) fn time(fields: &mut Fields<'_, '_>, clock: &Clock) -> Observed {
    let (name, written) = fields.take_either(OBSERVATION_TIME, OBSERVATION_TIME_MISSPELT);
    if name == OBSERVATION_TIME_MISSPELT {
        fields.warn(name, WarningRule::MisspeltField);
    }
    let own_clock = fields.utc_offset(UTC_OFFSET);
    let time = fields.time_in_seconds(name, written, own_clock.as_ref().unwrap_or(clock));
    Observed { name, own_clock, time }
}

/// Reads the source of a record: a device at home, a test lab at a check-up.
pub(super) fn source(fields: &mut Fields<'_, '_>, setting: Setting) -> Source {
    match setting {
        Setting::Checkup => {
            Source::TestLab(TestLab { test_lab_id: fields.text("test_lab_id").to_owned() })
        }
        Setting::Home => Source::Device(Device {
            manufacturer: fields.text("model_manufacturer_code").to_owned(),
            model_number: fields.model_number("model_number"),
            serial: fields.text("production_specification_serial").to_owned(),
        }),
    }
}
