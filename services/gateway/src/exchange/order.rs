//! Which of two instants a time is that the clocks show twice, where no offset says it: the order of
//! the device's readings in their array decides.
//!
//! A device's memory is written in time's order, mostly upwards. Read in that order, each time that
//! may be two instants is the first of them that is later than the reading before it; where none
//! is, the first. So 24 values over the doubled hour are 24 instants, and what is sent again in the
//! same order is the same again.

use std::collections::HashMap;

use clinical::Source;

use super::civil_time::{self, CivilTime, Clock, Instant};
use super::json::{Json, Members};
use super::record::{self, object};

/// The records of one array. What their order says is only computed when it is asked for.
pub(super) struct ArrayOrder<'j> {
    records: &'j [Json<'j>],
    /// By the records' indices: whether the second of two instants is meant.
    is_second: Option<Vec<bool>>,
}

impl<'j> ArrayOrder<'j> {
    pub(super) fn of(records: &'j [Json<'j>]) -> Self {
        Self { records, is_second: None }
    }

    /// The instant that a record's time of observation means.
    pub(super) fn instant(&mut self, index: usize, time: &CivilTime, clock: &Clock) -> Instant {
        let Some(second) = time.second else { return time.first };
        let is_second = self.is_second.get_or_insert_with(|| is_second(self.records, clock));
        if is_second[index] { second } else { time.first }
    }
}

fn is_second(records: &[Json<'_>], clock: &Clock) -> Vec<bool> {
    let mut of_devices: HashMap<String, Vec<(usize, CivilTime)>> = HashMap::new();
    for (index, record) in records.iter().enumerate() {
        let Some(members) = object(record) else { continue };
        if let Some((device, time)) = device(members).zip(observed(members, clock)) {
            of_devices.entry(device).or_default().push((index, time));
        }
    }
    let mut is_second = vec![false; records.len()];
    for mut times in of_devices.into_values() {
        let steps = |is: fn(&CivilTime, &CivilTime) -> bool| {
            times.windows(2).filter(|pair| is(&pair[0].1, &pair[1].1)).count()
        };
        if steps(|one, next| one.civil > next.civil) > steps(|one, next| one.civil < next.civil) {
            times.reverse();
        }
        let mut before = None;
        for (index, time) in times {
            let is_later = |instant: &Instant| before.is_none_or(|before| instant.time > before);
            let second = time.second.filter(|second| !is_later(&time.first) && is_later(second));
            is_second[index] = second.is_some();
            before = Some(second.unwrap_or(time.first).time);
        }
    }
    is_second
}

/// What names the device or test lab of a record, if it names one.
fn device(members: &Members<'_>) -> Option<String> {
    let text = |name: &str| text(members, name);
    let source = match text("test_lab_id") {
        Some(lab) => Source::test_lab(lab),
        None => Source::device(
            text("model_manufacturer_code")?,
            text("production_specification_serial")?,
        ),
    };
    Some(source.ok()?.written())
}

fn observed(members: &Members<'_>, clock: &Clock) -> Option<CivilTime> {
    let own = match text(members, record::UTC_OFFSET) {
        Some(offset) => Some(Clock::Offset(civil_time::utc_offset(offset)?)),
        None => None,
    };
    let time = text(members, record::OBSERVATION_TIME)
        .or_else(|| text(members, record::OBSERVATION_TIME_MISSPELT))?;
    civil_time::seconds(time, own.as_ref().unwrap_or(clock)).ok()
}

fn text<'j>(members: &'j Members<'_>, name: &str) -> Option<&'j str> {
    members.iter().find_map(|(written, value)| match value {
        Json::Text(text) if written == name => Some(&**text),
        _ => None,
    })
}
