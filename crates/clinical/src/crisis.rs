//! A new crisis while an alert is open.
//!
//! A patient has one open alert of a rule, which further readings update and nobody hears of again. Where
//! values beyond the limit have gone, without what ends the alert, and come back, somebody has to be notified
//! again: the alert *escalates* once more, once for each crisis, and says so in its findings.
//!
//! What raises an urgent alert in a patient without history calls while an alert is open as well, once for
//! each crisis. When one is over a rule says: of what people live in ([`Away`]), of glucose after hours.

use crate::alert::{Alert, Severity, Stage, Values};
use crate::fixed::Fixed;
use crate::time::{Span, Timestamp};

/// Values beyond a limit so long after the last ones may be a new crisis. Ours: another day, for people
/// measure up to four hours earlier or later.
pub(crate) const AGAIN_AFTER: Span = Span::from_hours(20);

/// What is beyond the limit again within so long was so a day before, unless it was not in between a day
/// after that. Ours: people measure up to four hours earlier or later.
const EACH_DAY: Span = Span::from_hours(28);

/// After so long without any value nobody knows whether it is the same crisis. Ours: the three days after
/// which readings are missing.
pub(crate) const UNKNOWN_AFTER: Span = Span::from_days(3);

/// What the rules that share these numbers say of them.
pub(crate) const FIXED: &[Fixed] = &[
    Fixed::hours(
        [
            "最後の該当値からこれ以上後に該当しない値があれば、次は新たな発生とみなす",
            "a new crisis: after a value not beyond the limit, so long after the last one beyond it",
        ],
        AGAIN_AFTER,
        "ours: another day, for people measure up to four hours earlier or later",
    ),
    Fixed::hours(
        [
            "最後の該当値からこれを超え、間に該当しない値があれば、新たな発生とみなす",
            "a new crisis: after any value not beyond the limit, more than this after the last one beyond it",
        ],
        EACH_DAY,
        "ours: people measure up to four hours earlier or later",
    ),
    Fixed::days(
        [
            "測定がこれを超えてなければ、次は新たな発生とみなす",
            "a new crisis: after no value for more than",
        ],
        UNKNOWN_AFTER,
        "ours: the three days after which readings are missing",
    ),
];

/// The finding of an alert that was in a crisis again: when the newest one was seen to begin, in seconds
/// since 1970.
const CRISIS_AT: &str = "crisis_at";

/// The finding of one whose newest crisis no further reading has confirmed yet.
const UNCONFIRMED: &str = "crisis_unconfirmed";

/// A further crisis in an episode that lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crisis {
    /// When it was seen to begin; it tells one from another.
    pub began: Timestamp,
    /// How far the rule has come with it: an unconfirmed one asks to measure again.
    pub stage: Stage,
    /// How urgent: a review where all its readings came too late for a page.
    pub severity: Severity,
    /// Until when the crisis may still be reported.
    pub(crate) in_time_until: Timestamp,
    /// So far apart at least those of the rule begin.
    pub(crate) apart: Span,
}

impl Crisis {
    /// When the newest crisis began that an alert tells of; none of one that was in the first only.
    pub fn known_of(alert: &Alert) -> Option<Timestamp> {
        alert.finding(CRISIS_AT).map(|seconds| Timestamp::from_seconds(seconds as i64))
    }

    /// When the newest crisis began that findings tell of and further readings have confirmed.
    pub(crate) fn reported_by(finding: impl Fn(&str) -> Option<f64>) -> Option<Timestamp> {
        let began = finding(CRISIS_AT).filter(|_| finding(UNCONFIRMED).is_none())?;
        Some(Timestamp::from_seconds(began as i64))
    }

    /// How far that one has come.
    pub(crate) fn known_stage(alert: &Alert) -> Stage {
        match alert.finding(UNCONFIRMED) {
            Some(_) => Stage::Unconfirmed,
            None => Stage::Confirmed,
        }
    }

    /// An alert as if it reported none.
    pub(crate) fn left_out_of(alert: &Alert) -> Alert {
        let mut alert = alert.clone();
        alert.findings.retain(|name, _| ![CRISIS_AT, UNCONFIRMED].contains(&name.as_ref()));
        alert
    }

    /// The one that an alert tells of, of which nobody has to be notified.
    pub(crate) fn known(alert: &Alert, apart: Span) -> Option<Self> {
        Some(Self {
            began: Self::known_of(alert)?,
            stage: Self::known_stage(alert),
            severity: Severity::Review,
            in_time_until: Timestamp::EARLIEST,
            apart,
        })
    }

    /// Further readings of it.
    pub(crate) fn go_on(&mut self, stage: Stage, severity: Severity, in_time_until: Timestamp) {
        if stage > self.stage {
            (self.stage, self.severity, self.in_time_until) = (stage, severity, in_time_until);
        } else if stage == self.stage {
            self.severity = self.severity.max(severity);
            self.in_time_until = self.in_time_until.max(in_time_until);
        }
    }

    /// Says in an alert's findings when it began.
    pub(crate) fn say_in(&self, findings: &mut Values) {
        findings.insert(CRISIS_AT.into(), self.began.seconds() as f64);
        if self.stage == Stage::Unconfirmed {
            findings.insert(UNCONFIRMED.into(), 1.0);
        }
    }
}

/// Since when nothing has been beyond a limit, of what people may live beyond: who is so each day is in one
/// crisis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Away {
    /// When the newest value was beyond the limit.
    beyond: Timestamp,
    /// When the first value since then was not, and the newest.
    not_beyond: Option<(Timestamp, Timestamp)>,
}

impl Away {
    pub(crate) fn since(beyond: Timestamp) -> Self {
        Self { beyond, not_beyond: None }
    }

    pub(crate) fn passes_without(&mut self, time: Timestamp) {
        let (first, _) = self.not_beyond.unwrap_or((time, time));
        self.not_beyond = Some((first, time));
    }

    /// Whether what is beyond the limit at a time comes so long after the last, and after such values,
    /// that it is news.
    pub(crate) fn is_over_at(&self, time: Timestamp) -> bool {
        let after = time - self.beyond;
        match self.not_beyond {
            Some((_, newest)) => newest - self.beyond >= AGAIN_AFTER || after > EACH_DAY,
            None => after > UNKNOWN_AFTER,
        }
    }

    /// So long nothing has been beyond the limit at a time.
    pub(crate) fn lasts_at(&self, time: Timestamp) -> Span {
        time - self.beyond
    }

    /// So long values have stayed away from the limit, as far as is known.
    pub(crate) fn stayed(&self) -> Span {
        self.not_beyond.map_or(Span::ZERO, |(first, newest)| newest - first)
    }
}
