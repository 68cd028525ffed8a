//! An accepted reading read for replaying it into a state: only what is remembered of it, without a
//! copy of its texts. A rebuild reads millions of them.

use clinical::Timestamp;
use clinical::Version;
use clinical::remembered::RememberedReading;

use crate::body::{self, Body, FieldError, Fields, KnownSource, unchanged};
use crate::codec::{CurrentBody, DecodeError, WrittenBody};
use crate::envelope::taken_time;
use crate::product::Product;
use crate::reading::{DataInput, Device, Measurement, Reading, ReadingStatus};
use crate::records::{AcceptedReading, StoredOutcome};

impl CurrentBody<'_, Reading> {
    /// The product that measured it; none of a test lab, and of what is no reading.
    pub fn product(&self) -> Option<Product<'_>> {
        body::product(&mut Body::new(self.as_bytes())).ok().flatten()
    }
}

/// What a state keeps of an accepted reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedReading<'b> {
    /// `consortium_id/person_id`, as it was validated when the reading was accepted.
    pub patient: &'b str,
    /// When it was received.
    pub received: Timestamp,
    /// What became of it.
    pub outcome: StoredOutcome,
    /// What is remembered.
    pub trace: RememberedReading,
    /// The product that measured it; none of a test lab.
    pub product: Option<Product<'b>>,
}

/// The fields that matter, as they were written.
struct Remembered<'b> {
    reading_id: &'b str,
    observation_time: i64,
    source: KnownSource<'b>,
    data_input: DataInput,
    status: ReadingStatus,
    measurement: Measurement,
    version: i64,
    outcome: StoredOutcome,
    received_at: i64,
}

impl WrittenBody<'_, AcceptedReading> {
    /// Reads it as far as it is remembered; none when its time, source or values are not valid any
    /// more, because a check has become stricter since it was accepted.
    ///
    /// # Errors
    /// When it is no accepted reading.
    pub fn replay(&self) -> Result<Option<ReplayedReading<'_>>, DecodeError> {
        let fields = match self.planned() {
            Some(planned) => planned.whole(read)?,
            None => {
                let mut body = self.current();
                let fields = read(&mut body)?;
                body.end()?;
                fields
            }
        };
        Ok(fields.replayed()?)
    }
}

fn read<'b>(body: &mut impl Fields<'b>) -> Result<Remembered<'b>, FieldError> {
    let (_, _, observation_time, utc_offset_minutes, _, source, data_input, _, status) = unchanged!(body, {
        consortium_id: body.skip_text("consortium_id"),
        person_id: body.skip_text("person_id"),
        observation_time: body.long("observation_time"),
        utc_offset_minutes: body.long("utc_offset_minutes"),
        update_time: body.long("update_time"),
        source: body::known_source(body),
        data_input: body.symbol("data_input", &DataInput::ALL),
        origin_of_time: body.nullable("origin_of_time", |body| body.long("origin_of_time")),
        status: body::status(body),
    });
    let measurement = body::measurement(body)?;
    let (_, _, outcome, reading_id, version, _, _, received_at) = unchanged!(body, {
        send_time: body.nullable("send_time", |body| body.long("send_time")),
        vendor: body.nullable("vendor", |body| body.skip_text("vendor")),
        outcome: body::outcome(body),
        reading_id: body.str("reading_id"),
        version: body.long("version"),
        partition: body.long("partition"),
        offset: body.long("offset"),
        received_at: body.long("received_at"),
    });
    Ok(Remembered {
        reading_id,
        observation_time: taken_time(observation_time, utc_offset_minutes),
        source,
        data_input,
        status,
        measurement,
        version,
        outcome,
        received_at,
    })
}

impl<'b> Remembered<'b> {
    fn replayed(self) -> Result<Option<ReplayedReading<'b>>, FieldError> {
        let observation_time = Timestamp::from_millis(self.observation_time);
        let KnownSource { digest, product } = self.source;
        let (Ok(sample), Ok(source)) = (self.measurement.once_accepted(), digest) else {
            return Ok(None);
        };
        if !observation_time.is_storable() {
            return Ok(None);
        }
        let not_an_id = FieldError::new("reading_id", "is not made as reading ids are");
        let patient = patient_of(self.reading_id).ok_or(not_an_id)?;
        let kind = self.measurement.kind();
        // Asked of few kinds.
        let of_list =
            || product.and_then(|it| Device::product_of(it.manufacturer, it.model_number));
        let sample = sample.of_product(kind, of_list);
        let trace = RememberedReading {
            kind,
            observation_time: observation_time.floor_to_second(),
            source,
            version: Version::from_bits(self.version as u64),
            entered_in_error: self.status == ReadingStatus::EnteredInError,
            by_hand: self.data_input.is_by_hand(),
            sample,
        };
        let received = Timestamp::from_millis(self.received_at);
        Ok(Some(ReplayedReading { patient, received, outcome: self.outcome, trace, product }))
    }
}

/// The patient at the beginning of a reading id. The source at its end may be of an earlier version,
/// which counted the model number: a state knows sources only as they are named now.
fn patient_of(id: &str) -> Option<&str> {
    let mut slashes = id.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
    Some(&id[..slashes.nth(1)?])
}

#[cfg(test)]
mod tests {
    use examples::{RAW_READINGS, RECEIVED, reference};
    use proptest::prelude::*;

    use super::*;
    use crate::codec::{Codec, Record, parse_own};
    use crate::reading::{BloodGlucose, Device, GlucoseMethod, GlucoseUnit, Source};
    use crate::records::{Origin, StoredOutcome};

    /// Every example that is valid, and one of a clock of 1970 in Japan, accepted.
    fn accepted() -> Vec<(AcceptedReading, clinical::Reading)> {
        let received = Timestamp::from_millis(RECEIVED);
        let read = |json| serde_json::from_str::<Reading>(json).unwrap();
        let of_1970 = Reading { observation_time: -32_220_000, ..read(RAW_READINGS[0].json) };
        (RAW_READINGS.iter().filter(|example| example.expected == "ok"))
            .map(|example| read(example.json))
            .chain([of_1970])
            .map(|reading| {
                let validated = reading.validate(received).unwrap();
                let accepted = AcceptedReading {
                    reading,
                    outcome: StoredOutcome::Stale,
                    reading_id: validated.id().to_string(),
                    version: validated.version.bits() as i64,
                    origin: Origin { partition: 3, offset: 99, received_at: RECEIVED },
                };
                (accepted, validated)
            })
            .collect()
    }

    fn encode(accepted: &AcceptedReading) -> Vec<u8> {
        Codec::default().encoder("readings.accepted").unwrap().encode(accepted).unwrap()
    }

    fn encoded() -> impl Strategy<Value = Vec<u8>> {
        let all = accepted().into_iter().map(|(accepted, _)| encode(&accepted));
        prop::sample::select(all.collect::<Vec<_>>())
    }

    #[test]
    fn what_is_replayed_is_what_was_remembered_when_the_reading_was_accepted() {
        let decoder = Codec::default().decoder::<AcceptedReading>();
        for (accepted, validated) in accepted() {
            let product = match &accepted.reading.source {
                Source::Device(device) => Some(Product {
                    manufacturer: &device.manufacturer,
                    model_number: device.model_number.as_deref(),
                }),
                Source::TestLab(_) => None,
            };
            let expected = ReplayedReading {
                patient: validated.patient.as_str(),
                received: Timestamp::from_millis(RECEIVED),
                outcome: StoredOutcome::Stale,
                trace: RememberedReading::from(&validated),
                product,
            };
            let bytes = encode(&accepted);
            let body = decoder.written_body(&bytes).unwrap();
            assert_eq!(body.replay().unwrap().as_ref(), Some(&expected));
            // Whoever takes the raw record in finds the same product.
            let codec = Codec::default();
            let raw = codec.encoder("readings.raw").unwrap().encode(&accepted.reading).unwrap();
            let body = codec.decoder::<Reading>().current_body(&raw).unwrap();
            assert_eq!(body.product(), product);
        }
    }

    /// The schema with a field less and a field more, in the reading and in a measurement.
    fn another_schema() -> serde_json::Value {
        fn change(fields: &mut serde_json::Value, less: &str) {
            let fields = fields.as_array_mut().unwrap();
            fields.retain(|field| field["name"] != less);
            let more = serde_json::json!({"name": "more", "type": "string", "default": "上腕"});
            fields.insert(1, more.clone());
            fields.push(serde_json::json!({"name": "last", "type": more["type"], "default": ""}));
        }
        let mut schema: serde_json::Value = serde_json::from_str(AcceptedReading::SCHEMA).unwrap();
        let reading = &mut schema["fields"][0]["type"];
        change(&mut reading["fields"], "vendor");
        let fields = reading["fields"].as_array_mut().unwrap();
        let measurement = fields.iter_mut().find(|field| field["name"] == "measurement").unwrap();
        for kind in measurement["type"].as_array_mut().unwrap() {
            change(&mut kind["fields"], "pulse_rate");
        }
        schema
    }

    #[test]
    fn what_another_schema_says_is_replayed_like_the_same_in_the_current_one() {
        const OTHER: u32 = 2;
        let schema = another_schema();
        let codec = Codec::with_schemas([(OTHER, schema.to_string())].into());
        let decoder = codec.decoder::<AcceptedReading>();
        let current = parse_own(AcceptedReading::SCHEMA).schema;
        let other = apache_avro::Schema::parse(&schema).unwrap();
        for (accepted, _) in accepted() {
            let written = encode(&accepted);
            let body = reference::resolve(&written[10..], current, &other).unwrap();
            let message = [&[0][..], &OTHER.to_be_bytes(), &body].concat();
            assert_ne!(decoder.current_body(&message).unwrap().as_bytes(), body);
            let same = reference::resolve(&body, &other, current).unwrap();
            let expected = [&written[..10], &same].concat();
            let expected = decoder.written_body(&expected).unwrap();
            let read = decoder.written_body(&message).unwrap();
            assert!(read.planned().is_some() && expected.planned().is_none());
            assert_eq!(read.replay().unwrap(), expected.replay().unwrap());
            for length in 5..message.len() {
                let cut = decoder.written_body(&message[..length]).unwrap();
                assert!(cut.replay().is_err());
            }
        }
    }

    #[test]
    fn a_reading_that_was_accepted_under_an_older_id_is_replayed_under_its_id_of_now() {
        let decoder = Codec::default().decoder::<AcceptedReading>();
        for (mut accepted, validated) in accepted() {
            let patient = validated.patient.as_str();
            accepted.reading_id = format!("{patient}/hba1c/20260101T000000Z/0123456789abcdef");
            let bytes = encode(&accepted);
            let body = decoder.written_body(&bytes).unwrap();
            let replayed = body.replay().unwrap().unwrap();
            assert_eq!(replayed.trace, RememberedReading::from(&validated));
            assert_eq!(replayed.patient, patient);
        }
    }

    #[test]
    fn a_time_source_or_value_that_is_not_valid_any_more_is_not_replayed() {
        let decoder = Codec::default().decoder::<AcceptedReading>();
        let is_replayed = |change: fn(&mut AcceptedReading)| {
            let (mut accepted, _) = accepted().swap_remove(0);
            change(&mut accepted);
            let bytes = encode(&accepted);
            decoder.written_body(&bytes).unwrap().replay().unwrap().is_some()
        };
        assert!(is_replayed(|_| ()));
        assert!(!is_replayed(|accepted| accepted.reading.observation_time = i64::MIN));
        assert!(!is_replayed(|accepted| {
            let (manufacturer, serial) = ("OMRON".to_owned(), "\u{3000}".to_owned());
            accepted.reading.source =
                Source::Device(Device { manufacturer, model_number: None, serial });
        }));
        assert!(!is_replayed(|accepted| {
            let temperature = crate::reading::BodyTemperature { temperature: 451.0 };
            accepted.reading.measurement = Measurement::BodyTemperature(temperature);
        }));
    }

    #[test]
    fn glucose_accepted_before_its_devices_were_known_is_replayed_as_it_was_judged() {
        use clinical::kinds::blood_glucose::GLUCOSE_VALUE;
        use clinical::measured::Measured;
        let decoder = Codec::default().decoder::<AcceptedReading>();
        let replayed = |value, unit| {
            let (mut accepted, _) = accepted().swap_remove(0);
            accepted.reading.measurement = Measurement::BloodGlucose(BloodGlucose {
                glucose_value: value,
                glucose_method: GlucoseMethod::ContinuousSensor,
                meal_timing: None,
                glucose_unit: unit,
                glucose_comparator: None,
            });
            let bytes = encode(&accepted);
            let body = decoder.written_body(&bytes).unwrap();
            let replayed = body.replay().unwrap();
            replayed.and_then(|reading| reading.trace.sample.measured(GLUCOSE_VALUE))
        };
        for value in [30.0, 38.0, 450.0, 771.0, 16.7] {
            assert_eq!(replayed(value, None), Some(Measured::Exactly(value)));
        }
        assert_eq!(replayed(39.0, None), Some(Measured::Below(40.0)));
        assert_eq!(replayed(5.0, None), None);
        assert_eq!(replayed(30.0, Some(GlucoseUnit::MmolL)), None);
    }

    proptest! {
        #[test]
        fn a_damaged_record_is_refused_or_replayed_but_never_the_end_of_the_process(
            mut bytes in encoded(),
            damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            length in any::<prop::sample::Index>(),
        ) {
            let decoder = Codec::default().decoder::<AcceptedReading>();
            let is_replayed = |bytes: &[u8]| {
                decoder.written_body(bytes).and_then(|body| body.replay().map(|_| ()))
            };
            let length = length.index(bytes.len());
            prop_assert!(is_replayed(&bytes[..length]).is_err());
            for (place, byte) in damages {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            // A number that was damaged may end where the record is cut.
            let _ = (is_replayed(&bytes), is_replayed(&bytes[..length]));
        }
    }
}
