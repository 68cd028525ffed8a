//! What the handlers share.

use std::sync::Arc;

use chassis::Shutdown;
use clinical::Timestamp;
use schemas::AuditEvent;

use crate::audit::AuditLog;
use crate::care_plans::CarePlans;
use crate::changed_readings::ChangedReadings;
use crate::metrics::DashboardMetrics;
use crate::open_alerts::OpenAlerts;
use crate::problem::Problem;
use crate::queries::Store;
use crate::registry::Registry;
use crate::session::SessionKey;
use crate::sign_in::SignIn;

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
    /// The store of readings.
    pub store: Store,
    /// The record of accesses.
    pub audit: Arc<dyn AuditLog>,
    /// Users and passwords.
    pub sign_in: SignIn,
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
}

impl Dashboard {
    /// A patient's time zone, by its name in the tz database: by which the care plan counts days,
    /// where it does; that of the consortium otherwise.
    pub fn time_zone(&self, patient: &str) -> String {
        self.plans.time_zone(patient).unwrap_or_else(|| self.registry.time_zone(patient))
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
        };
        self.audit.record(event).await.map_err(|error| {
            self.metrics.unrecorded_accesses.inc();
            tracing::error!(%error, "an access was refused because it cannot be recorded");
            Problem::access_not_recorded()
        })
    }
}

/// The present.
pub fn now() -> Timestamp {
    Timestamp::from_millis(chassis::now_ms())
}
