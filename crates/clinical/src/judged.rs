//! Of which alerts a computation says what it finds. What is open is always judged by the numbers that
//! count now, and so is what was over since they count. What was over before stays as it was said, by
//! whichever numbers, unless a reading is the reason.

use crate::alert::{Alert, Stage};
use crate::found::Found;
use crate::plan::Plan;
use crate::time::{Span, Timestamp};

/// A reading concerns what was over so long before its observation or began so long after it: the
/// occasion that it belongs to. Ours, with what a copy may be ahead.
const SAME_OCCASION: Span = Span::from_minutes(20);

/// The same of what was found of days: an episode is over with the beginning of a day, which the clocks
/// may make an hour longer.
const SAME_DAY: Span = Span::from_hours(26);

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// All: whoever knows nothing yet says everything.
    All,
    /// Of what was over before the numbers counted that which readings concern that have come or were
    /// changed: they were observed from the one time until the other.
    OfReadings(Timestamp, Timestamp),
    /// Of what was over before the numbers counted nothing: time has passed.
    OfTheseNumbers,
    /// Those that are open, by numbers that may be others than those that they were judged by last. What
    /// would be over by these is closed, and no reading says so.
    OpenByOtherNumbers,
}

impl Judged {
    /// The same where readings have been waited for of which the first was observed at a time.
    #[must_use]
    pub(crate) fn with_readings_from(self, first: Timestamp) -> Self {
        match self {
            Self::All | Self::OpenByOtherNumbers => self,
            Self::OfReadings(from, _) => Self::OfReadings(from.min(first), Timestamp::LATEST),
            Self::OfTheseNumbers => Self::OfReadings(first, Timestamp::LATEST),
        }
    }

    /// Whether an alert is among them, under a plan.
    pub(crate) fn has_alert(self, alert: &Alert, plan: &Plan) -> bool {
        let over = || {
            let evidence = alert.evidence.iter().map(|one| one.reading.observation_time());
            Over {
                first: evidence.min().unwrap_or(alert.first_observed_at),
                last: alert.last_observed_at,
                is_of_days: alert.evidence.is_empty() && alert.stage == Stage::Confirmed,
                by_other_numbers: alert.changed_at <= plan.counts_from(),
            }
        };
        alert.is_open() || self.has(over)
    }

    /// Whether an episode is, under a plan.
    pub(crate) fn has_episode(self, found: &Found, plan: &Plan) -> bool {
        let Some(last) = found.episode.ended else { return true };
        self.has(|| Over {
            first: found.first(),
            last,
            is_of_days: found.episode.rests_on_findings,
            by_other_numbers: last <= plan.counts_from(),
        })
    }

    fn has(self, over: impl FnOnce() -> Over) -> bool {
        match self {
            Self::All => true,
            Self::OfReadings(from, to) => {
                let over = over();
                !over.by_other_numbers || over.is_concerned(from, to)
            }
            Self::OfTheseNumbers => !over().by_other_numbers,
            Self::OpenByOtherNumbers => false,
        }
    }
}

/// What is over.
struct Over {
    first: Timestamp,
    last: Timestamp,
    /// Whether days were judged, and not readings.
    is_of_days: bool,
    /// Whether it was over before the numbers counted that count now.
    by_other_numbers: bool,
}

impl Over {
    /// Whether readings lie in it that were observed from one time until another. A rule of days looks far
    /// back: any reading from before its end does.
    fn is_concerned(&self, from: Timestamp, to: Timestamp) -> bool {
        let reach = if self.is_of_days { SAME_DAY } else { SAME_OCCASION };
        self.last >= from - reach && (self.is_of_days || self.first <= to + reach)
    }
}
