//! A deployment of its own for a test: topics, tables, registered people and running services.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mimamori_dev::local::{Clickhouse, Kafka};
use nix::sys::signal::Signal;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer as _};
use reqwest::blocking::Client;
use schemas::topics::Topic;
use schemas::{Codec, Encoder, Reading, Topics};
use stream::KafkaArgs;
use stream::producer::Producer;
use stream::topics::create_topics;

use crate::proxy::Proxy;
use crate::registered::{Followed, SATO, accounts};
use crate::run::{free_port, run};
use crate::service::{Ports, Running, Service, mimamori, names_a_patient, quiet_environment, tail};

/// Partitions of the topics that are partitioned by patient.
pub const PARTITIONS: i32 = 3;

/// Where links in messages lead to.
pub const DASHBOARD_URL: &str = "https://mimamori.test";
/// What webhooks are signed with.
pub const WEBHOOK_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The partition of a patient.
pub fn partition_of(patient: &str) -> i32 {
    stream::partition_for_key(patient.as_bytes(), PARTITIONS)
}

/// The first of the patients P1, P2, … whose partition is given.
pub fn patient_on(partition: i32) -> String {
    let mut patients = (1..).map(|number| format!("TST001/P{number}"));
    patients.find(|patient| partition_of(patient) == partition).expect("numbers without end")
}
/// The services' drain deadline.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(20);

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// SIGTERM.
    InOrder,
    /// `kill -9`.
    Killed,
}

/// What a test needs; [`Plan::start`] makes it.
#[derive(Default)]
pub struct Plan {
    name: String,
    followed: Followed,
    own_kafka: Option<PathBuf>,
    own_clickhouse: Option<PathBuf>,
    proxied: bool,
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
    own_kafka: Option<Own<Kafka>>,
    own_clickhouse: Option<Own<Clickhouse>>,
    proxy: Option<Proxy>,
}

/// A server of a stack's own: where it keeps its data, where it listens, and itself while it runs.
struct Own<T> {
    folder: PathBuf,
    port: u16,
    running: Mutex<Option<T>>,
}

impl<T> Own<T> {
    fn start(folder: PathBuf, start: impl Fn(&Path, u16) -> T) -> Self {
        let port = free_port();
        let running = Mutex::new(Some(start(&folder, port)));
        Self { folder, port, running }
    }

    fn start_again(&self, start: impl Fn(&Path, u16) -> T) {
        let started = start(&self.folder, self.port);
        *lock(&self.running) = Some(started);
    }

    fn take(&self) -> T {
        lock(&self.running).take().expect("it runs")
    }

    fn process<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        act(lock(&self.running).as_mut().expect("it runs"))
    }
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

    /// With further people and consortia registered.
    pub fn registered(mut self, register: impl FnOnce(&mut Followed)) -> Self {
        register(&mut self.followed);
        self
    }

    /// With a Kafka of its own, which the test may stop.
    pub fn own_kafka(self) -> Self {
        let folder = run().folder(&format!("{}/kafka", self.name));
        self.own_kafka_in(folder)
    }

    /// With a Kafka of its own with its data in a folder.
    pub fn own_kafka_in(mut self, folder: PathBuf) -> Self {
        self.own_kafka = Some(folder);
        self
    }

    /// With a ClickHouse of its own, which the test may stop.
    pub fn own_clickhouse(self) -> Self {
        let folder = run().folder(&format!("{}/clickhouse", self.name));
        self.own_clickhouse_in(folder)
    }

    /// With a ClickHouse of its own with its data in a folder.
    pub fn own_clickhouse_in(mut self, folder: PathBuf) -> Self {
        self.own_clickhouse = Some(folder);
        self
    }

    /// With a proxy between the services and ClickHouse, which the test may make fail.
    pub fn proxied_clickhouse(mut self) -> Self {
        self.proxied = true;
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
        let own_kafka = self.own_kafka.map(|folder| Own::start(folder, kafka_in));
        let own_clickhouse = self.own_clickhouse.map(|folder| Own::start(folder, clickhouse_in));
        let kafka = match &own_kafka {
            Some(kafka) => KafkaArgs::local(format!("127.0.0.1:{}", kafka.port)),
            None => KafkaArgs::local(run().kafka()),
        };
        let clickhouse = match &own_clickhouse {
            Some(clickhouse) => format!("http://127.0.0.1:{}", clickhouse.port),
            None => run().clickhouse(),
        };
        let proxy = self.proxied.then(|| {
            let behind = clickhouse.trim_start_matches("http://").parse().unwrap();
            Proxy::start(free_port(), behind)
        });
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
            own_kafka,
            own_clickhouse,
            proxy,
        };
        self.followed.publish(&stack.producer, &stack.codec, &stack.topics);
        std::fs::write(stack.folder.join("accounts.json"), accounts()).unwrap();
        let master = chassis::sealing::KeyFile::new_line("test");
        std::fs::write(stack.folder.join("master.key"), master).unwrap();
        stack.start(services);
        stack
    }
}

fn kafka_in(folder: &Path, port: u16) -> Kafka {
    run().kafka_in(folder, port)
}

fn clickhouse_in(folder: &Path, port: u16) -> Clickhouse {
    run().clickhouse_in(folder, port)
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
        self.start_with(service, &[]);
    }

    /// Starts a service with further arguments.
    pub fn start_with(&self, service: Service, arguments: &[&str]) {
        let ports = self.ports(service);
        let mut command = self.command(service, ports);
        command.args(arguments);
        let log = self.folder.join(service.name()).with_extension("log");
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

    /// SIGTERM; the exit status. Waits for longer than the drain deadline, so that a service that its
    /// own watchdog has ended says so by its status.
    pub fn terminate(&self, service: Service) -> ExitStatus {
        self.take(service).terminate(DRAIN_DEADLINE + Duration::from_secs(10))
    }

    /// Whether a service was started and not ended since.
    pub fn is_started(&self, service: Service) -> bool {
        lock(&self.services).contains_key(&service)
    }

    /// Sends a signal to a service that goes on.
    pub fn signal(&self, service: Service, signal: Signal) {
        let services = lock(&self.services);
        services.get(&service).unwrap_or_else(|| panic!("{service:?} does not run")).signal(signal);
    }

    /// Leaves a service that runs to the test. Another one may be started under its name, on other
    /// ports.
    pub fn give_up(&self, service: Service) -> Running {
        lock(&self.ports).remove(&service);
        self.take(service)
    }

    fn take(&self, service: Service) -> Running {
        lock(&self.services).remove(&service).unwrap_or_else(|| panic!("{service:?} does not run"))
    }

    /// Bytes of memory that a service has used at most.
    pub fn most_memory(&self, service: Service) -> u64 {
        lock(&self.services)[&service].most_memory()
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
        self.kafka_of_its_own().process(|kafka| kafka.process().signal(signal));
    }

    /// Ends this stack's own Kafka, with `kill -9` or in order.
    pub fn end_kafka(&self, end: End) {
        let kafka = self.kafka_of_its_own().take();
        match end {
            End::InOrder => kafka.stop(),
            End::Killed => drop(kafka),
        }
    }

    /// Starts this stack's own Kafka again, with the data that it had.
    pub fn start_kafka(&self) {
        self.kafka_of_its_own().start_again(kafka_in);
    }

    /// Whether this stack's own Kafka has ended by itself.
    pub fn kafka_has_ended(&self) -> bool {
        self.kafka_of_its_own().process(|kafka| kafka.process().ended().is_some())
    }

    fn kafka_of_its_own(&self) -> &Own<Kafka> {
        self.own_kafka.as_ref().expect("Plan::own_kafka")
    }

    /// Sends a signal to this stack's own ClickHouse.
    pub fn signal_clickhouse(&self, signal: Signal) {
        self.clickhouse_of_its_own().process(|clickhouse| clickhouse.process().signal(signal));
    }

    /// Ends this stack's own ClickHouse, with `kill -9` or in order.
    pub fn end_clickhouse(&self, end: End) {
        let clickhouse = self.clickhouse_of_its_own().take();
        match end {
            End::InOrder => clickhouse.stop(),
            End::Killed => drop(clickhouse),
        }
    }

    /// Starts this stack's own ClickHouse again, with the data that it had.
    pub fn start_clickhouse(&self) {
        self.clickhouse_of_its_own().start_again(clickhouse_in);
    }

    /// Whether this stack's own ClickHouse has ended by itself.
    pub fn clickhouse_has_ended(&self) -> bool {
        self.clickhouse_of_its_own().process(|clickhouse| clickhouse.process().ended().is_some())
    }

    fn clickhouse_of_its_own(&self) -> &Own<Clickhouse> {
        self.own_clickhouse.as_ref().expect("Plan::own_clickhouse")
    }

    /// What stands between the services and ClickHouse.
    pub fn proxy(&self) -> &Proxy {
        self.proxy.as_ref().expect("Plan::proxied_clickhouse")
    }

    /// A command of the binary that works on this stack's topics.
    pub fn tool(&self, subcommand: &str) -> Command {
        let mut command = mimamori(subcommand);
        quiet_environment(&mut command);
        command
            .args(["--bootstrap-servers", &self.kafka.bootstrap_servers])
            .args(["--topic-prefix", self.topics.prefix()]);
        if let Some(url) = &self.schema_registry {
            command.args(["--schema-registry-url", url]);
        }
        command
    }

    /// A producer that has begun a transaction, which the broker ends after five minutes at the
    /// earliest.
    pub fn transactional_producer(&self, id: &str) -> BaseProducer {
        const PATIENCE: Duration = Duration::from_secs(30);
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.kafka.bootstrap_servers)
            .set("transactional.id", id)
            .set("transaction.timeout.ms", "300000")
            .create()
            .unwrap();
        producer.init_transactions(PATIENCE).unwrap();
        producer.begin_transaction().unwrap();
        producer
    }

    /// Adds how to reach the tables.
    pub fn with_store<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .args(["--clickhouse-url", &self.clickhouse])
            .args(["--clickhouse-database", &self.database])
    }

    /// As [`Self::with_store`], through the proxy where there is one.
    fn with_served_store<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let url = match &self.proxy {
            Some(proxy) => proxy.url(),
            None => self.clickhouse.clone(),
        };
        command.args(["--clickhouse-url", &url]).args(["--clickhouse-database", &self.database])
    }

    /// What starts a service.
    pub fn command(&self, service: Service, ports: Ports) -> Command {
        let mut command = self.tool(service.subcommand());
        let deadline = DRAIN_DEADLINE.as_secs().to_string();
        command.args(["--drain-deadline-seconds", &deadline]);
        let api = format!("127.0.0.1:{}", ports.api);
        let operations = format!("127.0.0.1:{}", ports.operations);
        if service != Service::Dashboard {
            command.args(["--operations-listen", &operations]);
        }
        if let Some(instance) = service.instance() {
            command.args(["--instance", instance]);
        }
        match service {
            Service::Gateway => {
                self.with_served_store(&mut command).args(["--listen", &api]);
            }
            Service::Writer => {
                self.with_served_store(&mut command)
                    .env("MIMAMORI_WRITER_BATCH_AGE_MILLISECONDS", "100");
            }
            Service::Dashboard => {
                self.with_served_store(&mut command)
                    .args(["--listen", &api])
                    .arg("--demo-accounts")
                    .arg(self.folder.join("accounts.json"))
                    .env("MIMAMORI_MASTER_KEY_FILE", self.folder.join("master.key"))
                    .env("MIMAMORI_SESSION_KEY", "0123456789abcdef".repeat(8));
            }
            Service::Notifier | Service::SecondNotifier => {
                command
                    .args(["--dashboard-url", DASHBOARD_URL])
                    .args(["--webhook-secret", WEBHOOK_SECRET]);
            }
            _ => {}
        }
        let further = self.arguments.iter().filter(|(of, _)| *of == service);
        command.args(further.flat_map(|(_, arguments)| arguments));
        command
    }
}

impl Stack {
    /// What the services have written, a file each.
    pub fn logs(&self) -> impl Iterator<Item = PathBuf> {
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
