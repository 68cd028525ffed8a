//! Times on the command line: a moment, or how long ago.

use std::str::FromStr;

use clinical::Timestamp;

/// A time: `2026-11-22T07:31:00+09:00`, or a span before now: `90m`, `12h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// A moment.
    At(Timestamp),
    /// Milliseconds before now.
    Ago(i64),
}

/// A text that is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written 2026-11-22T07:31:00+09:00, or as how long ago: 90m, 12h, 7d")]
pub struct NoTime;

impl Since {
    /// The moment that is meant.
    pub fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Ago(millis) => Timestamp::from_millis(now.millis().saturating_sub(millis)),
        }
    }
}

impl FromStr for Since {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        const UNITS: [(char, i64); 4] =
            [('s', 1_000), ('m', 60_000), ('h', 3_600_000), ('d', 86_400_000)];
        for (unit, millis) in UNITS {
            let Some(digits) = text.strip_suffix(unit) else { continue };
            let number: u32 = digits.parse().map_err(|_| NoTime)?;
            return Ok(Self::Ago(i64::from(number) * millis));
        }
        let moment: jiff::Timestamp = text.parse().map_err(|_| NoTime)?;
        Ok(Self::At(Timestamp::from_millis(moment.as_millisecond())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_how_long_ago() {
        let now = Timestamp::from_seconds(1_000_000);
        let moment = |text: &str| text.parse::<Since>().map(|since| since.moment(now).seconds());
        assert_eq!(moment("1970-01-01T09:00:10+09:00"), Ok(10));
        assert_eq!(moment("90m"), Ok(1_000_000 - 90 * 60));
        assert_eq!(moment("2d"), Ok(1_000_000 - 2 * 86_400));
        for other in ["", "h", "-1h", "1.5h", "2026-11-22", "yesterday", "99999999999d"] {
            assert_eq!(moment(other), Err(NoTime), "{other}");
        }
    }
}
