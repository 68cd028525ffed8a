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

//!
//! The window begins with the first occasion that has a reading in it. What stood there, an alert
//! that is open since longer ago, is carried across: stage and severity follow from that and from
//! the current readings in the window. Calm occasions count while they are in the window.

mod carried;
mod occasion;

use crate::alert::{Alert, Rule, Severity, Stage, Text};
use crate::episode::{Assessment, Episode, Occurrence};
use crate::plan::SevereHigh;
use crate::remembered::CurrentReading;
use crate::time::{Span, Timestamp};

use carried::Carried;
use occasion::{Finding, is_severe, look_at};

/// The readings of a patient and where the window begins in them.
pub struct View<'a> {
    readings: &'a [CurrentReading],
    /// Of the first occasion in the window.
    first: usize,
    /// When the window begins: no later than that occasion.
    edge: Timestamp,
    carried: Option<Carried>,
}

impl<'a> View<'a> {
    /// Of the current home readings in the window, which begins at `horizon`, and in its context,
    /// given in observation order, and of the alerts known.
    pub fn of(
        readings: &'a [CurrentReading],
        alerts: &[Alert],
        limits: &SevereHigh,
        horizon: Timestamp,
        occurrence: &Occurrence,
    ) -> Self {
        let first = occasion::first_in_window(readings, limits, horizon);
        let edge = readings.get(first).map_or(horizon, |reading| reading.time.min(horizon));
        let carried = Carried::across(alerts, limits, edge, occurrence);
        Self { readings, first, edge, carried }
    }

    /// Whether [`assess`] computes an alert of this rule anew. All others were over before the window.
    pub fn computes(&self, alert: &Alert, limits: &SevereHigh) -> bool {
        self.carried.as_ref().is_some_and(|carried| carried.alert == alert.id)
            || carried::is_in_window(alert, limits, self.edge)
    }
}

/// The episodes in a patient's readings. The first continues the alert that is carried, if one is.
pub fn assess(view: &View<'_>, limits: &SevereHigh, now: Timestamp) -> Assessment {
    let View { readings, first, ref carried, .. } = *view;
    let mut found = Assessment::default();
    let mut open = carried.as_ref().map(Open::carry);
    let mut start = first;
    while start < readings.len() {
        let begins = readings[start].time;
        let over_at = begins + limits.repeat_within;
        let end = occasion::end_of(readings, start, limits);
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
                    if episode.is_ended_by_calm(limits, over_at) {
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
                    open.told_end = None;
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
    reading: &CurrentReading,
    earlier: impl Iterator<Item = CurrentReading>,
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

/// Whether a reading that came out of order, or was changed, leaves a patient without alerts of this
/// rule, and of whom none is awaited, without: `near` are the readings within [`reach`] of it, and
/// itself if it is current.
pub fn says_nothing(near: &mut impl Iterator<Item = CurrentReading>, limits: &SevereHigh) -> bool {
    !near.any(|reading| is_severe(&reading, limits))
}

/// What it is measured against.
pub fn threshold(limits: &SevereHigh) -> String {
    format!("{}/{} mmHg", limits.systolic, limits.diastolic)
}

/// What is said to the physician.
pub fn text(stage: Stage, late: bool, evidence: &[CurrentReading]) -> Text {
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
    /// Of an alert that is carried, as long as nothing but calm has followed.
    told_end: Option<Timestamp>,
}

impl Open {
    fn begin(
        stage: Stage,
        severity: Severity,
        first: CurrentReading,
        rest: &[CurrentReading],
    ) -> Self {
        let episode = Episode::begin(Rule::BpSevereHigh, stage, severity, (first, rest));
        Self { episode, calm: 0, told_end: None }
    }

    fn carry(carried: &Carried) -> Self {
        let Carried { stage, severity, established, newest, told_end, .. } = carried.clone();
        let began = established[0].time;
        let episode = Episode {
            established,
            newest,
            ..Episode::without_readings(Rule::BpSevereHigh, stage, severity, began)
        };
        Self { episode, calm: 0, told_end }
    }

    fn continue_with(&mut self, stage: Stage, severity: Severity, evidence: &[CurrentReading]) {
        self.calm = 0;
        self.told_end = None;
        self.episode.continue_with(stage, severity, evidence);
    }

    /// Counts a calm occasion that is over at `over_at`.
    fn is_ended_by_calm(&mut self, limits: &SevereHigh, over_at: Timestamp) -> bool {
        self.calm += 1;
        self.episode.stage == Stage::Unconfirmed
            || self.calm >= limits.calm_occasions
            || self.told_end.is_some_and(|told| told <= over_at)
    }
}

/// How far from a reading others can still matter to it.
pub const fn reach(limits: &SevereHigh) -> Span {
    limits.repeat_within
}
