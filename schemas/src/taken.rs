//! What is taken of a value that a sender says: one bad value costs itself, not its reading.
//!
//! A number is taken as precise as it is declared, a text without the blanks around it. Of an
//! optional field nothing is taken where the value says that there is none, or cannot be true. It is
//! decided where a measurement is looked at ([`Measurement::visit`](crate::reading::Measurement)),
//! whichever way it came: its bytes are carried as they were sent, and digest, check, rules and
//! tables see the same.

use std::convert::Infallible;

use clinical::kinds;
use clinical::source::without_padding;

use crate::fields::{DataAbsentReason, Field, Value, Visitor};
use crate::reading::{Reading, Source};
use crate::validation::{ValidationError, out_of_range, validate_text};

impl Field {
    /// What is taken of a value. Of a required field it is never nothing: what is wrong with it is
    /// wrong with its reading.
    ///
    /// # Errors
    /// [`DataAbsentReason`] says why nothing is taken of the value of an optional field.
    #[inline]
    pub fn taken<'r>(&self, value: Value<'r>) -> Result<Value<'r>, DataAbsentReason> {
        let declared = self.declared;
        let value = match value {
            Value::Decimal(number) => Value::Decimal(declared.rounded(number)),
            Value::Text(text) => Value::Text(without_padding(text)),
            other => other,
        };
        if declared.required {
            return Ok(value);
        }
        match value {
            Value::Integer(number) => self.optional_number(number.into())?,
            Value::Decimal(number) => self.optional_number(number)?,
            Value::Text(text) if kinds::says_none(text) => {
                return Err(DataAbsentReason::SaidAbsent);
            }
            Value::Text(text) => {
                validate_text(declared, text).map_err(|_| DataAbsentReason::Invalid)?
            }
            Value::Flag(_) | Value::Code(_) => {}
        }
        Ok(value)
    }

    fn optional_number(&self, number: f64) -> Result<(), DataAbsentReason> {
        if self.declared.none.contains(&number) {
            return Err(DataAbsentReason::SaidAbsent);
        }
        match self.declared.quantity() {
            Some(quantity) if !quantity.holds(number) => Err(DataAbsentReason::Invalid),
            _ => Ok(()),
        }
    }

    /// What a value of the field has to be, where one is not; none of a value that is well.
    pub fn broken_rule(&self, value: Value<'_>) -> Option<ValidationError> {
        let number = match value {
            Value::Integer(number) => f64::from(number),
            Value::Decimal(number) => number,
            Value::Text(text) => return validate_text(self.declared, text).err(),
            Value::Flag(_) | Value::Code(_) => return None,
        };
        let quantity = self.declared.quantity().filter(|quantity| !quantity.holds(number))?;
        Some(out_of_range(self.declared.name, quantity))
    }
}

/// What was said in a reading and is not taken as it was said: fields and rules of warnings as
/// [`Reading::warnings`] writes them.
#[derive(Debug, Default)]
struct Warnings(String);

impl Warnings {
    fn add(&mut self, field: &str, rule: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(field);
        self.0.push(':');
        self.0.push_str(rule);
    }
}

impl Visitor for Warnings {
    type Error = Infallible;

    #[inline]
    fn field(&mut self, _: &'static Field, _: Option<Value<'_>>) -> Result<(), Infallible> {
        Ok(())
    }

    fn absent(&mut self, field: &'static Field, why: DataAbsentReason) {
        let rule = match why {
            DataAbsentReason::SaidAbsent => "absent_value",
            DataAbsentReason::Invalid => "left_out",
        };
        self.add(field.name(), rule);
    }

    fn rounded(&mut self, field: &'static Field) {
        self.add(field.name(), "rounded");
    }
}

impl Reading {
    /// What of the reading is not taken as it was said: fields, each with the rule of the gateway's warning
    /// (`FIELD:left_out OTHER:rounded`). Empty where all is taken. A table keeps it, so that whoever
    /// asks for a receipt learns what no answer has said.
    pub fn warnings(&self) -> String {
        let mut warnings = Warnings::default();
        let Ok(()) = self.measurement.visit(&mut warnings);
        if self.taken_utc_offset() != self.utc_offset_minutes {
            warnings.add("utc_offset_minutes", "left_out");
        }
        if let Source::Device(device) = &self.source
            && let Some(model) = &device.model_number
            && device.taken_model_number().is_none()
        {
            let rule = if kinds::says_none(model) { "absent_value" } else { "left_out" };
            warnings.add("model_number", rule);
        }
        warnings.0
    }
}

/// Shows a visitor what is taken of a field.
#[inline]
pub(crate) fn taken<V: Visitor>(
    visitor: &mut V,
    field: &'static Field,
    value: Option<Value<'_>>,
) -> Result<(), V::Error> {
    let taken = value.and_then(|value| match field.taken(value) {
        Ok(taken) => {
            if let (Value::Decimal(said), Value::Decimal(taken)) = (value, taken)
                && said != taken
            {
                visitor.rounded(field);
            }
            Some(taken)
        }
        Err(why) => {
            visitor.absent(field, why);
            None
        }
    });
    visitor.field(field, taken)
}

#[cfg(test)]
mod tests {
    use clinical::{Kind, Timestamp};

    use super::*;
    use crate::fields::form;
    use crate::reading::{
        Activity, BloodPressure, BloodPressureCheckup, BodyTemperature, Hba1c, Measurement,
        OxygenSaturation, Reading, WeighingScale,
    };

    #[test]
    fn what_cannot_be_true_is_counted_and_what_says_none_is_not() {
        for (pulse_rate, left_out) in [(None, 0), (Some(70), 0), (Some(0), 0), (Some(400), 1)] {
            let mut reading: Reading =
                serde_json::from_str(examples::RAW_READINGS[0].json).unwrap();
            reading.measurement = Measurement::BloodPressure(severe(pulse_rate));
            let mut counted = 0;
            let received = Timestamp::from_millis(examples::RECEIVED);
            reading.validate_and_count(received, &mut counted).unwrap();
            assert_eq!(counted, left_out, "{pulse_rate:?}");
        }
    }

    #[test]
    fn what_is_not_taken_as_it_was_said_is_named_by_its_rule_and_all_else_by_none() {
        let example: Reading = serde_json::from_str(examples::RAW_READINGS[0].json).unwrap();
        for (pulse_rate, warnings) in [
            (None, ""),
            (Some(70), ""),
            (Some(0), "pulse_rate:absent_value"),
            (Some(400), "pulse_rate:left_out"),
        ] {
            let measurement = Measurement::BloodPressure(severe(pulse_rate));
            assert_eq!(Reading { measurement, ..example.clone() }.warnings(), warnings);
        }
        let weight = WeighingScale { body_weight: 72.574_777_92, body_fat: Some(99.0) };
        let mut reading =
            Reading { measurement: Measurement::WeighingScale(weight), ..example.clone() };
        assert_eq!(reading.warnings(), "body_weight:rounded body_fat:left_out");
        reading.utc_offset_minutes = 5_000;
        if let Source::Device(device) = &mut reading.source {
            device.model_number = Some("x".repeat(51));
        }
        assert!(
            reading.warnings().ends_with(" utc_offset_minutes:left_out model_number:left_out"),
            "{}",
            reading.warnings()
        );
    }

    fn severe(pulse_rate: Option<i32>) -> BloodPressure {
        BloodPressure { systolic: 190, diastolic: 112, pulse_rate, ..BloodPressure::default() }
    }

    /// Every measurement beside the same without what says nothing in it.
    fn pairs() -> Vec<(Measurement, Measurement)> {
        let mut pairs = Vec::new();
        for pulse_rate in [0, 255, 2047, 65_535, 400, -5] {
            let says = Some(pulse_rate);
            pairs.push((
                Measurement::BloodPressure(severe(says)),
                Measurement::BloodPressure(severe(None)),
            ));
            let checkup = |pulse_rate| {
                Measurement::BloodPressureCheckup(BloodPressureCheckup {
                    systolic: 190,
                    diastolic: 112,
                    pulse_rate,
                    measurement_position: None,
                })
            };
            pairs.push((checkup(says), checkup(None)));
            let oxygen = |pulse_rate| {
                Measurement::OxygenSaturation(OxygenSaturation { spo2: 88.0, pulse_rate })
            };
            pairs.push((oxygen(says), oxygen(None)));
        }
        for fat in [0.0, 6553.5, 99.0, f64::NAN, f64::INFINITY] {
            let weight = |body_fat| {
                Measurement::WeighingScale(WeighingScale { body_weight: 72.5, body_fat })
            };
            pairs.push((weight(Some(fat)), weight(None)));
        }
        let walked = |walk_time, code: Option<&str>| {
            let measurement_position_code = code.map(str::to_owned);
            let activity = Activity { walk_time, measurement_position_code, ..Activity::default() };
            Measurement::Activity(activity)
        };
        for (walk_time, code) in [(65_535, ""), (-1, "--"), (1441, "99")] {
            pairs.push((walked(Some(walk_time), Some(code)), walked(None, None)));
        }
        let judged = |criteria: Option<&str>| {
            Measurement::Hba1c(Hba1c {
                hba1c_value: 6.4,
                measurement_method_code: None,
                value_criteria_code: criteria.map(str::to_owned),
            })
        };
        pairs.push((judged(Some(" ")), judged(None)));
        pairs.push((judged(Some("high")), judged(None)));
        pairs.push((judged(Some("0 ")), judged(Some("0"))));
        let temperature =
            |temperature| Measurement::BodyTemperature(BodyTemperature { temperature });
        pairs.push((temperature(36.599_998_474), temperature(36.6)));
        let weight = |body_weight| {
            Measurement::WeighingScale(WeighingScale { body_weight, body_fat: Some(23.4) })
        };
        pairs.push((weight(72.574_777_92), weight(72.57)));
        pairs
    }

    fn shown(measurement: &Measurement) -> Vec<String> {
        let mut all = Vec::new();
        measurement.each_field(|field, value| all.push(format!("{} {value:?}", field.name())));
        all
    }

    #[test]
    fn what_says_nothing_is_absent_for_everything_that_looks() {
        for (said, taken) in pairs() {
            assert_eq!(shown(&said), shown(&taken), "{said:?}");
            assert_eq!(said.validate(), taken.validate(), "{said:?}");
            assert!(said.validate().is_ok(), "{said:?}");
            let of = |measurement: &Measurement| {
                let example = examples::RAW_READINGS[0].json;
                let mut reading: Reading = serde_json::from_str(example).unwrap();
                reading.measurement = measurement.clone();
                reading.content_digest()
            };
            assert_eq!(of(&said), of(&taken), "{said:?} is another version");
        }
    }

    #[test]
    fn a_severe_pair_without_its_pulse_is_judged_by_its_pressures() {
        use clinical::kinds::blood_pressure::{DIASTOLIC, PULSE_RATE, SYSTOLIC};
        for pulse_rate in [None, Some(0), Some(255), Some(2047), Some(65_535)] {
            let sample = Measurement::BloodPressure(severe(pulse_rate)).validate().unwrap();
            assert_eq!(sample.value(SYSTOLIC), Some(190.0));
            assert_eq!(sample.value(DIASTOLIC), Some(112.0));
            assert_eq!(sample.value(PULSE_RATE), None, "{pulse_rate:?}");
        }
    }

    #[test]
    fn of_a_required_field_nothing_is_left_out() {
        let spo2 =
            Measurement::OxygenSaturation(OxygenSaturation { spo2: 2047.0, pulse_rate: Some(70) });
        assert_eq!(spo2.validate().unwrap_err().field, "spo2");
    }

    #[test]
    fn every_optional_number_has_a_word_for_none_and_keeps_its_plausible_values() {
        for field in Kind::ALL.into_iter().flat_map(|kind| form(kind).fields) {
            let declared = field.declared;
            let (Some(quantity), false) = (declared.quantity(), declared.required) else {
                continue;
            };
            assert!(!declared.none.is_empty(), "{}", declared.name);
            for end in [quantity.low, quantity.high] {
                assert_eq!(field.taken(Value::Decimal(end)), Ok(Value::Decimal(end)));
            }
            for none in declared.none {
                let value = Value::Decimal(*none);
                assert_eq!(
                    field.taken(value),
                    Err(DataAbsentReason::SaidAbsent),
                    "{}",
                    declared.name
                );
            }
        }
    }
}
