//! What a partition counts, judges and reports.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Group, GroupId, Groups, Heard, Limits, Presence, Report, Silences, Tally, Totals};
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::time::Timestamp;

/// So many consortia, vendors and models a report names, so that it stays one record, those with the most
/// members. None takes the room of another, so that made-up names of models hide no vendor. Ours.
const MOST_REPORTED: [usize; 3] = [1_000, 300, 500];

/// So many models of one vendor are among them. Ours.
const MOST_MODELS_OF_VENDOR: usize = 100;

/// A patient to be counted: who, what is expected, and by what they are heard.
pub type Counted<'p> = (&'p PatientId, &'p Plan, &'p Heard);

/// What is known when patients are counted.
#[derive(Debug)]
pub struct Known<'k, I> {
    /// The newest reports of the other partitions.
    pub others: I,
    /// Whether one of them has counted and its report cannot be read.
    pub is_unsure: bool,
    /// The silences so far.
    pub silences: &'k Silences,
}

/// What was counted and judged.
#[derive(Debug)]
pub struct Judged {
    /// To be reported.
    pub report: Report,
    /// The groups of which silence began or ended, or is not remembered any more.
    pub changed: Vec<Group>,
    /// How many groups have members and are not in the report, because there are too many.
    pub left_out: usize,
}

/// Counts a partition's patients at a time, judges by them and by the newest reports of the other
/// partitions, and counts whose own the silent patients of silent groups are.
pub fn report<'p, 'r>(
    patients: impl Iterator<Item = Counted<'p>> + Clone,
    groups: &Groups,
    known: Known<'_, impl Iterator<Item = &'r Report>>,
    at: Timestamp,
    limits: &Limits,
) -> Judged {
    let names = Names::of(groups, patients.clone().map(|(patient, ..)| patient));
    let mut tallies = vec![Tally::default(); names.end()];
    each(patients.clone(), &names, at, limits, |presences| {
        for (group, presence) in presences {
            tallies[group.index()].count(*presence);
        }
    });
    let mut totals = Totals::at(at, known.others).without_one(known.is_unsure);
    let (own, left_out) = names.most(&tallies, known.silences);
    totals.add(&own);
    let mut silences = known.silences.clone();
    let changed = silences.judge(&totals, at, limits);
    let order: Vec<GroupId> =
        silences.by_size(&totals).into_iter().filter_map(|group| names.find(group)).collect();
    let (tallies, left_out) = if order.is_empty() {
        (own, left_out)
    } else {
        each(patients, &names, at, limits, |presences| {
            let is_silent_in = |group: &&GroupId| {
                presences.iter().any(|(known, presence)| known == *group && presence.is_late)
            };
            if let Some(first) = order.iter().find(is_silent_in) {
                tallies[first.index()].own += 1;
            }
        });
        names.most(&tallies, &silences)
    };
    let valid_until = match tallies.is_empty() {
        true => Timestamp::LATEST,
        false => at + limits.valid_for(),
    };
    Judged { report: Report { counted_at: at, valid_until, tallies, silences }, changed, left_out }
}

/// The groups that patients may be of: vendors and models, and behind them the consortia of those who are
/// counted.
struct Names<'n> {
    groups: &'n Groups,
    consortia: HashMap<&'n str, GroupId>,
}

impl<'n> Names<'n> {
    fn of(groups: &'n Groups, patients: impl Iterator<Item = &'n PatientId>) -> Self {
        let mut consortia = HashMap::new();
        for patient in patients {
            let next = GroupId::at(groups.end() + consortia.len());
            consortia.entry(patient.consortium()).or_insert(next);
        }
        Self { groups, consortia }
    }

    fn end(&self) -> usize {
        self.groups.end() + self.consortia.len()
    }

    fn find(&self, group: &Group) -> Option<GroupId> {
        match group {
            Group::Consortium(name) => self.consortia.get(&**name).copied(),
            of_device => self.groups.find(of_device),
        }
    }

    /// The groups that have members, with their counts, and how many of them are left out: of too many,
    /// those with the fewest members. Which that is depends on members and names alone. Those that are
    /// silent stay.
    fn most(&self, tallies: &[Tally], silences: &Silences) -> (BTreeMap<Group, Tally>, usize) {
        let counted = |id: GroupId| Some(tallies[id.index()]).filter(|tally| tally.members > 0);
        let consortia = self.consortia.iter().filter_map(|(name, id)| {
            let tally = counted(*id)?;
            Some((Group::Consortium((*name).into()), tally))
        });
        let of_devices = self.groups.iter().filter_map(|(id, group)| {
            let tally = counted(id)?;
            Some((group.clone(), tally))
        });
        let mut members: Vec<(Group, Tally)> = consortia.chain(of_devices).collect();
        let all = members.len();
        if all > MOST_MODELS_OF_VENDOR {
            keep_most(&mut members, silences);
        }
        let left_out = all - members.len();
        (members.into_iter().collect(), left_out)
    }
}

fn keep_most(members: &mut Vec<(Group, Tally)>, silences: &Silences) {
    let silent: BTreeSet<&Group> = silences.open().map(|silence| &silence.group).collect();
    members.sort_by_cached_key(|(group, tally)| {
        (!silent.contains(group), Reverse(tally.members), group.clone())
    });
    let mut kept = [0; MOST_REPORTED.len()];
    let mut of_vendor: HashMap<Box<str>, usize> = HashMap::new();
    members.retain(|(group, _)| {
        let class = group.precedence();
        let mut has_room = kept[class] < MOST_REPORTED[class];
        if let Group::Model { manufacturer, .. } = group {
            let of_vendor = of_vendor.entry(manufacturer.clone()).or_default();
            has_room &= *of_vendor < MOST_MODELS_OF_VENDOR;
            *of_vendor += usize::from(has_room);
        }
        let stays = has_room || silent.contains(group);
        kept[class] += usize::from(stays);
        stays
    });
}

fn each<'p>(
    patients: impl Iterator<Item = Counted<'p>>,
    names: &Names<'_>,
    at: Timestamp,
    limits: &Limits,
    mut count: impl FnMut(&[(GroupId, Presence)]),
) {
    for (patient, plan, heard) in patients {
        let consortium = names.consortia.get(patient.consortium()).copied();
        count(&heard.presences(plan, (names.groups, consortium), at, limits));
    }
}
