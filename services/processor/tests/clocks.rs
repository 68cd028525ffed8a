//! What becomes of readings whose device has a wrong clock. What cannot be true is rejected by name;
//! what may be true is taken as said, and when it says that it is hours old it never pages.

use crate::published;

use clinical::alert::{Alert, Severity, Stage, Status};
use clinical::{Outcome, Span, Timestamp};
use processor::Partition;
use schemas::Codec;
use schemas::reading::{
    BloodPressure, DataInput, Device, Measurement, OriginOfTime, Reading, ReadingStatus, Source,
};

/// When the platform receives what is sent: 2026-05-29, 05:26:40 in Japan.
const RECEIVED: Timestamp = Timestamp::from_millis(1_780_000_000_000);
const HOUR: i64 = 60;

/// A severe reading taken so many minutes before its receipt, by a clock that is so many minutes
/// ahead.
fn severe(minutes_ago: i64, ahead: i64) -> Reading {
    let shown = (RECEIVED - Span::from_minutes(minutes_ago - ahead)).millis();
    Reading {
        consortium_id: "HOME01".into(),
        person_id: "P1".into(),
        observation_time: shown,
        utc_offset_minutes: 540,
        update_time: shown,
        source: Source::Device(Device {
            manufacturer: "OMRON".into(),
            model_number: None,
            serial: "1".into(),
        }),
        data_input: DataInput::Device,
        origin_of_time: Some(OriginOfTime::Device),
        status: ReadingStatus::Final,
        measurement: Measurement::BloodPressure(BloodPressure {
            systolic: 192,
            diastolic: 112,
            pulse_rate: Some(70),
            measurement_position: None,
            irregular_pulse: None,
        }),
        send_time: None,
        vendor: None,
    }
}

/// What is said after two severe readings three minutes apart, by a clock that is so much ahead.
fn reported_after_a_pair(ahead: i64) -> Result<Vec<Alert>, schemas::ValidationError> {
    let mut partition = Partition::default();
    let mut reported = Vec::new();
    for minutes_ago in [4, 1] {
        let reading = severe(minutes_ago, ahead).validate(RECEIVED)?;
        reported.extend(partition.advance(RECEIVED));
        let applied = partition.apply(&reading, RECEIVED);
        assert_eq!(applied.outcome, Outcome::New);
        reported.extend(applied.changes);
    }
    reported.extend(partition.advance(RECEIVED + Span::from_hours(48)));
    Ok(reported)
}

fn rejected(ahead: i64) -> (&'static str, &'static str) {
    let rejection = reported_after_a_pair(ahead).unwrap_err();
    (rejection.reason.as_str(), rejection.field)
}

#[test]
fn a_clock_that_is_up_to_an_hour_ahead_is_accepted_and_pages() {
    for ahead in [0, 10, 59] {
        let reported = reported_after_a_pair(ahead).unwrap();
        let (suspect, pages): (Vec<_>, Vec<_>) =
            reported.iter().partition(|alert| alert.rule.as_str() == "data.suspect");
        assert_eq!(pages.len(), 1, "{ahead}: {reported:?}");
        assert_eq!((pages[0].severity, pages[0].stage), (Severity::Urgent, Stage::Confirmed));
        // And whose clock it is, is reported beside it.
        assert_eq!(suspect.len(), usize::from(ahead > 5), "{ahead}: {reported:?}");
        assert!(suspect.iter().all(|alert| alert.severity == Severity::Technical));
    }
}

#[test]
fn a_clock_in_the_future_is_refused_by_name() {
    for ahead in [HOUR + 5, 24 * HOUR, 365 * 24 * HOUR, 100 * 365 * 24 * HOUR] {
        assert_eq!(rejected(ahead), ("time_out_of_range", "observation_time"), "{ahead}");
    }
}

#[test]
fn an_update_time_that_is_hours_or_years_ahead_costs_no_reading_and_counts_as_its_receipt() {
    for ahead in [2 * HOUR, 25 * HOUR, 20 * 365 * 24 * HOUR] {
        let mut partition = Partition::default();
        let mut later = severe(1, 0);
        later.update_time += ahead * 60_000;
        let mut correction = severe(1, 0);
        correction.update_time = (RECEIVED + Span::from_minutes(5)).millis();
        for (reading, received, outcome) in [
            (&later, RECEIVED, Outcome::New),
            (&later, RECEIVED + Span::from_minutes(3), Outcome::Duplicate),
            (&correction, RECEIVED + Span::from_minutes(5), Outcome::Correction),
            (&later, RECEIVED + Span::from_minutes(6), Outcome::Stale),
        ] {
            let valid = reading.validate(received).unwrap();
            assert_eq!(partition.apply(&valid, received).outcome, outcome, "{ahead}");
        }
    }
    let mut beyond = severe(1, 0);
    beyond.update_time = Timestamp::LATEST.millis() + 1;
    assert_eq!(beyond.validate(RECEIVED).unwrap_err().field, "update_time");
}

#[test]
fn what_a_clock_of_1970_shows_is_taken_as_if_it_were_of_no_zone() {
    for lost in [-32_400_000, -1_000, 0, 1_000, 86_400_000] {
        let mut reading = severe(1, 0);
        (reading.observation_time, reading.update_time) = (lost, lost);
        let taken = reading.validate(RECEIVED).unwrap();
        assert_eq!(taken.observation_time.millis(), lost + 32_400_000);
    }
}

#[test]
fn what_no_clock_shows_is_refused_by_name() {
    for lost in [-32_400_001, i64::MIN, i64::MAX] {
        let mut reading = severe(1, 0);
        reading.observation_time = lost;
        let rejection = reading.validate(RECEIVED).unwrap_err();
        assert_eq!(rejection.reason.as_str(), "time_out_of_range");
        assert_eq!(rejection.field, "observation_time");
        assert!(!rejection.detail.contains(&lost.to_string()), "{}", rejection.detail);
        let mut registered = severe(1, 0);
        registered.update_time = lost;
        assert_eq!(registered.validate(RECEIVED).unwrap_err().field, "update_time");
    }
}

#[test]
fn japanese_time_labelled_as_utc_is_nine_hours_ahead_and_refused() {
    assert_eq!(rejected(9 * HOUR), ("time_out_of_range", "observation_time"));
}

#[test]
fn utc_labelled_as_japanese_time_is_nine_hours_old_and_for_review() {
    let reported = reported_after_a_pair(-9 * HOUR).unwrap();
    let last = reported.last().unwrap();
    assert_eq!((last.severity, last.stage, last.late), (Severity::Review, Stage::Confirmed, true));
    assert!(reported.iter().all(|alert| alert.severity < Severity::Urgent));
}

#[test]
fn an_hour_of_summer_time_that_a_device_has_missed_keeps_the_page() {
    let reported = reported_after_a_pair(-HOUR).unwrap();
    assert_eq!(reported.last().unwrap().severity, Severity::Urgent);
    let reported = reported_after_a_pair(HOUR - 1).unwrap();
    assert_eq!(reported.last().unwrap().severity, Severity::Urgent);
}

#[test]
fn a_clock_that_is_put_right_measures_on_and_what_it_said_before_stays_as_said() {
    let mut partition = Partition::default();
    let wrong = severe(4, -9 * HOUR).validate(RECEIVED).unwrap();
    let right = severe(1, 0).validate(RECEIVED).unwrap();
    assert_eq!(partition.apply(&wrong, RECEIVED).outcome, Outcome::New);
    // Two readings for the platform, nine hours apart: no pair, but two occasions in a row.
    assert_eq!(partition.apply(&right, RECEIVED).outcome, Outcome::New);
    let reported = partition.advance(RECEIVED + Span::from_minutes(20));
    let said: Vec<_> = reported.iter().map(|alert| (alert.stage, alert.severity)).collect();
    assert_eq!(said, [(Stage::Confirmed, Severity::Urgent)], "{reported:?}");
    assert_eq!(reported[0].finding("occasions"), Some(2.0));
}

/// 2021-01-01T00:03:00 in Japan.
const FACTORY: i64 = 1_609_426_980_000;

#[test]
fn a_severe_value_with_a_factory_date_is_a_review_and_ends_when_the_clock_is_set() {
    let mut partition = Partition::default();
    let shown = Reading { observation_time: FACTORY, ..severe(0, 0) };
    let applied = partition.apply(&shown.validate(RECEIVED).unwrap(), RECEIVED);
    assert_eq!(applied.outcome, Outcome::Historical);
    let [alert] = &applied.changes[..] else { panic!("{:?}", applied.changes) };
    assert_eq!((alert.rule.as_str(), alert.severity), ("data.suspect", Severity::Review));
    assert_eq!(alert.finding("clock_not_set"), Some(1.0));
    let later = RECEIVED + Span::from_hours(2);
    let set = Reading { observation_time: later.millis(), ..severe(0, 0) };
    let applied = partition.apply(&set.validate(later).unwrap(), later);
    let suspect = applied.changes.iter().find(|alert| alert.rule.as_str() == "data.suspect");
    assert_eq!(suspect.map(|alert| alert.status), Some(Status::Resolved));
}

/// Sent once by a clock that is ten minutes ahead; then what is right; then the first again, when its
/// `update_time` is not ahead any more.
#[test]
fn corrections_win_over_an_update_time_that_was_ahead_also_in_a_state_that_is_rebuilt() {
    let codec = Codec::new(None).unwrap();
    let mut published = published::Published::new(&codec);
    let mut partition = Partition::default();
    let wrong =
        Reading { update_time: (RECEIVED + Span::from_minutes(10)).millis(), ..severe(1, 0) };
    let right = |minutes| {
        let mut right = severe(1, 0);
        right.update_time = (RECEIVED + Span::from_minutes(minutes)).millis();
        if let Measurement::BloodPressure(pressure) = &mut right.measurement {
            (pressure.systolic, pressure.diastolic) = (121, 79);
        }
        right
    };
    let sent = [
        (0, wrong.clone(), Outcome::New),
        (2, right(2), Outcome::Correction),
        (3, wrong.clone(), Outcome::Stale),
        (15, wrong.clone(), Outcome::Stale),
        (16, right(2), Outcome::Duplicate),
        (17, right(17), Outcome::Correction),
        (18, wrong, Outcome::Stale),
    ];
    for (minutes, wire, expected) in sent {
        let received = RECEIVED + Span::from_minutes(minutes);
        let mut rebuilt = published.rebuild(received);
        assert_eq!(rebuilt.advance(received), []);
        let reading = wire.validate(received).unwrap();
        let again = rebuilt.apply(&reading, received);
        published.report(&partition.advance(received));
        let applied = partition.apply(&reading, received);
        assert_eq!((again.outcome, again.version), (applied.outcome, applied.version), "{minutes}");
        assert_eq!(applied.outcome, expected, "{minutes}");
        published.take_version(&wire, applied.outcome, applied.version, received);
        published.report(&applied.changes);
    }
}

#[test]
fn the_newest_of_too_many_devices_gets_in_and_a_rebuilt_state_remembers_the_same() {
    let codec = Codec::new(None).unwrap();
    let mut published = published::Published::new(&codec);
    let mut partition = Partition::default();
    let of_device = |number: i64| {
        let mut reading = severe(0, number);
        reading.source = Source::Device(Device {
            manufacturer: "OMRON".into(),
            model_number: None,
            serial: number.to_string(),
        });
        if let Measurement::BloodPressure(pressure) = &mut reading.measurement {
            (pressure.systolic, pressure.diastolic) = (121, 79);
        }
        reading
    };
    let mut received = RECEIVED;
    for number in 0..1_040 {
        received = RECEIVED + Span::from_minutes(number);
        let wire = of_device(number);
        published.report(&partition.advance(received));
        let applied = partition.apply(&wire.validate(received).unwrap(), received);
        assert_eq!(applied.outcome, Outcome::New, "{number}");
        published.take_version(&wire, applied.outcome, applied.version, received);
        published.report(&applied.changes);
    }
    let mut rebuilt = published.rebuild(received);
    assert_eq!(rebuilt.advance(received), []);
    assert_eq!(rebuilt.readings(), partition.readings());
    assert_eq!(partition.readings(), 1_024);
    let days = Span::from_days(2);
    assert_eq!(rebuilt.advance(received + days), partition.advance(received + days));
}
