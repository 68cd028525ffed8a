//! The numbers the rules work with: one versioned rule set, and what a patient's plan changes.

use crate::measurement::Kind;
use crate::schedule::Schedule;
use crate::time::Span;

/// The name of the rule set whose numbers [`Limits::default`] holds. It changes with any number.
pub const RULE_SET: &str = "2026-11b";

/// What a patient's rules work with: the rule set's numbers, overridden by the care plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The care plan's version; 0 where the patient has no plan.
    pub version: i32,
    /// Thresholds.
    pub limits: Limits,
    /// Which readings are expected; none where the plan expects nothing.
    pub schedule: Option<Box<Schedule>>,
}

/// Thresholds and patience of the rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    /// `bp.severe_high`.
    pub severe_high: SevereHigh,
}

/// Numbers of the rule `bp.severe_high` (home blood pressure).
#[derive(Debug, Clone, PartialEq)]
pub struct SevereHigh {
    /// Systolic pressure at or above which a reading is severe, mmHg. 180: JSH 2019 and the ESH's
    /// office limit 180/110.
    pub systolic: u16,
    /// Diastolic pressure at or above which a reading is severe, mmHg. 110: the lower of the limits
    /// in use (JSH about 120, ESH 110).
    pub diastolic: u16,
    /// An occasion counts as calm with its mean systolic below this, mmHg. 5 below raising, so that
    /// a patient at the limit does not flap.
    pub clear_systolic: u16,
    /// An occasion counts as calm with its mean diastolic below this, mmHg.
    pub clear_diastolic: u16,
    /// How many calm occasions in a row end a confirmed alert.
    pub calm_occasions: u8,
    /// The second reading confirms when it is at least this far from the first.
    pub repeat_after: Span,
    /// … and at most this far. Also the length of an occasion.
    pub repeat_within: Span,
    /// A reading received longer than this after its observation may raise a review, never a page.
    pub patience: Span,
}

impl Default for SevereHigh {
    fn default() -> Self {
        Self {
            systolic: 180,
            diastolic: 110,
            clear_systolic: 175,
            clear_diastolic: 105,
            calm_occasions: 2,
            repeat_after: Span::from_minutes(1),
            repeat_within: Span::from_minutes(15),
            patience: Span::from_hours(6),
        }
    }
}

/// A plan that asks for numbers no rule can work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidPlan {
    /// No rule has a number of this name.
    #[error("no rule has a threshold named {0}")]
    UnknownThreshold(String),
    /// The number is outside what the rule can work with.
    #[error("{name} must be between {low} and {high}")]
    OutOfRange {
        /// The threshold's name.
        name: &'static str,
        /// Smallest value allowed.
        low: f64,
        /// Greatest value allowed.
        high: f64,
    },
    /// The time zone is not in the tz database.
    #[error("the schedule's time_zone is not a name of the tz database, such as Asia/Tokyo")]
    UnknownZone,
    /// The first day is none that a reading could be observed on.
    #[error("the schedule's start must be a day from 2000 to 2099")]
    StartOutOfRange,
    /// No kind of readings has this name.
    #[error("no kind of readings is named {0}")]
    UnknownKind(String),
    /// A kind stands in the schedule twice.
    #[error("{0} is expected twice")]
    ExpectedTwice(Kind),
}

impl Plan {
    /// The rule set's numbers with a plan's overrides, named `bp.severe_high.systolic` and so on.
    ///
    /// Clearing limits keep their distance of 5 mmHg unless the plan names them.
    ///
    /// # Errors
    /// When a name is not a threshold's or a number is out of range.
    pub fn with_overrides<'a>(
        version: i32,
        overrides: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<Self, InvalidPlan> {
        let mut high = SevereHigh::default();
        let (mut clear_systolic, mut clear_diastolic) = (None, None);
        for (name, value) in overrides {
            match name {
                "bp.severe_high.systolic" => {
                    high.systolic = within("bp.severe_high.systolic", value, 120.0, 300.0)?;
                }
                "bp.severe_high.diastolic" => {
                    high.diastolic = within("bp.severe_high.diastolic", value, 70.0, 200.0)?;
                }
                "bp.severe_high.clear_systolic" => {
                    clear_systolic =
                        Some(within("bp.severe_high.clear_systolic", value, 100.0, 300.0)?);
                }
                "bp.severe_high.clear_diastolic" => {
                    clear_diastolic =
                        Some(within("bp.severe_high.clear_diastolic", value, 60.0, 200.0)?);
                }
                "bp.severe_high.calm_occasions" => {
                    high.calm_occasions =
                        within("bp.severe_high.calm_occasions", value, 1.0, 10.0)? as u8;
                }
                unknown => return Err(InvalidPlan::UnknownThreshold(unknown.to_owned())),
            }
        }
        // Clearing is never looser than raising.
        high.clear_systolic = clear_systolic.map_or(high.systolic - 5, |c| c.min(high.systolic));
        high.clear_diastolic =
            clear_diastolic.map_or(high.diastolic - 5, |c| c.min(high.diastolic));
        Ok(Self { version, limits: Limits { severe_high: high }, schedule: None })
    }

    /// The plan with a schedule.
    pub fn with_schedule(self, schedule: Schedule) -> Self {
        Self { schedule: Some(Box::new(schedule)), ..self }
    }
}

fn within(name: &'static str, value: f64, low: f64, high: f64) -> Result<u16, InvalidPlan> {
    if (low..=high).contains(&value) {
        Ok(value.round() as u16)
    } else {
        Err(InvalidPlan::OutOfRange { name, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_moves_the_limit_and_its_clearing_with_it() {
        let plan = Plan::with_overrides(3, [("bp.severe_high.systolic", 170.0)]).unwrap();
        assert_eq!(plan.limits.severe_high.systolic, 170);
        assert_eq!(plan.limits.severe_high.clear_systolic, 165);
        assert_eq!(plan.limits.severe_high.diastolic, 110);
    }

    #[test]
    fn a_plan_with_an_unknown_or_absurd_number_is_refused() {
        assert!(Plan::with_overrides(1, [("bp.severe_hgih.systolic", 170.0)]).is_err());
        assert!(Plan::with_overrides(1, [("bp.severe_high.systolic", 17.0)]).is_err());
        assert!(Plan::with_overrides(1, [("bp.severe_high.systolic", f64::NAN)]).is_err());
    }
}
