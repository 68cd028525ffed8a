//! Care plans between their record and their clinical form.

use clinical::Kind;
use clinical::plan::{InvalidPlan, Plan};
use clinical::rules;
use clinical::schedule::{Expected, InvalidSchedule, Schedule};
use jiff::Span;
use jiff::civil::Date;

use crate::records::{self, CarePlan};

impl CarePlan {
    /// The plan that the rules work with.
    ///
    /// # Errors
    /// When it asks for what no rule can do; it is not used at all then.
    pub fn validate(&self) -> Result<Plan, InvalidPlan> {
        let overrides = self.thresholds.iter().map(|(name, value)| (name.as_str(), *value));
        let plan = rules::plan(self.version, overrides)?;
        match &self.schedule {
            None => Ok(plan),
            Some(schedule) => Ok(plan.with_schedule(schedule.validate()?)),
        }
    }
}

impl records::Schedule {
    fn validate(&self) -> Result<Schedule, InvalidSchedule> {
        const EPOCH: Date = Date::constant(1970, 1, 1);
        let days = Span::new().try_days(self.start);
        let start = days
            .and_then(|days| EPOCH.checked_add(days))
            .map_err(|_| InvalidSchedule::StartOutOfRange)?;
        let expected = |one: &records::ExpectedReadings| {
            let kind = Kind::parse(&one.kind)
                .ok_or_else(|| InvalidSchedule::UnknownKind(one.kind.clone()))?;
            Expected::new(kind, one.missing_after_days, one.review_after_days)
        };
        let expected = self.expected.iter().map(expected).collect::<Result<Vec<_>, _>>()?;
        Schedule::new(&self.time_zone, start, expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::ExpectedReadings;

    fn plan(time_zone: &str, start: i32, kinds: &[(&str, i32, i32)]) -> CarePlan {
        let expected = kinds
            .iter()
            .map(|(kind, missing, review)| ExpectedReadings {
                kind: (*kind).to_owned(),
                missing_after_days: *missing,
                review_after_days: *review,
            })
            .collect();
        CarePlan {
            patient: "HOME01/P1".to_owned(),
            version: 4,
            thresholds: [("bp.severe_high.systolic".to_owned(), 170.0)].into(),
            author: "dr.sato".to_owned(),
            updated_at: 1_780_000_000_000,
            schedule: Some(records::Schedule { time_zone: time_zone.to_owned(), start, expected }),
        }
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
        assert_eq!(
            plan("Asia/Edo", 20_600, &usual).validate(),
            Err(InvalidSchedule::UnknownZone.into())
        );
        for start in [10_956, 47_482, i32::MIN, i32::MAX] {
            let refused = plan("Asia/Tokyo", start, &usual).validate();
            assert_eq!(refused, Err(InvalidSchedule::StartOutOfRange.into()), "{start}");
        }
        let unknown = plan("Asia/Tokyo", 20_600, &[("mood", 3, 14)]).validate();
        assert_eq!(unknown, Err(InvalidSchedule::UnknownKind("mood".to_owned()).into()));
        let twice = [("blood_pressure", 3, 14), ("blood_pressure", 2, 14)];
        let twice = plan("Asia/Tokyo", 20_600, &twice).validate();
        assert_eq!(twice, Err(InvalidSchedule::ExpectedTwice(Kind::BloodPressure).into()));
        for (missing, review) in [(0, 14), (31, 40), (3, 3), (3, 91), (-1, i32::MIN), (i32::MAX, 0)]
        {
            let refused =
                plan("Asia/Tokyo", 20_600, &[("blood_pressure", missing, review)]).validate();
            assert!(
                matches!(
                    refused,
                    Err(InvalidPlan::Schedule(InvalidSchedule::DaysOutOfRange { .. }))
                ),
                "{missing} {review}"
            );
        }
    }
}
