//! Exchange documents: readings as an app of a consortium sends them to the gateway.

use clinical::kinds::Setting;
use clinical::measured::Side;
use clinical::{Kind, Span, Timestamp};
use jiff::tz::Offset;
use schemas::Reading;
use schemas::fields::{Field, form};
use schemas::reading::{ReadingStatus, Source};
use serde_json::{Map, Value, json};

/// The version of the standard that the documents are of.
pub const FORMAT_VERSION: &str = "1.0";

/// A document of one consortium, each person once, readings in the order given.
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
        let kind = reading.measurement.kind();
        let part = match kind.setting() {
            Setting::Home => &mut self.home,
            Setting::Checkup => &mut self.checkup,
        };
        let array = part.entry(form(kind).array).or_insert_with(|| json!([]));
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

fn record(reading: &Reading) -> Value {
    let offset = Offset::from_seconds(reading.utc_offset_minutes * 60).unwrap_or(Offset::UTC);
    let observed = Timestamp::from_millis(reading.observation_time);
    let updated = Timestamp::from_millis(reading.update_time);
    let mut record = json!({
        "observation_time": digits(observed, offset, false),
        "update_time": digits(updated, offset, true),
        "data_input_code": reading.data_input.code(),
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
    let status = ReadingStatus::CODES.into_iter().find(|(_, status)| *status == reading.status);
    let status = status.filter(|(_, status)| *status != ReadingStatus::default());
    put("status", status.map(|(code, _)| json!(code)));
    put("origin_of_time_code", reading.origin_of_time.map(|origin| json!(origin.code())));
    let kind = reading.measurement.kind();
    reading.measurement.each_field(|field, value| {
        if let Some(value) = value {
            put_value(&mut record, kind, field, value);
        }
    });
    record
}

/// Puts in a value under its name on the exchange form.
fn put_value(record: &mut Value, kind: Kind, field: &Field, value: schemas::fields::Value<'_>) {
    use schemas::fields::Value::{Code, Decimal, Flag, Integer, Text};
    if let (Some(number), Code(side)) = (field.comparator_of, value) {
        // Written in the place of the number.
        let limited = form(kind).fields[usize::from(number) - 1].form_name;
        let limit = record[limited].as_f64().unwrap_or_default();
        record[limited] = json!(format!("{}{limit}", Side::of_code(side).sign()));
        return;
    }
    record[field.form_name] = match value {
        Integer(number) => json!(number),
        Decimal(number) => json!(number),
        Flag(flag) => json!(flag),
        Code(index) => json!(field.codes()[index].code),
        Text(text) => json!(text),
    };
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
