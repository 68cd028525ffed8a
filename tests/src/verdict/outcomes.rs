//! Every raw record has the one outcome that it must have.

use std::collections::BTreeMap;

use clinical::Outcome;
use schemas::records::RawOutcome;
use schemas::{AcceptedReading, OutcomeTally, RejectedReading};
use stream::follow::Incoming;

use super::undisturbed::{DueOutcome, Expected};
use super::{Came, Complaints, Place, Placed};

pub(super) fn compare(expected: &Expected, came: &Came, found: &mut Complaints) {
    let in_short = |accepted: &AcceptedReading| {
        let version = accepted.version.cast_unsigned();
        let id = accepted.reading_id.clone();
        (place(&accepted.origin), accepted.outcome.as_str(), id, version)
    };
    let accepted = found.once("accepted records", came.accepted.iter().map(in_short));
    let due = expected.outcomes.values().filter_map(|outcome| match outcome {
        DueOutcome::Stored(accepted) => Some(in_short(accepted)),
        _ => None,
    });
    found.difference("accepted records", &accepted, &due.collect());
    let other = came.accepted.iter().filter(|accepted| {
        let outcome = expected.outcomes.get(&place(&accepted.origin));
        matches!(outcome, Some(DueOutcome::Stored(due)) if **due != **accepted)
    });
    let what = "accepted records that say something else than the raw record";
    found.of_each(what, other.map(in_short));

    let rejected = came.rejected.iter().map(|r| (place(&r.origin), &*r.reason));
    let rejected = found.once("rejected records", rejected);
    let due = expected.outcomes.iter().filter_map(|(origin, outcome)| match outcome {
        DueOutcome::Rejected(reason) => Some((*origin, *reason)),
        _ => None,
    });
    found.difference("rejected records", &rejected, &due.collect());
    compare_bytes(came, found);
    compare_tallies(expected, &came.tallies, found);
}

fn place(origin: &schemas::Origin) -> Place {
    (origin.partition, origin.offset)
}

/// What is rejected is carried on as it came.
fn compare_bytes(came: &Came, found: &mut Complaints) {
    let rejected = came.rejected.iter().map(|rejected| (place(&rejected.origin), rejected));
    let rejected: BTreeMap<Place, &RejectedReading> = rejected.collect();
    let other = came.raw.iter().filter_map(|raw| {
        let (place, rejected) = rejected.get_key_value(&(raw.partition, raw.offset))?;
        (!holds(rejected, raw)).then_some((place, &rejected.reason))
    });
    found.of_each("rejected records that hold something else than the raw record", other);
}

/// Of large values and keys only the beginning is held, with the length of the whole.
fn holds(rejected: &RejectedReading, raw: &Incoming) -> bool {
    let is_of = |held: &[u8], whole: &[u8], length: Option<i64>| match length {
        None => held == whole,
        Some(length) => whole.starts_with(held) && usize::try_from(length) == Ok(whole.len()),
    };
    let value = raw.payload.as_deref().unwrap_or_default();
    let is_of_key = match (&rejected.key, &raw.key) {
        (Some(held), Some(whole)) => is_of(held, whole, rejected.whole_key_length),
        (held, whole) => held.is_none() && whole.is_none(),
    };
    is_of_key
        && is_of(&rejected.bytes, value, rejected.whole_length)
        && rejected.origin.received_at == raw.timestamp_ms
}

/// Tallies follow one another without a gap, and count what is in their ranges.
fn compare_tallies(expected: &Expected, tallies: &[Placed<OutcomeTally>], found: &mut Complaints) {
    let mut next: BTreeMap<i32, i64> = BTreeMap::new();
    let (mut gaps, mut wrong) = (Vec::new(), Vec::new());
    for tally in tallies.iter().map(|placed| &placed.record) {
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
            expected.outcomes.range(range).for_each(|(_, outcome)| count(&mut due, outcome));
        }
        if due != *tally {
            wrong.push((*tally, due));
        }
    }
    found.of_each("tallies that do not follow one another (partition, due, found)", gaps);
    found.of_each("tallies that count wrongly (found, due)", wrong);
    let without_outcome = expected
        .outcomes
        .keys()
        .filter(|(partition, offset)| next.get(partition).is_none_or(|next| offset >= next));
    found.of_each("raw records without an outcome", without_outcome);
}

fn count(tally: &mut OutcomeTally, outcome: &DueOutcome) {
    match outcome {
        DueOutcome::Stored(accepted) => tally.count(accepted.outcome),
        DueOutcome::Duplicate { .. } => tally.count(Outcome::Duplicate),
        DueOutcome::Rejected(_) => tally.count(RawOutcome::Rejected),
        DueOutcome::Rerouted => tally.count(RawOutcome::Rerouted),
    }
}
