//! Alerts as they are raised: server-sent events, straight from Kafka.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use prometheus::IntGauge;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::responses::{NotAPhysician, NotReady, NotSignedIn};
use crate::access::{Physician, SignedIn, StreamAlerts};
use crate::care_states::CareChange;
use crate::changed_readings::{ChangedPatient, Changes, Reported};
use crate::model::Alert;
use crate::model::alert::Alerts;
use crate::model::care::AlertCare;
use crate::problem::Problem;
use crate::state::Dashboard;

/// How often a comment says that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Tells nginx and its like not to hold events back.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The open alerts of the physician's patients, then every transition as it happens
///
/// First an event `snapshot` with `{"alerts": [Alert]}`, and another one whenever the physician's
/// patients change, after that is recorded as an access, or readings may have changed of which
/// nothing was sent; then an event `alert` with an `Alert` for each transition, and an event
/// `readings` with `{"patients": [ChangedPatient]}` when readings have changed and can be asked
/// for, or wait for the store for too long; an event `care` with an `AlertCare` when somebody has done
/// something about an alert; a comment every 15 s. A reader that is too slow gets
/// an event `lagged` and is to connect again, as after any end but
/// one: the event `ended` says that the session has ended, on whatever instance, and is the last.
#[utoipa::path(
    get,
    path = "/api/v1/alerts/stream",
    responses(
        (status = 200, description = "Server-sent events: one `snapshot`, then an `alert` for every transition, and `readings` when readings have changed", body = String, content_type = "text/event-stream"),
        NotSignedIn,
        NotAPhysician,
        NotReady,
    )
)]
pub async fn stream_alerts(
    State(dashboard): State<Arc<Dashboard>>,
    physician: Physician<StreamAlerts>,
) -> Result<Response, Problem> {
    if !dashboard.alerts.is_caught_up() {
        return Err(Problem::still_loading("alerts"));
    }
    let patients = dashboard.registry.patients_of(&physician.signed_in.session.user);
    physician.record_granted(&dashboard, &patients).await?;
    let end = end(Arc::clone(&dashboard), physician.signed_in.clone()).shared();
    let subscriber = Subscriber::new(dashboard, physician, patients);
    let events = events(subscriber).take_until(end.clone());
    let last = stream::once(async move { end.peek().copied() })
        .filter_map(async |end| (end? == End::SignedOut).then(|| event("ended", &Empty {})));
    let events = events.chain(last).map(Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("still here");
    Ok(([UNBUFFERED], Sse::new(events).keep_alive(keep_alive)).into_response())
}

/// How long after a change of a physician's patients they are asked for again. Lists are applied entry by
/// entry, thousands in a second or two: each set would be stored, and sent with all its alerts. Whom the
/// physician may not see any more is left out at once.
const SETTLE: Duration = Duration::from_secs(2);

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nobody is signed in any more.
    SignedOut,
    /// The process stops.
    Shutdown,
}

/// Resolves when the session ends or the process stops.
async fn end(dashboard: Arc<Dashboard>, signed_in: SignedIn) -> End {
    tokio::select! {
        () = dashboard.signed_out(&signed_in) => End::SignedOut,
        () = dashboard.shutdown.requested() => End::Shutdown,
    }
}

/// One physician's view of the alerts.
struct Subscriber {
    dashboard: Arc<Dashboard>,
    physician: Physician<StreamAlerts>,
    /// Those whose access is recorded: alerts of nobody else are shown.
    patients: BTreeSet<String>,
    /// How often the physician's patients had changed when they were asked for.
    version: u64,
    /// When to ask for the patients again, which have changed.
    settled_at: Option<tokio::time::Instant>,
    registry_changes: watch::Receiver<u64>,
    /// None until the first snapshot is sent, and after the last event.
    transitions: Option<Receiver<Arc<Alert>>>,
    changes: Receiver<Reported>,
    care: Receiver<CareChange>,
    ended: bool,
    _counted: Counted,
}

/// Counts an open stream for as long as it lives.
struct Counted(IntGauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What a subscriber gets next.
#[derive(Debug, PartialEq)]
enum Sent {
    Snapshot(Vec<Arc<Alert>>),
    Alert(Arc<Alert>),
    Readings(Vec<ChangedPatient>),
    Care(Box<AlertCare>),
    Lagged,
}

/// Whose readings have changed.
#[derive(Serialize)]
struct ChangedReadings {
    patients: Vec<ChangedPatient>,
}

fn events(subscriber: Subscriber) -> impl Stream<Item = Event> {
    stream::unfold(subscriber, |mut subscriber| async move {
        let event = match subscriber.next().await? {
            Sent::Snapshot(alerts) => event("snapshot", &Alerts { alerts }),
            Sent::Alert(alert) => event("alert", &*alert),
            Sent::Readings(patients) => event("readings", &ChangedReadings { patients }),
            Sent::Care(care) => event("care", &care),
            Sent::Lagged => event("lagged", &Empty {}),
        };
        Some((event, subscriber))
    })
}

/// Resolves at a time; never at none.
async fn at(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// The data of an event that says all by its name.
#[derive(Serialize)]
struct Empty {}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Our own types always have a JSON form, and JSON has no bare line break.
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(data)
}

impl Subscriber {
    /// `patients`: those of whom it is recorded that the physician sees them.
    fn new(
        dashboard: Arc<Dashboard>,
        physician: Physician<StreamAlerts>,
        patients: BTreeSet<String>,
    ) -> Self {
        let counted = Counted(dashboard.metrics.stream_subscribers.clone());
        counted.0.inc();
        Self {
            physician,
            patients,
            version: 0,
            settled_at: None,
            registry_changes: dashboard.registry.changes(),
            changes: dashboard.changed.subscribe(),
            care: dashboard.care.subscribe(),
            transitions: None,
            ended: false,
            _counted: counted,
            dashboard,
        }
    }

    /// What comes next; none when there is nothing more to come.
    async fn next(&mut self) -> Option<Sent> {
        if self.ended {
            return None;
        }
        loop {
            let Some(transitions) = &mut self.transitions else {
                return self.snapshot().await;
            };
            tokio::select! {
                // Who may see what is settled before anything is sent.
                biased;
                changed = self.registry_changes.changed() => {
                    changed.ok()?;
                    self.registry_changes.mark_unchanged();
                    // Struck off the list of practitioners, or no physician any more: nothing
                    // more to tell.
                    let session = self.dashboard.session_of(self.physician.user())?;
                    if !session.role.sees_patients() {
                        return None;
                    }
                    let version = self.dashboard.registry.version_of(self.physician.user());
                    if version != self.version && self.settled_at.is_none() {
                        self.settled_at = Some(tokio::time::Instant::now() + SETTLE);
                    }
                }
                () = at(self.settled_at) => {
                    self.settled_at = None;
                    self.version = self.dashboard.registry.version_of(self.physician.user());
                    let patients = self.dashboard.registry.patients_of(self.physician.user());
                    if patients != self.patients {
                        return self.snapshot().await;
                    }
                }
                transition = transitions.recv() => match transition {
                    Ok(alert) => {
                        let registry = &self.dashboard.registry;
                        if self.patients.contains(&alert.patient)
                            && registry.follows(self.physician.user(), &alert.patient)
                        {
                            return Some(Sent::Alert(self.dashboard.as_shown(&alert)));
                        }
                    }
                    Err(error) => return self.cut_off(error),
                },
                changes = self.changes.recv() => match changes {
                    Ok(Reported::Anew) => return self.snapshot().await,
                    Ok(Reported::Changed(changes)) => {
                        let own = self.own(&changes);
                        if !own.is_empty() {
                            return Some(Sent::Readings(own));
                        }
                    }
                    Err(error) => return self.cut_off(error),
                },
                change = self.care.recv() => match change {
                    Ok(CareChange::Anew) => return self.snapshot().await,
                    Ok(CareChange::Act { alert, patient }) => {
                        // Of whom the access is recorded.
                        let is_own = self.patients.contains(&*patient)
                            && self.dashboard.registry.follows(self.physician.user(), &patient);
                        if let Some(care) = self.dashboard.alert_care(&alert).filter(|_| is_own) {
                            return Some(Sent::Care(Box::new(care)));
                        }
                    }
                    Err(error) => return self.cut_off(error),
                }
            }
        }
    }

    /// Those of the changed patients whom the physician may see: also one who is in no list, whose page
    /// is opened by the id. What has changed the page asks for, and that is recorded.
    fn own(&self, changes: &Changes) -> Vec<ChangedPatient> {
        let registry = &self.dashboard.registry;
        let is_own = |of: &&ChangedPatient| registry.follows(self.physician.user(), &of.patient);
        changes.iter().filter(is_own).cloned().collect()
    }

    /// What a reader gets last from which something was lost.
    fn cut_off(&mut self, error: RecvError) -> Option<Sent> {
        let RecvError::Lagged(_) = error else { return None };
        self.dashboard.metrics.lagged_subscribers.inc();
        self.ended = true;
        Some(Sent::Lagged)
    }

    /// The open alerts now, and a fresh subscription to what follows them. None where it cannot be
    /// recorded whose: the reader connects again and learns why.
    async fn snapshot(&mut self) -> Option<Sent> {
        self.settled_at = None;
        self.version = self.dashboard.registry.version_of(self.physician.user());
        let patients = self.dashboard.registry.patients_of(self.physician.user());
        if patients != self.patients {
            self.physician.record_granted(&self.dashboard, &patients).await.ok()?;
            self.patients = patients;
        }
        let (alerts, transitions) = self.dashboard.alerts.subscribe(&self.patients);
        self.transitions = Some(transitions);
        let alerts = alerts.iter().map(|alert| self.dashboard.as_shown(alert));
        Some(Sent::Snapshot(alerts.collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::Ordering;

    use ::stream::record::Position;
    use clinical::Kind;
    use schemas::registry::Role;

    use super::*;
    use crate::clock::now;
    use crate::model::Session;
    use crate::model::alert::tests::event;
    use crate::registry::tests::team;
    use crate::testing::{self, practitioner};

    fn alert(id: &str, patient: &str) -> Alert {
        Alert::try_from(event(id, patient, "urgent", "open")).unwrap()
    }

    fn subscriber(dashboard: &Arc<Dashboard>, user: &str) -> Subscriber {
        let session =
            Session { id: None, user: user.to_owned(), name: String::new(), role: Role::Physician };
        let physician = Physician::for_test(SignedIn { session, sealed: None });
        let patients = dashboard.registry.patients_of(user);
        Subscriber::new(Arc::clone(dashboard), physician, patients)
    }

    /// What is sent next; none when nothing is sent in a moment.
    async fn next_of(subscriber: &mut Subscriber) -> Option<Sent> {
        tokio::time::timeout(Duration::from_millis(50), subscriber.next()).await.ok().flatten()
    }

    /// What is sent next, when the lists have settled.
    async fn settled(subscriber: &mut Subscriber) -> Option<Sent> {
        let patience = SETTLE + Duration::from_millis(50);
        tokio::time::timeout(patience, subscriber.next()).await.ok().flatten()
    }

    fn ids(sent: Option<Sent>) -> Vec<String> {
        match sent {
            Some(Sent::Snapshot(alerts)) => alerts.iter().map(|alert| alert.id.clone()).collect(),
            Some(Sent::Alert(alert)) => vec![alert.id.clone()],
            _ => Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_physician_never_gets_another_physicians_alert() {
        let (dashboard, _) = testing::dashboard();
        dashboard.alerts.apply(alert("theirs-before", "B/1"));
        dashboard.alerts.apply(alert("mine-before", "A/1"));
        let mut sato = subscriber(&dashboard, "dr.sato");
        assert_eq!(ids(next_of(&mut sato).await), ["mine-before"]);
        dashboard.alerts.apply(alert("theirs", "B/1"));
        dashboard.alerts.apply(alert("nobodys", "C/1"));
        dashboard.alerts.apply(alert("mine", "A/1"));
        assert_eq!(ids(next_of(&mut sato).await), ["mine"]);
        assert_eq!(next_of(&mut sato).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_patient_who_changes_teams_is_seen_by_the_new_physician_only() {
        let (dashboard, _) = testing::dashboard();
        let (mut sato, mut ito) =
            (subscriber(&dashboard, "dr.sato"), subscriber(&dashboard, "dr.ito"));
        dashboard.alerts.apply(alert("a", "A/1"));
        assert_eq!(ids(next_of(&mut sato).await), ["a"]);
        assert_eq!(next_of(&mut ito).await, Some(Sent::Snapshot(Vec::new())));
        dashboard.registry.apply(team("A/1", &["dr.ito"]));
        dashboard.alerts.apply(alert("b", "A/1"));
        assert_eq!(next_of(&mut sato).await, None, "at once");
        assert_eq!(settled(&mut sato).await, Some(Sent::Snapshot(Vec::new())));
        assert_eq!(settled(&mut sato).await, None);
        assert_eq!(ids(settled(&mut ito).await), ["a", "b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_patient_who_comes_later_is_shown_when_that_is_recorded_and_not_otherwise() {
        let (dashboard, audit) = testing::dashboard();
        let mut sato = subscriber(&dashboard, "dr.sato");
        next_of(&mut sato).await;
        assert!(audit.said().is_empty(), "the request has recorded the first ones");
        dashboard.alerts.apply(alert("c", "C/1"));
        dashboard.registry.apply(team("C/1", &["dr.sato"]));
        assert_eq!(ids(settled(&mut sato).await), ["c"]);
        assert_eq!(audit.said(), [("stream_alerts".to_owned(), None, true)]);
        let shown = ["A/1", "A/2", "C/1"].map(str::to_owned).to_vec();
        assert_eq!(audit.listed(), [("stream_alerts".to_owned(), shown)]);

        audit.broken.store(true, Ordering::Relaxed);
        dashboard.alerts.apply(alert("d", "D/1"));
        dashboard.registry.apply(team("D/1", &["dr.sato"]));
        assert_eq!(sato.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn lists_that_are_applied_entry_by_entry_are_taken_together() {
        let (dashboard, audit) = testing::dashboard();
        let mut sato = subscriber(&dashboard, "dr.sato");
        next_of(&mut sato).await;
        for number in 0..1000 {
            dashboard.registry.apply(team(&format!("C/{number}"), &["dr.sato"]));
            if number % 100 == 0 {
                assert_eq!(next_of(&mut sato).await, None);
            }
        }
        dashboard.registry.apply(team("D/1", &["dr.ito"]));
        assert_eq!(settled(&mut sato).await, Some(Sent::Snapshot(Vec::new())));
        assert_eq!(settled(&mut sato).await, None);
        assert_eq!(audit.listed().len(), 1);
        assert_eq!(audit.listed()[0].1.len(), 1002);
    }

    #[tokio::test]
    async fn when_it_is_known_again_what_the_store_has_everything_is_to_be_asked_for() {
        let (dashboard, _) = testing::dashboard();
        let mut sato = subscriber(&dashboard, "dr.sato");
        next_of(&mut sato).await;
        dashboard.changed.unknown(now());
        dashboard.changed.known();
        assert_eq!(next_of(&mut sato).await, Some(Sent::Snapshot(Vec::new())));
        assert_eq!(next_of(&mut sato).await, None);
    }

    #[tokio::test]
    async fn a_patient_of_the_fallback_team_who_is_in_no_list_is_reported_too() {
        let (dashboard, _) = testing::dashboard();
        dashboard.registry.apply(team("C/*", &["dr.ito"]));
        let (mut sato, mut ito) =
            (subscriber(&dashboard, "dr.sato"), subscriber(&dashboard, "dr.ito"));
        for subscriber in [&mut sato, &mut ito] {
            next_of(subscriber).await;
        }
        let place = Position { partition: 0, offset: 0 };
        dashboard.changed.accepted("C/7", Kind::BloodPressure, place, now());
        dashboard.changed.stored(&HashMap::from([(0, 1)]), now());
        assert!(matches!(next_of(&mut ito).await, Some(Sent::Readings(_))));
        assert_eq!(next_of(&mut sato).await, None);
    }

    #[tokio::test]
    async fn changed_readings_are_reported_to_who_follows_the_patient_when_they_are_stored() {
        let (dashboard, _) = testing::dashboard();
        let (mut sato, mut ito) =
            (subscriber(&dashboard, "dr.sato"), subscriber(&dashboard, "dr.ito"));
        for subscriber in [&mut sato, &mut ito] {
            assert_eq!(next_of(subscriber).await, Some(Sent::Snapshot(Vec::new())));
        }
        for (patient, offset) in [("A/1", 0), ("A/1", 1), ("C/1", 2)] {
            let place = Position { partition: 0, offset };
            dashboard.changed.accepted(patient, Kind::BloodPressure, place, now());
        }
        dashboard.changed.stored(&HashMap::new(), now());
        assert_eq!(next_of(&mut sato).await, None, "the store does not have it yet");
        dashboard.changed.stored(&HashMap::from([(0, 3)]), now());
        let kinds = BTreeSet::from([Kind::BloodPressure]);
        let changed = ChangedPatient { patient: "A/1".to_owned(), kinds };
        assert_eq!(next_of(&mut sato).await, Some(Sent::Readings(vec![changed])));
        assert_eq!(next_of(&mut ito).await, None);
    }

    #[tokio::test]
    async fn the_stream_of_a_physician_who_is_struck_off_ends() {
        let (dashboard, _) = testing::dashboard();
        let mut sato = subscriber(&dashboard, "dr.sato");
        next_of(&mut sato).await;
        dashboard.registry.apply(practitioner("dr.sato", None));
        assert_eq!(sato.next().await, None);
    }

    #[tokio::test]
    async fn a_reader_that_is_too_slow_is_asked_to_begin_again() {
        let (dashboard, _) = testing::dashboard();
        let mut sato = subscriber(&dashboard, "dr.sato");
        next_of(&mut sato).await;
        for number in 0..2000 {
            dashboard.alerts.apply(alert(&format!("{number}"), "A/1"));
        }
        assert_eq!(next_of(&mut sato).await, Some(Sent::Lagged));
        assert_eq!(sato.next().await, None);
        assert_eq!(dashboard.metrics.lagged_subscribers.get(), 1);
        drop(sato);
        assert_eq!(dashboard.metrics.stream_subscribers.get(), 0);
        let mut again = subscriber(&dashboard, "dr.sato");
        assert_eq!(ids(next_of(&mut again).await).len(), 2000);
    }
}
