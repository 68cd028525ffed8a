//! What a plan would have raised, as the API says it.

use clinical::alert::Severity;
use clinical::plan::Plan;
use clinical::preview;
use schemas::AlertEvent;
use schemas::clinical_alert::NotAnAlert;
use serde::Serialize;
use utoipa::ToSchema;

use super::documented;
use super::{Alert, Instant};

/// Which alerts there would have been under two plans.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanPreview {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// From when on alerts are listed.
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub to: Instant,
    /// Name of the rule set in force, by which all of them are judged.
    pub rule_set: String,
    /// Under the patient's present plan, in the order in which they would have been raised.
    pub present: Vec<PreviewedAlert>,
    /// Under the proposed plan.
    pub proposed: Vec<PreviewedAlert>,
}

/// An alert that there would have been.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewedAlert {
    /// The most urgent that it would have been.
    #[schema(value_type = documented::Severity)]
    pub highest: Severity,
    /// Before when nobody would have been called for it, by the quiet hours of its plan; null where
    /// somebody would have been called at once.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub page_after: Option<Instant>,
    /// As it would be at the end.
    pub alert: Alert,
}

impl PreviewedAlert {
    /// An alert that there would have been under a plan.
    ///
    /// # Errors
    /// When it has no form as an alert of the API.
    pub fn new(previewed: &preview::PreviewedAlert, plan: &Plan) -> Result<Self, NotAnAlert> {
        let preview::PreviewedAlert { alert, highest } = previewed;
        let (quiet, local) = (plan.quiet_hours, plan.local_time());
        let page_after = quiet.and_then(|hours| hours.page_after(*highest, alert.raised_at, local));
        Ok(Self {
            highest: *highest,
            page_after: page_after.map(Instant::utc),
            alert: Alert::try_from(AlertEvent::from(alert))?,
        })
    }
}
