//! Glucose as devices show it, in every form that is accepted or refused.

use clinical::Timestamp;
use clinical::kinds::blood_glucose::GLUCOSE_VALUE;
use clinical::measured::Measured;

use crate::Reading;
use crate::reading::{
    BloodGlucose, Comparator, GlucoseMethod, GlucoseUnit, Measurement, ReadingStatus,
};
use examples::{RAW_READINGS, RECEIVED};

const MMOL: Option<GlucoseUnit> = Some(GlucoseUnit::MmolL);

fn glucose(
    glucose_value: f64,
    glucose_method: GlucoseMethod,
    glucose_unit: Option<GlucoseUnit>,
    glucose_comparator: Option<Comparator>,
) -> Measurement {
    let meal_timing = None;
    Measurement::BloodGlucose(BloodGlucose {
        glucose_value,
        glucose_method,
        meal_timing,
        glucose_unit,
        glucose_comparator,
    })
}

fn fault(measurement: &Measurement) -> String {
    let error = measurement.validate().unwrap_err();
    assert_eq!(error.field, "glucose_value");
    assert!(measurement.shown().is_none());
    format!("{}: {error}", error.reason.as_str())
}

#[test]
fn millimoles_are_looked_at_in_milligrams() {
    let measured = glucose(5.5, GlucoseMethod::FingerStick, Some(GlucoseUnit::MmolL), None);
    let value = measured.validate().unwrap().value(GLUCOSE_VALUE).unwrap();
    assert!((value - 99.1).abs() < 1e-9, "{value}");
    let shown = measured.shown().unwrap();
    assert_eq!(shown.measured, Measured::Exactly(5.5 * 18.016));
    assert_eq!(shown.sent, 5.5);
    let too_much = glucose(120.0, GlucoseMethod::Laboratory, Some(GlucoseUnit::MmolL), None);
    assert_eq!(fault(&too_much), "implausible: glucose_value must be between 10 and 2000 mg/dL");
}

#[test]
fn a_small_fraction_without_a_unit_is_answered_with_what_to_send() {
    for value in [16.7, 22.2] {
        assert_eq!(
            fault(&glucose(value, GlucoseMethod::FingerStick, None, None)),
            "unit_suspected: glucose_value has a fraction and is below 35, which is rare in mg/dL: \
             send glucose_unit (mg/dL or mmol/L)"
        );
    }
}

#[test]
fn low_of_a_sensor_is_below_every_limit() {
    for value in [
        glucose(39.0, GlucoseMethod::ContinuousSensor, None, None),
        glucose(40.0, GlucoseMethod::ContinuousSensor, None, Some(Comparator::Below)),
    ] {
        let sample = value.validate().unwrap();
        assert_eq!(sample.measured(GLUCOSE_VALUE), Some(Measured::Below(40.0)));
        assert_eq!(sample.value(GLUCOSE_VALUE), Some(0.0));
        assert_eq!(sample.exact(GLUCOSE_VALUE), None);
    }
    assert_eq!(
        fault(&glucose(30.0, GlucoseMethod::ContinuousSensor, None, None)),
        "implausible: glucose_value of a continuous sensor must be between 40 and 400 mg/dL; send \
         what is below as \"LO\" or \"<40\" and what is above as \"HI\" or \">400\", over Kafka as \
         glucose_comparator below or above with the limit in glucose_value"
    );
    for (value, side) in [(70.0, Comparator::Below), (300.0, Comparator::Above)] {
        assert_eq!(
            fault(&glucose(value, GlucoseMethod::ContinuousSensor, None, Some(side))),
            "implausible: glucose_value of a continuous sensor can only be below 40 mg/dL or above \
             400 to 500 mg/dL"
        );
    }
    assert_eq!(
        fault(&glucose(20.0, GlucoseMethod::Laboratory, None, Some(Comparator::Below))),
        "implausible: glucose_value of such a glucose_method is a number"
    );
}

#[test]
fn a_value_that_was_accepted_once_can_be_entered_in_error_and_what_never_was_cannot() {
    use ReadingStatus::{EnteredInError, Final};
    let received = Timestamp::from_millis(RECEIVED);
    let example = RAW_READINGS.iter().find(|example| example.name == "glucose_status_code");
    let mut reading: Reading = serde_json::from_str(example.unwrap().json).unwrap();
    let mut is_valid = |status, value, method, unit| {
        reading.status = status;
        reading.measurement = glucose(value, method, unit, None);
        reading.validate(received).is_ok_and(|it| it.entered_in_error == (status != Final))
    };
    let (sensor, meter) = (GlucoseMethod::ContinuousSensor, GlucoseMethod::FingerStick);
    for (value, method) in [(771.0, sensor), (450.0, sensor), (30.0, sensor), (16.7, meter)] {
        assert!(!is_valid(Final, value, method, None), "{value}");
        assert!(is_valid(EnteredInError, value, method, None), "{value}");
    }
    assert!(is_valid(EnteredInError, 104.0, sensor, None));
    for (value, unit) in [(9.0, None), (2001.0, None), (f64::NAN, None), (30.0, MMOL)] {
        assert!(!is_valid(EnteredInError, value, sensor, unit), "{value}");
    }
}

#[test]
fn a_status_code_is_refused_by_its_name() {
    assert_eq!(
        fault(&glucose(771.0, GlucoseMethod::ContinuousSensor, None, None)),
        "sensor_status: glucose_value 771 is a status code of the sensor, no value: sensor error"
    );
}
