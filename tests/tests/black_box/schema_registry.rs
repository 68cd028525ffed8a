//! Where a schema registry is configured, its framing is written, and both framings are read.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use clinical::Kind;
use schemas::topics::Topic;
use schemas::{AcceptedReading, AlertEvent, Codec, Reading, Record, RejectedReading};
use serde_json::{Value, json};

use tests::readings::{blood_pressure, checkup_pressure, document, seconds_ago};
use tests::registered::{SATO, TOKEN};
use tests::service::Service;
use tests::stack::{PARTITIONS, Plan, partition_of, patient_on};
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";

pub fn with_a_schema_registry_its_framing_is_written_and_both_framings_are_read() {
    let registry = Registry::start();
    let stack = Plan::named("schema_registry")
        .schema_registry(&registry.url)
        .patients(&[PATIENT])
        .start(&Service::ALL);
    let pair = [
        blood_pressure(PATIENT, seconds_ago(300), 191, 113),
        blood_pressure(PATIENT, seconds_ago(120), 189, 112),
    ];
    stack.post(Some(TOKEN), document(&pair)).expect(202);
    // A vendor that knows of no registry.
    let single_object = Codec::default()
        .encoder("")
        .unwrap()
        .encode(&blood_pressure(PATIENT, seconds_ago(60), 187, 111))
        .unwrap();
    assert_eq!(single_object[..2], [0xc3, 0x01]);
    stack.produce_bytes(None, Some(PATIENT.as_bytes()), Some(&single_object));
    // And one that names a schema which the registry does not know.
    let mut unknown = stack.encoded(&blood_pressure(PATIENT, seconds_ago(30), 187, 111));
    assert_eq!(unknown[0], 0);
    unknown[1..5].copy_from_slice(&9999_u32.to_be_bytes());
    stack.produce_bytes(None, Some(PATIENT.as_bytes()), Some(&unknown));

    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.rejected), (3, 1));
    let rejected: Vec<RejectedReading> = stack.read(Topic::ReadingsRejected);
    assert_eq!(rejected[0].reason, "unknown_schema");
    assert_eq!(rejected[0].bytes, unknown);
    let sato = stack.sign_in(SATO);
    eventually("all three are on the screen", || match sato.readings(PATIENT)?.len() {
        3 => Ok(()),
        other => Err(format!("{other} readings")),
    });
    assert_eq!(sato.get("alerts").expect(200)["alerts"][0]["severity"], "urgent");

    for topic in [
        Topic::ReadingsAccepted,
        Topic::ReadingsRejected,
        Topic::ReadingsOutcomes,
        Topic::Alerts,
        Topic::AuditEvents,
    ] {
        let subject = format!("{}-value", stack.topics.name(topic));
        let id = registry.id_of(&subject).unwrap_or_else(|| panic!("no schema for {subject}"));
        let records = stack.records(topic);
        assert!(!records.is_empty(), "{topic}");
        for record in records {
            let payload = record.payload.unwrap();
            assert_eq!(payload[0], 0, "{topic} is written with the registry's framing");
            assert_eq!(payload[1..5], id.to_be_bytes(), "{topic} names its own schema");
        }
    }
}

pub fn without_the_schema_registry_an_unknown_schema_pauses_its_partition_only() {
    let registry = Registry::start();
    let stack = Plan::named("registry_away")
        .schema_registry(&registry.url)
        .start(&[Service::Processor, Service::Writer]);
    let patients: Vec<String> = (0..PARTITIONS).map(patient_on).collect();
    let reading =
        |patient: &String, seconds| blood_pressure(patient, seconds_ago(seconds), 128, 80);
    for patient in &patients {
        stack.produce(&reading(patient, 600));
    }
    assert_eq!(stack.assert_balanced().new, i64::from(PARTITIONS));

    registry.is_away.store(true, Ordering::Relaxed);
    let mut unknown = stack.encoded(&reading(&patients[0], 500));
    unknown[1..5].copy_from_slice(&9999_u32.to_be_bytes());
    stack.produce_bytes(None, Some(patients[0].as_bytes()), Some(&unknown));
    for patient in &patients {
        stack.produce(&reading(patient, 400));
    }
    let accepted = || stack.records(Topic::ReadingsAccepted).len();
    let all_but_the_first = 2 * PARTITIONS as usize - 1;
    eventually("the other partitions go on", || equal(accepted(), all_but_the_first));
    let lag =
        format!("mimamori_processor_lag_records{{partition=\"{}\"}}", partition_of(&patients[0]));
    eventually("it is seen that one waits", || match stack.metric(Service::Processor, &lag)? {
        waiting if waiting >= 2.0 => Ok(()),
        waiting => Err(format!("{waiting} records wait")),
    });
    assert_eq!(accepted(), all_but_the_first);

    registry.is_away.store(false, Ordering::Relaxed);
    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.rejected), (2 * i64::from(PARTITIONS), 1));
    let ended = stack.metric(Service::Processor, "mimamori_processor_aborted_total").unwrap();
    assert_eq!(ended, 0.0, "no state was thrown away for it");
}

/// A severe pressure of a check-up must not confirm one that was measured at home.
pub fn a_checkup_pressure_with_one_more_field_is_none_of_home_before_and_after_a_rebuild() {
    let registry = Registry::start();
    let stack = Plan::named("registry_fields")
        .schema_registry(&registry.url)
        .patients(&[PATIENT])
        .start(&[Service::Processor, Service::Writer]);
    stack.produce(&blood_pressure(PATIENT, seconds_ago(1500), 191, 113));
    let id = registry.register("vendors-own-value", with_one_more_field().to_string());
    let checkup = checkup_pressure(PATIENT, seconds_ago(1380), 189, 112);
    let message =
        of_one_more_field(id, &Codec::default().encoder("").unwrap().encode(&checkup).unwrap());
    stack.produce_bytes(None, Some(PATIENT.as_bytes()), Some(&message));

    let is_a_checkup = |sum: i64| {
        assert_eq!(stack.assert_balanced().new, sum);
        let accepted: Vec<AcceptedReading> = stack.read(Topic::ReadingsAccepted);
        let kinds = accepted.iter().map(|accepted| accepted.reading.measurement.kind());
        assert_eq!(kinds.filter(|kind| *kind == Kind::BloodPressureCheckup).count(), 1);
        let alerts: Vec<AlertEvent> = stack.read(Topic::Alerts);
        assert!(!alerts.is_empty(), "one severe pair is a review after 15 minutes");
        assert!(alerts.iter().all(|alert| alert.severity != "urgent"), "{alerts:?}");
    };
    is_a_checkup(2);
    eventually("the check-up is in its table", || {
        equal(stack.number("SELECT count() FROM blood_pressure_checkup")?, 1)
    });
    assert_eq!(stack.number("SELECT count() FROM blood_pressure"), Ok(1));

    stack.kill(Service::Processor);
    stack.start(&[Service::Processor]);
    stack.produce(&blood_pressure("TST001/P2", seconds_ago(60), 128, 80));
    is_a_checkup(3);
    // What is judged anew after the rebuild is judged alike.
    stack.produce(&blood_pressure(PATIENT, seconds_ago(400), 128, 80));
    is_a_checkup(4);
}

/// The schema of a reading with a field more in the pressures of check-ups.
fn with_one_more_field() -> Value {
    let mut schema: Value = serde_json::from_str(Reading::SCHEMA).unwrap();
    let fields = schema["fields"].as_array_mut().unwrap();
    let measurement = fields.iter_mut().find(|field| field["name"] == "measurement").unwrap();
    let kinds = measurement["type"].as_array_mut().unwrap();
    let checkup = kinds.iter_mut().find(|kind| kind["name"] == "BloodPressureCheckup").unwrap();
    let added = json!({ "name": "cuff_size", "type": ["null", "string"], "default": null });
    checkup["fields"].as_array_mut().unwrap().push(added);
    schema
}

/// A check-up as the schema with a field more writes it, from its message in single-object encoding:
/// what was measured is followed by no time of sending and no vendor, a byte each.
fn of_one_more_field(id: u32, single_object: &[u8]) -> Vec<u8> {
    let (measured, behind) = single_object[10..].split_at(single_object.len() - 12);
    assert_eq!(behind, [0, 0]);
    // The second branch of the union, and a text of one byte.
    let cuff_size = [2, 2, b'L'];
    [&[0][..], &id.to_be_bytes(), measured, &cuff_size, behind].concat()
}

/// The two calls of a schema registry that anybody needs: registering a schema under a subject, and
/// asking for the schema of an id.
struct Registry {
    url: String,
    subjects: Arc<Mutex<Subjects>>,
    /// Answers 503.
    is_away: Arc<AtomicBool>,
}

#[derive(Default)]
struct Subjects {
    /// Schemas; the place is the id less one.
    schemas: Vec<String>,
    newest: BTreeMap<String, u32>,
}

impl Registry {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let subjects = Arc::new(Mutex::new(Subjects::default()));
        let is_away: Arc<AtomicBool> = Arc::default();
        let (here, away) = (Arc::clone(&subjects), Arc::clone(&is_away));
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // Whoever hangs up gets no answer.
                let _ = answer(connection, &here, &away);
            }
        });
        Self { url, subjects, is_away }
    }

    /// Registers a schema as a vendor's own program does.
    fn register(&self, subject: &str, schema: String) -> u32 {
        let request = format!("POST /subjects/{subject}/versions HTTP/1.1");
        let answer = self.subjects.lock().unwrap().handle(&request, &json!({ "schema": schema }));
        answer.1["id"].as_u64().unwrap() as u32
    }

    fn id_of(&self, subject: &str) -> Option<u32> {
        self.subjects.lock().unwrap().newest.get(subject).copied()
    }
}

fn answer(
    mut connection: TcpStream,
    subjects: &Mutex<Subjects>,
    is_away: &AtomicBool,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, body) = match is_away.load(Ordering::Relaxed) {
        true => ("503 Service Unavailable", json!({ "error_code": 50301 })),
        false => subjects.lock().unwrap().handle(&request, &body),
    };
    let body = body.to_string();
    write!(
        connection,
        "HTTP/1.1 {status}\r\ncontent-type: application/vnd.schemaregistry.v1+json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

impl Subjects {
    fn handle(&mut self, request: &str, body: &Value) -> (&'static str, Value) {
        let path: Vec<&str> =
            request.split(' ').nth(1).unwrap_or_default().trim_matches('/').split('/').collect();
        match (request.split(' ').next(), &path[..]) {
            (Some("POST"), ["subjects", subject, "versions"]) => {
                let schema = body["schema"].as_str().unwrap_or_default().to_owned();
                let known = self.schemas.iter().position(|known| *known == schema);
                let place = known.unwrap_or_else(|| {
                    self.schemas.push(schema);
                    self.schemas.len() - 1
                });
                let id = place as u32 + 1;
                self.newest.insert((*subject).to_owned(), id);
                ("200 OK", json!({ "id": id }))
            }
            (Some("GET"), ["schemas", "ids", id]) => {
                let id: usize = id.parse().unwrap_or(0);
                match id.checked_sub(1).and_then(|place| self.schemas.get(place)) {
                    Some(schema) => ("200 OK", json!({ "schema": schema })),
                    None => ("404 Not Found", json!({ "error_code": 40403 })),
                }
            }
            _ => ("404 Not Found", json!({ "error_code": 404 })),
        }
    }
}
