//! One Apache Kafka node.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use stream::KafkaArgs;

use super::Layout;
use super::process::{Process, free_port};

/// What the node is tuned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaSpeed {
    /// A quick start: for tests.
    Start,
    /// Throughput: for the demo.
    Throughput,
}

/// A running node on loopback. Dropping it kills it.
#[derive(Debug)]
pub struct Kafka {
    process: Process,
    port: u16,
}

impl Kafka {
    /// Starts a node with its data in a folder, formatted when it is new, and waits until it
    /// answers.
    ///
    /// # Errors
    /// When Kafka was not fetched, the port is taken or it does not start.
    pub fn start(
        layout: &Layout,
        data: &Path,
        port: u16,
        speed: KafkaSpeed,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let libs = layout.state("kafka/libs");
        anyhow::ensure!(
            libs.is_dir(),
            "Apache Kafka is not in {}; run `make setup`",
            libs.display()
        );
        std::fs::create_dir_all(data)
            .with_context(|| format!("the folder {} cannot be made", data.display()))?;
        let properties = write_properties(layout, data, port)?;
        let class_path = format!("{}/*", libs.display());
        if !data.join("log/meta.properties").exists() {
            format(&class_path, &properties)?;
        }
        let mut command = Command::new("java");
        command.arg(format!("@{}", layout.path("deploy/local/kafka/java.options").display()));
        if speed == KafkaSpeed::Start {
            command.arg("-XX:TieredStopAtLevel=1");
        }
        command
            .arg(format!(
                "-Dlog4j2.configurationFile={}",
                layout.path("deploy/local/kafka/log4j2.properties").display()
            ))
            .args(["-cp", &class_path, "kafka.Kafka"])
            .arg(&properties);
        let mut process = Process::start("Kafka", command, log)?;
        let kafka = KafkaArgs::local(format!("127.0.0.1:{port}"));
        process.wait_ready(Duration::from_secs(60), "an answer from the broker", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        })?;
        // It listens before it is the controller: topics can be asked for only then.
        process.wait_ready(Duration::from_secs(60), "its topics", || {
            stream::topics::is_answering(&kafka)
        })?;
        Ok(Self { process, port })
    }

    /// `host:port` of the node.
    pub fn bootstrap_servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How to reach it.
    pub fn args(&self) -> KafkaArgs {
        KafkaArgs::local(self.bootstrap_servers())
    }

    /// The process, to send it signals.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Stops it in order.
    pub fn stop(self) {
        self.process.stop(Duration::from_secs(20));
    }
}

fn write_properties(layout: &Layout, data: &Path, port: u16) -> anyhow::Result<PathBuf> {
    let template = layout.path("deploy/local/kafka/server.properties.template");
    let template = std::fs::read_to_string(&template)
        .with_context(|| format!("{} cannot be read", template.display()))?;
    // The controller's port is the node's own business; it stays the same as long as it is free,
    // because the data's folder knows it.
    let properties = data.join("server.properties");
    let controller = std::fs::read_to_string(&properties)
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|l| l.starts_with("controller.quorum.bootstrap.servers="));
            line.and_then(|line| line.rsplit(':').next()?.trim().parse::<u16>().ok())
        })
        .filter(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let controller = match controller {
        Some(port) => port,
        None => free_port()?,
    };
    let text = template
        .replace("@DATA@", &data.join("log").display().to_string())
        .replace("@PORT@", &port.to_string())
        .replace("@CONTROLLER_PORT@", &controller.to_string());
    std::fs::write(&properties, text)
        .with_context(|| format!("{} cannot be written", properties.display()))?;
    Ok(properties)
}

fn format(class_path: &str, properties: &Path) -> anyhow::Result<()> {
    let done = Command::new("java")
        .args(["-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", class_path])
        .args(["kafka.tools.StorageTool", "format", "--standalone", "--cluster-id"])
        .arg("TWltYW1vcmlMb2NhbDAwMQ")
        .arg("--config")
        .arg(properties)
        .output()
        .context("java cannot be started; install a Java 17 or later")?;
    anyhow::ensure!(
        done.status.success(),
        "Kafka's folder cannot be formatted: {}",
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(())
}
