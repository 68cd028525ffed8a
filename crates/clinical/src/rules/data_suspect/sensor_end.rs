//! Sensors that show the end of what they can say for hours: somebody lies on one, or it has failed.
//!
//! A *run* are values of one sensor at the same end, with no longer silence between them than a phone
//! loses values for. What a finger-stick says as well is no fault of the sensor: with one on the same
//! side, within the run or shortly after it, the hours begin anew.

use smallvec::SmallVec;

use super::limits::{
    AGREES_WITH_HIGH, AGREES_WITH_LOW, HIGH_END, LOW_END, SENSOR_END_FOR, SENSOR_VALUES,
};
use crate::glucose::{GLUCOSE, SILENCE, is_of_sensor};
use crate::kinds::blood_glucose::GLUCOSE_VALUE;
use crate::measured::{Measured, Side};
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Change, Context};
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};

/// A sensor that has stood at an end for long enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtEnd {
    pub(super) end: Side,
    /// The first value there.
    pub(super) first: CurrentReading,
    /// Since when that is for long enough.
    pub(super) since: Timestamp,
    /// Until when it is suspected if the sensor says nothing more.
    pub(super) until: Timestamp,
}

/// The values of a sensor that lead up to its newest, which all are at one end.
#[derive(Debug)]
struct Run {
    source: SourceDigest,
    /// None of a sensor whose newest value is at no end.
    end: Option<Side>,
    first: CurrentReading,
    last: Timestamp,
    is_whole: bool,
}

/// The end of what a sensor can say at which a value is.
pub(super) fn end_of(sample: Sample) -> Option<Side> {
    let (lowest, highest) = SENSOR_VALUES;
    match sample.measured(GLUCOSE_VALUE).filter(|_| is_of_sensor(sample))? {
        Measured::Below(_) => Some(Side::Below),
        Measured::Above(_) => Some(Side::Above),
        Measured::Exactly(value) if value <= lowest => Some(Side::Below),
        Measured::Exactly(value) if value >= highest => Some(Side::Above),
        Measured::Exactly(_) => None,
    }
}

/// The end of a sensor with which a value of something else agrees.
fn agrees_with(sample: Sample) -> Option<Side> {
    let value = sample.value(GLUCOSE_VALUE).filter(|_| !is_of_sensor(sample))?;
    match value {
        _ if value < AGREES_WITH_LOW => Some(Side::Below),
        _ if value > AGREES_WITH_HIGH => Some(Side::Above),
        _ => None,
    }
}

fn long_enough(end: Side, plan: &Plan) -> Span {
    let hours = match end {
        Side::Below => plan.value(&LOW_END),
        Side::Above => plan.value(&HIGH_END),
    };
    Span::from_hours(hours as i64)
}

/// The sensors that stand at an end now, always in the same order.
pub(super) fn all(context: &Context<'_>) -> Vec<AtEnd> {
    let at_end = |run: &Run| {
        let end = run.end?;
        let since = run.first.time + long_enough(end, context.plan);
        let until = run.last + SENSOR_END_FOR;
        let is_suspected = run.last >= since && until > context.now;
        is_suspected.then_some(AtEnd { end, first: run.first, since, until })
    };
    let mut all: Vec<AtEnd> = runs(context).iter().filter_map(at_end).collect();
    all.sort_by_key(|one| (one.first.time, one.first.source));
    all
}

/// The newest run of each sensor that has said something within the time for which it is suspected.
fn runs(context: &Context<'_>) -> SmallVec<[Run; 2]> {
    let mut runs: SmallVec<[Run; 2]> = SmallVec::new();
    // When the last value agreed, going back from the newest.
    let mut agreed: [Option<Timestamp>; Side::ALL.len()] = Default::default();
    let asked_from = context.now - SENSOR_END_FOR;
    for reading in context.newest_first(GLUCOSE, context.lookback_start()) {
        if reading.time < asked_from && runs.iter().all(|run| run.is_whole) {
            break;
        }
        if !is_of_sensor(reading.sample) {
            if let Some(end) = agrees_with(reading.sample) {
                agreed[end as usize] = Some(reading.time);
            }
            continue;
        }
        let is_agreed = |end: &Side| {
            agreed[*end as usize].is_some_and(|agreed| agreed - reading.time <= SILENCE)
        };
        let end = end_of(reading.sample).filter(|end| !is_agreed(end));
        match runs.iter_mut().find(|run| run.source == reading.source) {
            Some(run) if run.is_whole => {}
            Some(run) if run.end == end && run.first.time - reading.time <= SILENCE => {
                run.first = reading;
            }
            Some(run) => run.is_whole = true,
            None => {
                let (source, last, is_whole) = (reading.source, reading.time, end.is_none());
                runs.push(Run { source, end, first: reading, last, is_whole });
            }
        }
    }
    runs
}

/// Whether a changed value of glucose leaves what stands at an end as it is, where nothing did.
pub(super) fn is_unaffected(change: &Change, context: &Context<'_>) -> bool {
    let reading = &change.reading;
    if end_of(reading.sample).is_some() {
        return false;
    }
    // A value at no end adds to no run. One that is taken back may join what it had cut in two.
    let near = || {
        let from = context.readings_and_copies(GLUCOSE, reading.time - SILENCE);
        from.take_while(|other| other.time <= reading.time + SILENCE)
    };
    // Without a sensor's newest value the one before it is that, however long before.
    let may_end_a_run = || {
        let from = reading.time.min(context.now) - SENSOR_END_FOR;
        let of_sensor = context.readings_and_copies(GLUCOSE, from);
        let others = of_sensor.filter(|other| other.source == reading.source);
        let newest = others.filter(|other| !other.is_of(reading)).last();
        newest.is_some_and(|it| it.time < reading.time && end_of(it.sample).is_some())
    };
    change.is_in_order || !near().any(|other| end_of(other.sample).is_some()) && !may_end_a_run()
}
