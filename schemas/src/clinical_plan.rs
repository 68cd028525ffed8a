//! Care plans between their record and their clinical form.

use std::fmt;
use std::sync::Arc;

use clinical::Hours;
use clinical::pause::{InvalidPause, MOST_PAUSES, Pause, PauseReason};
use clinical::plan::{InvalidPlan, Plan, override_of};
use clinical::quiet_hours::QuietHours;
use clinical::rule_set::RuleSet;
use clinical::schedule::{Expected, InvalidSchedule, Schedule, Weekdays};
use clinical::{Kind, Timestamp, programmes, rules};
use jiff::Span;
use jiff::civil::Date;

use crate::records::{self, CarePlan, ExpectedReadings};

/// What is wrong with one part of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901) into the plan as JSON.
    pub pointer: String,
    /// What, and what would be right.
    pub detail: String,
}

/// Everything that is wrong with a plan, in the order of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults(pub Vec<Fault>);

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Fault { pointer, detail }) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { "; " };
            write!(f, "{between}{pointer}: {detail}")?;
        }
        Ok(())
    }
}

impl Faults {
    /// Adds what is wrong at a place. The first thing that is said of a place, of what it is in, or of
    /// what is in it, is the cause of the others.
    pub(crate) fn add(&mut self, pointer: String, detail: impl fmt::Display) {
        let holds = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_cause =
            |known: &Fault| holds(&known.pointer, &pointer) || holds(&pointer, &known.pointer);
        if !self.0.iter().any(is_cause) {
            self.0.push(Fault { pointer, detail: detail.to_string() });
        }
    }

    fn checked<T>(
        &mut self,
        pointer: impl FnOnce() -> String,
        checked: Result<T, impl Into<InvalidPlan>>,
    ) -> Option<T> {
        checked.map_err(|error| self.add(pointer(), error.into())).ok()
    }
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl CarePlan {
    /// The plan that the rules work with.
    ///
    /// # Errors
    /// Everything that no rule can do; the plan is not used at all then.
    pub fn validate(&self) -> Result<Plan, Faults> {
        let mut faults = Faults::default();
        let plan = self.check(&mut faults);
        match plan {
            Some(plan) if faults.0.is_empty() => Ok(plan),
            _ => Err(faults),
        }
    }

    /// Whether the plan fits each of some rule sets: those that are in force or will be.
    ///
    /// # Errors
    /// When the hours of the day do not follow each other together with those of one, so that its own
    /// would not count. A plan that names none is not at fault.
    pub fn check_under(&self, sets: impl IntoIterator<Item = Arc<RuleSet>>) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let plan = self.validate()?;
        let Some(place) = self.place_of_hours() else { return Ok(()) };
        for set in sets {
            let name = set.name().to_owned();
            if plan.clone().under(Some(set)).leaves_hours_out() {
                faults.add(place.clone(), InvalidPlan::HoursUnder(name));
            }
        }
        if faults.0.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The place of the first hour of the day that the plan names.
    fn place_of_hours(&self) -> Option<String> {
        let is_hour = |name: &&String| Hours::PARAMETERS.iter().any(|hour| hour.is_named(name));
        self.thresholds.keys().find(is_hour).map(|name| format!("/thresholds/{}", escaped(name)))
    }

    /// Adds what is wrong to what is known to be. The plan where there is one, without the parts that
    /// are wrong.
    pub(crate) fn check(&self, faults: &mut Faults) -> Option<Plan> {
        for (name, value) in &self.thresholds {
            let pointer = || format!("/thresholds/{}", escaped(name));
            faults.checked(pointer, override_of(rules::parameters(), name, *value));
        }
        let overrides = self.thresholds.iter().map(|(name, value)| (name.as_str(), *value));
        let plan = rules::plan(self.version, overrides);
        if let Err(error @ InvalidPlan::Hours) = &plan {
            faults.add(self.place_of_hours().unwrap_or_default(), error);
        }
        let mut plan = plan.ok();
        if let Some(name) = &self.programme {
            let found = programmes::find(name);
            let found = found.ok_or_else(|| InvalidPlan::UnknownProgramme(name.clone()));
            let found = faults.checked(|| "/programme".to_owned(), found);
            plan = plan.zip(found).map(|(plan, programme)| plan.with_programme(programme));
        }
        if let Some(schedule) = &self.schedule {
            let schedule = schedule.check(faults);
            plan = plan.zip(schedule).map(|(plan, schedule)| plan.with_schedule(schedule));
        }
        if self.pauses.len() > MOST_PAUSES {
            faults.add("/pauses".to_owned(), InvalidPause::TooMany);
        }
        let pauses = self.pauses.iter().enumerate();
        let pauses = pauses.filter_map(|(index, pause)| pause.check(index, faults)).collect();
        let quiet_hours = self.quiet_hours.and_then(|hours| hours.check(faults));
        let mut plan = plan?;
        (plan.pauses, plan.quiet_hours) = (pauses, quiet_hours);
        plan.set_at = Timestamp::from_millis(self.updated_at);
        Some(plan)
    }
}

/// A day by its number of days since 1970-01-01; none that no calendar has.
pub fn day(number: i32) -> Option<Date> {
    const EPOCH: Date = Date::constant(1970, 1, 1);
    EPOCH.checked_add(Span::new().try_days(number).ok()?).ok()
}

impl records::Schedule {
    fn check(&self, faults: &mut Faults) -> Option<Schedule> {
        let mut expected: Vec<Expected> = Vec::new();
        for (index, one) in self.expected.iter().enumerate() {
            let place = |name: &str| format!("/schedule/expected/{index}/{name}");
            let Some(one) = one.check(place, faults) else { continue };
            if expected.iter().any(|other| other.kind() == one.kind()) {
                faults.add(place("kind"), InvalidSchedule::ExpectedTwice(one.kind()));
            } else {
                expected.push(one);
            }
        }
        let start = day(self.start).ok_or(InvalidSchedule::StartOutOfRange);
        let zone = Schedule::new(&self.time_zone, Date::constant(2000, 1, 1), Vec::new());
        faults.checked(|| "/schedule/time_zone".to_owned(), zone)?;
        let schedule = start.and_then(|start| Schedule::new(&self.time_zone, start, expected));
        faults.checked(|| "/schedule/start".to_owned(), schedule)
    }
}

impl ExpectedReadings {
    fn check(&self, place: impl Fn(&str) -> String, faults: &mut Faults) -> Option<Expected> {
        let kind =
            Kind::parse(&self.kind).ok_or_else(|| InvalidSchedule::UnknownKind(self.kind.clone()));
        let kind = faults.checked(|| place("kind"), kind);
        // Numbers are judged although the kind is unknown, and each of them by itself.
        let any = kind.unwrap_or(Kind::ALL[0]);
        let (missing, review) = (self.missing_after_days, self.review_after_days);
        let both = Expected::new(any, missing, review);
        let of_missing = Expected::new(any, missing, 90);
        let expected = match faults.checked(|| place("missing_after_days"), of_missing) {
            Some(_) => faults.checked(|| place("review_after_days"), both),
            None => {
                let alone = Expected::new(any, 1, review);
                faults.checked(|| place("review_after_days"), alone);
                None
            }
        };
        let fallback = Expected::new(any, 1, 90).ok()?;
        let times = expected.unwrap_or(fallback).times_a_day(self.times_a_day);
        let times = faults.checked(|| place("times_a_day"), times);
        let days = faults.checked(|| place("days"), Weekdays::of(&self.days));
        kind.and(expected)?;
        Some(times?.on(days?))
    }
}

impl records::Pause {
    fn check(&self, index: usize, faults: &mut Faults) -> Option<Pause> {
        let place = |name: &str| format!("/pauses/{index}/{name}");
        let reason = PauseReason::parse(&self.reason).ok_or(InvalidPause::UnknownReason);
        let reason = faults.checked(|| place("reason"), reason);
        let mut bound = |name: &str, number: i32| {
            let day = day(number).ok_or(InvalidPause::DayOutOfRange);
            let alone = day.and_then(|day| Pause::new(day, day, PauseReason::Other));
            faults.checked(|| place(name), alone).map(|alone| alone.from())
        };
        let (from, until) = (bound("from", self.from), bound("until", self.until));
        let days = Pause::new(from?, until?, reason.unwrap_or(PauseReason::Other));
        let pause = faults.checked(|| place("until"), days);
        reason.and(pause)
    }
}

impl records::QuietHours {
    fn check(self, faults: &mut Faults) -> Option<QuietHours> {
        let mut is_time = |name: &str, minute: i32| {
            let other = if minute == 0 { 1 } else { 0 };
            let alone = QuietHours::new(minute, other);
            faults.checked(|| format!("/quiet_hours/{name}"), alone).is_some()
        };
        let (from, until) = (is_time("from", self.from), is_time("until", self.until));
        if !from || !until {
            return None;
        }
        let hours = QuietHours::new(self.from, self.until);
        faults.checked(|| "/quiet_hours/until".to_owned(), hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_document::{Signature, parse};

    fn plan(time_zone: &str, start: i32, kinds: &[(&str, i32, i32)]) -> CarePlan {
        let expected = |(kind, missing, review): &(&str, i32, i32)| {
            ExpectedReadings::daily(kind, *missing, *review)
        };
        let expected = kinds.iter().map(expected).collect();
        CarePlan {
            patient: "HOME01/P1".to_owned(),
            version: 4,
            thresholds: [("bp.severe_high.systolic".to_owned(), 170.0)].into(),
            author: "dr.sato".to_owned(),
            updated_at: 1_780_000_000_000,
            schedule: Some(records::Schedule { time_zone: time_zone.to_owned(), start, expected }),
            ..CarePlan::default()
        }
    }

    fn places(plan: &CarePlan) -> Vec<String> {
        let faults = plan.validate().unwrap_err();
        faults.0.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_plan_says_from_which_day_on_which_readings_are_expected() {
        let kinds = [("blood_pressure", 3, 14), ("blood_glucose", 1, 7)];
        let plan = plan("Asia/Tokyo", 20_600, &kinds).validate().unwrap();
        let schedule = plan.schedule.as_ref().unwrap();
        assert_eq!(schedule.start().to_string(), "2026-05-27");
        assert_eq!(schedule.of(Kind::BloodGlucose).unwrap().missing_after_days(), 1);
        assert_eq!(schedule.of(Kind::WeighingScale), None);
        let severe = rules::parameters().find(|one| one.is_named("bp.severe_high.systolic"));
        assert_eq!(plan.value(severe.unwrap()), 170.0);
    }

    #[test]
    fn a_schedule_that_nobody_can_keep_is_refused() {
        let usual = [("blood_pressure", 3, 14)];
        assert_eq!(places(&plan("Asia/Edo", 20_600, &usual)), ["/schedule/time_zone"]);
        for start in [10_956, 47_482, i32::MIN, i32::MAX] {
            assert_eq!(places(&plan("Asia/Tokyo", start, &usual)), ["/schedule/start"], "{start}");
        }
        let unknown = plan("Asia/Tokyo", 20_600, &[("mood", 3, 14)]);
        assert_eq!(places(&unknown), ["/schedule/expected/0/kind"]);
        let twice = [("blood_pressure", 3, 14), ("blood_pressure", 2, 14)];
        assert_eq!(places(&plan("Asia/Tokyo", 20_600, &twice)), ["/schedule/expected/1/kind"]);
        for (missing, review) in [(0, 14), (31, 40), (3, 3), (3, 91), (-1, i32::MIN), (i32::MAX, 0)]
        {
            let refused = plan("Asia/Tokyo", 20_600, &[("blood_pressure", missing, review)]);
            let places = places(&refused);
            assert!(
                places.iter().all(|place| place.ends_with("_after_days")),
                "{missing} {review} {places:?}"
            );
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_plan_is_said_at_its_place() {
        let mut plan = plan("Asia/Tokyo", 20_600, &[("blood_pressure", 0, 91)]);
        plan.thresholds.insert("bp.severe_high.systolic".to_owned(), 20.0);
        plan.thresholds.insert("a/b".to_owned(), 1.0);
        plan.programme = Some("gout".to_owned());
        let schedule = plan.schedule.as_mut().unwrap();
        schedule.expected[0].times_a_day = 25;
        schedule.expected[0].days = vec![1, 1];
        schedule
            .expected
            .push(ExpectedReadings { days: vec![8], ..ExpectedReadings::daily("mood", 1, 2) });
        let pause =
            |from, until, reason: &str| records::Pause { from, until, reason: reason.into() };
        plan.pauses = vec![
            pause(20_600, 20_599, "travel"),
            pause(i32::MIN, 20_700, "holiday"),
            pause(20_600, 20_690, "hospital"),
        ];
        plan.quiet_hours = Some(records::QuietHours { from: 1440, until: -1 });
        assert_eq!(
            places(&plan),
            [
                "/thresholds/a~1b",
                "/thresholds/bp.severe_high.systolic",
                "/programme",
                "/schedule/expected/0/missing_after_days",
                "/schedule/expected/0/review_after_days",
                "/schedule/expected/0/times_a_day",
                "/schedule/expected/0/days",
                "/schedule/expected/1/kind",
                "/schedule/expected/1/days",
                "/pauses/0/until",
                "/pauses/1/reason",
                "/pauses/1/from",
                "/pauses/2/until",
                "/quiet_hours/from",
                "/quiet_hours/until",
            ]
        );
    }

    #[test]
    fn hours_of_the_day_that_do_not_follow_each_other_are_a_fault_at_their_place() {
        const ENDS: &str = "bp.above_target.morning_ends";
        let mut plan = plan("Asia/Tokyo", 20_600, &[]);
        plan.thresholds.insert(ENDS.to_owned(), 18.0);
        assert_eq!(places(&plan), [format!("/thresholds/{ENDS}")]);
        let document = serde_json::json!({ "thresholds": { ENDS: 18 }, "reason": "x" });
        let at = Timestamp::from_millis(plan.updated_at);
        let signature = Signature { patient: "HOME01/P1", version: 1, author: "sato", at };
        let faults = parse(&document, signature).unwrap_err();
        assert!(faults.0[0].detail.contains("do not follow each other"), "{faults}");
    }

    #[test]
    fn a_plan_does_not_fit_a_rule_set_together_with_which_the_hours_are_in_no_order() {
        let set = |ends: f64| {
            let mut set = RuleSet::new("ward", Timestamp::from_millis(0)).unwrap();
            set.give("bp.above_target.morning_ends", ends, "the ward's board").unwrap();
            Arc::new(set)
        };
        let begins = "bp.above_target.morning_begins";
        let mut own = plan("Asia/Tokyo", 20_600, &[]);
        assert_eq!(own.check_under([set(9.0), set(18.0)]), Ok(()), "it names no hour");
        own.thresholds.insert(begins.to_owned(), 10.0);
        assert_eq!(own.check_under([set(11.0)]), Ok(()));
        let faults = own.check_under([set(11.0), set(9.0)]).unwrap_err();
        assert_eq!(faults.0[0].pointer, format!("/thresholds/{begins}"));
        assert!(faults.0[0].detail.contains("the rule set ward"), "{faults}");
    }
}
