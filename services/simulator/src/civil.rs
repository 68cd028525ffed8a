//! Days and hours as the patients live them: Japan's civil time, nine hours before UTC and without
//! summer time.

use clinical::{Span, Timestamp};

const OFFSET: Span = Span::from_minutes(schemas::reading::japan() as i64);
const DAY_MS: i64 = Span::from_days(1).millis();

/// A civil day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The day that an instant falls on.
    pub fn of(time: Timestamp) -> Self {
        Self((time + OFFSET).millis().div_euclid(DAY_MS))
    }

    /// Its midnight.
    pub fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0 * DAY_MS) - OFFSET
    }

    /// The whole second nearest to so many minutes after its midnight.
    pub fn at_minute(self, minute: f64) -> Timestamp {
        self.start() + Span::from_seconds((minute * 60.0).round() as i64)
    }

    /// The next day.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Sunday.
    pub fn is_sunday(self) -> bool {
        (self.0 + 4).rem_euclid(7) == 0
    }

    /// Saturday.
    pub fn is_saturday(self) -> bool {
        (self.0 + 4).rem_euclid(7) == 6
    }
}

/// Minutes since the civil midnight before an instant.
pub fn minute_of_day(time: Timestamp) -> f64 {
    (time + OFFSET).millis().rem_euclid(DAY_MS) as f64 / 60_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_japan() {
        let monday = Day::of(Timestamp::from_seconds(1_767_538_800)); // 2026-01-05T00:00+09:00
        assert_eq!(monday.start().to_string(), "2026-01-04T15:00:00Z");
        assert!(Day(monday.0 - 1).is_sunday() && Day(monday.0 - 2).is_saturday());
        assert_eq!(minute_of_day(monday.at_minute(90.5)), 90.5);
        assert_eq!(Day::of(monday.at_minute(1439.9)), monday);
    }
}
