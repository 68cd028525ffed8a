//! `pulse.irregular`: the cuff flags an irregular pulse again and again.
//!
//! An *occasion* is irregular when two of its last three readings are flagged. Where it has two
//! readings, both are; one that has a single reading is taken with the reading before it of the same
//! local day, and both are flagged. A reading that says nothing of the rhythm is not flagged: some
//! devices say so only when it is irregular. A *day* is irregular when an occasion that began on it is.
//!
//! Of a measurement that comes over two ways either may say it: the flag of a copy is the measurement's,
//! which is counted once all the same.
//!
//! The alert is raised by the second irregular day of seven local days in a row. It ends with the first
//! occasion that is not irregular after seven days without an irregular one. Silence ends nothing, and
//! nor does a device that never says anything of the rhythm.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use std::ops::Range;

use jiff::civil::Date;

use super::occasions;
use crate::alert::{Alert, Severity, Stage, Text};
use crate::copies::{self, COPY_WITHIN};
use crate::episode::{Episode, EvidenceReading};
use crate::fixed::Fixed;
use crate::home_pressure::OCCASION;
use crate::kinds::{Kind, blood_pressure};
use crate::parameter::Parameter;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Rule, Step, parameters, values};
use crate::sample::Sample;
use crate::time::{Span, Timestamp};

use limits::{DAYS, OF_DAYS, OF_READINGS};

/// The rule.
#[derive(Debug)]
struct Irregular;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&Irregular as &dyn Rule)
}

const PRESSURE: Kind = Kind::BloodPressure;

/// So far from a reading are the others that are judged with it: those of seven local days, the reading
/// before a single one, and the chain of occasions that follow each other without a pause.
const LOOKBACK: Span = Span::from_days(9);

/// The readings of a local day are not further apart: days have 25 hours where clocks go back.
const LONGEST_DAY: Span = Span::from_hours(25);

/// Whether the device says that the pulse is irregular; none where it says nothing of the rhythm.
fn flag(sample: Sample) -> Option<bool> {
    sample.value(blood_pressure::IRREGULAR_PULSE).map(|flag| flag > 0.0)
}

fn is_flagged(reading: &CurrentReading) -> bool {
    flag(reading.sample) == Some(true)
}

/// How much a reading says of the rhythm: nothing, that it is regular, or that it is not.
fn says(reading: &CurrentReading) -> u8 {
    flag(reading.sample).map_or(0, |flag| 1 + u8::from(flag))
}

/// What an alert rests on: the last flagged readings of the irregular days that raised it.
fn steps(alert: &Alert) -> [Option<Step>; 1] {
    let readings = alert.finding("days").unwrap_or(1.0) as usize;
    [Some(Step { stage: Stage::Confirmed, readings })]
}

impl Rule for Irregular {
    fn name(&self) -> &str {
        "pulse.irregular"
    }

    fn kinds(&self) -> &[Kind] {
        &[PRESSURE]
    }

    /// A copy is counted no more than elsewhere; what it says of the rhythm is its measurement's.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[DAYS] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::occasions::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        if let Some(waiting) = Assessment::waiting(context) {
            return waiting;
        }
        let from = context.judged_from(LOOKBACK);
        let beginning = context.beginning(from, steps);
        let open = beginning.open.map(|carried| carried.episode());
        let mut found = episodes(&Readings::of(context), from, open, context);
        for episode in &mut found.episodes {
            episode.findings = values([("days", episode.established.len() as f64)]);
            episode.parameters = parameters(context.plan, [&DAYS]);
        }
        Assessment { covered: beginning.covered, ..found }
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let reading = &change.reading;
        if let Some(until) = context.rest_until {
            return context.due == Some(until);
        }
        if context.due.is_some() {
            return false;
        }
        let is_flagged_near = |from, to| {
            let near = context.readings_and_copies(PRESSURE, from);
            let mut near = near.take_while(|other| other.time <= to);
            near.any(|other| !other.is_of(reading) && is_flagged(&other))
        };
        // What is counted may be another reading than before.
        let may_be_copy = || {
            let mut near = context.readings_and_copies(PRESSURE, reading.time - COPY_WITHIN);
            near.any(|other| other.source != reading.source)
        };
        if !change.is_in_order || may_be_copy() {
            return context.known().next().is_none()
                && !is_flagged(reading)
                && !is_flagged_near(reading.time - LOOKBACK, reading.time + LOOKBACK);
        }
        // None is open, or has ended in its occasion.
        context.lasting_at(reading.time - OCCASION).next().is_none()
            // What is not flagged takes no occasion away from an alert that there is not.
            && (!is_flagged(reading) || !is_flagged_near(reading.time - LONGEST_DAY, reading.time))
    }

    fn waits_for_the_rest(&self, sample: Sample, _: Span) -> bool {
        flag(sample) == Some(true)
    }

    fn waits_for_its_time(&self, reading: &CurrentReading, _: &Context<'_>) -> bool {
        !is_flagged(reading)
    }

    fn wording_version(&self) -> i32 {
        3
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// The measurements of a patient, in observation order.
#[derive(Debug)]
struct Readings {
    /// Those that are counted.
    counted: Vec<CurrentReading>,
    /// Of each the one that says most of the rhythm: itself or a copy.
    of_rhythm: Vec<CurrentReading>,
}

impl Readings {
    fn of(context: &Context<'_>) -> Self {
        let from = context.lookback_start();
        let all: Vec<_> = context.readings_and_copies(PRESSURE, from - COPY_WITHIN).collect();
        let counted = copies::counted_with_most(PRESSURE, &all, says);
        let seen = counted.into_iter().filter(|(counted, _)| counted.time >= from);
        let (counted, of_rhythm) = seen.unzip();
        Self { counted, of_rhythm }
    }
}

/// Whether an occasion is irregular: its last flagged reading.
fn irregular(
    readings: &[CurrentReading],
    occasion: &Range<usize>,
    day_of: impl Fn(&CurrentReading) -> Date,
) -> Option<CurrentReading> {
    let is_single = occasion.len() == 1;
    let from = match is_single {
        true => occasion.start.saturating_sub(1),
        false => occasion.end - occasion.len().min(OF_READINGS),
    };
    let mut flagged = readings[from..occasion.end].iter().filter(|reading| is_flagged(reading));
    let (first, newest) = (flagged.next()?, flagged.next_back()?);
    (!is_single || day_of(first) == day_of(newest)).then_some(*newest)
}

/// The episodes of occasions with a reading at `from` or later; the first is the one that is open there.
fn episodes(
    Readings { counted: readings, of_rhythm }: &Readings,
    from: Timestamp,
    mut open: Option<Episode>,
    context: &Context<'_>,
) -> Assessment {
    let needed = context.plan.value(&DAYS) as usize;
    let local = context.plan.local_time();
    let day_of = |reading: &CurrentReading| local.day_of(reading.time);
    let mut found = Assessment::default();
    // Those of the last seven days, each with the last flagged reading of its first irregular occasion.
    let mut days: Vec<(Date, CurrentReading)> = Vec::new();
    for occasion in occasions::from(readings, 0) {
        let first = &readings[occasion.start];
        let newest = irregular(of_rhythm, &occasion, day_of);
        if newest.is_none() && open.is_none() {
            continue;
        }
        let day = day_of(first);
        let begin = day.saturating_sub(jiff::Span::new().days(OF_DAYS - 1));
        days.retain(|(day, _)| *day >= begin);
        let is_known = days.last().is_some_and(|(last, _)| *last == day);
        let raises = open.is_none() && newest.is_some() && !is_known && days.len() + 1 >= needed;
        if !occasions::is_over(readings, &occasion, context.now) {
            if raises || open.is_some() {
                found.assess_again_at(occasions::over_at(readings, &occasion));
            }
            break;
        }
        // A copy may be observed on the other side of where judging begins.
        let last = newest.map_or(Timestamp::EARLIEST, |newest| newest.time);
        let is_judged = readings[occasion.end - 1].time.max(last) >= from;
        if let Some(newest) = newest {
            if !is_known {
                days.push((day, newest));
                let of = |days: &[(Date, CurrentReading)]| {
                    let readings: Vec<_> = days.iter().map(|(_, reading)| *reading).collect();
                    EvidenceReading::of(PRESSURE, &readings).collect::<Vec<_>>()
                };
                match &mut open {
                    Some(open) if is_judged => open.newest = of(&days[days.len() - 1..]),
                    None if is_judged && raises => {
                        let evidence = of(&days[days.len() - needed..]);
                        let episode = Episode::begin(Stage::Confirmed, Severity::Review, evidence);
                        open = Some(episode);
                    }
                    _ => {}
                }
            }
        } else if is_judged && days.is_empty() {
            let of_occasion = &of_rhythm[occasion.clone()];
            let says =
                |open: &Episode| of_occasion.iter().any(|reading| says_of_rhythm(reading, open));
            if let Some(mut episode) = open.take_if(|open| says(open)) {
                episode.ended = Some(first.time);
                found.episodes.push(episode);
            }
        }
    }
    found.episodes.extend(open);
    found
}

/// Whether a reading that is not flagged says that the pulse is regular: it says so, or its device is one
/// that has flagged what the alert rests on.
fn says_of_rhythm(reading: &CurrentReading, open: &Episode) -> bool {
    let mut evidence = open.established.iter().chain(&open.newest);
    flag(reading.sample).is_some() || evidence.any(|one| one.reading.source == reading.source)
}
