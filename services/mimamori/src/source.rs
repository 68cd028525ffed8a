//! Where a deployment's topics are, and with which schemas their records are read.

use chassis::{DeploymentArgs, KafkaArgs, SchemaRegistryArgs};
use schemas::{Codec, Topics};

/// Arguments of every command that reads or writes records.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    #[command(flatten)]
    pub(crate) kafka: KafkaArgs,
    #[command(flatten)]
    pub(crate) deployment: DeploymentArgs,
    #[command(flatten)]
    pub(crate) schema_registry: SchemaRegistryArgs,
}

impl Source {
    pub(crate) fn codec(&self) -> anyhow::Result<Codec> {
        Ok(Codec::new(self.schema_registry.url())?)
    }

    pub(crate) fn topics(&self) -> Topics {
        Topics::with_prefix(&self.deployment.topic_prefix)
    }
}
