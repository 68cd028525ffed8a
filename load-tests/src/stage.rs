//! What the measurements run on: one Kafka node and one ClickHouse engine on loopback, their data
//! in a folder that goes with them, and the services as processes of their own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use mimamori_dev::local::{Clickhouse, Kafka, KafkaSpeed, Layout, Process, built, free_port};
use schemas::Topics;
use stream::topics::{TopicSpec, create_topics};

use crate::effort;

/// Partitions of the topics that are partitioned by patient.
pub const PARTITIONS: i32 = 12;

const PATIENCE: Duration = Duration::from_secs(60);

/// The running parts.
pub struct Stage {
    layout: Layout,
    clickhouse: Option<Clickhouse>,
    kafka: Kafka,
    runtime: tokio::runtime::Runtime,
    http: reqwest::blocking::Client,
    // Last, so that it goes when nobody writes into it any more.
    folder: Folder,
}

/// A folder that is removed with everything in it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("load-tests: {} is left behind: {error}", self.0.display());
        }
    }
}

impl Stage {
    /// Starts Kafka.
    ///
    /// # Errors
    /// When it was not fetched or does not start.
    pub fn start(root: &Path) -> anyhow::Result<Self> {
        let layout = Layout::of(root)?;
        remove_abandoned(&layout);
        let folder = Folder(layout.state(format!("bench-{}", std::process::id())));
        std::fs::create_dir_all(&folder.0)
            .with_context(|| format!("the folder {} cannot be made", folder.0.display()))?;
        let data = folder.0.join("kafka");
        let log = folder.0.join("kafka.log");
        let kafka = Kafka::start(&layout, &data, free_port()?, KafkaSpeed::Throughput, &log)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let http = reqwest::blocking::Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { layout, clickhouse: None, kafka, runtime, http, folder })
    }

    /// Starts ClickHouse.
    ///
    /// # Errors
    /// When it was not fetched or does not start.
    pub fn start_clickhouse(&mut self) -> anyhow::Result<()> {
        let data = self.folder.0.join("clickhouse");
        let log = self.folder.0.join("clickhouse.log");
        let engine =
            Clickhouse::start(&self.layout, &binary("mimamori-dev")?, &data, free_port()?, &log)?;
        self.clickhouse = Some(engine);
        Ok(())
    }

    /// Kafka's brokers.
    pub fn bootstrap_servers(&self) -> String {
        self.kafka.bootstrap_servers()
    }

    /// ClickHouse's URL; empty before it is started.
    pub fn clickhouse_url(&self) -> String {
        self.clickhouse.as_ref().map(Clickhouse::url).unwrap_or_default()
    }

    /// A client for ClickHouse and the services' metrics.
    pub fn http(&self) -> &reqwest::blocking::Client {
        &self.http
    }

    /// Processor time that ClickHouse has used.
    pub fn engine_effort(&mut self) -> Duration {
        let engine = self.clickhouse.as_mut().map(|engine| engine.process().id());
        engine.map(effort::of_process).unwrap_or_default()
    }

    /// Processor time that Kafka has used.
    pub fn broker_effort(&mut self) -> Duration {
        effort::of_process(self.kafka.process().id())
    }

    /// Where data and logs are, until the end.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// Runs a future to its end.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Creates the topics of a deployment.
    ///
    /// # Errors
    /// When Kafka refuses one.
    pub fn topics(&self, prefix: String) -> anyhow::Result<Topics> {
        self.topics_of(prefix, PARTITIONS)
    }

    /// Creates the topics of a deployment with so many partitions.
    ///
    /// # Errors
    /// When Kafka refuses one.
    pub fn topics_of(&self, prefix: String, partitions: i32) -> anyhow::Result<Topics> {
        let topics = Topics::with_prefix(prefix);
        self.create(&mimamori::topics::all(&topics, partitions, None))?;
        Ok(topics)
    }

    /// Creates topics.
    ///
    /// # Errors
    /// When Kafka refuses one.
    pub fn create(&self, topics: &[TopicSpec]) -> anyhow::Result<()> {
        Ok(self.wait(create_topics(&self.kafka.args(), topics))?)
    }

    /// Starts a service of a deployment and waits until it is ready: a member of its group, with
    /// nothing to read yet. Returns it and the port of its metrics.
    ///
    /// # Errors
    /// When it cannot be started or does not get ready.
    pub fn service(
        &self,
        name: &str,
        topics: &Topics,
        variables: &[(&str, String)],
    ) -> anyhow::Result<(Process, u16)> {
        let (mut process, port) = self.launch(name, topics, variables)?;
        self.wait_until_ready(&mut process, port)?;
        Ok((process, port))
    }

    /// Waits until a service says on a port that it is ready.
    ///
    /// # Errors
    /// When it ends or does not get ready.
    pub fn wait_until_ready(&self, process: &mut Process, port: u16) -> anyhow::Result<()> {
        let ready = format!("http://127.0.0.1:{port}/readyz");
        process.wait_ready(PATIENCE, "readiness", || {
            self.http.get(&ready).send().is_ok_and(|answer| answer.status().is_success())
        })?;
        Ok(())
    }

    /// Starts a service of a deployment. Returns it and the port of its metrics.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn launch(
        &self,
        name: &str,
        topics: &Topics,
        variables: &[(&str, String)],
    ) -> anyhow::Result<(Process, u16)> {
        let port = free_port()?;
        let mut command = Command::new(binary("mimamori")?);
        command
            .arg(name)
            .env("KAFKA_BOOTSTRAP_SERVERS", self.bootstrap_servers())
            .env("CLICKHOUSE_URL", self.clickhouse_url())
            .env("MIMAMORI_TOPIC_PREFIX", topics.prefix())
            .env("MIMAMORI_OPERATIONS_LISTEN", format!("127.0.0.1:{port}"))
            .env_remove("SCHEMA_REGISTRY_URL")
            .envs(variables.iter().map(|(variable, value)| (*variable, value.as_str())));
        let log = self.folder.0.join(format!("{name}.log"));
        Ok((Process::start(name, command, &log)?, port))
    }
}

/// One of the project's binaries, built beside this one.
fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    built(this.parent().context("the binary is in no folder")?, name)
}

/// A run that was killed could not remove its folder: the next one does.
fn remove_abandoned(layout: &Layout) {
    let Ok(entries) = std::fs::read_dir(layout.state("")) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("bench-"));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            drop(Folder(entry.path()));
        }
    }
}
