//! Where the brokers are and how to speak with them.

use std::time::Duration;

pub use chassis::KafkaArgs;
use rdkafka::ClientConfig;

/// A transaction that its producer never ends is aborted by the broker after this long.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Settings of the Kafka client, made from the arguments.
pub(crate) trait ClientSettings {
    /// Every client's.
    fn client(&self, client_id: &str) -> ClientConfig;

    /// A consumer's: only what was committed by transactions, offsets never by themselves.
    fn consumer(&self, client_id: &str, group: &str) -> ClientConfig;
}

impl ClientSettings for KafkaArgs {
    fn client(&self, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", client_id)
            // A broker that restarts is back within seconds: look for it often.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true")
            .set("allow.auto.create.topics", "false");
        for property in &self.properties.kafka_properties {
            config.set(&property.name, property.value.expose());
        }
        config
    }

    fn consumer(&self, client_id: &str, group: &str) -> ClientConfig {
        let mut config = self.client(client_id);
        config
            .set("group.id", group)
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "20")
            .set("fetch.error.backoff.ms", "100")
            .set("queued.max.messages.kbytes", "65536")
            // With enough in its queue the client looks again only after this long, a second where
            // nothing is said: a fast reader empties the queue long before that and stands still.
            .set("fetch.queue.backoff.ms", "10")
            .set("statistics.interval.ms", "2000");
        config
    }
}
