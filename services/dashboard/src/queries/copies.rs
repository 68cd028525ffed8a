//! Which readings of a page are probable copies, by the same judgement as that of the rules.

use std::collections::{HashMap, HashSet};

use clinical::copies::originals;
use clinical::remembered::{CurrentReading, Delay};
use clinical::{Kind, ReadingId};

use crate::model::{Measurement, Reading, values};

/// Marks the copies among the readings of a page, which are oldest first. `outside` are readings near
/// its ends, in any order; those of the page may be among them.
pub fn mark(readings: &mut [Reading], outside: Vec<Reading>) {
    for kind in Kind::ALL {
        let of_kind = |reading: &&mut Reading| reading.measurement.kind == kind;
        let mut page: Vec<&mut Reading> = readings.iter_mut().filter(of_kind).collect();
        if !has_several_sources(&page) && outside.is_empty() {
            continue;
        }
        let known: HashSet<ReadingId> = page.iter().map(|reading| reading.id.clone()).collect();
        let near = outside
            .iter()
            .filter(|near| near.measurement.kind == kind && !known.contains(&near.id));
        let mut all: Vec<(CurrentReading, ReadingId)> =
            page.iter().map(|reading| &**reading).chain(near).map(seen).collect();
        all.sort_by_key(|(current, _)| (current.time, current.source));
        let (current, ids): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let originals = originals(kind, &current);
        let copies: HashMap<&ReadingId, &ReadingId> = ids
            .iter()
            .zip(&originals)
            .filter_map(|(id, original)| Some((id, &ids[(*original)?])))
            .collect();
        for reading in &mut page {
            reading.copy_of = copies.get(&reading.id).map(|id| (*id).clone());
        }
    }
}

fn has_several_sources(page: &[&mut Reading]) -> bool {
    page.windows(2).any(|pair| pair[0].id.source() != pair[1].id.source())
}

/// The reading as the rules see it.
fn seen(reading: &Reading) -> (CurrentReading, ReadingId) {
    let (observed, received) = (reading.observed_at.at(), reading.received_at.at());
    let Measurement { kind, values, .. } = &reading.measurement;
    let current = CurrentReading {
        time: observed,
        source: reading.id.source(),
        sample: values::sample(*kind, values),
        delay: Delay::between(observed, received),
    };
    (current, reading.id.clone())
}
