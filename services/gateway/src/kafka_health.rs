//! Whether Kafka does its work, as far as the gateway can tell: by asking it now and then, and by
//! the records that it did not acknowledge.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chassis::{Component, Shutdown};
use stream::KafkaArgs;

/// How often Kafka is asked, so that readiness is known without traffic too.
const INTERVAL: Duration = Duration::from_secs(5);

/// The health of Kafka; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct KafkaHealth {
    component: Component,
    /// Whether a record was not acknowledged since Kafka was last asked.
    failed: Arc<AtomicBool>,
}

impl KafkaHealth {
    pub(crate) fn new(component: Component) -> Self {
        Self { component, failed: Arc::default() }
    }

    /// A record was not acknowledged.
    pub(crate) fn failed(&self) {
        self.failed.store(true, Ordering::Relaxed);
        self.component.not_ready("records were not acknowledged in the last seconds");
    }

    /// Asks Kafka for the topic again and again until the shutdown is requested, and calls
    /// `observe` each time. Blocks.
    pub(crate) fn watch(
        &self,
        kafka: &KafkaArgs,
        topic: &str,
        shutdown: &Shutdown,
        observe: impl Fn(),
    ) {
        while !shutdown.is_requested() {
            self.failed.store(false, Ordering::Relaxed);
            match stream::topics::partition_count(kafka, topic) {
                // What failed while Kafka was slow to answer says more than the answer.
                Ok(_) if self.failed.load(Ordering::Relaxed) => {}
                Ok(_) => self.component.ready(),
                Err(error) => self.component.not_ready(error.to_string()),
            }
            observe();
            let next = Instant::now() + INTERVAL;
            while Instant::now() < next && !shutdown.is_requested() {
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}
