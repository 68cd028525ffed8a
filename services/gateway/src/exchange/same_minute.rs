//! Different readings of one device at one whole minute, in one request: a device that does not know
//! seconds has measured twice within it. They have one reading id, so the later `update_time` takes the
//! place of the other. Neither is moved; the sender is warned. Of what came in several requests, or over
//! Kafka, receipts say so.

use clinical::suspicions::SAME_MINUTE_WITHIN;
use clinical::{Span, clock};
use schemas::reading::{Reading, ReadingStatus};

use super::problem::{WarningRule, member};
use super::{Entry, Parsed, Unreadable, ValidReading};
use crate::memory::Share;

/// Warns of each reading that has other values than one before it with its id.
pub(super) fn warn(parsed: &mut Parsed, share: &mut Share) -> Result<(), Unreadable> {
    let valid = |entry: &Entry| entry.result.as_ref().is_ok_and(of_whole_minute);
    if parsed.entries.iter().filter(|entry| valid(entry)).nth(1).is_none() {
        return Ok(());
    }
    let most = parsed.entries.len();
    // Of both lists, which hold as much at most and never grow.
    let bytes = 2 * most * size_of::<usize>();
    share.take(bytes)?;
    let entries = &parsed.entries;
    let reading = |place: usize| entries[place].result.as_ref().ok();
    let mut places: Vec<usize> = Vec::with_capacity(most);
    places.extend((0..most).filter(|place| valid(&entries[*place])));
    places.sort_unstable_by_key(|place| (reading(*place).map(|valid| &valid.id), *place));
    let mut warned: Vec<usize> = Vec::with_capacity(most);
    for of_id in places.chunk_by(|one, other| {
        reading(*one).map(|valid| &valid.id) == reading(*other).map(|valid| &valid.id)
    }) {
        let is_another = |place: &usize| {
            let (one, other) = (reading(of_id[0])?, reading(*place)?);
            let is_another = one.reading.measurement != other.reading.measurement
                && !is_corrected(&one.reading, &other.reading);
            Some(is_another)
        };
        let others = of_id.iter().copied().skip(1);
        warned.extend(others.filter(|place| is_another(place) == Some(true)));
    }
    drop(places);
    warned.sort_unstable();
    for place in warned {
        let Entry { document, pointer, .. } = &entries[place];
        let at = || member(pointer, "observation_time");
        parsed.warnings.add(*document, WarningRule::SameMinute, at);
    }
    share.give_back(bytes);
    Ok(())
}

/// Whether the later of two versions is a person's, who takes back or corrects the other: nobody does so as
/// soon as two measurements of one minute follow one another.
fn is_corrected(one: &Reading, other: &Reading) -> bool {
    let later = if other.update_time >= one.update_time { other } else { one };
    let apart = Span::from_millis((other.update_time - one.update_time).abs());
    later.status == ReadingStatus::EnteredInError
        || later.data_input.is_by_hand() && apart >= SAME_MINUTE_WITHIN
}

/// Of a check-up no device's clock says the time: people write it, and in whole minutes.
fn of_whole_minute(valid: &ValidReading) -> bool {
    clock::is_doubted(valid.id.kind()) && clock::is_whole_minute(valid.id.observation_time())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::contract::read;
    use super::super::{Parsed, WarningRule};

    fn pressure(observation_time: &str, update_time: &str, systolic: u16) -> Value {
        json!({
            "observation_time": observation_time,
            "update_time": update_time,
            "systolic": systolic,
            "diastolic": 80,
            "pulse_rate": 66,
            "model_manufacturer_code": "OMRON",
            "production_specification_serial": "1",
            "data_input_code": "0",
            "origin_of_time_code": "0",
        })
    }

    fn document(records: &[Value]) -> Value {
        json!({
            "format_version": "2.0",
            "send_time": "20260201090000000",
            "consortium_id": "CGM005",
            "person_information": [{
                "person_id": "S001",
                "healthcare_information": { "blood_pressure": records },
            }],
        })
    }

    fn warned(parsed: &Parsed) -> Vec<(usize, &str, WarningRule)> {
        assert!(parsed.entries.iter().all(|entry| entry.result.is_ok()), "all are accepted");
        let listed = parsed.warnings.listed.iter();
        listed.map(|warning| (warning.document, &*warning.pointer, warning.rule)).collect()
    }

    const FIRST: &str =
        "/person_information/0/healthcare_information/blood_pressure/0/observation_time";
    const SECOND: &str =
        "/person_information/0/healthcare_information/blood_pressure/1/observation_time";

    #[test]
    fn two_readings_of_a_whole_minute_are_warned_of_also_in_two_documents() {
        let (severe, harmless) = (
            pressure("20260201083100", "20260201083120000", 192),
            pressure("20260201083100", "20260201083155000", 131),
        );
        let both = document(&[severe.clone(), harmless.clone()]).to_string();
        assert_eq!(warned(&read(&both).unwrap()), [(0, SECOND, WarningRule::SameMinute)]);
        let (one, other) = (document(std::slice::from_ref(&severe)), document(&[harmless]));
        let apart = format!("{one}\n{other}");
        assert_eq!(warned(&read(&apart).unwrap()), [(1, FIRST, WarningRule::SameMinute)]);
        let twice = document(&[severe.clone(), severe]).to_string();
        assert_eq!(warned(&read(&twice).unwrap()), [], "the same reading twice is one");
    }

    #[test]
    fn a_correction_of_a_device_with_seconds_is_none() {
        let (wrong, right) = (
            pressure("20260201083107", "20260201083120000", 192),
            pressure("20260201083107", "20260201083155000", 131),
        );
        let both = document(&[wrong, right]).to_string();
        assert_eq!(warned(&read(&both).unwrap()), []);
        let minutes = [
            pressure("20260201083100", "20260201083120000", 192),
            pressure("20260201083200", "20260201083220000", 131),
        ];
        assert_eq!(warned(&read(&document(&minutes).to_string()).unwrap()), []);
    }

    #[test]
    fn a_persons_correction_of_a_minute_is_no_second_measurement() {
        let measured = pressure("20260201083100", "20260201083120000", 192);
        let typed = |update_time: &str, code: &str| {
            let mut typed = pressure("20260201083100", update_time, 131);
            typed["data_input_code"] = code.into();
            let both = document(&[measured.clone(), typed]).to_string();
            warned(&read(&both).unwrap()).len()
        };
        assert_eq!(typed("20260201083320000", "2"), 0, "corrected by hand");
        assert_eq!(typed("20260201083320000", "1"), 0, "typed");
        assert_eq!(typed("20260201083319000", "2"), 1, "nobody corrects so soon");
        assert_eq!(typed("20260201083320000", "0"), 1, "a device corrects nothing");
        let mut withdrawn = pressure("20260201083100", "20260201083125000", 131);
        withdrawn["status"] = "entered_in_error".into();
        let both = document(&[measured.clone(), withdrawn]).to_string();
        assert_eq!(warned(&read(&both).unwrap()), [], "taken back");
    }

    #[test]
    fn what_a_person_types_now_of_long_ago_is_taken_without_a_warning() {
        let of = |code: &str| {
            let mut typed = pressure("20250201085900", "20260201090000000", 192);
            typed["data_input_code"] = code.into();
            let parsed = read(&document(&[typed]).to_string()).unwrap();
            parsed.warnings.listed.len()
        };
        assert_eq!([of("0"), of("1"), of("2")], [1, 0, 0]);
    }

    /// The documents are received at 09:00 in Japan.
    #[test]
    fn what_a_clock_says_that_cannot_be_so_is_taken_with_a_warning_at_its_place() {
        const UPDATE: &str =
            "/person_information/0/healthcare_information/blood_pressure/0/update_time";
        use WarningRule::{ClockNotSet, ObservedAhead, ObservedLongAgo, UpdateTimeAhead};
        let of = |observed: &str, updated: &str| {
            let parsed = read(&document(&[pressure(observed, updated, 128)]).to_string()).unwrap();
            let warned: Vec<(String, WarningRule)> = warned(&parsed)
                .into_iter()
                .map(|(_, pointer, rule)| (pointer.to_owned(), rule))
                .collect();
            warned
        };
        let at = |pointer: &str, rule| vec![(pointer.to_owned(), rule)];
        assert_eq!(of("20260201085959", "20260201090000000"), []);
        assert_eq!(of("20260201090100", "20260201090059999"), []);
        assert_eq!(of("20210101000300", "20260201090000000"), at(FIRST, ClockNotSet));
        assert_eq!(of("20210107000300", "20210107000400000"), at(FIRST, ClockNotSet));
        // A factory date from which the clock counts on, and the year before: from the first reading on.
        assert_eq!(of("20210301000300", "20260201090000000"), at(FIRST, ObservedLongAgo));
        assert_eq!(of("20250201085900", "20260201090000000"), at(FIRST, ObservedLongAgo));
        assert_eq!(of("20210301000300", "20210301000400000"), [], "a history is not wrong");
        assert_eq!(of("20260101000300", "20260101000300000"), [], "a month late is not wrong");
        assert_eq!(of("20260201095500", "20260201090000000"), at(FIRST, ObservedAhead));
        assert_eq!(of("20260201085900", "20260201091000000"), at(UPDATE, UpdateTimeAhead));
    }

    #[test]
    fn a_laboratory_has_no_devices_clock() {
        let record = |observed: &str, updated: &str, percent: f64| {
            json!({
                "observation_time": observed,
                "update_time": updated,
                "hba1c_value": percent,
                "test_lab_id": "LAB1",
                "data_input_code": "0",
            })
        };
        let document = json!({
            "format_version": "2.0",
            "send_time": "20260201090000000",
            "consortium_id": "CGM005",
            "person_information": [{
                "person_id": "S001",
                "health_checkup_information": { "hba1c": [
                    record("20210101000000", "20260201085900000", 6.4),
                    record("20260120100000", "20260201085900000", 6.5),
                    // A correction.
                    record("20260120100000", "20260201085930000", 6.3),
                ] },
            }],
        });
        assert_eq!(warned(&read(&document.to_string()).unwrap()), []);
    }
}
