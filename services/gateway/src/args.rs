//! The gateway's settings.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::server::ConnectionArgs;
use chassis::{
    ClickHouseArgs, DeploymentArgs, InsertTimeoutArgs, KafkaArgs, Optional, SchemaRegistryArgs,
    ServiceArgs,
};

use crate::exchange;

/// Settings of the gateway.
#[derive(Debug, Clone, clap::Args)]
pub struct GatewayArgs {
    /// What all services share.
    #[command(flatten)]
    pub service: ServiceArgs,

    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// The deployment.
    #[command(flatten)]
    pub deployment: DeploymentArgs,

    /// Schema registry.
    #[command(flatten)]
    pub schema_registry: SchemaRegistryArgs,

    /// Address of POST /v1/readings and of receipts; /healthz, /readyz and /metrics are served here too
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// Connections to that address.
    #[command(flatten)]
    pub connections: ConnectionArgs,

    /// What one request may ask of the gateway.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// ClickHouse, from which receipts are answered; without it they are answered 503.
    #[command(flatten)]
    pub clickhouse: Optional<ClickHouseArgs>,

    /// Receipts in work at a time, of which one vendor has half at most; beyond it they are answered
    /// 503
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_RECEIPTS_IN_FLIGHT",
        value_name = "COUNT",
        default_value_t = 8
    )]
    pub receipts_in_flight: usize,

    /// When receipts list what was stored.
    #[command(flatten)]
    pub inserts: InsertTimeoutArgs,
}

/// What one request, and all of them together, may ask of the gateway.
#[derive(Debug, Clone, clap::Args)]
pub struct LimitArgs {
    /// Bytes of a request body as it is sent, compressed or not
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_BODY_BYTES",
        value_name = "BYTES",
        default_value_t = 16 * 1024 * 1024
    )]
    pub body_bytes: usize,

    /// Bytes of a request body after decompression
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_DECOMPRESSED_BYTES",
        value_name = "BYTES",
        default_value_t = 64 * 1024 * 1024
    )]
    pub decompressed_bytes: usize,

    /// Bytes of memory that all requests in work may take together for their bodies and what is
    /// read of these, of which several requests of one vendor have three quarters at most; beyond it requests are answered 503, and 413 when one alone would take more
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_BODY_MEMORY_BYTES",
        value_name = "BYTES",
        default_value_t = 512 * 1024 * 1024
    )]
    pub body_memory_bytes: usize,

    /// Arrays and objects inside one another (a document of the exchange rules has 7)
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_NESTING",
        value_name = "LEVELS",
        default_value_t = 16,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(7..=100)
    )]
    pub nesting: usize,

    /// Readings of one request
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_READINGS",
        value_name = "COUNT",
        default_value_t = 100_000
    )]
    pub readings: usize,

    /// Requests in work at a time, of which one vendor has three quarters at most; beyond it requests
    /// are answered 503
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_REQUESTS_IN_FLIGHT",
        value_name = "COUNT",
        default_value_t = 64
    )]
    pub requests_in_flight: usize,

    /// Seconds within which a request body has to arrive
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_BODY_DEADLINE_SECONDS",
        value_name = "SECONDS",
        default_value_t = 15
    )]
    pub body_deadline_seconds: u64,

    /// Milliseconds within which Kafka has to acknowledge the readings of a request; what is not
    /// acknowledged by then is answered 503 as not stored
    #[arg(
        long,
        env = "MIMAMORI_GATEWAY_ACKNOWLEDGEMENT_DEADLINE_MS",
        value_name = "MILLISECONDS",
        default_value_t = 5000
    )]
    pub acknowledgement_deadline_ms: u64,
}

impl LimitArgs {
    pub(crate) fn of_parser(&self) -> exchange::Limits {
        exchange::Limits { nesting: self.nesting, readings: self.readings }
    }

    /// Whether a body of the greatest length can be read, and decompressed, at all.
    pub(crate) fn holds_the_largest_body(&self) -> bool {
        // What a body grows in may be half too long. Beside it lies the body as sent, and after that
        // what the parser keeps.
        let grown = |bytes: usize| bytes.saturating_add(bytes / 2);
        let beside = grown(self.body_bytes).max(self.decompressed_bytes);
        self.body_memory_bytes >= grown(self.decompressed_bytes).saturating_add(beside)
    }

    pub(crate) fn body_deadline(&self) -> Duration {
        Duration::from_secs(self.body_deadline_seconds)
    }

    pub(crate) fn acknowledgement_deadline(&self) -> Duration {
        Duration::from_millis(self.acknowledgement_deadline_ms)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        gateway: super::GatewayArgs,
    }

    #[test]
    fn only_kafka_has_to_be_named() {
        let command = ["gateway", "--bootstrap-servers", "127.0.0.1:9092"];
        let args = Command::try_parse_from(command).unwrap().gateway;
        assert_eq!(args.listen.port(), 8080);
        assert_eq!(args.limits.readings, 100_000);
        assert!(args.connections.connections > args.connections.connections_per_peer);
        assert!(args.limits.holds_the_largest_body());
        let with =
            |body_memory_bytes| super::LimitArgs { body_memory_bytes, ..args.limits.clone() };
        assert!(with(160 << 20).holds_the_largest_body());
        assert!(!with((160 << 20) - 1).holds_the_largest_body());
        assert_eq!(args.limits.acknowledgement_deadline().as_secs(), 5);
        assert!(args.clickhouse.0.is_none(), "receipts are answered where ClickHouse is named");
    }

    #[test]
    fn receipts_need_the_address_of_clickhouse_and_nothing_more() {
        let command = ["gateway", "--bootstrap-servers", "127.0.0.1:9092"];
        let named = [&command[..], &["--clickhouse-url", "http://127.0.0.1:8123"]].concat();
        let clickhouse = Command::try_parse_from(named).unwrap().gateway.clickhouse.0.unwrap();
        assert_eq!(clickhouse.clickhouse_database, "mimamori");
    }

    #[test]
    fn deliveries_settle_later_than_an_insert_of_the_writer_may_end() {
        let command = ["gateway", "--bootstrap-servers", "127.0.0.1:9092"];
        let args = Command::try_parse_from(command).unwrap().gateway;
        assert_eq!(args.inserts.insert_timeout_seconds, 30);
    }
}
