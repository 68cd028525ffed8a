//! Who may do what. Denied by default: a handler gets at patients' data only through these
//! extractors, which check and record the access before the handler runs.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use clinical::PatientId;

use crate::basic;
use crate::clock::now;
use crate::model::Session;
use crate::patient_sets::id_of;
use crate::problem::Problem;
use crate::session::Sealed;
use crate::state::{Access, Dashboard};

/// Something that is done with patients' data.
pub trait Action: Send + Sync {
    /// Its name in the record of accesses.
    const NAME: &'static str;
}

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal),+ $(,)?) => {
        $($(#[$doc])* pub struct $action; impl Action for $action { const NAME: &'static str = $name; })+
    };
}

actions! {
    /// Lists the physician's patients.
    ListPatients = "list_patients",
    /// Reads a patient's readings.
    ReadReadings = "read_readings",
    /// Reads what summarises a patient's readings.
    ReadMetrics = "read_metrics",
    /// Reads a patient's care plan and its versions.
    ReadPlan = "read_plan",
    /// Sets a patient's care plan.
    SetPlan = "set_plan",
    /// Reads a patient's alerts.
    ReadAlerts = "read_alerts",
    /// Asks what a proposed plan of a patient would have raised.
    PreviewPlan = "preview_plan",
    /// Lists the open alerts of the physician's patients.
    ListAlerts = "list_alerts",
    /// Lists what readings of the physician's patients come to.
    ListAggregates = "list_aggregates",
    /// Does something about an alert.
    ActOnAlert = "act_on_alert",
    /// Does the same about many alerts.
    ActOnAlerts = "act_on_alerts",
    /// Reads what people did about an alert.
    ReadActs = "read_acts",
    /// Reads who was notified of an alert.
    ReadNotifications = "read_notifications",
    /// Reads who follows a patient.
    ReadColleagues = "read_colleagues",
    /// Reads who a patient is.
    ReadIdentity = "read_identity",
    /// Looks for patients among the physician's.
    SearchPatients = "search_patients",
    /// Follows the alerts of the physician's patients.
    StreamAlerts = "stream_alerts",
    /// Has the outcome of a trial computed, of the physician's patients.
    ReportOutcome = "report_outcome",
}

/// Somebody who is signed in, by cookie or by HTTP Basic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub session: Session,
    /// What the cookie holds; none with HTTP Basic, which comes with each request.
    pub sealed: Option<Sealed>,
}

/// A physician who does something with patients' data. Recording it is left to the handler where
/// what is recorded depends on the answer.
pub struct Physician<A> {
    /// Who.
    pub signed_in: SignedIn,
    action: PhantomData<A>,
}

/// A physician who does something with the data of a patient of theirs. It has been recorded.
pub struct AssignedPatient<A> {
    /// Whose.
    pub patient: PatientId,
    /// The physician's name as a user.
    pub user: String,
    action: PhantomData<A>,
}

/// A physician who does something with an alert of a patient of theirs. It has been recorded.
pub struct OwnAlert<A> {
    /// Which alert.
    pub alert: String,
    /// Whose.
    pub patient: PatientId,
    /// The physician's name as a user.
    pub user: String,
    action: PhantomData<A>,
}

impl Dashboard {
    /// Whose an alert is, where a physician follows the patient. The same for another's alert and one
    /// that does not exist: who asks must not learn which alerts there are.
    pub fn own_alert(&self, user: &str, alert: &str) -> Option<PatientId> {
        let patient = self.care.patient_of(alert)?;
        self.registry.follows(user, patient.as_str()).then_some(patient)
    }
}

impl FromRequestParts<Arc<Dashboard>> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        dashboard: &Arc<Dashboard>,
    ) -> Result<Self, Problem> {
        if !dashboard.registry.is_caught_up() {
            return Err(Problem::still_loading("list of practitioners"));
        }
        if !dashboard.ended.is_caught_up() {
            return Err(Problem::still_loading("list of ended sessions"));
        }
        if let Some(signed_in) = dashboard.by_cookie(parts) {
            return Ok(signed_in);
        }
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(Problem::not_signed_in)?;
        let (user, password) = basic::parse(header).ok_or_else(Problem::not_signed_in)?;
        let session = dashboard.sign_in(&user, &password).await?;
        Ok(SignedIn { session, sealed: None })
    }
}

impl<A: Action> Physician<A> {
    #[cfg(test)]
    pub(crate) fn for_test(signed_in: SignedIn) -> Self {
        Self { signed_in, action: PhantomData }
    }

    /// Their name as a user.
    pub fn user(&self) -> &str {
        &self.signed_in.session.user
    }

    /// Records whose data the physician is granted. In a session that is on record until it
    /// changes; without one, which is with HTTP Basic, it is recorded each time.
    ///
    /// # Errors
    /// The problem to answer with instead of data.
    pub async fn record_granted(
        &self,
        dashboard: &Dashboard,
        patients: &BTreeSet<String>,
    ) -> Result<(), Problem> {
        let set = id_of(patients);
        let version = dashboard.registry.version_of(self.user());
        let session = self.signed_in.sealed.as_ref();
        let session = session.map(|sealed| (sealed.id.as_str(), sealed.expires_at));
        if session.is_some_and(|(id, _)| dashboard.recorded.is_seen(id, A::NAME, &set, version)) {
            return Ok(());
        }
        dashboard.keep_set(&set, patients).await?;
        let access = Access { patient_set: Some(&set), ..self.access(None, true) };
        dashboard.record(access).await?;
        if let Some((id, expires_at)) = session {
            dashboard.recorded.seen(id, expires_at, A::NAME, (&set, version), now());
        }
        Ok(())
    }

    /// Records whose data the physician asked for and was refused, whether or not there are such
    /// patients.
    ///
    /// # Errors
    /// The problem to answer with instead.
    pub async fn record_refused(
        &self,
        dashboard: &Dashboard,
        patients: &BTreeSet<String>,
        why: &str,
    ) -> Result<(), Problem> {
        self.record_of_several(dashboard, patients, (false, why.to_owned())).await
    }

    /// Records whose data was looked through for an answer, each time.
    ///
    /// # Errors
    /// The problem to answer with instead.
    pub async fn record_looked_through(
        &self,
        dashboard: &Dashboard,
        patients: &BTreeSet<String>,
        detail: String,
    ) -> Result<(), Problem> {
        self.record_of_several(dashboard, patients, (true, detail)).await
    }

    async fn record_of_several(
        &self,
        dashboard: &Dashboard,
        patients: &BTreeSet<String>,
        (allowed, detail): (bool, String),
    ) -> Result<(), Problem> {
        let set = id_of(patients);
        dashboard.keep_set(&set, patients).await?;
        let access = Access { patient_set: Some(&set), detail, ..self.access(None, allowed) };
        dashboard.record(access).await
    }

    async fn record(
        &self,
        dashboard: &Dashboard,
        patient: Option<&PatientId>,
        allowed: bool,
        detail: String,
    ) -> Result<(), Problem> {
        dashboard.record(Access { detail, ..self.access(patient, allowed) }).await
    }

    fn access<'a>(&'a self, patient: Option<&'a PatientId>, allowed: bool) -> Access<'a> {
        let Session { id, user, role, .. } = &self.signed_in.session;
        Access {
            user,
            role: role.as_str(),
            action: A::NAME,
            patient: patient.map(PatientId::as_str),
            allowed,
            session: id.as_deref(),
            ..Access::default()
        }
    }
}

impl<A: Action> FromRequestParts<Arc<Dashboard>> for Physician<A> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        dashboard: &Arc<Dashboard>,
    ) -> Result<Self, Problem> {
        let signed_in = SignedIn::from_request_parts(parts, dashboard).await?;
        let physician = Self { signed_in, action: PhantomData };
        if !physician.signed_in.session.role.sees_patients() {
            let patient = patient_of_path(parts, dashboard).await;
            let detail = "not a physician".to_owned();
            physician.record(dashboard, patient.as_ref(), false, detail).await?;
            return Err(Problem::physicians_only());
        }
        Ok(physician)
    }
}

impl<A: Action> FromRequestParts<Arc<Dashboard>> for AssignedPatient<A> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        dashboard: &Arc<Dashboard>,
    ) -> Result<Self, Problem> {
        let physician = Physician::<A>::from_request_parts(parts, dashboard).await?;
        let user = &physician.signed_in.session.user;
        // The same answer for another's patient, an unknown one and a text that is no id: who asks
        // must not learn who is a patient.
        let patient = patient_of_path(parts, dashboard).await;
        let assigned =
            patient.clone().filter(|patient| dashboard.registry.follows(user, patient.as_str()));
        let allowed = assigned.is_some();
        let detail = if allowed { "" } else { "not in the care team" }.to_owned();
        physician.record(dashboard, patient.as_ref(), allowed, detail).await?;
        match assigned {
            Some(patient) => Ok(Self { patient, user: user.clone(), action: PhantomData }),
            None => Err(Problem::not_your_patient()),
        }
    }
}

impl<A: Action> FromRequestParts<Arc<Dashboard>> for OwnAlert<A> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        dashboard: &Arc<Dashboard>,
    ) -> Result<Self, Problem> {
        let physician = Physician::<A>::from_request_parts(parts, dashboard).await?;
        if !dashboard.alerts.is_caught_up() {
            return Err(Problem::still_loading("alerts"));
        }
        let segments = RawPathParams::from_request_parts(parts, dashboard).await;
        let segments = segments.map_err(|_| Problem::not_your_alert())?;
        let named = segments.iter().find(|(name, _)| *name == "alert_id");
        let alert = named.map(|(_, value)| value.to_owned()).unwrap_or_default();
        let user = physician.user().to_owned();
        let patient = dashboard.care.patient_of(&alert);
        let own = dashboard.own_alert(&user, &alert);
        // The text of a path may be anything; only of an alert that there is it says something.
        let of_alert = patient.as_ref().map(|_| format!("alert {alert}"));
        let detail = match &own {
            Some(_) => of_alert.unwrap_or_default(),
            None => "not in the care team".to_owned(),
        };
        physician.record(dashboard, patient.as_ref(), own.is_some(), detail).await?;
        let patient = own.ok_or_else(Problem::not_your_alert)?;
        Ok(Self { alert, patient, user, action: PhantomData })
    }
}

/// The patient that a path names: in two segments, or in one with the slash encoded.
async fn patient_of_path(parts: &mut Parts, dashboard: &Arc<Dashboard>) -> Option<PatientId> {
    let segments = RawPathParams::from_request_parts(parts, dashboard).await.ok()?;
    let segment = |name: &str| {
        segments.iter().find(|(parameter, _)| *parameter == name).map(|(_, value)| value)
    };
    match segment("patient") {
        Some(patient) => PatientId::parse(patient).ok(),
        None => PatientId::from_parts(segment("consortium")?, segment("person")?).ok(),
    }
}
