//! `bp.severe_high`: severe high blood pressure at home.
//!
//! One severe reading alone is measured again before anybody is called: *confirmed* is a pair of
//! readings 1 to 15 minutes apart whose mean is still severe (JSH 2019 takes two readings an
//! occasion and their mean), *unconfirmed* a severe reading with no other reading 1 to 15 minutes
//! from it once 15 minutes have passed. A severe reading whose repetition brings the mean below the
//! limit raises nothing.
//!
//! An *occasion* is the readings within 15 minutes of its first one. It is *normalised* when its mean
//! is below the clearing limits and nothing in it is severe as above. It counts towards clearing
//! once it is over, so that a reading still to come cannot undo it. An unconfirmed alert ends with
//! one normalised occasion, a confirmed one with two in a row.
//!
//! The window begins with the first occasion that has a reading in it. An alert that was open there
//! is carried across: stage and severity follow from its evidence and from the current readings in
//! the window. Normalised occasions count while they are in the window.

mod limits;
mod occasion;
mod wording;

use crate::alert::{Alert, Severity, Stage, Text, Values};
use crate::episode::{Episode, EvidenceReading};
use crate::kinds::{Kind, blood_pressure};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Carried, Change, Context, Rule, Step, parameters, values};
use crate::sample::Sample;
use crate::time::Timestamp;

use limits::{CLEAR_DIASTOLIC, CLEAR_OCCASIONS, CLEAR_SYSTOLIC, DIASTOLIC, Limits, SYSTOLIC};
use occasion::{Finding, REPEAT_AFTER, REPEAT_WITHIN, diastolic, is_severe, judge, systolic};

/// The rule.
#[derive(Debug)]
struct SevereHigh;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&SevereHigh as &dyn Rule)
}

/// Home readings; those of check-ups have been seen by somebody already.
const PRESSURE: Kind = Kind::BloodPressure;

/// Which readings of an alert's evidence brought it to which stage: the first, and the first pair.
fn steps(alert: &Alert) -> [Option<Step>; 2] {
    let step = |stage, readings| Some(Step { stage, readings });
    if alert.stage == Stage::Unconfirmed {
        // Another reading near the first is a copy of it.
        return [step(Stage::Unconfirmed, 1), None];
    }
    let times: Vec<Timestamp> =
        alert.evidence.iter().map(|evidence| evidence.reading.observation_time()).collect();
    // Of a severe reading that is not repeated no other reading is so near.
    let is_pair =
        |pair: &[Timestamp]| (REPEAT_AFTER..=REPEAT_WITHIN).contains(&(pair[1] - pair[0]));
    match times.windows(2).position(is_pair) {
        None => [step(Stage::Unconfirmed, 1), None],
        Some(0) => [None, step(Stage::Confirmed, 2)],
        Some(first) => [step(Stage::Unconfirmed, 1), step(Stage::Confirmed, first + 2)],
    }
}

const PARAMETERS: &[Parameter] =
    &[SYSTOLIC, DIASTOLIC, CLEAR_SYSTOLIC, CLEAR_DIASTOLIC, CLEAR_OCCASIONS];

impl Rule for SevereHigh {
    fn name(&self) -> &str {
        "bp.severe_high"
    }

    fn kinds(&self) -> &[Kind] {
        &[PRESSURE]
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let limits = Limits::of(context.plan);
        let readings: Vec<CurrentReading> =
            context.readings(PRESSURE, context.lookback_start()).collect();
        let window_start = context.window_start();
        let first = occasion::first_in_window(&readings, window_start);
        let edge = readings.get(first).map_or(window_start, |one| one.time.min(window_start));
        let beginning = context.beginning(edge, steps);
        let open = beginning.open.map(|carried| Open::carry(&carried, context));
        let mut found = assess(&readings, first, open, &limits, context.now);
        for episode in &mut found.episodes {
            complete(episode, context.plan);
        }
        Assessment { covered: beginning.covered, ..found }
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let limits = Limits::of(context.plan);
        let reading = &change.reading;
        let mut known = context.known();
        let none_known = known.clone().next().is_none();
        let nothing_open = context.due.is_none() && !known.any(Alert::is_open);
        let mut near = context.readings_and_copies(PRESSURE, reading.time - REPEAT_WITHIN);
        if !change.is_in_order {
            // A reading that came out of order, or was changed: itself, if it is current, and the
            // readings around it.
            let mut near = near.take_while(|other| other.time <= reading.time + REPEAT_WITHIN);
            return none_known && nothing_open && !near.any(|other| is_severe(&other, &limits));
        }
        if !nothing_open || is_severe(reading, &limits) {
            return false;
        }
        if !none_known {
            return near.all(|other| other.time >= reading.time);
        }
        !near.any(|other| other.time < reading.time && is_severe(&other, &limits))
    }

    fn is_severe(&self, sample: Sample, plan: &Plan) -> bool {
        occasion::sample_is_severe(sample, &Limits::of(plan))
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        let limits = Limits::of(plan);
        let limit = |field, value: u16| Limit {
            field,
            side: Side::AtOrAbove,
            value: value.into(),
            severity: Some(Severity::Urgent),
        };
        vec![
            limit(blood_pressure::SYSTOLIC, limits.systolic),
            limit(blood_pressure::DIASTOLIC, limits.diastolic),
        ]
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// The episodes in the readings from the index `first` on, where the window begins. The first is the
/// one that is open there, if one is.
fn assess(
    readings: &[CurrentReading],
    first: usize,
    mut open: Option<Open>,
    limits: &Limits,
    now: Timestamp,
) -> Assessment {
    let mut found = Assessment::default();
    let mut start = first;
    while start < readings.len() {
        let begins = readings[start].time;
        let over_at = begins + REPEAT_WITHIN;
        let end = occasion::end_of(readings, start);
        let is_over = end < readings.len() || now >= over_at;
        let occasion = judge(readings, start..end, limits, now);
        if let Some(time) = occasion.next_assessment {
            found.assess_again_at(time);
        }
        match occasion.finding {
            Finding::Confirmed { first, second } => {
                let pair = [readings[first], readings[second]];
                Open::hold(&mut open, Stage::Confirmed, Severity::of_urgent(&pair), &pair);
            }
            Finding::Unconfirmed { reading } => {
                let one = [readings[reading]];
                Open::hold(&mut open, Stage::Unconfirmed, Severity::Review, &one);
            }
            Finding::Normal if is_over => {
                if let Some(mut episode) = open.take() {
                    if episode.is_ended_by_normalised(limits, over_at) {
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
        start = end;
    }
    found.episodes.extend(open.map(|open| open.episode));
    found
}

/// Adds what follows from stage and evidence: until when the alert is in time, and what was judged
/// against what.
fn complete(episode: &mut Episode, plan: &Plan) {
    let confirmed = episode.stage == Stage::Confirmed;
    episode.severity_in_time = if confirmed { Severity::Urgent } else { Severity::Review };
    let evidence: Vec<CurrentReading> =
        episode.evidence().into_iter().map(|evidence| evidence.reading).collect();
    // When the newest pair was complete that confirms: a single reading after it confirms nothing.
    let completes = |second: &&CurrentReading| {
        let is_pair = |first: &CurrentReading| {
            (REPEAT_AFTER..=REPEAT_WITHIN).contains(&(second.time - first.time))
        };
        evidence.iter().any(is_pair)
    };
    let pair = evidence.iter().filter(completes).map(|second| second.time).max();
    let newest = evidence.iter().map(|reading| reading.time).max();
    if let Some(decisive) = pair.filter(|_| confirmed).or(newest) {
        episode.decided_by(decisive);
    }
    episode.findings = findings(episode);
    episode.parameters = parameters(plan, [&SYSTOLIC, &DIASTOLIC, &CLEAR_OCCASIONS]);
}

/// What was judged: the mean of the newest pair, or the newest reading where none confirms it. What
/// came after the pair alone was not judged with it.
fn findings(episode: &Episode) -> Values {
    let judged = match (episode.stage, &episode.established[..], &episode.newest[..]) {
        (Stage::Confirmed, _, pair @ [_, _]) | (Stage::Confirmed, pair, _) => {
            &pair[pair.len().saturating_sub(2)..]
        }
        (_, _, [.., newest]) | (_, [.., newest], []) => std::slice::from_ref(newest),
        (_, [], []) => return Values::new(),
    };
    let mean = |of: fn(&CurrentReading) -> u16| {
        let sum: f64 = judged.iter().map(|evidence| f64::from(of(&evidence.reading))).sum();
        sum / judged.len() as f64
    };
    values([
        ("readings", judged.len() as f64),
        ("mean_systolic", mean(systolic)),
        ("mean_diastolic", mean(diastolic)),
    ])
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
    fn hold(open: &mut Option<Self>, stage: Stage, severity: Severity, found: &[CurrentReading]) {
        let evidence = EvidenceReading::of(PRESSURE, found);
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
    fn is_ended_by_normalised(&mut self, limits: &Limits, over_at: Timestamp) -> bool {
        self.normalised += 1;
        self.episode.stage == Stage::Unconfirmed
            || self.normalised >= limits.clear_occasions
            || self.reported_end.is_some_and(|reported| reported <= over_at)
    }
}
