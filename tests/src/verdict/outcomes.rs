//! Every raw record has the one outcome that it must have.

use std::collections::BTreeMap;

use schemas::OutcomeTally;
use schemas::records::StoredOutcome;

use super::undisturbed::{Expected, Fate, Origin};
use super::{Came, Complaints};

pub(super) fn compare(expected: &Expected, came: &Came, found: &mut Complaints) {
    let accepted = came.accepted.iter().map(|accepted| {
        let version = accepted.version.cast_unsigned();
        (origin(&accepted.origin), accepted.outcome.as_str(), &*accepted.reading_id, version)
    });
    let accepted = found.once("accepted records", accepted);
    let due = expected.fates.iter().filter_map(|(origin, fate)| match fate {
        Fate::Stored { outcome, id, version } => Some((*origin, outcome.as_str(), &**id, *version)),
        _ => None,
    });
    found.difference("accepted records", &accepted, &due.collect());

    let rejected = came.rejected.iter().map(|r| (origin(&r.origin), &*r.reason));
    let rejected = found.once("rejected records", rejected);
    let due = expected.fates.iter().filter_map(|(origin, fate)| match fate {
        Fate::Rejected(reason) => Some((*origin, *reason)),
        _ => None,
    });
    found.difference("rejected records", &rejected, &due.collect());
    compare_tallies(expected, &came.tallies, found);
}

fn origin(origin: &schemas::Origin) -> Origin {
    (origin.partition, origin.offset)
}

/// Tallies follow one another without a gap, and count what is in their ranges.
fn compare_tallies(expected: &Expected, tallies: &[OutcomeTally], found: &mut Complaints) {
    let mut next: BTreeMap<i32, i64> = BTreeMap::new();
    let (mut gaps, mut wrong) = (Vec::new(), Vec::new());
    for tally in tallies {
        let next = next.entry(tally.partition).or_default();
        if tally.from_offset != *next {
            gaps.push((tally.partition, *next, tally.from_offset));
        }
        *next = tally.next_offset;
        let mut due = OutcomeTally {
            partition: tally.partition,
            from_offset: tally.from_offset,
            next_offset: tally.next_offset,
            ..OutcomeTally::default()
        };
        let range = (tally.partition, tally.from_offset)..(tally.partition, tally.next_offset);
        if range.start < range.end {
            expected.fates.range(range).for_each(|(_, fate)| count(&mut due, fate));
        }
        if due != *tally {
            wrong.push((*tally, due));
        }
    }
    found.of_each("tallies that do not follow one another (partition, due, found)", gaps);
    found.of_each("tallies that count wrongly (found, due)", wrong);
    let untold = expected
        .fates
        .keys()
        .filter(|(partition, offset)| next.get(partition).is_none_or(|next| offset >= next));
    found.of_each("raw records without an outcome", untold);
}

fn count(tally: &mut OutcomeTally, fate: &Fate) {
    match fate {
        Fate::Stored { outcome: StoredOutcome::New, .. } => tally.new += 1,
        Fate::Stored { outcome: StoredOutcome::Correction, .. } => tally.correction += 1,
        Fate::Stored { outcome: StoredOutcome::Historical, .. } => tally.historical += 1,
        Fate::Stored { outcome: StoredOutcome::Stale, .. } => tally.stale += 1,
        Fate::Stored { outcome: StoredOutcome::Conflict, .. } => tally.conflict += 1,
        Fate::Duplicate { .. } => tally.duplicate += 1,
        Fate::Rejected(_) => tally.rejected += 1,
        Fate::Rerouted => tally.rerouted += 1,
    }
}
