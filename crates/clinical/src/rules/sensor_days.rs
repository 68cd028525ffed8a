//! Two weeks of sensor glucose, judged once a local day: what the rules about times in ranges share.
//!
//! Of each local day the time in each band is counted, of the day's readings alone, so that a reading
//! changes no other day. A value stands for the interval of its sensor, which is the median span between
//! the values of that sensor and day ([`Trace`]): a sensor of each minute weighs no more than one of
//! each quarter of an hour. Where two sensors are worn at once, the one with more values of the day is
//! counted, and the other only where the first has no value within its interval. A day of which a
//! sensor was changed has both, each for its part, and the hour between them is missing.
//!
//! Enough is known when values stand for 70 % of the 14 days. A day without a value is not judged:
//! nobody is flagged, and nothing ends, because an older day is not among the last 14 any more.

#[cfg(test)]
#[path = "sensor_days_tests.rs"]
pub(super) mod tests;

use crate::alert::Values;
use crate::copies::COPY_WITHIN;
use crate::fixed::Fixed;
use crate::glucose::bands::{BandLimits, InBands};
use crate::glucose::{ENOUGH_DAYS, ENOUGH_PERCENT, GLUCOSE, is_of_sensor};
use crate::metrics::{LONGEST_INTERVAL, Period, Trace};
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, values};
use crate::rules::days::{self, Begin, Verdict};
use crate::sample::Sample;
use crate::time::{Span, Timestamp};
use crate::wording::day_number;

/// A day has 23 hours at least, and is complete six hours after its end at the earliest: what was
/// observed so shortly before that is of it, or of a later day.
const SURELY_TO_COME: Span = Span::from_hours(23 + 6);

/// What the rules that share these numbers say of them.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        ["判定する完全な日数", "judged together: the last complete local days"],
        ENOUGH_DAYS as f64,
        "d",
        "international consensus on continuous glucose monitoring: 14 days",
    ),
    Fixed::new(
        ["必要なデータの割合（以上）", "with values for at least"],
        ENOUGH_PERCENT,
        "%",
        "international consensus on continuous glucose monitoring: 70 % of the data",
    ),
    Fixed::minutes(
        ["センサーの1値が代表する時間（最長）", "a value of a sensor stands at most for"],
        LONGEST_INTERVAL,
        "ours: no sensor is taken to say values less often",
    ),
];

/// What sensors said of a local day.
#[derive(Debug, Clone, Copy, Default)]
struct SensorDay {
    /// For how many seconds values stand in each band.
    time: InBands,
    /// For how many seconds of the day values stand, at most all.
    covered: u64,
    /// How long the day is, seconds.
    seconds: u64,
}

impl SensorDay {
    fn of(readings: &[CurrentReading], (from, to): (Timestamp, Timestamp), of: BandLimits) -> Self {
        let seconds = u64::try_from((to - from).millis() / 1000).unwrap_or(0);
        let trace = Trace::of_counted(readings.iter().copied(), Period { from, to });
        let stands = trace.values().iter().map(|value| (value.measured, value.stands_for));
        let time = InBands::of_times(stands, of);
        Self { time, covered: time.total().min(seconds), seconds }
    }
}

/// What sensors said of two weeks, in percent. Each number is rounded down to hundredths, and judged as
/// it is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TwoWeeks {
    /// Below 54 mg/dL.
    pub(super) very_low: f64,
    /// Below the range, with what is below 54.
    pub(super) below: f64,
    /// In range.
    pub(super) in_range: f64,
    /// Above the range.
    pub(super) above: f64,
    /// For how much of the time values stand.
    covered: f64,
}

impl TwoWeeks {
    /// None where too little is known, or nothing of the last day.
    fn of(days: &[SensorDay]) -> Option<Self> {
        let (mut time, mut covered, mut seconds) = (InBands::default(), 0, 0);
        for day in days {
            time += day.time;
            covered += day.covered;
            seconds += day.seconds;
        }
        let covered = percent(covered, seconds);
        let is_enough = covered >= ENOUGH_PERCENT && days.last()?.covered > 0;
        is_enough.then(|| {
            let share = |part| percent(part, time.total());
            Self {
                very_low: share(time.very_low()),
                below: share(time.below_range()),
                in_range: share(time.in_range()),
                above: share(time.above_range()),
                covered,
            }
        })
    }

    /// What an alert says of them; `last_day` is a day's number.
    fn findings(&self, last_day: f64) -> Values {
        let Self { very_low, below, in_range, above, covered } = *self;
        values([
            ("very_low", very_low),
            ("below", below),
            ("in_range", in_range),
            ("above", above),
            ("covered", covered),
            ("last_day", last_day),
        ])
    }
}

/// In hundredths of a percent, rounded down.
fn percent(part: u64, of: u64) -> f64 {
    (part * 10_000).checked_div(of).unwrap_or(0) as f64 / 100.0
}

/// How two weeks are to the limits of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// An alert begins.
    Holds,
    /// An alert goes on, and none begins.
    Between,
    /// An alert ends.
    Clears,
}

/// The full computation of a rule that judges two weeks. `is_worse` says whether they are so much worse
/// than what an open alert says that it says them from now on.
pub(super) fn assess(
    context: &Context<'_>,
    limits: BandLimits,
    parameters: &Values,
    level: impl Fn(&TwoWeeks) -> Level,
    is_worse: impl Fn(&TwoWeeks, &Values) -> bool,
) -> Assessment {
    days::assess(context, Begin::Midnight, |days| {
        let days = days.to_judge(context, ENOUGH_DAYS);
        let readings = context.readings(GLUCOSE, days.begin());
        let of_sensors = readings.filter(|reading| is_of_sensor(reading.sample));
        let known =
            days.collect_whole(of_sensors, |readings, day| SensorDay::of(readings, day, limits));
        days.assess(context, (&known, ENOUGH_DAYS), parameters, |seen, place, open| {
            let Some(two_weeks) = TwoWeeks::of(seen) else { return Verdict::Neither };
            match level(&two_weeks) {
                Level::Holds => {
                    let findings = two_weeks.findings(day_number(days.date(place)));
                    Verdict::holds(findings, open, |said| is_worse(&two_weeks, said))
                }
                Level::Between => Verdict::Neither,
                Level::Clears => Verdict::Clears,
            }
        })
    })
}

/// The fast path: what is of a day that is not complete yet changes nothing that was judged. No
/// finger-stick does, unless it was said to be a sensor's before.
pub(super) fn is_unaffected(change: &Change, context: &Context<'_>) -> bool {
    if change.is_in_order && !is_of_sensor(change.reading.sample) {
        return true;
    }
    let Some(due) = context.due.filter(|due| *due > context.now) else { return false };
    context.rest_until == Some(due)
        // Most readings are of the last hours, and need no calendar.
        || change.reading.time - COPY_WITHIN >= due - SURELY_TO_COME
        // Nothing is waited for on its account.
        || days::is_unaffected(change, &Context { rest_until: None, ..*context }, Begin::Midnight)
}

/// Whether the rest of an upload is waited for: with a sensor's value that may be of a complete day.
pub(super) fn waits_for_the_rest(sample: Sample, delay: Span) -> bool {
    is_of_sensor(sample) && days::waits_for_the_rest(delay)
}
