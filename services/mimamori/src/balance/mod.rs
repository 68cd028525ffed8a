//! `mimamori balance`: what went into `readings.raw` against what came out.

use std::process::ExitCode;

/// Arguments of `mimamori balance`.
#[derive(Debug, Clone, clap::Args)]
pub struct BalanceArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub kafka: stream::KafkaArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub clickhouse: writer::ClickHouseArgs,
    /// What the topics' names begin with
    #[arg(long, env = "MIMAMORI_TOPIC_PREFIX", default_value = "")]
    pub topic_prefix: String,
    /// Schema registry; without one, records are framed as Avro single objects
    #[arg(long, env = "SCHEMA_REGISTRY_URL")]
    pub schema_registry_url: Option<String>,
}

pub(crate) async fn run(_args: BalanceArgs) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
