//! Events of glucose, as the consensus on continuous monitoring counts them: what is beyond a limit for
//! long enough, until it is back for long enough. A rule says which limit, on which side and how long;
//! what its readings say ([`super::glucose_course`]) and what a reading can change
//! ([`super::glucose_assessment`]) is the same for all.

use crate::alert::{Alert, Severity, Stage, Text, Values};
use crate::fixed::Fixed;
use crate::glucose::{GLUCOSE, SENSOR_FOR, SILENCE, is_of_sensor};
use crate::kinds::blood_glucose;
use crate::limit::{Limit, Side};
use crate::measured::{Measured, Side as OfDevice};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::{CurrentReading, RememberedReading};
use crate::rule::TOGETHER;
use crate::rule::values;
use crate::sample::Sample;
use crate::time::{Span, Timestamp};
use crate::timeline::Timeline;
use crate::wording::number;

/// A value beyond the limit that comes later than this is judged with what was sent together with it, so
/// that the silence after it lasts a minute from its receipt at least.
const ALONE_WITHIN: Span = Span::from_millis(SILENCE.millis() - TOGETHER.millis());

/// The finding of an event that has lasted until it is urgent: how many minutes that are.
pub(super) const LASTED: &str = "lasted";

/// The finding of when the stretch of values began that has lasted so first, in seconds since 1970.
pub(super) const LASTED_SINCE: &str = "lasted_since";

/// So long a value beyond the limit tells of what follows it: after a longer gap nobody knows that it
/// lasted. Ours.
pub(super) const REPORTS_FOR: Span = Span::from_hours(4);

/// So long a finger-stick beyond the limit tells of the next one. Ours: who measures before each meal has
/// eaten between them.
pub(super) const STICK_REPORTS_FOR: Span = Span::from_minutes(150);

/// So many stretches that finger-sticks begin beyond the limit, with nothing back between, are as urgent as
/// one that has lasted. Ours: a low is measured again after it was treated, and at the third what was done
/// does not help.
pub(super) const OFTEN: usize = 3;

/// The first and the last of them begin so far apart at most. Ours: a night, or a day from breakfast to
/// supper.
pub(super) const OFTEN_WITHIN: Span = Span::from_hours(12);

/// What the rules that share these numbers say of them.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::minutes(
        ["解消：センサーの値が戻って続く時間", "ended by a sensor that stays back for"],
        SENSOR_FOR,
        "international consensus on continuous glucose monitoring: events of 15 minutes",
    ),
    Fixed::minutes(
        ["連続とみなすセンサーの無信号（以下）", "silence within the run of a sensor"],
        SILENCE,
        "ours: phones lose a few values",
    ),
    Fixed::minutes(
        [
            "受信の遅れがこれを超えるセンサー値は、同時に送られた値と併せて判定",
            "a sensor value later than this is judged with what was sent with it",
        ],
        ALONE_WITHIN,
        "ours: so that the silence after it lasts a minute from its receipt at least",
    ),
];

/// On which side of its limit glucose is in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// Less than the limit; back at or above the other number.
    Below,
    /// More than the limit; back below the other number.
    Above,
}

impl Beyond {
    /// Whether one value is further beyond every limit than another.
    pub(super) fn is_further(self, one: Measured, other: Measured) -> bool {
        match self {
            Self::Below => one.total_cmp(&other).is_lt(),
            Self::Above => one.total_cmp(&other).is_gt(),
        }
    }

    /// Of equal values the first.
    pub(super) fn furthest(
        self,
        readings: impl Iterator<Item = CurrentReading>,
    ) -> Option<CurrentReading> {
        readings.reduce(|furthest, one| {
            if self.is_further(measured(&one), measured(&furthest)) { one } else { furthest }
        })
    }
}

/// Which finger-sticks make an event.
#[derive(Debug, Clone, Copy)]
pub(super) enum FingerSticks {
    /// Each.
    One,
    /// Two with nothing back between them, of whatever source: copies are minutes apart.
    Two {
        /// So long at least.
        apart: Span,
        /// So long at most.
        within: Span,
        /// mg/dL; one alone at or above this, or above what its meter can say, is an unconfirmed event.
        alone: &'static Parameter,
    },
}

/// The numbers by which finger-sticks are judged, mg/dL, where a plan, a programme or a rule set gives them:
/// a limit that is meant for sensors is none for blood. Else they are judged as sensors are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OfSticks {
    pub(super) limit: Option<&'static Parameter>,
    pub(super) clear: Option<&'static Parameter>,
}

/// The number of finger-sticks beside that of all. Where what counts before it moves the number of all, it
/// is never the lower one.
fn of_sticks(stick: Option<&Parameter>, all: &Parameter, plan: &Plan) -> f64 {
    let of_all = plan.value(all);
    let Some((stick, given)) = stick.and_then(|stick| Some((stick, plan.given(stick)?))) else {
        return of_all;
    };
    let origin = |parameter| plan.effective(parameter).origin;
    if origin(stick) <= origin(all) { given } else { given.max(of_all) }
}

/// When an event is urgent; before that it is for review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgent {
    AtOnce,
    /// When it has lasted longer than this.
    After(Span),
    Never,
}

/// What a rule calls an event.
#[derive(Debug)]
pub(super) struct Event {
    /// The rule's name.
    pub(super) name: &'static str,
    pub(super) beyond: Beyond,
    /// mg/dL.
    pub(super) limit: &'static Parameter,
    /// mg/dL.
    pub(super) clear: &'static Parameter,
    /// The numbers of finger-sticks where they are given other ones.
    pub(super) of_sticks: OfSticks,
    /// A sensor stays beyond the limit for so long, [`SENSOR_FOR`] at least. Where it is longer, values that
    /// are not beyond it for less than that, which end no event of the consensus, do not end the run.
    pub(super) sensor_for: Span,
    pub(super) finger_sticks: FingerSticks,
    /// The stage of a sensor's run that was not long enough when silence followed; none where that is
    /// no event.
    pub(super) after_silence: Option<Stage>,
    pub(super) urgent: Urgent,
    /// The event of another rule that tells of the same stretch, and more of it.
    pub(super) reported_by: Option<&'static Event>,
}

impl Event {
    /// No run that is not long enough yet, with the silence after it, is longer than this.
    pub(super) fn longest_run(&self) -> Span {
        Span::from_millis(self.sensor_for.millis() + SILENCE.millis() + SENSOR_FOR.millis())
    }

    /// So far from a reading it changes nothing, unless an event reaches further.
    pub(super) fn near(&self) -> Span {
        match self.finger_sticks {
            FingerSticks::One => self.longest_run(),
            FingerSticks::Two { within, .. } => {
                Span::from_millis(self.longest_run().millis() + within.millis())
            }
        }
    }

    /// So far from a reading one beyond the limit can make an event together with it: two
    /// finger-sticks further apart than values of a sensor.
    pub(super) fn near_of(&self, sample: Sample) -> Span {
        if is_of_sensor(sample) { self.longest_run() } else { self.near() }
    }

    /// Whether a value is one that no plan makes an event of.
    pub(super) fn is_never(&self, sample: Sample) -> bool {
        match self.beyond {
            Beyond::Below => glucose(sample) >= self.limit.high,
            Beyond::Above => glucose(sample) <= self.limit.low,
        }
    }

    /// When an event is urgent that is known to last since a time.
    pub(super) fn is_urgent_after(&self, began: Timestamp) -> Option<Timestamp> {
        let Urgent::After(span) = self.urgent else { return None };
        Some(began + span)
    }

    /// Where some plan makes a value beyond the limit. Of a sensor only what would be followed by silence
    /// if it came alone.
    pub(super) fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        !self.is_never(sample) && (!is_of_sensor(sample) || delay > ALONE_WITHIN)
    }

    /// Of a sensor what is never beyond the limit, where it ends a run that may be: the next values of the
    /// upload may go on with it.
    pub(super) fn waits_after_others(
        &self,
        reading: &RememberedReading,
        timeline: &Timeline,
    ) -> bool {
        if !is_of_sensor(reading.sample) || !self.is_never(reading.sample) {
            return false;
        }
        let time = reading.observation_time;
        let before = timeline.current(GLUCOSE, time - SILENCE);
        let mut of_sensor = before.filter(|it| it.source == reading.source && it.time < time);
        of_sensor.next_back().is_some_and(|before| !self.is_never(before.sample))
    }

    /// The limit as charts draw it.
    pub(super) fn chart_limit(&self, plan: &Plan) -> Limit {
        let (side, severity) = match (self.beyond, self.urgent) {
            (Beyond::Below, Urgent::AtOnce) => (Side::Below, Severity::Urgent),
            (Beyond::Below, _) => (Side::Below, Severity::Review),
            (Beyond::Above, Urgent::AtOnce) => (Side::Above, Severity::Urgent),
            (Beyond::Above, _) => (Side::Above, Severity::Review),
        };
        Limit {
            field: blood_glucose::GLUCOSE_VALUE,
            side,
            value: plan.value(self.limit),
            severity: Some(severity),
        }
    }
}

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Beyond the limit.
    Beyond,
    /// Neither beyond nor back.
    Between,
    /// What ends an event.
    Back,
}

/// An event with the numbers for one patient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge {
    pub(super) event: &'static Event,
    /// mg/dL.
    limit: f64,
    /// mg/dL; clearing is never looser than raising.
    clear: f64,
    /// The same of finger-sticks, mg/dL.
    stick_limit: f64,
    stick_clear: f64,
    /// mg/dL; one finger-stick from which on is an event that asks to be confirmed, where it takes two.
    alone: Option<f64>,
}

impl Judge {
    pub(super) fn of(event: &'static Event, plan: &Plan) -> Self {
        let (limit, clear) = (plan.value(event.limit), plan.value(event.clear));
        let stick_limit = of_sticks(event.of_sticks.limit, event.limit, plan);
        let stick_clear = of_sticks(event.of_sticks.clear, event.clear, plan);
        let never_looser = |clear: f64, limit| match event.beyond {
            Beyond::Below => clear.max(limit),
            Beyond::Above => clear.min(limit),
        };
        let clear = never_looser(clear, limit);
        let stick_clear = never_looser(stick_clear, stick_limit);
        let alone = match event.finger_sticks {
            FingerSticks::One => None,
            FingerSticks::Two { alone, .. } => Some(plan.value(alone)),
        };
        Self { event, limit, clear, stick_limit, stick_clear, alone }
    }

    /// What it judges by, which is not the plan's number where that would clear looser than raise.
    pub(super) fn parameters(&self) -> Values {
        let mut parameters = values([
            (self.event.limit.short_name(), self.limit),
            (self.event.clear.short_name(), self.clear),
        ]);
        let of_sticks = [
            (self.event.of_sticks.limit, self.stick_limit, self.limit),
            (self.event.of_sticks.clear, self.stick_clear, self.clear),
        ];
        for (stick, value, of_all) in of_sticks {
            if let Some(stick) = stick.filter(|_| value != of_all) {
                parameters.insert(stick.short_name().into(), value);
            }
        }
        if let (FingerSticks::Two { alone, .. }, Some(value)) =
            (self.event.finger_sticks, self.alone)
        {
            parameters.insert(alone.short_name().into(), value);
        }
        parameters
    }

    /// Whether a value beyond the limit is a finger-stick that asks to be confirmed though it is alone.
    pub(super) fn is_alone(&self, sample: Sample) -> bool {
        is_alone(sample, self.alone)
    }

    pub(super) fn level(&self, reading: &CurrentReading) -> Level {
        self.level_of(reading.sample)
    }

    /// What has no number is neither beyond nor back.
    pub(super) fn level_of(&self, sample: Sample) -> Level {
        let value = glucose(sample);
        let (limit, clear) = match is_of_sensor(sample) {
            true => (self.limit, self.clear),
            false => (self.stick_limit, self.stick_clear),
        };
        let (is_beyond, is_back) = match self.event.beyond {
            Beyond::Below => (value < limit, value >= clear),
            Beyond::Above => (value > limit, value < clear),
        };
        match (is_beyond, is_back) {
            (true, _) => Level::Beyond,
            (false, true) => Level::Back,
            (false, false) => Level::Between,
        }
    }
}

/// For comparing it with a limit, mg/dL.
fn glucose(sample: Sample) -> f64 {
    sample.value(blood_glucose::GLUCOSE_VALUE).unwrap_or(f64::NAN)
}

/// For showing it, and for telling which is the furthest.
pub(super) fn measured(reading: &CurrentReading) -> Measured {
    measured_of(reading.sample)
}

fn measured_of(sample: Sample) -> Measured {
    sample.measured(blood_glucose::GLUCOSE_VALUE).unwrap_or(Measured::Exactly(f64::NAN))
}

/// Whether a finger-stick is at or above a number, or above what its meter can say: it says HI.
pub(super) fn is_alone(sample: Sample, from: Option<f64>) -> bool {
    let measured = measured_of(sample);
    let is_beyond_its_meter = measured.side() == Some(OfDevice::Above);
    !is_of_sensor(sample)
        && (is_beyond_its_meter || from.is_some_and(|from| measured.number() >= from))
}

/// Readings have whole seconds: from then on it is later than a time.
pub(super) fn just_after(time: Timestamp) -> Timestamp {
    time + Span::from_seconds(1)
}

/// The limit that an alert was judged against, with its unit.
pub(super) fn shown_limit(alert: &Alert, limit: &Parameter) -> Text {
    shown_limit_with(alert, limit, " mg/dL")
}

/// The same beside a value that has the unit.
pub(super) fn shown_limit_alone(alert: &Alert, limit: &Parameter) -> Text {
    shown_limit_with(alert, limit, "")
}

fn shown_limit_with(alert: &Alert, limit: &Parameter, unit: &str) -> Text {
    match alert.parameter(limit.short_name()).map(number) {
        Some(limit) => Text { ja: format!("{limit}{unit}"), en: format!("{limit}{unit}") },
        None => Text {
            ja: "基準値（記録なし）".to_owned(),
            en: "a limit that is not recorded".to_owned(),
        },
    }
}
