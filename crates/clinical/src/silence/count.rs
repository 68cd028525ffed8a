//! What a partition counts, judges and reports.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Group, GroupId, Groups, Heard, Limits, Presence, Report, Silences, Tally, Totals};
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::time::Timestamp;

/// So many groups a report names, the largest, so that it stays one record. Ours.
const MOST_REPORTED: usize = 1_000;

/// A patient to be counted: who, what is expected, and by what they are heard.
pub type Counted<'p> = (&'p PatientId, &'p Plan, &'p Heard);

/// Counts a partition's patients at a time, judges by them and by the newest reports of the other
/// partitions, and counts whose own the silent patients of silent groups are. Returns the report, and the
/// groups of which silence began or ended.
pub fn report<'p, 'r>(
    patients: impl Iterator<Item = Counted<'p>> + Clone,
    groups: &mut Groups,
    (others, silences): (impl Iterator<Item = &'r Report>, &Silences),
    at: Timestamp,
    limits: &Limits,
) -> (Report, Vec<Group>) {
    for (patient, ..) in patients.clone() {
        groups.add_consortium(patient.consortium());
    }
    let mut tallies = vec![Tally::default(); groups.len()];
    let groups = &*groups;
    each(patients.clone(), groups, at, limits, |presences| {
        for (group, presence) in presences {
            tallies[group.index()].count(*presence);
        }
    });
    let mut totals = Totals::at(at, others);
    let own = named(groups, &tallies);
    totals.add(&own);
    let mut silences = silences.clone();
    let changed = silences.judge(&totals, at, limits);
    let order: Vec<GroupId> =
        silences.by_size(&totals).into_iter().filter_map(|group| groups.find(group)).collect();
    let tallies = if order.is_empty() {
        own
    } else {
        each(patients, groups, at, limits, |presences| {
            let is_silent_in = |group: &&GroupId| {
                presences.iter().any(|(known, presence)| known == *group && presence.is_late)
            };
            if let Some(first) = order.iter().find(is_silent_in) {
                tallies[first.index()].own += 1;
            }
        });
        named(groups, &tallies)
    };
    let valid_until = match tallies.is_empty() {
        true => Timestamp::LATEST,
        false => at + limits.valid_for(),
    };
    (Report { counted_at: at, valid_until, tallies, silences }, changed)
}

/// The groups that have members, with their counts: the largest, where they are very many.
fn named(groups: &Groups, tallies: &[Tally]) -> BTreeMap<Group, Tally> {
    let counted = groups.iter().map(|(id, group)| (group, tallies[id.index()]));
    let mut members: Vec<(&Group, Tally)> =
        counted.filter(|(_, tally)| tally.members > 0).collect();
    if members.len() > MOST_REPORTED {
        members.sort_by_key(|(_, tally)| Reverse(tally.members));
        members.truncate(MOST_REPORTED);
    }
    members.into_iter().map(|(group, tally)| (group.clone(), tally)).collect()
}

fn each<'p>(
    patients: impl Iterator<Item = Counted<'p>>,
    groups: &Groups,
    at: Timestamp,
    limits: &Limits,
    mut count: impl FnMut(&[(GroupId, Presence)]),
) {
    for (patient, plan, heard) in patients {
        let consortium = groups.find_consortium(patient.consortium());
        count(&heard.presences(plan, (groups, consortium), at, limits));
    }
}
