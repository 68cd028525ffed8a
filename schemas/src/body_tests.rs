use proptest::prelude::*;

use super::*;
use crate::codec::{Codec, Record, datum_reader, parse_own};

fn measurements() -> Vec<Measurement> {
    let text = |text: &str| Some(text.to_owned());
    vec![
        Measurement::WeighingScale(WeighingScale { body_weight: 61.5, body_fat: Some(21.0) }),
        Measurement::BloodPressure(BloodPressure {
            systolic: 182,
            diastolic: 104,
            pulse_rate: Some(71),
            measurement_position: text("上腕"),
            irregular_pulse: Some(true),
        }),
        Measurement::Activity(Activity {
            step: 8_000,
            walk_time: Some(61),
            moderate_intensity_activity: Some(20),
            calories: Some(200.5),
            total_calories: Some(1900.0),
            distance: Some(5.2),
            exercise: Some(1.5),
            physical_activity: Some(4.0),
            total_active_duration: Some(90),
            measurement_position_code: text("10"),
        }),
        Measurement::Activity(Activity { step: 1, ..Activity::default() }),
        Measurement::Hba1c(Hba1c {
            hba1c_value: 6.5,
            measurement_method_code: text("3D0452"),
            value_criteria_code: text("1"),
        }),
        Measurement::BloodPressureCheckup(BloodPressureCheckup {
            systolic: 128,
            diastolic: 78,
            pulse_rate: Some(66),
            measurement_position: None,
        }),
        Measurement::BloodGlucose(BloodGlucose {
            glucose_value: 104.0,
            glucose_method: GlucoseMethod::Laboratory,
            meal_timing: Some(MealTiming::Unknown),
        }),
        Measurement::BodyTemperature(BodyTemperature { temperature: 36.6 }),
        Measurement::OxygenSaturation(OxygenSaturation { spo2: 97.0, pulse_rate: Some(70) }),
    ]
}

fn accepted(measurement: Measurement, full: bool) -> AcceptedReading {
    let device = Source::Device(Device {
        manufacturer: "OMRON".into(),
        model_number: full.then(|| "HEM-7600T".into()),
        serial: "0001".into(),
    });
    let lab = Source::TestLab(TestLab { test_lab_id: "LAB1".into() });
    AcceptedReading {
        reading: Reading {
            consortium_id: "HOME01".into(),
            person_id: "P1".into(),
            observation_time: if full { i64::MAX } else { i64::MIN },
            utc_offset_minutes: if full { 540 } else { -1080 },
            update_time: 1_780_000_001_500,
            source: if matches!(measurement, Measurement::Hba1c(_)) { lab } else { device },
            data_input: DataInput::Modified,
            origin_of_time: full.then_some(OriginOfTime::App),
            status: if full { ReadingStatus::EnteredInError } else { ReadingStatus::Final },
            measurement,
            send_time: full.then_some(1_780_000_001_600),
            vendor: full.then(|| "acme".into()),
        },
        outcome: StoredOutcome::Conflict,
        reading_id: "HOME01/P1/kind/20260528T202640Z/0123456789abcdef".into(),
        version: i64::MIN,
        origin: Origin { partition: 3, offset: 1 << 40, received_at: 1_780_000_002_000 },
    }
}

fn samples() -> impl Strategy<Value = Vec<u8>> {
    let encoder = Codec::new(None).unwrap().encoder("readings.accepted").unwrap();
    let bodies: Vec<Vec<u8>> = measurements()
        .into_iter()
        .flat_map(|measurement| [true, false].map(|full| accepted(measurement.clone(), full)))
        .map(|accepted| encoder.encode(&accepted).unwrap()[encoder.header().len()..].to_vec())
        .collect();
    prop::sample::select(bodies)
}

/// What a way of reading makes of bytes, and how many it leaves; `Debug` tells all numbers apart.
fn told<T: std::fmt::Debug, E>(read: Result<T, E>, rest: &[u8]) -> Option<String> {
    read.ok().map(|value| format!("{value:?}, {} bytes left", rest.len()))
}

fn both_ways<T: Record + std::fmt::Debug>(bytes: &[u8]) -> (Option<String>, Option<String>) {
    let mut fields = Body::new(bytes);
    let by_fields = T::READ.unwrap()(&mut fields);
    let mut rest = bytes;
    let by_schema = datum_reader(parse_own(T::SCHEMA).schema).read_deser::<T>(&mut rest);
    (told(by_fields, fields.rest()), told(by_schema, rest))
}

proptest! {
    #[test]
    fn a_body_read_by_fields_is_the_body_read_by_its_schema(body in samples()) {
        let (by_fields, by_schema) = both_ways::<AcceptedReading>(&body);
        prop_assert!(by_fields.is_some());
        prop_assert_eq!(by_fields, by_schema);
        let (by_fields, by_schema) = both_ways::<Reading>(&body);
        prop_assert!(by_fields.is_some());
        prop_assert_eq!(by_fields, by_schema);
    }

    #[test]
    fn a_damaged_body_is_refused_by_both_or_read_alike(
        mut body in samples(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
    ) {
        for (place, byte) in damages {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let length = length.index(body.len() + 1);
        for bytes in [&body[..], &body[..length]] {
            let (by_fields, by_schema) = both_ways::<AcceptedReading>(bytes);
            prop_assert_eq!(by_fields, by_schema);
        }
    }
}

#[test]
fn a_number_longer_than_64_bits_is_refused() {
    assert!(Body::new(&[0xff; 11]).long("n").is_err());
    assert_eq!(
        Body::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).long("n"),
        Ok(i64::MIN)
    );
}
