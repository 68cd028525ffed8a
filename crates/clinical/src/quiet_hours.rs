//! Quiet hours: local times of day at which nobody is called for a review. For urgent alerts people are
//! always called.

use jiff::civil::Time;

use crate::alert::Severity;
use crate::local_time::LocalTime;
use crate::time::Timestamp;

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

    /// Before when nobody is to be called for what is news since an instant; none where somebody is to
    /// be called at once: outside of these hours, and for what is urgent always. Where the clocks go back
    /// over their end, they end when it is shown first.
    pub fn page_after(
        &self,
        severity: Severity,
        since: Timestamp,
        local: &LocalTime,
    ) -> Option<Timestamp> {
        let time = local.time_of_day(since);
        if !self.keep_quiet(severity, time) {
            return None;
        }
        let today = local.day_of(since);
        let day = if time < self.until { today } else { today.tomorrow().unwrap_or(today) };
        Some(local.instant(day, self.until)).filter(|end| *end > since)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

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
    fn a_review_in_the_night_is_for_the_morning_and_an_urgent_alert_for_now() {
        let night = QuietHours::new(21 * 60 + 30, 7 * 60).unwrap();
        let tokyo = LocalTime::of("Asia/Tokyo").unwrap();
        let at =
            |day: i8, hour, minute| tokyo.instant(date(2026, 11, day), time(hour, minute, 0, 0));
        let due = |severity, since| night.page_after(severity, since, &tokyo);
        for severity in [Severity::Review, Severity::Technical] {
            assert_eq!(due(severity, at(22, 21, 30)), Some(at(23, 7, 0)));
            assert_eq!(due(severity, at(23, 6, 59)), Some(at(23, 7, 0)));
            assert_eq!(due(severity, at(22, 21, 29)), None);
            assert_eq!(due(severity, at(23, 7, 0)), None);
        }
        assert_eq!(due(Severity::Urgent, at(22, 23, 0)), None);
        let noon = QuietHours::new(12 * 60, 13 * 60).unwrap();
        let due = noon.page_after(Severity::Review, at(22, 12, 30), &tokyo);
        assert_eq!(due, Some(at(22, 13, 0)));
    }

    #[test]
    fn quiet_hours_are_of_the_patients_time_and_their_end_is_once_a_night() {
        let night = QuietHours::new(22 * 60, 2 * 60 + 30).unwrap();
        let berlin = LocalTime::of("Europe/Berlin").unwrap();
        let utc = |text: &str| {
            Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
        };
        let due = |since: &str| night.page_after(Severity::Review, utc(since), &berlin);
        // 22:30 in Berlin, where it is 06:30 in Tokyo.
        assert_eq!(due("2026-11-22T21:30:00Z"), Some(utc("2026-11-23T01:30:00Z")));
        assert_eq!(due("2026-11-22T20:30:00Z"), None);
        // The clocks go back from 03:00 to 02:00: half past two is shown twice.
        assert_eq!(due("2026-10-25T00:10:00Z"), Some(utc("2026-10-25T00:30:00Z")));
        assert_eq!(due("2026-10-25T01:10:00Z"), None, "they have ended already");
        // They go forward from 02:00 to 03:00: half past two is never shown.
        let end = due("2026-03-29T00:30:00Z").unwrap();
        assert!(utc("2026-03-29T01:00:00Z") <= end && end <= utc("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn hours_that_are_none_are_refused() {
        for (from, until) in [(-1, 60), (0, 1440), (i32::MIN, 0), (0, i32::MAX)] {
            assert_eq!(QuietHours::new(from, until), Err(InvalidQuietHours::NoTimeOfDay));
        }
        assert_eq!(QuietHours::new(60, 60), Err(InvalidQuietHours::Empty));
    }
}
