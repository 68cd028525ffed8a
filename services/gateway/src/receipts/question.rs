//! Which deliveries a vendor asks for.

use clinical::{Span, Timestamp};
use schemas::records::StoredOutcome;
use serde::Deserialize;

use super::DAYS;
use super::cursor::Cursor;
use crate::error_response::ErrorResponse;

/// Deliveries of a page, at most, and where nothing is said.
pub(super) const MOST: u32 = 1_000;

/// The outcome of a record that is not accepted.
pub(super) const REJECTED: &str = "rejected";

/// The parameters of `GET /v1/deliveries`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    since: Option<String>,
    outcome: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// What a vendor asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// Received at this time or later.
    pub(crate) since: Timestamp,
    /// One outcome; none for all.
    pub(crate) outcome: Option<&'static str>,
    /// Behind this place.
    pub(crate) after: Cursor,
    /// How many at most.
    pub(crate) limit: u32,
}

fn outcomes() -> impl Iterator<Item = &'static str> {
    StoredOutcome::ALL.into_iter().map(StoredOutcome::as_str).chain([REJECTED])
}

impl Parameters {
    /// The question that they ask.
    ///
    /// # Errors
    /// The answer that names the parameter that is not understood.
    pub(super) fn question(self, now: Timestamp) -> Result<Question, ErrorResponse> {
        let earliest = now - Span::from_days(DAYS);
        let since = match self.since {
            None => earliest,
            Some(text) => match text.parse::<jiff::Timestamp>() {
                Ok(time) => Timestamp::from_millis(time.as_millisecond()),
                Err(_) => {
                    let detail = "since is a time with an offset, such as \
                                  2026-11-22T07:31:00+09:00, in a URL 2026-11-22T07:31:00%2B09:00.";
                    return Err(ErrorResponse::parameter("since", detail));
                }
            },
        };
        if since < earliest {
            let detail = format!("Deliveries are kept for {DAYS} days. Ask for later ones.");
            return Err(
                ErrorResponse::parameter("since", detail).with("earliest", earliest.to_string())
            );
        }
        let outcome = self.outcome.map(|text| outcomes().find(|known| *known == text).ok_or(()));
        let outcome = outcome.transpose().map_err(|()| {
            let all = Vec::from_iter(outcomes()).join(", ");
            let detail = format!(
                "outcome is one of {all}. Duplicates are dropped: what was there already has a \
                 receipt."
            );
            ErrorResponse::parameter("outcome", detail)
        })?;
        // Nothing is stored before it is received, as far as the two clocks agree.
        // A time ahead asks for nothing, and its cursor leaves out nothing that comes until then.
        let start = Cursor::before((since.min(now) - Span::from_hours(1)).millis());
        let after = self.cursor.map(|text| text.parse()).transpose().map_err(|_| {
            ErrorResponse::parameter("cursor", "cursor is what a page before has given, as it is.")
        })?;
        let limit = self.limit.unwrap_or(MOST);
        if !(1..=MOST).contains(&limit) {
            let detail = format!("limit is a number from 1 to {MOST}.");
            return Err(ErrorResponse::parameter("limit", detail));
        }
        Ok(Question { since, outcome, after: after.unwrap_or(start).max(start), limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_305_600);

    #[test]
    fn thirty_days_are_asked_for_where_nothing_is_said() {
        let question = Parameters::default().question(NOW).unwrap();
        assert_eq!(question.since, NOW - Span::from_days(30));
        assert_eq!((question.outcome, question.limit), (None, MOST));
    }

    #[test]
    fn a_vendor_whose_clock_is_ahead_loses_nothing_by_the_cursor() {
        let asked = |since: Timestamp| {
            let since = Some(since.to_string());
            Parameters { since, ..Parameters::default() }.question(NOW).unwrap()
        };
        let ahead = NOW + Span::from_days(2);
        assert_eq!(asked(ahead).since, ahead);
        assert_eq!(asked(ahead).after, asked(NOW).after);
    }

    #[test]
    fn an_outcome_is_one_that_a_record_can_have() {
        let asked = |outcome: &str| {
            let outcome = Some(outcome.to_owned());
            Parameters { outcome, ..Parameters::default() }.question(NOW).map(|it| it.outcome)
        };
        for name in ["new", "correction", "historical", "stale", "conflict", "rejected"] {
            assert_eq!(asked(name).unwrap(), Some(name));
        }
        assert!(asked("duplicate").is_err() && asked("New").is_err() && asked("").is_err());
    }
}
