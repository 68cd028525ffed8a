//! Where the brokers are and how to speak with them.

use rdkafka::ClientConfig;

/// How to reach Kafka.
#[derive(Debug, Clone, clap::Args)]
pub struct KafkaArgs {
    /// Kafka's brokers, host:port, comma separated.
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS")]
    pub bootstrap_servers: String,
    /// Further properties of the Kafka client (TLS, SASL …), name=value, comma separated.
    #[arg(
        long,
        env = "MIMAMORI_KAFKA_PROPERTIES",
        value_delimiter = ',',
        value_parser = property,
        hide_env_values = true
    )]
    pub kafka_properties: Vec<(String, String)>,
}

/// Reads `name=value`.
///
/// # Errors
/// When it is not of that form.
pub fn property(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("a property is written name=value".to_owned()),
    }
}

impl KafkaArgs {
    /// Plain connection to brokers, for tests and local tools.
    pub fn local(bootstrap_servers: impl Into<String>) -> Self {
        Self { bootstrap_servers: bootstrap_servers.into(), kafka_properties: Vec::new() }
    }

    pub(crate) fn client(&self, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", client_id)
            // A broker that restarts is back within seconds: look for it often.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true")
            .set("allow.auto.create.topics", "false");
        for (name, value) in &self.kafka_properties {
            config.set(name, value);
        }
        config
    }

    /// A consumer's settings: only what was committed by transactions, offsets never by themselves.
    pub(crate) fn consumer(&self, client_id: &str, group: &str) -> ClientConfig {
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
