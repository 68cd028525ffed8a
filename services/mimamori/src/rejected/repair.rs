//! A reading that an operator has repaired, as JSON.

use schemas::Reading;
use serde::Deserialize;
use serde_json::Value;

/// Reads a repaired reading: the JSON of a reading, or all that `mimamori rejected show` prints, of
/// which only `reading` counts.
///
/// # Errors
/// When it is no JSON, no reading, or has a field that no reading has, which may be a misspelt one.
pub fn parse(json: &[u8]) -> Result<Reading, NotAReading> {
    let mut value: Value = serde_json::from_slice(json)?;
    if let Some(reading) = value.get_mut("reading") {
        value = reading.take();
    }
    let reading = Reading::deserialize(&value)?;
    let known = serde_json::to_value(&reading)?;
    match unknown(&value, &known, "") {
        Some(field) => Err(NotAReading::UnknownField(field)),
        None => Ok(reading),
    }
}

/// JSON that is no reading.
#[derive(Debug, thiserror::Error)]
pub enum NotAReading {
    /// The parser's words.
    #[error("it is not the JSON of a reading: {0}")]
    Json(#[from] serde_json::Error),
    /// A field without meaning.
    #[error("a reading has no field {0}; it is misspelt or in the wrong place")]
    UnknownField(String),
}

/// The first member that is in `given` and not in `known`, as a JSON pointer.
fn unknown(given: &Value, known: &Value, at: &str) -> Option<String> {
    let (Value::Object(given), Value::Object(known)) = (given, known) else { return None };
    given.iter().find_map(|(name, value)| {
        let at = format!("{at}/{name}");
        match known.get(name) {
            None => Some(at),
            Some(known) => unknown(value, known, &at),
        }
    })
}

#[cfg(test)]
mod tests {
    use examples::RAW_READINGS;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_example_is_read_alone_and_out_of_what_is_shown() {
        for example in RAW_READINGS {
            let reading: Reading = serde_json::from_str(example.json).unwrap();
            assert_eq!(parse(example.json.as_bytes()).unwrap(), reading);
            let shown = json!({ "address": "3/7", "reading": reading }).to_string();
            assert_eq!(parse(shown.as_bytes()).unwrap(), reading);
        }
    }

    #[test]
    fn a_misspelt_optional_field_is_not_lost_in_silence() {
        let mut value: Value = serde_json::from_str(RAW_READINGS[0].json).unwrap();
        value["sendtime"] = json!(1);
        let error = parse(value.to_string().as_bytes()).unwrap_err();
        assert!(matches!(&error, NotAReading::UnknownField(field) if field == "/sendtime"));
        for other in ["", "[]", "{}", "null", r#"{"reading": 1}"#] {
            assert!(matches!(parse(other.as_bytes()), Err(NotAReading::Json(_))), "{other}");
        }
    }
}
