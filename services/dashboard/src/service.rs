//! The service: what it is made of, its start and its end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::IntoResponse;
use chassis::server::Connections;
use chassis::{Component, Health, Metrics, Shutdown};
use schemas::topics::Topic;
use schemas::{Codec, Topics};
use stream::fitness::{FoundTopics, wait_until_fit};
use stream::follow::FollowHandle;
use stream::hanging::Hanging;
use stream::producer::Producer;
use stream::{HeldBack, KafkaArgs};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};

use crate::accounts::Accounts;
use crate::args::DashboardArgs;
use crate::audit::KafkaAuditLog;
use crate::care_plans::CarePlans;
use crate::care_states::CareStates;
use crate::changed_readings::ChangedReadings;
use crate::clock::now;
use crate::directory::Directory;
use crate::ended_sessions::EndedSessions;
use crate::following::Following;
use crate::metrics::{DashboardMetrics, observe};
use crate::open_alerts::OpenAlerts;
use crate::openid::OpenId;
use crate::patient_sets::RecordedLists;
use crate::person_keys::{KafkaKeyLog, PersonKeys};
use crate::plan_history::PlanHistory;
use crate::plan_log::KafkaPlanLog;
use crate::problem::Problem;
use crate::queries::Store;
use crate::recorder::Recorder;
use crate::registry::Registry;
use crate::rule_sets::KnownRuleSets;
use crate::session::SessionKey;
use crate::sign_in::{SignIn, Way};
use crate::silences::KnownSilences;
use crate::state::Dashboard;
use crate::turns::Turns;
use crate::{api, pages};

/// How often Kafka and ClickHouse are asked whether they are there.
const CHECK: Duration = Duration::from_secs(5);
/// How long Kafka may take to say so.
const KAFKA_DEADLINE: Duration = Duration::from_secs(5);

/// A question for what open transactions hide of what a follower reads.
type HeldBackNow = Box<dyn Fn() -> Vec<HeldBack> + Send>;

/// Runs the dashboard until it is asked to stop.
///
/// # Errors
/// When it cannot start: the message says what to do.
pub async fn run(args: DashboardArgs) -> anyhow::Result<()> {
    chassis::telemetry::init("dashboard", &args.telemetry)?;
    let (sign_in, session_key) = sign_in_settings(&args)?;
    let person_keys = Arc::new(PersonKeys::new(Arc::new(args.master_keys.load()?)));
    let shutdown = args.drain.shutdown()?;
    let health = Health::new();
    let metrics = Metrics::for_service("dashboard");
    let own_metrics = DashboardMetrics::new(&metrics)?;
    let topics = args.topics();
    let codec = Codec::new(args.schema_registry.url())?;

    let listener =
        chassis::server::bind(args.listen, "--listen or MIMAMORI_DASHBOARD_LISTEN").await?;
    let producer = Producer::new(&args.kafka, "mimamori-dashboard")?;
    let plans: Arc<CarePlans> = Arc::default();
    let (audit, session_ends, plan_log, act_log, key_log) = {
        let (producer, codec, topics) = (producer.clone(), codec.clone(), topics.clone());
        let (kafka, plans) = (args.kafka.clone(), Arc::clone(&plans));
        let keys = Arc::clone(&person_keys);
        spawn_blocking(move || {
            let audit = KafkaAuditLog::new(producer.clone(), &codec, &topics)?;
            let session_ends =
                Recorder::new(producer.clone(), &codec, &topics, Topic::SessionsEnded)?;
            let plan_log = KafkaPlanLog::new(kafka.clone(), &codec, &topics, plans)?;
            let act_log = Recorder::new(producer, &codec, &topics, Topic::CareEvents)?;
            let key_log = KafkaKeyLog::new(kafka, &codec, &topics, keys)?;
            anyhow::Ok((audit, session_ends, plan_log, act_log, key_log))
        })
        .await??
    };

    let dashboard = Arc::new(Dashboard {
        registry: Arc::default(),
        alerts: Arc::default(),
        changed: Arc::new(ChangedReadings::new(now())),
        plans: Arc::clone(&plans),
        plan_history: Arc::default(),
        plan_log: Arc::new(plan_log),
        care: Arc::default(),
        act_log: Arc::new(act_log),
        notifications: Arc::default(),
        person_keys: Arc::clone(&person_keys),
        key_log: Arc::new(key_log),
        directory: Arc::new(Directory::new(Arc::clone(&person_keys))),
        rule_sets: Arc::default(),
        silences: Arc::default(),
        store: Store::new(&args.clickhouse, own_metrics.clone()),
        turns: Turns::default(),
        tables: Turns::default(),
        audit: Arc::new(audit),
        recorded: RecordedLists::default(),
        ended: Arc::default(),
        session_ends: Arc::new(session_ends),
        sign_in,
        session_key,
        metrics: own_metrics.clone(),
        shutdown: shutdown.clone(),
    });
    let following = Following {
        kafka: args.kafka.clone(),
        topics: topics.clone(),
        codec,
        shutdown: shutdown.clone(),
        metrics: own_metrics,
    };
    let kafka = health.component("kafka");
    let registry: Arc<Registry> = Arc::clone(&dashboard.registry);
    let alerts: Arc<OpenAlerts> = Arc::clone(&dashboard.alerts);
    let plan_history: Arc<PlanHistory> = Arc::clone(&dashboard.plan_history);
    let care: Arc<CareStates> = Arc::clone(&dashboard.care);
    let rule_sets: Arc<KnownRuleSets> = Arc::clone(&dashboard.rule_sets);
    let silences: Arc<KnownSilences> = Arc::clone(&dashboard.silences);
    let ended: Arc<EndedSessions> = Arc::clone(&dashboard.ended);
    let directory = Arc::clone(&dashboard.directory);
    let changed: Arc<ChangedReadings> = Arc::clone(&dashboard.changed);
    let followers = [
        following.registry(registry.clone(), health.component("registry"))?,
        following.alerts(
            (alerts, Arc::clone(&care)),
            registry.clone(),
            health.component("alerts"),
        )?,
        following.care_plans(plans, health.component("care plans"))?,
        following.rule_sets(rule_sets, health.component("rule sets"))?,
        following.silences(silences, health.component("silences"))?,
        following.care_events((plan_history, care), health.component("care events"))?,
        following.person_keys(
            (person_keys, Arc::clone(&directory)),
            health.component("patients' keys"),
        )?,
        following.identities(directory, health.component("names of patients"))?,
        following.ended_sessions(ended, health.component("sessions"))?,
        following.notifications(
            Arc::clone(&dashboard.notifications),
            health.component("notifications"),
        )?,
    ];
    let (accepted, progress) = following.accepted_readings(
        (changed, registry),
        health.component("accepted readings"),
        health.component("store progress"),
    )?;
    tokio::spawn(progress);
    let hanging = Hanging::register(&args.kafka, &health, &metrics)?.staying_ready();
    let mut held_back: Vec<HeldBackNow> = Vec::new();
    for follower in &followers {
        held_back.push(Box::new(follower.held_back()));
    }
    let follower = accepted.clone();
    held_back.push(Box::new(move || follower.held_back()));
    tokio::spawn(watch_transactions(hanging, held_back, shutdown.clone()));
    let audit_topic = topics.name(Topic::AuditEvents);
    tokio::spawn(watch_kafka(args.kafka.clone(), audit_topic, kafka, shutdown.clone()));
    tokio::spawn(watch_store(
        dashboard.store.clone(),
        health.component("clickhouse"),
        shutdown.clone(),
    ));

    if let Way::OpenId(openid) = &dashboard.sign_in {
        let component = health.component("OpenID provider");
        tokio::spawn(Arc::clone(openid).watch(component, shutdown.clone()));
    }
    tokio::spawn(count_unfollowed(dashboard.clone(), shutdown.clone()));

    tracing::info!(address = %listener.local_addr()?, "the dashboard is listening");
    let connections = Connections::with_metrics(&args.connections, &metrics)?;
    let operations = chassis::server::operations_router(health, metrics);
    let pages = router(dashboard).merge(operations);
    let ended = tokio::try_join!(
        async {
            let stop = shutdown.clone();
            anyhow::Ok(chassis::server::serve_within(listener, pages, connections, stop).await?)
        },
        check_topics(args.kafka.clone(), topics.clone(), shutdown.clone()),
    );
    shutdown.trigger();
    ended?;
    spawn_blocking(move || {
        followers.into_iter().for_each(FollowHandle::join);
        accepted.join();
        if let Err(error) = producer.flush(Duration::from_secs(5)) {
            tracing::warn!(%error, "some records of accesses may be lost; nobody was shown data for them");
        }
    })
    .await?;
    shutdown.drained();
    tracing::info!("the dashboard has stopped");
    Ok(())
}

/// The topics that the dashboard reads or writes.
const USED: [Topic; 17] = [
    Topic::Alerts,
    Topic::Notifications,
    Topic::ReadingsAccepted,
    Topic::CarePlans,
    Topic::CareEvents,
    Topic::RuleSets,
    Topic::Silences,
    Topic::SessionsEnded,
    Topic::AuditEvents,
    Topic::AuditSets,
    Topic::RegistryParticipants,
    Topic::RegistryPractitioners,
    Topic::RegistryCareTeams,
    Topic::RegistryConsortia,
    Topic::RegistryDevices,
    Topic::RegistryKeys,
    Topic::RegistryIdentities,
];

/// Checks the topics as soon as Kafka answers.
async fn check_topics(kafka: KafkaArgs, topics: Topics, shutdown: Shutdown) -> anyhow::Result<()> {
    spawn_blocking(move || {
        let stop = || shutdown.is_requested();
        let faults = |found: &FoundTopics| topics.faults(&USED, found);
        // Whoever watches Kafka's health says meanwhile why Kafka does not answer.
        wait_until_fit(&kafka, &topics.names(&USED), faults, stop, |_| {})
    })
    .await??;
    Ok(())
}

/// How people sign in. It has to be configured, one way.
fn sign_in_settings(args: &DashboardArgs) -> anyhow::Result<(Way, SessionKey)> {
    let way = match (args.openid.settings()?, &args.demo_accounts) {
        (Some(settings), None) => {
            tracing::info!(provider = ?settings, "people sign in by OpenID Connect");
            Way::OpenId(Arc::new(OpenId::new(settings)?))
        }
        (None, Some(file)) => {
            let accounts = Accounts::load(file)?;
            tracing::warn!("people sign in with the local accounts of a file: for demos only");
            Way::Accounts(SignIn::new(accounts))
        }
        (Some(_), Some(_)) => bail!(
            "people sign in by OpenID Connect or with local accounts, not both, because a password of \
             the file would let in whom the provider has locked out: leave out --demo-accounts (or \
             MIMAMORI_DEMO_ACCOUNTS), or --oidc-issuer (or MIMAMORI_OIDC_ISSUER)"
        ),
        (None, None) => bail!(
            "how people sign in is not configured: give --oidc-issuer (or MIMAMORI_OIDC_ISSUER) for \
             sign-in by OpenID Connect, or --demo-accounts FILE (or MIMAMORI_DEMO_ACCOUNTS) with local \
             accounts, which are for demos only"
        ),
    };
    let Some(key) = &args.session_key else {
        bail!(
            "the key that seals sessions is missing: give MIMAMORI_SESSION_KEY (or --session-key) \
             at least 64 hexadecimal digits, such as `openssl rand -hex 64` prints, and keep it"
        );
    };
    let key = SessionKey::parse(key.expose())?;
    Ok((way, key))
}

/// The API and the pages, without the operations' own.
pub(crate) fn router(dashboard: Arc<Dashboard>) -> Router {
    let metrics = dashboard.metrics.clone();
    api::router(dashboard)
        .fallback(pages::serve)
        .layer(CatchPanicLayer::custom(|_| Problem::internal().into_response()))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(map_response(pages::protect))
        .layer(from_fn_with_state(metrics, observe))
}

/// Keeps the component's health true. Without Kafka no access can be recorded: shown is only what is on
/// record already, which is a list that has not changed in its session since.
async fn watch_kafka(kafka: KafkaArgs, topic: String, component: Component, shutdown: Shutdown) {
    let mut ticks = ticks();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.requested() => return,
        }
        let (kafka, topic) = (kafka.clone(), topic.clone());
        let asked = spawn_blocking(move || stream::topics::partition_count(&kafka, &topic));
        match timeout(KAFKA_DEADLINE, asked).await {
            Ok(Ok(Ok(_))) => component.ready(),
            Ok(Ok(Err(error))) => component.not_ready(error.to_string()),
            _ => component.not_ready(
                "Kafka does not answer; check KAFKA_BOOTSTRAP_SERVERS and that the brokers run",
            ),
        }
    }
}

/// Counts the open alerts that nobody sees, because nobody follows the patient.
async fn count_unfollowed(dashboard: Arc<Dashboard>, shutdown: Shutdown) {
    let mut ticks = ticks();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.requested() => return,
        }
        let Dashboard { registry, alerts, metrics, .. } = &*dashboard;
        if registry.is_caught_up() && alerts.is_caught_up() {
            let count = alerts.count_of(|patient| !registry.is_followed(patient));
            metrics.unfollowed_alerts.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

/// Says what open transactions hide: alerts that nobody sees.
async fn watch_transactions(hanging: Hanging, held_back: Vec<HeldBackNow>, shutdown: Shutdown) {
    let mut ticks = ticks();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.requested() => return,
        }
        let all: Vec<_> = held_back.iter().flat_map(|held_back| held_back()).collect();
        hanging.observe(&all);
    }
}

/// Without ClickHouse there are no charts, but alerts go on: the service stays ready and says what
/// is missing.
async fn watch_store(store: Store, component: Component, shutdown: Shutdown) {
    component.ready();
    let mut ticks = ticks();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.requested() => return,
        }
        let was_available = store.is_available();
        match store.ping().await {
            Ok(()) => component.ready(),
            Err(error) => {
                if was_available {
                    tracing::warn!(%error, "degraded: readings cannot be shown; alerts go on");
                }
                component
                    .progress(format!("degraded: {error}; readings cannot be shown, alerts go on"));
            }
        }
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = interval(CHECK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
