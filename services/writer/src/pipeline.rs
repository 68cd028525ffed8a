//! The parts of the pipeline, put together and watched.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::{Context, bail};
use chassis::{Backoff, Health, Metrics, Shutdown};
use futures_util::StreamExt;
use schemas::{Codec, Topics};
use stream::group::{GroupArgs, GroupConsumer};
use stream::producer::Producer;
use tokio::sync::{mpsc as channel, oneshot};
use tokio::task::JoinSet;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::args::WriterArgs;
use crate::aside::{Aside, AsideReason, RefusedTopic};
use crate::assembly::{Assembly, Outlets, Refused};
use crate::budget::Budget;
use crate::decode::{Decoders, Input};
use crate::intake::Intake;
use crate::lane::{Lane, Queued, SharedLedger};
use crate::metrics::WriterMetrics;
use crate::store::{self, Inserter, Store};
use crate::tables::Table;
use crate::troubles::Troubles;

/// Silence of the poll loop after which the process counts as stuck. A commit may take a while when
/// a broker is away.
const POLL_SILENCE: Duration = Duration::from_secs(60);
/// Records that are set aside at the same time.
const ASIDE_AT_ONCE: usize = 64;

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
    let metrics = WriterMetrics::register(metrics)?;
    let topics = Topics::with_prefix(&args.deployment.topic_prefix);
    let kafka = Troubles::new(health.component("kafka"));
    let schemas = Troubles::new(health.component("schemas"));
    let codec = Codec::new(args.schema_registry.schema_registry_url.as_deref())?;
    let producer = Producer::new(&args.kafka, "mimamori-writer")?;
    let Some(aside) =
        refused_topic(producer, &codec, &topics, kafka.clone(), &schemas, &shutdown).await?
    else {
        return Ok(());
    };

    let ledger = SharedLedger::default();
    let budget = Budget::new(args.budget_bytes);
    let decoders = Arc::new(Decoders::new(&codec));
    let (lanes, outlets, refused) = lanes();
    let lane = Lane {
        store: Arc::new(Store::new(store::client(&args.clickhouse), args.insert_timeout())),
        aside: Arc::new(aside),
        decoders: decoders.clone(),
        topics: topics.clone(),
        ledger: ledger.clone(),
        metrics: metrics.clone(),
        troubles: clickhouse,
    };
    let mut storing = start_lanes(lane, lanes, refused);

    let assembly =
        Assembly::new(args.limits(), decoders, ledger.clone(), budget.clone(), outlets, schemas);
    let (records, received) = mpsc::channel();
    let assembling = std::thread::Builder::new()
        .name("assembly".to_owned())
        .spawn(move || assembly.run(received))?;

    let consumer = GroupConsumer::new(
        &args.kafka,
        GroupArgs {
            group: format!("{}mimamori-writer", topics.prefix()),
            topics: Input::ALL.map(|input| topics.name(input.topic())).into(),
            instance: args.instance.clone(),
        },
    )?;
    let intake = Intake {
        consumer,
        topics,
        records: Some(records),
        ledger,
        budget,
        metrics,
        troubles: kafka,
        heartbeat: health.heartbeat("poll", POLL_SILENCE),
        shutdown: shutdown.clone(),
        drain: args.drain(),
    };
    let (told, mut intake_ended) = oneshot::channel();
    std::thread::Builder::new().name("intake".to_owned()).spawn(move || {
        // Nobody listens only when the process is ending already.
        let _ = told.send(intake.run());
    })?;

    let mut lane_failed = false;
    let ended = loop {
        tokio::select! {
            ended = &mut intake_ended => break ended,
            Some(lane) = storing.join_next() => {
                // A lane ends by itself only when there are no more batches.
                lane_failed |= lane.is_err();
                if lane_failed {
                    shutdown.trigger();
                }
            }
        }
    };
    storing.abort_all();
    ended.context("polling has panicked")??;
    if lane_failed || assembling.is_finished() && assembling.join().is_err() {
        bail!("a part of the pipeline has panicked; nothing that it held is committed");
    }
    Ok(())
}

/// The topic for refused records, however long the schema registry takes to be there; none when
/// the end was requested first.
async fn refused_topic(
    producer: Producer,
    codec: &Codec,
    topics: &Topics,
    kafka: Troubles,
    schemas: &Troubles,
    shutdown: &Shutdown,
) -> anyhow::Result<Option<RefusedTopic>> {
    const PART: &str = "registering";
    let mut backoff = Backoff::default();
    loop {
        let (producer, codec, topics) = (producer.clone(), codec.clone(), topics.clone());
        let kafka = kafka.clone();
        let made = tokio::task::spawn_blocking(move || {
            RefusedTopic::new(producer, &codec, &topics, kafka)
        })
        .await?;
        match made {
            Ok(topic) => {
                schemas.over(PART);
                return Ok(Some(topic));
            }
            Err(error) if error.is_retryable() => {
                if schemas.begin(PART, &error.to_string()) {
                    tracing::warn!("{error}");
                }
            }
            Err(error) => return Err(error.into()),
        }
        if !backoff.wait_unless(shutdown).await {
            return Ok(None);
        }
    }
}

pub(crate) type Ends = Vec<(channel::UnboundedReceiver<crate::batch::Batch>, Queued)>;

/// The ends of every lane. What stands in them is bounded by the budget.
pub(crate) fn lanes() -> (Ends, Outlets, channel::UnboundedReceiver<Refused>) {
    let mut ends = Vec::with_capacity(Table::COUNT);
    let mut lanes = Vec::with_capacity(Table::COUNT);
    for _ in Table::all() {
        let (to, from) = channel::unbounded_channel();
        let queued = Queued::default();
        ends.push((from, queued.clone()));
        lanes.push((to, queued));
    }
    let (refused, to_refuse) = channel::unbounded_channel();
    (ends, Outlets { lanes, refused }, to_refuse)
}

pub(crate) fn start_lanes<S: Inserter, A: Aside>(
    lane: Lane<S, A>,
    ends: Ends,
    refused: channel::UnboundedReceiver<Refused>,
) -> JoinSet<()> {
    let lane = Arc::new(lane);
    let mut tasks = JoinSet::new();
    for (batches, queued) in ends {
        let lane = lane.clone();
        tasks.spawn(async move { lane.run(batches, queued).await });
    }
    tasks.spawn(async move {
        UnboundedReceiverStream::new(refused)
            .for_each_concurrent(ASIDE_AT_ONCE, |refused| set_aside(&lane, refused))
            .await;
    });
    tasks
}

async fn set_aside<S: Inserter, A: Aside>(lane: &Lane<S, A>, refused: Refused) {
    let Refused { batch, envelope, hold } = refused;
    lane.aside.set_aside(&envelope).await;
    lane.metrics.set_aside(&envelope.reason);
    tracing::warn!(
        reason = if envelope.reason == AsideReason::Undecodable.as_str() {
            "undecodable"
        } else {
            "does not fit its table"
        },
        "set aside: {}",
        envelope.detail
    );
    lane.ledger.safe(batch);
    drop(hold);
}
