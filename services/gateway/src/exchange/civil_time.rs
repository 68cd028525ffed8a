//! Times as the exchange standard writes them: digits of a civil time, without zone.
//!
//! A civil time is read in the consortium's zone. Where that zone moves its clocks, two cases have
//! no single answer, and both are settled as RFC 5545 does:
//! - a time that the clocks show twice is taken as the first of the two;
//! - a time that the clocks skip is read with the offset before the skip, which is what a device
//!   that was not set forward shows.

use clinical::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

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

/// Reads 14 digits, `yyyyMMddHHmmss`.
pub(super) fn seconds(text: &str, zone: &TimeZone) -> Result<Instant, NotATime> {
    let digits: &[u8; 14] = text.as_bytes().try_into().map_err(|_| NotATime::Form)?;
    instant(digits, 0, zone)
}

/// Reads 17 digits, `yyyyMMddHHmmssSSS`.
pub(super) fn milliseconds(text: &str, zone: &TimeZone) -> Result<Instant, NotATime> {
    let digits: &[u8; 17] = text.as_bytes().try_into().map_err(|_| NotATime::Form)?;
    let (seconds, fraction) = digits.split_at(14);
    let seconds = seconds.try_into().map_err(|_| NotATime::Form)?;
    instant(seconds, number(fraction)?, zone)
}

fn instant(digits: &[u8; 14], millis: i16, zone: &TimeZone) -> Result<Instant, NotATime> {
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
    let time = zone.to_ambiguous_timestamp(civil).compatible().map_err(|_| NotATime::Calendar)?;
    Ok(Instant {
        time: Timestamp::from_millis(time.as_millisecond()),
        utc_offset_minutes: zone.to_offset(time).seconds() / 60,
    })
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

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn japanese_civil_time_is_nine_hours_ahead_of_utc() {
        let read = seconds("20150606165027", &zone("Asia/Tokyo")).unwrap();
        assert_eq!(read.time.to_string(), "2015-06-06T07:50:27Z");
        assert_eq!(read.utc_offset_minutes, 540);
    }

    #[test]
    fn milliseconds_are_kept() {
        let read = milliseconds("20150606165029123", &zone("Asia/Tokyo")).unwrap();
        assert_eq!(read.time.to_string(), "2015-06-06T07:50:29.123Z");
    }

    #[test]
    fn a_time_that_the_clocks_show_twice_is_the_first_of_the_two() {
        let read = seconds("20251026023000", &zone("Europe/Berlin")).unwrap();
        assert_eq!(read.time.to_string(), "2025-10-26T00:30:00Z");
        assert_eq!(read.utc_offset_minutes, 120);
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_read_with_the_offset_before_the_skip() {
        let read = seconds("20250330023000", &zone("Europe/Berlin")).unwrap();
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
            let civil = jiff::Timestamp::from_millisecond(millis).unwrap().to_zoned(tokyo.clone());
            let text = civil.strftime("%Y%m%d%H%M%S").to_string();
            let fraction = format!("{:03}", millis.rem_euclid(1000));
            let read = milliseconds(&(text.clone() + &fraction), &tokyo).unwrap();
            prop_assert_eq!(read.time.millis(), millis);
            prop_assert_eq!(seconds(&text, &tokyo).unwrap().time, read.time.floor_to_second());
        }

        #[test]
        fn an_instant_written_in_a_zone_that_moves_its_clocks_reads_back_or_is_the_hour_shown_twice(
            second in 946_684_800_i64..4_102_444_800,
        ) {
            let berlin = zone("Europe/Berlin");
            let written = jiff::Timestamp::from_second(second).unwrap().to_zoned(berlin.clone());
            let read = seconds(&written.strftime("%Y%m%d%H%M%S").to_string(), &berlin).unwrap();
            let earlier = second - read.time.seconds();
            prop_assert!(earlier == 0 || earlier == 3600, "{earlier}");
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
