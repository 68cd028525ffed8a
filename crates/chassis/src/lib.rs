//! What every service of the platform stands on: settings, secrets, logs, health, metrics, the
//! operations server, waits between attempts and an orderly end. It names no client of Kafka or
//! ClickHouse, only how they are reached, and nothing of medicine.
//!
//! A service's `run` usually begins like this:
//!
//! ```no_run
//! # async fn run(args: chassis::ServiceArgs) -> Result<(), Box<dyn std::error::Error>> {
//! chassis::telemetry::init("gateway", &args.telemetry)?;
//! let shutdown = args.shutdown()?;
//! let health = chassis::Health::new();
//! let metrics = chassis::Metrics::for_service("gateway");
//! let listener = args.bind_operations().await?;
//! let operations = chassis::server::operations_router(health.clone(), metrics.clone());
//! chassis::server::serve(listener, operations, shutdown).await?;
//! # Ok(())
//! # }
//! ```

mod args;
mod backoff;
mod clock;
mod connections;
mod essential;
pub mod health;
mod hex;
pub mod metrics;
mod printable;
pub mod sealing;
mod secret;
pub mod server;
pub mod shutdown;
pub mod telemetry;

pub use args::{
    DrainArgs, InsertTimeoutArgs, InstanceArgs, MasterKeyArgs, PartitionsArgs, ServiceArgs,
};
pub use backoff::Backoff;
pub use clock::now_ms;
pub use connections::{
    ClickHouseArgs, DeploymentArgs, KafkaArgs, KafkaProperty, KafkaPropertyArgs, NoKafkaProperty,
    Optional, SchemaRegistryArgs, ServerArgs,
};
pub use essential::Essential;
pub use health::{Component, Health, Heartbeat};
pub use hex::hex;
pub use metrics::Metrics;
pub use printable::printable;
pub use secret::Secret;
pub use shutdown::Shutdown;
