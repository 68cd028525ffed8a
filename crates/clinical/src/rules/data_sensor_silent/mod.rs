//! `data.sensor_silent`: a continuous sensor of glucose says nothing any more.
//!
//! A sensor that has failed, or whose phone is off, warns of nothing, and a finger-stick a day hides that
//! from who counts days without a reading. So the values of sensors are counted by themselves, in hours.
//!
//! A *silence* is the time after a sensor's value until the next, of whatever sensor. It becomes an episode
//! when the plan's hours have passed, for who wears a sensor, as the day before the silence shows, and is
//! expected to measure glucose. It ends with the next value. Hours that would end in a pause, or on a day of
//! the week on which nothing is expected, begin anew after it. Everything is counted in observation time:
//! values that come late and fill the silence take the alert back.
//!
//! While a whole group of patients is silent, what is due is held back ([`Plan::held`]): it is raised when
//! it is released, and never later than when it is one for review. An alert that was raised already stays.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use jiff::civil::Date;

use crate::alert::{Alert, Severity, Stage, Status, Text};
use crate::episode::Episode;
use crate::fixed::Fixed;
use crate::glucose::{GLUCOSE, is_of_sensor};
use crate::held_back::HeldBack;
use crate::kinds::Kind;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rule::{Assessment, Change, Context, Rule, values};
use crate::sample::Sample;
use crate::schedule::{Expected, Schedule};
use crate::time::{Span, Timestamp};
use crate::wording::day_number;

use limits::{HANDED_OVER, HOURS, WORN, WORN_WITHIN};

/// The rule.
#[derive(Debug)]
struct SensorSilent;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&SensorSilent as &dyn Rule)
}

impl Rule for SensorSilent {
    fn name(&self) -> &str {
        "data.sensor_silent"
    }

    fn kinds(&self) -> &[Kind] {
        &[GLUCOSE]
    }

    /// A copy says as well that the sensor speaks.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[HOURS] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, crate::silence::FIXED]
    }

    fn applies_to(&self, plan: &Plan) -> bool {
        Silences::of(plan).is_some()
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        if let Some(waiting) = Assessment::waiting(context) {
            return waiting;
        }
        let window_start = context.window_start();
        let is_covered = |alert: &&Alert| {
            alert.first_observed_at >= window_start
                || alert.is_open()
                || is_carried(alert, window_start)
        };
        let covered = context.known().filter(is_covered).map(|alert| alert.id).collect();
        let mut found = Assessment { covered, ..Assessment::default() };
        // Nothing is expected any more.
        let Some(silences) = Silences::of(context.plan) else { return found };
        let values: Vec<Timestamp> = context
            .readings_and_copies(GLUCOSE, context.lookback_start())
            .filter(|reading| is_of_sensor(reading.sample))
            .map(|reading| reading.time)
            .collect();
        let reported = reported(context);
        // The value before the silence has left the window.
        for alert in context.known().filter(|alert| is_carried(alert, window_start)) {
            let next = values.iter().find(|time| **time > alert.first_observed_at);
            let began = alert.first_observed_at;
            let until = silences.until(began, &reported);
            found.episodes.extend(silences.episode(until, next.copied(), context.now));
            if next.is_none() && context.now < until.review_at {
                found.assess_again_at(until.review_at);
            }
        }
        let (mut first_of_day, mut place) = (0, 0);
        while let Some(began) = values.get(place).copied() {
            while values[first_of_day] < began - WORN_WITHIN {
                first_of_day += 1;
            }
            place += 1;
            let next = values.get(place).copied();
            let is_worn = place - first_of_day >= WORN;
            // Most values follow each other.
            let is_silence = next.is_none_or(|next| next - began >= silences.patience);
            if began < window_start || !is_worn || !is_silence {
                continue;
            }
            let until = silences.until(began, &reported);
            found.episodes.extend(silences.episode(until, next, context.now));
            let due = [until.due, until.review_at].into_iter().find(|due| context.now < *due);
            if let (None, Some(due)) = (next, due) {
                found.assess_again_at(due);
            }
        }
        found
    }

    /// A finger-stick, or the sensor's next value before its silence would be one.
    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        if context.rest_until.is_some() {
            return context.due == context.rest_until;
        }
        if !self.applies_to(context.plan) {
            return context.open().is_none();
        }
        change.is_in_order
            && (!is_of_sensor(change.reading.sample)
                || context.open().is_none()
                    && context.due.is_some_and(|due| change.reading.time < due))
    }

    fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        is_of_sensor(sample) && delay >= HANDED_OVER
    }

    fn wording_version(&self) -> i32 {
        2
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// Whether an alert goes on across the beginning of the window.
fn is_carried(alert: &Alert, window_start: Timestamp) -> bool {
    alert.first_observed_at < window_start
        && (alert.is_open()
            || alert.status == Status::Resolved && alert.last_observed_at >= window_start)
}

/// Where alerts may be held back, from when until when the known ones lasted.
fn reported(context: &Context<'_>) -> Vec<(Timestamp, Timestamp)> {
    let is_raised = |alert: &&Alert| alert.status != Status::Retracted;
    let span = |alert: &Alert| (alert.first_observed_at, alert.until());
    context.known().filter(is_raised).map(span).collect()
}

/// What silences are counted with.
struct Silences<'p> {
    plan: &'p Plan,
    schedule: &'p Schedule,
    expected: &'p Expected,
    hours: f64,
    patience: Span,
}

/// A silence, as far as it goes on.
#[derive(Clone, Copy)]
struct Until {
    began: Timestamp,
    /// When it is reported.
    due: Timestamp,
    /// When it is one for review.
    review_at: Timestamp,
}

impl<'p> Silences<'p> {
    /// None where the plan expects no values of a sensor.
    fn of(plan: &'p Plan) -> Option<Self> {
        let schedule = plan.schedule.as_deref()?;
        let expected = schedule.of(GLUCOSE)?;
        let hours = plan.value(&HOURS);
        let patience = Span::from_hours(hours as i64);
        (hours > 0.0).then_some(Self { plan, schedule, expected, hours, patience })
    }

    fn is_counted(&self, day: Date) -> bool {
        self.expected.days().contains(day) && !self.plan.is_paused(day)
    }

    /// Until when a silence is none, and until when it is not one for review.
    fn until(&self, began: Timestamp, reported: &[(Timestamp, Timestamp)]) -> Until {
        let local_time = self.schedule.local_time();
        let after = |time: Timestamp| time + self.patience;
        let mut due = after(began.max(local_time.begin_of(self.schedule.start(), 0)));
        let mut day = local_time.day_of(due);
        while day < Date::MAX && !self.is_counted(day) {
            while day < Date::MAX && !self.is_counted(day) {
                day = day.tomorrow().unwrap_or(Date::MAX);
            }
            due = after(local_time.begin_of(day, 0));
            day = local_time.day_of(due);
        }
        let review_at = due + Span::from_days(self.expected.review_after_days().into());
        let is_reported = |(first, last): &(Timestamp, Timestamp)| *first <= due && began <= *last;
        if !reported.iter().any(is_reported) {
            due = HeldBack::release(&self.plan.held_back, GLUCOSE, due).min(review_at);
        }
        Until { began, due, review_at }
    }

    /// The episode of a silence that lasted until the next value, if it is one.
    fn episode(&self, until: Until, next: Option<Timestamp>, now: Timestamp) -> Option<Episode> {
        let Until { began, due, review_at } = until;
        let end = next.unwrap_or(now);
        if end < due {
            return None;
        }
        let severity = if end >= review_at { Severity::Review } else { Severity::Technical };
        let local_time = self.schedule.local_time();
        let time = local_time.time_of_day(began);
        let minute = f64::from(time.hour()) * 60.0 + f64::from(time.minute());
        Some(Episode {
            ended: next,
            findings: values([
                ("last_day", day_number(local_time.day_of(began))),
                ("last_minute", minute),
            ]),
            parameters: values([
                (HOURS.short_name(), self.hours),
                ("review_after_days", f64::from(self.expected.review_after_days())),
            ]),
            ..Episode::without_readings(Stage::Missing, severity, began)
        })
    }
}
