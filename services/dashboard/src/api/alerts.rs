//! The open alerts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::responses::{NotAPhysician, NotReady, NotSignedIn};
use crate::access::{ListAlerts, Physician};
use crate::model::alert::Alerts;
use crate::problem::Problem;
use crate::state::Dashboard;

/// The open alerts of the physician's patients, worst first
#[utoipa::path(
    get,
    path = "/api/v1/alerts",
    responses(
        (status = 200, description = "Open alerts, worst first", body = Alerts),
        NotSignedIn,
        NotAPhysician,
        NotReady,
    )
)]
pub async fn list_open_alerts(
    State(dashboard): State<Arc<Dashboard>>,
    physician: Physician<ListAlerts>,
) -> Result<Json<Alerts>, Problem> {
    if !dashboard.alerts.is_caught_up() {
        return Err(Problem::still_loading("alerts"));
    }
    let patients = dashboard.registry.patients_of(&physician.signed_in.session.user);
    let alerts = dashboard.alerts.of_patients(&patients);
    let alerts = alerts.into_iter().map(|alert| dashboard.as_shown(&alert)).collect();
    physician.record_granted(&dashboard, &patients).await?;
    Ok(Json(Alerts { alerts }))
}
