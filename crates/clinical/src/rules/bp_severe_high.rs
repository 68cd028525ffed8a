//! `bp.severe_high`: severe high blood pressure at home.
//!
//! One severe reading alone is measured again before anybody is called: *confirmed* is a pair of
//! readings 1 to 15 minutes apart whose mean is still severe (JSH 2019 takes two readings an
//! occasion and their mean), *unconfirmed* a severe reading with no other reading 1 to 15 minutes
//! from it once 15 minutes have passed. A severe reading whose repetition brings the mean below the
//! limit raises nothing.
//!
//! An *occasion* is the readings within 15 minutes of its first one. It is *calm* when its mean is
//! below the clearing limits and nothing in it is severe as above. It counts towards clearing once
//! it is over, so that a reading still to come cannot undo it. An unconfirmed alert ends with one
//! calm occasion, a confirmed one with two in a row.

use crate::alert::{Rule, Severity, Stage, Text};
use crate::episode::{Assessment, Episode};
use crate::plan::SevereHigh;
use crate::time::{Span, Timestamp};
use crate::timeline::Standing;

/// The episodes in a patient's standing home readings, given in observation order.
///
/// `carried` is the stage of an alert that is open although its readings have left the window; the
/// first episode then continues it.
pub fn assess(
    readings: &[Standing],
    limits: &SevereHigh,
    now: Timestamp,
    carried: Option<Carried>,
) -> Assessment {
    let mut found = Assessment::default();
    let mut open = carried.map(|carried| Open {
        episode: Episode::carried(
            Rule::BpSevereHigh,
            carried.stage,
            carried.severity,
            carried.began,
        ),
        calm: 0,
    });
    let mut start = 0;
    while start < readings.len() {
        let begins = readings[start].time;
        let over_at = begins + limits.repeat_within;
        let end = start + readings[start..].partition_point(|r| r.time <= over_at);
        let is_over = end < readings.len() || now >= over_at;
        let occasion = look_at(readings, start..end, limits, now);
        if let Some(time) = occasion.look_again {
            found.look_again_at(time);
        }
        match occasion.finding {
            Finding::Confirmed { first, second } => {
                let pair = [readings[first], readings[second]];
                let late = pair.iter().any(|reading| reading.delay.exceeds(limits.patience));
                let severity = if late { Severity::Review } else { Severity::Urgent };
                match &mut open {
                    Some(open) => open.continue_with(Stage::Confirmed, severity, &pair),
                    None => {
                        open = Some(Open::begin(Stage::Confirmed, severity, pair[0], &pair[1..]));
                    }
                }
            }
            Finding::Unconfirmed { reading } => {
                let one = [readings[reading]];
                match &mut open {
                    Some(open) => open.continue_with(Stage::Unconfirmed, Severity::Review, &one),
                    None => {
                        open = Some(Open::begin(Stage::Unconfirmed, Severity::Review, one[0], &[]));
                    }
                }
            }
            Finding::Calm if is_over => {
                if let Some(mut episode) = open.take() {
                    if episode.is_ended_by_calm(limits) {
                        episode.episode.ended = Some(begins);
                        found.episodes.push(episode.episode);
                    } else {
                        open = Some(episode);
                    }
                }
            }
            Finding::Calm => {
                if open.is_some() {
                    found.look_again_at(over_at);
                }
            }
            Finding::Neither => {
                if let Some(open) = &mut open {
                    open.calm = 0;
                }
            }
        }
        start = end;
    }
    found.episodes.extend(open.map(|open| open.episode));
    found
}

/// Whether a new reading, newer than all others, leaves every episode as it is, so that
/// [`assess`] need not run. `earlier` are the readings before it, newest first; `none_known` says
/// that the patient has no alert of this rule and `quiet` that none is open and none is awaited.
pub fn changes_nothing(
    reading: &Standing,
    earlier: impl Iterator<Item = Standing>,
    limits: &SevereHigh,
    none_known: bool,
    quiet: bool,
) -> bool {
    if !quiet || is_severe(reading, limits) {
        return false;
    }
    let mut near =
        earlier.take_while(|other| reading.time - other.time <= limits.repeat_within).peekable();
    if near.peek().is_none() {
        return true;
    }
    none_known && !near.any(|other| is_severe(&other, limits))
}

/// What it is measured against.
pub fn threshold(limits: &SevereHigh) -> String {
    format!("{}/{} mmHg", limits.systolic, limits.diastolic)
}

/// An open alert whose readings have left the window.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    /// When it began.
    pub began: Timestamp,
    /// Its stage.
    pub stage: Stage,
    /// Its severity.
    pub severity: Severity,
}

/// What is said to the physician.
pub fn text(stage: Stage, late: bool, evidence: &[Standing]) -> Text {
    let newest: Vec<String> = evidence
        .iter()
        .rev()
        .take(if stage == Stage::Confirmed { 2 } else { 1 })
        .rev()
        .map(|r| format!("{}/{}", r.sample.systolic(), r.sample.diastolic()))
        .collect();
    let (ja, en) = (newest.join("、"), newest.join(", "));
    match (stage, late) {
        (Stage::Confirmed, false) => Text {
            ja: format!("家庭血圧 {ja} mmHg。再測定でも重症域です。症状を確認してください。"),
            en: format!(
                "Home blood pressure {en} mmHg: severe, confirmed by a second reading. Ask for symptoms."
            ),
        },
        (Stage::Confirmed, true) => Text {
            ja: format!(
                "家庭血圧 {ja} mmHg。重症域でした（遅れて届いた測定値）。経過を確認してください。"
            ),
            en: format!(
                "Home blood pressure {en} mmHg was severe (readings arrived late). Review what followed."
            ),
        },
        (Stage::Unconfirmed | Stage::Missing, _) => Text {
            ja: format!(
                "家庭血圧 {ja} mmHg。重症域ですが、15分以内の再測定がありません。再測定を依頼してください。"
            ),
            en: format!(
                "Home blood pressure {en} mmHg: severe, no second reading within 15 minutes. Ask to measure again."
            ),
        },
    }
}

struct Open {
    episode: Episode,
    calm: u8,
}

impl Open {
    fn begin(stage: Stage, severity: Severity, first: Standing, rest: &[Standing]) -> Self {
        let readings = (first, rest);
        Self { episode: Episode::begin(Rule::BpSevereHigh, stage, severity, readings), calm: 0 }
    }

    fn continue_with(&mut self, stage: Stage, severity: Severity, evidence: &[Standing]) {
        self.calm = 0;
        self.episode.continue_with(stage, severity, evidence);
    }

    fn is_ended_by_calm(&mut self, limits: &SevereHigh) -> bool {
        self.calm += 1;
        self.episode.stage == Stage::Unconfirmed || self.calm >= limits.calm_occasions
    }
}

enum Finding {
    /// Indices of the pair, in time's order.
    Confirmed {
        first: usize,
        second: usize,
    },
    /// Index of a severe reading without a second one.
    Unconfirmed {
        reading: usize,
    },
    Calm,
    Neither,
}

struct Occasion {
    finding: Finding,
    /// When a severe reading will have waited long enough for its second one.
    look_again: Option<Timestamp>,
}

fn look_at(
    readings: &[Standing],
    occasion: std::ops::Range<usize>,
    limits: &SevereHigh,
    now: Timestamp,
) -> Occasion {
    let mut look_again = None;
    let mut unconfirmed = None;
    let mut waits = false;
    // A pair belongs to the occasion of its later reading; the newest pair speaks for the occasion.
    for second in occasion.clone().rev() {
        let confirming = partners(readings, second, limits)
            .filter(|first| *first < second)
            .find(|first| mean_is_severe(&readings[*first], &readings[second], limits));
        if let Some(first) = confirming {
            return Occasion { finding: Finding::Confirmed { first, second }, look_again };
        }
    }
    for index in occasion.clone() {
        let reading = &readings[index];
        if !is_severe(reading, limits) || partners(readings, index, limits).next().is_some() {
            continue;
        }
        let due = reading.time + limits.repeat_within;
        if now >= due {
            unconfirmed = Some(index);
        } else {
            waits = true;
            look_again = Some(look_again.map_or(due, |known: Timestamp| known.min(due)));
        }
    }
    let finding = match unconfirmed {
        Some(reading) => Finding::Unconfirmed { reading },
        None if !waits && is_calm(&readings[occasion], limits) => Finding::Calm,
        None => Finding::Neither,
    };
    Occasion { finding, look_again }
}

/// Readings far enough from one and near enough to it to be its repetition, nearest index first on
/// either side.
fn partners<'a>(
    readings: &'a [Standing],
    index: usize,
    limits: &'a SevereHigh,
) -> impl Iterator<Item = usize> + 'a {
    let time = readings[index].time;
    let near = move |other: &usize| (readings[*other].time - time).abs() <= limits.repeat_within;
    let before = (0..index).rev().take_while(near);
    let after = (index + 1..readings.len()).take_while(near);
    before
        .chain(after)
        .filter(move |other| (readings[*other].time - time).abs() >= limits.repeat_after)
}

fn is_severe(reading: &Standing, limits: &SevereHigh) -> bool {
    reading.sample.systolic() >= limits.systolic || reading.sample.diastolic() >= limits.diastolic
}

fn mean_is_severe(one: &Standing, other: &Standing, limits: &SevereHigh) -> bool {
    let sum = |a: u16, b: u16| u32::from(a) + u32::from(b);
    sum(one.sample.systolic(), other.sample.systolic()) >= 2 * u32::from(limits.systolic)
        || sum(one.sample.diastolic(), other.sample.diastolic()) >= 2 * u32::from(limits.diastolic)
}

fn is_calm(occasion: &[Standing], limits: &SevereHigh) -> bool {
    let count = occasion.len() as u32;
    let sum = |of: fn(&Standing) -> u16| occasion.iter().map(|r| u32::from(of(r))).sum::<u32>();
    sum(|r| r.sample.systolic()) < count * u32::from(limits.clear_systolic)
        && sum(|r| r.sample.diastolic()) < count * u32::from(limits.clear_diastolic)
}

/// How long before a reading others can still matter to it.
pub const fn reach(limits: &SevereHigh) -> Span {
    limits.repeat_within
}
