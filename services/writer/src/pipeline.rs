//! The parts of the pipeline, put together and watched.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::{Context, bail};
use chassis::{Health, Metrics, Shutdown};
use futures_util::StreamExt;
use schemas::codec::RegistryError;
use schemas::topics::Topic;
use schemas::{Codec, Topics};
use stream::StreamError;
use stream::fitness::{FoundTopics, wait_until_fit};
use stream::group::{GroupArgs, GroupConsumer};
use stream::hanging::Hanging;
use stream::producer::Producer;
use tokio::sync::{mpsc as channel, oneshot};
use tokio::task::JoinSet;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::aggregator::{Aggregator, Leading};
use crate::args::WriterArgs;
use crate::batcher::{Batcher, DeadLetter, Outlets};
use crate::dead_letter::{DeadLetterReason, DeadLetterTopic, DeadLetters};
use crate::decode::{Decoders, Input};
use crate::intake::Intake;
use crate::memory_limit::MemoryLimit;
use crate::metrics::WriterMetrics;
use crate::store::{self, Inserter, Store};
use crate::table_writer::{Queued, SharedOffsets, TableWriter};
use crate::tables::Table;
use crate::troubles::Troubles;

/// Silence of the poll loop after which the process counts as stuck. A commit may take a while when
/// a broker is away.
const POLL_SILENCE: Duration = Duration::from_secs(60);
/// Records that are written to the dead-letter topic at the same time.
const DEAD_LETTERS_AT_ONCE: usize = 64;

/// Runs the pipeline until the end is requested.
///
/// # Errors
/// When a setting is refused, or a part has failed for good.
pub async fn run(
    args: &WriterArgs,
    health: &Health,
    metrics: &Metrics,
    clickhouse: Troubles,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let hanging = Hanging::register(&args.kafka, health, metrics)?;
    let metrics = WriterMetrics::register(metrics)?;
    let topics = Topics::with_prefix(&args.deployment.topic_prefix);
    let kafka = Troubles::new(health.component("kafka"));
    let schemas = Troubles::new(health.component("schemas"));
    check_topics(args, &topics, Troubles::new(health.component("topics")), &shutdown).await?;
    let codec = Codec::new(args.schema_registry.url())?;
    let producer = Producer::new(&args.kafka, "mimamori-writer")?;
    let Some(dead_letters) =
        dead_letter_topic(producer, &codec, &topics, kafka.clone(), &schemas, &shutdown).await?
    else {
        return Ok(());
    };

    let offsets = SharedOffsets::default();
    let memory = MemoryLimit::new(args.memory_limit_bytes);
    let decoders = Arc::new(Decoders::new(&codec));
    let store = Store::new(store::client(&args.clickhouse), args.inserts.insert_timeout());
    let leading = Leading::default();
    let aggregator = Aggregator::new(
        store.clone(),
        args.inserts.insert_timeout(),
        leading.clone(),
        metrics.clone(),
        health.component("aggregates"),
    );
    let (table_writers, outlets, to_write) = table_writers();
    let table_writer = TableWriter {
        store: Arc::new(store),
        dead_letters: Arc::new(dead_letters),
        decoders: decoders.clone(),
        topics: topics.clone(),
        offsets: offsets.clone(),
        metrics: metrics.clone(),
        troubles: clickhouse,
    };
    let mut storing = start_table_writers(table_writer, table_writers, to_write);
    storing.spawn(aggregator.run(shutdown.clone()));

    let batcher =
        Batcher::new(args.limits(), decoders, offsets.clone(), memory.clone(), outlets, schemas);
    let (records, received) = mpsc::channel();
    let batching = std::thread::Builder::new()
        .name("batcher".to_owned())
        .spawn(move || batcher.run(received))?;

    let consumer = GroupConsumer::new(
        &args.kafka,
        GroupArgs {
            group: topics.writer_group(),
            topics: Input::ALL.iter().map(|input| topics.name(input.topic())).collect(),
            instance: args.instance.instance.clone(),
        },
    )?;
    let intake = Intake {
        consumer,
        topics,
        records: Some(records),
        offsets,
        memory,
        metrics,
        troubles: kafka,
        heartbeat: health.heartbeat("poll", POLL_SILENCE),
        hanging,
        shutdown: shutdown.clone(),
        drain: args.drain(),
        leading,
    };
    let (end, mut intake_ended) = oneshot::channel();
    std::thread::Builder::new().name("intake".to_owned()).spawn(move || {
        // Nobody listens only when the process is ending already.
        let _ = end.send(intake.run());
    })?;

    let mut table_writer_failed = false;
    let ended = loop {
        tokio::select! {
            ended = &mut intake_ended => break ended,
            Some(table_writer) = storing.join_next() => {
                // A table writer ends by itself only when there are no more batches, and the aggregator
                // when the end is requested.
                table_writer_failed |= table_writer.is_err();
                if table_writer_failed {
                    shutdown.trigger();
                }
            }
        }
    };
    storing.abort_all();
    ended.context("polling has panicked")??;
    if table_writer_failed || batching.is_finished() && batching.join().is_err() {
        bail!("a part of the pipeline has panicked; nothing that it had is committed");
    }
    Ok(())
}

/// Waits until Kafka answers and has the topics that the writer reads or writes, and checks them.
///
/// # Errors
/// When one of them is not fit.
async fn check_topics(
    args: &WriterArgs,
    topics: &Topics,
    troubles: Troubles,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    const PART: &str = "topics";
    let (kafka, topics, shutdown) = (args.kafka.clone(), topics.clone(), shutdown.clone());
    tokio::task::spawn_blocking(move || {
        let mut used: Vec<Topic> = Input::ALL.iter().map(|input| input.topic()).collect();
        used.push(Topic::StoreDeadLetters);
        let faults = |found: &FoundTopics| topics.faults(&used, found);
        let waiting = |error: &StreamError| {
            if troubles.begin(PART, &error.to_string()) {
                tracing::warn!("waiting for Kafka: {error}");
            }
        };
        let stop = || shutdown.is_requested();
        wait_until_fit(&kafka, &topics.names(&used), faults, stop, waiting)?;
        troubles.over(PART);
        Ok(())
    })
    .await?
}

/// The dead-letter topic, however long the schema registry takes to be there; none when
/// the end was requested first.
async fn dead_letter_topic(
    producer: Producer,
    codec: &Codec,
    topics: &Topics,
    kafka: Troubles,
    schemas: &Troubles,
    shutdown: &Shutdown,
) -> anyhow::Result<Option<DeadLetterTopic>> {
    let make = async || {
        let (producer, codec, topics) = (producer.clone(), codec.clone(), topics.clone());
        let kafka = kafka.clone();
        let made = tokio::task::spawn_blocking(move || {
            DeadLetterTopic::new(producer, &codec, &topics, kafka)
        });
        anyhow::Ok(Some(made.await??))
    };
    let may_pass = |error: &anyhow::Error| {
        error.downcast_ref::<RegistryError>().is_some_and(RegistryError::is_retryable)
    };
    let tell = |error: &anyhow::Error| tracing::warn!("{error}");
    schemas.until_it_succeeds("registering", shutdown, make, may_pass, tell).await
}

pub(crate) type Ends = Vec<(channel::UnboundedReceiver<crate::batch::Batch>, Queued)>;

/// The queue of every table writer. The memory limit bounds what waits in them.
pub(crate) fn table_writers() -> (Ends, Outlets, channel::UnboundedReceiver<DeadLetter>) {
    let mut ends = Vec::with_capacity(Table::COUNT);
    let mut table_writers = Vec::with_capacity(Table::COUNT);
    for _ in Table::all() {
        let (to, from) = channel::unbounded_channel();
        let queued = Queued::default();
        ends.push((from, queued.clone()));
        table_writers.push((to, queued));
    }
    let (dead_letters, to_write) = channel::unbounded_channel();
    (ends, Outlets { table_writers, dead_letters }, to_write)
}

pub(crate) fn start_table_writers<S: Inserter, A: DeadLetters>(
    table_writer: TableWriter<S, A>,
    ends: Ends,
    dead_letters: channel::UnboundedReceiver<DeadLetter>,
) -> JoinSet<()> {
    let table_writer = Arc::new(table_writer);
    let mut tasks = JoinSet::new();
    for (batches, queued) in ends {
        let table_writer = table_writer.clone();
        tasks.spawn(async move { table_writer.run(batches, queued).await });
    }
    tasks.spawn(async move {
        UnboundedReceiverStream::new(dead_letters)
            .for_each_concurrent(DEAD_LETTERS_AT_ONCE, |letter| {
                write_dead_letter(&table_writer, letter)
            })
            .await;
    });
    tasks
}

async fn write_dead_letter<S: Inserter, A: DeadLetters>(
    table_writer: &TableWriter<S, A>,
    letter: DeadLetter,
) {
    let DeadLetter { batch, envelope, permit } = letter;
    table_writer.dead_letters.write(&envelope).await;
    table_writer.metrics.dead_letter(&envelope.reason);
    tracing::warn!(
        reason = if envelope.reason == DeadLetterReason::Undecodable.as_str() {
            "undecodable"
        } else {
            "does not fit its table"
        },
        "written to the dead-letter topic: {}",
        envelope.detail
    );
    table_writer.offsets.safe(batch);
    drop(permit);
}
