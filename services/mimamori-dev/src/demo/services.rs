//! What the demo starts, in its order, and stops in the reverse.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use chassis::{ClickHouseArgs, KafkaArgs, Secret};
use schemas::topics::{Topic, Topics};
use serde_json::json;
use tokio::runtime::Handle;

use super::DemoArgs;
use super::directory::{self, ServerSetting, say};
use super::places::Places;
use super::state::{Secrets, write_private};
use super::status::Endpoints;
use super::supervisor::{Supervised, note_end};
use crate::local::{Clickhouse, Kafka, KafkaSpeed, Layout, built};
use crate::mail_catcher;

/// Of the local ClickHouse.
const DATABASE: &str = "mimamori";
const PHYSICIAN: &str = "dr.sato";
const SECOND_PHYSICIAN: &str = "dr.tanaka";
const OPERATOR: &str = "operator";
/// The patients of the real recordings that can be sent to the demo.
const ALSO_REGISTERED: &str = "CGM005/S001,CGM005/S002,CGM005/S003,CGM005/S004,CGM005/S005";

pub(super) struct Demo {
    layout: Layout,
    places: Places,
    secrets: Secrets,
    args: DemoArgs,
    /// The binary that production ships: the services.
    mimamori: PathBuf,
    /// This binary: the engine and the virtual patients.
    mimamori_dev: PathBuf,
    kafka: Option<Kafka>,
    kafka_ends: Vec<Instant>,
    clickhouse: Option<Clickhouse>,
    clickhouse_ends: Vec<Instant>,
    services: Vec<Supervised>,
    /// Loads the history, then the live stream; see [`Demo::phase`].
    simulator: Option<Supervised>,
    history: bool,
}

impl Demo {
    pub(super) fn new(
        layout: Layout,
        places: Places,
        secrets: Secrets,
        args: &DemoArgs,
    ) -> anyhow::Result<Self> {
        let history = args.history_days > 0 && !places.state.join("history-loaded").exists();
        let this = std::env::current_exe().context("the binary does not know its own path")?;
        let folder = this.parent().context("the binary is in no folder")?;
        Ok(Self {
            mimamori: built(folder, "mimamori")?,
            mimamori_dev: this,
            layout,
            places,
            secrets,
            args: args.clone(),
            kafka: None,
            kafka_ends: Vec::new(),
            clickhouse: None,
            clickhouse_ends: Vec::new(),
            services: Vec::new(),
            simulator: None,
            history,
        })
    }

    /// Starts everything; false when stopped in between.
    pub(super) fn start(
        &mut self,
        handle: &Handle,
        stop: &dyn Fn() -> bool,
    ) -> anyhow::Result<bool> {
        if self.args.kafka.0.is_none() {
            step("Kafka", || {
                self.start_kafka()?;
                Ok(())
            })?;
        }
        if stop() {
            return Ok(false);
        }
        if self.args.clickhouse.0.is_none() {
            step("ClickHouse", || {
                self.start_clickhouse()?;
                Ok(())
            })?;
        }
        let kafka = self.kafka_args();
        step("topics", || {
            let topics =
                mimamori::topics::all(&Topics::default(), self.args.partitioned.partitions, None);
            Ok(handle.block_on(stream::topics::create_topics(&kafka, &topics))?)
        })?;
        if stop() {
            return Ok(false);
        }
        self.write_accounts()?;
        self.write_master_key()?;
        step("services", || self.start_services(stop))?;
        if stop() {
            return Ok(false);
        }
        let _ = std::fs::remove_file(self.places.identities());
        self.start_simulator()?;
        self.write_json()?;
        step("directory", || {
            directory::apply(&self.mimamori, &self.places, OPERATOR, &self.servers(), stop)
        })?;
        Ok(!stop())
    }

    fn start_kafka(&mut self) -> anyhow::Result<()> {
        let kafka = Kafka::start(
            &self.layout,
            &self.places.state.join("kafka"),
            self.places.kafka,
            KafkaSpeed::Throughput,
            &self.places.log("kafka"),
        )?;
        self.kafka = Some(kafka);
        Ok(())
    }

    fn start_clickhouse(&mut self) -> anyhow::Result<()> {
        let clickhouse = Clickhouse::start(
            &self.layout,
            &self.mimamori_dev,
            &self.places.state.join("clickhouse"),
            self.places.clickhouse,
            &self.places.log("clickhouse"),
        )?;
        self.clickhouse = Some(clickhouse);
        Ok(())
    }

    fn write_accounts(&self) -> anyhow::Result<()> {
        let path = self.places.state.join("accounts.json");
        if path.exists() {
            return Ok(());
        }
        let account = |user: &str, password: &Secret| json!({ "user": user, "password_hash": dashboard::accounts::hash_password(password.expose()) });
        let accounts = json!([
            account(PHYSICIAN, &self.secrets.physician_password),
            account(SECOND_PHYSICIAN, &self.secrets.second_physician_password),
            account(OPERATOR, &self.secrets.operator_password),
        ]);
        write_private(&path, &serde_json::to_vec_pretty(&accounts)?)
    }

    /// Made once: without it the words about the demo's patients are lost.
    fn write_master_key(&self) -> anyhow::Result<()> {
        let path = self.places.master_key();
        if path.exists() {
            return Ok(());
        }
        write_private(&path, chassis::sealing::KeyFile::new_line("demo").as_bytes())
    }

    fn start_services(&mut self, stop: &dyn Fn() -> bool) -> anyhow::Result<()> {
        let operations = |port: u16| ("MIMAMORI_OPERATIONS_LISTEN", format!("127.0.0.1:{port}"));
        let listen = |name: &'static str, port: u16| (name, format!("127.0.0.1:{port}"));
        let accounts = self.places.state.join("accounts.json").display().to_string();
        let each = [
            ("processor", self.places.processor, vec![operations(self.places.processor)]),
            ("writer", self.places.writer, vec![operations(self.places.writer)]),
            (
                "gateway",
                self.places.gateway_operations,
                vec![
                    operations(self.places.gateway_operations),
                    listen("MIMAMORI_GATEWAY_LISTEN", self.places.gateway),
                ],
            ),
            (
                "dashboard",
                self.places.dashboard,
                vec![
                    listen("MIMAMORI_DASHBOARD_LISTEN", self.places.dashboard),
                    ("MIMAMORI_DEMO_ACCOUNTS", accounts),
                    ("MIMAMORI_SESSION_KEY", self.secrets.session_key.expose().to_owned()),
                    ("MIMAMORI_MASTER_KEY_FILE", self.places.master_key().display().to_string()),
                ],
            ),
        ];
        let notifier = (
            "notifier",
            self.places.notifier,
            vec![
                operations(self.places.notifier),
                ("MIMAMORI_DASHBOARD_URL", self.dashboard_url()),
                ("MIMAMORI_NOTIFIER_SMTP_HOST", "127.0.0.1".to_owned()),
                ("MIMAMORI_NOTIFIER_SMTP_PORT", self.places.mail.to_string()),
                ("MIMAMORI_NOTIFIER_SMTP_TLS", "none".to_owned()),
                ("MIMAMORI_NOTIFIER_MAIL_FROM", "mimamori@clinic.example".to_owned()),
            ],
        );
        self.start_mail_catcher()?;
        let mut ports = Vec::new();
        for (name, port, variables) in each.into_iter().chain([notifier]) {
            let service = self.service(name, &self.mimamori, variables)?;
            self.services.push(service);
            ports.push(port);
        }
        let client =
            reqwest::blocking::Client::builder().timeout(Duration::from_secs(1)).build()?;
        for (service, port) in self.services.iter_mut().zip(ports) {
            if let Some(process) = service.process() {
                let url = format!("http://127.0.0.1:{port}/readyz");
                process.wait_ready(Duration::from_secs(120), "readiness", || {
                    let answer = client.get(&url).send();
                    stop() || answer.is_ok_and(|answer| answer.status().is_success())
                })?;
            }
        }
        Ok(())
    }

    /// What the notifier sends becomes files: the demo sends nobody anything. It lives as long as the
    /// demo's own process.
    fn start_mail_catcher(&self) -> anyhow::Result<()> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.places.mail));
        mail_catcher::start_in(address, self.places.mails())?;
        Ok(())
    }

    fn service(
        &self,
        name: &'static str,
        binary: &Path,
        variables: Vec<(&'static str, String)>,
    ) -> anyhow::Result<Supervised> {
        let binary = binary.to_owned();
        let servers = self.servers();
        Supervised::start(name, self.places.log(name), move || {
            let mut command = Command::new(&binary);
            command.arg(name).env("MIMAMORI_INSTANCE", "demo");
            say(&mut command, &servers);
            command.envs(variables.iter().map(|(name, value)| (name, value)));
            command
        })
    }

    /// How services reach the servers: what this demo was given, and no more.
    fn servers(&self) -> [ServerSetting; 7] {
        let (kafka, clickhouse) = (self.kafka_args(), self.clickhouse_args());
        let properties: Vec<String> = (kafka.properties.kafka_properties.iter())
            .map(|property| format!("{}={}", property.name, property.value.expose()))
            .collect();
        let properties = (!properties.is_empty()).then(|| properties.join(",").into());
        [
            ("KAFKA_BOOTSTRAP_SERVERS", Some(kafka.bootstrap_servers.into())),
            ("MIMAMORI_KAFKA_PROPERTIES", properties),
            ("CLICKHOUSE_URL", Some(clickhouse.clickhouse_url.into())),
            ("MIMAMORI_CLICKHOUSE_DATABASE", Some(clickhouse.clickhouse_database.into())),
            ("MIMAMORI_CLICKHOUSE_USER", clickhouse.clickhouse_user.map(Secret::from)),
            ("MIMAMORI_CLICKHOUSE_PASSWORD", clickhouse.clickhouse_password),
            ("SCHEMA_REGISTRY_URL", self.args.schema_registry.schema_registry_url.clone()),
        ]
    }

    fn start_simulator(&mut self) -> anyhow::Result<()> {
        let mut variables = vec![
            ("MIMAMORI_OPERATIONS_LISTEN", format!("127.0.0.1:{}", self.places.simulator)),
            ("MIMAMORI_GATEWAY_URL", self.gateway_url()),
            ("MIMAMORI_DEVICE_TOKEN", self.secrets.device_token.expose().to_owned()),
            ("MIMAMORI_SIMULATOR_PATIENTS", self.args.patients.to_string()),
            ("MIMAMORI_SIMULATOR_SCENARIOS", scenarios_of_each(self.args.patients).to_string()),
            ("MIMAMORI_SIMULATOR_ALSO_REGISTER", ALSO_REGISTERED.to_owned()),
            ("MIMAMORI_SIMULATOR_ON_CALL", "true".to_owned()),
            ("MIMAMORI_SIMULATOR_IDENTITIES", self.places.identities().display().to_string()),
        ];
        variables.push(if self.history {
            ("MIMAMORI_SIMULATOR_HISTORY_DAYS", self.args.history_days.to_string())
        } else {
            ("MIMAMORI_SIMULATOR_LIVE", "true".to_owned())
        });
        self.simulator = Some(self.service("simulator", &self.mimamori_dev, variables)?);
        Ok(())
    }

    /// What the simulator does now.
    pub(super) fn phase(&self) -> &'static str {
        if self.history { "loading history" } else { "live" }
    }

    /// Starts again what has ended.
    pub(super) fn supervise(&mut self) -> anyhow::Result<()> {
        let mut changed = self.supervise_simulator()?;
        for service in &mut self.services {
            changed |= service.keep_up()?;
        }
        if let Some(ended) = self.kafka.as_mut().and_then(|kafka| kafka.process().ended()) {
            let log = self.places.log("kafka");
            note_end("Kafka", &log, &mut self.kafka_ends, &ended.to_string(), String::new)?;
            self.kafka = None;
            self.start_kafka()?;
            changed = true;
        }
        if let Some(ended) = self.clickhouse.as_mut().and_then(|it| it.process().ended()) {
            let log = self.places.log("clickhouse");
            let ends = &mut self.clickhouse_ends;
            note_end("ClickHouse", &log, ends, &ended.to_string(), String::new)?;
            self.clickhouse = None;
            self.start_clickhouse()?;
            changed = true;
        }
        if changed {
            self.write_json()?;
        }
        Ok(())
    }

    /// When the history is loaded, the live stream begins.
    fn supervise_simulator(&mut self) -> anyhow::Result<bool> {
        let Some(simulator) = &mut self.simulator else { return Ok(false) };
        if self.history {
            let ended = simulator.process().and_then(|process| process.ended());
            if ended.is_some_and(|status| status.success()) {
                std::fs::write(self.places.state.join("history-loaded"), "")
                    .context("the demo's folder cannot be written")?;
                self.history = false;
                self.simulator = None;
                self.start_simulator()?;
                return Ok(true);
            }
        }
        match &mut self.simulator {
            Some(simulator) => simulator.keep_up(),
            None => Ok(false),
        }
    }

    pub(super) fn stop_senders(&mut self) {
        if let Some(mut simulator) = self.simulator.take() {
            simulator.stop(Duration::from_secs(30));
        }
    }

    /// Stops everything, senders first, stores last.
    pub(super) fn stop(mut self) {
        self.stop_senders();
        let _ = std::fs::remove_file(&self.places.json);
        for name in ["gateway", "dashboard", "notifier", "processor", "writer"] {
            if let Some(service) = self.services.iter_mut().find(|service| service.name() == name) {
                service.stop(Duration::from_secs(25));
            }
        }
        if let Some(clickhouse) = self.clickhouse.take() {
            clickhouse.stop();
        }
        if let Some(kafka) = self.kafka.take() {
            kafka.stop();
        }
    }

    pub(super) fn kafka_args(&self) -> KafkaArgs {
        let local = || KafkaArgs::local(format!("127.0.0.1:{}", self.places.kafka));
        self.args.kafka.0.clone().unwrap_or_else(local)
    }

    pub(super) fn clickhouse_args(&self) -> ClickHouseArgs {
        let url = || format!("http://127.0.0.1:{}", self.places.clickhouse);
        let local = || ClickHouseArgs::local(url(), DATABASE);
        self.args.clickhouse.0.clone().unwrap_or_else(local)
    }

    pub(super) fn endpoints(&self) -> Endpoints {
        Endpoints {
            processor: format!("http://127.0.0.1:{}", self.places.processor),
            writer: format!("http://127.0.0.1:{}", self.places.writer),
        }
    }

    fn gateway_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.places.gateway)
    }

    fn dashboard_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.places.dashboard)
    }

    /// Writes, for scripts, where everything is.
    fn write_json(&mut self) -> anyhow::Result<()> {
        let topics = Topics::default();
        let mut processes: Vec<(&str, Option<u32>)> =
            self.services.iter().map(|service| (service.name(), service.id())).collect();
        processes.push(("simulator", self.simulator.as_ref().and_then(Supervised::id)));
        processes.push(("kafka", self.kafka.as_mut().map(|kafka| kafka.process().id())));
        processes.push(("clickhouse", self.clickhouse.as_mut().map(|it| it.process().id())));
        let processes: serde_json::Map<_, _> =
            processes.into_iter().map(|(name, id)| (name.to_owned(), json!(id))).collect();
        let metrics = |port: u16| format!("http://127.0.0.1:{port}/metrics");
        let deployment = json!({
            "kafka": self.kafka_args().bootstrap_servers,
            "clickhouse": self.clickhouse_args().clickhouse_url,
            "database": self.clickhouse_args().clickhouse_database,
            "gateway": self.gateway_url(),
            "dashboard": self.dashboard_url(),
            "device_token": self.secrets.device_token.expose(),
            "physician": { "user": PHYSICIAN, "password": self.secrets.physician_password.expose() },
            "second_physician": {
                "user": SECOND_PHYSICIAN,
                "password": self.secrets.second_physician_password.expose(),
            },
            "operator": { "user": OPERATOR, "password": self.secrets.operator_password.expose() },
            "topics": {
                "raw": topics.name(Topic::ReadingsRaw),
                "accepted": topics.name(Topic::ReadingsAccepted),
                "rejected": topics.name(Topic::ReadingsRejected),
                "outcomes": topics.name(Topic::ReadingsOutcomes),
                "alerts": topics.name(Topic::Alerts),
                "care_plans": topics.name(Topic::CarePlans),
                "rule_sets": topics.name(Topic::RuleSets),
                "care_events": topics.name(Topic::CareEvents),
                "audit_events": topics.name(Topic::AuditEvents),
                "audit_sets": topics.name(Topic::AuditSets),
                "sessions_ended": topics.name(Topic::SessionsEnded),
                "registry_keys": topics.name(Topic::RegistryKeys),
                "registry_identities": topics.name(Topic::RegistryIdentities),
                "notifications": topics.name(Topic::Notifications),
            },
            "metrics": {
                "processor": metrics(self.places.processor),
                "writer": metrics(self.places.writer),
                "simulator": metrics(self.places.simulator),
                "gateway": metrics(self.places.gateway_operations),
                "dashboard": metrics(self.places.dashboard),
                "notifier": metrics(self.places.notifier),
            },
            "mails": self.places.mails().display().to_string(),
            "processes": processes,
            "logs": self.places.logs.display().to_string(),
        });
        write_private(&self.places.json, &serde_json::to_vec_pretty(&deployment)?)
    }

    /// Says where to look.
    pub(super) fn announce(&self, took: Duration) {
        println!("up after {:.0} s", took.as_secs_f64());
        println!();
        println!("  open     {}", self.dashboard_url());
        println!("  sign in  {PHYSICIAN} with {}", self.secrets.physician_password.expose());
        println!(
            "  others   {SECOND_PHYSICIAN} with {}, {OPERATOR} with {}",
            self.secrets.second_physician_password.expose(),
            self.secrets.operator_password.expose()
        );
        println!("  scripts  {}", self.places.json.display());
        println!("  mails    {}", self.places.mails().display());
        println!("  logs     {}", self.places.logs.display());
        println!();
        match self.args.seconds {
            Some(seconds) => println!("ends by itself after {seconds} s; Ctrl-C ends it now"),
            None => println!("Ctrl-C ends it; the data stay, `make demo-reset` forgets them"),
        }
    }
}

/// How many patients are in each scenario: a few, and none where they would be most of the patients.
fn scenarios_of_each(patients: u32) -> u32 {
    (patients / 100).min(2)
}

/// Runs a step, with a line that says what is being waited for and then how long it took.
fn step<T>(what: &str, run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    use std::io::Write;
    print!("  starting {what} … ");
    let _ = std::io::stdout().flush();
    let began = Instant::now();
    let done = run();
    match &done {
        Ok(_) => println!("{:.1} s", began.elapsed().as_secs_f64()),
        Err(_) => println!("failed"),
    }
    done
}
