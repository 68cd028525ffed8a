//! Care plans as the API says them.

use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::fixed::Fixed;
use clinical::parameter::{Parameter, is_recalled};
use clinical::plan::{Effective, Origin, Plan};
use clinical::programmes::PROGRAMMES;
use clinical::rule_set::RuleSet;
use clinical::{Timestamp, rules, schedule};
use schemas::clinical_plan::{Fault, day};
use schemas::{CarePlan, records};
use serde::Serialize;
use utoipa::ToSchema;

use super::documented;
use super::time::Instant;
use crate::care_plans::HeldPlan;
use crate::problem::ProblemDetails;

/// What people write into a plan: what PUT takes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanContent {
    /// A programme by its name; null for none.
    pub programme: Option<String>,
    /// Values of parameters by their full names, instead of the programme's and the defaults.
    pub thresholds: BTreeMap<String, f64>,
    /// Which readings are expected; null for none.
    pub schedule: Option<PlanSchedule>,
    /// When none are expected, at most 50.
    pub pauses: Vec<PlanPause>,
    /// When nobody is called for a review; for urgent alerts people are always called. Null for never.
    pub quiet_hours: Option<PlanQuietHours>,
    /// Why the plan is set so: required, at most 1000 characters.
    pub reason: String,
}

/// Which readings are expected.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanSchedule {
    /// The patient's zone in the tz database, e.g. Asia/Tokyo.
    pub time_zone: String,
    /// The first local day.
    #[schema(format = Date)]
    pub start: String,
    /// The kinds, each at most once.
    pub expected: Vec<PlanExpected>,
}

/// A kind of readings that is expected. What its numbers are where a plan does not say them, and where each comes
/// from, is among the plan's `schedule_numbers`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanExpected {
    /// The kind.
    #[schema(value_type = documented::Kind)]
    pub kind: String,
    /// Days in a row without a reading that make it missing: 1 to 30.
    pub missing_after_days: i32,
    /// Such days that make it a matter for review: more, at most 90.
    pub review_after_days: i32,
    /// How often on a day, 1 to 24; for people.
    pub times_a_day: i32,
    /// Days of the week, 1 (Monday) to 7; empty for every day.
    pub days: Vec<i32>,
}

/// Local days on which no readings are expected: at most 90.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanPause {
    /// The first day.
    #[schema(format = Date)]
    pub from: String,
    /// The last day.
    #[schema(format = Date)]
    pub until: String,
    /// Why.
    #[schema(value_type = documented::PauseReason)]
    pub reason: String,
}

/// Local times of day, over midnight where the second comes first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanQuietHours {
    /// When they begin, `21:00`.
    pub from: String,
    /// When they end, `07:00`.
    pub until: String,
}

/// A patient's plan and what it makes of every parameter.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PatientPlan {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// Counts up with each change; 0 where no plan was ever set. The ETag.
    pub version: i32,
    /// Who set it; null without a plan.
    pub author: Option<String>,
    /// When it was set; null without a plan.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub set_at: Option<Instant>,
    /// What keeps the rules from following the plan: the defaults of the rule set hold then. Empty for
    /// every plan that was set here.
    pub faults: Vec<PlanFault>,
    /// What the plan says.
    pub plan: PlanContent,
    /// Every parameter with the value that is in force.
    pub parameters: Vec<PlanParameter>,
    /// The numbers of the rules that no plan changes, with where each comes from.
    pub fixed: Vec<FixedNumber>,
    /// The numbers of each kind that is expected, with where their defaults come from.
    pub schedule_numbers: Vec<ScheduleNumber>,
    /// The programmes that a plan may choose.
    pub programmes: Vec<PlanProgramme>,
}

/// A parameter of a rule and the value that is in force for the patient.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanParameter {
    /// Its full name.
    pub name: &'static str,
    /// The rule whose it is.
    pub rule: String,
    /// What it is, in Japanese.
    pub label_ja: &'static str,
    /// What it is, in English.
    pub label_en: &'static str,
    /// UCUM unit; empty for a count.
    pub unit: &'static str,
    /// The value in force.
    pub value: f64,
    /// Where it comes from.
    #[schema(value_type = documented::ValueOrigin)]
    pub origin: Origin,
    /// Which text gives the value in force; null where the plan names it.
    pub source: Option<String>,
    /// The value without plan and programme: that of the rule set in force.
    pub default: f64,
    /// Which text gives the default. 'Ours' where none does.
    pub default_source: String,
    /// Whether the source, or the default's where the plan names the value, was not read again for the
    /// rule set: check it before you rely on it.
    pub recalled: bool,
    /// The smallest value that a plan may set.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// Decimals that a value is rounded to.
    pub decimals: u8,
}

/// A number that nothing changes, neither a plan nor a programme nor a rule set.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FixedNumber {
    /// The rule that works with it; of rules that there are for each kind, what their names have in common.
    /// Null for a number of all rules.
    pub rule: Option<&'static str>,
    /// What it is, in Japanese.
    pub label_ja: &'static str,
    /// What it is, in English.
    pub label_en: &'static str,
    /// The number.
    pub value: f64,
    /// UCUM unit; empty for a count.
    pub unit: &'static str,
    /// Which text gives it. 'Ours' where none does.
    pub source: &'static str,
    /// Whether that was not read again for the rule set: check it before you rely on it.
    pub recalled: bool,
}

/// A number of a kind that is expected.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScheduleNumber {
    /// Its name among the members of what is expected.
    pub name: &'static str,
    /// What it is, in Japanese.
    pub label_ja: &'static str,
    /// What it is, in English.
    pub label_en: &'static str,
    /// UCUM unit; empty for a count.
    pub unit: &'static str,
    /// The value where a plan does not say it.
    pub default: f64,
    /// Which text gives the default. 'Ours' where none does.
    pub source: &'static str,
    /// Whether that was not read again: check it before you rely on it.
    pub recalled: bool,
    /// The smallest value that a plan may set.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

/// A programme.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanProgramme {
    /// Its name.
    pub name: &'static str,
    /// What people call it in Japanese.
    pub label_ja: &'static str,
    /// What people call it in English.
    pub label_en: &'static str,
    /// What it gives.
    pub values: Vec<ProgrammeParameter>,
}

/// A value that a programme gives.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProgrammeParameter {
    /// The parameter's full name.
    pub parameter: &'static str,
    /// The value.
    pub value: f64,
    /// Which text gives it.
    pub source: &'static str,
    /// Whether that was not read again for the rule set: check it before you rely on it.
    pub recalled: bool,
}

/// The versions of a patient's plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanVersions {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// Newest first. Versions that were not set through the API are there as long as they are current.
    pub versions: Vec<PlanVersion>,
}

/// One version of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanVersion {
    /// Which.
    pub version: i32,
    /// Who set it.
    pub author: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Instant,
    /// What it said.
    pub plan: PlanContent,
}

/// Something that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanFault {
    /// Where: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What, and what would be right.
    pub detail: String,
}

/// The problem of a plan that is not valid.
#[derive(Serialize, ToSchema)]
pub struct InvalidPlanProblem {
    /// The problem.
    #[serde(flatten)]
    pub problem: ProblemDetails,
    /// Everything that is wrong.
    pub faults: Vec<PlanFault>,
}

/// The problem of a plan that somebody else has set meanwhile.
#[derive(Serialize, ToSchema)]
pub struct PlanConflictProblem {
    /// The problem.
    #[serde(flatten)]
    pub problem: ProblemDetails,
    /// The plan as it is.
    pub current: PatientPlan,
    /// The plan that was not set.
    pub submitted: PlanContent,
}

impl From<Fault> for PlanFault {
    fn from(fault: Fault) -> Self {
        Self { pointer: fault.pointer, detail: fault.detail }
    }
}

fn civil_day(number: i32) -> String {
    day(number).map(|day| day.to_string()).unwrap_or_default()
}

impl From<&CarePlan> for PlanContent {
    fn from(plan: &CarePlan) -> Self {
        let time = |minute: i32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let pause = |pause: &records::Pause| PlanPause {
            from: civil_day(pause.from),
            until: civil_day(pause.until),
            reason: pause.reason.clone(),
        };
        let expected = |one: &records::ExpectedReadings| PlanExpected {
            kind: one.kind.clone(),
            missing_after_days: one.missing_after_days,
            review_after_days: one.review_after_days,
            times_a_day: one.times_a_day,
            days: one.days.clone(),
        };
        let schedule = |schedule: &records::Schedule| PlanSchedule {
            time_zone: schedule.time_zone.clone(),
            start: civil_day(schedule.start),
            expected: schedule.expected.iter().map(expected).collect(),
        };
        Self {
            programme: plan.programme.clone(),
            thresholds: plan.thresholds.clone(),
            schedule: plan.schedule.as_ref().map(schedule),
            pauses: plan.pauses.iter().map(pause).collect(),
            quiet_hours: plan
                .quiet_hours
                .map(|hours| PlanQuietHours { from: time(hours.from), until: time(hours.until) }),
            reason: plan.reason.clone(),
        }
    }
}

impl From<&CarePlan> for PlanVersion {
    fn from(plan: &CarePlan) -> Self {
        Self {
            version: plan.version,
            author: plan.author.clone(),
            set_at: Instant::utc(Timestamp::from_millis(plan.updated_at)),
            plan: plan.into(),
        }
    }
}

impl PatientPlan {
    /// A patient's plan under the rule set in force; what holds without a plan where there is none.
    pub fn of(patient: &str, held: Option<&HeldPlan>, rule_set: Option<Arc<RuleSet>>) -> Self {
        let default = Plan::default().under(rule_set.clone());
        let plan = held.map_or_else(Plan::default, |held| held.plan().clone()).under(rule_set);
        let record = held.map(|held| &held.record);
        let faults = held.and_then(|held| held.usable.as_ref().err());
        Self {
            patient: patient.to_owned(),
            version: record.map_or(0, |record| record.version),
            author: record.map(|record| record.author.clone()),
            set_at: record.map(|record| Instant::utc(Timestamp::from_millis(record.updated_at))),
            faults: faults.into_iter().flat_map(|all| all.0.clone()).map(Into::into).collect(),
            plan: record.map_or_else(|| (&CarePlan::default()).into(), Into::into),
            parameters: parameters(&plan, &default),
            fixed: fixed(),
            schedule_numbers: schedule::NUMBERS.map(ScheduleNumber::from).to_vec(),
            programmes: programmes(),
        }
    }
}

fn parameters(plan: &Plan, default: &Plan) -> Vec<PlanParameter> {
    let of_rule = |rule: &'static dyn clinical::rule::Rule| {
        rule.parameters().iter().map(move |parameter| (rule.name(), parameter))
    };
    let all = rules::all().iter().flat_map(|rule| of_rule(*rule));
    let both = |parameter| [plan.effective(parameter), default.effective(parameter)];
    all.map(|(rule, parameter)| parameter_of(rule, parameter, both(parameter))).collect()
}

/// A parameter with its value in force, and the one that would be without the plan.
fn parameter_of(
    rule: &str,
    parameter: &Parameter,
    [effective, default]: [Effective<'_>; 2],
) -> PlanParameter {
    let Effective { value, origin, source } = effective;
    let default_source = default.source.unwrap_or(parameter.source);
    PlanParameter {
        name: parameter.name,
        rule: rule.to_owned(),
        label_ja: parameter.label.ja,
        label_en: parameter.label.en,
        unit: parameter.unit,
        value,
        origin,
        source: source.map(str::to_owned),
        default: default.value,
        default_source: default_source.to_owned(),
        recalled: is_recalled(source.unwrap_or(default_source)),
        low: parameter.low,
        high: parameter.high,
        decimals: parameter.decimals,
    }
}

fn fixed() -> Vec<FixedNumber> {
    let of_all = rules::OF_ALL_RULES.iter().map(|fixed| (None::<&str>, fixed));
    let of_rules = rules::fixed().map(|(rule, fixed)| (Some(rule), fixed));
    let said = |(rule, fixed): (_, &Fixed)| FixedNumber {
        rule,
        label_ja: fixed.label.ja,
        label_en: fixed.label.en,
        value: fixed.value,
        unit: fixed.unit,
        source: fixed.source,
        recalled: fixed.is_recalled(),
    };
    of_all.chain(of_rules).map(said).collect()
}

impl From<&Parameter> for ScheduleNumber {
    fn from(number: &Parameter) -> Self {
        Self {
            name: number.name,
            label_ja: number.label.ja,
            label_en: number.label.en,
            unit: number.unit,
            default: number.default,
            source: number.source,
            recalled: is_recalled(number.source),
            low: number.low,
            high: number.high,
        }
    }
}

fn programmes() -> Vec<PlanProgramme> {
    let of = |programme: &'static clinical::programmes::Programme| PlanProgramme {
        name: programme.name,
        label_ja: programme.label.ja,
        label_en: programme.label.en,
        values: (programme.values.iter())
            .map(|given| ProgrammeParameter {
                parameter: given.parameter,
                value: given.value,
                source: given.source,
                recalled: is_recalled(given.source),
            })
            .collect(),
    };
    PROGRAMMES.iter().map(of).collect()
}
