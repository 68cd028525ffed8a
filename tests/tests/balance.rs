//! The balance of the real parts: Apache Kafka, the ClickHouse engine, processor and writer.

#![allow(missing_docs, reason = "a test")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chassis::{ClickHouseArgs, DeploymentArgs, SchemaRegistryArgs};
use mimamori::reconciliation::{Difference, Reconciliation, ReconciliationArgs, reconcile};
use mimamori::source::{self, StoreSource};
use mimamori_dev::local::{Clickhouse, Kafka, KafkaSpeed, Layout, Process, free_port};
use schemas::reading::{BloodPressure, DataInput, Device, Measurement, ReadingStatus, Source};
use schemas::topics::{Topic, Topics};
use schemas::{Codec, Encoder, Reading};
use stream::producer::{Delivery, Outgoing, Producer};
use stream::topics::create_topics;
use tests::run::built;

const PARTITIONS: i32 = 3;
const PATIENTS: i64 = 2000;

struct Stack {
    kafka: Kafka,
    clickhouse: Clickhouse,
    producer: Producer,
    encoder: Encoder<Reading>,
    /// A day ago, seconds since the epoch.
    first_observation: i64,
    folder: tempfile::TempDir,
}

impl Stack {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::of(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
        let at = |name: &str| folder.path().join(name);
        let port = free_port().unwrap();
        let kafka =
            Kafka::start(&layout, &at("kafka"), port, KafkaSpeed::Start, &at("kafka.log")).unwrap();
        let (data, log) = (at("clickhouse"), at("clickhouse.log"));
        let port = free_port().unwrap();
        let clickhouse =
            Clickhouse::start(&layout, &built("mimamori-dev"), &data, port, &log).unwrap();
        let topics = mimamori::topics::all(&Topics::default(), PARTITIONS, None);
        create_topics(&kafka.args(), &topics).await.unwrap();
        let producer = Producer::new(&kafka.args(), "test").unwrap();
        let encoder = Codec::default().encoder("").unwrap();
        // Each patient measures each minute for 12 minutes, and all comes in time.
        let first_observation = chassis::now_ms() / 1000 - 13 * 60;
        Self { kafka, clickhouse, producer, encoder, first_observation, folder }
    }

    fn service(&self, name: &str) -> Process {
        let mut command = Command::new(built("mimamori"));
        command
            .arg(name)
            .args(["--bootstrap-servers", &self.kafka.bootstrap_servers(), "--instance", name])
            .args(["--operations-listen", &format!("127.0.0.1:{}", free_port().unwrap())])
            .env("CLICKHOUSE_URL", self.clickhouse.url());
        Process::start(name, command, &self.folder.path().join(format!("{name}.log"))).unwrap()
    }

    /// Sends the readings with these numbers; a number sent again is a duplicate.
    async fn send(&self, numbers: impl Iterator<Item = i64>) {
        let mut deliveries = Vec::new();
        for number in numbers {
            let reading = self.reading(number);
            let key = format!("{}/{}", reading.consortium_id, reading.person_id);
            let payload = self.encoder.encode(&reading).unwrap();
            // Some are on one partition whether it is the right one or not, some are no readings.
            let partition = (number % 100 < 20).then_some(0);
            let payload = if number % 100 == 50 { b"nonsense".as_slice() } else { &payload };
            deliveries.push(self.enqueue(Topic::ReadingsRaw, partition, key.as_bytes(), payload));
        }
        for delivery in deliveries {
            delivery.await.unwrap();
        }
    }

    fn enqueue(&self, to: Topic, partition: Option<i32>, key: &[u8], payload: &[u8]) -> Delivery {
        let (topic, key, payload) = (to.base_name(), Some(key), Some(payload));
        self.producer.enqueue(Outgoing { topic, partition, key, payload }).unwrap()
    }

    async fn balance(&self, wait_seconds: u64) -> Reconciliation {
        let args = ReconciliationArgs {
            from: StoreSource {
                source: source::Source {
                    kafka: self.kafka.args(),
                    deployment: DeploymentArgs::default(),
                    schema_registry: SchemaRegistryArgs::default(),
                },
                clickhouse: ClickHouseArgs::local(self.clickhouse.url(), "mimamori"),
            },
            wait_seconds,
            partitions: false,
            json: false,
        };
        reconcile(&args).await.unwrap()
    }

    async fn query(&self, sql: String) {
        let http = reqwest::Client::new();
        let answer = http.post(self.clickhouse.url()).body(sql).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// The partition and the bytes of any accepted record.
    fn an_accepted_record(&self) -> (i32, Vec<u8>) {
        use stream::follow::{Followed, Start, follow};
        let (found, waiting) = std::sync::mpsc::channel();
        let topic = Topic::ReadingsAccepted.base_name();
        let following = follow(
            &self.kafka.args(),
            &[(topic, Start::Beginning)],
            || false,
            move |followed| {
                if let Followed::Record(record) = followed {
                    // Nobody listens after the first one.
                    let _ = found.send((record.partition, record.payload.unwrap()));
                }
            },
        );
        let _following = following.unwrap();
        waiting.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    fn reading(&self, number: i64) -> Reading {
        let time = (self.first_observation + 60 * (number / PATIENTS)) * 1000;
        Reading {
            consortium_id: "AB0001".to_owned(),
            person_id: format!("P{}", number % PATIENTS),
            observation_time: time,
            utc_offset_minutes: 540,
            update_time: time,
            source: Source::Device(Device {
                manufacturer: "ACME".to_owned(),
                model_number: None,
                serial: "1".to_owned(),
            }),
            data_input: DataInput::Device,
            origin_of_time: None,
            status: ReadingStatus::Final,
            measurement: Measurement::BloodPressure(BloodPressure {
                systolic: if number % 500 < 2 { 190 } else { 120 },
                diastolic: 80,
                pulse_rate: None,
                measurement_position: None,
                irregular_pulse: None,
            }),
            send_time: None,
            vendor: None,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_balances_through_crashes_and_reports_what_was_lost_or_doubled() {
    let stack = Stack::start().await;
    let (processor, writer) = (stack.service("processor"), stack.service("writer"));
    stack.send(0..10_000).await;
    processor.kill();
    writer.kill();
    let (processor, writer) = (stack.service("processor"), stack.service("writer"));
    // While records flow some are in flight, and nothing differs.
    let sending = stack.send(5_000..25_000);
    let reconciling = async {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let found = stack.balance(0).await;
            assert!(found.is_balanced(), "{}", found.table(true));
            if found.totals().outcomes.new == 24_750 || Instant::now() > deadline {
                return;
            }
        }
    };
    tokio::join!(sending, reconciling);
    let settled = stack.balance(60).await;
    assert!(settled.is_settled(), "{}", settled.table(true));
    let totals = settled.totals();
    let outcomes = totals.outcomes;
    assert_eq!(totals.raw, 30_000 + outcomes.rerouted.unsigned_abs());
    assert_eq!((outcomes.new, outcomes.rejected), (24_750, 300), "{totals:?}");
    assert!(outcomes.rerouted > 0 && totals.alert_events > 0, "{totals:?}");
    assert_eq!(totals.versions_stored, 24_750);

    processor.kill();
    stack.send(25_030..25_040).await;
    let waiting = stack.balance(0).await;
    assert_eq!((waiting.is_balanced(), waiting.is_settled()), (true, false));
    assert_eq!(waiting.totals().in_flight_to_processor, 10);

    writer.kill();
    let one = "SELECT patient, observation_time FROM mimamori.blood_pressure LIMIT 1";
    stack
        .query(format!(
            "ALTER TABLE mimamori.blood_pressure DELETE WHERE (patient, observation_time) IN \
             ({one}) SETTINGS mutations_sync = 2"
        ))
        .await;
    let (partition, accepted) = stack.an_accepted_record();
    stack.enqueue(Topic::ReadingsAccepted, Some(partition), b"", &accepted).await.unwrap();
    let found: Vec<Difference> =
        stack.balance(0).await.partitions.into_iter().flat_map(|p| p.differences).collect();
    let is_lost = |found: &Difference| matches!(found, Difference::NotStored { missing: 1, .. });
    let is_doubled =
        |found: &Difference| matches!(found, Difference::PublishedTwice { records: 1, .. });
    assert!(found.iter().any(is_lost) && found.iter().any(is_doubled), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}
