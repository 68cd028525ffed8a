//! The service around it: topics, health, an orderly end.

use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::Context;
use chassis::{Backoff, Component, Essential, Health, Heartbeat, Metrics, Shutdown};
use schemas::Codec;
use schemas::topics::{Topic, Topics};
use stream::fitness::{FoundTopics, wait_until_fit};
use stream::group::GroupArgs;
use stream::hanging::Hanging;
use stream::{HeldBack, KafkaArgs};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::active::Active;
use crate::args::NotifierArgs;
use crate::following::{Following, View};
use crate::log::Log;
use crate::metrics::NotifierMetrics;
use crate::sending::Channels;
use crate::session::Notifying;

/// The topics that the notifier reads or writes.
const USED: [Topic; 6] = [
    Topic::Alerts,
    Topic::CareEvents,
    Topic::CarePlans,
    Topic::Notifications,
    Topic::RegistryCareTeams,
    Topic::RegistryConsortia,
];

/// No turn for so long means that it hangs: writing and reading what was sent waits for Kafka.
const LONGEST_SILENCE: Duration = Duration::from_secs(180);
/// How long a look at who sends takes at most to be noticed.
const LOOK: Duration = Duration::from_millis(100);

/// What health says.
struct Watched {
    sending: Component,
    heartbeat: Heartbeat,
    topics: Component,
    kafka: Component,
    hanging: Hanging,
}

/// Runs the notifier until SIGTERM.
///
/// # Errors
/// When a setting is not usable: the message says what to do.
pub async fn run(args: NotifierArgs) -> anyhow::Result<()> {
    chassis::telemetry::init("notifier", &args.service.telemetry)?;
    args.check()?;
    let channels = Channels::new(&args)?;
    let shutdown = args.service.shutdown()?;
    let health = Health::new();
    let metrics = Metrics::for_service("notifier");
    let own_metrics = NotifierMetrics::new(&metrics)?;
    let listener = args.service.bind_operations().await?;
    let watched = Watched {
        sending: health.component("sending"),
        heartbeat: health.heartbeat("notifying", LONGEST_SILENCE),
        topics: health.component("alerts and acts"),
        kafka: health.component("kafka"),
        hanging: Hanging::register(&args.kafka, &health, &metrics)?,
    };
    watched.sending.not_ready("not a member of the group yet");
    let (stop, runtime) = (shutdown.clone(), Handle::current());
    let notifying = std::thread::Builder::new()
        .name("notifying".to_owned())
        .spawn(move || {
            let _essential = Essential::to("notifying");
            let done = notify(&args, channels, own_metrics, watched, runtime, &stop);
            stop.trigger();
            done
        })
        .context("a thread cannot be started")?;
    let operations = chassis::server::operations_router(health, metrics);
    chassis::server::serve(listener, operations, shutdown.clone()).await?;
    let done = spawn_blocking(move || notifying.join()).await?;
    shutdown.drained();
    done.map_err(|_| anyhow::anyhow!("notifying panicked"))?
}

fn notify(
    args: &NotifierArgs,
    channels: Channels,
    metrics: NotifierMetrics,
    watched: Watched,
    runtime: Handle,
    stop: &Shutdown,
) -> anyhow::Result<()> {
    let topics = Topics::with_prefix(&args.deployment.topic_prefix);
    wait_for_topics(args, &topics, &watched, stop)?;
    if stop.is_requested() {
        return Ok(());
    }
    let codec = Codec::new(args.schema_registry.url())?;
    let log = Log::new(args.kafka.clone(), &codec, &topics, metrics.clone())?;
    let log_topic = topics.name(Topic::Notifications);
    let (wake, wakes) = channel();
    let view = View::new(wake.clone());
    let following = Following {
        kafka: args.kafka.clone(),
        topics: topics.clone(),
        codec,
        view: view.clone(),
        metrics: metrics.clone(),
        component: watched.topics,
        shutdown: stop.clone(),
    };
    let follower = following.start()?;
    let active = Active::default();
    let member = GroupArgs {
        group: format!("{}mimamori-notifier", topics.prefix()),
        topics: topics.names(&[Topic::RegistryCareTeams]),
        instance: args.instance.instance.clone(),
    };
    let (joining, kafka, until) = (active.clone(), args.kafka.clone(), stop.clone());
    let membership = std::thread::Builder::new()
        .name("group".to_owned())
        .spawn(move || {
            let _essential = Essential::to("staying in the group");
            let stayed = joining.stay(&kafka, member, &until);
            if let Err(error) = &stayed {
                tracing::error!(%error, "the group of notifiers cannot be joined");
                until.trigger();
            }
        })
        .context("a thread cannot be started")?;
    let notifying = Notifying {
        view,
        log,
        channels,
        limits: args.attempts.limits(),
        dashboard: args.dashboard_url.clone(),
        active,
        metrics,
        runtime,
        wake,
        heartbeat: watched.heartbeat,
        shutdown: stop.clone(),
    };
    let answers = watch_kafka(args.kafka.clone(), log_topic, watched.kafka, stop.clone());
    notifying.runtime.spawn(answers);
    let hanging = watch_transactions(watched.hanging, follower.held_back(), stop.clone());
    notifying.runtime.spawn(hanging);
    let mut backoff = Backoff::default();
    for number in 0.. {
        // On stand-by, too, it is seen whether this instance could read.
        while !stop.is_requested() && !notifying.may_begin() {
            notifying.heartbeat.beat();
            if !notifying.active.is_active() {
                watched.sending.ready();
                watched.sending.progress("standing by");
            }
            std::thread::sleep(LOOK);
        }
        if stop.is_requested() {
            break;
        }
        watched.sending.not_ready("reading what was sent");
        let begun = || {
            watched.sending.ready();
            watched.sending.progress("sending");
        };
        match notifying.session(number, &wakes, begun) {
            Ok(()) => backoff.reset(),
            Err(error) => {
                watched
                    .sending
                    .not_ready(format!("what is sent cannot be written down: {error:#}"));
                tracing::warn!(%error, "what is sent cannot be written down; taking the log over anew");
                backoff.sleep();
            }
        }
    }
    drop(follower);
    let _ = membership.join();
    Ok(())
}

/// Waits until Kafka answers and its topics are fit.
///
/// # Errors
/// When a topic is not fit.
fn wait_for_topics(
    args: &NotifierArgs,
    topics: &Topics,
    watched: &Watched,
    stop: &Shutdown,
) -> anyhow::Result<()> {
    let faults = |found: &FoundTopics| {
        watched.heartbeat.beat();
        topics.faults(&USED, found)
    };
    let stop = || stop.is_requested();
    wait_until_fit(&args.kafka, &topics.names(&USED), faults, stop, |error| {
        watched.heartbeat.beat();
        watched.sending.not_ready(error.to_string());
        tracing::warn!(%error, "waiting for Kafka");
    })?;
    Ok(())
}

/// Between two looks at Kafka.
const CHECK: Duration = Duration::from_secs(5);
/// Kafka that does not answer within this is away.
const ANSWERS_WITHIN: Duration = Duration::from_secs(4);

/// Says whether Kafka answers: without it nothing is decided, for nothing can be written down.
async fn watch_kafka(kafka: KafkaArgs, topic: String, component: Component, stop: Shutdown) {
    loop {
        let (kafka, topic) = (kafka.clone(), topic.clone());
        let asked = spawn_blocking(move || stream::topics::partition_count(&kafka, &topic));
        match timeout(ANSWERS_WITHIN, asked).await {
            Ok(Ok(Ok(_))) => component.ready(),
            Ok(Ok(Err(error))) => component.not_ready(error.to_string()),
            _ => component.not_ready(
                "Kafka does not answer; check KAFKA_BOOTSTRAP_SERVERS and that the brokers run",
            ),
        }
        tokio::select! {
            () = sleep(CHECK) => {}
            () = stop.requested() => return,
        }
    }
}

/// Says what open transactions hide: alerts of which nobody is notified.
async fn watch_transactions(
    hanging: Hanging,
    held_back: impl Fn() -> Vec<HeldBack> + Send + 'static,
    stop: Shutdown,
) {
    loop {
        hanging.observe(&held_back());
        tokio::select! {
            () = sleep(CHECK) => {}
            () = stop.requested() => return,
        }
    }
}
