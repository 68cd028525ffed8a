//! `mimamori-dev demo`: everything on this machine, with virtual patients.

mod directory;
mod places;
mod services;
mod state;
mod status;
mod supervisor;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use chassis::{
    ClickHouseArgs, DeploymentArgs, KafkaArgs, Optional, PartitionsArgs, SchemaRegistryArgs,
    Shutdown,
};
use mimamori::reconciliation::{self, Reconciliation, ReconciliationArgs};
use mimamori::source::{Source, StoreSource};

use crate::local::Layout;
use places::Places;
use services::Demo;
use state::Secrets;
use status::Status;

/// Arguments of `mimamori-dev demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {
    /// The checkout that holds deploy/local and .local
    #[arg(long, env = "MIMAMORI_ROOT", default_value = ".")]
    pub root: PathBuf,
    /// Folder of the demo's data and logs; .local/demo of the checkout where none is given
    #[arg(long, env = "DEMO_STATE")]
    pub state: Option<PathBuf>,
    /// File that says where everything is, while the demo runs; .local/demo.json where none is given
    #[arg(long, env = "DEMO_JSON")]
    pub json: Option<PathBuf>,
    /// Ends by itself after so many seconds
    #[arg(long, env = "DEMO_SECONDS")]
    pub seconds: Option<u64>,
    /// Virtual patients
    #[arg(long, env = "DEMO_PATIENTS", default_value_t = 200)]
    pub patients: u32,
    /// Days of history that are loaded at the first start
    #[arg(long, env = "DEMO_HISTORY_DAYS", default_value_t = 30)]
    pub history_days: u32,
    /// Kafka to use instead of a local one.
    #[command(flatten)]
    pub kafka: Optional<KafkaArgs>,
    /// ClickHouse to use instead of a local one.
    #[command(flatten)]
    pub clickhouse: Optional<ClickHouseArgs>,
    /// Where schemas are registered.
    #[command(flatten)]
    pub schema_registry: SchemaRegistryArgs,
    /// Port of the local Kafka; 0 takes a free one, here and below
    #[arg(long, env = "DEMO_KAFKA_PORT", default_value_t = 19092)]
    pub kafka_port: u16,
    /// Port of the local ClickHouse
    #[arg(long, env = "DEMO_CLICKHOUSE_PORT", default_value_t = 18123)]
    pub clickhouse_port: u16,
    /// Port of the pages and their API
    #[arg(long, env = "DEMO_DASHBOARD_PORT", default_value_t = 8080)]
    pub dashboard_port: u16,
    /// Port of the gateway
    #[arg(long, env = "DEMO_GATEWAY_PORT", default_value_t = 8081)]
    pub gateway_port: u16,
    /// First of five ports for metrics and health of processor, writer, simulator, gateway and notifier
    #[arg(long, env = "DEMO_OPERATIONS_PORT", default_value_t = 9464)]
    pub operations_port: u16,
    /// How many partitions topics are made with.
    #[command(flatten)]
    pub partitioned: PartitionsArgs,
}

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::on_signals().context("signals cannot be received")?;
    exit_at_second_signal();
    let handle = tokio::runtime::Handle::current();
    // Starting and watching processes is waiting and polling: a plain thread does it.
    let running = std::thread::spawn(move || Running { args, shutdown, handle }.run());
    tokio::task::spawn_blocking(move || running.join())
        .await?
        .map_err(|_| anyhow::anyhow!("the demo panicked"))?
}

/// A second Ctrl-C does not wait: the processes end with this one.
fn exit_at_second_signal() {
    tokio::spawn(async {
        for remaining in [1, 0] {
            if tokio::signal::ctrl_c().await.is_ok() && remaining == 0 {
                eprintln!("stopped at once");
                std::process::exit(130);
            }
        }
    });
}

struct Running {
    args: DemoArgs,
    shutdown: Shutdown,
    handle: tokio::runtime::Handle,
}

impl Running {
    fn run(self) -> anyhow::Result<ExitCode> {
        let began = Instant::now();
        let layout = Layout::of(&self.args.root)?;
        let places = Places::of(&layout, &self.args)?;
        let secrets = Secrets::load_or_make(&places)?;
        let mut demo = Demo::new(layout, places, secrets, &self.args)?;
        let stop = || self.shutdown.is_requested();
        match demo.start(&self.handle, &stop) {
            Ok(true) => {}
            Ok(false) => {
                demo.stop();
                return Ok(ExitCode::from(130));
            }
            Err(error) => {
                demo.stop();
                return Err(error);
            }
        }
        demo.announce(began.elapsed());
        match self.watch(&mut demo) {
            Ok(()) => self.finish(demo),
            Err(error) => {
                demo.stop();
                Err(error)
            }
        }
    }

    /// Until Ctrl-C or the end of the time: a status line, and processes that end are started again.
    fn watch(&self, demo: &mut Demo) -> anyhow::Result<()> {
        let until = self.args.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let mut status = Status::default();
        let mut next_line = Instant::now();
        while !self.shutdown.is_requested() && until.is_none_or(|until| Instant::now() < until) {
            demo.supervise()?;
            if Instant::now() >= next_line {
                next_line = Instant::now() + Duration::from_secs(1);
                status.print(demo.endpoints(), demo.phase());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        status.end();
        Ok(())
    }

    /// Stops the senders, waits until everything has arrived, reconciles, stops the rest.
    fn finish(&self, mut demo: Demo) -> anyhow::Result<ExitCode> {
        if self.args.seconds.is_none() || self.shutdown.is_requested() {
            println!("stopping …");
            demo.stop();
            return Ok(ExitCode::SUCCESS);
        }
        println!("the time is over: no more readings; waiting until all have arrived …");
        demo.stop_senders();
        let found = self.reconcile(&mut demo);
        demo.stop();
        let balance = found?;
        print!("{}", balance.table(false));
        Ok(if balance.is_settled() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Reconciles while everything is kept up.
    fn reconcile(&self, demo: &mut Demo) -> anyhow::Result<Reconciliation> {
        let args = ReconciliationArgs {
            from: StoreSource {
                source: Source {
                    kafka: demo.kafka_args(),
                    deployment: DeploymentArgs::default(),
                    schema_registry: self.args.schema_registry.clone(),
                },
                clickhouse: demo.clickhouse_args(),
            },
            wait_seconds: 120,
            partitions: false,
            json: false,
        };
        let reconciling = self.handle.spawn(async move { reconciliation::reconcile(&args).await });
        while !reconciling.is_finished() {
            anyhow::ensure!(
                !self.shutdown.is_requested(),
                "stopped before the reconciliation was done"
            );
            demo.supervise()?;
            std::thread::sleep(Duration::from_millis(50));
        }
        self.handle.block_on(reconciling)?
    }
}
