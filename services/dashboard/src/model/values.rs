//! The values of a reading: which columns of its table hold them, and how an absent one looks there.

use std::collections::BTreeMap;

use clinical::Kind;
use serde_json::Value;

/// A column of a reading's values. Its name is the exchange standard's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name of the column and of the field in JSON.
    pub name: &'static str,
    form: Form,
}

/// What a column holds. The tables have no NULL: an absent value is a number or text that no
/// measurement can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A number that is always there.
    Number,
    /// A number; this one where nothing was measured.
    NumberUnless(&'static str),
    /// 1 or 0; -1 where nothing was measured.
    Flag,
    /// A text; empty where nothing was said.
    Text,
}

const fn always(name: &'static str) -> Column {
    Column { name, form: Form::Number }
}

const fn unless_zero(name: &'static str) -> Column {
    Column { name, form: Form::NumberUnless("0") }
}

const fn unless_minus_one(name: &'static str) -> Column {
    Column { name, form: Form::NumberUnless("-1") }
}

const fn text(name: &'static str) -> Column {
    Column { name, form: Form::Text }
}

/// The columns of a kind's values.
pub const fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::WeighingScale => const { &[always("body_weight"), unless_zero("body_fat")] },
        Kind::BloodPressure => {
            const {
                &[
                    always("systolic"),
                    always("diastolic"),
                    unless_zero("pulse_rate"),
                    Column { name: "irregular_pulse", form: Form::Flag },
                    text("measurement_position"),
                ]
            }
        }
        Kind::Activity => {
            const {
                &[
                    always("step"),
                    unless_minus_one("walk_time"),
                    unless_minus_one("moderate_intensity_activity"),
                    unless_minus_one("calories"),
                    unless_minus_one("total_calories"),
                    unless_minus_one("distance"),
                    unless_minus_one("exercise"),
                    unless_minus_one("physical_activity"),
                    unless_minus_one("total_active_duration"),
                    text("measurement_position_code"),
                ]
            }
        }
        Kind::Hba1c => {
            const {
                &[
                    always("hba1c_value"),
                    text("measurement_method_code"),
                    text("value_criteria_code"),
                ]
            }
        }
        Kind::BloodPressureCheckup => {
            const {
                &[
                    always("systolic"),
                    always("diastolic"),
                    unless_zero("pulse_rate"),
                    text("measurement_position"),
                ]
            }
        }
        Kind::BloodGlucose => {
            const { &[always("glucose_value"), text("glucose_method"), text("meal_timing")] }
        }
        Kind::BodyTemperature => const { &[always("temperature")] },
        Kind::OxygenSaturation => const { &[always("spo2"), unless_zero("pulse_rate")] },
    }
}

/// The values of a reading from the text of its columns, in the order of [`columns`]; absent ones
/// are left out. None when a column is missing or holds what it cannot hold.
pub fn from_columns(kind: Kind, texts: &[String]) -> Option<BTreeMap<String, Value>> {
    let columns = columns(kind);
    if columns.len() != texts.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (column, text) in columns.iter().zip(texts) {
        let value = match column.form {
            Form::NumberUnless(absent) if text == absent => continue,
            Form::Number | Form::NumberUnless(_) => number(text.parse().ok()?),
            Form::Flag => match text.as_str() {
                "-1" => continue,
                "0" => Value::Bool(false),
                "1" => Value::Bool(true),
                _ => return None,
            },
            Form::Text if text.is_empty() => continue,
            Form::Text => Value::from(text.as_str()),
        };
        values.insert(column.name.to_owned(), value);
    }
    Some(values)
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
            json(Kind::BloodPressure, &["128", "79", "0", "-1", ""]),
            r#"{"diastolic":79,"systolic":128}"#
        );
        assert_eq!(
            json(Kind::Activity, &["0", "-1", "-1", "-1", "-1", "-1", "-1", "-1", "-1", ""]),
            r#"{"step":0}"#
        );
        assert_eq!(
            json(Kind::BloodGlucose, &["104", "finger_stick", ""]),
            r#"{"glucose_method":"finger_stick","glucose_value":104}"#
        );
    }

    #[test]
    fn what_was_measured_is_kept_zeros_of_activity_included() {
        assert_eq!(
            json(Kind::BloodPressure, &["128", "79", "66", "0", "sitting"]),
            r#"{"diastolic":79,"irregular_pulse":false,"measurement_position":"sitting","pulse_rate":66,"systolic":128}"#
        );
        assert_eq!(
            json(Kind::Activity, &["12", "0", "-1", "0", "-1", "0.5", "-1", "-1", "-1", "1"]),
            r#"{"calories":0,"distance":0.5,"measurement_position_code":"1","step":12,"walk_time":0}"#
        );
    }

    #[test]
    fn a_column_that_holds_something_else_is_not_guessed_at() {
        assert!(from_columns(Kind::BodyTemperature, &["warm".to_owned()]).is_none());
        assert!(from_columns(Kind::BodyTemperature, &[]).is_none());
    }

    #[test]
    fn every_value_column_of_the_tables_is_said() {
        let common = [
            "patient",
            "source",
            "observation_time",
            "version",
            "withdrawn",
            "utc_offset_minutes",
            "data_input",
            "origin_of_time",
            "update_time",
            "send_time",
            "vendor",
            "outcome",
            "received_at",
            "origin_partition",
            "origin_offset",
        ];
        for kind in Kind::ALL {
            let sql = schemas::migrations::MIGRATIONS[0].sql;
            let begin = format!("CREATE TABLE IF NOT EXISTS {kind}\n(\n");
            let table = sql.split(&begin).nth(1).expect("a table a kind");
            let table = table.split("\n)\n").next().unwrap();
            let in_table: Vec<&str> = table
                .lines()
                .filter_map(|line| line.split_whitespace().next())
                .filter(|name| !common.contains(name))
                .collect();
            let said: Vec<&str> = columns(kind).iter().map(|column| column.name).collect();
            assert_eq!(in_table, said, "{kind}");
        }
    }
}
