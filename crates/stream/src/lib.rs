//! Kafka as the platform uses it, without a medical word: producing with every replica's
//! acknowledgement, following whole topics, consuming in a group, and the loop that turns input into
//! output in transactions. For tools: looking at records, and writing several together.
//!
//! No other crate names the Kafka client.

mod batch;
pub mod browse;
mod connection;
mod context;
mod error;
pub mod fitness;
pub mod follow;
pub mod group;
pub mod hanging;
pub mod open_transactions;
mod partitioner;
pub mod producer;
pub mod record;
pub mod together;
pub mod topics;
pub mod transaction;
mod wire;

pub use connection::{KafkaArgs, TRANSACTION_TIMEOUT};
pub use context::HeldBack;
pub use error::{ClientFault, MemberError, NotAsked, SendError, StreamError, TaskError};
pub use partitioner::partition_for_key;
pub use wire::WireError;
