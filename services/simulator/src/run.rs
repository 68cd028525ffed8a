//! One run: register, load history, stream live, end in order.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chassis::{Component, Health, Metrics, Secret, Shutdown};
use clinical::{Span, Timestamp};
use schemas::registry::ListRecord;
use schemas::topics::Topic;
use schemas::{Codec, Encoder, Reading, Topics};
use stream::producer::Producer;
use tokio::task::{JoinSet, spawn_blocking};

use crate::args::SimulatorArgs;
use crate::civil::Day;
use crate::identities::{ListedIdentity, identities};
use crate::live::Live;
use crate::metrics::SimulatorMetrics;
use crate::population::{Patient, population};
use crate::registry::{self, master_lists};
use crate::scenario;
use crate::send_http::{Gateway, HttpSenders};
use crate::send_kafka::KafkaSender;
use crate::send_log::{SendLog, now};
use crate::senders::Senders;
use crate::timetable::Timetable;
use crate::transmission::{Pace, Plan, Reception, TransmissionArgs};
use crate::truth;

/// History is generated in steps of this length.
const STEP: Span = Span::from_hours(6);
/// The live stream is generated so far ahead.
const AHEAD: Span = Span::from_seconds(20);
/// And again when no more than this is left of it.
const MARGIN: Span = Span::from_seconds(1);
const TICK: Duration = Duration::from_millis(200);
const BETWEEN_REPORTS: Duration = Duration::from_secs(2);

/// Runs the simulator until it has done what was asked, or until SIGTERM.
///
/// # Errors
/// When a setting is wrong, an address is taken, or the master lists cannot be written.
pub async fn run(args: SimulatorArgs) -> anyhow::Result<()> {
    chassis::telemetry::init("simulator", &args.service.telemetry)?;
    let shutdown = args.service.shutdown()?;
    let health = Health::new();
    let registry = Metrics::for_service("simulator");
    let metrics = SimulatorMetrics::register(&registry)?;
    let listener = args.service.bind_operations().await?;
    let operations = chassis::server::operations_router(health.clone(), registry);
    let ended = Shutdown::new();
    let server = tokio::spawn(chassis::server::serve(listener, operations, ended.clone()));

    let outcome = simulate(&args, &health, metrics, &shutdown).await;
    ended.trigger();
    if let Ok(Err(error)) = server.await {
        tracing::warn!(%error, "the operations server ended badly");
    }
    shutdown.drained();
    outcome
}

async fn simulate(
    args: &SimulatorArgs,
    health: &Health,
    metrics: SimulatorMetrics,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    let started = now();
    let ready = health.component("simulation");
    let gateway = gateway(args)?;
    let mut people = population(args.seed, args.patients, args.consortia);
    let (today, draws) = (Day::of(started), (args.seed, args.consortia));
    scenario::plant(&mut people, args.scenarios, today, draws);
    let people: Arc<[Patient]> = people.into();
    let (encoder, records) = encoders(args, &people, started).await?;
    let producer = Producer::new(&args.kafka, "mimamori-simulator")?;
    if !args.registry.no_registry {
        ready.progress("writing the master lists");
        registry::publish(&producer, &records).await?;
        tracing::info!(entries = records.len(), "wrote the master lists");
    }
    if let Some(file) = &args.registry.identities {
        write_identities(file, &identities(&people, &args.registry))?;
    }

    let send_log = Arc::new(SendLog::new(metrics, args.oracle.is_some()));
    let mut tasks = JoinSet::new();
    let topic = Topics::with_prefix(&args.deployment.topic_prefix).name(Topic::ReadingsRaw);
    let senders = Senders {
        http: gateway.map(|gateway| {
            HttpSenders::start(&gateway, args.http_concurrency, &send_log, shutdown, &mut tasks)
        }),
        kafka: KafkaSender::start(
            producer.clone(),
            encoder,
            topic,
            &send_log,
            shutdown,
            &mut tasks,
        ),
        tasks,
        send_log: Arc::clone(&send_log),
        shutdown: shutdown.clone(),
    };

    let mut timetable = Timetable::default();
    if let Some(from) = history_begin(args, started) {
        load(args, &people, from, started, &senders, &mut timetable, &ready).await?;
        write_oracle(args, &send_log)?;
    }
    ready.ready();
    if args.live {
        stream_live(args, &people, started, &senders, timetable).await;
    } else if !timetable.is_empty() {
        tracing::info!(sends = timetable.len(), "what would be sent later is left out: no --live");
    }
    senders.close().await;
    spawn_blocking(move || producer.flush(Duration::from_secs(5))).await??;
    write_oracle(args, &send_log)?;
    tracing::info!(acknowledged = send_log.acknowledged_count(), "done");
    Ok(())
}

/// The file is there when it is whole.
fn write_identities(file: &Path, identities: &[ListedIdentity]) -> anyhow::Result<()> {
    let part = file.with_extension("part");
    std::fs::write(&part, serde_json::to_vec_pretty(identities)?)
        .and_then(|()| std::fs::rename(&part, file))
        .with_context(|| format!("{} cannot be written", file.display()))
}

fn gateway(args: &SimulatorArgs) -> anyhow::Result<Option<Gateway>> {
    if args.kafka_share >= 1.0 {
        return Ok(None);
    }
    match (&args.gateway_url, &args.device_token) {
        (Some(url), Some(token)) => Gateway::new(url, token.expose()).map(Some),
        (None, _) => bail!(
            "no gateway to send to: give --gateway-url (MIMAMORI_GATEWAY_URL), or --kafka-share 1 to send everything over Kafka"
        ),
        (_, None) => bail!(
            "no credentials for the gateway: give MIMAMORI_DEVICE_TOKEN, or --kafka-share 1 to send everything over Kafka"
        ),
    }
}

/// The encoder of readings, and the master lists as records; also the care plans of who is in a
/// scenario, before a history is loaded. Later they are the physicians'.
async fn encoders(
    args: &SimulatorArgs,
    people: &Arc<[Patient]>,
    started: Timestamp,
) -> anyhow::Result<(Encoder<Reading>, Vec<ListRecord>)> {
    let lists =
        master_lists(people, &args.registry, args.device_token.as_ref().map(Secret::expose));
    let topics = Topics::with_prefix(&args.deployment.topic_prefix);
    let url = args.schema_registry.url().map(str::to_owned);
    let with_lists = !args.registry.no_registry;
    let plans = match history_begin(args, started) {
        Some(_) => registry::care_plans(people, &args.registry, started),
        None => Vec::new(),
    };
    // The schema registry is asked by a client that blocks.
    spawn_blocking(move || {
        let codec = Codec::new(url.as_deref())?;
        let encoder = codec.encoder::<Reading>(&topics.name(Topic::ReadingsRaw))?;
        let mut records = if with_lists { lists.encode(&codec, &topics)? } else { Vec::new() };
        if with_lists && !plans.is_empty() {
            records.extend(registry::encode_care_plans(&plans, &codec, &topics)?);
        }
        Ok((encoder, records))
    })
    .await
    .context("preparing the master lists")?
}

fn history_begin(args: &SimulatorArgs, started: Timestamp) -> Option<Timestamp> {
    let days = Span::from_days(i64::from(args.history_days));
    let from = args.history_from.unwrap_or(started - days);
    (from < started).then_some(from)
}

/// Sends what was observed between two times as fast as it is taken. What is due later stays in the
/// timetable.
async fn load(
    args: &SimulatorArgs,
    people: &Arc<[Patient]>,
    from: Timestamp,
    to: Timestamp,
    senders: &Senders,
    timetable: &mut Timetable,
    ready: &Component,
) -> anyhow::Result<()> {
    let plan = plan(args, Pace::Days, Reception::At(to));
    let begun = Instant::now();
    let mut report = Report { begun, last: begun, ready };
    let mut step = from;
    while step < to && !senders.shutdown.is_requested() {
        let next = (step + STEP).min(to);
        let (people, plan) = (Arc::clone(people), plan.clone());
        let sendings = spawn_blocking(move || {
            let each = people.iter().flat_map(|patient| {
                let plan = &plan;
                truth(patient, step, next).flat_map(move |reading| plan.sendings(patient, reading))
            });
            each.collect::<Vec<_>>()
        })
        .await
        .context("generating history")?;
        timetable.extend(sendings);
        senders.send(timetable.due(next));
        senders.at_most(args.in_flight).await;
        step = next;
        let share = (step - from).millis() as f64 / (to - from).millis() as f64;
        report.show(share, &senders.send_log);
    }
    while senders.send_log.on_the_way() > 0 && !senders.shutdown.is_requested() {
        tokio::time::sleep(TICK).await;
        report.show(1.0, &senders.send_log);
    }
    tracing::info!(
        acknowledged = senders.send_log.acknowledged_count(),
        seconds = begun.elapsed().as_secs_f64(),
        "history is loaded"
    );
    Ok(())
}

struct Report<'a> {
    begun: Instant,
    last: Instant,
    ready: &'a Component,
}

impl Report<'_> {
    fn show(&mut self, share: f64, send_log: &SendLog) {
        if self.last.elapsed() < BETWEEN_REPORTS {
            return;
        }
        self.last = Instant::now();
        let percent = (share * 100.0).floor();
        let acknowledged = send_log.acknowledged_count();
        let per_second = (acknowledged as f64 / self.begun.elapsed().as_secs_f64()).round();
        let on_the_way = send_log.on_the_way();
        tracing::info!(percent, acknowledged, per_second, on_the_way, "loading history");
        self.ready.progress(format!("history: {percent} %, {acknowledged} readings"));
    }
}

/// Sends in real time until the end is requested or the duration is over.
async fn stream_live(
    args: &SimulatorArgs,
    people: &Arc<[Patient]>,
    automatic_since: Timestamp,
    senders: &Senders,
    mut timetable: Timetable,
) {
    let begun = Instant::now();
    let duration = args.duration_seconds.map(Duration::from_secs);
    let shown =
        |patient: &Patient| args.registry.follower_of(patient) == args.registry.physician.id;
    let live = Live::new(people, args.lively.clone(), now(), shown);
    let plan = plan(args, Pace::Minutes, Reception::WhenDue);
    let undisturbed = Plan { shares: TransmissionArgs::none(), ..plan.clone() };
    let (mut often, mut automatic) = (live.begin(), automatic_since);
    tracing::info!(patients = people.len(), "streaming live");
    let mut tick = tokio::time::interval(TICK);
    while !senders.shutdown.is_requested()
        && duration.is_none_or(|duration| begun.elapsed() < duration)
    {
        tokio::select! {
            _ = tick.tick() => {}
            () = senders.shutdown.requested() => break,
        }
        let present = now();
        if often < present + MARGIN {
            let until = present + AHEAD;
            let observed =
                live.readings(often, until).into_iter().chain(live.automatic(automatic, until));
            for (number, reading) in observed {
                timetable.extend(plan.sendings(&people[number], reading));
            }
            // Somebody waits to see these, so nothing happens to them on the way.
            for (number, reading) in live.staged(often, until) {
                timetable.extend(undisturbed.sendings(&people[number], reading));
            }
            (often, automatic) = (until, until);
        }
        // When nobody takes readings they wait here rather than in the senders.
        if senders.send_log.on_the_way() <= args.in_flight {
            senders.send(timetable.due(present));
        }
    }
    // What is on its way may arrive; then the senders stop trying.
    let _ = tokio::time::timeout(args.service.drain.deadline() / 2, senders.at_most(0)).await;
    senders.shutdown.trigger();
}

fn plan(args: &SimulatorArgs, pace: Pace, reception: Reception) -> Plan {
    Plan { shares: args.transmission.clone(), pace, reception, kafka_share: args.kafka_share }
}

fn write_oracle(args: &SimulatorArgs, send_log: &SendLog) -> anyhow::Result<()> {
    args.oracle.as_deref().map_or(Ok(()), |path| send_log.write_oracle(path))
}
