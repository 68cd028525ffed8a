//! Messages of other schemas than the current one: what each field, symbol and kind becomes.

use apache_avro::Schema;
use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use examples::{RAW_READINGS, RECEIVED, reference};
use schemas::codec::{Decoder, Record, written_with};
use schemas::reading::{Measurement, Reading, Source};
use schemas::records::{Origin, StoredOutcome};
use schemas::{Acceptance, AcceptedEncoder, AcceptedReading, Codec, DecodeError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The registry's id of the schema that a test is about.
const OTHER: u32 = 2;

/// A reading's schema, changed.
fn other(change: impl FnOnce(&mut Value)) -> Value {
    let mut schema = serde_json::from_str(Reading::SCHEMA).unwrap();
    change(&mut schema);
    schema
}

fn named<'v>(items: &'v mut Value, name: &str) -> &'v mut Value {
    let items = items.as_array_mut().unwrap();
    items.iter_mut().find(|item| item["name"] == name).unwrap()
}

fn field<'v>(schema: &'v mut Value, name: &str) -> &'v mut Value {
    named(&mut schema["fields"], name)
}

fn kind<'v>(schema: &'v mut Value, name: &str) -> &'v mut Value {
    named(&mut field(schema, "measurement")["type"], name)
}

fn with_one_more_field(schema: &mut Value) {
    let added = json!({"name": "cuff_size", "type": ["null", "string"], "default": null});
    kind(schema, "BloodPressureCheckup")["fields"].as_array_mut().unwrap().push(added);
}

fn example(name: &str) -> Reading {
    let example = RAW_READINGS.iter().find(|example| example.name == name).unwrap();
    serde_json::from_str(example.json).unwrap()
}

/// A body of a schema, as a vendor's own library writes it. What is said of a field that the reading
/// does not have is the second argument.
fn body(schema: &Value, json: &Value) -> Vec<u8> {
    fn value(json: &Value, schema: &Schema) -> Avro {
        match (schema, json) {
            (Schema::Union(union), json) => {
                let named = |branch: &&Schema| match json.as_object() {
                    // A record in a union is said as in a reading's JSON: under its name.
                    Some(object) => branch.name().is_some_and(|n| object.contains_key(n.name())),
                    None => json.is_null() == matches!(branch, Schema::Null),
                };
                let index = union.variants().iter().position(|branch| named(&branch)).unwrap();
                let branch = &union.variants()[index];
                let name = branch.name().filter(|_| json.is_object());
                let json = name.map_or(json, |name| &json[name.name()]);
                Avro::Union(index as u32, Box::new(value(json, branch)))
            }
            (Schema::Record(record), json) => {
                let fields = record.fields.iter();
                Avro::Record(
                    fields.map(|f| (f.name.clone(), value(&json[&f.name], &f.schema))).collect(),
                )
            }
            (Schema::Enum(symbols), Value::String(symbol)) => {
                let index = symbols.symbols.iter().position(|known| known == symbol).unwrap();
                Avro::Enum(index as u32, symbol.clone())
            }
            (Schema::Null, _) => Avro::Null,
            (Schema::Int, json) => Avro::Int(json.as_f64().unwrap() as i32),
            (Schema::Long | Schema::TimestampMillis, json) => Avro::Long(json.as_i64().unwrap()),
            (Schema::Double, json) => Avro::Double(json.as_f64().unwrap()),
            (Schema::Boolean, json) => Avro::Boolean(json.as_bool().unwrap()),
            (Schema::String, json) => Avro::String(json.as_str().unwrap().to_owned()),
            (schema, json) => panic!("{json} as {schema:?}"),
        }
    }
    let schema = Schema::parse(schema).unwrap();
    let writer = GenericDatumWriter::builder(&schema).build().unwrap();
    writer.write_value_to_vec(value(json, &schema)).unwrap()
}

/// A decoder that finds a schema under [`OTHER`], and a message of it.
fn registered(schema: &Value, json: &Value) -> (Decoder<Reading>, Vec<u8>) {
    let codec = Codec::with_schemas([(OTHER, schema.to_string())].into());
    let message = [&[0][..], &OTHER.to_be_bytes(), &body(schema, json)].concat();
    (codec.decoder(), message)
}

fn decoded(schema: &Value, json: &Value) -> Result<Reading, DecodeError> {
    let (decoder, message) = registered(schema, json);
    decoder.decode(&message)
}

fn json_of(reading: &Reading) -> Value {
    let mut json = serde_json::to_value(reading).unwrap();
    // Of the optional ones, only those are written that are there.
    json.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json
}

#[test]
fn a_checkup_pressure_with_one_more_field_stays_a_checkup() {
    let checkup = example("blood_pressure_checkup");
    let mut json = json_of(&checkup);
    json["measurement"]["BloodPressureCheckup"]["cuff_size"] = json!("L");
    let read = decoded(&other(with_one_more_field), &json).unwrap();
    assert!(matches!(read.measurement, Measurement::BloodPressureCheckup(_)), "{read:?}");
    assert_eq!(read, checkup);
}

/// A reading of which another schema has been published too.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Republished(Reading);

const WITH_ONE_MORE_FIELD: &str = include_str!("reading_with_one_more_field.avsc");

impl Record for Republished {
    const NAME: &'static str = "reading";
    const SCHEMA: &'static str = Reading::SCHEMA;
    const PUBLISHED: &'static [&'static str] = &[WITH_ONE_MORE_FIELD, Reading::SCHEMA];
}

#[test]
fn a_checkup_pressure_of_another_published_schema_stays_a_checkup() {
    // CRC-64-AVRO of its canonical form, computed in Python.
    const HEADER: [u8; 10] = [0xc3, 0x01, 0x94, 0x34, 0xe9, 0x83, 0xee, 0x9c, 0xd5, 0x70];
    let schema: Value = serde_json::from_str(WITH_ONE_MORE_FIELD).unwrap();
    let checkup = example("blood_pressure_checkup");
    let message = [&HEADER[..], &body(&schema, &json_of(&checkup))].concat();
    let decoder = Codec::default().decoder::<Republished>();
    assert_eq!(decoder.decode(&message).unwrap(), Republished(checkup));
}

#[test]
fn fields_in_another_order_are_read_by_their_names() {
    let reversed = other(|schema| {
        schema["fields"].as_array_mut().unwrap().reverse();
        kind(schema, "BloodPressure")["fields"].as_array_mut().unwrap().reverse();
    });
    let pressure = example("blood_pressure");
    assert_eq!(decoded(&reversed, &json_of(&pressure)).unwrap(), pressure);
}

#[test]
fn symbols_and_kinds_in_another_order_are_read_by_their_names() {
    let reversed = other(|schema| {
        let glucose = kind(schema, "BloodGlucose");
        field(glucose, "glucose_method")["type"]["symbols"].as_array_mut().unwrap().reverse();
        field(schema, "data_input")["type"]["symbols"].as_array_mut().unwrap().reverse();
        field(schema, "measurement")["type"].as_array_mut().unwrap().reverse();
        field(schema, "source")["type"].as_array_mut().unwrap().reverse();
    });
    for example in RAW_READINGS {
        let reading: Reading = serde_json::from_str(example.json).unwrap();
        assert_eq!(decoded(&reversed, &json_of(&reading)).unwrap(), reading, "{}", example.name);
    }
}

#[test]
fn a_field_that_was_not_written_takes_its_default() {
    let shorter = other(|schema| {
        let fields = schema["fields"].as_array_mut().unwrap();
        let left_out = ["utc_offset_minutes", "status", "vendor", "origin_of_time"];
        fields.retain(|field| !left_out.contains(&field["name"].as_str().unwrap()));
    });
    let pressure = example("blood_pressure");
    let read = decoded(&shorter, &json_of(&pressure)).unwrap();
    let expected = Reading {
        utc_offset_minutes: 540,
        status: schemas::reading::ReadingStatus::Final,
        vendor: None,
        origin_of_time: None,
        ..pressure
    };
    assert_eq!(read, expected);
}

#[test]
fn whole_numbers_become_numbers_with_decimals() {
    let whole = other(|schema| {
        field(kind(schema, "BloodGlucose"), "glucose_value")["type"] = json!("int");
        field(schema, "observation_time")["type"] = json!("long");
    });
    let glucose = example("blood_glucose");
    let read = decoded(&whole, &json_of(&glucose)).unwrap();
    assert_eq!(read, glucose);
}

#[test]
fn a_source_without_a_choice_is_the_choice_of_that_name() {
    let labs = other(|schema| {
        let lab = field(schema, "source")["type"][1].clone();
        field(schema, "source")["type"] = lab;
    });
    let hba1c = example("hba1c");
    let mut json = json_of(&hba1c);
    json["source"] = json["source"]["TestLab"].clone();
    let read = decoded(&labs, &json).unwrap();
    assert!(matches!(read.source, Source::TestLab(_)));
    assert_eq!(read, hba1c);
}

#[test]
fn an_unknown_kind_or_symbol_is_refused_by_its_name() {
    let added = other(|schema| {
        let fields =
            json!([{"name": "systolic", "type": "int"}, {"name": "diastolic", "type": "int"}]);
        let kinds = field(schema, "measurement")["type"].as_array_mut().unwrap();
        kinds.push(json!({"type": "record", "name": "BloodPressureAtWork", "fields": fields}));
        let symbols = field(schema, "data_input")["type"]["symbols"].as_array_mut().unwrap();
        symbols.push(json!("dictated"));
    });
    let pressure = example("blood_pressure");
    assert_eq!(decoded(&added, &json_of(&pressure)).unwrap(), pressure);
    let mut at_work = json_of(&pressure);
    at_work["measurement"] = json!({"BloodPressureAtWork": {"systolic": 120, "diastolic": 80}});
    let error = decoded(&added, &at_work).unwrap_err().to_string();
    assert!(error.contains("measurement is BloodPressureAtWork"), "{error}");
    let mut dictated = json_of(&pressure);
    dictated["data_input"] = json!("dictated");
    let error = decoded(&added, &dictated).unwrap_err().to_string();
    assert!(error.contains("data_input is dictated"), "{error}");
}

#[test]
fn a_schema_that_lacks_a_required_field_is_refused_by_the_fields_name() {
    let shorter = other(|schema| {
        let fields = schema["fields"].as_array_mut().unwrap();
        fields.retain(|field| field["name"] != "update_time");
    });
    let error = decoded(&shorter, &json_of(&example("blood_pressure"))).unwrap_err();
    assert!(matches!(error, DecodeError::Malformed(_)) && !error.is_retryable());
    assert!(error.to_string().contains("update_time is missing"), "{error}");
}

#[test]
fn a_body_of_another_schema_that_is_cut_or_too_long_is_refused_without_its_values() {
    let json = json_of(&example("blood_pressure_checkup"));
    let (decoder, message) = registered(&other(with_one_more_field), &json);
    assert!(decoder.decode(&message).is_ok());
    for length in 5..message.len() {
        let error = decoder.decode(&message[..length]).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed(_)), "{length}: {error}");
        assert!(!error.to_string().contains("HOME01"), "{error}");
    }
    assert!(decoder.decode(&[&message[..], &[0]].concat()).is_err());
}

#[test]
fn what_was_written_with_another_schema_is_carried_in_the_current_one() {
    let acceptance = Acceptance {
        outcome: StoredOutcome::New,
        reading_id: "HOME01/P1/blood_pressure/20260528T202640Z/0123456789abcdef".into(),
        version: 7,
        origin: Origin { partition: 3, offset: 9, received_at: RECEIVED },
    };
    let encoder = AcceptedEncoder::new(&Codec::default(), "readings.accepted").unwrap();
    let accepted = Codec::default().decoder::<AcceptedReading>();
    for example in RAW_READINGS {
        let reading: Reading = serde_json::from_str(example.json).unwrap();
        let (decoder, message) = registered(&other(with_one_more_field), &json_of(&reading));
        let body = decoder.current_body(&message).unwrap();
        let carried = encoder.carry(&body, &acceptance);
        assert_eq!(carried, encoder.encode(&reading, &acceptance).unwrap(), "{}", example.name);
        assert_eq!(accepted.decode(&carried).unwrap().reading, reading, "{}", example.name);
    }
}

#[test]
fn what_any_published_version_wrote_is_read_as_what_the_current_one_writes() {
    let codec = Codec::default();
    let (encoder, decoder) = (codec.encoder("readings.raw").unwrap(), codec.decoder::<Reading>());
    let mut read = 0;
    for published in Reading::PUBLISHED {
        for example in RAW_READINGS {
            let reading: Reading = serde_json::from_str(example.json).unwrap();
            let written = encoder.encode(&reading).unwrap();
            // An earlier version knows neither every kind nor every field.
            let json: serde_json::Value = serde_json::from_str(example.json).unwrap();
            let mut measured = json["measurement"].as_object().unwrap().values();
            let is_known = |field: &String| published.contains(&format!("\"{field}\""));
            if !measured.all(|kind| kind.as_object().unwrap().keys().all(is_known)) {
                continue;
            }
            let Ok(message) = written_with::<Reading>(&written, published) else { continue };
            assert_eq!(decoder.decode(&message).unwrap(), reading, "{}", example.name);
            read += 1;
        }
    }
    assert!(read > (Reading::PUBLISHED.len() - 1) * RAW_READINGS.len() / 2, "{read}");
}

#[test]
fn a_kind_or_symbol_that_a_schema_does_not_have_yet_is_refused_in_its_messages() {
    // What a writer of that schema cannot have meant is damage, although the current one knows it.
    let rate = example("respiratory_rate");
    let schema = other(|schema| {
        // A schema from before a kind knows no later one either.
        let kinds = field(schema, "measurement")["type"].as_array_mut().unwrap();
        kinds.truncate(rate.measurement.kind().number().into());
        field(schema, "data_input")["type"]["symbols"].as_array_mut().unwrap().pop();
    });
    let written = Codec::default().encoder("readings.raw").unwrap().encode(&rate).unwrap();
    let (decoder, _) = registered(&schema, &json_of(&example("blood_pressure")));
    let message = [&[0][..], &OTHER.to_be_bytes(), &written[10..]].concat();
    assert!(reference::decode(&decoder, &message).is_err());
    let error = decoder.decode(&message).unwrap_err().to_string();
    assert!(error.contains("measurement is none of what it can be"), "{error}");
    let modified =
        Reading { data_input: schemas::reading::DataInput::Modified, ..example("blood_pressure") };
    let written = Codec::default().encoder("readings.raw").unwrap().encode(&modified).unwrap();
    let message = [&[0][..], &OTHER.to_be_bytes(), &written[10..]].concat();
    assert!(reference::decode(&decoder, &message).is_err());
    let error = decoder.decode(&message).unwrap_err().to_string();
    assert!(error.contains("data_input is none of what it can be"), "{error}");
}
