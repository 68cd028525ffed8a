//! Rules about single occasions that a second reading confirms.
//!
//! A reading beyond the rule's limit is measured again before anybody is called: *confirmed* is a pair
//! of readings 1 to 15 minutes apart whose mean is still beyond it (JSH 2019 takes two readings an
//! occasion and their mean), *unconfirmed* a reading beyond it with no other reading 1 to 15 minutes
//! from it once 15 minutes have passed. A reading whose repetition brings the mean back raises nothing.
//!
//! An occasion is *normalised* when its mean is within the limits for that and nothing in it is beyond
//! as above. It counts towards clearing once it is over, so that a reading still to come cannot undo
//! it. An unconfirmed alert ends with one normalised occasion, a confirmed one with some in a row.
//!
//! The window begins with the first occasion that has a reading in it. An alert that was open there
//! is carried across: stage and severity follow from its evidence and from the current readings in
//! the window. Normalised occasions count while they are in the window.

use super::occasions;
use super::pairs::{self, Finding, REPEAT_WITHIN, repeats};
use crate::alert::{Alert, Severity, Stage};
use crate::episode::{Episode, EvidenceReading};
use crate::kinds::Kind;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Carried, Change, Context, Step};
use crate::statistics;
use crate::time::{Span, Timestamp};

/// A number of a reading that is the nearer to a limit, or the further beyond it, the greater it is.
pub(super) type Measure = fn(&CurrentReading) -> i32;

/// When a rule calls readings of its kind beyond its limit, and when normalised.
pub(super) trait Criterion {
    /// The kind that is judged.
    const KIND: Kind;

    /// So much later than it was received a reading may be judged, where the rule waits for the rest of
    /// an upload.
    const JUDGED_WITHIN: Span = Span::ZERO;

    /// Whether one reading alone is beyond the limit.
    fn is_beyond(&self, reading: &CurrentReading) -> bool;

    /// Whether the mean of two readings is. Then one of them is.
    fn mean_is_beyond(&self, one: &CurrentReading, other: &CurrentReading) -> bool;

    /// What [`Self::mean_is_beyond`] depends on: of two readings that are the first of a pair the one
    /// that is greater in a measure makes a mean beyond the limit of it where the other does.
    fn measures(&self) -> &'static [Measure];

    /// Whether the mean of an occasion is back.
    fn is_normal(&self, occasion: &[CurrentReading]) -> bool;

    /// How many normalised occasions in a row end a confirmed alert.
    fn clear_occasions(&self) -> u8;
}

/// Which readings of an alert's evidence brought it to which stage: the first, and the first pair.
fn steps(alert: &Alert) -> [Option<Step>; 2] {
    let step = |stage, readings| Some(Step { stage, readings });
    if alert.stage == Stage::Unconfirmed {
        // Another reading near the first is a copy of it.
        return [step(Stage::Unconfirmed, 1), None];
    }
    let readings: Vec<CurrentReading> =
        alert.evidence.iter().map(EvidenceReading::current_reading).collect();
    // Of a reading that is not repeated no other reading is so near.
    let is_pair = |pair: &[CurrentReading]| repeats(&pair[1], &pair[0]);
    match readings.windows(2).position(is_pair) {
        None => [step(Stage::Unconfirmed, 1), None],
        Some(0) => [None, step(Stage::Confirmed, 2)],
        Some(first) => [step(Stage::Unconfirmed, 1), step(Stage::Confirmed, first + 2)],
    }
}

/// The full computation of a rule; `name` adds what was judged against what.
pub(super) fn assess<C: Criterion>(
    criterion: &C,
    context: &Context<'_>,
    name: impl Fn(&mut Episode),
) -> Assessment {
    if let Some(waiting) = Assessment::waiting(context) {
        return waiting;
    }
    let readings: Vec<CurrentReading> =
        context.readings(C::KIND, context.lookback_start()).collect();
    let window_start = context.window_start();
    let first = occasions::first_in_window(&readings, window_start);
    let edge = readings.get(first).map_or(window_start, |one| one.time.min(window_start));
    let beginning = context.beginning(edge, steps);
    let open = beginning.open.map(|carried| Open::carry(&carried, context));
    let mut found = episodes(&readings, first, open, criterion, context.now);
    for episode in &mut found.episodes {
        complete::<C>(episode);
        name(episode);
    }
    Assessment { covered: beginning.covered, ..found }
}

/// The fast path of a rule.
pub(super) fn is_unaffected<C: Criterion>(
    criterion: &C,
    change: &Change,
    context: &Context<'_>,
) -> bool {
    if let Some(until) = context.rest_until {
        return context.due == Some(until);
    }
    let reading = &change.reading;
    let mut known = context.known();
    let none_known = known.clone().next().is_none();
    let nothing_open = context.due.is_none() && !known.any(Alert::is_open);
    let mut near = context.readings_and_copies(C::KIND, reading.time - REPEAT_WITHIN);
    if !change.is_in_order {
        // A reading that came out of order, or was changed: itself, if it is current, and the
        // readings around it.
        let mut near = near.take_while(|other| other.time <= reading.time + REPEAT_WITHIN);
        return none_known && nothing_open && !near.any(|other| criterion.is_beyond(&other));
    }
    if !nothing_open || criterion.is_beyond(reading) {
        return false;
    }
    if !none_known {
        return near.all(|other| other.time >= reading.time);
    }
    !near.any(|other| other.time < reading.time && criterion.is_beyond(&other))
}

/// What was judged: the newest pair, or the newest reading where none confirms it. What came after the
/// pair alone was not judged with it.
pub(super) fn judged(episode: &Episode) -> &[EvidenceReading] {
    match (episode.stage, &episode.established[..], &episode.newest[..]) {
        (Stage::Confirmed, _, pair @ [_, _]) | (Stage::Confirmed, pair, _) => {
            &pair[pair.len().saturating_sub(2)..]
        }
        (_, _, [.., newest]) | (_, [.., newest], []) => std::slice::from_ref(newest),
        (_, [], []) => &[],
    }
}

/// The mean of a number of what was judged.
pub(super) fn mean(judged: &[EvidenceReading], of: impl Fn(&CurrentReading) -> f64) -> f64 {
    let values = judged.iter().map(|evidence| of(&evidence.reading));
    statistics::mean(values).unwrap_or(f64::NAN)
}

/// The episodes in the readings from the index `first` on, where the window begins. The first is the
/// one that is open there, if one is.
fn episodes<C: Criterion>(
    readings: &[CurrentReading],
    first: usize,
    mut open: Option<Open>,
    criterion: &C,
    now: Timestamp,
) -> Assessment {
    let mut found = Assessment::default();
    for occasion in occasions::from(readings, first) {
        let begins = readings[occasion.start].time;
        let over_at = occasions::over_at(readings, &occasion);
        let is_over = occasions::is_over(readings, &occasion, now);
        let judged = pairs::judge(readings, occasion, criterion, now);
        if let Some(time) = judged.next_assessment {
            found.assess_again_at(time);
        }
        match judged.finding {
            Finding::Confirmed { first, second } => {
                let pair = [readings[first], readings[second]];
                let severity = Severity::of_urgent(&pair);
                Open::hold::<C>(&mut open, Stage::Confirmed, severity, &pair);
            }
            Finding::Unconfirmed { reading } => {
                let one = [readings[reading]];
                Open::hold::<C>(&mut open, Stage::Unconfirmed, Severity::Review, &one);
            }
            Finding::Normal if is_over => {
                if let Some(mut episode) = open.take() {
                    if episode.is_ended_by_normalised(criterion.clear_occasions(), over_at) {
                        episode.episode.ended = Some(begins);
                        found.episodes.push(episode.episode);
                    } else {
                        open = Some(episode);
                    }
                }
            }
            Finding::Normal => {
                if open.is_some() {
                    found.assess_again_at(over_at);
                }
            }
            Finding::Neither => {
                if let Some(open) = &mut open {
                    open.normalised = 0;
                    open.reported_end = None;
                }
            }
        }
    }
    found.episodes.extend(open.map(|open| open.episode));
    found
}

/// Adds what follows from stage and evidence: how urgent the alert is in time, and until when it is.
fn complete<C: Criterion>(episode: &mut Episode) {
    let confirmed = episode.stage == Stage::Confirmed;
    episode.severity_in_time = if confirmed { Severity::Urgent } else { Severity::Review };
    let evidence: Vec<CurrentReading> =
        episode.evidence().into_iter().map(|evidence| evidence.reading).collect();
    // When the newest pair was complete that confirms: a single reading after it confirms nothing.
    let completes = |second: &&CurrentReading| evidence.iter().any(|first| repeats(second, first));
    let pair = evidence.iter().filter(completes).map(|second| second.time).max();
    let newest = evidence.iter().map(|reading| reading.time).max();
    if let Some(decisive) = pair.filter(|_| confirmed).or(newest) {
        episode.decided_by(decisive + C::JUDGED_WITHIN);
    }
}

struct Open {
    episode: Episode,
    normalised: u8,
    /// Of an alert that is carried, as long as nothing but normalised occasions has followed: the
    /// occasion that was reported to have ended it, if nothing up to it has changed now. How many
    /// normalised ones before the window it followed is not remembered: with a change they do not
    /// count.
    reported_end: Option<Timestamp>,
}

impl Open {
    /// The rule holds with these readings: an episode begins, or the open one goes on.
    fn hold<C: Criterion>(
        open: &mut Option<Self>,
        stage: Stage,
        severity: Severity,
        found: &[CurrentReading],
    ) {
        let evidence = EvidenceReading::of(C::KIND, found);
        match open {
            Some(open) => {
                open.normalised = 0;
                open.reported_end = None;
                open.episode.continue_with(stage, severity, evidence);
            }
            None => {
                let episode = Episode::begin(stage, severity, evidence.collect());
                *open = Some(Self { episode, normalised: 0, reported_end: None });
            }
        }
    }

    fn carry(carried: &Carried<'_>, context: &Context<'_>) -> Self {
        let changed = context.cause.map(ReadingId::observation_time);
        let is_changed =
            |end: &Timestamp| changed.is_some_and(|changed| changed <= *end + REPEAT_WITHIN);
        let alert = carried.alert;
        let reported_end = Some(alert.last_observed_at).filter(|_| !alert.is_open());
        Self {
            episode: carried.episode(),
            normalised: 0,
            reported_end: reported_end.filter(|end| !is_changed(end)),
        }
    }

    /// Counts a normalised occasion that is over at `over_at`.
    fn is_ended_by_normalised(&mut self, clear_occasions: u8, over_at: Timestamp) -> bool {
        self.normalised += 1;
        self.episode.stage == Stage::Unconfirmed
            || self.normalised >= clear_occasions
            || self.reported_end.is_some_and(|reported| reported <= over_at)
    }
}
