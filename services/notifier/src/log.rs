//! The topic `notifications`: what was decided, tried and delivered.

use std::ops::ControlFlow;

use anyhow::Context;
use chassis::now_ms;
use clinical::Timestamp;
use clinical::notify::{Deliveries, Happened, MessageKey, Step, Undelivered};
use schemas::clinical_notification::DeliveryDetails;
use schemas::topics::{Topic, Topics};
use schemas::{Codec, Decoder, Encoder, NotificationEvent};
use stream::follow::Start;
use stream::producer::Outgoing;
use stream::together::Together;
use stream::{KafkaArgs, StreamError, browse};

use crate::metrics::NotifierMetrics;

/// An alert is kept for so long, and the deliveries of one for longer: what was delivered before matters to
/// no alert that is open.
const LOOKBACK_MS: i64 = 400 * 24 * 60 * 60 * 1000;

/// Where the notifier writes and reads what it does.
pub(crate) struct Log {
    kafka: KafkaArgs,
    topic: String,
    /// The same for all instances: whoever begins under it ends what others can write.
    id: String,
    encoder: Encoder<NotificationEvent>,
    decoder: Decoder<NotificationEvent>,
    metrics: NotifierMetrics,
}

/// The log of the one instance that may write to it.
pub(crate) struct OwnLog<'a> {
    log: &'a Log,
    producer: Together,
    /// All that was written, by whomever.
    pub(crate) deliveries: Deliveries,
}

impl Log {
    /// Blocks where a schema registry is asked.
    pub(crate) fn new(
        kafka: KafkaArgs,
        codec: &Codec,
        topics: &Topics,
        metrics: NotifierMetrics,
    ) -> anyhow::Result<Self> {
        let topic = topics.name(Topic::Notifications);
        let encoder = codec.encoder(&topic).context("the schema of notifications")?;
        let id = format!("{}mimamori-notifier", topics.prefix());
        Ok(Self { kafka, topic, id, encoder, decoder: codec.decoder(), metrics })
    }

    /// Takes the log over: from now on no other instance writes to it, and all that others have written is
    /// read.
    ///
    /// # Errors
    /// When Kafka does not answer, or the schema registry does not.
    pub(crate) fn take_over(&self) -> anyhow::Result<OwnLog<'_>> {
        let producer = Together::new(&self.kafka, &self.id)?;
        let mut deliveries = Deliveries::default();
        let mut waits_for_the_registry = None;
        let start = Start::Time(now_ms() - LOOKBACK_MS);
        browse::read_to_end(&self.kafka, &self.topic, None, start, |record| {
            let Some(payload) = &record.payload else { return ControlFlow::Continue(()) };
            let event = match self.decoder.decode(payload) {
                Ok(event) => event.event().map_err(|error| error.to_string()),
                Err(error) if error.is_retryable() => {
                    waits_for_the_registry = Some(error);
                    return ControlFlow::Break(());
                }
                Err(error) => Err(error.to_string()),
            };
            match event {
                Ok(event) => deliveries.apply(event),
                Err(error) => {
                    self.metrics.unreadable_records.with_label_values(&[&self.topic]).inc();
                    let (partition, offset) = (record.partition, record.offset);
                    tracing::error!(
                        partition,
                        offset,
                        error,
                        "a notification that cannot be read was skipped"
                    );
                }
            }
            ControlFlow::Continue(())
        })?;
        match waits_for_the_registry {
            Some(error) => Err(error).context("reading what was sent"),
            None => Ok(OwnLog { log: self, producer, deliveries }),
        }
    }
}

/// Something that happened to a message, to be written down.
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a MessageKey,
    pub(crate) steps: &'a [Step],
    pub(crate) at: Timestamp,
    pub(crate) attempt: u32,
    pub(crate) happened: Happened,
    pub(crate) reason: &'static str,
}

impl OwnLog<'_> {
    /// Writes down what happened, all of it or nothing, and remembers it.
    ///
    /// # Errors
    /// When it is not known to be written: another instance may have taken the log over. The log has to be
    /// taken over anew.
    pub(crate) fn write(
        &mut self,
        entries: &[Entry<'_>],
        undelivered: &[Undelivered],
        at: Timestamp,
    ) -> anyhow::Result<()> {
        let of_messages = entries.iter().flat_map(|entry| {
            entry.steps.iter().map(move |step| {
                let details = DeliveryDetails {
                    patient: &step.patient,
                    entry: &step.entry,
                    attempt: entry.attempt,
                    reason: entry.reason,
                };
                let of = (entry.key, &step.target, entry.at);
                NotificationEvent::of_message(of, &entry.happened, details)
            })
        });
        let of_nobody =
            undelivered.iter().map(|alert| NotificationEvent::of_undelivered(alert, at));
        let events: Vec<_> = of_messages.chain(of_nobody).collect();
        if events.is_empty() {
            return Ok(());
        }
        let encoded = events
            .iter()
            .map(|event| self.log.encoder.encode(event))
            .collect::<Result<Vec<_>, _>>()?;
        let records: Vec<_> = events
            .iter()
            .zip(&encoded)
            .map(|(event, payload)| Outgoing {
                topic: &self.log.topic,
                partition: None,
                key: Some(event.patient.as_bytes()),
                payload: Some(payload),
            })
            .collect();
        self.producer.write(&records).map_err(|error: StreamError| error)?;
        for event in &events {
            self.deliveries.apply(event.event()?);
        }
        Ok(())
    }
}
