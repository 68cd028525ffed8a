//! Who is signed in.

use chassis::Secret;
use schemas::registry::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documented;

/// User and password of an account.
#[derive(Deserialize, ToSchema)]
pub struct Credentials {
    /// User name: the practitioner's id.
    pub user: String,
    /// Password.
    #[schema(value_type = String, format = Password)]
    pub password: Secret,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Session {
    /// The session's number, which every answer of the session names in the header
    /// `mimamori-session`; it is no key to the session. None with HTTP Basic.
    pub id: Option<String>,
    /// User name.
    pub user: String,
    /// Display name.
    pub name: String,
    /// What the person may do.
    #[schema(value_type = documented::Role)]
    pub role: Role,
}
