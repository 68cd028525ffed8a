//! The dashboard's arguments.

use std::net::SocketAddr;
use std::path::PathBuf;

use chassis::telemetry::TelemetryArgs;
use schemas::Topics;
use stream::connection::KafkaArgs;

use crate::queries::StoreConfig;

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

    /// Seconds that finishing the requests in hand may take after SIGTERM; then the process exits
    /// with code 70
    #[arg(
        long,
        env = "MIMAMORI_DRAIN_DEADLINE_SECONDS",
        value_name = "SECONDS",
        default_value_t = 20
    )]
    pub drain_deadline_seconds: u64,

    /// Prefix of the topics' names
    #[arg(long, env = "MIMAMORI_TOPIC_PREFIX", value_name = "PREFIX", default_value = "")]
    pub topic_prefix: String,

    /// Schema registry, where there is one
    #[arg(long, env = "SCHEMA_REGISTRY_URL", value_name = "URL")]
    pub schema_registry_url: Option<String>,

    /// ClickHouse's HTTP interface
    #[arg(
        long,
        env = "CLICKHOUSE_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8123"
    )]
    pub clickhouse_url: String,

    /// ClickHouse database
    #[arg(
        long,
        env = "MIMAMORI_CLICKHOUSE_DATABASE",
        value_name = "NAME",
        default_value = "mimamori"
    )]
    pub clickhouse_database: String,

    /// ClickHouse user; needs to read, nothing else
    #[arg(long, env = "MIMAMORI_CLICKHOUSE_USER", value_name = "NAME")]
    pub clickhouse_user: Option<String>,

    /// Password of the ClickHouse user; better given by the environment, which other users of the
    /// machine cannot see
    #[arg(
        long,
        env = "MIMAMORI_CLICKHOUSE_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub clickhouse_password: Option<String>,

    /// Local accounts, for demos only: a JSON file [{"user", "password_hash"}] with Argon2 hashes
    #[arg(long, env = "MIMAMORI_DEMO_ACCOUNTS", value_name = "FILE")]
    pub demo_accounts: Option<PathBuf>,

    /// Key that seals session cookies, at least 64 hexadecimal digits (`openssl rand -hex 64`);
    /// required. The same key over restarts and on every instance keeps people signed in. Better
    /// given by the environment
    #[arg(long, env = "MIMAMORI_SESSION_KEY", value_name = "HEX", hide_env_values = true)]
    pub session_key: Option<String>,
}

impl DashboardArgs {
    /// The topics of the deployment.
    pub fn topics(&self) -> Topics {
        Topics::with_prefix(&self.topic_prefix)
    }

    /// How to reach ClickHouse.
    pub fn store(&self) -> StoreConfig {
        StoreConfig {
            url: self.clickhouse_url.clone(),
            database: self.clickhouse_database.clone(),
            user: self.clickhouse_user.clone(),
            password: self.clickhouse_password.clone(),
        }
    }
}
