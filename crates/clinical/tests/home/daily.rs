//! What a patient's devices show from day to day, and what holds for rules that are judged once a local
//! day.

use clinical::alert::{Alert, Transition};
use clinical::plan::Plan;
use clinical::sample::Sample;
use clinical::schedule::Schedule;
use clinical::{Kind, Reading, Source, rules};
use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::properties::{self, Checks, NextAssessment};
use super::{Home, Made, Sending, at, episode, only};

pub const HOUR: i64 = 60;
pub const DAY: i64 = 24 * HOUR;

/// Minutes from [`super::at`]'s first to 07:00 on the same day in Japan. The day is 2026-05-29.
pub const SEVEN: i64 = 94;

/// A version of what a device shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    pub kind: Kind,
    pub sample: Sample,
    pub minutes: i64,
    pub device: u8,
    pub update: i64,
    pub entered_in_error: bool,
}

impl Shown {
    /// At an hour, in Japan, of a day.
    pub fn at_hour(day: i64, hour: i64, kind: Kind, sample: Sample) -> Self {
        let minutes = day * DAY + SEVEN + (hour - 7) * HOUR;
        Self { kind, sample, minutes, device: 0, update: 0, entered_in_error: false }
    }

    pub fn on_device(self, device: u8) -> Self {
        Self { device, ..self }
    }

    pub fn corrected_to(self, sample: Sample) -> Self {
        Self { sample, update: self.update + 1, ..self }
    }

    pub fn entered_in_error(self) -> Self {
        Self { entered_in_error: true, update: self.update + 1, ..self }
    }
}

impl Sending for Shown {
    const MINUTES_UNDER_WAY: i64 = 1;

    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let content: f64 = self.sample.values(self.kind).map(|(_, value)| value * 8.0).sum();
        Made {
            kind: self.kind,
            source: Source::device("MAKER", &self.device.to_string()).unwrap(),
            sample: self.sample,
            minutes: self.minutes,
            update: self.update,
            content: content as u64 % 1024,
            entered_in_error: self.entered_in_error,
        }
        .reading()
    }
}

/// When a day is complete, at the latest.
pub fn complete(day: i64) -> i64 {
    (day + 1) * DAY + SEVEN
}

/// Receives what was shown from day to day: after each, its day passes.
pub fn each(home: &mut Home, shown: impl IntoIterator<Item = Shown>) {
    for one in shown {
        home.receives(one);
        home.waits_until(complete(one.minutes / DAY));
    }
}

/// Receives what is shown on each of some days.
pub fn on_days<S: IntoIterator<Item = Shown>>(
    home: &mut Home,
    days: impl IntoIterator<Item = i64>,
    of_day: impl Fn(i64) -> S,
) {
    for day in days {
        for one in of_day(day) {
            home.receives(one);
        }
        home.waits_until(complete(day));
    }
}

/// Of versions of readings of two months those of the last forty days.
pub fn of_forty_days(all: Vec<Vec<Shown>>) -> Vec<Shown> {
    all.into_iter().flatten().filter(|one| one.minutes >= 20 * DAY).collect()
}

/// Versions of readings, each moved into the first four weeks.
pub fn of_four_weeks(all: Vec<Vec<Shown>>) -> Vec<Shown> {
    let moved = |one: Shown| Shown { minutes: one.minutes % (28 * DAY), ..one };
    all.into_iter().flatten().map(moved).collect()
}

/// A plan in whose zone days are 23 and 25 hours long now and then, with other numbers than the defaults,
/// under a rule set of one rule.
pub fn plan(rule: &str, overrides: &[(&'static str, f64)]) -> Plan {
    let schedule = Schedule::new("Europe/Berlin", date(2026, 5, 28), vec![]).unwrap();
    let plan = rules::plan(1, overrides.iter().copied()).unwrap().with_schedule(schedule);
    plan.under(only(&[rule]).rule_set().cloned())
}

/// The transitions of a rule's alerts, as they were reported.
pub fn transitions(home: &Home, rule: &str) -> Vec<Transition> {
    let of_rule = home.reported.iter().filter(|alert| alert.rule.as_str() == rule);
    of_rule.map(|alert| alert.transition).collect()
}

/// The newest report of a rule's alerts.
pub fn last<'a>(home: &'a Home, rule: &str) -> &'a Alert {
    let mut of_rule = home.reported.iter().rev();
    of_rule.find(|alert| alert.rule.as_str() == rule).expect("the rule has reported something")
}

/// The versions of some readings: some are corrected, some entered in error.
pub fn versions(
    first: impl Strategy<Value = Shown>,
    samples: impl Strategy<Value = Sample>,
) -> impl Strategy<Value = Vec<Shown>> {
    let change = prop_oneof![
        8 => Just(None),
        1 => samples.prop_map(Some).prop_map(Some),
        1 => Just(Some(None)),
    ];
    (first, change).prop_map(|(first, change)| match change {
        None => vec![first],
        Some(Some(sample)) => vec![first, first.corrected_to(sample)],
        Some(None) => vec![first, first.entered_in_error()],
    })
}

/// The same with the minutes in which each is received, some much later, in that order.
pub fn history(
    readings: impl Strategy<Value = Vec<Shown>>,
    most: usize,
) -> impl Strategy<Value = Vec<(i64, Shown)>> {
    let delay = prop_oneof![6 => 0..3_i64, 2 => 0..30 * HOUR, 1 => 0..30 * DAY];
    // Some of it comes over a phone as well.
    vec((readings, vec(delay, 3), prop::bool::weighted(0.1)), 1..most).prop_map(|all| {
        let sends = all.into_iter().flat_map(|(mut sent, delays, has_copy)| {
            if has_copy {
                sent.insert(sent.len() - 1, sent[0].on_device(7));
            }
            sent.into_iter().zip(delays)
        });
        let mut sends: Vec<(i64, Shown)> =
            sends.map(|(sent, delay)| (sent.minutes + delay + sent.update, sent)).collect();
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

/// The fast path equals the full computation, and time changes nothing but when it was said to.
pub fn nothing_is_missed(
    plan: Plan,
    history: &[(i64, Shown)],
    sweeps: bool,
) -> Result<(), TestCaseError> {
    let checks = Checks {
        after: &[0, HOUR, 7 * HOUR],
        next_assessment: NextAssessment::NotLater,
        forgets_after: sweeps.then_some(0),
    };
    properties::nothing_is_missed(&mut Home { plan, ..Home::default() }, history, checks)
}

/// A process that starts after it all says nothing new, then and two weeks later.
pub fn a_restart_says_nothing_new(
    plan: Plan,
    history: &[(i64, Shown)],
) -> Result<(), TestCaseError> {
    let now = history.last().map_or(0, |(received, _)| received + 1);
    let (mut home, mut restarted) =
        properties::a_restart_under_a_plan_says_nothing_new(plan, history)?;
    for later in [now, now + 14 * DAY] {
        for home in [&mut home, &mut restarted] {
            home.waits_until(later);
            // One that has judged nothing since may still remember an alert that was over long ago.
            home.monitor.forget(at(later), home.window);
        }
        prop_assert_eq!(home.known(episode), restarted.known(episode));
    }
    Ok(())
}

/// All of it, received in one minute after so many days, leaves the same alerts in whatever order.
pub fn the_order_of_arrival_does_not_matter(
    plan: &Plan,
    after_days: i64,
    all: &[Shown],
    other_order: &[Index],
) -> Result<(), TestCaseError> {
    properties::the_order_of_arrival_does_not_matter(all, other_order, |sends| {
        let mut home = Home { plan: plan.clone(), ..Home::default() };
        for sent in sends {
            home.receives_at(after_days * DAY, *sent);
        }
        home.waits_until(after_days * DAY + 2);
        home.known_in_any_order(|alert| format!("{} {:?}", episode(alert), alert.findings))
    })
}
