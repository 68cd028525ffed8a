//! Records that are in a topic and that nobody sees yet: they stand in a transaction that is still
//! open. So what is measured can start up, join its group and wait, and the clock starts when all
//! records become visible at once.

use std::time::{Duration, Instant};

use anyhow::Context;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::input::Input;

const PATIENCE: Duration = Duration::from_secs(60);

/// The open transaction.
pub struct HeldBack {
    producer: BaseProducer,
}

impl HeldBack {
    /// Writes records to a topic, each to its partition.
    ///
    /// # Errors
    /// When Kafka refuses one.
    pub fn write(servers: &str, topic: &str, input: &Input) -> anyhow::Result<Self> {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .set("transactional.id", topic)
            .set("transaction.timeout.ms", "300000")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .create()?;
        producer.init_transactions(PATIENCE)?;
        producer.begin_transaction()?;
        for record in input.records() {
            let mut next = BaseRecord::to(topic)
                .partition(record.partition)
                .key(&*record.key)
                .payload(&*record.payload);
            while let Err((error, refused)) = producer.send(next) {
                if !is_full(&error) {
                    return Err(error).context("the input cannot be written to Kafka");
                }
                producer.poll(Duration::from_millis(5));
                next = refused;
            }
        }
        producer.flush(PATIENCE).context("the input is not acknowledged")?;
        Ok(Self { producer })
    }

    /// Lets everybody see the records; returns when that began.
    ///
    /// # Errors
    /// When the transaction cannot be committed.
    pub fn release(self) -> anyhow::Result<Instant> {
        let begun = Instant::now();
        self.producer.commit_transaction(PATIENCE).context("the input cannot be committed")?;
        Ok(begun)
    }
}

/// Whether the producer only wants to be asked again later.
pub fn is_full(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull))
}
