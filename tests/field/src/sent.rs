//! What is sent of a case at a present: bytes of requests, and readings of Kafka records.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use clinical::Kind;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemas::Reading;
use schemas::reading::{Device, Measurement, OriginOfTime, Source, TestLab};
use serde::Deserialize;

use crate::case::{Address, Case, Http, Kafka, Step};
use crate::text::{Filling, LAB, hex};
use crate::time::When;

/// What one step of a case sends.
#[derive(Debug)]
pub enum Sent {
    /// The body of a request, as it is sent.
    Http(Vec<u8>),
    /// Readings, a record each.
    Kafka(Vec<Reading>),
}

/// What a step of a case sends at a present.
///
/// # Errors
/// What cannot be sent, and why.
pub fn rendered(case: &Case, step: &Step, now: Timestamp) -> Result<Sent, String> {
    let zone = case.zone(step)?;
    let address = case.address(step.patient())?;
    match step {
        Step::Http(http) => {
            let filling = Filling { now, zone: &zone, address: &address };
            http.body(&filling).map(Sent::Http)
        }
        Step::Kafka(kafka) => kafka.readings(now, &zone, &address).map(Sent::Kafka),
    }
}

impl Case {
    /// The case with nothing in it repeated more often than given: of a thousand alike a few say as much to a
    /// parser.
    #[must_use]
    pub fn repeating_at_most(mut self, most: u32) -> Self {
        for step in &mut self.send {
            let repeat = match step {
                Step::Http(http) => &mut http.repeat,
                Step::Kafka(kafka) => &mut kafka.repeat,
            };
            *repeat = repeat.map(|times| times.min(most));
        }
        self
    }
}

impl Http {
    fn body(&self, filling: &Filling<'_>) -> Result<Vec<u8>, String> {
        let has_records = !self.home.is_empty() || !self.checkup.is_empty();
        let text = match &self.body {
            Some(_) if has_records => {
                return Err("say body, or home and checkup: not both".to_owned());
            }
            Some(body) if self.repeat.is_none() => body.clone(),
            Some(body) => self.lines(body).join("\n"),
            None if has_records => self.envelope(),
            None => return Err("say body, or home or checkup".to_owned()),
        };
        let text = [hex(&self.begins_with)?, filling.fill(&text)?].concat();
        let mut body = match self.encoding.as_deref() {
            None => text,
            Some("gzip" | "x-gzip") => gzip(&text)?,
            Some("zstd") => zstd::encode_all(&*text, 1).map_err(|error| error.to_string())?,
            Some(other) => {
                return Err(format!("{other:?} is no encoding: there are gzip, x-gzip and zstd"));
            }
        };
        body.extend(hex(&self.followed_by)?);
        Ok(body)
    }

    /// The records in a document of one person.
    fn envelope(&self) -> String {
        let part = |name: &str, arrays: &BTreeMap<String, String>| {
            let array = |(name, lines): (&String, &String)| {
                format!("\"{name}\": [\n{}\n]", self.lines(lines).join(",\n"))
            };
            let arrays: Vec<String> = arrays.iter().map(array).collect();
            (!arrays.is_empty()).then(|| format!("\"{name}\": {{ {} }}", arrays.join(", ")))
        };
        let parts = [
            part("healthcare_information", &self.home),
            part("health_checkup_information", &self.checkup),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!(
            "{{ \"format_version\": \"2.0\", \"send_time\": \"{{yyyyMMddHHmmssSSS now}}\", \
             \"consortium_id\": \"{{consortium}}\", \"person_information\": [ \
             {{ \"person_id\": \"{{person}}\", {} }} ] }}",
            parts.join(", ")
        )
    }

    /// The lines of a text without blank ones, those with `{n}` in them repeated.
    fn lines(&self, text: &str) -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let repeated = |line: &str| match self.repeat {
            Some(times) if line.contains("{n}") => (0..times).map(|n| numbered(line, n)).collect(),
            _ => vec![line.to_owned()],
        };
        lines.flat_map(repeated).collect()
    }
}

/// A text with a number for `{n}`.
fn numbered(text: &str, n: u32) -> String {
    text.replace("{n}", &n.to_string())
}

fn gzip(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let done = encoder.write_all(text).and_then(|()| encoder.finish());
    done.map_err(|error| error.to_string())
}

impl Kafka {
    fn readings(
        &self,
        now: Timestamp,
        zone: &TimeZone,
        address: &Address,
    ) -> Result<Vec<Reading>, String> {
        let measurement = self.measurement()?;
        (0..self.repeat.unwrap_or(1))
            .map(|n| self.reading(n, &measurement, now, zone, address))
            .collect()
    }

    fn reading(
        &self,
        n: u32,
        measurement: &Measurement,
        now: Timestamp,
        zone: &TimeZone,
        address: &Address,
    ) -> Result<Reading, String> {
        let at = |when: &str| When::parse(&numbered(when, n)).map(|when| when.at(now, zone));
        let observed = at(&self.observed)?;
        let updated = at(self.updated.as_ref().unwrap_or(&self.observed))?;
        let is_at_home = measurement.kind().setting() == clinical::kinds::Setting::Home;
        let source = if is_at_home {
            Source::Device(Device {
                manufacturer: self.manufacturer.clone(),
                model_number: Some(self.model_number.clone()),
                serial: numbered(&self.serial, n),
            })
        } else {
            Source::TestLab(TestLab { test_lab_id: LAB.to_owned() })
        };
        Ok(Reading {
            consortium_id: address.consortium.clone(),
            person_id: match &self.person {
                Some(sent) => sent.replace("{person}", &address.person),
                None => address.person.clone(),
            },
            observation_time: observed.as_millisecond(),
            utc_offset_minutes: self
                .utc_offset_minutes
                .unwrap_or_else(|| zone.to_offset(observed).seconds() / 60),
            update_time: updated.as_millisecond(),
            source,
            data_input: self.data_input,
            origin_of_time: is_at_home.then_some(OriginOfTime::Device),
            status: self.status,
            measurement: measurement.clone(),
            send_time: None,
            vendor: self.vendor.clone(),
        })
    }

    fn measurement(&self) -> Result<Measurement, String> {
        let kind = Kind::parse(&self.kind).ok_or_else(|| format!("no kind is {:?}", self.kind))?;
        let has = |name: &str| kind.fields().iter().any(|field| field.name == name);
        if let Some(name) = self.values.keys().find(|name| !has(name)) {
            return Err(format!("{kind} has no field {name}"));
        }
        let record = self.kind.split('_').fold(String::new(), |mut name, word| {
            let (first, rest) = word.split_at(1);
            let _ = write!(name, "{}{rest}", first.to_ascii_uppercase());
            name
        });
        let values = toml::Value::Table(self.values.clone());
        let measurement = toml::Value::Table(toml::Table::from_iter([(record, values)]));
        Measurement::deserialize(measurement).map_err(|error| format!("values: {error}"))
    }
}
