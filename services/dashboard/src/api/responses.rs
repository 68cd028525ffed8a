//! Answers that many routes have, in the API's document once each.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::problem::ProblemDetails;

/// Declares answers that are problem details, each with its status and when it is given.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident: $($status:literal $when:literal),+;)+) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$(($status, $when)),+].map(|(status, when)| (status.to_owned(), problem(when))).into()
            }
        }
    )+};
}

fn problem(when: &str) -> RefOr<Response> {
    let schema = Ref::from_schema_name(ProblemDetails::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(when)
        .content("application/problem+json", content)
        .build()
        .into()
}

problems! {
    /// Of every route of somebody who is signed in.
    NotSignedIn: "401" "Nobody is signed in, or the session has ended";
    /// Of a route of one patient.
    NotAssigned: "403" "Not for this role, or not a patient of this physician";
    /// Of a route of one alert.
    NotAnOwnAlert: "403" "Not for this role, or not an alert of a patient of this physician";
    /// Of a route of physicians.
    NotAPhysician: "403" "Not a physician";
    /// Of a route that takes a body.
    UnreadBody:
        "408" "The body was not there in whole in time",
        "413" "The body is too large; the detail says how much is taken";
    /// Of a route that asks the store.
    StoreUnavailable: "503" "The store is unavailable, or the access cannot be recorded";
    /// Of a route that answers from what this instance has read of Kafka.
    NotReady: "503" "Just started, or the access cannot be recorded";
}
