//! What holds for every rule, whatever is sent. The tests of a rule say what is sent, in the order of
//! receipt, each with its minute.

use std::fmt::Debug;

use clinical::alert::Alert;
use clinical::kinds::Watched;
use clinical::plan::Plan;
use clinical::schedule::{Expected, Schedule};
use clinical::{Kind, Timestamp};
use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{Home, Sending, at};

/// No plan, or one that expects blood pressure every day.
pub fn plans() -> impl Strategy<Value = Plan> {
    let expected = (1..4_i32).prop_map(|days| {
        let daily = Expected::new(Kind::BloodPressure, days, days + 3).unwrap();
        let schedule = Schedule::new("Europe/Berlin", date(2026, 5, 28), vec![daily]).unwrap();
        Plan::default().with_schedule(schedule)
    });
    prop_oneof![Just(Plan::default()), expected]
}

/// How the time at which the monitor would look again is to that of a full computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAssessment {
    /// The same.
    Exact,
    /// Not later: a reading that changed nothing may have left an earlier one, also where none is needed
    /// any more.
    NotLater,
}

impl NextAssessment {
    fn holds(self, monitor: Option<Timestamp>, needed: Option<Timestamp>) -> bool {
        match (self, monitor, needed) {
            (Self::Exact, monitor, needed) => monitor == needed,
            (Self::NotLater, Some(monitor), Some(needed)) => monitor <= needed,
            (Self::NotLater, Some(_), None) => true,
            (Self::NotLater, None, needed) => needed.is_none(),
        }
    }
}

/// When a full computation is made after each reading, and when the monitor forgets.
#[derive(Debug, Clone, Copy)]
pub struct Checks<'a> {
    /// Minutes after the receipt.
    pub after: &'a [i64],
    /// How exact the next assessment is.
    pub next_assessment: NextAssessment,
    /// Minutes after the receipt; none where it never forgets.
    pub forgets_after: Option<i64>,
}

/// The fast path equals the full computation, and time alone changes nothing.
pub fn nothing_is_missed<S: Sending + Clone + Debug>(
    home: &mut Home,
    history: &[(i64, S)],
    checks: Checks<'_>,
) -> Result<(), TestCaseError> {
    for (count, (received, sent)) in (1..).zip(history) {
        home.receives_at(*received, sent.clone());
        for later in checks.after {
            let minutes = received + later;
            let look_again = home.monitor.next_assessment();
            if *later > 0 && look_again.is_some_and(|due| due <= at(minutes)) {
                continue;
            }
            let missed = home.missed_at(minutes);
            prop_assert!(missed.is_empty(), "{later} min after {sent:?}: {missed:?}");
            let needed = home.monitor.next_assessment();
            prop_assert!(
                checks.next_assessment.holds(look_again, needed),
                "{later} min after {sent:?}: would look again at {look_again:?}, not {needed:?}"
            );
        }
        // A partition forgets when its clock has come there, which never goes back.
        if let Some(minutes) = checks.forgets_after.map(|later| received + later)
            && history.get(count).is_none_or(|(next, _)| *next >= minutes)
        {
            home.waits_until(minutes);
            home.monitor.forget(at(minutes), home.window);
        }
    }
    Ok(())
}

/// A process that starts after it all says nothing new. Returns the patient in the process before and
/// in this one.
pub fn a_restart_says_nothing_new<S: Sending + Clone>(
    history: &[(i64, S)],
) -> Result<(Home, Home), TestCaseError> {
    a_restart_under_a_plan_says_nothing_new(Plan::default(), history)
}

/// The same of a patient who has a plan.
pub fn a_restart_under_a_plan_says_nothing_new<S: Sending + Clone>(
    plan: Plan,
    history: &[(i64, S)],
) -> Result<(Home, Home), TestCaseError> {
    let mut home = Home { plan, ..Home::default() };
    home.receives_all(history);
    let now = history.last().map_or(0, |(received, _)| received + 1);
    home.waits_until(now);
    let mut restarted = home.restarted(history, now);
    let said = restarted.missed_at(now);
    prop_assert!(said.is_empty(), "{said:?}");
    Ok((home, restarted))
}

/// In whatever order all of it arrives, the end is the same.
pub fn the_order_of_arrival_does_not_matter<S: Clone, E: PartialEq + Debug>(
    all: &[S],
    other_order: &[Index],
    arrive: impl Fn(&[S]) -> E,
) -> Result<(), TestCaseError> {
    let mut other = all.to_vec();
    for (place, index) in other_order.iter().enumerate().take(all.len()) {
        let to = index.index(all.len());
        other.swap(place, to);
    }
    prop_assert_eq!(arrive(all), arrive(&other));
    Ok(())
}

/// The evidence of alerts from a time on names readings that are current, with the value that they
/// have.
pub fn evidence_names_current_readings<'a>(
    home: &Home,
    alerts: impl Iterator<Item = &'a Alert>,
    field: Watched,
    from: Timestamp,
) -> Result<(), TestCaseError> {
    let current = home.monitor.timeline().current(field.kind(), from);
    let current: Vec<_> = current.map(|r| (r.time, r.source, r.sample.value(field))).collect();
    for evidence in alerts.flat_map(|alert| &alert.evidence) {
        let reading = &evidence.reading;
        let value = evidence.value(field.field().name);
        let named = (reading.observation_time(), reading.source(), value);
        let is_current = named.0 < from || current.contains(&named);
        prop_assert!(is_current, "{named:?} is not current");
    }
    Ok(())
}
