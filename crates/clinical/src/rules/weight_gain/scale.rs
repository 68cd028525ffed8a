//! One scale: with which of its earlier readings a reading is compared.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use super::limits::{ALONE, COMPARED, Limit, Limits, NEAREST, STEADY};
use crate::remembered::CurrentReading;
use crate::rules::weights::{OF_ANOTHER_PERSON, Weight, weight};
use crate::source::SourceDigest;
use crate::time::Timestamp;

/// The readings of one scale, as far as later ones are compared with them.
#[derive(Debug)]
pub(super) struct Scale {
    pub(super) source: SourceDigest,
    /// The two newest readings.
    newest: Option<CurrentReading>,
    /// Whether later readings may be compared with the newest.
    is_comparable: bool,
    before_newest: Option<CurrentReading>,
    /// Readings that may be compared with once they are a day old, in time's order.
    waiting: VecDeque<CurrentReading>,
    /// Those that may be compared with, within the span of each of the limits.
    bases: [Bases; 2],
}

#[derive(Debug, Default)]
struct Bases {
    in_order: VecDeque<CurrentReading>,
    /// By weight, of equal ones the newest first.
    by_weight: BTreeSet<(Weight, Reverse<Timestamp>)>,
}

impl Bases {
    fn key(reading: &CurrentReading) -> (Weight, Reverse<Timestamp>) {
        (weight(reading), Reverse(reading.time))
    }

    fn add(&mut self, reading: CurrentReading) {
        self.in_order.push_back(reading);
        self.by_weight.insert(Self::key(&reading));
    }

    fn forget_before(&mut self, time: Timestamp) {
        while let Some(first) = self.in_order.front().filter(|first| first.time < time) {
            self.by_weight.remove(&Self::key(first));
            self.in_order.pop_front();
        }
    }

    /// When the lowest of the readings was taken that are not another person's.
    fn lowest(&self, than: Weight) -> Option<(Weight, Timestamp)> {
        let from = (than.less(OF_ANOTHER_PERSON), Reverse(Timestamp::from_millis(i64::MAX)));
        self.by_weight.range(from..).next().map(|(weight, Reverse(time))| (*weight, *time))
    }
}

impl Scale {
    pub(super) fn new(source: SourceDigest) -> Self {
        let waiting = VecDeque::new();
        Self {
            source,
            newest: None,
            is_comparable: true,
            before_newest: None,
            waiting,
            bases: Default::default(),
        }
    }

    /// Takes in the scale's next reading, and says which earlier one it is a gain over, if it is.
    pub(super) fn next(
        &mut self,
        reading: CurrentReading,
        limits: &Limits,
    ) -> Option<(CurrentReading, Limit)> {
        let is_base = |newest: &CurrentReading| {
            self.is_comparable && !self.is_alone(newest, &reading, limits)
        };
        self.waiting.extend(self.newest.filter(is_base));
        self.is_comparable = true;
        self.before_newest = self.newest.replace(reading);
        while let Some(old) = self.waiting.front().filter(|old| reading.time - old.time >= NEAREST)
        {
            self.bases.iter_mut().for_each(|bases| bases.add(*old));
            self.waiting.pop_front();
        }
        for (bases, limit) in self.bases.iter_mut().zip(&limits.both) {
            bases.forget_before(reading.time - limit.within);
        }
        let of_reading = weight(&reading);
        self.bases.iter().zip(limits.both).find_map(|(bases, limit)| {
            let (lowest, time) = bases.lowest(of_reading)?;
            let is_gain = of_reading.since(lowest) >= limit.gain;
            // Of one scale no two readings have the same time.
            let at = bases.in_order.partition_point(|base| base.time < time);
            is_gain.then(|| (bases.in_order[at], limit))
        })
    }

    /// Whether a reading at a time may still be compared with one of the scale.
    pub(super) fn is_in_use_at(&self, time: Timestamp) -> bool {
        self.newest.is_some_and(|newest| time - newest.time < COMPARED)
    }

    /// Whether the newest reading is compared with others of its week, of which the first is 6 days old at
    /// least, and is clearly no gain over any: by so much less than the limits as ends a gain. One as far
    /// below them all as a gain is above may be another person's.
    pub(super) fn is_steady(&self, limits: &Limits) -> bool {
        let Some(reading) = &self.newest else { return false };
        let is_old = |base: &CurrentReading| reading.time - base.time >= STEADY;
        if !self.bases.iter().any(|bases| bases.in_order.front().is_some_and(is_old)) {
            return false;
        }
        let newest = weight(reading);
        let mut gains = self.bases.iter().zip(&limits.both).filter_map(|(bases, limit)| {
            let (lowest, _) = bases.lowest(newest)?;
            Some((newest.since(lowest), limit))
        });
        let is_small = |(gain, limit): &(Weight, &Limit)| {
            *gain < limit.ends_below() && Weight(0).less(*gain) < limit.gain
        };
        // What is compared within 3 days is so within a week too.
        let first = gains.next();
        first.is_some_and(|first| is_small(&first)) && gains.all(|gain| is_small(&gain))
    }

    /// Compares no later reading with the newest one: a gain began with it.
    pub(super) fn never_compare_with_newest(&mut self) {
        self.is_comparable = false;
    }

    /// Whether a reading stands alone below the one before it and the one after it: a slip, or
    /// another person on the scale.
    fn is_alone(&self, low: &CurrentReading, after: &CurrentReading, limits: &Limits) -> bool {
        let is_above =
            |other: &CurrentReading| weight(other).since(weight(low)) >= limits.smallest();
        let before = self.before_newest.filter(|before| low.time - before.time <= ALONE);
        before.is_some_and(|before| is_above(&before)) && is_above(after)
    }
}
