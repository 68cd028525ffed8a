//! The dashboard's arguments.

use std::net::SocketAddr;
use std::path::PathBuf;

use chassis::server::ConnectionArgs;
use chassis::telemetry::TelemetryArgs;
use chassis::{
    ClickHouseArgs, DeploymentArgs, DrainArgs, KafkaArgs, MasterKeyArgs, SchemaRegistryArgs, Secret,
};
use schemas::Topics;

use crate::openid::settings::OpenIdArgs;

/// Serves the physicians' pages and their API.
#[derive(Debug, Clone, clap::Args)]
pub struct DashboardArgs {
    /// Logs.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,

    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Address of the pages, the API, /healthz, /readyz and /metrics
    #[arg(
        long,
        env = "MIMAMORI_DASHBOARD_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8090"
    )]
    pub listen: SocketAddr,

    /// Connections to that address.
    #[command(flatten)]
    pub connections: ConnectionArgs,

    /// How the process ends.
    #[command(flatten)]
    pub drain: DrainArgs,

    /// The deployment.
    #[command(flatten)]
    pub deployment: DeploymentArgs,

    /// Schema registry.
    #[command(flatten)]
    pub schema_registry: SchemaRegistryArgs,

    /// ClickHouse.
    #[command(flatten)]
    pub clickhouse: ClickHouseArgs,

    /// Local accounts, for demos only: a JSON file [{"user", "password_hash"}] with Argon2 hashes
    #[arg(long, env = "MIMAMORI_DEMO_ACCOUNTS", value_name = "FILE")]
    pub demo_accounts: Option<PathBuf>,

    /// OpenID Connect.
    #[command(flatten)]
    pub openid: OpenIdArgs,

    /// Key that seals session cookies, at least 64 hexadecimal digits (`openssl rand -hex 64`);
    /// required. The same key over restarts and on every instance keeps people signed in. Better
    /// given by the environment
    #[arg(long, env = "MIMAMORI_SESSION_KEY", value_name = "HEX", hide_env_values = true)]
    pub session_key: Option<Secret>,

    /// Master keys.
    #[command(flatten)]
    pub master_keys: MasterKeyArgs,
}

impl DashboardArgs {
    /// The topics of the deployment.
    pub fn topics(&self) -> Topics {
        Topics::with_prefix(&self.deployment.topic_prefix)
    }
}
