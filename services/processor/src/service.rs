//! The service around the task: arguments, health, an orderly end.

use std::cell::Cell;
use std::time::Duration;

use anyhow::Context;
use chassis::{
    Component, DeploymentArgs, Essential, Health, Heartbeat, InstanceArgs, KafkaArgs, Metrics,
    SchemaRegistryArgs, ServiceArgs, Shutdown, now_ms,
};
use clinical::Span;
use clinical::silence::Limits;
use schemas::Codec;
use schemas::topics::{Topic, Topics};
use stream::fitness::{FoundTopics, wait_until_fit};
use stream::hanging::Hanging;
use stream::transaction::{LoopArgs, run as run_loop};
use stream::{HeldBack, StreamError};

use crate::consortia::Consortia;
use crate::devices::Devices;
use crate::followed::Records;
use crate::lists::FollowedLists;
use crate::metrics::ProcessorMetrics;
use crate::rule_sets::Sets;
use crate::silences::{FollowedReports, SilenceReports};
use crate::task::ProcessorTask;
use crate::topics::TaskTopics;
use crate::watcher::{States, Watcher};

/// A transaction takes no further record after this long; Kafka aborts it after 30 s.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(5);

/// Arguments of the processor.
#[derive(Debug, Clone, clap::Args)]
pub struct ProcessorArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub service: ServiceArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub kafka: KafkaArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub deployment: DeploymentArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub schema_registry: SchemaRegistryArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub instance: InstanceArgs,
    /// Most records in a transaction
    #[arg(long, env = "MIMAMORI_PROCESSOR_TRANSACTION_RECORDS", default_value_t = 20_000)]
    pub transaction_records: usize,
    /// Least time between transactions, milliseconds
    #[arg(long, env = "MIMAMORI_PROCESSOR_PACE_MS", default_value_t = 20)]
    pub pace_ms: u64,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub silence: SilenceArgs,
}

/// When a vendor, a model or a consortium is silent. The same for all processors of a deployment.
#[derive(Debug, Clone, clap::Args)]
pub struct SilenceArgs {
    /// Of fewer patients from whom readings are expected, no vendor, model or consortium is silent
    #[arg(long, env = "MIMAMORI_SILENCE_FEWEST_PATIENTS", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub silence_fewest_patients: u32,
    /// How often it is counted who is heard, seconds
    #[arg(long, env = "MIMAMORI_SILENCE_COUNT_SECONDS", default_value_t = 900,
        value_parser = clap::value_parser!(u32).range(1..=21_600))]
    pub silence_count_seconds: u32,
    /// No patient is late sooner, seconds; otherwise one is after five quarters of the usual pause
    #[arg(long, env = "MIMAMORI_SILENCE_SHORTEST_SECONDS", default_value_t = 5 * 3600)]
    pub silence_shortest_seconds: u32,
    /// Every patient is late after so long without a reading, seconds
    #[arg(long, env = "MIMAMORI_SILENCE_LONGEST_SECONDS", default_value_t = 27 * 3600,
        value_parser = clap::value_parser!(u32).range(1..=97_200))]
    pub silence_longest_seconds: u32,
    /// Alerts about missing readings are held back for so long after a silence, seconds
    #[arg(long, env = "MIMAMORI_SILENCE_AFTERWARDS_SECONDS", default_value_t = 24 * 3600,
        value_parser = clap::value_parser!(u32).range(..=259_200))]
    pub silence_afterwards_seconds: u32,
}

impl SilenceArgs {
    fn limits(&self) -> Limits {
        let seconds = |seconds: u32| Span::from_seconds(seconds.into());
        Limits {
            every: seconds(self.silence_count_seconds),
            shortest: seconds(self.silence_shortest_seconds),
            longest: seconds(self.silence_longest_seconds),
            fewest: self.silence_fewest_patients,
            afterwards: seconds(self.silence_afterwards_seconds),
            ..Limits::default()
        }
    }
}

/// No turn of the loop for so long means that it hangs. A commit may wait for Kafka, so this is long.
const LONGEST_SILENCE: Duration = Duration::from_secs(120);

/// Runs the processor until SIGTERM.
///
/// # Errors
/// When a setting is not usable.
pub async fn run(args: ProcessorArgs) -> anyhow::Result<()> {
    chassis::telemetry::init("processor", &args.service.telemetry)?;
    let shutdown = args.service.shutdown()?;
    let health = Health::new();
    let metrics = Metrics::for_service("processor");
    let listener = args.service.bind_operations().await?;
    let watcher = HealthWatcher {
        states: health.component("states"),
        loop_turns: health.heartbeat("transaction loop", LONGEST_SILENCE),
        hanging: Hanging::register(&args.kafka, &health, &metrics)?,
    };
    watcher.states.not_ready("not a member of the group yet");
    let counted = ProcessorMetrics::register(&metrics)?;
    let stop = shutdown.clone();
    let processing = std::thread::Builder::new()
        .name("transactions".to_owned())
        .spawn(move || {
            let _essential = Essential::to("processing");
            let done = process(&args, counted, watcher, &stop);
            stop.trigger();
            done
        })
        .context("a thread cannot be started")?;
    let operations = chassis::server::operations_router(health, metrics);
    chassis::server::serve(listener, operations, shutdown.clone()).await?;
    let done = tokio::task::spawn_blocking(move || processing.join()).await?;
    shutdown.drained();
    done.map_err(|_| anyhow::anyhow!("the transaction loop panicked"))?
}

fn process(
    args: &ProcessorArgs,
    metrics: ProcessorMetrics,
    watcher: HealthWatcher,
    stop: &Shutdown,
) -> anyhow::Result<()> {
    let topics = Topics::with_prefix(&args.deployment.topic_prefix);
    let names = TaskTopics::of(&topics);
    let codec = Codec::new(args.schema_registry.url())?;
    let Some(partitions) = wait_for_topics(args, &topics, &watcher, stop)? else { return Ok(()) };
    let lists = FollowedLists::default();
    let waiting = |what: &'static str| {
        let watcher = &watcher;
        move || {
            watcher.loop_turns.beat();
            watcher.states.not_ready(what);
        }
    };
    let left_out = || metrics.left_out.clone();
    let (from, reading) = (topics.name(Topic::RuleSets), waiting("reading the rule sets"));
    let reader = Sets(Records::of(Topic::RuleSets, &codec, left_out(), stop));
    let _sets = lists.rule_sets.follow((&args.kafka, &from), reader, stop, reading)?;
    let (from, reading) = (topics.name(Topic::RegistryDevices), waiting("reading the devices"));
    let reader = Devices::by(Records::of(Topic::RegistryDevices, &codec, left_out(), stop));
    let _devices = lists.devices.follow((&args.kafka, &from), reader, stop, reading)?;
    let (from, reading) = (topics.name(Topic::RegistryConsortia), waiting("reading the consortia"));
    let reader = Consortia(Records::of(Topic::RegistryConsortia, &codec, left_out(), stop));
    let _consortia = lists.consortia.follow((&args.kafka, &from), reader, stop, reading)?;
    let (reports, reading) = (FollowedReports::default(), waiting("reading the silences"));
    let reader = SilenceReports(Records::of(Topic::Silences, &codec, left_out(), stop));
    let _reports = reports.follow((&args.kafka, &names.silences), reader, stop, reading)?;
    let loop_args = LoopArgs {
        group: format!("{}mimamori-processor", topics.prefix()),
        instance: args.instance.instance.clone(),
        // In a container every process has the number 1.
        process: format!("{}-{}", now_ms(), std::process::id()),
        outputs: names.outputs(),
        most_records: args.transaction_records,
        longest: LONGEST_TRANSACTION,
        pace: Duration::from_millis(args.pace_ms),
    };
    let followed = (lists, reports, args.silence.limits());
    let mut task = ProcessorTask::new(names, partitions, codec, followed, metrics, watcher)?;
    run_loop(&args.kafka, &loop_args, &mut task, &|| stop.is_requested())?;
    Ok(())
}

/// The topics that the processor reads or writes.
const USED: [Topic; 11] = [
    Topic::ReadingsRaw,
    Topic::ReadingsAccepted,
    Topic::ReadingsRejected,
    Topic::ReadingsOutcomes,
    Topic::ReadingsSlow,
    Topic::Alerts,
    Topic::CarePlans,
    Topic::RuleSets,
    Topic::RegistryDevices,
    Topic::RegistryConsortia,
    Topic::Silences,
];

/// The number of partitions of raw readings, as soon as Kafka answers and its topics are fit; none
/// when stopped before.
///
/// # Errors
/// When a topic is not fit.
fn wait_for_topics(
    args: &ProcessorArgs,
    topics: &Topics,
    watcher: &HealthWatcher,
    stop: &Shutdown,
) -> anyhow::Result<Option<i32>> {
    let raw = topics.name(Topic::ReadingsRaw);
    let partitions = Cell::new(None);
    let faults = |found: &FoundTopics| {
        watcher.loop_turns.beat();
        partitions.set(found.get(&raw).map(|(partitions, _)| *partitions));
        topics.faults(&USED, found)
    };
    let waiting = |error: &StreamError| {
        watcher.loop_turns.beat();
        watcher.states.not_ready(error.to_string());
        tracing::warn!(%error, "waiting for Kafka");
    };
    let stop = || stop.is_requested();
    wait_until_fit(&args.kafka, &topics.names(&USED), faults, stop, waiting)?;
    Ok(partitions.get().filter(|_| !stop()))
}

struct HealthWatcher {
    states: Component,
    loop_turns: Heartbeat,
    hanging: Hanging,
}

impl Watcher for HealthWatcher {
    fn turned(&mut self) {
        self.loop_turns.beat();
    }

    fn lost(&mut self) {
        self.states.not_ready("not a member of the group; joining it again");
        self.hanging.observe(&[]);
    }

    fn held_back(&mut self, held_back: &[HeldBack]) {
        self.hanging.observe(held_back);
    }

    fn rebuilt(&mut self, states: States) {
        let States { ready, owned, percent, is_assigned } = states;
        if !is_assigned {
            self.states.not_ready("waiting for the group to assign partitions");
            return;
        }
        if ready == owned {
            self.states.ready();
            self.states.progress(format!("{ready} partitions ready"));
            return;
        }
        let progress = format!("rebuilding states: {ready} of {owned} partitions ready");
        self.states.not_ready(match percent {
            Some(percent) => format!("{progress}, {percent} % of records replayed"),
            None => progress,
        });
    }
}
