//! One record of each kind: which fields it has, and what they mean.

use clinical::clock::{Doubt, Said};
use clinical::kinds::Setting;
use clinical::{Kind, Timestamp, clock};
use schemas::ValidationError;
use schemas::fields::form;
use schemas::reading::{DataInput, OriginOfTime, Reading, ReadingStatus};

use super::ValidReading;
use super::civil_time::Clock;
use super::fields::Fields;
use super::json::Members;
use super::measurement;
use super::observation::{self, OBSERVATION_TIME};
use super::order::ArrayOrder;
use super::problem::{Problem, WarningRule, Warnings, member};

/// What a record inherits from the document and the person around it.
pub(super) struct Around<'a> {
    pub(super) document: usize,
    pub(super) consortium_id: &'a str,
    pub(super) person_id: &'a str,
    pub(super) person_pointer: &'a str,
    pub(super) send_time: Option<Timestamp>,
    pub(super) clock: &'a Clock,
    pub(super) received: Timestamp,
}

/// Reads and validates a record, or says all that is wrong with its form, or the first thing that
/// is not plausible.
pub(super) fn read(
    kind: Kind,
    pointer: &str,
    (members, order, index): (Members<'_>, &mut ArrayOrder<'_>, usize),
    around: &Around<'_>,
    warnings: &mut Warnings,
) -> Result<ValidReading, Vec<Problem>> {
    let mut fields = Fields::new(around.document, pointer, members, warnings);
    let observed = observation::time(&mut fields, around.clock);
    let clock = observed.own_clock.as_ref().unwrap_or(around.clock);
    let update = fields.update_time(clock);
    for (name, time) in [(observed.name, &observed.time), ("update_time", &update)] {
        if time.is_some_and(|time| time.second.is_some()) {
            fields.warn(name, WarningRule::AmbiguousTime);
        }
    }
    let (input_as, input) = fields.take_either("data_input_code", "input_method_code");
    let data_input = fields.code_in(input_as, input, &DataInput::CODES);
    let from_checkup = kind.setting() == Setting::Checkup;
    let origin_of_time =
        (!from_checkup).then(|| fields.code("origin_of_time_code", &OriginOfTime::CODES));
    let status = status(&mut fields);
    let source = observation::source(&mut fields, kind.setting());
    let measurement = measurement::read(kind, &mut fields);
    let problems = fields.finish();
    let (Some(time), Some(update), true) = (observed.time, update, problems.is_empty()) else {
        return Err(problems);
    };
    let observation = order.instant(index, &time, around.clock);
    let reading = Reading {
        consortium_id: around.consortium_id.to_owned(),
        person_id: around.person_id.to_owned(),
        observation_time: observation.time.millis(),
        utc_offset_minutes: observation.utc_offset_minutes,
        update_time: update.known_at(around.received).time.millis(),
        source,
        data_input,
        origin_of_time,
        status,
        measurement,
        send_time: around.send_time.map(Timestamp::millis),
        vendor: None,
    };
    match reading.validate(around.received) {
        Ok(valid) => {
            let id = valid.id();
            let times = (id.observation_time(), valid.version.update_time());
            let (entered_in_error, by_hand) = (valid.entered_in_error, valid.by_hand);
            let said = Said { kind, entered_in_error, by_hand };
            for doubt in clock::doubts(said, times, around.received) {
                let is_of_update_time = doubt == Doubt::UpdateTimeAhead;
                let name = if is_of_update_time { "update_time" } else { observed.name };
                warnings.add(around.document, doubt.into(), || member(pointer, name));
            }
            Ok(ValidReading { id, reading })
        }
        Err(rejection) => Err(vec![problem(rejection, pointer, observed.name, around)]),
    }
}

/// Whether the record says that there is no such reading: an extension.
fn status(fields: &mut Fields<'_, '_>) -> ReadingStatus {
    fields.optional_code("status", &ReadingStatus::CODES).unwrap_or_default()
}

/// What [`Reading::validate`] rejects, at the place in the document where it came from.
fn problem(
    rejection: ValidationError,
    pointer: &str,
    observed_as: &str,
    around: &Around<'_>,
) -> Problem {
    let pointer = match rejection.field {
        "consortium_id" => member("", "consortium_id"),
        "person_id" => member(around.person_pointer, "person_id"),
        OBSERVATION_TIME => member(pointer, observed_as),
        field => member(pointer, field),
    };
    Problem { pointer, rule: rejection.reason.into(), message: rejection.detail }
}

/// Which part of a person's information a record stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `healthcare_information`: measured at home.
    Healthcare,
    /// `health_checkup_information`: measured at a check-up.
    HealthCheckup,
}

impl Part {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "healthcare_information" => Some(Self::Healthcare),
            "health_checkup_information" => Some(Self::HealthCheckup),
            _ => None,
        }
    }

    /// Where its records were measured.
    pub(super) fn setting(self) -> Setting {
        match self {
            Self::Healthcare => Setting::Home,
            Self::HealthCheckup => Setting::Checkup,
        }
    }

    /// The kind of the records in an array of this name.
    pub(super) fn kind(self, array: &str) -> Option<Kind> {
        let mut kinds = Kind::ALL.into_iter();
        kinds.find(|kind| kind.setting() == self.setting() && form(*kind).array == array)
    }
}
