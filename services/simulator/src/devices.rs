//! The models that the virtual patients use. Maker and models are invented.

use schemas::reading::{Device, GlucoseMethod, Measurement};

use crate::declared;
pub use crate::model::Model;

/// Manufacturer code of every model.
pub const MANUFACTURER: &str = "KAWASEMI";

const fn model(
    number: &'static str,
    name: &'static str,
    corrects_clock: bool,
    conformity: &'static str,
    accuracy: &'static str,
) -> Model {
    Model { number, name, corrects_clock, conformity, accuracy }
}

/// Upper-arm blood pressure monitor.
pub const PRESSURE_MONITOR: Model =
    model("KB-210", "上腕式血圧計 KB-210", false, "JIS T 1115", "±3 mmHg");
/// Scale with body fat.
pub const SCALE: Model = model("KS-50", "体組成計 KS-50", true, "JIS B 7613", "±0.1 kg");
/// Wrist-worn activity tracker.
pub const TRACKER: Model = model("KT-7", "活動量計 KT-7", true, "JIS S 7200", "±3 %");
/// Finger-stick glucose meter.
pub const GLUCOSE_METER: Model =
    model("KG-3", "自己血糖測定器 KG-3", false, "ISO 15197", "±15 mg/dL or ±15 %");
/// Continuous glucose sensor.
pub const GLUCOSE_SENSOR: Model =
    model("KC-14", "持続血糖測定器 KC-14", true, "ISO 13485", "MARD 9 %");
/// Thermometer.
pub const THERMOMETER: Model = model("KM-9", "電子体温計 KM-9", true, "JIS T 1140", "±0.1 Cel");
/// Finger-clip pulse oximeter.
pub const OXIMETER: Model =
    model("KO-2", "パルスオキシメータ KO-2", true, "ISO 80601-2-61", "±2 %");

/// Every model.
pub fn models() -> impl Iterator<Item = Model> {
    MODELS.into_iter().chain(declared::models())
}

const MODELS: [Model; 7] =
    [PRESSURE_MONITOR, SCALE, TRACKER, GLUCOSE_METER, GLUCOSE_SENSOR, THERMOMETER, OXIMETER];

/// The model that measures such a value at home; none for what a laboratory measures.
pub fn model_for(measurement: &Measurement) -> Option<Model> {
    Some(match measurement {
        Measurement::BloodPressure(_) => PRESSURE_MONITOR,
        Measurement::WeighingScale(_) => SCALE,
        Measurement::Activity(_) => TRACKER,
        Measurement::BloodGlucose(glucose) => match glucose.glucose_method {
            GlucoseMethod::ContinuousSensor => GLUCOSE_SENSOR,
            GlucoseMethod::FingerStick | GlucoseMethod::Laboratory => GLUCOSE_METER,
        },
        Measurement::BodyTemperature(_) => THERMOMETER,
        Measurement::OxygenSaturation(_) => OXIMETER,
        other => return declared::model_for(other.kind()),
    })
}

/// A patient's own copy of a model.
pub fn device(model: Model, patient_index: u32) -> Device {
    Device {
        manufacturer: MANUFACTURER.to_owned(),
        model_number: Some(model.number.to_owned()),
        serial: format!("{}{patient_index:06}", model.number.replace('-', "")),
    }
}
