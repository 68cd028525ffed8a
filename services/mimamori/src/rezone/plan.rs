//! What is to be done about readings that were read with the wrong time zone. Without input or
//! output.
//!
//! Such a reading is at the wrong instant, so it has the wrong id. It is taken back (entered in
//! error), and the reading that the document meant is sent beside it, as the gateway would read the
//! document now: the same civil times in the right zone. Where the right instant of one reading is the
//! wrong one of another, as in the series of a sensor, the right reading corrects what was withdrawn there.

use std::collections::{BTreeMap, BTreeSet};

use clinical::clock::UPDATE_TIME_TOLERANCE;
use clinical::{ReadingId, Timestamp, Version};
use jiff::tz::TimeZone;
use schemas::Reading;
use schemas::reading::ReadingStatus;

use super::readings::{Current, Readings};

/// The two zones of a consortium.
#[derive(Debug, Clone)]
pub(super) struct Zones {
    /// With which readings were read.
    pub(super) was: TimeZone,
    /// With which they should have been read.
    pub(super) right: TimeZone,
}

/// How long after its receipt a version was registered at most whose sender's clock was not ahead.
const NOT_AHEAD: i64 = UPDATE_TIME_TOLERANCE.millis() - 1;

/// What is to be done, in this order: where it ends in between, what is left is found again.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// Readings to write. What was not meant is withdrawn right before what was is written, so that the two do
    /// not stand beside one another as two measurements.
    pub(super) writes: Vec<Write>,
    /// Right readings that are there already.
    pub(super) already_there: usize,
    /// Wrongly read readings that stay, because what they should be would not be accepted.
    pub(super) not_possible: usize,
}

impl Plan {
    /// What is written at once: so many or a few more, for no reading is withdrawn without the one that was
    /// meant.
    pub(super) fn at_once(&self, many: usize) -> impl Iterator<Item = &[Write]> {
        let mut rest = &self.writes[..];
        std::iter::from_fn(move || {
            let mut end = many.clamp(1, rest.len().max(1)).min(rest.len());
            let is_withdrawal = |write: &Write| write.what == What::Withdrawal;
            while end > 0 && is_withdrawal(&rest[end - 1]) && !rest[end..].iter().all(is_withdrawal)
            {
                end += 1;
            }
            let (these, others) = rest.split_at(end);
            rest = others;
            Some(these).filter(|these| !these.is_empty())
        })
    }
}

/// A reading to write.
#[derive(Debug, PartialEq)]
pub(super) struct Write {
    pub(super) id: ReadingId,
    pub(super) reading: Reading,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The reading that the document meant.
    Right,
    /// The end of one that it did not mean.
    Withdrawal,
}

/// Which of the readings were read with the wrong zone, and what is to be written for them.
///
/// Read with a zone was what came over HTTP, which the vendor in it says, without an offset of its
/// own: what has another offset than the wrong zone's at that time had one. `before` bounds the
/// receipt (milliseconds since the epoch): what came later was read with the right zone.
pub(super) fn plan(readings: &Readings, zones: &Zones, before: i64, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let mut wrong = BTreeMap::new();
    let mut right: BTreeMap<ReadingId, (Reading, Version)> = BTreeMap::new();
    let mut take_right = |id: ReadingId, reading: Reading, version: Version| {
        if right.get(&id).is_none_or(|(_, known)| *known < version) {
            right.insert(id, (reading, version));
        }
    };
    let current = readings.current.iter().map(|(id, current)| (id, current, true));
    let others = readings.others.iter().map(|((id, _), other)| (id, other, false));
    for (id, version, is_current) in current.chain(others) {
        if version.received >= before || !was_read_with(version, &zones.was) {
            continue;
        }
        let Some(mut meant) = meant(&version.reading, zones) else { continue };
        // By a clock that was ahead it would be newer than what has corrected it since: it counts as of
        // its receipt, and that is not now.
        meant.update_time = meant.update_time.min(version.received.saturating_add(NOT_AHEAD));
        let Ok(valid) = meant.validate(now) else {
            plan.not_possible += 1;
            continue;
        };
        if is_current {
            wrong.insert(id, (version, valid.id()));
        }
        take_right(valid.id(), meant, valid.version);
    }
    // What was read rightly and stands behind what was not.
    for ((id, _), other) in &readings.others {
        let is_behind = |current: &Current| {
            wrong.contains_key(id) || is_withdrawn(current) && has_offset_of(current, &zones.was)
        };
        if !is_withdrawn(other)
            && !has_offset_of(other, &zones.was)
            && readings.current.get(id).is_some_and(is_behind)
        {
            take_right(id.clone(), other.reading.clone(), other.version);
        }
    }
    let mut withdrawals: BTreeMap<&ReadingId, Vec<Write>> = BTreeMap::new();
    for (id, (current, meant)) in &wrong {
        let withdrawn = Reading {
            status: ReadingStatus::EnteredInError,
            ..later(&current.reading, current, now)
        };
        let write = Write { id: (*id).clone(), reading: withdrawn, what: What::Withdrawal };
        withdrawals.entry(meant).or_default().push(write);
    }
    let mut taken = BTreeSet::new();
    for (id, (reading, version)) in &right {
        let reading = match readings.current.get(id) {
            // What stands there was read with the wrong zone, and is withdrawn before.
            Some(there) if wrong.contains_key(id) => {
                let reading = later(reading, there, now);
                Reading { update_time: reading.update_time + 1, ..reading }
            }
            // It was: here, or by its sender. The withdrawal is another measurement's.
            Some(there) if is_withdrawn(there) && has_offset_of(there, &zones.was) => {
                later(reading, there, now)
            }
            Some(there) if there.version >= *version => {
                plan.already_there += 1;
                continue;
            }
            _ => reading.clone(),
        };
        taken.insert(id);
        plan.writes.push(Write { id: id.clone(), reading, what: What::Right });
    }
    // A right reading that takes the place of a wrong one is written after what that one should be. So
    // wherever it ends in between, what is not written yet still stands where it was read.
    let moves_later =
        wrong.iter().any(|(id, (_, meant))| meant.observation_time() > id.observation_time());
    plan.writes.sort_by_key(|write| {
        let observed = write.id.observation_time().millis();
        if moves_later { -observed } else { observed }
    });
    let mut writes = Vec::with_capacity(plan.writes.len());
    for write in plan.writes {
        writes.extend(withdrawals.remove(&write.id).unwrap_or_default());
        writes.push(write);
    }
    // Those whose right ones are there already, but for what another right one overwrites.
    let rest = withdrawals.into_values().flatten();
    writes.extend(rest.filter(|write| !taken.contains(&write.id)));
    Plan { writes, ..plan }
}

fn is_withdrawn(current: &Current) -> bool {
    current.reading.status == ReadingStatus::EnteredInError
}

fn was_read_with(current: &Current, was: &TimeZone) -> bool {
    !is_withdrawn(current) && has_offset_of(current, was)
}

fn has_offset_of(current: &Current, was: &TimeZone) -> bool {
    let reading = &current.reading;
    let offset = instant(reading.observation_time).map(|at| was.to_offset(at).seconds());
    reading.taken_vendor().is_some()
        && offset.map(i64::from) == Some(i64::from(reading.utc_offset_minutes) * 60)
        // What a clock shows that was never set is of no zone.
        && reading.observation_time == reading.taken_observation_time()
}

/// The reading that the document meant; none where both zones read it alike.
fn meant(reading: &Reading, zones: &Zones) -> Option<Reading> {
    let moved = |millis: i64| {
        let civil = zones.was.to_datetime(instant(millis)?);
        let zoned = civil.to_zoned(zones.right.clone()).ok()?;
        Some((zoned.timestamp().as_millisecond(), zoned.offset().seconds() / 60))
    };
    let (observation_time, utc_offset_minutes) = moved(reading.observation_time)?;
    let (update_time, _) = moved(reading.update_time)?;
    let is_another = observation_time != reading.observation_time;
    is_another.then(|| Reading {
        observation_time,
        utc_offset_minutes,
        update_time,
        send_time: reading.send_time.map(|at| moved(at).map_or(at, |(at, _)| at)),
        ..reading.clone()
    })
}

/// The same with an `update_time` that is later than that of what is there.
fn later(reading: &Reading, there: &Current, now: Timestamp) -> Reading {
    let update_time = now.millis().max(there.version.update_time().millis() + 1);
    Reading { update_time, ..reading.clone() }
}

fn instant(millis: i64) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(millis).ok()
}

#[cfg(test)]
mod tests {
    use examples::{RAW_READINGS, RECEIVED};

    use super::*;

    const HOUR: i64 = 3_600_000;
    const NOW: Timestamp = Timestamp::from_millis(RECEIVED + 24 * HOUR);

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn zones(right: &str) -> Zones {
        Zones { was: zone("Asia/Tokyo"), right: zone(right) }
    }

    /// What the gateway reads of a document with some hour of January 15th, 2026 and no offset, in a
    /// zone.
    fn read(hour: i64, systolic: i32, zone: &str) -> Reading {
        let example = RAW_READINGS.iter().find(|it| it.name == "blood_pressure").unwrap();
        let mut reading: Reading = serde_json::from_str(example.json).unwrap();
        let civil = jiff::civil::date(2026, 1, 15).at(hour as i8, 0, 0, 0);
        let zoned = civil.to_zoned(self::zone(zone)).unwrap();
        reading.observation_time = zoned.timestamp().as_millisecond();
        reading.update_time = reading.observation_time + 60_000;
        reading.send_time = Some(reading.observation_time + 120_000);
        reading.utc_offset_minutes = zoned.offset().seconds() / 60;
        reading.vendor = Some("acme".to_owned());
        let schemas::reading::Measurement::BloodPressure(pressure) = &mut reading.measurement
        else {
            panic!("{reading:?}")
        };
        pressure.systolic = systolic;
        reading
    }

    fn store(readings: &mut Readings, reading: &Reading) {
        let valid = reading.validate(NOW).unwrap();
        let current =
            Current { reading: reading.clone(), version: valid.version, received: RECEIVED };
        readings.take(valid.id(), current);
    }

    fn stored(readings: &[Reading]) -> Readings {
        let mut all = Readings::default();
        for reading in readings {
            store(&mut all, reading);
        }
        all
    }

    fn planned(readings: &Readings, zones: &Zones) -> Plan {
        plan(readings, zones, RECEIVED + 1, NOW)
    }

    /// Final readings as systolic values by the hour in the zone.
    fn shown(readings: &Readings, zone: &str) -> Vec<(i8, i32)> {
        let finals =
            readings.current.values().filter(|it| it.reading.status == ReadingStatus::Final);
        finals
            .map(|it| {
                let at = instant(it.reading.observation_time).unwrap();
                let hour = self::zone(zone).to_datetime(at).hour();
                let schemas::reading::Measurement::BloodPressure(pressure) =
                    &it.reading.measurement
                else {
                    panic!()
                };
                (hour, pressure.systolic)
            })
            .collect()
    }

    #[test]
    fn a_reading_that_was_read_with_the_wrong_zone_is_withdrawn_and_written_as_it_was_meant() {
        for right in ["Europe/Berlin", "America/Los_Angeles"] {
            let wrong = read(7, 128, "Asia/Tokyo");
            let plan = planned(&stored(std::slice::from_ref(&wrong)), &zones(right));
            assert_eq!(plan.writes.len(), 2);
            assert_eq!(plan.writes[1].reading, read(7, 128, right), "{right}");
            let withdrawal = &plan.writes[0];
            assert_eq!(withdrawal.what, What::Withdrawal);
            assert_eq!(withdrawal.reading.status, ReadingStatus::EnteredInError);
            assert_eq!(withdrawal.reading.observation_time, wrong.observation_time);
            assert_eq!(withdrawal.reading.measurement, wrong.measurement);
            assert!(withdrawal.reading.update_time > wrong.update_time);
        }
    }

    #[test]
    fn what_the_same_document_doubled_when_it_was_sent_again_is_withdrawn_alone() {
        let (wrong, right) = (read(7, 128, "Asia/Tokyo"), read(7, 128, "Europe/Berlin"));
        let plan = planned(&stored(&[wrong, right]), &zones("Europe/Berlin"));
        assert_eq!((plan.writes.len(), plan.already_there), (1, 1));
        assert_eq!(plan.writes[0].what, What::Withdrawal);
    }

    #[test]
    fn what_has_an_offset_of_its_own_or_came_over_kafka_or_later_or_is_withdrawn_stays() {
        let berlin = read(7, 128, "Europe/Berlin");
        let over_kafka = Reading { vendor: None, ..read(8, 128, "Asia/Tokyo") };
        let status = ReadingStatus::EnteredInError;
        let withdrawn = Reading { status, ..read(9, 128, "Asia/Tokyo") };
        let readings = stored(&[berlin, over_kafka, withdrawn]);
        assert_eq!(planned(&readings, &zones("Europe/Berlin")), Plan::default());
        let later = stored(&[read(7, 128, "Asia/Tokyo")]);
        let nothing = plan(&later, &zones("Europe/Berlin"), RECEIVED, NOW);
        assert_eq!(nothing, Plan::default());
        assert_eq!(planned(&later, &zones("Asia/Tokyo")), Plan::default());
        let alike = planned(&later, &zones("Asia/Seoul"));
        assert_eq!(alike, Plan::default(), "Korea's clocks show Japan's time");
    }

    #[test]
    fn what_would_be_in_the_future_stays_and_is_counted() {
        let soon = read(7, 128, "Asia/Tokyo");
        let now = Timestamp::from_millis(soon.observation_time + HOUR);
        let received = soon.observation_time;
        let mut readings = stored(&[soon]);
        readings.current.values_mut().for_each(|current| current.received = received);
        let plan = plan(&readings, &zones("America/Los_Angeles"), received + 1, now);
        assert_eq!(plan, Plan { not_possible: 1, ..Plan::default() });
    }

    #[test]
    fn what_was_registered_by_a_clock_that_was_ahead_undoes_no_correction() {
        let zone = "America/Los_Angeles";
        let (wrong, right) = (read(7, 128, "Asia/Tokyo"), read(7, 128, zone));
        // Ten minutes ahead.
        let received = right.update_time - 600_000;
        let corrected_at = received + 120_000;
        let correction = Reading { update_time: corrected_at, ..read(7, 131, zone) };
        let mut readings = Readings::default();
        for (reading, received) in [(wrong, received), (correction, corrected_at)] {
            let valid = reading.validate(NOW).unwrap();
            let current = Current { reading, version: valid.version, received };
            readings.take(valid.id(), current);
        }
        let found = plan(&readings, &zones(zone), received + 1, NOW);
        assert_eq!((found.writes.len(), found.already_there), (1, 1), "{found:?}");
        assert_eq!(found.writes[0].what, What::Withdrawal);
        // Where nobody has corrected it, it comes as it would have been counted.
        readings.current.retain(|_, current| current.received == received);
        let found = plan(&readings, &zones(zone), received + 1, NOW);
        assert_eq!(found.writes[1].reading.update_time, received + 59_999);
    }

    /// One measurement would else confirm itself as two occasions.
    #[test]
    fn nothing_is_withdrawn_later_than_what_was_meant_is_written_nor_without_it() {
        let day = (0..24).step_by(2).map(|hour| read(hour, 190, "Asia/Tokyo"));
        let plan = planned(&stored(&Vec::from_iter(day)), &zones("Pacific/Chatham"));
        assert_eq!(plan.writes.len(), 24);
        for many in 0..=25 {
            let at_once: Vec<&[Write]> = plan.at_once(many).collect();
            assert_eq!(at_once.iter().map(|writes| writes.len()).sum::<usize>(), 24, "{many}");
            for writes in at_once {
                let (first, last) = (&writes[0], &writes[writes.len() - 1]);
                assert_eq!((first.what, last.what), (What::Withdrawal, What::Right), "{many}");
                assert!(writes.len() <= many.max(1) + 1, "{many}");
            }
        }
    }

    /// Every hour of a day: the right instant of most readings is the wrong one of another.
    #[test]
    fn a_series_comes_out_right_wherever_it_is_interrupted_and_begun_again() {
        for right in ["Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland"] {
            let day = (0..24).map(|hour| read(hour, 100 + hour as i32, "Asia/Tokyo"));
            let readings = stored(&Vec::from_iter(day));
            let now = NOW + clinical::Span::from_hours(24);
            let zones = zones(right);
            let whole = plan(&readings, &zones, RECEIVED + 1, now).writes.len();
            assert!(whole > 24, "{right}: some are withdrawn");
            for interrupted in 0..=whole {
                let mut readings = readings.clone();
                for _ in 0..2 {
                    let plan = plan(&readings, &zones, RECEIVED + 1, now);
                    for write in plan.at_once(interrupted).next().unwrap_or_default() {
                        store_later(&mut readings, &write.reading, now);
                    }
                }
                let rest = plan(&readings, &zones, RECEIVED + 1, now);
                for write in rest.writes {
                    store_later(&mut readings, &write.reading, now);
                }
                let mut found = shown(&readings, right);
                found.sort_unstable();
                let expected: Vec<_> = (0..24).map(|hour| (hour, 100 + i32::from(hour))).collect();
                assert_eq!(found, expected, "{right}, interrupted after {interrupted}");
            }
        }
    }

    /// One measurement that stood twice would confirm itself.
    #[test]
    fn no_measurement_of_a_series_ever_stands_twice_and_sent_again_each_stands_once() {
        let zones_right =
            ["Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata"];
        let now = NOW + clinical::Span::from_hours(24);
        for (right, step) in zones_right.into_iter().flat_map(|it| (1..4).map(move |by| (it, by))) {
            let hours = || (0..24).step_by(step);
            let sent = |zone| hours().map(move |hour| read(hour, 100 + hour as i32, zone));
            let expected: Vec<_> = hours().map(|hour| (hour as i8, 100 + hour as i32)).collect();
            let zones = zones(right);
            // The vendor has sent none, a part or all of it again before.
            for again in [0, 2, 1] {
                let mut readings = stored(&Vec::from_iter(sent("Asia/Tokyo")));
                for reading in sent(right).step_by(again.max(1)).take(24 * again) {
                    store_later(&mut readings, &reading, now);
                }
                let whole = plan(&readings, &zones, RECEIVED + 1, now);
                for (done, write) in whole.writes.iter().enumerate() {
                    store_later(&mut readings, &write.reading, now);
                    let mut values: Vec<_> =
                        shown(&readings, right).into_iter().map(|(_, value)| value).collect();
                    values.sort_unstable();
                    let all = values.len();
                    values.dedup();
                    assert!(again > 0 || values.len() == all, "{right}, each {step} h: {done}");
                }
                for reading in sent(right) {
                    store_later(&mut readings, &reading, now);
                }
                let mut found = shown(&readings, right);
                found.sort_unstable();
                assert_eq!(found, expected, "{right}, each {step} h, sent again {again}");
                let rest = plan(&readings, &zones, RECEIVED + 1, now);
                assert!(rest.writes.is_empty(), "{right}, each {step} h, sent again {again}");
            }
        }
    }

    fn store_later(readings: &mut Readings, reading: &Reading, now: Timestamp) {
        let valid = reading.validate(now).unwrap();
        let received = RECEIVED + 2;
        let current = Current { reading: reading.clone(), version: valid.version, received };
        readings.take(valid.id(), current);
    }
}
