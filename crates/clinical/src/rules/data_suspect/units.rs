//! Values that are plausible in another unit alone: by what the device can show, and by the person's own
//! earlier values. A unit that makes a value impossible is no suspicion: the gateway has rejected it, as
//! any °F that is called °C and any kPa that is called mmHg.
//!
//! All that is asked for lies within five weeks and a half before the present, so that time alone changes
//! nothing but by the end of a suspicion.

use smallvec::SmallVec;

use super::limits::{
    ENOUGH_OWN, LOW_FOR, MAY_BE_MILLIMOLES, METERS_SHOW, MILLIMOLE, MOST_DEVICES, MOST_OWN_WEIGHTS,
    OWN_FOR, OWN_GLUCOSE_BEYOND, OWN_WEIGHTS_NEAR, OWN_WEIGHTS_WITHIN, POUNDS, UNIT_FOR,
};
use crate::episode::EvidenceReading;
use crate::glucose::GLUCOSE;
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::kinds::{Kind, weighing_scale};
use crate::remembered::CurrentReading;
use crate::rule::{Change, Context};
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::statistics::median;
use crate::time::Timestamp;

/// The kind of weights.
pub(super) const WEIGHT: Kind = Kind::WeighingScale;

/// The place of the code `finger_stick` among those of the method.
pub(super) const FINGER_STICK: f64 = 0.0;

/// A device whose newest value is suspected to be of another unit.
#[derive(Debug, Clone)]
pub(super) struct Suspected {
    /// That value, and before it the one that shows it too where it takes two.
    pub(super) readings: SmallVec<[EvidenceReading; 2]>,
    /// What it would be if the units were confused, in the field's unit.
    pub(super) in_other_unit: f64,
}

impl Suspected {
    /// Since when.
    pub(super) fn since(&self) -> Timestamp {
        self.readings[0].reading.time
    }

    /// Until when, if the device says nothing more.
    pub(super) fn until(&self) -> Timestamp {
        self.since() + UNIT_FOR
    }
}

/// The devices of a kind that the open alert tells of: a few.
struct Reported<'c>(&'c Context<'c>, Kind);

impl Reported<'_> {
    fn includes(&self, source: SourceDigest) -> bool {
        let mut evidence = self.0.open().into_iter().flat_map(|alert| &alert.evidence);
        evidence.any(|one| (one.reading.kind(), one.reading.source()) == (self.1, source))
    }
}

/// The devices that are suspected now, always in the same order.
pub(super) fn all(context: &Context<'_>) -> Vec<Suspected> {
    let mut all: Vec<Suspected> = of_meters(context).chain(of_scales(context)).collect();
    all.retain(|one| one.until() > context.now);
    all.sort_by_key(|one| {
        let EvidenceReading { kind, reading } = one.readings[0];
        (reading.time, kind, reading.source)
    });
    all
}

/// Whether a changed reading leaves what is suspected as it is, where nothing was.
pub(super) fn is_unaffected(change: &Change) -> bool {
    match change.kind {
        // Meters are compared with meters. What one says in order and is not odd ends its series.
        GLUCOSE => {
            !is_of_meter(change.reading.sample)
                || change.is_in_order && Odd::of(change.reading.sample).is_none()
        }
        _ => false,
    }
}

fn is_of_meter(sample: Sample) -> bool {
    sample.value(GLUCOSE_METHOD) == Some(FINGER_STICK)
}

/// A meter's value that no meter shows, or nobody has for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Odd {
    /// As low as numbers of mmol/L are.
    Low,
    /// Higher than meters show, as mg/dL are that were taken for mmol/L.
    High,
}

impl Odd {
    fn of(sample: Sample) -> Option<Self> {
        let value = sample.exact(GLUCOSE_VALUE).filter(|_| is_of_meter(sample))?;
        match value {
            _ if value < MAY_BE_MILLIMOLES => Some(Self::Low),
            _ if value > METERS_SHOW => Some(Self::High),
            _ => None,
        }
    }

    /// A value as it would be in the other unit, mg/dL.
    fn in_other_unit(self, value: f64) -> f64 {
        match self {
            Self::Low => value * MILLIMOLE,
            Self::High => value / MILLIMOLE,
        }
    }
}

/// The newest value of a meter, and what shows that it is odd for long enough.
#[derive(Debug)]
pub(super) struct Meter {
    newest: CurrentReading,
    /// None where it is not odd.
    odd: Option<Odd>,
    /// One in the same way, so long before, with nothing else of the meter between them.
    before: Option<CurrentReading>,
    is_known: bool,
}

fn of_meters(context: &Context<'_>) -> impl Iterator<Item = Suspected> {
    meters(context).into_iter().filter_map(move |meter| meter.suspected(context))
}

/// The meters that were used within the time for which they are suspected.
pub(super) fn meters(context: &Context<'_>) -> SmallVec<[Meter; 1]> {
    let mut all: SmallVec<[Meter; 1]> = SmallVec::new();
    let asked_from = context.now - UNIT_FOR;
    let reported = Reported(context, GLUCOSE);
    for reading in context.newest_first(GLUCOSE, asked_from - UNIT_FOR) {
        let is_past = reading.time < asked_from;
        if is_past && all.iter().all(|meter| meter.is_known) {
            break;
        }
        if !is_of_meter(reading.sample) {
            continue;
        }
        let odd = Odd::of(reading.sample);
        let has_most = all.len() >= MOST_DEVICES;
        match all.iter_mut().find(|meter| meter.newest.source == reading.source) {
            Some(meter) if meter.is_known => {}
            Some(meter) if meter.odd == odd => {
                let earlier = meter.newest.time - reading.time;
                if earlier >= LOW_FOR {
                    meter.before = (earlier <= UNIT_FOR).then_some(reading);
                    meter.is_known = true;
                }
            }
            Some(meter) => meter.is_known = true,
            None if is_past => {}
            None if has_most && !reported.includes(reading.source) => {}
            None => {
                let is_known = odd.is_none();
                all.push(Meter { newest: reading, odd, before: None, is_known });
            }
        }
    }
    all
}

impl Meter {
    fn suspected(&self, context: &Context<'_>) -> Option<Suspected> {
        let odd = self.odd?;
        let mut readings: SmallVec<[CurrentReading; 2]> = SmallVec::new();
        readings.push(self.newest);
        match odd {
            Odd::High => {}
            Odd::Low => readings.push(self.before?),
        }
        let in_other_unit = odd.in_other_unit(self.newest.sample.exact(GLUCOSE_VALUE)?);
        let readings = EvidenceReading::of(GLUCOSE, &readings).collect();
        is_own_glucose(in_other_unit, self.newest.time, context)
            .then_some(Suspected { readings, in_other_unit })
    }
}

/// Whether glucose is as the person's own was by finger-stick before a time. It is where too little is
/// known of that.
fn is_own_glucose(value: f64, time: Timestamp, context: &Context<'_>) -> bool {
    let own = context.readings_and_copies(GLUCOSE, time - OWN_FOR);
    let own = own.take_while(|reading| reading.time < time);
    let own = own.filter(|one| is_of_meter(one.sample) && Odd::of(one.sample).is_none());
    let own = own.filter_map(|reading| reading.sample.exact(GLUCOSE_VALUE));
    let (count, least, greatest) = own
        .fold((0, f64::INFINITY, 0.0_f64), |(count, least, greatest), value| {
            (count + 1, value.min(least), value.max(greatest))
        });
    let range = least / OWN_GLUCOSE_BEYOND..=greatest * OWN_GLUCOSE_BEYOND;
    count < ENOUGH_OWN || range.contains(&value)
}

/// What a scale showed.
#[derive(Debug, Clone, Copy)]
struct Weighed {
    time: Timestamp,
    source: SourceDigest,
    value: f64,
}

impl Weighed {
    fn of(reading: &CurrentReading) -> Option<Self> {
        let value = reading.sample.exact(weighing_scale::BODY_WEIGHT)?;
        Some(Self { time: reading.time, source: reading.source, value })
    }
}

fn of_scales(context: &Context<'_>) -> impl Iterator<Item = Suspected> {
    newest_of_scales(context).filter_map(move |reading| {
        let in_other_unit = weight_in_other_unit(&Weighed::of(&reading)?, context)?;
        let readings = EvidenceReading::of(WEIGHT, &[reading]).collect();
        Some(Suspected { readings, in_other_unit })
    })
}

/// The newest weight of each scale that is looked at.
pub(super) fn newest_of_scales(context: &Context<'_>) -> impl Iterator<Item = CurrentReading> {
    let reported = Reported(context, WEIGHT);
    let mut seen: SmallVec<[SourceDigest; 2]> = SmallVec::new();
    context.newest_first(WEIGHT, context.now - UNIT_FOR).filter(move |reading| {
        let has_room = || seen.len() < MOST_DEVICES || reported.includes(reading.source);
        let is_new = !seen.contains(&reading.source) && has_room();
        if is_new {
            seen.push(reading.source);
        }
        is_new
    })
}

/// A weight in the unit of the person's own weights, where it is one of them in that unit alone.
///
/// A scale that has gone back to the person's own once is used by somebody else too, and is not suspected
/// again for as long as that is known.
fn weight_in_other_unit(weighed: &Weighed, context: &Context<'_>) -> Option<f64> {
    let before = context.newest_first(WEIGHT, weighed.time - OWN_FOR);
    let before = before.filter_map(|reading| Weighed::of(&reading));
    let before = before.filter(|other| other.time < weighed.time).take(MOST_OWN_WEIGHTS);
    let before: SmallVec<[Weighed; MOST_OWN_WEIGHTS]> = before.collect();
    let mut own: Vec<f64> = Vec::with_capacity(MOST_OWN_WEIGHTS);
    let (mut was_other, mut is_shared) = (false, false);
    for other in before.iter().rev() {
        let is_of_scale = other.source == weighed.source;
        if in_unit_of_own(other.value, &own).is_some() {
            was_other |= is_of_scale;
        } else {
            is_shared |= is_of_scale && was_other;
            own.push(other.value);
        }
    }
    in_unit_of_own(weighed.value, &own).filter(|_| !is_shared)
}

/// The same by own weights that are known, the last one at the end. Nobody's own weights of a month are
/// so far from one another that a weight could be both.
fn in_unit_of_own(value: f64, own: &[f64]) -> Option<f64> {
    // Most weights are near the last one, and the median is not asked for.
    let is_near = |last: &f64| (last / OWN_WEIGHTS_NEAR..last * OWN_WEIGHTS_NEAR).contains(&value);
    if own.len() < ENOUGH_OWN || own.last().is_some_and(is_near) {
        return None;
    }
    let own = median(own.iter().copied())?;
    // Pounds that were called kilograms, or kilograms that were called pounds.
    let in_other_unit = if value > own { value / POUNDS } else { value * POUNDS };
    ((in_other_unit / own - 1.0).abs() <= OWN_WEIGHTS_WITHIN).then_some(in_other_unit)
}
