//! One record of each kind: which fields it has, and what they mean.

use clinical::kinds::Setting;
use clinical::{Kind, Timestamp};
use schemas::fields::form;
use schemas::reading::{
    DataInput, Device, Measurement, OriginOfTime, Reading, ReadingStatus, Source, TestLab,
};
use schemas::{RejectionReason, ValidationError};

use super::ValidReading;
use super::civil_time::Clock;
use super::fields::Fields;
use super::json::{Json, Members};
use super::order::ArrayOrder;
use super::problem::{Problem, Rule, WarningRule, Warnings, member};

/// What a record inherits from the document and the person around it.
pub(super) struct Around<'a> {
    pub(super) document: usize,
    pub(super) consortium_id: &'a str,
    pub(super) person_id: &'a str,
    pub(super) person_pointer: &'a str,
    pub(super) send_time: Timestamp,
    pub(super) clock: &'a Clock,
    pub(super) received: Timestamp,
}

pub(super) const OBSERVATION_TIME: &str = "observation_time";
pub(super) const OBSERVATION_TIME_MISSPELT: &str = "ovservation_time";
/// An extension: the offset from UTC of the times around it.
pub(super) const UTC_OFFSET: &str = "utc_offset";
const DATA_INPUT: [(&str, DataInput); 3] =
    [("0", DataInput::Device), ("1", DataInput::Manual), ("2", DataInput::Modified)];
const ORIGIN_OF_TIME: [(&str, OriginOfTime); 2] =
    [("0", OriginOfTime::Device), ("1", OriginOfTime::App)];
/// Reads a record and believes it, or says all that is wrong with its form, or the first thing
/// that is not plausible.
pub(super) fn read(
    kind: Kind,
    pointer: &str,
    (members, order, index): (&Members<'_>, &mut ArrayOrder<'_>, usize),
    around: &Around<'_>,
    warnings: &mut Warnings,
) -> Result<ValidReading, Vec<Problem>> {
    let mut fields = Fields::new(around.document, pointer, members, warnings);
    let (observed_as, observed) = fields.take_either(OBSERVATION_TIME, OBSERVATION_TIME_MISSPELT);
    if observed_as == OBSERVATION_TIME_MISSPELT {
        fields.warn(observed_as, WarningRule::MisspeltField);
    }
    let own_clock = fields.utc_offset(UTC_OFFSET);
    let clock = own_clock.as_ref().unwrap_or(around.clock);
    let observation = fields.time_in_seconds(observed_as, observed, clock);
    let update = fields.update_time(clock);
    for (name, time) in [(observed_as, &observation), ("update_time", &update)] {
        if time.is_some_and(|time| time.second.is_some()) {
            fields.warn(name, WarningRule::AmbiguousTime);
        }
    }
    let (input_as, input) = fields.take_either("data_input_code", "input_method_code");
    let data_input = fields.code_in(input_as, input, &DATA_INPUT);
    let from_checkup = kind.setting() == Setting::Checkup;
    let origin_of_time =
        (!from_checkup).then(|| fields.code("origin_of_time_code", &ORIGIN_OF_TIME));
    let source = if from_checkup { test_lab(&mut fields) } else { device(&mut fields) };
    let Ok(measurement) = Measurement::build(kind, &mut fields);
    let problems = fields.finish();
    let (Some(observation), Some(update), true) = (observation, update, problems.is_empty()) else {
        return Err(problems);
    };
    let observation = order.instant(index, &observation, around.clock);
    let reading = Reading {
        consortium_id: around.consortium_id.to_owned(),
        person_id: around.person_id.to_owned(),
        observation_time: observation.time.millis(),
        utc_offset_minutes: observation.utc_offset_minutes,
        update_time: update.known_at(around.received).time.millis(),
        source,
        data_input,
        origin_of_time,
        status: ReadingStatus::Final,
        measurement,
        send_time: Some(around.send_time.millis()),
        vendor: None,
    };
    match reading.validate(around.received) {
        Ok(valid) => Ok(ValidReading { id: valid.id(), reading }),
        Err(rejection) => Err(vec![problem(rejection, pointer, observed_as, around)]),
    }
}

fn device(fields: &mut Fields<'_, '_>) -> Source {
    Source::Device(Device {
        manufacturer: fields.text("model_manufacturer_code").to_owned(),
        model_number: fields.optional_text("model_number"),
        serial: fields.text("production_specification_serial").to_owned(),
    })
}

fn test_lab(fields: &mut Fields<'_, '_>) -> Source {
    Source::TestLab(TestLab { test_lab_id: fields.text("test_lab_id").to_owned() })
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
    let rule = match rejection.reason {
        RejectionReason::Implausible => Rule::Implausible,
        RejectionReason::UnitSuspected => Rule::UnitSuspected,
        RejectionReason::SensorStatus => Rule::SensorStatus,
        RejectionReason::TimeOutOfRange => Rule::TimeOutOfRange,
        _ => Rule::Malformed,
    };
    Problem { pointer, rule, message: rejection.detail }
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

    /// The kind of the records in an array of this name.
    pub(super) fn kind(self, array: &str) -> Option<Kind> {
        let setting = match self {
            Self::Healthcare => Setting::Home,
            Self::HealthCheckup => Setting::Checkup,
        };
        let mut kinds = Kind::ALL.into_iter();
        kinds.find(|kind| kind.setting() == setting && form(*kind).array == array)
    }
}

/// The problem of something that is no JSON object where one is wanted.
pub(super) fn no_object(pointer: &str, what: &str) -> Problem {
    let message = format!("{what} must be an object");
    Problem { pointer: pointer.to_owned(), rule: Rule::WrongType, message }
}

/// The members of a value that must be an object.
pub(super) fn object<'j, 'a>(value: &'j Json<'a>) -> Option<&'j Members<'a>> {
    match value {
        Json::Object(members) => Some(members),
        _ => None,
    }
}
