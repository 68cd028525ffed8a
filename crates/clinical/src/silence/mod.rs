//! Whether a whole group of patients has fallen silent: those of a vendor, of a model or of a
//! consortium. Then it is not they who have stopped measuring, and operations are informed once.
//!
//! Patients of a group are spread over partitions. Each counts its own ([`Tally`]), reports the counts,
//! and judges by the newest reports of all ([`Totals`], [`Silences::judge`]). Nothing here knows of
//! partitions but that there are several reports. The numbers are ours: [`Limits`].

mod count;
mod groups;
#[cfg(test)]
mod groups_tests;
mod heard;
mod held_back;
mod rhythm;
mod silences;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::count::{Counted, Judged, Known, report};
pub use self::groups::{GroupId, Groups, ProductId};
pub use self::heard::{Heard, Times, always};
pub use self::rhythm::Rhythm;
pub use self::silences::{Silence, Silences};
use crate::fixed::Fixed;
use crate::held_back::HELD_BACK_AT_MOST;
use crate::kinds::Kind;
use crate::plan::Plan;
use crate::time::{Span, Timestamp};
use crate::window::{LOOKBACK, WINDOW};

/// What a report says was so long ago is remembered: as long as readings are.
pub const REMEMBERED: Span = Span::from_millis(WINDOW.millis() + LOOKBACK.millis());

/// A group is silent when at most so many of the expected are heard, percent. Ours.
const FEW_PERCENT: u64 = 10;

/// Until so many are, percent. Ours.
const AGAIN_PERCENT: u64 = 50;

/// What the rules whose alerts a silent group holds back say of it.
pub(crate) const FIXED: &[Fixed] = &[
    Fixed::hours(
        ["グループの沈黙：遅れとみなす時間（最短）", "a silent group: nobody is late sooner than"],
        Limits::STANDARD.shortest,
        "ours: nobody's usual night is an outage",
    ),
    Fixed::hours(
        ["グループの沈黙：遅れとみなす時間（最長）", "a silent group: everybody is late after"],
        Limits::STANDARD.longest,
        "ours: before the first alert about a whole day without a reading",
    ),
    Fixed::count(
        ["グループの沈黙：測定予定の患者数（以上）", "a silent group: expected patients at least"],
        Limits::STANDARD.fewest as usize,
        "ours",
    ),
    Fixed::new(
        ["グループの沈黙：届いた患者の割合（以下）", "a silent group: of them heard at most"],
        FEW_PERCENT as f64,
        "%",
        "ours",
    ),
    Fixed::new(
        [
            "グループの沈黙の終わり：届いた患者の割合（以上）",
            "a silent group, until of them are heard at least",
        ],
        AGAIN_PERCENT as f64,
        "%",
        "ours",
    ),
    Fixed::hours(
        ["その後アラートを保留する時間", "its alerts are held back afterwards for"],
        Limits::STANDARD.afterwards,
        "ours: who measures once a day has an occasion",
    ),
    Fixed::days(
        ["アラートを保留する最長期間", "held back at most"],
        HELD_BACK_AT_MOST,
        "ours: a vendor that never comes back hides nobody",
    ),
    Fixed::days(
        ["グループに属するとみなす期間（最後の受信から）", "a member of the group: heard within"],
        Limits::STANDARD.member_for,
        "ours",
    ),
];

/// Patients who fall silent together where the same is broken. Of groups with equally many silent
/// patients the first in this order is reported: the vendor of all devices of a consortium comes before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Who has a device of a manufacturer.
    Vendor(Box<str>),
    /// Who is of a consortium.
    Consortium(Box<str>),
    /// Who has a device of a model.
    Model {
        /// The manufacturer.
        manufacturer: Box<str>,
        /// The model number.
        number: Box<str>,
    },
}

impl Group {
    /// Which kinds of groups have precedence where there is not room for all. The ids of consortia are
    /// given, a manufacturer's name is a device's, and a sender may write whatever it likes as a model.
    fn precedence(&self) -> usize {
        match self {
            Self::Consortium(_) => 0,
            Self::Vendor(_) => 1,
            Self::Model { .. } => 2,
        }
    }
}

/// When somebody is late, and when a group is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How often patients are counted. A count of others may be so old, and the next one comes so much later:
    /// by then who was late is known to be of a silent group.
    pub every: Span,
    /// Nobody is late sooner: phones lose their connection for hours. Twice [`Self::every`] later, and the
    /// time that values are under way, the first alerts about sensors that are silent come.
    pub shortest: Span,
    /// Everybody is late then: before the first alert about a whole day without a reading comes.
    pub longest: Span,
    /// Of fewer expected patients no group is silent: they may have stopped, each for themselves.
    pub fewest: u32,
    /// So long after a silence alerts of its patients are still held back: until each has had an
    /// occasion to measure.
    pub afterwards: Span,
    /// Who was not heard for longer is no member any more: their own alert says so.
    pub member_for: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl Limits {
    /// The numbers in use. Ours.
    const STANDARD: Self = Self {
        every: Span::from_minutes(15),
        shortest: Span::from_hours(5),
        longest: Span::from_hours(27),
        fewest: 10,
        afterwards: Span::from_hours(24),
        member_for: Span::from_days(14),
    };

    /// A report counts for so long: of a time that another partition has not come to yet, the one before.
    pub fn valid_for(&self) -> Span {
        self.every + self.every
    }

    /// The first time after another at which patients are counted.
    pub fn next_count(&self, after: Timestamp) -> Timestamp {
        let every = self.every.millis().max(1);
        Timestamp::from_millis((after.millis().div_euclid(every) + 1).saturating_mul(every))
    }
}

/// How a member is seen at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// Whether the plan expects readings on every local day that the member's patience touches.
    pub is_expected: bool,
    /// Whether the member was not heard for longer than that.
    pub is_late: bool,
}

impl Presence {
    /// How a patient is seen of whom a plan expects readings of a kind, which came in a rhythm; none of
    /// who is no member.
    pub fn of(
        (plan, kind): (&Plan, Kind),
        rhythm: &Rhythm,
        at: Timestamp,
        limits: &Limits,
    ) -> Option<Self> {
        let schedule = plan.schedule.as_deref()?;
        let expected = schedule.of(kind)?;
        let silent_for = at - rhythm.last();
        if silent_for > limits.member_for {
            return None;
        }
        let patience = rhythm.patience(limits);
        let local_time = schedule.local_time();
        let (mut day, last_day) = (local_time.day_of(at - patience), local_time.day_of(at));
        let mut is_expected = day >= schedule.start();
        while is_expected && day <= last_day {
            is_expected = expected.days().contains(day) && !plan.is_paused(day);
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        Some(Self { is_expected, is_late: silent_for > patience })
    }

    /// Of a patient who is of a group by several devices: any that is expected is, and any that is
    /// heard is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            is_expected: self.is_expected || other.is_expected,
            is_late: self.is_late && other.is_late,
        }
    }
}

/// How many patients of a group there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Who is of the group.
    pub members: u32,
    /// Of these, of whom readings are expected now.
    pub expected: u32,
    /// Of those expected, who was heard.
    pub heard: u32,
    /// Of the members, who was not.
    pub silent: u32,
    /// Of these, who is of no larger silent group.
    pub own: u32,
}

impl Tally {
    /// Counts a member.
    pub fn count(&mut self, presence: Presence) {
        self.members += 1;
        self.silent += u32::from(presence.is_late);
        if presence.is_expected {
            self.expected += 1;
            self.heard += u32::from(!presence.is_late);
        }
    }

    /// Counts those of another report.
    pub fn add(&mut self, other: &Self) {
        let Self { members, expected, heard, silent, own } = *other;
        let sum = |counted: &mut u32, more: u32| *counted = counted.saturating_add(more);
        sum(&mut self.members, members);
        sum(&mut self.expected, expected);
        sum(&mut self.heard, heard);
        sum(&mut self.silent, silent);
        sum(&mut self.own, own);
    }

    /// Whether hardly anybody is heard of many who should be: at most a tenth.
    fn falls_silent(&self, limits: &Limits) -> bool {
        self.expected >= limits.fewest
            && u64::from(self.heard) * 100 <= u64::from(self.expected) * FEW_PERCENT
    }

    /// Whether half of those who should be heard are; on a day on which few are expected, half of the
    /// fewest that make a group.
    fn is_heard_again(&self, limits: &Limits) -> bool {
        u64::from(self.heard) * 100 >= u64::from(self.expected.max(limits.fewest)) * AGAIN_PERCENT
    }

    /// Whether too few are left.
    fn is_dissolved(&self, limits: &Limits) -> bool {
        u64::from(self.members) * 2 < u64::from(limits.fewest)
    }
}

/// What a partition has counted and judged at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// When.
    pub counted_at: Timestamp,
    /// Until when the counts are used; the latest time where nobody is there to be counted.
    pub valid_until: Timestamp,
    /// The members of each group.
    pub tallies: BTreeMap<Group, Tally>,
    /// The silences known.
    pub silences: Silences,
}

/// The counts of several reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    tallies: BTreeMap<Group, Tally>,
    /// Whether no report was too old.
    is_complete: bool,
    /// Whether a partition has counted and nobody knows what.
    is_unsure: bool,
}

impl Totals {
    /// The counts of the reports that can be used at a time. Of others nothing is known: their patients
    /// are neither expected nor heard.
    pub fn at<'r>(at: Timestamp, reports: impl IntoIterator<Item = &'r Report>) -> Self {
        let mut totals = Self { is_complete: true, ..Self::default() };
        for report in reports {
            if report.valid_until < at {
                totals.is_complete = false;
                continue;
            }
            totals.add(&report.tallies);
        }
        totals
    }

    /// The same where a partition has counted and its report cannot be read: by what is known of the others
    /// no silence begins or ends.
    #[must_use]
    pub fn without_one(self, is_unsure: bool) -> Self {
        Self { is_unsure, ..self }
    }

    /// Adds counts.
    pub fn add(&mut self, tallies: &BTreeMap<Group, Tally>) {
        for (group, tally) in tallies {
            match self.tallies.get_mut(group) {
                Some(total) => total.add(tally),
                None => {
                    self.tallies.insert(group.clone(), *tally);
                }
            }
        }
    }

    /// The count of a group.
    pub fn of(&self, group: &Group) -> Tally {
        self.tallies.get(group).copied().unwrap_or_default()
    }
}

/// A silent group, as it is reported to operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentGroup {
    /// Which.
    pub group: Group,
    /// Since when.
    pub since: Timestamp,
    /// Patients of the group who were not heard.
    pub patients: u32,
    /// Patients of the group.
    pub members: u32,
    /// As of when that was counted.
    pub counted_at: Timestamp,
}

/// The silent groups by the newest reports of all partitions, without those whose silent patients
/// mostly are of a larger one.
pub fn silent_groups<'r>(reports: impl Iterator<Item = &'r Report> + Clone) -> Vec<SilentGroup> {
    let Some(newest) = reports.clone().map(|report| report.counted_at).max() else {
        return Vec::new();
    };
    let current = reports.filter(|report| report.valid_until >= newest);
    let mut since: BTreeMap<&Group, Timestamp> = BTreeMap::new();
    // Who has judged a group to be silent has also counted whose own its patients are.
    let mut judged = Totals::default();
    for report in current.clone() {
        for silence in report.silences.open() {
            let first = since.entry(&silence.group).or_insert(silence.since);
            *first = silence.since.min(*first);
            if let Some(tally) = report.tallies.get(&silence.group) {
                judged.add(&BTreeMap::from([(silence.group.clone(), *tally)]));
            }
        }
    }
    let totals = Totals::at(newest, current);
    let reported = |(group, since): (&Group, Timestamp)| {
        let Tally { silent, own, .. } = judged.of(group);
        let total = totals.of(group);
        (u64::from(own) * 2 >= u64::from(silent)).then(|| SilentGroup {
            group: group.clone(),
            since,
            patients: total.silent,
            members: total.members,
            counted_at: newest,
        })
    };
    since.into_iter().filter_map(reported).collect()
}
