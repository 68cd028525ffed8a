//! Exchange documents: readings as an app of a consortium sends them to the gateway.

use clinical::{Span, Timestamp};
use jiff::tz::Offset;
use schemas::Reading;
use schemas::reading::{
    BloodGlucose, DataInput, GlucoseMethod, MealTiming, Measurement, OriginOfTime, Source,
};
use serde_json::{Map, Value, json};

/// The version of the standard that the documents are of.
pub const FORMAT_VERSION: &str = "1.0";

/// A document of one consortium, each person once, readings in the order given.
///
/// The standard has no word for a withdrawal, so readings entered in error must go another way.
pub fn document<'a>(
    consortium_id: &str,
    send_time: Timestamp,
    readings: impl IntoIterator<Item = &'a Reading>,
) -> Value {
    let mut persons: Vec<Person<'a>> = Vec::new();
    for reading in readings {
        let at = persons.iter().position(|person| person.id == reading.person_id);
        let at = at.unwrap_or_else(|| {
            persons.push(Person { id: &reading.person_id, home: Map::new(), checkup: Map::new() });
            persons.len() - 1
        });
        persons[at].add(reading);
    }
    json!({
        "format_version": FORMAT_VERSION,
        "send_time": digits(send_time, send_offset(), true),
        "consortium_id": consortium_id,
        "person_information": persons.into_iter().map(Person::into_value).collect::<Vec<_>>(),
    })
}

struct Person<'a> {
    id: &'a str,
    home: Map<String, Value>,
    checkup: Map<String, Value>,
}

impl Person<'_> {
    fn add(&mut self, reading: &Reading) {
        let (is_checkup, array) = place(&reading.measurement);
        let part = if is_checkup { &mut self.checkup } else { &mut self.home };
        let array = part.entry(array).or_insert_with(|| json!([]));
        if let Value::Array(records) = array {
            records.push(record(reading));
        }
    }

    fn into_value(self) -> Value {
        let mut person = json!({ "person_id": self.id });
        for (name, part) in
            [("healthcare_information", self.home), ("health_checkup_information", self.checkup)]
        {
            if !part.is_empty() {
                person[name] = Value::Object(part);
            }
        }
        person
    }
}

/// Whether a record belongs to the check-up part, and the name of its array.
fn place(measurement: &Measurement) -> (bool, &'static str) {
    match measurement {
        Measurement::WeighingScale(_) => (false, "weighing_scale"),
        Measurement::BloodPressure(_) => (false, "blood_pressure"),
        Measurement::Activity(_) => (false, "activity"),
        Measurement::BloodGlucose(_) => (false, "blood_glucose"),
        Measurement::BodyTemperature(_) => (false, "body_temperature"),
        Measurement::OxygenSaturation(_) => (false, "oxygen_saturation"),
        Measurement::Hba1c(_) => (true, "hba1c"),
        Measurement::BloodPressureCheckup(_) => (true, "blood_pressure"),
    }
}

fn record(reading: &Reading) -> Value {
    let offset = Offset::from_seconds(reading.utc_offset_minutes * 60).unwrap_or(Offset::UTC);
    let observed = Timestamp::from_millis(reading.observation_time);
    let updated = Timestamp::from_millis(reading.update_time);
    let mut record = json!({
        "observation_time": digits(observed, offset, false),
        "update_time": digits(updated, offset, true),
        "data_input_code": match reading.data_input {
            DataInput::Device => "0",
            DataInput::Manual => "1",
            DataInput::Modified => "2",
        },
    });
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            record[name] = value;
        }
    };
    match &reading.source {
        Source::Device(device) => {
            put("model_manufacturer_code", Some(json!(device.manufacturer)));
            put("model_number", device.model_number.as_ref().map(|model| json!(model)));
            put("production_specification_serial", Some(json!(device.serial)));
        }
        Source::TestLab(lab) => put("test_lab_id", Some(json!(lab.test_lab_id))),
    }
    let origin = reading.origin_of_time.map(|origin| match origin {
        OriginOfTime::Device => json!("0"),
        OriginOfTime::App => json!("1"),
    });
    put("origin_of_time_code", origin);
    values(&reading.measurement, &mut put);
    record
}

fn values(measurement: &Measurement, put: &mut impl FnMut(&str, Option<Value>)) {
    match measurement {
        Measurement::WeighingScale(w) => {
            put("body_weight", Some(json!(w.body_weight)));
            put("body_fat", w.body_fat.map(Value::from));
        }
        Measurement::BloodPressure(bp) => {
            put("systolic", Some(json!(bp.systolic)));
            put("diastolic", Some(json!(bp.diastolic)));
            put("pulse_rate", bp.pulse_rate.map(Value::from));
            put("measurement_position", bp.measurement_position.clone().map(Value::from));
            put("irregular_pulse", bp.irregular_pulse.map(Value::from));
        }
        Measurement::BloodPressureCheckup(bp) => {
            put("systolic", Some(json!(bp.systolic)));
            put("diastolic", Some(json!(bp.diastolic)));
            put("pulse_rate", bp.pulse_rate.map(Value::from));
            put("measurement_position", bp.measurement_position.clone().map(Value::from));
        }
        Measurement::Activity(a) => {
            put("step", Some(json!(a.step)));
            put("walk_time", a.walk_time.map(Value::from));
            let moderate = a.moderate_intensity_activity.map(Value::from);
            put("moderate_intensity_activity", moderate);
            put("calories", a.calories.map(Value::from));
            put("total_calories", a.total_calories.map(Value::from));
            put("distance", a.distance.map(Value::from));
            put("exercise", a.exercise.map(Value::from));
            put("physical_activity", a.physical_activity.map(Value::from));
            put("total_active_duration", a.total_active_duration.map(Value::from));
            let position = a.measurement_position_code.clone().map(Value::from);
            put("measurement_position_code", position);
        }
        Measurement::Hba1c(h) => {
            put("hba1c_value", Some(json!(h.hba1c_value)));
            put("measurement_method_code", h.measurement_method_code.clone().map(Value::from));
            put("value_criteria_code", h.value_criteria_code.clone().map(Value::from));
        }
        Measurement::BloodGlucose(glucose) => glucose_values(glucose, put),
        Measurement::BodyTemperature(t) => put("temperature", Some(json!(t.temperature))),
        Measurement::OxygenSaturation(o) => {
            put("spo2", Some(json!(o.spo2)));
            put("pulse_rate", o.pulse_rate.map(Value::from));
        }
    }
}

fn glucose_values(glucose: &BloodGlucose, put: &mut impl FnMut(&str, Option<Value>)) {
    put("glucose_value", Some(json!(glucose.glucose_value)));
    let method = match glucose.glucose_method {
        GlucoseMethod::FingerStick => "0",
        GlucoseMethod::ContinuousSensor => "1",
        GlucoseMethod::Laboratory => "2",
    };
    put("glucose_method_code", Some(json!(method)));
    let timing = glucose.meal_timing.map(|timing| match timing {
        MealTiming::Fasting => json!("0"),
        MealTiming::BeforeMeal => json!("1"),
        MealTiming::AfterMeal => json!("2"),
        MealTiming::Bedtime => json!("3"),
        MealTiming::Unknown => json!("9"),
    });
    put("meal_timing_code", timing);
}

fn send_offset() -> Offset {
    Offset::from_seconds(schemas::reading::japan() * 60).unwrap_or(Offset::UTC)
}

/// A civil time as the standard writes it: 14 digits, with milliseconds 17.
fn digits(time: Timestamp, offset: Offset, with_millis: bool) -> String {
    let instant = jiff::Timestamp::from_millisecond(time.millis()).unwrap_or_default();
    let civil = offset.to_datetime(instant);
    let mut text = civil.strftime("%Y%m%d%H%M%S").to_string();
    if with_millis {
        let millis = time.millis().rem_euclid(Span::from_seconds(1).millis());
        text.push_str(&format!("{millis:03}"));
    }
    text
}
