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
//!
//! While a confirmed alert is open, a pair beyond the limit is a *new crisis* where an occasion a day after
//! the last one beyond it was not, or nothing is known of three days: somebody is told again. One who is
//! beyond it each day is in the same crisis. A reading that nothing confirms begins an unconfirmed one so:
//! the alert asks to measure again, and tells of the pair that confirms it.

use super::occasions::{self, OCCASION};
use super::pairs::{self, Finding, REPEAT_WITHIN, repeats};
use crate::alert::{Alert, Severity, Stage};
use crate::crisis::{AGAIN_AFTER, Away, Crisis, UNKNOWN_AFTER};
use crate::episode::{Episode, EvidenceReading, PAGES_WITHIN};
use crate::kinds::Kind;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Carried, Change, Context, Step};
use crate::statistics;
use crate::time::{Span, Timestamp};

/// So long after the last reading beyond the limit whatever is beyond it is a new crisis, which begins with
/// its occasion.
pub(super) const NEW_CRISIS_AFTER: Span =
    Span::from_millis(UNKNOWN_AFTER.millis() + OCCASION.millis());

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
    let open = beginning.open.map(|carried| {
        let before = readings[..first].iter().filter(|reading| criterion.is_beyond(reading));
        let last_beyond = before.map(|reading| reading.time).max();
        let last_beyond = last_beyond.unwrap_or_else(|| context.lookback_start());
        Open::carry(&carried, (edge, last_beyond), context)
    });
    let mut found = episodes(&readings, first, open, criterion, context.now);
    for episode in &mut found.episodes {
        complete::<C>(episode);
        name(episode);
        if let Some(crisis) = episode.crisis {
            crisis.say_in(&mut episode.findings);
        }
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
/// pair alone was not judged with it, unless it is a new crisis.
pub(super) fn judged(episode: &Episode) -> &[EvidenceReading] {
    if let Some(single) = unconfirmed_crisis(episode) {
        return single;
    }
    match (episode.stage, &episode.established[..], &episode.newest[..]) {
        (Stage::Confirmed, _, newest @ [first, second, ..])
            if repeats(&second.reading, &first.reading) =>
        {
            &newest[..2]
        }
        (Stage::Confirmed, established, _) => &established[established.len().saturating_sub(2)..],
        (_, _, [.., newest]) | (_, [.., newest], []) => std::slice::from_ref(newest),
        (_, [], []) => &[],
    }
}

/// The newest reading of a new crisis that none confirms yet.
fn unconfirmed_crisis(episode: &Episode) -> Option<&[EvidenceReading]> {
    let crisis = episode.crisis.filter(|crisis| crisis.stage == Stage::Unconfirmed)?;
    let (newest, before) = episode.newest.split_last()?;
    let confirms = before.last().is_some_and(|first| repeats(&newest.reading, &first.reading));
    let is_of_crisis = !confirms && newest.reading.time >= crisis.began;
    is_of_crisis.then_some(std::slice::from_ref(newest))
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
                Open::hold::<C>(&mut open, begins, (Stage::Confirmed, severity), &pair);
            }
            Finding::Unconfirmed { reading } => {
                let one = [readings[reading]];
                let found = (Stage::Unconfirmed, Severity::Review);
                Open::hold::<C>(&mut open, begins, found, &one);
            }
            Finding::Normal if is_over => {
                if let Some(mut episode) = open.take() {
                    if episode.is_ended_by_normalised(criterion.clear_occasions(), over_at) {
                        episode.episode.ended = Some(begins);
                        found.episodes.push(episode.episode);
                    } else {
                        episode.away.passes_without(begins);
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
                    open.away.passes_without(begins);
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
    /// Whether the last of the newest readings is one that nothing confirms.
    ends_with_single: bool,
    /// Since the newest occasion beyond the limit, confirmed or not.
    away: Away,
    /// When the crisis began that a carried alert tells of, until something is beyond the limit: what it
    /// followed may have left memory.
    known_crisis: Option<Timestamp>,
}

impl Open {
    fn of(episode: Episode, last_beyond: Timestamp) -> Self {
        Self {
            episode,
            normalised: 0,
            reported_end: None,
            ends_with_single: false,
            away: Away::since(last_beyond),
            known_crisis: None,
        }
    }

    /// The rule holds with these readings of an occasion: an episode begins, or the open one goes on.
    fn hold<C: Criterion>(
        open: &mut Option<Self>,
        begins: Timestamp,
        (stage, severity): (Stage, Severity),
        found: &[CurrentReading],
    ) {
        let evidence = EvidenceReading::of(C::KIND, found);
        let Some(open) = open else {
            let episode = Episode::begin(stage, severity, evidence.collect());
            *open = Some(Self::of(episode, begins));
            return;
        };
        open.normalised = 0;
        open.reported_end = None;
        open.note_crisis::<C>(begins, stage, found);
        if stage < open.episode.stage {
            // What was judged stays the newest pair, and of what nothing confirms the newest is told.
            if open.ends_with_single {
                open.episode.newest.pop();
            }
            open.episode.newest.extend(evidence);
        } else {
            open.episode.continue_with(stage, severity, evidence);
        }
        open.ends_with_single = stage == Stage::Unconfirmed;
    }

    /// An occasion is beyond the limit. With the first one that is confirmed the alert escalates by its
    /// stage.
    fn note_crisis<C: Criterion>(
        &mut self,
        begins: Timestamp,
        stage: Stage,
        found: &[CurrentReading],
    ) {
        let is_known = self.known_crisis.take() == Some(begins);
        let is_new = std::mem::replace(&mut self.away, Away::since(begins)).is_over_at(begins);
        if self.episode.stage != Stage::Confirmed {
            return;
        }
        let severity = Severity::of_urgent(found);
        let newest = found.last().map_or(begins, |newest| newest.time);
        let in_time_until = newest + PAGES_WITHIN + C::JUDGED_WITHIN;
        if is_new || is_known {
            let apart = AGAIN_AFTER;
            let crisis = Crisis { began: begins, stage, severity, in_time_until, apart };
            self.episode.crisis = Some(crisis);
        } else if let Some(crisis) = &mut self.episode.crisis {
            crisis.go_on(stage, severity, in_time_until);
        }
    }

    /// An alert that is open at the edge of what is judged; nothing was beyond the limit later than
    /// `last_beyond` before that.
    fn carry(
        carried: &Carried<'_>,
        (edge, last_beyond): (Timestamp, Timestamp),
        context: &Context<'_>,
    ) -> Self {
        let changed = context.cause.map(ReadingId::observation_time);
        let is_changed =
            |end: &Timestamp| changed.is_some_and(|changed| changed <= *end + REPEAT_WITHIN);
        let alert = carried.alert;
        let reported_end = Some(alert.last_observed_at).filter(|_| !alert.is_open());
        let known = Crisis::known(alert, AGAIN_AFTER);
        let mut episode = carried.episode();
        let mut ends_with_single = false;
        if carried.stage == alert.stage {
            (episode.newest, ends_with_single) = newest_before(edge, carried);
        }
        episode.crisis = known.filter(|crisis| crisis.began < edge);
        Self {
            reported_end: reported_end.filter(|end| !is_changed(end)),
            ends_with_single,
            known_crisis: known.map(|crisis| crisis.began).filter(|began| *began >= edge),
            ..Self::of(episode, last_beyond)
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

/// Of the newest readings that upheld a carried alert those from before the edge, and whether the last of
/// them is one that nothing confirms. Where the edge cuts a pair in two, what is judged finds the pair.
fn newest_before(edge: Timestamp, carried: &Carried<'_>) -> (Vec<EvidenceReading>, bool) {
    let evidence: Vec<EvidenceReading> =
        carried.alert.evidence.iter().map(EvidenceReading::from).collect();
    let newest = &evidence[carried.established.len().min(evidence.len())..];
    let before = newest.iter().take_while(|one| one.reading.time < edge).count();
    let is_repetition = |place: usize| {
        // A pair may have its first reading in common with the one before.
        let place = evidence.len() - newest.len() + place;
        place > 0 && repeats(&evidence[place].reading, &evidence[place - 1].reading)
    };
    let begins_with_pair = newest.len() > 1 && is_repetition(1);
    match before {
        0 => (Vec::new(), false),
        1 if begins_with_pair => (Vec::new(), false),
        1 => (newest[..1].to_vec(), !is_repetition(0)),
        _ => (newest[..before].to_vec(), before > 2 || !begins_with_pair),
    }
}
