use clinical::Timestamp;
use examples::{RAW_READINGS, RECEIVED};
use proptest::prelude::*;

use crate::reading::Reading;
use crate::validation::RejectionReason;

const RECEIPT: Timestamp = Timestamp::from_millis(RECEIVED);
const HOUR: i64 = 3_600_000;
/// 2000-01-01T00:00:00Z.
const YEAR_2000: i64 = 946_684_800_000;

/// Every example that is taken.
fn readings() -> impl Iterator<Item = Reading> {
    let good = RAW_READINGS.iter().filter(|example| example.expected == "ok");
    good.map(|example| serde_json::from_str(example.json).unwrap())
}

fn is_of_checkup(reading: &Reading) -> bool {
    reading.measurement.kind().setting() == clinical::kinds::Setting::Checkup
}

#[test]
fn a_bad_vendor_or_offset_costs_itself_and_is_counted_and_not_its_reading() {
    for good in readings() {
        for (vendor, offset, expected) in [
            (Some("ac\nme".to_owned()), 540, 1),
            (Some("a".repeat(201)), 540, 1),
            (None, 1081, 1),
            (None, i32::MIN, 1),
            (Some("\0".to_owned()), i32::MAX, 2),
            (Some(String::new()), -1080, 0),
            (Some("a".repeat(200)), 1080, 0),
        ] {
            let said = Reading { vendor, utc_offset_minutes: offset, ..good.clone() };
            let mut left_out = 0;
            let found = said.validate_and_count(RECEIPT, &mut left_out).unwrap();
            assert_eq!(left_out, expected, "{said:?}");
            if !(-1080..=1080).contains(&offset) {
                let without = Reading { utc_offset_minutes: 540, vendor: None, ..said.clone() };
                assert_eq!(found, without.validate(RECEIPT).unwrap(), "one version with the other");
                assert_eq!(said.taken_utc_offset(), 540);
            }
            let is_taken = said.taken_vendor().is_some();
            assert_eq!(
                is_taken,
                said.vendor.as_ref().is_some_and(|it| it.is_empty() || it.len() == 200)
            );
        }
    }
}

#[test]
fn a_vendor_of_fixed_width_is_the_one_whose_receipts_it_has() {
    for good in readings() {
        for said in ["acme", " acme", "acme   ", "acme\0\0", "\tacme\r\n"] {
            let said = Reading { vendor: Some(said.to_owned()), ..good.clone() };
            let mut left_out = 0;
            said.validate_and_count(RECEIPT, &mut left_out).unwrap();
            assert_eq!((said.taken_vendor(), left_out), (Some("acme"), 0));
        }
    }
}

#[test]
fn a_clock_of_1970_is_taken_of_every_kind_at_home_wherever_the_device_is() {
    for good in readings() {
        for (offset, civil) in [(540, 3), (540, 0), (0, 5), (-300, 12), (840, 1), (1080, 0)] {
            let millis = (civil - i64::from(offset) / 60) * HOUR;
            let said =
                Reading { observation_time: millis, utc_offset_minutes: offset, ..good.clone() };
            let found = said.validate(RECEIPT);
            if is_of_checkup(&said) {
                let why = found.unwrap_err();
                assert_eq!(why.reason, RejectionReason::TimeOutOfRange);
                assert!(why.detail.contains("before the year 2000"), "{}", why.detail);
                continue;
            }
            let found = found.unwrap();
            assert_eq!(found.observation_time, Timestamp::from_millis(civil * HOUR));
            assert!(clinical::clock::not_set(found.observation_time, RECEIPT));
        }
    }
}

#[test]
fn what_no_clock_shows_is_still_refused() {
    for good in readings() {
        let first = if is_of_checkup(&good) { YEAR_2000 } else { -9 * HOUR };
        for (millis, is_taken) in [(first, true), (first - 1, false), (i64::MIN, false)] {
            let observed = Reading { observation_time: millis, ..good.clone() };
            let updated = Reading { update_time: millis, ..good.clone() };
            for said in [observed, updated] {
                let said = Reading { utc_offset_minutes: 540, ..said };
                assert_eq!(said.validate(RECEIPT).is_ok(), is_taken, "{said:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_a_device_shows_one_after_another_in_1970_stays_in_order_and_apart(
        civil in 0..31_000_000_i64,
        later in 1..100_000_i64,
        offset in -720..=840_i32,
    ) {
        let taken = |civil: i64| {
            super::taken_time((civil - i64::from(offset) * 60) * 1000, offset.into())
        };
        let (one, other) = (taken(civil), taken(civil + later));
        prop_assert_eq!((one, other), (civil * 1000, (civil + later) * 1000));
    }

    #[test]
    fn what_is_later_than_1970_is_taken_as_it_is(
        millis in super::CLOCKS_COUNT_FROM..4_102_444_800_000_i64,
        offset: i64,
    ) {
        prop_assert_eq!(super::taken_time(millis, offset), millis);
    }
}
