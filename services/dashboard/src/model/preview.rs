//! What a plan would have raised, as the API says it.

use clinical::alert::Severity;
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
    /// As it would be at the end.
    pub alert: Alert,
}

impl TryFrom<&preview::PreviewedAlert> for PreviewedAlert {
    type Error = NotAnAlert;

    fn try_from(previewed: &preview::PreviewedAlert) -> Result<Self, NotAnAlert> {
        let alert = Alert::try_from(AlertEvent::from(&previewed.alert))?;
        Ok(Self { highest: previewed.highest, alert })
    }
}
