//! A dashboard for tests: read models filled by hand, accesses recorded in memory, and a store that
//! is not there.

use std::sync::{Arc, LazyLock};

use chassis::sealing::DataKey;
use chassis::{ClickHouseArgs, Metrics, Shutdown};
use schemas::registry::{Practitioner, Role};

use crate::accounts::Accounts;
use crate::accounts::tests::accounts;
use crate::act_log::tests::MemoryActLog;
use crate::audit::tests::MemoryAuditLog;
use crate::care_plans::CarePlans;
use crate::care_states::CareStates;
use crate::changed_readings::ChangedReadings;
use crate::clock::now;
use crate::directory::Directory;
use crate::ended_sessions::EndedSessions;
use crate::ended_sessions::tests::MemorySessionEnds;
use crate::metrics::DashboardMetrics;
use crate::openid::OpenId;
use crate::patient_sets::RecordedLists;
use crate::person_keys::tests::MemoryKeyLog;
use crate::plan_history::PlanHistory;
use crate::plan_log::tests::MemoryPlanLog;
use crate::queries::Store;
use crate::registry::Change;
use crate::registry::tests::team;
use crate::session::SessionKey;
use crate::sign_in::{SignIn, Way};
use crate::state::Dashboard;
use crate::turns::Turns;

/// One account file for all instances: an account's state is made of its hash.
static ACCOUNTS: LazyLock<Accounts> = LazyLock::new(|| {
    let users = ["dr.sato", "dr.ito", "ops", "unregistered"];
    let passwords = users.map(|user| format!("{user}-pass"));
    let pairs: Vec<_> =
        users.iter().zip(&passwords).map(|(user, password)| (*user, password.as_str())).collect();
    accounts(&pairs)
});

/// Dr. Sato follows A/1 and A/2, Dr. Ito B/1; ops is an operator. Passwords are `<user>-pass`.
pub(crate) fn dashboard() -> (Arc<Dashboard>, Arc<MemoryAuditLog>) {
    instance(&Arc::default())
}

/// One of several instances, which share their topic of ended sessions.
pub(crate) fn instance(ends: &Arc<MemorySessionEnds>) -> (Arc<Dashboard>, Arc<MemoryAuditLog>) {
    let audit = Arc::default();
    (instance_with(ends, &audit), audit)
}

/// One of several instances where people sign in by OpenID Connect, at a provider that is away.
pub(crate) fn instance_with_provider(
    ends: &Arc<MemorySessionEnds>,
) -> (Arc<Dashboard>, Arc<MemoryAuditLog>) {
    let audit = Arc::default();
    let mut dashboard = empty_instance(ends, &audit, &Arc::default());
    let settings = crate::openid::settings::tests::settings(&[]).unwrap().unwrap();
    let openid = OpenId::new(settings).unwrap();
    Arc::get_mut(&mut dashboard).unwrap().sign_in = Way::OpenId(Arc::new(openid));
    (with_people(dashboard), audit)
}

/// One of several instances that record accesses in the same log too.
pub(crate) fn instance_with(
    ends: &Arc<MemorySessionEnds>,
    audit: &Arc<MemoryAuditLog>,
) -> Arc<Dashboard> {
    with_people(empty_instance(ends, audit, &Arc::default()))
}

/// One of several instances that share the log of care plans; one that is behind does not learn of
/// what the others write.
pub(crate) fn instance_with_plans(log: &Arc<MemoryPlanLog>, is_behind: bool) -> Arc<Dashboard> {
    let dashboard = empty_instance(&Arc::default(), &Arc::default(), log);
    if is_behind {
        log.followers.lock().unwrap().pop();
    }
    with_people(dashboard)
}

/// One of several instances that share the logs of acts and keys, and record accesses in one log.
pub(crate) fn instance_with_acts(
    audit: &Arc<MemoryAuditLog>,
    acts: &Arc<MemoryActLog>,
    keys: &Arc<MemoryKeyLog>,
) -> Arc<Dashboard> {
    with_people(sharing(&Arc::default(), audit, &Arc::default(), acts, keys))
}

/// One that has read everything but what people did.
pub(crate) fn dashboard_without_acts() -> (Arc<Dashboard>, Arc<MemoryAuditLog>) {
    let (dashboard, audit) = empty_dashboard();
    let dashboard = without_acts(dashboard);
    dashboard.rule_sets.caught_up();
    (dashboard, audit)
}

/// One that has read everything but the rule sets.
pub(crate) fn dashboard_without_rule_sets() -> (Arc<Dashboard>, Arc<MemoryAuditLog>) {
    let (dashboard, audit) = empty_dashboard();
    (without_rule_sets(dashboard), audit)
}

fn with_people(dashboard: Arc<Dashboard>) -> Arc<Dashboard> {
    let dashboard = without_rule_sets(dashboard);
    dashboard.rule_sets.caught_up();
    dashboard
}

fn without_rule_sets(dashboard: Arc<Dashboard>) -> Arc<Dashboard> {
    let dashboard = without_acts(dashboard);
    dashboard.care.caught_up();
    dashboard
}

fn without_acts(dashboard: Arc<Dashboard>) -> Arc<Dashboard> {
    dashboard.registry.apply(practitioner("dr.sato", Some(Role::Physician)));
    dashboard.registry.apply(practitioner("dr.ito", Some(Role::Physician)));
    dashboard.registry.apply(practitioner("ops", Some(Role::Operator)));
    dashboard.registry.apply(team("A/1", &["dr.sato"]));
    dashboard.registry.apply(team("A/2", &["dr.sato"]));
    dashboard.registry.apply(team("B/1", &["dr.ito"]));
    dashboard.registry.caught_up();
    dashboard.alerts.caught_up();
    dashboard.changed.known();
    dashboard.plans.caught_up();
    dashboard.plan_history.caught_up();
    dashboard.person_keys.caught_up();
    dashboard.directory.caught_up();
    dashboard.ended.caught_up();
    dashboard.silences.caught_up();
    dashboard.notifications.caught_up();
    dashboard
}

/// A dashboard that has just started.
pub(crate) fn empty_dashboard() -> (Arc<Dashboard>, Arc<MemoryAuditLog>) {
    let audit = Arc::default();
    (empty_instance(&Arc::default(), &audit, &Arc::default()), audit)
}

fn empty_instance(
    ends: &Arc<MemorySessionEnds>,
    audit: &Arc<MemoryAuditLog>,
    plan_log: &Arc<MemoryPlanLog>,
) -> Arc<Dashboard> {
    sharing(ends, audit, plan_log, &Arc::default(), &Arc::default())
}

fn sharing(
    ends: &Arc<MemorySessionEnds>,
    audit: &Arc<MemoryAuditLog>,
    plan_log: &Arc<MemoryPlanLog>,
    act_log: &Arc<MemoryActLog>,
    key_log: &Arc<MemoryKeyLog>,
) -> Arc<Dashboard> {
    let care: Arc<CareStates> = Arc::default();
    act_log.followers.lock().unwrap().push(Arc::clone(&care));
    let metrics = DashboardMetrics::new(&Metrics::for_service("dashboard")).unwrap();
    let ended: Arc<EndedSessions> = Arc::default();
    ends.followers.lock().unwrap().push(Arc::clone(&ended));
    let (plans, plan_history): (Arc<CarePlans>, Arc<PlanHistory>) = Default::default();
    plan_log.followers.lock().unwrap().push((Arc::clone(&plans), Arc::clone(&plan_history)));
    // The discard port: nothing answers there.
    let store = ClickHouseArgs::local("http://127.0.0.1:9", "mimamori");
    let person_keys = key_log.follower();
    let dashboard = Dashboard {
        registry: Arc::default(),
        alerts: Arc::default(),
        changed: Arc::new(ChangedReadings::new(now())),
        plans,
        plan_history,
        plan_log: plan_log.clone(),
        care,
        act_log: act_log.clone(),
        directory: Arc::new(Directory::new(Arc::clone(&person_keys))),
        person_keys,
        key_log: key_log.clone(),
        rule_sets: Arc::default(),
        notifications: Arc::default(),
        silences: Arc::default(),
        store: Store::new(&store, metrics.clone()),
        turns: Turns::default(),
        tables: Turns::default(),
        audit: audit.clone(),
        recorded: RecordedLists::default(),
        ended,
        session_ends: ends.clone(),
        sign_in: Way::Accounts(SignIn::new(ACCOUNTS.clone())),
        session_key: SessionKey::parse(&"5a".repeat(64)).unwrap(),
        metrics,
        shutdown: Shutdown::new(),
    };
    Arc::new(dashboard)
}

/// A new key of a patient, which the dashboard has read.
pub(crate) fn key_of(dashboard: &Dashboard, patient: &str) -> DataKey {
    crate::person_keys::tests::key(&dashboard.person_keys, patient);
    dashboard.person_keys.of(patient).unwrap()
}

/// A change of the list of practitioners; no role strikes one off.
pub(crate) fn practitioner(id: &str, role: Option<Role>) -> Change {
    let entry = role.map(|role| Practitioner {
        practitioner_id: id.to_owned(),
        name: id.to_uppercase(),
        role,
    });
    Change::Practitioner(id.to_owned(), entry)
}
