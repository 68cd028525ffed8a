//! `data.missing.*`: readings that the care plan expects every day do not come. One rule for each
//! kind of readings.
//!
//! A *gap* is a run of local days without a current reading of the kind, from the plan's first day
//! or from the day after one with a reading. It becomes an episode when the plan's number of days
//! and six hours of grace have passed without a reading, and it ends with the next reading. Days are
//! those of the plan's time zone, 23 or 25 hours long where the clocks are moved. Days of a pause, and
//! days of the week on which nothing is expected, count neither as days with nor as days without a
//! reading. Everything is counted in observation time: readings that come late and fill the gap take
//! the alert back.
//!
//! While a whole group of patients is silent, what is due is held back ([`Plan::held`]): the gap counts
//! from when it is released, and never later than when it is one for review. An alert that was raised
//! already stays.

mod wording;

use std::sync::LazyLock;

use jiff::civil::Date;

use crate::alert::{Alert, Severity, Stage, Status, Text};
use crate::episode::Episode;
use crate::fixed::Fixed;
use crate::held_back::HeldBack;
use crate::kinds::Kind;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Rule, values};
use crate::schedule::{Expected, GRACE, Schedule, Weekdays, grace};
use crate::time::{Span, Timestamp};
use crate::wording::day_number;

/// How far around a reading another of its day is looked for, when it did not come in order.
const NEAR: Span = Span::from_minutes(10);

/// The numbers of the rule that nothing changes.
const FIXED: &[Fixed] = &[Fixed::hours(
    [
        "1日の終わりから欠測とするまで（患者ごとに最大1時間後まで）",
        "grace after the end of a day (up to an hour more, by patient)",
    ],
    GRACE,
    "ours: phones hand over at night",
)];

/// The rule for readings of one kind.
#[derive(Debug)]
struct DataMissing {
    kind: Kind,
    name: String,
}

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    static RULES: LazyLock<Vec<DataMissing>> = LazyLock::new(|| {
        let rule = |kind| DataMissing { kind, name: format!("data.missing.{kind}") };
        Kind::ALL.into_iter().map(rule).collect()
    });
    RULES.iter().map(|rule| rule as &dyn Rule)
}

impl DataMissing {
    fn expected<'p>(&self, plan: &'p Plan) -> Option<(&'p Schedule, &'p Expected)> {
        let schedule = plan.schedule.as_deref()?;
        Some((schedule, schedule.of(self.kind)?))
    }
}

impl Rule for DataMissing {
    fn name(&self) -> &str {
        &self.name
    }

    fn kinds(&self) -> &[Kind] {
        std::slice::from_ref(&self.kind)
    }

    fn family(&self) -> &str {
        "data.missing"
    }

    /// None: the numbers of days are part of the plan's schedule.
    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[FIXED, crate::silence::FIXED]
    }

    fn applies_to(&self, plan: &Plan) -> bool {
        self.expected(plan).is_some()
    }

    fn judges_absence(&self) -> bool {
        true
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let window_start = context.window_start();
        let Some((schedule, expected)) = self.expected(context.plan) else {
            // Nothing is expected any more.
            return Assessment::default().covering(context.known(), window_start, None);
        };
        let first_at = |from: Timestamp| {
            let mut readings = context.readings(self.kind, from.max(window_start));
            readings.next().map(|found| found.time)
        };
        let carried = carried(schedule, context.known(), window_start);
        let open_since = carried.or_else(|| context.open()).map(|alert| alert.first_observed_at);
        let (plan, grace) = (context.plan, grace(context.patient));
        let reported = reported(context);
        let gaps = Gaps { plan, schedule, expected, grace, window_start, reported };
        let found = gaps.assess(first_at, open_since, context.now);
        found.covering(context.known(), window_start, carried)
    }

    /// With no gap open and before the gap since the last reading would count: a reading newer than
    /// all others of its kind, or one of a day that has another near it, later than every gap.
    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let time = change.reading.time;
        if context.open().is_some() || context.due.is_none_or(|due| time >= due) {
            return false;
        }
        if change.is_in_order {
            return true;
        }
        let Some((schedule, _)) = self.expected(context.plan) else { return false };
        let is_of_the_day = |other: CurrentReading| {
            !other.is_of(&change.reading)
                && schedule.local_time().day_of(other.time) == schedule.local_time().day_of(time)
        };
        let mut near =
            context.readings(self.kind, time - NEAR).take_while(|other| other.time <= time + NEAR);
        context.lasting_at(time).next().is_none() && near.any(is_of_the_day)
    }

    fn wording_version(&self) -> i32 {
        2
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(self.kind, alert)
    }
}

impl Assessment {
    /// Of missing readings every open gap is computed, however long ago it began.
    fn covering<'a>(
        self,
        known: impl Iterator<Item = &'a Alert>,
        window_start: Timestamp,
        carried: Option<&Alert>,
    ) -> Self {
        let is_covered = |alert: &&Alert| {
            alert.first_observed_at >= window_start
                || alert.is_open()
                || carried.is_some_and(|carried| carried.id == alert.id)
        };
        Self { covered: known.filter(is_covered).map(|alert| alert.id).collect(), ..self }
    }
}

/// What gaps are counted with.
struct Gaps<'p> {
    plan: &'p Plan,
    schedule: &'p Schedule,
    expected: &'p Expected,
    grace: Span,
    window_start: Timestamp,
    /// From when until when the alerts lasted that were raised: none of them is held back.
    reported: Vec<(Timestamp, Timestamp)>,
}

/// Where alerts may be held back, from when until when the known ones lasted.
fn reported(context: &Context<'_>) -> Vec<(Timestamp, Timestamp)> {
    if context.plan.held_back.is_empty() {
        return Vec::new();
    }
    let was_raised = |alert: &&Alert| alert.status != Status::Retracted;
    let span = |alert: &Alert| (alert.first_observed_at, alert.until());
    context.known().filter(was_raised).map(span).collect()
}

impl Gaps<'_> {
    /// The episodes. `first_at` gives the observation time of the first current reading at or after
    /// a time, as far back as the window; `open_since` is when the gap began of the alert that is
    /// open, or that lies across the beginning of the window.
    fn assess(
        &self,
        first_at: impl Fn(Timestamp) -> Option<Timestamp>,
        open_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Assessment {
        let Self { schedule, expected, .. } = *self;
        let mut found = Assessment::default();
        let mut first_day = self.first_day(open_since);
        loop {
            first_day = self.next_counted(first_day);
            let began = schedule.local_time().begin_of(first_day, 0);
            let review_at = || self.over_after(first_day, expected.review_after_days());
            let due = self.over_after(first_day, expected.missing_after_days());
            let due = self.released(began, due, review_at);
            let next = first_at(began);
            match next {
                Some(reading) if reading < due => {
                    first_day = day_after(schedule.local_time().day_of(reading))
                }
                _ if now < due => {
                    found.assess_again_at(due);
                    return found;
                }
                Some(reading) => {
                    let mut episode = self.episode(first_day, began, reading >= review_at());
                    episode.ended = Some(reading);
                    found.episodes.push(episode);
                    first_day = day_after(schedule.local_time().day_of(reading));
                }
                None => {
                    let review_at = review_at();
                    found.episodes.push(self.episode(first_day, began, now >= review_at));
                    if now < review_at {
                        found.assess_again_at(review_at);
                    }
                    return found;
                }
            }
        }
    }

    /// Whether a day without a reading counts as one.
    fn is_counted(&self, day: Date) -> bool {
        self.expected.days().contains(day) && !self.plan.is_paused(day)
    }

    /// The first day from another on that counts. There is one: pauses end.
    fn next_counted(&self, mut day: Date) -> Date {
        while day < Date::MAX && !self.is_counted(day) {
            day = day_after(day);
        }
        day
    }

    /// When so many days that count are over, from one of them on, and the grace.
    fn over_after(&self, first_day: Date, days: u8) -> Timestamp {
        let local_time = self.schedule.local_time();
        if self.plan.pauses.is_empty() && self.expected.days() == Weekdays::ALL {
            return local_time.begin_of(first_day, days.into()) + self.grace;
        }
        let mut day = first_day;
        for _ in 1..days {
            day = self.next_counted(day_after(day));
        }
        local_time.begin_of(day, 1) + self.grace
    }

    /// The first day that may be one without a reading. Days before the window cannot be distinguished:
    /// there the gap of an open alert goes on, if there is one.
    fn first_day(&self, open_since: Option<Timestamp>) -> Date {
        let schedule = self.schedule;
        let first_whole = first_whole_day(schedule, self.window_start);
        if schedule.start() >= first_whole {
            return schedule.start();
        }
        let open_since =
            open_since.filter(|since| *since < schedule.local_time().begin_of(first_whole, 0));
        let begin = open_since.map_or(first_whole, |since| schedule.local_time().day_of(since));
        begin.max(schedule.start())
    }

    /// From when on a gap counts that is due at a time: later, where it is held back then and no alert
    /// was raised of it.
    fn released(
        &self,
        began: Timestamp,
        due: Timestamp,
        review_at: impl Fn() -> Timestamp,
    ) -> Timestamp {
        let release = HeldBack::release(&self.plan.held_back, self.expected.kind(), due);
        let is_of_the_gap =
            |(first, last): &(Timestamp, Timestamp)| *first <= due && began <= *last;
        if release == due || self.reported.iter().any(is_of_the_gap) {
            return due;
        }
        release.min(review_at())
    }

    fn episode(&self, first_day: Date, began: Timestamp, is_long: bool) -> Episode {
        let severity = if is_long { Severity::Review } else { Severity::Technical };
        let days = |days: u8| f64::from(days);
        Episode {
            findings: values([("first_day", day_number(first_day))]),
            parameters: values([
                ("missing_after_days", days(self.expected.missing_after_days())),
                ("review_after_days", days(self.expected.review_after_days())),
            ]),
            ..Episode::without_readings(Stage::Missing, severity, began)
        }
    }
}

/// The alert whose gap goes on across the beginning of the window: a gap of which the days before it
/// are known from the alert alone.
fn carried<'a>(
    schedule: &Schedule,
    mut known: impl Iterator<Item = &'a Alert>,
    window_start: Timestamp,
) -> Option<&'a Alert> {
    let first_whole = schedule.local_time().begin_of(first_whole_day(schedule, window_start), 0);
    known.find(|alert| {
        alert.status == Status::Resolved
            && alert.first_observed_at < first_whole
            && alert.last_observed_at >= first_whole
    })
}

/// The first day that is in the window from its beginning.
fn first_whole_day(schedule: &Schedule, window_start: Timestamp) -> Date {
    let day = schedule.local_time().day_of(window_start);
    if schedule.local_time().begin_of(day, 0) >= window_start { day } else { day_after(day) }
}

fn day_after(day: Date) -> Date {
    day.tomorrow().unwrap_or(Date::MAX)
}
