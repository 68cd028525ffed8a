//! The arguments that all services share.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::sealing::{KeyFile, UnusableKeyFile};
use crate::server::{self, ServerError};
use crate::shutdown::Shutdown;
use crate::telemetry::TelemetryArgs;

/// Arguments of every service; `#[command(flatten)]` them into the service's own.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceArgs {
    /// Logs.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,

    /// Address of /healthz, /readyz and /metrics
    #[arg(
        long,
        env = "MIMAMORI_OPERATIONS_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:9464"
    )]
    pub operations_listen: SocketAddr,

    /// How the process ends.
    #[command(flatten)]
    pub drain: DrainArgs,
}

/// How long a process may take to end.
#[derive(Debug, Clone, clap::Args)]
pub struct DrainArgs {
    /// Seconds that finishing the work in hand may take after SIGTERM; then the process exits
    /// with code 70
    #[arg(
        long,
        env = "MIMAMORI_DRAIN_DEADLINE_SECONDS",
        value_name = "SECONDS",
        default_value_t = 20
    )]
    pub drain_deadline_seconds: u64,
}

impl DrainArgs {
    /// The longest time that draining may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.drain_deadline_seconds)
    }

    /// A shutdown that SIGTERM and SIGINT request and that the drain deadline bounds. Call it
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// When the operating system refuses the signal handlers.
    pub fn shutdown(&self) -> io::Result<Shutdown> {
        Ok(Shutdown::on_signals()?.with_deadline(self.deadline()))
    }
}

/// How many partitions the topics have that are partitioned by patient.
#[derive(Debug, Clone, clap::Args)]
pub struct PartitionsArgs {
    /// Partitions of the topics that are partitioned by patient, when they are made. It cannot be changed
    /// later without moving patients between partitions
    #[arg(long, env = "MIMAMORI_PARTITIONS", value_name = "COUNT", default_value_t = 12)]
    pub partitions: i32,
}

/// How long an insert into ClickHouse may take. The writers insert; whoever reads what they have stored
/// counts on it.
#[derive(Debug, Clone, clap::Args)]
pub struct InsertTimeoutArgs {
    /// Seconds after which a writer's insert without an answer counts as failed: the same for all writers,
    /// and for the gateway, whose receipts list what was stored 15 seconds longer ago, when no insert that
    /// began before can still go on
    #[arg(
        long = "writer-insert-timeout-seconds",
        alias = "insert-timeout-seconds",
        env = "MIMAMORI_WRITER_INSERT_TIMEOUT_SECONDS",
        value_name = "SECONDS",
        default_value_t = INSERT_TIMEOUT_SECONDS,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub insert_timeout_seconds: u64,
}

/// Seconds after which an insert counts as failed, unless a deployment says otherwise.
const INSERT_TIMEOUT_SECONDS: u64 = 30;

impl InsertTimeoutArgs {
    /// The longest time that an insert may take.
    #[must_use]
    pub fn insert_timeout(&self) -> Duration {
        Duration::from_secs(self.insert_timeout_seconds)
    }
}

/// Where the master keys are.
#[derive(Debug, Clone, clap::Args)]
pub struct MasterKeyArgs {
    /// Master keys, which wrap the keys that patients' free text and identities are sealed with: a file with
    /// a line each, `ID KEY`, the key in 64 hexadecimal digits; required. The first wraps new keys, the
    /// others open older ones. The same file for every instance; without it what is sealed is lost
    #[arg(long, env = "MIMAMORI_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
}

impl MasterKeyArgs {
    /// Reads the file.
    ///
    /// # Errors
    /// When none is given, or it cannot be used; the message says what to do.
    pub fn load(&self) -> Result<KeyFile, UnusableKeyFile> {
        KeyFile::load(self.master_key_file.as_deref().ok_or(UnusableKeyFile::NotGiven)?)
    }
}

/// The name of one of several instances of a service that share the partitions of topics.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct InstanceArgs {
    /// A name of this instance that outlives its process (a StatefulSet's pod name): it takes its
    /// partitions up again at once when it comes back within ten seconds, even after a crash. Each
    /// instance of a service has its own
    #[arg(long, env = "MIMAMORI_INSTANCE", value_name = "NAME")]
    pub instance: Option<String>,
}

impl ServiceArgs {
    /// As of [`DrainArgs::shutdown`].
    ///
    /// # Errors
    /// When the operating system refuses the signal handlers.
    pub fn shutdown(&self) -> io::Result<Shutdown> {
        self.drain.shutdown()
    }

    /// Binds the operations address.
    ///
    /// # Errors
    /// [`ServerError::Bind`], saying which address it was and how to choose another.
    pub async fn bind_operations(&self) -> Result<TcpListener, ServerError> {
        server::bind(self.operations_listen, "--operations-listen or MIMAMORI_OPERATIONS_LISTEN")
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        service: ServiceArgs,
    }

    #[test]
    fn the_defaults_parse() {
        let command = Command::try_parse_from(["service"]).expect("defaults are valid");
        assert_eq!(command.service.operations_listen.port(), 9464);
        assert_eq!(command.service.drain.deadline(), Duration::from_secs(20));
    }
}
