//! The HTTP API, `/api/v1/…`: routes, their document, and what all of its answers share.

mod acts;
mod aggregates;
mod alerts;
mod body;
mod directory;
pub mod metrics;
mod openid;
pub mod patients;
mod plan;
mod preview;
mod reports;
mod responses;
mod session;
mod silent_groups;
mod site;
mod stream;
#[cfg(test)]
mod tests;
mod trends;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state, map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::changed_readings::ChangedPatient;
use crate::model::alert::Alert;
use crate::model::care::AlertCare;
use crate::model::documented::Kind;
use crate::problem::{Problem, ProblemDetails};
use crate::state::Dashboard;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Mimamori dashboard",
        description = "What physicians see: their patients, their current readings, and alerts as \
            they are raised. Sign in for a session cookie, or send HTTP Basic credentials with each \
            request. Every access to patients' data is recorded before it is answered.",
    ),
    components(schemas(Alert, AlertCare, ChangedPatient, Kind, ProblemDetails))
)]
struct Document;

/// The routes of the API and their document.
fn routes() -> OpenApiRouter<Arc<Dashboard>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::sign_in, session::current_session, session::sign_out))
        .routes(routes!(openid::sign_in_way))
        .routes(routes!(openid::start_at_provider))
        .routes(routes!(openid::return_from_provider))
        .routes(routes!(openid::end_from_provider))
        .routes(routes!(patients::list_patients))
        .routes(routes!(directory::search_patients))
        .routes(routes!(directory::read_identity))
        .routes(routes!(patients::list_readings))
        .routes(routes!(patients::list_backdated_readings))
        .routes(routes!(patients::list_reading_versions))
        .routes(routes!(patients::list_patient_alerts))
        .merge(metrics::routes())
        .routes(routes!(aggregates::list_aggregates))
        .routes(routes!(aggregates::list_aggregates_of_patients))
        .routes(routes!(trends::list_trends))
        .routes(routes!(plan::read_plan, plan::set_plan))
        .routes(routes!(plan::list_plan_versions))
        .routes(routes!(preview::preview_plan))
        .routes(routes!(alerts::list_open_alerts))
        .routes(routes!(stream::stream_alerts))
        .routes(routes!(acts::act_on_alert, acts::list_acts))
        .routes(routes!(acts::act_on_alerts).layer(DefaultBodyLimit::max(acts::LONGEST_LIST)))
        .routes(routes!(acts::list_notifications))
        .routes(routes!(acts::list_colleagues))
        .routes(routes!(reports::report_trial))
        .routes(routes!(reports::list_device_reliability))
        .routes(routes!(silent_groups::list_silent_groups))
}

/// The document of the API: OpenAPI 3.1 as JSON.
pub fn openapi_json() -> String {
    let mut text = routes().into_openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The API, ready to serve.
pub fn router(dashboard: Arc<Dashboard>) -> Router {
    let (router, _) = routes().split_for_parts();
    let document: Arc<str> = openapi_json().into();
    router
        // The same with the patient in one segment, its slash encoded.
        .route("/api/v1/patients/{patient}/readings", get(patients::list_readings))
        .route(
            "/api/v1/patients/{patient}/readings/backdated",
            get(patients::list_backdated_readings),
        )
        .route("/api/v1/patients/{patient}/readings/versions", get(patients::list_reading_versions))
        .route("/api/v1/patients/{patient}/alerts", get(patients::list_patient_alerts))
        .route("/api/v1/patients/{patient}/identity", get(directory::read_identity))
        .merge(metrics::of_one_segment())
        .merge(aggregates::of_one_segment())
        .route("/api/v1/patients/{patient}/colleagues", get(acts::list_colleagues))
        .route("/api/v1/patients/{patient}/plan", get(plan::read_plan).put(plan::set_plan))
        .route("/api/v1/patients/{patient}/plan/versions", get(plan::list_plan_versions))
        .route("/api/v1/patients/{patient}/plan/preview", post(preview::preview_plan))
        .route("/api/v1/openapi.json", get(move || async move { openapi(&document) }))
        .route("/api/{*rest}", axum::routing::any(|| async { Problem::not_found() }))
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(DefaultBodyLimit::max(body::LONGEST_JSON))
        .layer(map_request(body::in_time))
        .layer(from_fn_with_state(Arc::clone(&dashboard), session::of_one_session))
        .layer(from_fn(site::of_this_site))
        .layer(map_response(private))
        .with_state(dashboard)
}

fn openapi(document: &str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.to_owned()).into_response()
}

/// Nothing that the API says is kept by anybody on the way.
async fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
