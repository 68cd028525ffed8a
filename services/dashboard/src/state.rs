//! What the handlers share.

use std::collections::BTreeSet;
use std::sync::Arc;

use chassis::Shutdown;
use clinical::Timestamp;
use clinical::local_time::LocalTime;
use clinical::plan::Plan;
use schemas::AuditEvent;

use crate::act_log::ActLog;
use crate::audit::AuditLog;
use crate::care_plans::CarePlans;
use crate::care_states::CareStates;
use crate::changed_readings::ChangedReadings;
use crate::clock::now;
use crate::directory::Directory;
use crate::ended_sessions::{EndedSessions, SessionEnds};
use crate::metrics::DashboardMetrics;
use crate::model::care::{AlertCare, Care};
use crate::model::{Alert, Instant};
use crate::notifications::Notifications;
use crate::open_alerts::OpenAlerts;
use crate::patient_sets::{RecordedLists, parts_of};
use crate::person_keys::{KeyLog, PersonKeys};
use crate::plan_history::PlanHistory;
use crate::plan_log::PlanLog;
use crate::problem::Problem;
use crate::queries::Store;
use crate::recorder::NotRecorded;
use crate::registry::Registry;
use crate::rule_sets::KnownRuleSets;
use crate::session::SessionKey;
use crate::sign_in::Way;
use crate::silences::KnownSilences;
use crate::turns::Turns;

/// What the handlers share.
pub struct Dashboard {
    /// Who is registered, who follows whom.
    pub registry: Arc<Registry>,
    /// The open alerts.
    pub alerts: Arc<OpenAlerts>,
    /// Whose readings have changed.
    pub changed: Arc<ChangedReadings>,
    /// The care plans.
    pub plans: Arc<CarePlans>,
    /// The rule sets.
    pub rule_sets: Arc<KnownRuleSets>,
    /// Which groups of patients are silent.
    pub silences: Arc<KnownSilences>,
    /// What they were before.
    pub plan_history: Arc<PlanHistory>,
    /// Where they are set.
    pub plan_log: Arc<dyn PlanLog>,
    /// What people did about alerts.
    pub care: Arc<CareStates>,
    /// Where it is written.
    pub act_log: Arc<dyn ActLog>,
    /// Who was notified of them.
    pub notifications: Arc<Notifications>,
    /// The keys that patients' free text is sealed with.
    pub person_keys: Arc<PersonKeys>,
    /// Where they are made.
    pub key_log: Arc<dyn KeyLog>,
    /// Who patients are to people.
    pub directory: Arc<Directory>,
    /// The store of readings.
    pub store: Store,
    /// Whose turn it is to have a preview or a summary made.
    pub turns: Turns,
    /// Whose turn it is to have a table of patients put together: no summary waits for a table.
    pub tables: Turns,
    /// The record of accesses.
    pub audit: Arc<dyn AuditLog>,
    /// What of lists is on record already.
    pub recorded: RecordedLists,
    /// The sessions that have ended before their time.
    pub ended: Arc<EndedSessions>,
    /// Where it is made known that a session has ended.
    pub session_ends: Arc<dyn SessionEnds>,
    /// How people sign in.
    pub sign_in: Way,
    /// Seals sessions.
    pub session_key: SessionKey,
    /// Metrics.
    pub metrics: DashboardMetrics,
    /// Ends the live streams.
    pub shutdown: Shutdown,
}

/// An access, before it is recorded.
#[derive(Debug, Clone, Default)]
pub struct Access<'a> {
    /// User; empty without valid credentials.
    pub user: &'a str,
    /// Role; empty for none.
    pub role: &'a str,
    /// What was asked for.
    pub action: &'a str,
    /// Whose data, where it is one patient's.
    pub patient: Option<&'a str>,
    /// Whether it was granted.
    pub allowed: bool,
    /// More, for a person.
    pub detail: String,
    /// The session, where there is one.
    pub session: Option<&'a str>,
    /// Whose data, where they are several patients': the id of a set that is stored.
    pub patient_set: Option<&'a str>,
}

impl Dashboard {
    /// The local time by which a patient lives, and by which rules judge.
    pub fn local_time(&self, patient: &str) -> LocalTime {
        let of_consortium = self.registry.consortium_time(patient);
        match self.plans.of(patient) {
            Some(held) => held.plan().local_time_beside(&of_consortium).clone(),
            None => of_consortium,
        }
    }

    /// An alert as it is shown: with what people did about it, and with the time before which nobody is
    /// to be called for it, by the quiet hours of the patient's present plan. While plans are still read
    /// nothing is held back.
    pub fn as_shown(&self, alert: &Alert) -> Arc<Alert> {
        let page_after = self.page_after(alert).map(Instant::utc);
        let care = self.care.of(&alert.id).map(|state| Care::of(&state, &self.registry));
        Arc::new(Alert { page_after, care, ..alert.clone() })
    }

    /// What people did about an alert, with whose it is; none where that is not known (yet).
    pub fn alert_care(&self, alert: &str) -> Option<AlertCare> {
        let patient = self.care.patient_of(alert)?.to_string();
        let care = Care::of(&self.care.of(alert)?, &self.registry);
        Some(AlertCare { alert: alert.to_owned(), patient, care })
    }

    fn page_after(&self, alert: &Alert) -> Option<Timestamp> {
        let held = self.plans.of(&alert.patient).filter(|_| alert.is_open())?;
        let hours = held.plan().quiet_hours?;
        let local = self.local_time(&alert.patient);
        if alert.was_urgent {
            // Somebody was called at once, and who was away is not to miss that it has eased.
            return None;
        }
        // What was due stays due when it becomes worse or otherwise.
        let first = hours.page_after(alert.severity, alert.raised_at.at(), &local)?;
        let newest = hours.page_after(alert.severity, alert.news_at.at(), &local)?;
        Some(first.min(newest))
    }

    /// A patient's care plan under the rule set in force, by the local time of the consortium.
    pub fn plan_of(&self, patient: &str) -> Plan {
        let plan = self.plans.plan_of(patient).under(self.rule_sets.in_force(now()));
        plan.with_consortium_time(self.registry.consortium_time(patient))
    }

    /// Records an access and waits until the record is safe.
    ///
    /// # Errors
    /// The problem to answer with instead of data.
    pub async fn record(&self, access: Access<'_>) -> Result<(), Problem> {
        let or = |text: &str, instead: &str| {
            if text.is_empty() { instead.to_owned() } else { text.to_owned() }
        };
        let event = AuditEvent {
            at: now().millis(),
            service: "dashboard".to_owned(),
            actor: or(access.user, "unknown"),
            role: or(access.role, "none"),
            action: access.action.to_owned(),
            patient: access.patient.map(str::to_owned),
            consortium: None,
            allowed: access.allowed,
            detail: access.detail,
            session: access.session.map(str::to_owned),
            patient_set: access.patient_set.map(str::to_owned),
        };
        self.audit.record(event).await.map_err(|error| self.unrecorded(&error))
    }

    /// Stores a set of patients, so that accesses may refer to it, and waits until it is safe.
    ///
    /// # Errors
    /// The problem to answer with instead of data.
    pub async fn keep_set(&self, id: &str, patients: &BTreeSet<String>) -> Result<(), Problem> {
        if self.recorded.is_stored(id) {
            return Ok(());
        }
        for part in parts_of(id, patients) {
            self.audit.keep(part).await.map_err(|error| self.unrecorded(&error))?;
        }
        self.recorded.stored(id);
        Ok(())
    }

    fn unrecorded(&self, error: &NotRecorded) -> Problem {
        self.metrics.unrecorded_accesses.inc();
        tracing::error!(%error, "an access was refused because it cannot be recorded");
        Problem::access_not_recorded()
    }
}
