//! From what a sender says to a reading that is valid: [`Reading::validate`](wire::Reading::validate).

mod error;

use clinical::kinds::{self, Below, Kind, Setting, ValueType};
use clinical::measured::Measured;
use clinical::reliability::ProductDigest;
use clinical::sample::Sample;
use clinical::source::{InvalidSource, without_padding};
use clinical::{PatientId, Source, Span, Timestamp, Version};
pub(crate) use error::out_of_range;
pub use error::{RejectionReason, ValidationError};
use error::{not_below, not_measured};

use crate::envelope::first_time;
use crate::fields::{DataAbsentReason, Field, MOST_FIELDS, Value, Visitor};
use crate::reading as wire;
use crate::readout;

/// How far ahead of the receipt the clock of an observation may be. A reading from further in the
/// future cannot be true and would hide later ones.
pub const CLOCK_TOLERANCE: Span = Span::from_hours(1);

/// Most characters of a model number: the exchange standard's.
const LONGEST_MODEL_NUMBER: usize = 50;

impl wire::Reading {
    /// Validates a reading that was received at `received`.
    ///
    /// # Errors
    /// [`ValidationError`] names the field and the rule that it breaks.
    pub fn validate(&self, received: Timestamp) -> Result<clinical::Reading, ValidationError> {
        self.validate_and_count(received, &mut 0)
    }

    /// [`Self::validate`], which counts the values of optional fields that cannot be true, or are not
    /// of their fields' form, and without which the reading is taken; the offset and the vendor too.
    ///
    /// # Errors
    /// As [`Self::validate`]; nothing is counted then.
    pub fn validate_and_count(
        &self,
        received: Timestamp,
        left_out: &mut usize,
    ) -> Result<clinical::Reading, ValidationError> {
        let patient = self.patient()?;
        let kind = self.measurement.kind();
        let first = first_time(kind.setting());
        let observation_time =
            observed("observation_time", self.taken_observation_time(), first, received)?
                .floor_to_second();
        // However far ahead it is, the version counts as its receipt: see `Version::counted`.
        let update_time = time("update_time", self.taken_update_time(), first)?;
        // What was accepted once can be taken back, although it would not be accepted any more.
        let was_accepted = self.status == wire::ReadingStatus::EnteredInError;
        let mut validation = Validation { was_accepted, ..Validation::default() };
        let sample = self.measurement.sample(&mut validation)?;
        let source = self.source.validate(kind.setting())?;
        *left_out += validation.left_out + self.left_out_of_envelope();
        Ok(clinical::Reading {
            patient,
            kind,
            observation_time,
            version: Version::new(update_time, self.content_digest()),
            source,
            entered_in_error: self.status == wire::ReadingStatus::EnteredInError,
            by_hand: self.data_input.is_by_hand(),
            sample: sample.of_product(kind, || self.source.product()),
        })
    }
}

impl wire::Reading {
    /// Whose reading it is.
    fn patient(&self) -> Result<PatientId, ValidationError> {
        let (consortium, person) = (&self.consortium_id, &self.person_id);
        PatientId::from_parts(consortium, person).map_err(|error| {
            let mut ids = [("consortium_id", consortium), ("person_id", person)].into_iter();
            let padded = ids.find(|(_, id)| without_padding(id).len() < id.len());
            match padded.filter(|_| self.claimed_patient().is_some()) {
                Some((field, _)) => padded_id(field),
                None => error.into(),
            }
        })
    }

    /// The patient whose reading it claims to be, where that can be read, with blanks around the ids too.
    pub fn claimed_patient(&self) -> Option<PatientId> {
        let [consortium, person] =
            [&self.consortium_id, &self.person_id].map(|id| without_padding(id));
        PatientId::from_parts(consortium, person).ok()
    }
}

fn padded_id(field: &'static str) -> ValidationError {
    let detail = format!(
        "{field} has blanks around it: over Kafka the key is the patient and names the partition; send \
         the ids without blanks, in the record and in its key"
    );
    ValidationError::new(RejectionReason::Malformed, field, detail)
}

/// A time that can be stored, and is not before the first of its setting.
fn time(field: &'static str, millis: i64, first: Timestamp) -> Result<Timestamp, ValidationError> {
    let time = Timestamp::from_millis(millis);
    if time < first {
        let year = if first == Timestamp::FIRST { 1970 } else { 2000 };
        Err(out_of_time(field, &format!("is before the year {year}: the clock was lost")))
    } else if time > Timestamp::LATEST {
        Err(out_of_time(field, "is after the year 2099: check the clock"))
    } else {
        Ok(time)
    }
}

/// A time that has come, but for what clocks may be ahead.
fn observed(
    field: &'static str,
    millis: i64,
    first: Timestamp,
    received: Timestamp,
) -> Result<Timestamp, ValidationError> {
    if Timestamp::from_millis(millis) > received + CLOCK_TOLERANCE {
        let rule = "is more than an hour in the future: check clock and time zone";
        return Err(out_of_time(field, rule));
    }
    time(field, millis, first)
}

fn out_of_time(field: &'static str, rule: &str) -> ValidationError {
    ValidationError::new(RejectionReason::TimeOutOfRange, field, format!("{field} {rule}"))
}

fn printable(
    field: &'static str,
    value: &str,
    shortest: usize,
    longest: usize,
) -> Result<(), ValidationError> {
    let long = value.chars().count();
    if (shortest..=longest).contains(&long) && !value.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(ValidationError::new(
            RejectionReason::Malformed,
            field,
            format!("{field} must have {shortest} to {longest} printable characters"),
        ))
    }
}

impl wire::Device {
    /// The model number, where it is of its form: a reading is not refused for what names nothing.
    pub fn taken_model_number(&self) -> Option<&str> {
        Self::taken_as_model_number(self.model_number.as_deref()?)
    }

    pub(crate) fn taken_as_model_number(text: &str) -> Option<&str> {
        let text = without_padding(text);
        let is_one = !kinds::says_none(text) && Self::check_model_number(text).is_ok();
        is_one.then_some(text)
    }

    /// The product by what was sent of it; none where it is not known.
    pub(crate) fn product_of(
        manufacturer: &str,
        model_number: Option<&str>,
    ) -> Option<ProductDigest> {
        ProductDigest::of(manufacturer, Self::taken_as_model_number(model_number?)?)
    }

    /// Whether a text may be a model number.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check_model_number(text: &str) -> Result<(), ValidationError> {
        printable("model_number", text, 0, LONGEST_MODEL_NUMBER)
    }
}

impl wire::Source {
    /// The source in the one form by which it is known.
    ///
    /// # Errors
    /// [`InvalidSource`] when a part is blank or not of its form.
    pub fn normalised(&self) -> Result<Source, InvalidSource> {
        match self {
            wire::Source::Device(device) => Source::device(&device.manufacturer, &device.serial),
            wire::Source::TestLab(lab) => Source::test_lab(&lab.test_lab_id),
        }
    }

    fn product(&self) -> Option<ProductDigest> {
        match self {
            wire::Source::Device(device) => {
                wire::Device::product_of(&device.manufacturer, device.model_number.as_deref())
            }
            wire::Source::TestLab(_) => None,
        }
    }

    fn validate(&self, setting: Setting) -> Result<Source, ValidationError> {
        let from_checkup = setting == Setting::Checkup;
        match self {
            wire::Source::Device(_) if !from_checkup => {}
            wire::Source::TestLab(_) if from_checkup => {}
            wire::Source::Device(_) => {
                return Err(ValidationError::new(
                    RejectionReason::Malformed,
                    "test_lab_id",
                    "a check-up record comes from a test lab, not from a device",
                ));
            }
            wire::Source::TestLab(_) => {
                return Err(ValidationError::new(
                    RejectionReason::Malformed,
                    "model_manufacturer_code",
                    "a reading at home comes from a device, not from a test lab",
                ));
            }
        }
        Ok(self.normalised()?)
    }
}

impl wire::Measurement {
    /// Validates every field and what holds across them, and gives what rules may look at.
    #[cfg(test)]
    pub(crate) fn validate(&self) -> Result<Sample, ValidationError> {
        self.sample(&mut Validation::default())
    }

    /// What rules may look at of a measurement that was accepted some time ago, perhaps before it was
    /// known what its device can show: a plausible number is then what was judged at that time, and
    /// still counts as that.
    pub(crate) fn once_accepted(&self) -> Result<Sample, ValidationError> {
        self.sample(&mut Validation { was_accepted: true, ..Validation::default() })
    }

    #[inline]
    fn sample(&self, validation: &mut Validation) -> Result<Sample, ValidationError> {
        self.visit(validation)?;
        validation.read_out(self.kind())?;
        validation.across(self.kind())?;
        Ok(validation.sample)
    }
}

/// Is shown a measurement's fields one by one.
struct Validation {
    /// The numbers by the fields' numbers; NaN where there is none.
    numbers: [f64; MOST_FIELDS],
    sample: Sample,
    /// The field whose value depends on others, where the kind has one.
    readout: Option<&'static kinds::Field>,
    /// Whether it has been accepted already.
    was_accepted: bool,
    /// How many values cannot be true, or are not of their fields' form, and are left out.
    left_out: usize,
}

impl Default for Validation {
    fn default() -> Self {
        Self {
            numbers: [f64::NAN; MOST_FIELDS],
            sample: Sample::default(),
            readout: None,
            was_accepted: false,
            left_out: 0,
        }
    }
}

impl Visitor for Validation {
    type Error = ValidationError;

    #[inline]
    fn field(
        &mut self,
        field: &'static Field,
        value: Option<Value<'_>>,
    ) -> Result<(), ValidationError> {
        let declared = field.declared;
        let number = match value {
            None => return Ok(()),
            Some(Value::Text(text)) if declared.required => return validate_text(declared, text),
            Some(Value::Text(_)) => return Ok(()),
            Some(Value::Integer(value)) => f64::from(value),
            Some(Value::Decimal(value)) => value,
            Some(Value::Flag(flag)) => f64::from(u8::from(flag)),
            Some(Value::Code(code)) => code as f64,
        };
        self.numbers[usize::from(declared.number) - 1] = number;
        if declared.readout.is_some() {
            self.readout = Some(declared);
            return Ok(());
        }
        if let Some(quantity) = declared.quantity()
            && !quantity.holds(number)
        {
            return Err(out_of_range(declared.name, quantity));
        }
        if let Some(watched) = declared.watched {
            self.sample = self.sample.with(watched, number);
        }
        Ok(())
    }

    fn absent(&mut self, _: &'static Field, why: DataAbsentReason) {
        self.left_out += usize::from(why == DataAbsentReason::Invalid);
    }
}

impl Validation {
    /// Takes what was measured into the sample, of a field that devices show in several ways.
    fn read_out(&mut self, kind: Kind) -> Result<(), ValidationError> {
        let Some(field) = self.readout else { return Ok(()) };
        let (Some(readout), Some(quantity)) = (field.readout, field.quantity()) else {
            return Ok(());
        };
        let sent = readout::sent(field, readout, |number| self.numbers[usize::from(number) - 1]);
        let measured = match readout.measured(quantity, sent) {
            Ok(measured) => measured,
            Err(_) if self.was_accepted && sent.is_plain() && quantity.holds(sent.number) => {
                Measured::Exactly(sent.number)
            }
            Err(fault) => {
                return Err(not_measured(kind, field, readout, quantity, fault));
            }
        };
        if let Some(watched) = field.watched {
            self.sample = self.sample.with_measured(watched, measured);
        }
        Ok(())
    }

    fn across(&self, kind: Kind) -> Result<(), ValidationError> {
        let number = |field: u8| self.numbers[usize::from(field) - 1];
        for Below { field, other } in kind.below() {
            if number(*field) >= number(*other) {
                let name = |number: u8| kind.fields()[usize::from(number) - 1].name;
                return Err(not_below(name(*field), name(*other)));
            }
        }
        Ok(())
    }
}

pub(crate) fn validate_text(
    field: &'static kinds::Field,
    text: &str,
) -> Result<(), ValidationError> {
    match field.value_type {
        ValueType::Text { longest } => printable(field.name, text, 0, longest.into()),
        ValueType::CodeText(codes) if codes.iter().all(|code| code.code != text) => {
            let codes: Vec<&str> = codes.iter().map(|code| code.code).collect();
            let rule = format!("{} must be one of {}", field.name, codes.join(", "));
            Err(ValidationError::new(RejectionReason::Malformed, field.name, rule))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::reading::{BloodGlucose, BloodPressure, GlucoseMethod, Measurement, WeighingScale};

    fn rule(measurement: Measurement) -> String {
        let rejected = measurement.validate().expect_err("it is not valid");
        format!("{}: {rejected}", rejected.field)
    }

    #[test]
    fn a_value_at_either_end_of_its_range_is_valid_and_one_beyond_is_not() {
        let pressure = |systolic| {
            Measurement::BloodPressure(BloodPressure {
                systolic,
                diastolic: 30,
                ..BloodPressure::default()
            })
        };
        assert!(pressure(40).validate().is_ok());
        assert!(pressure(300).validate().is_ok());
        assert_eq!(rule(pressure(301)), "systolic: systolic must be between 40 and 300 mmHg");
        let weight = |body_weight| {
            Measurement::WeighingScale(WeighingScale { body_weight, body_fat: Some(5.0) })
        };
        assert!(weight(650.0).validate().is_ok());
        for none in [650.1, f64::NAN, f64::INFINITY] {
            assert_eq!(rule(weight(none)), "body_weight: body_weight must be between 1 and 650 kg");
        }
    }

    #[test]
    fn what_contradicts_another_field_is_answered_with_both() {
        let pressure = BloodPressure { systolic: 120, diastolic: 120, ..BloodPressure::default() };
        assert_eq!(
            rule(Measurement::BloodPressure(pressure)),
            "diastolic: diastolic must be below systolic"
        );
    }

    #[test]
    fn a_sample_holds_what_rules_may_look_at() {
        use clinical::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
        let glucose = Measurement::BloodGlucose(BloodGlucose {
            glucose_value: 104.3,
            glucose_method: GlucoseMethod::ContinuousSensor,
            meal_timing: None,
            glucose_unit: None,
            glucose_comparator: None,
        });
        let sample = glucose.validate().unwrap();
        assert_eq!(sample.value(GLUCOSE_VALUE), Some(104.3));
        assert_eq!(sample.value(GLUCOSE_METHOD), Some(1.0));
    }
}

#[cfg(test)]
#[path = "readout_tests.rs"]
mod readout_tests;
