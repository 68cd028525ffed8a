//! The values of a reading: which columns of its table hold them, and how an absent one looks there.

use std::collections::BTreeMap;

use clinical::Kind;
use clinical::kinds::{self, ValueType};
use clinical::measured::Side;
use clinical::sample::Sample;
use schemas::fields::Column;
use serde_json::Value;

pub use schemas::fields::columns;

/// The values of a reading from the text of its columns, in the order of [`columns`]; absent ones
/// are left out. None when a column is missing or holds what it cannot hold.
pub fn from_columns(kind: Kind, texts: &[String]) -> Option<BTreeMap<String, Value>> {
    if columns(kind).count() != texts.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for ((name, column), text) in columns(kind).zip(texts) {
        let Some(value) = value(column, text)? else { continue };
        values.insert(name.to_owned(), value);
    }
    Some(values)
}

/// The value of a column, none where it is absent; none at all when it cannot be one.
fn value(column: Column, text: &str) -> Option<Option<Value>> {
    Some(match column {
        Column::Flag => match text {
            "-1" => None,
            "0" => Some(Value::Bool(false)),
            "1" => Some(Value::Bool(true)),
            _ => return None,
        },
        Column::Enum8(_) | Column::Text => (!text.is_empty()).then(|| Value::from(text)),
        Column::UInt16 { .. }
        | Column::UInt32 { .. }
        | Column::Int16 { .. }
        | Column::Float32 { .. } => {
            let measured: f64 = text.parse().ok()?;
            (Some(measured) != column.absent()).then(|| number(measured))
        }
    })
}

/// What rules may look at of the values of a reading.
pub fn sample(kind: Kind, values: &BTreeMap<String, Value>) -> Sample {
    Sample::of(kind, |name| {
        let field = kind.fields().iter().find(|field| field.name == name)?;
        let value = values.get(name)?;
        match field.value_type {
            ValueType::Integer(_) | ValueType::Decimal(_) => value.as_f64(),
            ValueType::Flag => value.as_bool().map(f64::from),
            ValueType::Code(codes) | ValueType::CodeText(codes) => {
                let is_it = |code: &clinical::kinds::Code| value == code.symbol;
                codes.iter().position(is_it).map(|place| place as f64)
            }
            ValueType::Text { .. } => None,
        }
    })
}

/// The values of a reading in an alert's evidence, which are numbers there, as they are among those of
/// the reading: codes by their symbols, flags as true and false.
pub fn of_evidence(kind: Kind, values: BTreeMap<String, f64>) -> BTreeMap<String, Value> {
    let value = |name: &str, value: f64| {
        let field = kind.fields().iter().find(|field| field.name == name);
        match field.map(|field| &field.value_type) {
            Some(ValueType::Code(codes) | ValueType::CodeText(codes)) => {
                codes.get(value as usize).map_or(number(value), |code| Value::from(code.symbol))
            }
            Some(ValueType::Flag) => Value::Bool(value != 0.0),
            _ => number(value),
        }
    };
    values
        .into_iter()
        .map(|(name, number)| {
            let value = value(&name, number);
            (name, value)
        })
        .collect()
}

/// How those of the values are to be shown that are only known to be beyond what their device can
/// say: `< 40`, by the names of the fields.
pub fn beyond(kind: Kind, values: &BTreeMap<String, Value>) -> BTreeMap<&'static str, String> {
    let of_field = |field: &&'static kinds::Field| {
        let comparator = &kind.fields()[usize::from(field.readout?.comparator) - 1];
        let ValueType::Code(codes) = comparator.value_type else { return None };
        let said = values.get(comparator.name)?;
        let side = Side::of_code(codes.iter().position(|code| said == code.symbol)?);
        let decimals = usize::from(field.quantity()?.decimals);
        let limit = values.get(field.name)?.as_f64()?;
        Some((field.name, side.shown(&format!("{limit:.decimals$}"))))
    };
    kind.fields().iter().filter_map(|field| of_field(&field)).collect()
}

/// A number without a fraction is written without one.
pub fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(kind: Kind, texts: &[&str]) -> String {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        serde_json::to_string(&from_columns(kind, &texts).unwrap()).unwrap()
    }

    #[test]
    fn what_was_not_measured_is_left_out() {
        assert_eq!(json(Kind::WeighingScale, &["61.4", "0"]), r#"{"body_weight":61.4}"#);
        assert_eq!(
            json(Kind::BloodPressure, &["128", "79", "0", "", "-1"]),
            r#"{"diastolic":79,"systolic":128}"#
        );
        assert_eq!(
            json(Kind::Activity, &["0", "-1", "-1", "-1", "-1", "-1", "-1", "-1", "-1", ""]),
            r#"{"step":0}"#
        );
        assert_eq!(
            json(Kind::BloodGlucose, &["104", "0", "finger_stick", "", "", ""]),
            r#"{"glucose_method":"finger_stick","glucose_value":104}"#
        );
    }

    #[test]
    fn what_was_measured_is_kept_zeros_of_activity_included() {
        assert_eq!(
            json(Kind::BloodPressure, &["128", "79", "66", "sitting", "0"]),
            r#"{"diastolic":79,"irregular_pulse":false,"measurement_position":"sitting","pulse_rate":66,"systolic":128}"#
        );
        assert_eq!(
            json(Kind::Activity, &["12", "0", "-1", "0", "-1", "0.5", "-1", "-1", "-1", "1"]),
            r#"{"calories":0,"distance":0.5,"measurement_position_code":"1","step":12,"walk_time":0}"#
        );
    }

    #[test]
    fn rules_see_the_values_as_they_see_those_of_the_message() {
        use clinical::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
        use clinical::kinds::blood_pressure::{DIASTOLIC, IRREGULAR_PULSE, PULSE_RATE, SYSTOLIC};
        let sample = |kind: Kind, values: Value| {
            super::sample(kind, &serde_json::from_value(values).unwrap())
        };
        let pressure =
            serde_json::json!({ "systolic": 128, "diastolic": 79, "irregular_pulse": true });
        let expected = Sample::default().with(SYSTOLIC, 128.0).with(DIASTOLIC, 79.0);
        assert_eq!(sample(Kind::BloodPressure, pressure), expected.with(IRREGULAR_PULSE, 1.0));
        assert_eq!(expected.value(PULSE_RATE), None);
        let glucose =
            serde_json::json!({ "glucose_value": 104.3, "glucose_method": "continuous_sensor" });
        let glucose = sample(Kind::BloodGlucose, glucose);
        let method = GLUCOSE_METHOD.field();
        let ValueType::Code(codes) = method.value_type else { panic!("{method:?}") };
        assert_eq!(
            codes[glucose.value(GLUCOSE_METHOD).unwrap() as usize].symbol,
            "continuous_sensor"
        );
        assert_eq!(glucose.value(GLUCOSE_VALUE), Some(104.3));
    }

    #[test]
    fn a_value_is_in_its_unit_with_what_was_sent_beside_it() {
        assert_eq!(
            json(Kind::BloodGlucose, &["99.088", "5.5", "finger_stick", "", "mmol_L", ""]),
            r#"{"glucose_method":"finger_stick","glucose_unit":"mmol_L","glucose_value":99.088,"glucose_value_sent":5.5}"#
        );
        assert_eq!(
            json(Kind::BloodGlucose, &["40", "39", "continuous_sensor", "", "", "below"]),
            r#"{"glucose_comparator":"below","glucose_method":"continuous_sensor","glucose_value":40,"glucose_value_sent":39}"#
        );
    }

    #[test]
    fn a_value_beyond_what_its_device_can_say_is_shown_as_that() {
        let beyond = |values: Value| {
            super::beyond(Kind::BloodGlucose, &serde_json::from_value(values).unwrap())
        };
        let below_the_sensor =
            || serde_json::json!({"glucose_value": 40, "glucose_comparator": "below"});
        assert_eq!(beyond(below_the_sensor()), [("glucose_value", "< 40".to_owned())].into());
        let seen =
            super::sample(Kind::BloodGlucose, &serde_json::from_value(below_the_sensor()).unwrap());
        let glucose = clinical::kinds::blood_glucose::GLUCOSE_VALUE;
        assert_eq!(seen.measured(glucose), Some(clinical::measured::Measured::Below(40.0)));
        let above = serde_json::json!({"glucose_value": 599.93, "glucose_comparator": "above"});
        assert_eq!(beyond(above), [("glucose_value", "> 600".to_owned())].into());
        assert_eq!(beyond(serde_json::json!({"glucose_value": 104})), BTreeMap::new());
    }

    #[test]
    fn evidence_says_its_codes_and_flags_as_readings_say_them() {
        let of = |kind, values: &[(&str, f64)]| {
            let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            serde_json::to_string(&of_evidence(kind, values)).unwrap()
        };
        let low = [("glucose_value", 40.0), ("glucose_method", 1.0), ("glucose_comparator", 0.0)];
        assert_eq!(
            of(Kind::BloodGlucose, &low),
            r#"{"glucose_comparator":"below","glucose_method":"continuous_sensor","glucose_value":40}"#
        );
        assert_eq!(
            of(Kind::BloodPressure, &[("systolic", 191.0), ("irregular_pulse", 1.0)]),
            r#"{"irregular_pulse":true,"systolic":191}"#
        );
    }

    #[test]
    fn a_column_that_holds_something_else_is_not_guessed_at() {
        assert!(from_columns(Kind::BodyTemperature, &["warm".to_owned()]).is_none());
        assert!(from_columns(Kind::BodyTemperature, &[]).is_none());
    }
}
