//! The writer's arguments.

use std::time::Duration;

use chassis::{
    ClickHouseArgs, DeploymentArgs, InsertTimeoutArgs, InstanceArgs, KafkaArgs, SchemaRegistryArgs,
    ServiceArgs,
};

use crate::batch::Limits;

/// Arguments of `mimamori writer`.
#[derive(Debug, Clone, clap::Args)]
pub struct WriterArgs {
    /// What all services share.
    #[command(flatten)]
    pub service: ServiceArgs,

    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// ClickHouse.
    #[command(flatten)]
    pub clickhouse: ClickHouseArgs,

    /// Schema registry.
    #[command(flatten)]
    pub schema_registry: SchemaRegistryArgs,

    /// The deployment.
    #[command(flatten)]
    pub deployment: DeploymentArgs,

    /// Which of several instances it is.
    #[command(flatten)]
    pub instance: InstanceArgs,

    /// Rows at which a batch is inserted
    #[arg(
        long,
        env = "MIMAMORI_WRITER_BATCH_ROWS",
        value_name = "ROWS",
        default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub batch_rows: u32,

    /// Bytes at which a batch is inserted
    #[arg(
        long,
        env = "MIMAMORI_WRITER_BATCH_BYTES",
        value_name = "BYTES",
        default_value_t = 32 << 20,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub batch_bytes: u32,

    /// Milliseconds after its first row at which a batch is inserted, unless the insert before it
    /// is still going on
    #[arg(
        long,
        env = "MIMAMORI_WRITER_BATCH_AGE_MILLISECONDS",
        value_name = "MILLISECONDS",
        default_value_t = 500
    )]
    pub batch_age_milliseconds: u64,

    /// Bytes of records in flight at which reading pauses; takes about three times as much memory
    #[arg(
        long,
        env = "MIMAMORI_WRITER_MEMORY_LIMIT_BYTES",
        value_name = "BYTES",
        default_value_t = 256 << 20,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub memory_limit_bytes: u64,

    /// How long an insert may take.
    #[command(flatten)]
    pub inserts: InsertTimeoutArgs,
}

impl WriterArgs {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            rows: self.batch_rows as usize,
            bytes: self.batch_bytes as usize,
            age: Duration::from_millis(self.batch_age_milliseconds),
        }
    }

    /// How long storing what is in flight may take after SIGTERM. The rest of the drain deadline is
    /// for committing and leaving the group; what is not stored then is read again later.
    pub(crate) fn drain(&self) -> Duration {
        self.service.drain.deadline().mul_f64(0.7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        writer: WriterArgs,
    }

    fn parse(more: &[&str]) -> Result<WriterArgs, String> {
        let given = ["writer", "--bootstrap-servers=k:1", "--clickhouse-url=http://c:8123"];
        Command::try_parse_from(given.iter().chain(more))
            .map(|command| command.writer)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_given_has_a_default_that_leaves_time_to_commit_and_leave() {
        let args = parse(&[]).unwrap();
        assert_eq!(args.limits().rows, 100_000);
        assert_eq!(args.clickhouse.clickhouse_database, "mimamori");
        assert!(args.drain() < args.service.drain.deadline());
    }
}
