//! Enums of other crates in the API's document, under the names that they have in JSON. For the
//! document only: the code uses the enums themselves.

use serde::Serialize;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! documented {
    ($($name:ident = $($of:ident)::+ [$($value:ident),+ $(,)?], $description:literal;)+) => {$(
        #[doc = $description]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                use $($of)::+ as Of;
                // Ends the build when a value is left out.
                const _: fn(Of) = |value| match value { $(Of::$value => ()),+ };
                named($description, [$(Of::$value),+])
            }
        }

        impl ToSchema for $name {}
    )+};
}

fn named<T: Serialize>(
    description: &'static str,
    values: impl IntoIterator<Item = T>,
) -> RefOr<Schema> {
    let names = values.into_iter().filter_map(|value| serde_json::to_value(value).ok());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(names.collect::<Vec<_>>()))
        .into()
}

documented! {
    Severity = clinical::alert::Severity [Technical, Review, Urgent],
        "How soon somebody should look; the most urgent is the greatest.";
    Stage = clinical::alert::Stage [Unconfirmed, Confirmed, Missing],
        "How far a rule has come.";
    AlertStatus = clinical::alert::Status [Open, Resolved, Retracted],
        "Whether an alert asks for attention.";
    Transition = clinical::alert::Transition
        [Raised, Escalated, Eased, Updated, Resolved, Retracted, CriteriaChanged],
        "What an alert's newest event changed.";
    CareOutcome = clinical::care::Outcome
        [Contacted, MedicationChanged, SeenInClinic, SentToHospital, FalseAlarm],
        "What became of an alert that somebody closed.";
    Outcome = schemas::records::StoredOutcome [New, Correction, Historical, Stale, Conflict],
        "What a version was when it arrived.";
    DataInput = schemas::reading::DataInput [Device, Manual, Modified],
        "How a reading was entered.";
    Side = clinical::limit::Side [AtOrAbove, Above, Below, AtOrBelow],
        "On which side of a limit a value is worth a look.";
    ValueOrigin = clinical::plan::Origin [Plan, Programme, RuleSet, Default],
        "Where a parameter's value comes from.";
    PauseReason = clinical::pause::PauseReason [Hospital, Travel, Other],
        "Why nothing is expected.";
    Trust = clinical::reliability::Trust [Low, Moderate, High],
        "How far the values of a product can be trusted.";
    Sex = schemas::registry::Sex [Female, Male, Other, Unknown],
        "Sex, as registered.";
    Role = schemas::registry::Role [Physician, Operator],
        "What a person may do. Physicians see the patients assigned to them; operators see no patient.";
}

/// The kinds of readings, in the order of lists.
pub struct Kind;

impl PartialSchema for Kind {
    fn schema() -> RefOr<Schema> {
        named("The kinds of readings.", clinical::Kind::LISTED)
    }
}

impl ToSchema for Kind {}
