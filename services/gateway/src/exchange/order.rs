//! Which of two instants a time is that the clocks show twice, where no offset says it: the order of
//! the device's readings in their array decides.
//!
//! A device's memory is written in time's order, mostly upwards. Read in that order, each time that
//! may be two instants is the first of them that is later than the reading before it; where none
//! is, the first. So 24 values over the doubled hour are 24 instants, and what is sent again in the
//! same order is the same again. A record that is there twice running is one reading: nothing has
//! passed between the two that would show that the clocks went back.

use clinical::kinds::Setting;
use clinical::source::SourceDigest;

use super::civil_time::{CivilTime, Clock, Instant};
use super::fields::Fields;
use super::json::{Items, Json};
use super::observation;
use super::problem::Warnings;

/// The records of one array. What their order says is only computed when it is asked for.
pub(super) struct ArrayOrder<'j> {
    setting: Setting,
    records: Items<'j>,
    /// By the records' indices: whether the second of two instants is meant.
    is_second: Option<Vec<bool>>,
}

impl<'j> ArrayOrder<'j> {
    pub(super) fn of(setting: Setting, records: Items<'j>) -> Self {
        Self { setting, records, is_second: None }
    }

    /// The instant that a record's time of observation means. `clock` is that of the document.
    pub(super) fn instant(&mut self, index: usize, time: &CivilTime, clock: &Clock) -> Instant {
        let Some(second) = time.second else { return time.first };
        let is_second =
            self.is_second.get_or_insert_with(|| is_second(self.setting, self.records, clock));
        if is_second[index] { second } else { time.first }
    }
}

/// A record by its source and index, and when it was observed. One list holds all of an array: it
/// takes little more than the array's text, however many sources there are.
struct Placed<'j> {
    source: SourceDigest,
    index: usize,
    record: Json<'j>,
    time: CivilTime,
}

fn is_second(setting: Setting, records: Items<'_>, clock: &Clock) -> Vec<bool> {
    let mut all: Vec<Placed<'_>> = Vec::new();
    let mut count = 0;
    for (index, record) in records.iter().enumerate() {
        count += 1;
        if let Some((source, time)) = observed(setting, record, clock) {
            all.push(Placed { source, index, record, time });
        }
    }
    all.sort_by_key(|placed| (placed.source, placed.index));
    let mut is_second = vec![false; count];
    for of_source in all.chunk_by_mut(|one, next| one.source == next.source) {
        let steps = |is: fn(&CivilTime, &CivilTime) -> bool| {
            of_source.windows(2).filter(|pair| is(&pair[0].time, &pair[1].time)).count()
        };
        if steps(|one, next| one.civil > next.civil) > steps(|one, next| one.civil < next.civil) {
            of_source.reverse();
        }
        let mut before = None;
        let mut last: Option<(usize, Json<'_>)> = None;
        for Placed { index, record, time, .. } in of_source.iter() {
            let (index, record) = (*index, *record);
            match last {
                Some((same, written)) if written == record => is_second[index] = is_second[same],
                _ => {
                    let is_later =
                        |instant: &Instant| before.is_none_or(|before| instant.time > before);
                    let second =
                        time.second.filter(|second| !is_later(&time.first) && is_later(second));
                    is_second[index] = second.is_some();
                    before = Some(second.unwrap_or(time.first).time);
                }
            }
            last = Some((index, record));
        }
    }
    is_second
}

/// The source of a record, and when it was observed; none where the record does not say both well.
fn observed(
    setting: Setting,
    record: Json<'_>,
    clock: &Clock,
) -> Option<(SourceDigest, CivilTime)> {
    // Problems and warnings are reported where the record itself is read.
    let mut warnings = Warnings::default();
    let mut fields = Fields::new(0, "", record.members()?, &mut warnings);
    let time = observation::time(&mut fields, clock).time?;
    let source = observation::source(&mut fields, setting);
    if fields.has_problems() {
        return None;
    }
    Some((source.normalised().ok()?.digest(), time))
}
