//! Writing to `readings.raw` as a vendor's own producer does.

use std::sync::Arc;
use std::time::Duration;

use chassis::{Backoff, Shutdown};
use schemas::{Encoder, Reading};
use stream::SendError;
use stream::producer::{Delivery, Outgoing, Producer};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::send_log::SendLog;
use crate::transmission::{Payload, Sending};

const PAUSE: Duration = Duration::from_millis(20);
/// How long acknowledgements are waited for once the end is requested.
const FAREWELL: Duration = Duration::from_secs(5);

/// The sender to Kafka: one, so that each patient's readings keep their order.
pub(crate) struct KafkaSender {
    queue: mpsc::UnboundedSender<Vec<Sending>>,
}

/// A record and its way.
struct Record {
    sending: Sending,
    key: String,
    payload: Vec<u8>,
}

struct Sender {
    producer: Producer,
    encoder: Encoder<Reading>,
    topic: String,
    send_log: Arc<SendLog>,
    shutdown: Shutdown,
}

impl KafkaSender {
    pub(crate) fn start(
        producer: Producer,
        encoder: Encoder<Reading>,
        topic: String,
        send_log: &Arc<SendLog>,
        shutdown: &Shutdown,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        let (sent, acknowledgements) = mpsc::unbounded_channel();
        let (send_log, shutdown) = (Arc::clone(send_log), shutdown.clone());
        let tracker = Tracker {
            producer: producer.clone(),
            topic: topic.clone(),
            send_log: Arc::clone(&send_log),
            shutdown: shutdown.clone(),
        };
        tasks.spawn(Sender { producer, encoder, topic, send_log, shutdown }.run(waiting, sent));
        tasks.spawn(tracker.run(acknowledgements));
        Self { queue }
    }

    pub(crate) fn send(&self, sendings: Vec<Sending>) {
        if !sendings.is_empty() && self.queue.send(sendings).is_err() {
            tracing::error!("the sender to Kafka has ended before its time");
        }
    }
}

impl Sender {
    async fn run(
        self,
        mut waiting: mpsc::UnboundedReceiver<Vec<Sending>>,
        sent: mpsc::UnboundedSender<(Record, Delivery)>,
    ) {
        while let Some(sendings) = waiting.recv().await {
            for sending in sendings {
                self.enqueue(sending, &sent).await;
            }
        }
    }

    async fn enqueue(&self, sending: Sending, sent: &mpsc::UnboundedSender<(Record, Delivery)>) {
        let Some(record) = self.record(sending) else { return };
        loop {
            if self.shutdown.is_requested() {
                return self.send_log.given_up(&record.sending, false);
            }
            match self.producer.enqueue(outgoing(&self.topic, &record)) {
                Ok(delivery) => {
                    // The tracker ends after this sender.
                    let _ = sent.send((record, delivery));
                    return;
                }
                Err(SendError::QueueFull) => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    tracing::error!(%error, "cannot write a reading to Kafka");
                    return self.send_log.given_up(&record.sending, false);
                }
            }
        }
    }

    fn record(&self, sending: Sending) -> Option<Record> {
        let (key, payload) = match &sending.payload {
            Payload::Bytes { key, bytes } => (key.clone(), bytes.clone()),
            Payload::Reading(reading) => match self.encoder.encode(reading) {
                Ok(payload) => (reading.key(), payload),
                Err(error) => {
                    tracing::error!(%error, "cannot encode a reading");
                    self.send_log.given_up(&sending, false);
                    return None;
                }
            },
        };
        Some(Record { sending, key, payload })
    }
}

/// Waits for acknowledgements and sends again what was not acknowledged.
struct Tracker {
    producer: Producer,
    topic: String,
    send_log: Arc<SendLog>,
    shutdown: Shutdown,
}

impl Tracker {
    async fn run(self, mut sent: mpsc::UnboundedReceiver<(Record, Delivery)>) {
        let farewell = self.farewell();
        tokio::pin!(farewell);
        let mut is_over = false;
        while let Some((record, delivery)) = sent.recv().await {
            let report = tokio::select! {
                biased;
                report = delivery => Some(report),
                () = &mut farewell, if !is_over => {
                    is_over = true;
                    None
                }
                () = std::future::ready(()), if is_over => None,
            };
            match report {
                Some(Ok(_position)) => self.send_log.acknowledged(&record.sending),
                Some(Err(error)) => self.again(&record, error).await,
                None => self.send_log.given_up(&record.sending, true),
            }
        }
    }

    async fn again(&self, record: &Record, mut error: SendError) {
        let mut backoff = Backoff::default();
        loop {
            if !error.is_retryable() {
                tracing::error!(%error, "Kafka refuses a reading");
                return self.send_log.given_up(&record.sending, false);
            }
            if self.shutdown.is_requested() {
                return self.send_log.given_up(&record.sending, true);
            }
            tracing::warn!(%error, "Kafka did not take a reading; sending it again");
            backoff.wait().await;
            match self.producer.send(outgoing(&self.topic, record)).await {
                Ok(_position) => return self.send_log.acknowledged(&record.sending),
                Err(next) => error = next,
            }
        }
    }

    async fn farewell(&self) {
        self.shutdown.requested().await;
        tokio::time::sleep(FAREWELL).await;
    }
}

fn outgoing<'a>(topic: &'a str, record: &'a Record) -> Outgoing<'a> {
    Outgoing {
        topic,
        partition: None,
        key: Some(record.key.as_bytes()),
        payload: Some(&record.payload),
    }
}
