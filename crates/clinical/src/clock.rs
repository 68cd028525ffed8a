//! What the clocks of devices and senders are worth beside the one that is certain, the receipt.

use jiff::tz::TimeZone;

use crate::kinds::{Kind, Setting};
use crate::time::{Span, Timestamp};
use crate::window::WINDOW;

/// So much later than its receipt a reading may say that it was observed before that is remarked:
/// phones and servers that set their clocks by the network are within seconds, and the broker's clock
/// has its own error. Ours.
pub const AHEAD_TOLERANCE: Span = Span::from_minutes(1);

/// An `update_time` counts at most as so long after the receipt. Ours: the same as for an observation.
pub const UPDATE_TIME_TOLERANCE: Span = AHEAD_TOLERANCE;

/// For so long a clock that was never set counts on from its factory date before that date is taken for
/// a true one. Ours: a patient who measures once a week is noticed, and of a true history 2 days in a
/// hundred are not trusted.
pub(crate) const COUNTS_ON: Span = Span::from_days(7);

/// A version that was registered so shortly before its receipt was registered as it was handed over, so that
/// nobody else has known the value before. Ours: phones hand over at night.
pub(crate) const HANDED_OVER_WITHIN: Span = Span::from_days(1);

/// A factory date is one of local time, and local time is at most 14 hours before that of UTC, and at
/// most 12 behind.
const EASTERNMOST: Span = Span::from_hours(14);
const WESTERNMOST: Span = Span::from_hours(12);

/// Whether a reading was probably measured at another time than it says, because its device's clock was
/// not set: the clock shows the first days of a year, as clocks do that begin at a factory date (mostly
/// the 1st of January), and that is so long before the receipt that no rule looks at the reading. Or it
/// shows a year before any that may be true, as clocks do that count from 1970 or 1980.
///
/// A reading is not doubted for being old: of a history of years those of other days are trusted.
pub fn not_set(observed: Timestamp, received: Timestamp) -> bool {
    if received - observed <= WINDOW {
        return false;
    }
    if observed < Timestamp::EARLIEST {
        return true;
    }
    // The newest new year that has begun somewhere.
    let somewhere = observed + EASTERNMOST;
    let Ok(somewhere) = jiff::Timestamp::from_millisecond(somewhere.millis()) else { return false };
    let year = TimeZone::UTC.to_datetime(somewhere).year();
    let Ok(new_year) = jiff::civil::date(year, 1, 1).to_zoned(TimeZone::UTC) else { return false };
    let new_year = Timestamp::from_millis(new_year.timestamp().as_millisecond());
    observed < new_year + COUNTS_ON + WESTERNMOST
}

/// Whether the times of a kind are those of a device's clock: those of a check-up are written by people.
pub fn is_doubted(kind: Kind) -> bool {
    kind.setting() == Setting::Home
}

/// Whether a time may be one of a device that does not know seconds.
pub fn is_whole_minute(time: Timestamp) -> bool {
    time.seconds() % 60 == 0
}

/// Whether a reading was registered when it was handed over, and says that it was observed so long before
/// that no rule looks at it. It comes of a device's memory, or of a clock that shows a wrong date: a year, or
/// day and month, that were set wrongly, or a factory date from which it has counted on for longer than
/// [`not_set`] knows. Nothing in one reading tells which, so its time is trusted, and its sender and
/// whoever sees it are warned. What was registered when it was observed is a history, and not doubted.
pub fn long_ago((observed, updated): (Timestamp, Timestamp), received: Timestamp) -> bool {
    received - observed > WINDOW
        && received - updated <= HANDED_OVER_WITHIN
        && !not_set(observed, received)
}

/// Whether a reading says that it was observed later than it was received: its clock is ahead.
pub fn ahead(observed: Timestamp, received: Timestamp) -> bool {
    observed - received > AHEAD_TOLERANCE
}

/// Whether a version says that it was registered so much later than it was received that it counts as
/// registered [`UPDATE_TIME_TOLERANCE`] after the receipt.
pub fn update_time_ahead(updated: Timestamp, received: Timestamp) -> bool {
    updated - received >= UPDATE_TIME_TOLERANCE
}

/// What clocks say of a reading that cannot be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Its device's clock was probably [not set](not_set).
    NotSet,
    /// It was handed over as registered now and says that it was observed [long ago](long_ago).
    LongAgo,
    /// It says that it was observed [later than it was received](ahead).
    ObservedAhead,
    /// It says that it was [registered later than it was received](update_time_ahead).
    UpdateTimeAhead,
}

impl Doubt {
    /// Every doubt.
    pub const ALL: [Self; 4] =
        [Self::NotSet, Self::LongAgo, Self::ObservedAhead, Self::UpdateTimeAhead];

    /// The name under which senders and care teams are informed of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotSet => "clock_not_set",
            Self::LongAgo => "observed_long_ago",
            Self::ObservedAhead => "observed_ahead",
            Self::UpdateTimeAhead => "update_time_ahead",
        }
    }
}

/// What a version of a reading says beside its times, as far as that makes them doubtful or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Of which kind it is.
    pub kind: Kind,
    /// It is taken back: that is registered whenever somebody finds out.
    pub entered_in_error: bool,
    /// A person has written or changed it: that is registered whenever somebody comes to it.
    pub by_hand: bool,
}

/// What is doubted of a version of a reading, given when it says that it was observed and registered.
pub fn doubts(
    said: Said,
    times: (Timestamp, Timestamp),
    received: Timestamp,
) -> impl Iterator<Item = Doubt> {
    let (observed, updated) = times;
    let of_device = is_doubted(said.kind);
    let as_handed_over = of_device && !said.entered_in_error && !said.by_hand;
    let all = [
        (of_device && not_set(observed, received), Doubt::NotSet),
        (as_handed_over && long_ago(times, received), Doubt::LongAgo),
        (ahead(observed, received), Doubt::ObservedAhead),
        (update_time_ahead(updated, received), Doubt::UpdateTimeAhead),
    ];
    all.into_iter().filter_map(|(is_so, doubt)| is_so.then_some(doubt))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn the_first_days_of_a_year_long_before_the_receipt_are_a_factory_date() {
        let received = at("2026-11-29T08:00:00Z");
        for factory in [
            "2021-01-01T00:03:00Z",
            "2021-01-01T00:00:00+09:00",
            "2020-01-01T00:00:00+14:00",
            "2020-01-07T23:59:00-12:00",
            "2000-01-01T12:00:00Z",
            "1970-01-01T00:00:00Z",
            "1970-01-01T00:03:00Z",
            "1980-01-06T00:00:00Z",
            "1999-06-15T12:00:00Z",
            "2026-01-01T00:00:00Z",
        ] {
            assert!(not_set(at(factory), received), "{factory}");
        }
    }

    #[test]
    fn a_reading_is_not_doubted_for_being_old() {
        let received = at("2026-11-29T08:00:00Z");
        for old in ["2021-01-09T12:00:00Z", "2020-12-31T09:00:00Z", "2021-06-01T00:00:00Z"] {
            assert!(!not_set(at(old), received), "{old}");
        }
        // Nor is one of a new year that is looked at by rules.
        assert!(!not_set(at("2027-01-01T00:00:00Z"), at("2027-02-09T00:00:00Z")));
        assert!(not_set(at("2027-01-01T00:00:00Z"), at("2027-02-11T00:00:00Z")));
    }

    #[test]
    fn what_is_handed_over_now_as_of_long_ago_is_reported_and_a_history_is_not() {
        let received = at("2026-11-29T08:00:00Z");
        let by_device = Said { kind: Kind::BloodPressure, entered_in_error: false, by_hand: false };
        let reported = |observed: &str, updated: &str| {
            let times = (at(observed), at(updated));
            doubts(by_device, times, received).map(Doubt::name).collect::<Vec<_>>()
        };
        let now = "2026-11-29T07:59:00Z";
        // A factory date of which the clock counts on, the wrong year, day and month the wrong way round.
        for shown in ["2021-01-09T12:00:00Z", "2025-11-29T07:58:00Z", "2026-08-11T07:58:00Z"] {
            assert_eq!(reported(shown, now), ["observed_long_ago"], "{shown}");
            assert_eq!(reported(shown, "2026-11-28T08:00:00Z"), ["observed_long_ago"], "{shown}");
            assert_eq!(
                reported(shown, "2026-11-28T07:59:00Z"),
                [""; 0],
                "{shown}: registered before"
            );
        }
        assert_eq!(reported("2021-01-02T12:00:00Z", now), ["clock_not_set"]);
        assert_eq!(reported("2026-10-21T07:58:00Z", now), [""; 0], "rules look at it");
        let times = (at("2021-06-01T00:00:00Z"), at(now));
        let checkup = Kind::ALL.into_iter().find(|kind| !is_doubted(*kind)).unwrap();
        let none = |said| doubts(said, times, received).next().is_none();
        assert!(none(Said { kind: checkup, ..by_device }), "people write its times");
        assert!(none(Said { entered_in_error: true, ..by_device }), "it is taken back now");
        assert!(none(Said { by_hand: true, ..by_device }), "a person writes it now");
    }

    #[test]
    fn of_a_history_of_years_few_are_doubted() {
        let received = at("2026-11-29T08:00:00Z");
        let days = 0..5 * 365;
        let day = |day| at("2018-06-01T12:00:00Z") + Span::from_days(day);
        let doubted = days.filter(|number| not_set(day(*number), received)).count();
        assert!(doubted <= 5 * 8, "{doubted}");
    }

    #[test]
    fn a_clock_is_ahead_by_more_than_a_minute() {
        let received = at("2026-11-29T08:00:00Z");
        assert!(!ahead(received + Span::from_minutes(1), received));
        assert!(ahead(received + Span::from_millis(60_001), received));
        assert!(!ahead(received - Span::from_days(1), received));
        assert!(update_time_ahead(received + Span::from_minutes(10), received));
        assert!(!update_time_ahead(received + Span::from_millis(59_999), received));
    }

    #[test]
    fn no_time_makes_it_panic() {
        for millis in [i64::MIN, i64::MAX, 0] {
            let time = Timestamp::from_millis(millis);
            for other in [Timestamp::EARLIEST, Timestamp::LATEST, time] {
                let _ = (not_set(time, other), not_set(other, time), ahead(time, other));
                let _ = (long_ago((time, other), time), long_ago((other, time), other));
            }
        }
    }
}
