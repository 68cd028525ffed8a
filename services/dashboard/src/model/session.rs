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

/// How people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignInWay {
    /// By what.
    pub by: SignInBy,
}

/// By what people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInBy {
    /// User and password of a local account.
    Password,
    /// OpenID Connect: `GET /api/v1/session/oidc/start`.
    OpenidConnect,
}

/// A session has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignedOut {
    /// Where the browser goes on, so that the person is signed out of the OpenID provider too.
    pub provider: String,
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
