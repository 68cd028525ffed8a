//! A stand-in for a ClickHouse server, for one machine: the whole ClickHouse engine in this
//! process (libchdb), behind ClickHouse's own HTTP interface, so that the client which speaks to
//! a server in production speaks to this one in the same way.
//!
//! It serves statements by POST and GET, in `query=`, in the body or both, settings and
//! `param_NAME` in the address, multipart forms, INSERTs of any size and SELECTs of any size,
//! both streamed. What only a real server has: users, passwords and quotas (credentials are
//! accepted and ignored), sessions over several requests, compression on the wire, replication,
//! other protocols, and more than one process on its data. It listens on loopback for a reason.

pub mod beside;
pub mod exception;
mod form;
mod interface;
mod joint;
pub mod request;
pub mod statement;
mod work;

#[expect(unsafe_code, reason = "the engine has a C interface; this module alone calls it")]
mod ffi;

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use chassis::telemetry::TelemetryArgs;
use chassis::{DrainArgs, Shutdown};
use tokio::sync::Semaphore;

use ffi::Engine;
use interface::Interface;
use work::Workshop;

/// Arguments of `mimamori-dev local-clickhouse`.
#[derive(Debug, Clone, clap::Args)]
pub struct LocalClickhouseArgs {
    /// Folder of the data; made if it is not there
    #[arg(long, env = "MIMAMORI_LOCAL_CLICKHOUSE_DATA", value_name = "FOLDER")]
    pub data: PathBuf,

    /// Address of the HTTP interface; port 0 takes a free one and logs it
    #[arg(
        long,
        env = "MIMAMORI_LOCAL_CLICKHOUSE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8123"
    )]
    pub listen: SocketAddr,

    /// The engine, which `make setup` fetches
    #[arg(
        long,
        env = "MIMAMORI_LIBCHDB",
        value_name = "FILE",
        default_value = ".local/clickhouse/libchdb.so"
    )]
    pub library: PathBuf,

    /// Queries that run at the same time; more wait
    #[arg(
        long,
        env = "MIMAMORI_LOCAL_CLICKHOUSE_QUERIES",
        value_name = "NUMBER",
        default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    pub queries: u16,

    /// How the process ends.
    #[command(flatten)]
    pub drain: DrainArgs,

    /// Logs.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

/// Serves until SIGTERM or SIGINT, then ends the running queries and closes the engine.
///
/// # Errors
/// When the engine, the folder or the address is not to be had; the text says what to do.
pub async fn run(args: LocalClickhouseArgs) -> anyhow::Result<()> {
    chassis::telemetry::init("local-clickhouse", &args.telemetry)?;
    let deadline = args.drain.deadline();
    let shutdown = args.drain.shutdown().context("cannot listen for signals")?;
    let listener =
        chassis::server::bind(args.listen, "--listen or MIMAMORI_LOCAL_CLICKHOUSE_LISTEN").await?;
    let lock = own(&args.data)?;
    let data = args.data.canonicalize()?;
    let (engine, keeper, version) = tokio::task::spawn_blocking({
        let (library, data) = (args.library.clone(), data.clone());
        move || start(&library, &data)
    })
    .await??;

    let cut = Shutdown::new();
    let places = Arc::new(Semaphore::new(usize::from(args.queries)));
    let interface = Interface {
        workshop: Workshop { engine: engine.clone(), data, cut: cut.clone() },
        places: Arc::clone(&places),
        version: version.clone(),
        query_numbers: AtomicU64::new(0),
        started_nanoseconds: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
    };
    // Streams are cut early enough for the engine to be closed within the deadline.
    let cutting = {
        let shutdown = shutdown.clone();
        async move {
            shutdown.requested().await;
            tokio::time::sleep(deadline.mul_f64(0.7)).await;
            tracing::warn!("cutting the answers that are still on their way");
            cut.trigger();
        }
    };
    tracing::info!(address = %listener.local_addr()?, version, "serving ClickHouse's HTTP interface");
    let router = interface::router(Arc::new(interface));
    tokio::select! {
        served = chassis::server::serve(listener, router, shutdown) => served?,
        // A client that stops reading would keep its connection for ever.
        () = cutting => {}
    }

    // A query whose client has gone may still run. Its session must be closed before the engine.
    let _all = places.acquire_many(u32::from(args.queries)).await;
    tokio::task::spawn_blocking(move || {
        drop(keeper);
        let stopped = engine.stop();
        tracing::info!(threads_joined = stopped, "the engine is closed");
    })
    .await?;
    drop(lock);
    Ok(())
}

/// Makes the folder and takes it for this process alone. The engine has a lock of its own, but
/// no words for it.
fn own(data: &Path) -> anyhow::Result<File> {
    std::fs::create_dir_all(data).with_context(|| {
        format!("cannot make the data folder {}; choose another with --data", data.display())
    })?;
    let path = data.join("mimamori.lock");
    let lock = File::create(&path).with_context(|| {
        format!("cannot write to the data folder {}; choose another with --data", data.display())
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => bail!(
            "another process serves {} already; stop that one, or choose another folder with --data",
            data.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// Starts the engine on the folder. The session that comes with it keeps the engine running.
fn start(library: &Path, data: &Path) -> anyhow::Result<(Engine, ffi::Session, String)> {
    let engine = Engine::load(library)?;
    let mut keeper = engine.open(data)?;
    let (version, _) =
        keeper.run(b"SELECT version()", "TabSeparated", &[]).map_err(|exception| {
            anyhow::anyhow!("the engine does not answer: {}", exception.text(""))
        })?;
    let version = String::from_utf8_lossy(version.trim_ascii()).into_owned();
    Ok((engine, keeper, version))
}
