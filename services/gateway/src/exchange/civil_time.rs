//! Times as the exchange standard writes them: digits of a civil time, without zone.
//!
//! A civil time is read with the offset that the document or the record gives, or else in the
//! consortium's zone. Where that zone moves its clocks, two cases have no single answer:
//! - a time that the clocks show twice is two instants, of which [`super::order`] chooses;
//! - a time that the clocks skip is read with the offset before the skip, as RFC 5545 does: it is
//!   what a device that was not set forward shows.

use clinical::{Span, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// What a civil time is read with.
#[derive(Debug, Clone)]
pub(super) enum Clock {
    /// The zone of the consortium.
    Zone(TimeZone),
    /// What the sender says: the extension `utc_offset`.
    Offset(Offset),
}

/// Why digits are not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotATime {
    /// Other characters, or another number of them.
    Form,
    /// The calendar has no such day, or the day no such time.
    Calendar,
}

/// An instant with the offset of the zone's civil time from UTC at that instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    pub(super) time: Timestamp,
    pub(super) utc_offset_minutes: i32,
}

/// A civil time, and what it may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CivilTime {
    /// As it is written.
    pub(super) civil: DateTime,
    /// The instant, or the first of the two.
    pub(super) first: Instant,
    /// The second one, where the clocks show the time twice.
    pub(super) second: Option<Instant>,
}

impl CivilTime {
    /// When a record was registered or sent, known when it was received: of two instants the second,
    /// unless that was still to come. Otherwise a correction of the second hour would look older
    /// than what it corrects. A sender's clock may be ahead by half the time between the two.
    pub(super) fn known_at(&self, received: Timestamp) -> Instant {
        let Some(second) = self.second else { return self.first };
        let between = second.time - self.first.time;
        let tolerance = Span::from_millis(between.millis() / 2);
        if second.time <= received + tolerance { second } else { self.first }
    }
}

/// Reads 14 digits, `yyyyMMddHHmmss`.
pub(super) fn seconds(text: &str, clock: &Clock) -> Result<CivilTime, NotATime> {
    let digits: &[u8; 14] = text.as_bytes().try_into().map_err(|_| NotATime::Form)?;
    civil_time(digits, 0, clock)
}

/// Reads 17 digits, `yyyyMMddHHmmssSSS`.
pub(super) fn milliseconds(text: &str, clock: &Clock) -> Result<CivilTime, NotATime> {
    let digits: &[u8; 17] = text.as_bytes().try_into().map_err(|_| NotATime::Form)?;
    let (seconds, fraction) = digits.split_at(14);
    let seconds = seconds.try_into().map_err(|_| NotATime::Form)?;
    civil_time(seconds, number(fraction)?, clock)
}

/// Reads an offset from UTC, `+09:00`, of at most 18 hours.
pub(super) fn utc_offset(text: &str) -> Option<Offset> {
    let &[sign, h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let hours = number(&[h1, h2]).ok()?;
    let minutes = number(&[m1, m2]).ok().filter(|minutes| *minutes < 60)?;
    let minutes = Some(hours * 60 + minutes).filter(|minutes| *minutes <= 18 * 60)?;
    let seconds = i32::from(minutes) * 60;
    match sign {
        b'+' => Offset::from_seconds(seconds).ok(),
        b'-' => Offset::from_seconds(-seconds).ok(),
        _ => None,
    }
}

fn civil_time(digits: &[u8; 14], millis: i16, clock: &Clock) -> Result<CivilTime, NotATime> {
    let part = |from: usize| Ok(number(&digits[from..from + 2])? as i8);
    let civil = DateTime::new(
        number(&digits[..4])?,
        part(4)?,
        part(6)?,
        part(8)?,
        part(10)?,
        part(12)?,
        i32::from(millis) * 1_000_000,
    )
    .map_err(|_| NotATime::Calendar)?;
    let instant = |time: jiff::Timestamp, offset: Offset| Instant {
        time: Timestamp::from_millis(time.as_millisecond()),
        utc_offset_minutes: offset.seconds() / 60,
    };
    let with_offset = |offset: Offset| match offset.to_timestamp(civil) {
        Ok(time) => Ok(instant(time, offset)),
        Err(_) => Err(NotATime::Calendar),
    };
    let zone = match clock {
        Clock::Offset(offset) => {
            return Ok(CivilTime { civil, first: with_offset(*offset)?, second: None });
        }
        Clock::Zone(zone) => zone,
    };
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    if let AmbiguousOffset::Fold { before, after } = ambiguous.offset() {
        let (first, second) = (with_offset(before)?, with_offset(after)?);
        return Ok(CivilTime { civil, first, second: Some(second) });
    }
    let time = ambiguous.compatible().map_err(|_| NotATime::Calendar)?;
    Ok(CivilTime { civil, first: instant(time, zone.to_offset(time)), second: None })
}

/// At most four digits as a number.
fn number(digits: &[u8]) -> Result<i16, NotATime> {
    digits.iter().try_fold(0, |number: i16, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0')).ok_or(NotATime::Form)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> Clock {
        Clock::Zone(TimeZone::get(name).unwrap())
    }

    fn written(instant: jiff::Timestamp, zone: &str) -> jiff::Zoned {
        instant.to_zoned(TimeZone::get(zone).unwrap())
    }

    #[test]
    fn japanese_civil_time_is_nine_hours_ahead_of_utc() {
        let read = seconds("20150606165027", &zone("Asia/Tokyo")).unwrap().first;
        assert_eq!(read.time.to_string(), "2015-06-06T07:50:27Z");
        assert_eq!(read.utc_offset_minutes, 540);
    }

    #[test]
    fn milliseconds_are_kept() {
        let read = milliseconds("20150606165029123", &zone("Asia/Tokyo")).unwrap().first;
        assert_eq!(read.time.to_string(), "2015-06-06T07:50:29.123Z");
    }

    #[test]
    fn a_time_that_the_clocks_show_twice_is_two_instants() {
        let read = seconds("20251026023000", &zone("Europe/Berlin")).unwrap();
        assert_eq!(read.first.time.to_string(), "2025-10-26T00:30:00Z");
        assert_eq!(read.first.utc_offset_minutes, 120);
        let second = read.second.unwrap();
        assert_eq!(second.time.to_string(), "2025-10-26T01:30:00Z");
        assert_eq!(second.utc_offset_minutes, 60);
        for (minutes, known) in [(0, read.first), (29, read.first), (30, second), (600, second)] {
            let received = read.first.time + Span::from_minutes(minutes);
            assert_eq!(read.known_at(received), known, "{minutes}");
        }
    }

    #[test]
    fn a_time_with_an_offset_is_one_instant() {
        let offset = |text: &str| Clock::Offset(utc_offset(text).unwrap());
        let read = seconds("20251026023000", &offset("+01:00")).unwrap();
        assert_eq!(read.first.time.to_string(), "2025-10-26T01:30:00Z");
        assert_eq!((read.first.utc_offset_minutes, read.second), (60, None));
        let read = seconds("20251026023000", &offset("-18:00")).unwrap();
        assert_eq!(read.first.time.to_string(), "2025-10-26T20:30:00Z");
        for none in ["", "Z", "+9:00", "+0900", "+18:01", "+09:60", "09:00", "+09:00 ", "+０9:00"]
        {
            assert_eq!(utc_offset(none), None, "{none}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_read_with_the_offset_before_the_skip() {
        let read = seconds("20250330023000", &zone("Europe/Berlin")).unwrap().first;
        assert_eq!(read.time.to_string(), "2025-03-30T01:30:00Z");
        assert_eq!(read.utc_offset_minutes, 120);
    }

    #[test]
    fn what_the_calendar_does_not_have_is_refused_and_so_is_another_form() {
        let tokyo = zone("Asia/Tokyo");
        for none in ["20150229120000", "20150001000000", "20151301000000", "20150101240000"] {
            assert_eq!(seconds(none, &tokyo), Err(NotATime::Calendar), "{none}");
        }
        for other in ["", "2015-06-06T16:5", "2015060616502", "201506061650270", "2015060616502７"]
        {
            assert_eq!(seconds(other, &tokyo), Err(NotATime::Form), "{other}");
        }
        assert_eq!(milliseconds("20150606165029", &tokyo), Err(NotATime::Form));
    }

    proptest! {
        #[test]
        fn every_instant_written_in_japanese_civil_time_reads_back(
            millis in 946_684_800_000_i64..4_102_444_800_000,
        ) {
            let tokyo = zone("Asia/Tokyo");
            let civil = written(jiff::Timestamp::from_millisecond(millis).unwrap(), "Asia/Tokyo");
            let text = civil.strftime("%Y%m%d%H%M%S").to_string();
            let fraction = format!("{:03}", millis.rem_euclid(1000));
            let read = milliseconds(&(text.clone() + &fraction), &tokyo).unwrap().first;
            prop_assert_eq!(read.time.millis(), millis);
            prop_assert_eq!(seconds(&text, &tokyo).unwrap().first.time, read.time.floor_to_second());
        }

        #[test]
        fn an_instant_written_in_a_zone_that_moves_its_clocks_reads_back_as_one_of_at_most_two(
            second in 946_684_800_i64..4_102_444_800,
        ) {
            let civil = written(jiff::Timestamp::from_second(second).unwrap(), "Europe/Berlin");
            let text = civil.strftime("%Y%m%d%H%M%S").to_string();
            let read = seconds(&text, &zone("Europe/Berlin")).unwrap();
            let instants = [Some(read.first), read.second].map(|i| i.map(|i| i.time.seconds()));
            prop_assert!(instants.contains(&Some(second)), "{instants:?}");
            let offset = Clock::Offset(civil.offset());
            prop_assert_eq!(seconds(&text, &offset).unwrap().first.time.seconds(), second);
        }

        #[test]
        fn no_text_makes_reading_a_time_panic(text in ".{0,20}", digits in "[0-9]{14,17}") {
            let tokyo = zone("Asia/Tokyo");
            for text in [text, digits] {
                let _ = seconds(&text, &tokyo);
                let _ = milliseconds(&text, &tokyo);
            }
        }
    }
}
