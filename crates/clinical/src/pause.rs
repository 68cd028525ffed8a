//! Pauses: days on which nothing is expected of a patient, in hospital or on a journey.

use jiff::civil::Date;

/// A pause has at most so many days. Ours: a pause that nobody ends would hide a patient who has
/// stopped measuring.
pub const LONGEST_PAUSE: i32 = 90;

/// A plan has at most so many pauses. Ours: days are compared with all of them.
pub const MOST_PAUSES: usize = 50;

/// Local days, the last one included, on which no readings are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    from: Date,
    until: Date,
    reason: PauseReason,
}

/// Why nothing is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// Others measure.
    Hospital,
    /// The devices are elsewhere.
    Travel,
    /// Something else.
    Other,
}

/// A pause that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPause {
    /// A day is none that a reading could be observed on.
    #[error("a pause's days must be from 2000 to 2099")]
    DayOutOfRange,
    /// The last day comes before the first.
    #[error("a pause must not end before it begins")]
    EndsBeforeItBegins,
    /// It has too many days.
    #[error("a pause has at most {LONGEST_PAUSE} days; set the plan again when it goes on")]
    TooLong,
    /// It has another reason.
    #[error("a pause's reason must be hospital, travel or other")]
    UnknownReason,
    /// There are too many.
    #[error("a plan has at most {MOST_PAUSES} pauses; leave out those that are over")]
    TooMany,
}

impl PauseReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Hospital, Self::Travel, Self::Other];

    /// Its name in plans.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hospital => "hospital",
            Self::Travel => "travel",
            Self::Other => "other",
        }
    }

    /// The reason of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

impl Pause {
    /// A pause from a local day to another, both included.
    ///
    /// # Errors
    /// When a day is out of range, or the days are none or more than [`LONGEST_PAUSE`].
    pub fn new(from: Date, until: Date, reason: PauseReason) -> Result<Self, InvalidPause> {
        if [from, until].iter().any(|day| !(2000..2100).contains(&day.year())) {
            return Err(InvalidPause::DayOutOfRange);
        }
        let days = (until - from).get_days();
        if days < 0 {
            return Err(InvalidPause::EndsBeforeItBegins);
        }
        if days >= LONGEST_PAUSE {
            return Err(InvalidPause::TooLong);
        }
        Ok(Self { from, until, reason })
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day.
    pub fn until(&self) -> Date {
        self.until
    }

    /// Why.
    pub fn reason(&self) -> PauseReason {
        self.reason
    }

    /// Whether a local day is one of the pause.
    pub fn covers(&self, day: Date) -> bool {
        (self.from..=self.until).contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_pause_has_one_to_ninety_days() {
        let first = date(2026, 6, 1);
        let until = |day| Pause::new(first, day, PauseReason::Hospital);
        let one = until(first).unwrap();
        assert!(one.covers(first) && !one.covers(date(2026, 6, 2)));
        assert!(until(date(2026, 8, 29)).is_ok());
        assert_eq!(until(date(2026, 8, 30)), Err(InvalidPause::TooLong));
        assert_eq!(until(date(2026, 5, 31)), Err(InvalidPause::EndsBeforeItBegins));
        assert_eq!(until(date(2100, 1, 1)), Err(InvalidPause::DayOutOfRange));
    }

    #[test]
    fn a_reason_is_read_by_its_name() {
        for reason in PauseReason::ALL {
            assert_eq!(PauseReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(PauseReason::parse("holiday"), None);
    }
}
