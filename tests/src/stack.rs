//! A deployment of its own for a test: topics, tables, registered people and running services.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mimamori::local::{Clickhouse, Kafka};
use nix::sys::signal::Signal;
use reqwest::blocking::Client;
use schemas::topics::Topic;
use schemas::{Codec, Encoder, Reading, Topics};
use stream::KafkaArgs;
use stream::producer::Producer;
use stream::topics::create_topics;

use crate::registered::{CONSORTIUM, Followed, SATO, accounts};
use crate::run::{free_port, run};
use crate::service::{Ports, Running, Service, mimamori, tail};

/// Partitions of the topics that are partitioned by patient.
pub const PARTITIONS: i32 = 3;
/// The services' drain deadline.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(20);

/// What a test needs; [`Plan::start`] makes it.
#[derive(Default)]
pub struct Plan {
    name: String,
    followed: Followed,
    own_kafka: bool,
    own_clickhouse: bool,
    schema_registry: Option<String>,
    arguments: Vec<(Service, Vec<String>)>,
}

/// A deployment.
pub struct Stack {
    pub http: Client,
    pub producer: Producer,
    pub codec: Codec,
    pub encoder: Encoder<Reading>,
    pub topics: Topics,
    pub kafka: KafkaArgs,
    pub folder: PathBuf,
    pub clickhouse: String,
    pub database: String,
    schema_registry: Option<String>,
    arguments: Vec<(Service, Vec<String>)>,
    ports: Mutex<BTreeMap<Service, Ports>>,
    services: Mutex<BTreeMap<Service, Running>>,
    own_kafka: Option<Mutex<Kafka>>,
    own_clickhouse: Mutex<Option<Clickhouse>>,
}

impl Plan {
    /// A stack on the Kafka and the ClickHouse that all tests share.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Patients of [`SATO`].
    pub fn patients(self, patients: &[&str]) -> Self {
        self.followed_by(SATO, patients)
    }

    /// Patients of a physician.
    pub fn followed_by(mut self, physician: &str, patients: &[&str]) -> Self {
        self.followed.add(physician, patients);
        self
    }

    /// With a Kafka of its own, which the test may stop.
    pub fn own_kafka(mut self) -> Self {
        self.own_kafka = true;
        self
    }

    /// With a ClickHouse of its own, which the test may stop.
    pub fn own_clickhouse(mut self) -> Self {
        self.own_clickhouse = true;
        self
    }

    /// With a schema registry.
    pub fn schema_registry(mut self, url: &str) -> Self {
        self.schema_registry = Some(url.to_owned());
        self
    }

    /// With further arguments of a service.
    pub fn argument(mut self, service: Service, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        self.arguments.push((service, arguments));
        self
    }

    /// Makes the topics, registers everybody, starts the services and waits until they are ready.
    pub fn start(self, services: &[Service]) -> Stack {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = run().folder(&self.name);
        let own_kafka = self.own_kafka.then(|| run().new_kafka(&format!("{}/kafka", self.name)));
        let own_clickhouse = self
            .own_clickhouse
            .then(|| run().new_clickhouse(&format!("{}/clickhouse", self.name), free_port()));
        let kafka = match &own_kafka {
            Some(kafka) => kafka.args(),
            None => KafkaArgs::local(run().kafka()),
        };
        let clickhouse = match &own_clickhouse {
            Some(clickhouse) => clickhouse.url(),
            None => run().clickhouse(),
        };
        let topics = Topics::with_prefix(format!("{number}.{}.", self.name));
        let specs = mimamori::topics::all(&topics, PARTITIONS, None);
        run().wait_for(create_topics(&kafka, &specs)).unwrap();
        let codec = Codec::new(self.schema_registry.as_deref()).unwrap();
        let stack = Stack {
            encoder: codec.encoder(&topics.name(Topic::ReadingsRaw)).unwrap(),
            http: Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap(),
            producer: Producer::new(&kafka, "black-box").unwrap(),
            codec,
            topics,
            kafka,
            folder,
            clickhouse,
            database: format!("test_{number}"),
            schema_registry: self.schema_registry,
            arguments: self.arguments,
            ports: Mutex::default(),
            services: Mutex::default(),
            own_kafka: own_kafka.map(Mutex::new),
            own_clickhouse: Mutex::new(own_clickhouse),
        };
        self.followed.publish(&stack.producer, &stack.codec, &stack.topics);
        std::fs::write(stack.folder.join("accounts.json"), accounts()).unwrap();
        stack.start(services);
        stack
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stack {
    /// Starts services and waits until they are ready.
    pub fn start(&self, services: &[Service]) {
        for service in services {
            self.start_without_waiting(*service);
        }
        for service in services {
            self.wait_until_ready(*service);
        }
    }

    pub fn start_without_waiting(&self, service: Service) {
        let ports = self.ports(service);
        let command = self.command(service, ports);
        let log = self.folder.join(service.log_name());
        let running = Running::start(command, service, ports, &log);
        lock(&self.services).insert(service, running);
    }

    pub fn wait_until_ready(&self, service: Service) {
        // Not under the lock, so that others may be started and killed meanwhile.
        let mut running = self.take(service);
        running.wait_until_ready(&self.http);
        lock(&self.services).insert(service, running);
    }

    /// `kill -9`.
    pub fn kill(&self, service: Service) {
        self.take(service).kill();
    }

    /// SIGTERM; the exit status, which comes within the drain deadline.
    pub fn terminate(&self, service: Service) -> ExitStatus {
        self.take(service).terminate(DRAIN_DEADLINE)
    }

    fn take(&self, service: Service) -> Running {
        lock(&self.services).remove(&service).unwrap_or_else(|| panic!("{service:?} does not run"))
    }

    /// Where a service listens.
    pub fn ports(&self, service: Service) -> Ports {
        *lock(&self.ports).entry(service).or_insert_with(|| Ports::of(service))
    }

    /// URL of a service's API.
    pub fn url(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.ports(service).api)
    }

    /// Sends a signal to this stack's own Kafka.
    pub fn signal_kafka(&self, signal: Signal) {
        lock(self.own_kafka.as_ref().expect("Plan::own_kafka")).process().signal(signal);
    }

    /// Ends this stack's own ClickHouse.
    pub fn stop_clickhouse(&self) {
        lock(&self.own_clickhouse).take().expect("Plan::own_clickhouse").stop();
    }

    /// Starts this stack's own ClickHouse again, with the data that it had.
    pub fn start_clickhouse(&self) {
        let port = self.clickhouse.rsplit(':').next().unwrap().parse().unwrap();
        let folder = self.folder.strip_prefix(run().folder("")).unwrap().join("clickhouse");
        let clickhouse = run().new_clickhouse(folder.to_str().unwrap(), port);
        *lock(&self.own_clickhouse) = Some(clickhouse);
    }

    /// A command of the binary that works on this stack's topics.
    pub fn tool(&self, subcommand: &str) -> Command {
        let mut command = mimamori(subcommand);
        command
            .args(["--bootstrap-servers", &self.kafka.bootstrap_servers])
            .args(["--topic-prefix", self.topics.prefix()]);
        if let Some(url) = &self.schema_registry {
            command.args(["--schema-registry-url", url]);
        }
        command
    }

    /// Adds how to reach the tables.
    pub fn with_store<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .args(["--clickhouse-url", &self.clickhouse])
            .args(["--clickhouse-database", &self.database])
    }

    fn command(&self, service: Service, ports: Ports) -> Command {
        let mut command = self.tool(service.subcommand());
        let deadline = DRAIN_DEADLINE.as_secs().to_string();
        command.args(["--drain-deadline-seconds", &deadline]);
        let api = format!("127.0.0.1:{}", ports.api);
        let operations = format!("127.0.0.1:{}", ports.operations);
        if service != Service::Dashboard {
            command.args(["--operations-listen", &operations]);
        }
        match service {
            Service::Gateway => {
                command.args(["--listen", &api]);
            }
            Service::Processor => {
                command.args(["--instance", "one"]);
            }
            Service::SecondProcessor => {
                command.args(["--instance", "two"]);
            }
            Service::Writer => {
                self.with_store(&mut command).args([
                    "--instance",
                    "one",
                    "--batch-age-milliseconds",
                    "100",
                ]);
            }
            Service::Dashboard => {
                self.with_store(&mut command)
                    .args(["--listen", &api])
                    .arg("--demo-accounts")
                    .arg(self.folder.join("accounts.json"))
                    .env("MIMAMORI_SESSION_KEY", "0123456789abcdef".repeat(8));
            }
        }
        let further = self.arguments.iter().filter(|(of, _)| *of == service);
        command.args(further.flat_map(|(_, arguments)| arguments));
        command
    }
}

impl Stack {
    fn logs(&self) -> impl Iterator<Item = PathBuf> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "log"))
    }
}

impl Drop for Stack {
    /// After a failure, shows what the services said last. After a success, holds every log to the
    /// promise that it names no patient.
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in self.logs() {
                eprintln!("--- the end of {}\n{}", log.display(), tail(&log, 25));
            }
            return;
        }
        for log in self.logs() {
            let text = std::fs::read(&log).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let named = text.lines().find(|line| names_a_patient(line));
            assert!(named.is_none(), "{} names a patient: {named:?}", log.display());
        }
    }
}

/// Whether a line holds an id of the patients that the tests use: consortium, slash, person.
fn names_a_patient(line: &str) -> bool {
    [CONSORTIUM, "DEMO0", "CGM005", "BRW001"].iter().any(|consortium| {
        line.match_indices(consortium).any(|(at, _)| {
            let rest =
                line[at + consortium.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
            rest.strip_prefix('/')
                .is_some_and(|id| id.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    })
}
