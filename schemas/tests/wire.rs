//! The wire form: what is written can be read, published schemas stay readable, the rest is refused
//! by name.

use apache_avro::Schema;
use apache_avro::rabin::Rabin;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use clinical::Timestamp;
use examples::reference;
use schemas::reading::{
    BloodGlucose, BloodPressure, DataInput, Device, GlucoseMethod, Measurement, OriginOfTime,
    Reading, ReadingStatus, Source,
};
use schemas::record_list::RECORDS;
use schemas::records::{Origin, RawOutcome, RejectedReading, StoredOutcome};
use schemas::{AcceptedEncoder, AcceptedReading, Codec, DecodeError, OutcomeTally};
use serde_json::Value;

fn reading() -> Reading {
    Reading {
        consortium_id: "HOME01".into(),
        person_id: "P1".into(),
        observation_time: 1_780_000_000_000,
        utc_offset_minutes: 540,
        update_time: 1_780_000_001_500,
        source: Source::Device(Device {
            manufacturer: "OMRON".into(),
            model_number: Some("HEM-7280T".into()),
            serial: "0001".into(),
        }),
        data_input: DataInput::Device,
        origin_of_time: Some(OriginOfTime::App),
        status: ReadingStatus::Final,
        measurement: Measurement::BloodPressure(BloodPressure {
            systolic: 182,
            diastolic: 104,
            pulse_rate: Some(71),
            measurement_position: None,
            irregular_pulse: Some(false),
        }),
        send_time: None,
        vendor: Some("acme".into()),
    }
}

fn acceptance() -> schemas::Acceptance {
    schemas::Acceptance {
        outcome: StoredOutcome::Correction,
        reading_id: "HOME01/P1/blood_pressure/20260528T202640Z/0123456789abcdef".into(),
        version: -5,
        origin: Origin { partition: 3, offset: 1 << 40, received_at: 1_780_000_002_000 },
    }
}

#[test]
fn a_reading_written_is_the_reading_read() {
    let codec = Codec::new(None).unwrap();
    let bytes = codec.encoder::<Reading>("readings.raw").unwrap().encode(&reading()).unwrap();
    assert_eq!(bytes[..2], [0xc3, 0x01]);
    assert_eq!(codec.decoder::<Reading>().decode(&bytes).unwrap(), reading());
}

#[test]
fn a_schema_is_known_by_the_fingerprint_that_java_and_python_libraries_give() {
    // CRC-64-AVRO of the parsing canonical form of version 1 of reading.avsc, computed with
    // fastavro. A vendor's messages of that version stay readable.
    const READING_1: [u8; 10] = [0xc3, 0x01, 0x9a, 0x85, 0x49, 0x0f, 0xc8, 0x8d, 0x64, 0xf2];
    let codec = Codec::new(None).unwrap();
    let bytes = codec.encoder::<Reading>("readings.raw").unwrap().encode(&reading()).unwrap();
    let written_with_version_1 = [&READING_1, &bytes[10..]].concat();
    assert_eq!(codec.decoder::<Reading>().decode(&written_with_version_1).unwrap(), reading());
}

#[test]
fn an_accepted_reading_carries_the_raw_bytes_and_equals_one_encoded_anew() {
    let codec = Codec::new(None).unwrap();
    let raw = codec.encoder::<Reading>("readings.raw").unwrap().encode(&reading()).unwrap();
    let decoder = codec.decoder::<Reading>();
    let encoder = AcceptedEncoder::new(&codec, "readings.accepted").unwrap();
    let body = decoder.current_body(&raw).unwrap();
    assert_eq!(body.as_bytes(), &raw[10..]);
    let carried = encoder.carry(&body, &acceptance());
    let anew = encoder.encode(&reading(), &acceptance()).unwrap();
    assert_eq!(carried, anew);
    let read = codec.decoder::<AcceptedReading>().decode(&carried).unwrap();
    assert_eq!(read.reading, reading());
    assert_eq!(read.version, -5);
    assert_eq!(read.origin.offset, 1 << 40);
}

#[test]
fn a_tally_counts_every_outcome_under_its_name() {
    let empty = OutcomeTally::default();
    let stored = StoredOutcome::ALL.map(RawOutcome::from);
    for outcome in RawOutcome::ALL {
        let mut json = serde_json::to_value(empty).unwrap();
        json[outcome.as_str()] = 1.into();
        let mut tally: OutcomeTally = serde_json::from_value(json).unwrap();
        let found: Vec<_> = tally.counts().into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!((found, tally.records()), (vec![(outcome.as_str(), 1)], 1));
        assert_eq!(tally.stored(), i64::from(stored.contains(&outcome)));
        tally.count(outcome);
        let same = tally;
        tally.add_counts(&same);
        assert_eq!((tally.of(outcome), tally.records()), (4, 4), "{outcome:?}");
    }
    let valid =
        RawOutcome::ALL.into_iter().filter(|outcome| matches!(outcome, RawOutcome::Valid(_)));
    assert!(valid.eq(clinical::Outcome::ALL.map(RawOutcome::from)));
}

#[test]
fn a_rejected_reading_keeps_its_bytes_whole() {
    let codec = Codec::new(None).unwrap();
    let origin = acceptance().origin;
    let rejected = RejectedReading {
        reason: "undecodable".into(),
        ..RejectedReading::holding(&[0, 255, 10, 13], Some(&[1, 2]), 100, origin)
    };
    let bytes = codec.encoder("readings.rejected").unwrap().encode(&rejected).unwrap();
    assert_eq!(codec.decoder::<RejectedReading>().decode(&bytes).unwrap(), rejected);
}

#[test]
fn a_rejected_reading_of_the_first_schema_is_read_as_whole() {
    // Written by fastavro with published/rejected_reading.1.avsc.
    let header = [0xc3, 0x01, 0x20, 0x00, 0x2d, 0xf2, 0x7e, 0x4f, 0x7a, 0x7b];
    let body = [4, 0, 255, 2, 2, 9, 2, b'x', 0, 0, 6, 14, 20];
    let codec = Codec::new(None).unwrap();
    let read = codec.decoder::<RejectedReading>().decode(&[&header[..], &body].concat()).unwrap();
    assert_eq!((&read.bytes[..], read.key.as_deref()), (&[0, 255][..], Some(&[9][..])));
    assert_eq!((read.reason.as_str(), read.origin.offset), ("x", 7));
    assert!(read.is_whole());
}

#[test]
fn what_is_too_large_is_kept_to_its_beginning_with_its_whole_length() {
    let (value, key) = (vec![7; 11], vec![8; RejectedReading::LARGEST_KEY + 1]);
    let origin = acceptance().origin;
    let whole = RejectedReading::holding(&value, Some(&key[1..]), 11, origin);
    assert!(whole.is_whole());
    assert_eq!((&whole.bytes, whole.key.as_deref()), (&value, Some(&key[1..])));
    let cut = RejectedReading::holding(&value, Some(&key), 10, origin);
    assert_eq!((cut.bytes.len(), cut.whole_length), (10, Some(11)));
    let length = RejectedReading::LARGEST_KEY;
    assert_eq!(cut.key.as_ref().map(Vec::len), Some(length));
    assert_eq!(cut.whole_key_length, Some(length as i64 + 1));
}

#[test]
fn bytes_in_no_known_form_are_refused_by_name() {
    let decoder = Codec::new(None).unwrap().decoder::<Reading>();
    assert!(matches!(decoder.decode(b"{\"json\": 1}"), Err(DecodeError::NotFramed)));
    assert!(matches!(decoder.decode(b""), Err(DecodeError::NotFramed)));
    assert!(matches!(decoder.decode(&[0, 0, 0, 0, 1, 2, 3]), Err(DecodeError::NoRegistry)));
    let unknown = [0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert!(matches!(decoder.decode(&unknown), Err(DecodeError::UnknownSchema(_))));
}

#[test]
fn an_id_that_no_registry_can_have_is_unknown_without_asking() {
    // Nothing listens there: whoever asks is to come back.
    let codec = Codec::new(Some("http://127.0.0.1:9")).unwrap();
    let decoder = codec.decoder::<Reading>();
    let error = decoder.decode(&[0, 0x80, 0, 0, 0, 1]).unwrap_err();
    assert!(matches!(error, DecodeError::UnknownSchema(_)) && !error.is_retryable());
    assert!(decoder.decode(&[0, 0, 0, 0, 1, 1]).unwrap_err().is_retryable());
}

#[test]
fn a_registrys_framing_is_read_by_the_schema_of_its_id() {
    let schemas = [(7, include_str!("../avro/reading.avsc").to_owned())].into();
    let codec = Codec::with_schemas(schemas);
    let bytes = codec.encoder::<Reading>("readings.raw").unwrap().encode(&reading()).unwrap();
    assert_eq!(bytes[..5], [0, 0, 0, 0, 7]);
    let decoder = codec.decoder::<Reading>();
    assert_eq!(decoder.decode(&bytes).unwrap(), reading());
    assert_eq!(reference::decode(&decoder, &bytes).unwrap(), reading());
    let unknown = [&[0, 0, 0, 0, 8], &bytes[5..]].concat();
    for _ in 0..2 {
        assert!(matches!(decoder.decode(&unknown), Err(DecodeError::UnknownSchema(_))));
    }
}

#[test]
fn a_body_cut_short_or_too_long_is_malformed_and_its_values_are_not_reported() {
    let codec = Codec::new(None).unwrap();
    let bytes = codec.encoder::<Reading>("readings.raw").unwrap().encode(&reading()).unwrap();
    let decoder = codec.decoder::<Reading>();
    for length in 10..bytes.len() {
        let error = decoder.decode(&bytes[..length]).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed(_)), "{length}: {error}");
        assert!(!error.to_string().contains("HOME01"), "{error}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(decoder.decode(&longer), Err(DecodeError::Malformed(_))));
}

#[test]
fn every_schema_is_published() {
    for (name, current, published) in RECORDS {
        let fingerprint = |text| Schema::parse_str(text).unwrap().fingerprint::<Rabin>().bytes;
        assert_eq!(
            fingerprint(published.last().unwrap()),
            fingerprint(current),
            "{name} has changed: publish it as avro/published/{name}.N.avsc"
        );
    }
}

/// The schemas of a record in the order in which they were published, the current one last.
fn versions(published: &[&'static str], current: &'static str) -> Vec<&'static str> {
    published.iter().copied().chain([current]).collect()
}

#[test]
fn every_version_reads_all_that_any_earlier_one_can_say() {
    for (name, current, published) in RECORDS {
        let versions = versions(published, current);
        for (number, newer) in (1..).zip(&versions) {
            for (earlier_number, earlier) in (1..).zip(&versions[..number - 1]) {
                assert_eq!(
                    can_read(earlier, newer),
                    Ok(Compatibility::Full),
                    "{name}: version {number} does not read all of version {earlier_number}"
                );
            }
        }
    }
}

#[test]
fn every_version_reads_all_that_any_later_one_can_say_but_new_kinds() {
    for (name, current, published) in RECORDS {
        let versions = versions(published, current);
        for (number, newer) in (1..).zip(&versions) {
            for (earlier_number, earlier) in (1..).zip(&versions[..number - 1]) {
                let newer = without_new_kinds(newer, earlier);
                assert_eq!(
                    can_read(&newer, earlier),
                    Ok(Compatibility::Full),
                    "{name}: version {earlier_number} does not read all of version {number}"
                );
            }
        }
    }
}

fn can_read(writer: &str, reader: &str) -> Result<Compatibility, String> {
    let [writer, reader] = [writer, reader].map(|text| Schema::parse_str(text).unwrap());
    SchemaCompatibility::can_read(&writer, &reader).map_err(|error| error.to_string())
}

/// The newer schema without the kinds of measurements that the earlier one does not know: a consumer
/// that stays on the earlier one refuses those by name, and reads all else.
fn without_new_kinds(newer: &str, earlier: &str) -> String {
    fn kinds(schema: &mut Value) -> Option<&mut Vec<Value>> {
        let fields = schema["fields"].as_array_mut()?;
        let mut types = fields.iter_mut().map(|field| {
            let name = field["name"].as_str().map(str::to_owned);
            (name, &mut field["type"])
        });
        types.find_map(|(name, schema)| match name.as_deref() {
            Some("measurement") => schema.as_array_mut(),
            Some("reading") => kinds(schema),
            _ => None,
        })
    }
    let [mut newer, mut earlier] = [newer, earlier].map(|text| serde_json::from_str(text).unwrap());
    if let (Some(newer), Some(earlier)) = (kinds(&mut newer), kinds(&mut earlier)) {
        let known: Vec<_> = earlier.iter().map(|kind| kind["name"].clone()).collect();
        newer.retain(|kind| known.contains(&kind["name"]));
    }
    newer.to_string()
}

#[test]
fn a_change_that_only_some_messages_survive_is_not_compatible() {
    let with = |types: &str| {
        format!(
            r#"{{"type": "record", "name": "R", "fields": [{{"name": "f", "type": {types}}}]}}"#
        )
    };
    let (two, one) = (with(r#"["int", "string"]"#), with(r#"["int"]"#));
    assert_eq!(can_read(&two, &one), Ok(Compatibility::Partial));
    let [two, one] = [r#"["a", "b"]"#, r#"["a"]"#]
        .map(|symbols| with(&format!(r#"{{"type": "enum", "name": "E", "symbols": {symbols}}}"#)));
    assert_eq!(can_read(&two, &one), Ok(Compatibility::Partial));
    assert_eq!(can_read(&one, &two), Ok(Compatibility::Full));
}

#[test]
fn the_reading_inside_an_accepted_reading_is_the_reading() {
    let accepted: serde_json::Value =
        serde_json::from_str(include_str!("../avro/accepted_reading.avsc")).unwrap();
    let reading: serde_json::Value =
        serde_json::from_str(include_str!("../avro/reading.avsc")).unwrap();
    assert_eq!(accepted["fields"][0]["type"], reading);
}

#[test]
fn every_field_of_every_schema_is_documented() {
    fn walk(schema: &serde_json::Value, path: &str) {
        if let Some(fields) = schema["fields"].as_array() {
            assert!(schema["doc"].is_string(), "{path} has no doc");
            for field in fields {
                let path = format!("{path}.{}", field["name"]);
                assert!(field["doc"].is_string(), "{path} has no doc");
                walk(&field["type"], &path);
            }
        }
        for branch in schema.as_array().into_iter().flatten() {
            walk(branch, path);
        }
        if schema["items"].is_object() {
            walk(&schema["items"], path);
        }
    }
    for (name, schema, _) in RECORDS {
        walk(&serde_json::from_str(schema).unwrap(), name);
    }
}

#[test]
fn the_version_of_a_reading_never_changes_its_form() {
    // Versions are stored: these numbers must stay what they are.
    let received = Timestamp::from_millis(1_780_000_100_000);
    assert_eq!(reading().validate(received).unwrap().version.bits(), GOLDEN_BLOOD_PRESSURE);
    let mut glucose = reading();
    glucose.measurement = Measurement::BloodGlucose(BloodGlucose {
        glucose_value: 153.0,
        glucose_method: GlucoseMethod::ContinuousSensor,
        meal_timing: None,
        glucose_unit: None,
        glucose_comparator: None,
    });
    assert_eq!(glucose.validate(received).unwrap().version.bits(), GOLDEN_GLUCOSE);
}

const GOLDEN_BLOOD_PRESSURE: u64 = 7_465_861_126_294_271_707;
const GOLDEN_GLUCOSE: u64 = 7465861126293378588;
