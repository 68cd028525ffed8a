//! Folders and ports of the demo, checked before anything is started.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::Context;
use nix::sys::statvfs::statvfs;

use super::DemoArgs;
use crate::local::{Layout, free_port};

/// Less free space than this, and Kafka stops in the middle.
const LEAST_FREE_BYTES: u64 = 1 << 30;

/// Where everything is.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) state: PathBuf,
    pub(super) logs: PathBuf,
    pub(super) json: PathBuf,
    pub(super) kafka: u16,
    pub(super) clickhouse: u16,
    pub(super) dashboard: u16,
    pub(super) gateway: u16,
    pub(super) processor: u16,
    pub(super) writer: u16,
    pub(super) simulator: u16,
    pub(super) gateway_operations: u16,
    pub(super) notifier: u16,
    /// Of the mail server that delivers nothing.
    pub(super) mail: u16,
}

impl Places {
    pub(super) fn of(layout: &Layout, args: &DemoArgs) -> anyhow::Result<Self> {
        let state = args.state.clone().unwrap_or_else(|| layout.state("demo"));
        std::fs::create_dir_all(&state)
            .with_context(|| format!("the folder {} cannot be made", state.display()))?;
        let state = state.canonicalize()?;
        enough_space(&state)?;
        let operations = |offset| match args.operations_port {
            0 => 0,
            first => first + offset,
        };
        let wanted = [
            (args.kafka.0.is_none(), args.kafka_port, "--kafka-port or DEMO_KAFKA_PORT"),
            (
                args.clickhouse.0.is_none(),
                args.clickhouse_port,
                "--clickhouse-port or DEMO_CLICKHOUSE_PORT",
            ),
            (true, args.dashboard_port, "--dashboard-port or DEMO_DASHBOARD_PORT"),
            (true, args.gateway_port, "--gateway-port or DEMO_GATEWAY_PORT"),
            (true, operations(0), "--operations-port or DEMO_OPERATIONS_PORT"),
            (true, operations(1), "--operations-port or DEMO_OPERATIONS_PORT"),
            (true, operations(2), "--operations-port or DEMO_OPERATIONS_PORT"),
            (true, operations(3), "--operations-port or DEMO_OPERATIONS_PORT"),
            (true, operations(4), "--operations-port or DEMO_OPERATIONS_PORT"),
            (true, 0, "--operations-port or DEMO_OPERATIONS_PORT"),
        ];
        let mut ports = Vec::new();
        for (needed, port, setting) in wanted {
            ports.push(if needed { free(port, setting)? } else { 0 });
        }
        Ok(Self {
            logs: state.join("logs"),
            json: args.json.clone().unwrap_or_else(|| layout.state("demo.json")),
            kafka: ports[0],
            clickhouse: ports[1],
            dashboard: ports[2],
            gateway: ports[3],
            processor: ports[4],
            writer: ports[5],
            simulator: ports[6],
            gateway_operations: ports[7],
            notifier: ports[8],
            mail: ports[9],
            state,
        })
    }

    pub(super) fn master_key(&self) -> PathBuf {
        self.state.join("master.key")
    }

    /// The made-up names of the virtual patients.
    pub(super) fn identities(&self) -> PathBuf {
        self.state.join("identities.json")
    }

    /// Where mails become files.
    pub(super) fn mails(&self) -> PathBuf {
        self.state.join("mails")
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }
}

fn free(port: u16, setting: &str) -> anyhow::Result<u16> {
    if port == 0 {
        return Ok(free_port()?);
    }
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(port),
        Err(_) => anyhow::bail!(
            "port {port} is taken by another program; stop it or choose another port with {setting}"
        ),
    }
}

fn enough_space(folder: &Path) -> anyhow::Result<()> {
    let found = statvfs(folder)
        .with_context(|| format!("the disk of {} cannot be asked", folder.display()))?;
    let free = found.blocks_available() * found.fragment_size();
    anyhow::ensure!(
        free >= LEAST_FREE_BYTES,
        "the disk of {} has {} MB left and the demo needs 1024; make room there or choose another \
         folder with --state or DEMO_STATE",
        folder.display(),
        free >> 20
    );
    Ok(())
}
