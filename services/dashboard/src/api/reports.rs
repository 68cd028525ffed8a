//! Reports over many patients.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use tokio::task::spawn_blocking;

use super::responses::{NotSignedIn, StoreUnavailable, UnreadBody};
use crate::access::{Physician, ReportOutcome, SignedIn};
use crate::api::body::whole;
use crate::model::report::{DeviceReliabilities, TrialReport};
use crate::problem::{Problem, ProblemDetails, named};
use crate::reports::trial::Arms;
use crate::state::Dashboard;

/// No file of a trial is longer, bytes: some ten thousand people.
const LONGEST_FILE: usize = 1 << 20;

/// HbA1c before and after a programme, by arm
///
/// The body is a table of the physician's own patients, values with commas between them, the first line
/// `patient,arm,treated,start,end`: who took part, in which of two arms, whether under treatment (`yes`
/// or `no`), from which day to which (`2026-04-01`). Nothing of it is kept.
#[utoipa::path(
    post,
    path = "/api/v1/reports/hba1c",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "The outcome", body = TrialReport),
        (status = 400, description = "The file is not understood; the detail names the lines", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        (status = 403, description = "Not for this role, or the file names a patient who is not one of this physician", body = ProblemDetails, content_type = "application/problem+json"),
        UnreadBody,
        StoreUnavailable,
    )
)]
pub async fn report_trial(
    State(dashboard): State<Arc<Dashboard>>,
    physician: Physician<ReportOutcome>,
    body: Body,
) -> Result<Json<TrialReport>, Problem> {
    let text = whole(body, LONGEST_FILE).await?;
    // A mebibyte of lines is not read where others wait.
    let read = spawn_blocking(move || read(&text));
    let arms = read.await.map_err(|_| Problem::internal())??;
    let own = dashboard.registry.patients_of(physician.user());
    let others = arms.lines_without(|patient| own.contains(patient));
    if !others.is_empty() {
        physician.record_refused(&dashboard, &arms.patients(), "patients of others").await?;
        return Err(Problem::not_your_patients(&others));
    }
    physician.record_granted(&dashboard, &arms.patients()).await?;
    let report = arms.report(&dashboard.store).await;
    Ok(Json(report.map_err(|_| Problem::store_unavailable())?.into()))
}

/// The registered device products: how far they can be trusted, and their errors against reference
/// values
///
/// Nothing in it is of a patient: everybody who is signed in sees it.
#[utoipa::path(
    get,
    path = "/api/v1/devices/reliability",
    responses(
        (status = 200, description = "The products, by manufacturer and model", body = DeviceReliabilities),
        NotSignedIn,
        (status = 503, description = "Just started", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn list_device_reliability(
    State(dashboard): State<Arc<Dashboard>>,
    _: SignedIn,
) -> Json<DeviceReliabilities> {
    let products = dashboard.registry.devices().into_iter().map(Into::into).collect();
    Json(DeviceReliabilities { products })
}

fn read(text: &[u8]) -> Result<Arms, Problem> {
    let text = std::str::from_utf8(text)
        .map_err(|_| Problem::bad_request("Send the file in UTF-8, as text/csv."))?;
    Arms::parse(text).map_err(|faults| Problem::bad_request(format!("{}.", named(&faults, "; "))))
}
