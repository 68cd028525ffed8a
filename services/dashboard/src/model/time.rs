//! Times in and out of the API.

use clinical::Timestamp;
use serde::{Serialize, Serializer};

/// An instant with the offset that it is written in: RFC 3339, `2026-11-22T07:31:00+09:00`, or
/// `…Z` in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    at: Timestamp,
    offset_minutes: i16,
}

impl Instant {
    /// Written in UTC.
    pub const fn utc(at: Timestamp) -> Self {
        Self { at, offset_minutes: 0 }
    }

    /// Written as the civil time of an offset, minutes east of UTC.
    pub const fn with_offset(at: Timestamp, offset_minutes: i16) -> Self {
        Self { at, offset_minutes }
    }

    /// The same instant in the civil time of another one's place.
    pub const fn as_in(self, other: Self) -> Self {
        Self { offset_minutes: other.offset_minutes, ..self }
    }

    /// The instant itself.
    pub const fn at(self) -> Timestamp {
        self.at
    }
}

impl Instant {
    /// The civil day at its place; none far outside the calendar.
    pub fn day(self) -> Option<jiff::civil::Date> {
        let instant = jiff::Timestamp::from_millisecond(self.at.millis()).ok()?;
        Some(self.offset().ok()?.to_datetime(instant).date())
    }

    fn offset(self) -> Result<jiff::tz::Offset, jiff::Error> {
        jiff::tz::Offset::from_seconds(i32::from(self.offset_minutes) * 60)
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (jiff::Timestamp::from_millisecond(self.at.millis()), self.offset()) {
            (Ok(instant), Ok(offset)) if self.offset_minutes != 0 => {
                write!(f, "{}", instant.display_with_offset(offset))
            }
            _ => self.at.fmt(f),
        }
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a time of a query: RFC 3339 with an offset. A `+` that nobody encoded arrives as a space.
pub fn parse(text: &str) -> Option<Timestamp> {
    let instant: jiff::Timestamp = text.trim().replace(' ', "+").parse().ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_the_offset_it_was_observed_in() {
        let at = parse("2026-11-21T22:31:00Z").unwrap();
        assert_eq!(Instant::with_offset(at, 540).to_string(), "2026-11-22T07:31:00+09:00");
        assert_eq!(Instant::with_offset(at, -210).to_string(), "2026-11-21T19:01:00-03:30");
        assert_eq!(Instant::utc(at).to_string(), "2026-11-21T22:31:00Z");
    }

    #[test]
    fn the_day_is_that_of_the_place() {
        let at = parse("2026-11-21T22:31:00Z").unwrap();
        assert_eq!(Instant::utc(at).day(), Some(jiff::civil::date(2026, 11, 21)));
        assert_eq!(Instant::with_offset(at, 540).day(), Some(jiff::civil::date(2026, 11, 22)));
    }

    #[test]
    fn a_plus_that_was_not_encoded_is_understood() {
        assert_eq!(parse("2026-11-22T07:31:00 09:00"), parse("2026-11-21T22:31:00Z"));
        assert_eq!(parse("2026-11-22"), None);
        assert_eq!(parse("2026-11-22T07:31:00"), None);
    }
}
