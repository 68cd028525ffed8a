//! Who patients are to people, and looking for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use clinical::identity::Search;

use super::responses::{NotAssigned, NotSignedIn, UnreadBody};
use crate::access::{AssignedPatient, Physician, ReadIdentity, SearchPatients};
use crate::api::body::unreadable;
use crate::model::identity::{FoundPatients, PatientIdentity, SearchRequest};
use crate::problem::{Problem, ProblemDetails};
use crate::state::Dashboard;

/// Who a patient is: name, reading, birth date, chart number, telephone, emergency contact
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/identity",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
    ),
    responses(
        (status = 200, description = "What is known; name is null where no identity was imported, or it was erased", body = PatientIdentity),
        NotSignedIn,
        NotAssigned,
        (status = 503, description = "Just started, or the access cannot be recorded", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn read_identity(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadIdentity>,
) -> Result<Json<PatientIdentity>, Problem> {
    dashboard.directory_is_read()?;
    let patient = assigned.patient.to_string();
    let identity = dashboard.directory.identity(&patient);
    Ok(Json(PatientIdentity::of(patient, identity.as_deref())))
}

/// Which of the physician's patients are looked for
///
/// By reading, part of the name, chart number, end of a telephone number or part of the id. What is looked for
/// stands in the body, since addresses are written into logs; the record of the access does not hold it.
#[utoipa::path(
    post,
    path = "/api/v1/patients/search",
    request_body = SearchRequest,
    responses(
        (status = 200, description = "Who was found", body = FoundPatients),
        (status = 400, description = "The body is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        (status = 403, description = "Not for this role", body = ProblemDetails, content_type = "application/problem+json"),
        UnreadBody,
        (status = 422, description = "Blank, or longer than 100 characters", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Just started, or the access cannot be recorded", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn search_patients(
    State(dashboard): State<Arc<Dashboard>>,
    physician: Physician<SearchPatients>,
    body: Result<Json<SearchRequest>, JsonRejection>,
) -> Result<Json<FoundPatients>, Problem> {
    // What the parser says of a fault may quote what is looked for.
    let Json(SearchRequest { text }) = body.map_err(|rejection| {
        unreadable(&rejection, "The body is a JSON object with `text`, who is looked for.")
    })?;
    dashboard.directory_is_read()?;
    let search = Search::parse(&text).ok_or_else(Problem::invalid_search)?;
    let patients = dashboard.registry.patients_of(physician.user());
    let found = dashboard.directory.search(&patients, &search);
    let detail = format!("found {} of {}", found.len(), patients.len());
    physician.record_looked_through(&dashboard, &patients, detail).await?;
    Ok(Json(FoundPatients { patients: found }))
}

impl Dashboard {
    /// Whether names can be answered.
    fn directory_is_read(&self) -> Result<(), Problem> {
        match self.directory.is_caught_up() {
            true => Ok(()),
            false => Err(Problem::still_loading("names of patients")),
        }
    }
}
