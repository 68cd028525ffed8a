//! Who is signed in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// User and password of an account.
#[derive(Deserialize, ToSchema)]
pub struct Credentials {
    /// User name: the practitioner's id.
    pub user: String,
    /// Password.
    #[schema(format = Password)]
    pub password: String,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Session {
    /// User name.
    pub user: String,
    /// Display name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
}

/// What a person may do. Physicians see the patients assigned to them; operators see no patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees the patients assigned.
    Physician,
    /// Sees the pipeline and no patient.
    Operator,
}

impl Role {
    /// The role's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Physician => "physician",
            Self::Operator => "operator",
        }
    }
}

impl From<schemas::registry::Role> for Role {
    fn from(role: schemas::registry::Role) -> Self {
        match role {
            schemas::registry::Role::Physician => Self::Physician,
            schemas::registry::Role::Operator => Self::Operator,
        }
    }
}
