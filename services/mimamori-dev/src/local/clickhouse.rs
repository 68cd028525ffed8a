//! The ClickHouse engine in a process of its own.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Layout;
use super::process::Process;

/// A running engine behind ClickHouse's HTTP interface on loopback. Dropping it kills it.
#[derive(Debug)]
pub struct Clickhouse {
    process: Process,
    port: u16,
}

impl Clickhouse {
    /// Starts the engine with its data in a folder and waits until it answers. `binary` is the
    /// `mimamori-dev` binary.
    ///
    /// # Errors
    /// When the engine was not fetched, the port is taken or it does not start.
    pub fn start(
        layout: &Layout,
        binary: &Path,
        data: &Path,
        port: u16,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(binary);
        command
            .arg("local-clickhouse")
            .arg("--data")
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .arg("--library")
            .arg(layout.state("clickhouse/libchdb.so"));
        let mut process = Process::start("ClickHouse", command, log)?;
        process.wait_ready(Duration::from_secs(60), "an answer to a ping", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        })?;
        Ok(Self { process, port })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
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
