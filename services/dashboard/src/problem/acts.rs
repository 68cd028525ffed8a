//! Why an act on an alert is not taken.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;
use clinical::care::ActError;

use super::Problem;

impl Problem {
    /// No alert of a patient of this physician, whether or not there is such an alert.
    pub const fn not_your_alert() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not-your-alert",
            "Not an alert of a patient of yours",
            "No alert of this id is of a patient who is assigned to you; the care team decides who is.",
        )
    }

    /// An act that says what no act can say.
    pub fn invalid_act(detail: impl Into<Cow<'static, str>>) -> Self {
        let problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-act", "The act is not valid", "");
        Self { detail: detail.into(), ..problem }
    }

    /// An alert is given to somebody who does not follow the patient.
    pub const fn not_a_colleague() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-a-colleague",
            "The colleague does not follow the patient",
            "An alert is assigned to a physician of the patient's care team; ask for the colleagues anew.",
        )
    }

    /// It is not known whether an act was recorded.
    pub fn act_not_known_to_be_done() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "act-not-known-to-be-done",
            "The act is not known to be done",
            "The act could not be recorded in time; it may be done all the same. Send it again under the same id, which is the same act.",
        )
        .retry_after(Duration::from_secs(2))
    }

    /// Words cannot be sealed now.
    pub fn words_not_sealed() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "words-not-sealed",
            "The words cannot be sealed",
            "Nothing was done: words about a patient are written down sealed only, and the patient's key cannot be had now. Send the act again under the same id; if it stays so, tell the operators.",
        )
        .retry_after(Duration::from_secs(2))
    }

    /// The patient's data was deleted.
    pub const fn data_erased() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "data-erased",
            "The patient's data was deleted",
            "Nothing was done: words about this patient are not kept any more, because the patient's key was erased.",
        )
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        let conflict =
            |title, detail| Self::new(StatusCode::CONFLICT, error.as_str(), title, detail);
        match error {
            ActError::UnknownAlert | ActError::OtherPatient => Self::not_your_alert(),
            ActError::OtherContent => conflict(
                "The id belongs to another act",
                "The alert has an act of this id that says something else, or is another person's; make a new id for each act.",
            ),
            ActError::UnknownAct => conflict(
                "No such act",
                "The alert has no act of the id that is to be taken back; read its acts again.",
            ),
            ActError::AlreadyUndone => conflict(
                "The act was taken back already",
                "Somebody has taken the act back before; read the acts again.",
            ),
            ActError::HasBecomeWorse => conflict(
                "The alert has become worse",
                "The alert was raised again or has become worse since the page showed it; look at it again, and act on what it is now under a new id.",
            ),
            ActError::NotOpen => conflict(
                "The alert is not open",
                "The alert is over by itself and need not be put off; look at it again.",
            ),
            ActError::TooMany => conflict(
                "The alert has too many acts",
                "The alert has 500 acts, and no more are taken.",
            ),
            ActError::NotSeenYet => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                error.as_str(),
                "The alert is not read yet",
                "This instance has not read the alert as the page showed it; send the act again under the same id.",
            )
            .retry_after(Duration::from_secs(1)),
            ActError::UntilWhen => Self::invalid_act(
                "An urgent alert is put off for 4 hours at most, any other one for 14 days, and until a time that is still to come.",
            ),
            ActError::TextMissing => Self::invalid_act("Say why, or what: the words are missing."),
        }
    }
}
