//! A patient's local time: the days and the times of day by which people at home live.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::time::Timestamp;

/// The local time of one patient, by a zone of the tz database.
#[derive(Debug, Clone)]
pub struct LocalTime(TimeZone);

/// Those of one zone are the same: the Japanese time that stands for no zone is that of Asia/Tokyo, whose
/// clocks nobody has moved since 1951.
impl PartialEq for LocalTime {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// The name of the zone of [`JAPAN`] in the tz database.
pub const DEFAULT_TIME_ZONE: &str = "Asia/Tokyo";

/// That of a patient of whom nobody names a zone, neither the care plan nor the consortium.
pub static JAPAN: LocalTime = LocalTime(TimeZone::fixed(jiff::tz::offset(9)));

impl Default for LocalTime {
    fn default() -> Self {
        JAPAN.clone()
    }
}

impl LocalTime {
    /// The local time of a zone of the tz database, such as Asia/Tokyo; none where it is unknown.
    pub fn of(zone: &str) -> Option<Self> {
        TimeZone::get(zone).ok().map(Self)
    }

    /// The zone's name in the tz database.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or(DEFAULT_TIME_ZONE)
    }

    /// The local day of an instant.
    pub fn day_of(&self, time: Timestamp) -> Date {
        self.civil(time).date()
    }

    /// What the clock on the wall shows at an instant.
    pub fn time_of_day(&self, time: Timestamp) -> Time {
        self.civil(time).time()
    }

    /// The first instant of a local day, so many days after another. A day that the clocks begin
    /// twice begins the first time; one whose midnight they skip begins where they go on.
    pub fn begin_of(&self, day: Date, days_later: i32) -> Timestamp {
        let day = day.saturating_add(jiff::Span::new().days(i64::from(days_later)));
        self.instant(day, Time::midnight())
    }

    /// The instant at which the clock on the wall shows a time of a local day: the first of two where
    /// the clocks show it twice, where they go on where they skip it.
    pub fn instant(&self, day: Date, time: Time) -> Timestamp {
        let instant = self.0.to_ambiguous_timestamp(day.to_datetime(time)).compatible();
        let beyond = if day.year() < 0 { i64::MIN } else { i64::MAX };
        Timestamp::from_millis(instant.map_or(beyond, jiff::Timestamp::as_millisecond))
    }

    /// Until when the clock on the wall goes on without being moved, from an instant on: so long each day
    /// begins 24 hours after the one before.
    pub(crate) fn steady_until(&self, from: Timestamp) -> Timestamp {
        let Ok(instant) = jiff::Timestamp::from_millisecond(from.millis()) else { return from };
        let moved =
            self.0.following(instant).next().map(|moved| moved.timestamp().as_millisecond());
        moved.map_or(Timestamp::LATEST, Timestamp::from_millis)
    }

    fn civil(&self, time: Timestamp) -> jiff::civil::DateTime {
        let instant = jiff::Timestamp::from_millisecond(time.millis());
        let beyond = if time.millis() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        self.0.to_datetime(instant.unwrap_or(beyond))
    }
}

/// By which local time each consortium lives, by its id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsortiumTimes(BTreeMap<String, LocalTime>);

impl ConsortiumTimes {
    /// Takes in the local time of a consortium; none where nobody names its zone any more.
    pub fn set(&mut self, consortium: &str, local: Option<LocalTime>) {
        match local {
            Some(local) => drop(self.0.insert(consortium.to_owned(), local)),
            None => drop(self.0.remove(consortium)),
        }
    }

    /// The local time of a consortium: Japan's where nobody names its zone.
    pub fn of(&self, consortium: &str) -> &LocalTime {
        self.0.get(consortium).unwrap_or(&JAPAN)
    }

    /// Those whose zone is named, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LocalTime)> {
        self.0.iter().map(|(consortium, local)| (consortium.as_str(), local))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn a_day_without_a_zone_is_that_of_japan() {
        let local = &JAPAN;
        assert_eq!(local.name(), LocalTime::of(DEFAULT_TIME_ZONE).unwrap().name());
        let midnight = local.begin_of(date(2026, 6, 1), 0);
        assert_eq!(midnight, LocalTime::of("Asia/Tokyo").unwrap().begin_of(date(2026, 5, 31), 1));
        assert_eq!(local.day_of(midnight), date(2026, 6, 1));
        assert_eq!(local.time_of_day(midnight), time(0, 0, 0, 0));
    }

    #[test]
    fn a_consortium_lives_by_its_zone_and_by_that_of_japan_where_nobody_names_one() {
        let mut times = ConsortiumTimes::default();
        let berlin = LocalTime::of("Europe/Berlin");
        times.set("BER001", berlin.clone());
        assert_eq!(times.of("BER001").name(), "Europe/Berlin");
        assert_eq!(times.of("CGM005"), &JAPAN);
        assert_eq!(times.iter().collect::<Vec<_>>(), [("BER001", &berlin.unwrap())]);
        times.set("BER001", None);
        assert_eq!(times, ConsortiumTimes::default());
    }

    #[test]
    fn a_time_beyond_the_calendar_is_of_its_last_or_first_day() {
        for (millis, year) in [(i64::MAX, 9999), (i64::MIN, -9999)] {
            let day = JAPAN.day_of(Timestamp::from_millis(millis));
            assert_eq!(day.year(), year);
        }
    }

    #[test]
    fn a_clock_is_steady_until_it_is_moved() {
        assert_eq!(JAPAN.steady_until(Timestamp::EARLIEST), Timestamp::LATEST);
        let berlin = LocalTime::of("Europe/Berlin").unwrap();
        let moved = berlin.instant(date(2026, 3, 29), time(3, 0, 0, 0));
        assert_eq!(berlin.steady_until(berlin.begin_of(date(2026, 3, 1), 0)), moved);
        let back =
            berlin.instant(date(2026, 10, 25), time(2, 0, 0, 0)) + crate::Span::from_hours(1);
        assert_eq!(berlin.steady_until(moved), back);
    }

    #[test]
    fn a_day_is_23_hours_long_where_the_clocks_go_forward() {
        let berlin = LocalTime::of("Europe/Berlin").unwrap();
        let day = date(2026, 3, 29);
        let hours = (berlin.begin_of(day, 1) - berlin.begin_of(day, 0)).millis() / 3_600_000;
        assert_eq!(hours, 23);
        assert!(LocalTime::of("Mars/Olympus").is_none());
    }
}
