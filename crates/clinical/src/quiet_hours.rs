//! Quiet hours: local times of day at which nobody is called for a review. For urgent alerts people are
//! always called.

use jiff::civil::Time;

use crate::alert::Severity;

/// From one time of day to another, on the next day where that comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    until: Time,
}

/// Hours that are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuietHours {
    /// A time is no time of day.
    #[error("quiet hours begin and end at a minute of the day, from 00:00 to 23:59")]
    NoTimeOfDay,
    /// They would be no time, or all day.
    #[error("quiet hours must not end at the time at which they begin")]
    Empty,
}

impl QuietHours {
    /// Quiet from a minute of the local day on, until another one; each from 0 to 1439.
    ///
    /// # Errors
    /// When a minute is none of a day, or both are the same.
    pub fn new(from: i32, until: i32) -> Result<Self, InvalidQuietHours> {
        let time = |minute: i32| {
            let (hour, minute) = (minute.div_euclid(60), minute.rem_euclid(60));
            let hour = i8::try_from(hour).map_err(|_| InvalidQuietHours::NoTimeOfDay)?;
            Time::new(hour, minute as i8, 0, 0).map_err(|_| InvalidQuietHours::NoTimeOfDay)
        };
        let (from, until) = (time(from)?, time(until)?);
        if from == until {
            return Err(InvalidQuietHours::Empty);
        }
        Ok(Self { from, until })
    }

    /// When they begin.
    pub fn from(&self) -> Time {
        self.from
    }

    /// When they end.
    pub fn until(&self) -> Time {
        self.until
    }

    /// Whether nobody is called for an alert of a severity at a local time of day.
    pub fn keep_quiet(&self, severity: Severity, time: Time) -> bool {
        let is_within = match self.from < self.until {
            true => (self.from..self.until).contains(&time),
            false => time >= self.from || time < self.until,
        };
        is_within && severity < Severity::Urgent
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    #[test]
    fn a_night_is_quiet_over_midnight_but_never_for_what_is_urgent() {
        let night = QuietHours::new(21 * 60 + 30, 7 * 60).unwrap();
        let of = |hour, minute| night.keep_quiet(Severity::Review, time(hour, minute, 0, 0));
        assert!(of(21, 30) && of(23, 59) && of(0, 0) && of(6, 59));
        assert!(!of(21, 29) && !of(7, 0) && !of(12, 0));
        assert!(!night.keep_quiet(Severity::Urgent, time(3, 0, 0, 0)));
        let noon = QuietHours::new(12 * 60, 13 * 60).unwrap();
        assert!(noon.keep_quiet(Severity::Technical, time(12, 30, 0, 0)));
        assert!(!noon.keep_quiet(Severity::Review, time(13, 0, 0, 0)));
    }

    #[test]
    fn hours_that_are_none_are_refused() {
        for (from, until) in [(-1, 60), (0, 1440), (i32::MIN, 0), (0, i32::MAX)] {
            assert_eq!(QuietHours::new(from, until), Err(InvalidQuietHours::NoTimeOfDay));
        }
        assert_eq!(QuietHours::new(60, 60), Err(InvalidQuietHours::Empty));
    }
}
