//! `weight.gain`: weight that rises as fast as retained water does.
//!
//! A reading is a *gain* when it is at least the limit above an earlier reading of the same scale,
//! 20 hours to 3 days, or to a week, before it: above the lowest of those. Scales are compared with
//! themselves only, for they differ by more than what is looked for.
//!
//! Others stand on the scale too. A reading more than 20 kg above another is another person's; a
//! reading that stands alone below the ones before and after it is nobody's weight to compare with.
//!
//! An episode lasts until the weight is back, a week after it began at the soonest: less than half a
//! kilogram below the limit above the weight before the gain. Where that scale has shown nothing for a week, nothing can be compared
//! with it any more: then another scale ends it that is not above its own readings of a week. It ends
//! as well with a reading four weeks after the newest gain: the weight has become the patient's.
//! Silence ends nothing.

mod limits;
mod scale;
#[cfg(test)]
mod tests;
mod wording;

use crate::alert::{Alert, AlertId, Severity, Stage, Status, Text};
use crate::episode::{Episode, EvidenceReading};
use crate::fixed::Fixed;
use crate::kinds::Kind;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Carried, Change, Context, Rule, Step, parameters, values};
use crate::time::{Span, Timestamp};

use super::weights::weight;
use limits::{ALONE, COMPARED, IN_3_DAYS, IN_7_DAYS, LONGEST, Limit, Limits, SETTLED};
use scale::Scale;

/// The rule.
#[derive(Debug)]
struct WeightGain;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&WeightGain as &dyn Rule)
}

const WEIGHT: Kind = Kind::WeighingScale;

/// A reading is compared with those up to a week before it, and each of those with the one before it.
const LOOKBACK: Span = Span::from_millis(COMPARED.millis() + ALONE.millis());

/// What an alert rests on: the first reading that was a gain, and the one that it was compared with.
/// In this order, because alerts are known by their first reading, and two gains may be compared with
/// one reading.
fn steps(_: &Alert) -> [Option<Step>; 1] {
    [Some(Step { stage: Stage::Confirmed, readings: 2 })]
}

impl Rule for WeightGain {
    fn name(&self) -> &str {
        "weight.gain"
    }

    fn kinds(&self) -> &[Kind] {
        &[WEIGHT]
    }

    /// A scale is compared with its own readings. Were copies left out, of a scale that comes over two
    /// ways now the one way and now the other would be compared with nothing.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[IN_3_DAYS, IN_7_DAYS] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::weights::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let limits = Limits::of(context.plan);
        let from = context.judged_from(LOOKBACK);
        let beginning = context.beginning(from, steps);
        let readings: Vec<CurrentReading> =
            context.readings_and_copies(WEIGHT, context.lookback_start()).collect();
        let carried = beginning.open.as_ref();
        let mut open = carried.and_then(|it| Gain::carry(it, &readings, &limits, context));
        // The first readings of alerts that were over before; the open one may begin with another now.
        let is_known = |alert: &&Alert| {
            alert.status != Status::Retracted && !beginning.covered.contains(&alert.id)
        };
        let mut known: Vec<&Alert> = context.known().filter(is_known).collect();
        let open_first = open.as_ref().map(|open| open.episode.established[0].reading);
        let mut episodes = loop {
            let of_known = known.iter().filter_map(|alert| alert.evidence.first());
            let of_known =
                of_known.map(|one| (one.reading.observation_time(), one.reading.source()));
            let first: Vec<_> =
                of_known.chain(open_first.map(|one| (one.time, one.source))).collect();
            let is_first =
                |reading: &CurrentReading| first.contains(&(reading.time, reading.source));
            let found = episodes(&readings, from, open.clone(), is_first, &limits);
            let count = known.len();
            known.retain(|alert| !found.iter().any(|one| has_id_of(alert, one, context)));
            if known.len() < count {
                continue;
            }
            // The one that is carried comes first. What it rests on now says until when it lasted.
            let (Some(open), Some(first)) = (&mut open, found.first()) else { break found };
            // An end that was reported and that the readings do not say any more is looked for anew.
            let is_over_by = |end: &Timestamp| first.ended.is_some_and(|ended| ended <= *end);
            if open.reported_end.take_if(|end| !is_over_by(end)).is_some() {
                continue;
            }
            let newest = first.evidence().iter().map(|evidence| evidence.reading.time).max();
            match newest.filter(|newest| *newest < open.known_until) {
                Some(newest) => open.known_until = newest,
                None => break found,
            }
        };
        for episode in &mut episodes {
            complete(episode, &limits, context.plan);
        }
        Assessment { episodes, next_assessment: None, covered: beginning.covered }
    }

    /// With no alert open, a reading newer than all others that is no gain over any of its scale.
    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let reading = &change.reading;
        let smallest = Limits::of(context.plan).smallest();
        let is_gain = |earlier: CurrentReading| {
            earlier.source == reading.source && weight(reading).since(weight(&earlier)) >= smallest
        };
        change.is_in_order
            && context.open().is_none()
            && !context.readings_and_copies(WEIGHT, reading.time - COMPARED).any(is_gain)
    }

    /// It is compared with what was weighed before: when it was, its time says.
    fn waits_for_its_time(&self, _: &CurrentReading, _: &Context<'_>) -> bool {
        true
    }

    fn wording_version(&self) -> i32 {
        2
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// The episodes in the readings that were observed at `from` or later, of which the first continues
/// the one that is open there. Earlier readings are compared with, but for those with which, as
/// `is_first` says, a gain began.
fn episodes(
    readings: &[CurrentReading],
    from: Timestamp,
    mut open: Option<Gain>,
    is_first: impl Fn(&CurrentReading) -> bool,
    limits: &Limits,
) -> Vec<Episode> {
    let mut found = Vec::new();
    let mut scales: Vec<Scale> = Vec::new();
    for reading in readings {
        let known = scales.iter().position(|scale| scale.source == reading.source);
        let scale = known.unwrap_or_else(|| {
            scales.push(Scale::new(reading.source));
            scales.len() - 1
        });
        let gain = scales[scale].next(*reading, limits);
        if reading.time < from {
            if is_first(reading) {
                scales[scale].never_compare_with_newest();
            }
            let is_gain = gain.is_some();
            open.iter_mut().for_each(|open| open.look_back_at(reading, is_gain));
            continue;
        }
        match (gain, &mut open) {
            (Some((base, _)), Some(open)) => open.go_on(base, *reading),
            (Some((base, limit)), None) => {
                scales[scale].never_compare_with_newest();
                open = Some(Gain::begin(base, *reading, limit));
            }
            (None, Some(gain)) => {
                let is_of_gain = |scale: &&Scale| scale.source == gain.base.source;
                let of_gain = scales.iter().find(is_of_gain);
                let is_in_use = of_gain.is_some_and(|scale| scale.is_in_use_at(reading.time));
                let is_ended_by_another =
                    !is_in_use && gain.is_ended_by_another(reading, &scales[scale], limits);
                if gain.is_ended_by(reading) || is_ended_by_another {
                    gain.episode.ended = Some(reading.time);
                    found.extend(open.take().map(|gain| gain.episode));
                }
            }
            (None, None) => {}
        }
    }
    found.extend(open.map(|gain| gain.episode));
    found
}

/// Whether an episode is given the id of an alert that was over before: then that is what it says, and what
/// it was about before it says no more.
fn has_id_of(alert: &Alert, episode: &Episode, context: &Context<'_>) -> bool {
    let first = episode.established.first().filter(|_| episode.continues.is_none());
    first.is_some_and(|EvidenceReading { kind, reading }| {
        let first = ReadingId::new(context.patient.clone(), *kind, reading.time, reading.source);
        AlertId::of(alert.rule, &first) == alert.id
    })
}

/// A gain that lasts.
#[derive(Clone)]
struct Gain {
    episode: Episode,
    /// The reading before the gain.
    base: CurrentReading,
    /// The limit that it reached first.
    limit: Limit,
    /// When the newest reading was observed that was a gain.
    newest: Timestamp,
    /// The last gain that was reported. Of those before it not all may be known.
    known_until: Timestamp,
    /// The reading that was reported to have ended it. What came before that may not be remembered.
    reported_end: Option<Timestamp>,
    /// The scale's newest reading, where it is so far below that it may be another person's.
    doubtful: Option<Timestamp>,
}

impl Gain {
    fn begin(base: CurrentReading, reading: CurrentReading, limit: Limit) -> Self {
        let established = EvidenceReading::of(WEIGHT, &[reading, base]).collect();
        let episode = Episode::begin(Stage::Confirmed, Severity::Review, established);
        Self::of(episode, base, limit)
    }

    /// An episode of which no more is known than what began it.
    fn of(episode: Episode, base: CurrentReading, limit: Limit) -> Self {
        let newest = episode.began;
        let (known_until, reported_end) = (newest, None);
        Self { episode, base, limit, newest, known_until, reported_end, doubtful: None }
    }

    /// What is open at the beginning. Its readings are not compared anew, unless they were changed.
    fn carry(
        carried: &Carried<'_>,
        readings: &[CurrentReading],
        limits: &Limits,
        context: &Context<'_>,
    ) -> Option<Self> {
        let current = |known: &EvidenceReading| {
            let known = known.reading;
            if known.time < context.window_start() {
                // It cannot change any more.
                return Some(known);
            }
            let key = |reading: &CurrentReading| (reading.time, reading.source);
            let found = readings.binary_search_by_key(&key(&known), key);
            found.ok().map(|index| readings[index])
        };
        let known = || carried.established.iter().chain(&carried.newest);
        let evidence: Vec<CurrentReading> = known().filter_map(current).collect();
        let is_unchanged = evidence.len() == known().count()
            && evidence.iter().zip(known()).all(|(now, known)| now.sample == known.reading.sample);
        let limit_of =
            |base: &CurrentReading, reading: &CurrentReading| reached(base, reading, limits);
        if is_unchanged {
            let [reading, base] = [evidence[0], evidence[1]];
            // The plan may have another limit now.
            let limit = limit_of(&base, &reading).unwrap_or(limits.both[1]);
            let newest = evidence.iter().map(|reading| reading.time).max();
            let episode = carried.episode();
            let newest = newest.unwrap_or(reading.time);
            let all = carried.alert.evidence.iter();
            let upheld = all.map(|known| known.reading.observation_time()).max();
            // Once the reading that ended it is none any more, its end is looked for anew.
            let is_there = |end: &Timestamp| readings.iter().any(|reading| reading.time == *end);
            let reported_end = Some(carried.alert.last_observed_at)
                .filter(|end| !carried.alert.is_open() && is_there(end));
            let known_until = upheld.unwrap_or(newest);
            return Some(Self {
                newest,
                known_until,
                reported_end,
                ..Self::of(episode, base, limit)
            });
        }
        // What is left of it begins with the earliest that is a gain still.
        let mut evidence = evidence;
        evidence.sort_by_key(|reading| (reading.time, reading.source));
        evidence.iter().enumerate().find_map(|(index, reading)| {
            let bases = evidence[..index].iter().filter(|base| limit_of(base, reading).is_some());
            let base = bases.min_by_key(|base| weight(base))?;
            let mut left = Self::begin(*base, *reading, limit_of(base, reading)?);
            left.episode.continues = Some(carried.alert.id);
            Some(left)
        })
    }

    /// A reading from before the beginning, which ended nothing.
    fn look_back_at(&mut self, reading: &CurrentReading, is_gain: bool) {
        if reading.time <= self.newest {
            return;
        }
        if is_gain {
            self.doubtful = None;
        } else if reading.source == self.base.source {
            self.doubtful = self.is_far_below(reading).then_some(reading.time);
        }
    }

    /// Whether a reading is as far below the weight from before the gain as a gain is above: it may
    /// be another person's, until the next one says the same.
    fn is_far_below(&self, reading: &CurrentReading) -> bool {
        weight(&self.base).since(weight(reading)) >= self.limit.gain
    }

    /// A further reading is a gain, over `base`.
    fn go_on(&mut self, base: CurrentReading, reading: CurrentReading) {
        let pair = [base, reading];
        let newest = EvidenceReading::of(WEIGHT, &pair);
        self.episode.continue_with(Stage::Confirmed, Severity::Review, newest);
        self.newest = reading.time;
        self.doubtful = None;
    }

    /// Whether it was reported to have lasted longer than until a reading.
    fn is_known_to_last(&self, reading: &CurrentReading) -> bool {
        reading.time <= self.known_until || self.reported_end.is_some_and(|end| reading.time < end)
    }

    /// Whether a reading that is no gain ends it although it is of another scale: a week after the
    /// newest gain, when the gain's own scale has shown nothing for a week either.
    fn is_ended_by_another(
        &self,
        reading: &CurrentReading,
        scale: &Scale,
        limits: &Limits,
    ) -> bool {
        reading.time - self.newest >= COMPARED
            && !self.is_known_to_last(reading)
            && scale.is_steady(limits)
    }

    /// Whether a reading that is no gain ends it.
    fn is_ended_by(&mut self, reading: &CurrentReading) -> bool {
        if reading.time - self.newest >= LONGEST && !self.is_known_to_last(reading) {
            return true;
        }
        if reading.source != self.base.source {
            return false;
        }
        let gain = weight(reading).since(weight(&self.base));
        let is_far_below = self.is_far_below(reading);
        let doubtful = std::mem::replace(&mut self.doubtful, is_far_below.then_some(reading.time));
        let was_doubtful = doubtful.is_some_and(|before| reading.time - before <= ALONE);
        let is_reported = self.reported_end == Some(reading.time);
        let is_sure = !is_far_below || was_doubtful || is_reported;
        // Sooner, the low weight that it was compared with would raise the next alert as well.
        let is_settled = reading.time - self.episode.began >= SETTLED || is_reported;
        is_sure && is_settled && gain < self.limit.ends_below()
    }
}

/// The limit that one reading is above another of the same scale by, if it is.
fn reached(base: &CurrentReading, reading: &CurrentReading, limits: &Limits) -> Option<Limit> {
    let gain = weight(reading).since(weight(base));
    let limit = limits.reached_by(gain, reading.time - base.time);
    limit.filter(|_| base.source == reading.source)
}

/// Adds what was judged against what: the newest gain.
fn complete(episode: &mut Episode, limits: &Limits, plan: &Plan) {
    let all = episode.evidence();
    let newest = all.iter().map(|evidence| evidence.reading).max_by_key(|reading| reading.time);
    // The newest reading with the one that it is furthest above; with the limits of another plan
    // with none.
    let judged = newest.and_then(|reading| {
        let bases = all.iter().map(|evidence| evidence.reading);
        let bases = bases.filter_map(|base| Some((base, reached(&base, &reading, limits)?)));
        let (base, limit) = bases.min_by_key(|(base, _)| weight(base))?;
        Some((base, reading, limit))
    });
    let first = || Some((all.get(1)?.reading, all.first()?.reading, limits.both[1]));
    if let Some((base, reading, limit)) = judged.or_else(first) {
        let (from, to) = (weight(&base), weight(&reading));
        let apart = reading.time - base.time;
        episode.findings = values([
            ("gain", to.since(from).kilograms()),
            ("from", from.kilograms()),
            ("to", to.kilograms()),
            ("hours", (apart.millis() as f64 / 3_600_000.0).round()),
            ("limit", limit.gain.kilograms()),
            ("limit_days", f64::from(limit.days)),
        ]);
    }
    episode.parameters = parameters(plan, [&IN_3_DAYS, &IN_7_DAYS]);
}
