//! Where a deployment's records and tables are, and with which schemas its records are read.

use chassis::{ClickHouseArgs, DeploymentArgs, KafkaArgs, Metrics, SchemaRegistryArgs};
use dashboard::metrics::DashboardMetrics;
use dashboard::queries::Store;
use schemas::{Codec, Topics};

/// Arguments of every command that reads or writes records.
#[derive(Debug, Clone, clap::Args)]
pub struct Source {
    /// How to reach Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Which deployment.
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// How to reach the schema registry.
    #[command(flatten)]
    pub schema_registry: SchemaRegistryArgs,
}

impl Source {
    pub(crate) fn codec(&self) -> anyhow::Result<Codec> {
        Ok(Codec::new(self.schema_registry.url())?)
    }

    pub(crate) fn topics(&self) -> Topics {
        Topics::with_prefix(&self.deployment.topic_prefix)
    }
}

/// Arguments of every command that reads tables as well.
#[derive(Debug, Clone, clap::Args)]
pub struct StoreSource {
    /// Where the records are.
    #[command(flatten)]
    pub source: Source,
    /// How to reach ClickHouse.
    #[command(flatten)]
    pub clickhouse: ClickHouseArgs,
}

impl StoreSource {
    /// The tables as the dashboard asks them, counted under the name of a command.
    pub(crate) fn store(&self, command: &str) -> anyhow::Result<Store> {
        let metrics = DashboardMetrics::new(&Metrics::for_service(command))?;
        Ok(Store::new(&self.clickhouse, metrics))
    }
}
