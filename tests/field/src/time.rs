//! Times of a case: relative to the present, so that a case never ages, or a clock's fixed date.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A time: `now`, `-3m`, `-1d +61s` (days of 24 hours, hours, minutes, seconds), or the civil time
/// `2021-01-01T00:00:00`. With ` at :00` behind it its seconds are 00, as devices without seconds
/// have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So many seconds from the present, and whether on the whole minute before that.
    FromNow(i64, bool),
    /// What a clock in the sender's zone shows.
    Civil(DateTime),
}

const ON_THE_MINUTE: &str = " at :00";

impl When {
    /// Reads a time.
    ///
    /// # Errors
    /// What is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(civil) = text.parse() {
            return Ok(Self::Civil(civil));
        }
        let (terms, on_the_minute) = match text.strip_suffix(ON_THE_MINUTE) {
            Some(terms) => (terms, true),
            None => (text, false),
        };
        let term = |term: &str| {
            if term == "now" {
                return Some(0);
            }
            let (number, unit) = term.split_at_checked(term.len().checked_sub(1)?)?;
            let seconds = match unit {
                "d" => 86_400,
                "h" => 3_600,
                "m" => 60,
                "s" => 1,
                _ => return None,
            };
            let is_signed = number.starts_with(['+', '-']);
            is_signed.then(|| number.parse::<i64>().ok()?.checked_mul(seconds)).flatten()
        };
        let seconds = terms.split_whitespace().map(term).sum::<Option<i64>>();
        match seconds {
            Some(seconds) if !terms.trim().is_empty() => Ok(Self::FromNow(seconds, on_the_minute)),
            _ => Err(format!(
                "{text:?} is no time: write now, -3m, -1d +61s, -5m at :00 or 2021-01-01T00:00:00"
            )),
        }
    }

    /// The instant, for a sender in a zone.
    pub fn at(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::FromNow(seconds, on_the_minute) => {
                let whole = now.as_second() + seconds;
                let whole = if on_the_minute { whole - whole.rem_euclid(60) } else { whole };
                Timestamp::from_second(whole).unwrap_or(now)
            }
            Self::Civil(civil) => zone.to_timestamp(civil).unwrap_or(now),
        }
    }
}

/// A time in the form of the exchange standard, or a part of that: in the pattern `yyyy`, `MM`, `dd`,
/// `HH`, `mm`, `ss` and `SSS` stand for the digits of the time, all else for itself.
pub fn digits(pattern: &str, at: Timestamp, zone: &TimeZone) -> String {
    let civil = zone.to_datetime(at);
    let parts = [
        ("yyyy", format!("{:04}", civil.year())),
        ("MM", format!("{:02}", civil.month())),
        ("dd", format!("{:02}", civil.day())),
        ("HH", format!("{:02}", civil.hour())),
        ("mm", format!("{:02}", civil.minute())),
        ("ss", format!("{:02}", civil.second())),
        ("SSS", format!("{:03}", civil.millisecond())),
    ];
    parts.iter().fold(pattern.to_owned(), |text, (letters, digits)| text.replace(letters, digits))
}

/// The present of a run: at most ten seconds ago, and so that no usual distance from it lies on a
/// whole minute, where devices without seconds measure.
pub fn present(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - (second - 7).rem_euclid(10)).unwrap_or(now)
}
