//! Which groups of patients are silent.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::responses::NotSignedIn;
use crate::access::SignedIn;
use crate::model::silent_group::{SilentGroup, SilentGroups};
use crate::problem::{Problem, ProblemDetails};
use crate::state::Dashboard;

/// The vendors, models and consortia that have fallen silent, with the number of their patients
///
/// Alerts that readings of these patients are missing are held back meanwhile. Nothing in it is of a
/// patient: everybody who is signed in sees it.
#[utoipa::path(
    get,
    path = "/api/v1/silent-groups",
    responses(
        (status = 200, description = "The groups, those with the most silent patients first", body = SilentGroups),
        NotSignedIn,
        (status = 503, description = "Just started", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn list_silent_groups(
    State(dashboard): State<Arc<Dashboard>>,
    _: SignedIn,
) -> Result<Json<SilentGroups>, Problem> {
    if !dashboard.silences.is_caught_up() {
        return Err(Problem::still_loading("list of silent groups"));
    }
    let mut groups: Vec<SilentGroup> =
        dashboard.silences.groups().into_iter().map(Into::into).collect();
    groups.sort_by_key(|group| Reverse(group.patients));
    Ok(Json(SilentGroups { groups }))
}
