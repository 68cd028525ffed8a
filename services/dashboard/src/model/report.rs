//! Reports as the API says them.

use clinical::reliability::Trust;
use clinical::statistics::Difference;
use clinical::trial::{Arm, ArmResult, Group, GroupResult};
use schemas::registry::DeviceModel;
use serde::Serialize;
use utoipa::ToSchema;

use super::documented;

/// HbA1c before and after the programme, by arm, NGSP %. A number of fewer than five people is null.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialReport {
    /// The groups: `mild` (6.5 % and above, or treated), then `pre` (5.6 to below 6.5 %, not treated).
    pub groups: Vec<TrialGroup>,
    /// People with both values who were below 5.6 % and not treated: they are in no group.
    pub below: usize,
    /// Patients without a value of the 90 days up to their first day; in no number.
    pub without_first: Vec<String>,
    /// Patients without a value about their last day; in no number.
    pub without_second: Vec<String>,
}

/// A group of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialGroup {
    /// `mild` or `pre`.
    pub group: &'static str,
    /// The arms, that of the file's first row first.
    pub arms: Vec<TrialArm>,
    /// The mean change in the first arm less that in the second.
    pub difference: Option<MeanDifference>,
}

/// An arm of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialArm {
    /// Its name in the file.
    pub arm: String,
    /// People with a value before and one after.
    pub people: usize,
    /// Mean before.
    pub before: Option<f64>,
    /// Mean after.
    pub after: Option<f64>,
    /// Mean change of a person: after less before.
    pub change: Option<f64>,
    /// Its standard deviation, with n − 1.
    pub standard_deviation: Option<f64>,
}

/// A difference of means.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeanDifference {
    /// The difference.
    pub mean: f64,
    /// Lower end of its 95 % interval (Welch).
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl TrialGroup {
    /// A group of the outcome, with the names of the arms.
    pub fn of(result: GroupResult, names: &[String; 2]) -> Self {
        let arms = result.arms.into_iter().map(|arm| TrialArm::of(&arm, names)).collect();
        let group = match result.group {
            Group::Mild => "mild",
            Group::Pre => "pre",
            Group::Below => "below",
        };
        Self { group, arms, difference: result.difference.map(Into::into) }
    }
}

impl TrialArm {
    fn of(result: &ArmResult, [first, second]: &[String; 2]) -> Self {
        let arm = match result.arm {
            Arm::First => first,
            Arm::Second => second,
        };
        let change = result.change.as_ref();
        Self {
            arm: arm.clone(),
            people: result.people,
            before: change.map(|change| change.before),
            after: change.map(|change| change.after),
            change: change.map(|change| change.mean),
            standard_deviation: change.and_then(|change| change.standard_deviation),
        }
    }
}

impl From<Difference> for MeanDifference {
    fn from(difference: Difference) -> Self {
        let (low, high) = difference.interval.unzip();
        Self { mean: difference.mean, low, high }
    }
}

/// The registered products and what is known of their errors.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceReliabilities {
    /// The products, by manufacturer and model.
    pub products: Vec<DeviceProduct>,
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceProduct {
    /// Manufacturer code.
    pub manufacturer: String,
    /// Model.
    pub model_number: String,
    /// Name.
    pub name: String,
    /// How far its values can be trusted, as a person has decided; null where nobody has.
    #[schema(value_type = Option<documented::Trust>)]
    pub trust: Option<Trust>,
    /// Its errors as they were determined last; null where they were not.
    pub errors: Option<ProductErrors>,
}

/// Errors of a product against reference values, each a part of the reference: −0.04 is 4 % too low.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductErrors {
    /// Kind of the readings that were compared.
    pub kind: String,
    /// The field among their values.
    pub field: String,
    /// The day on which the errors were determined.
    #[schema(format = Date)]
    pub determined_on: String,
    /// Pairs of values.
    pub pairs: i32,
    /// People who wore one.
    pub wearers: i32,
    /// Their mean: whether it measures too much or too little.
    pub mean: f64,
    /// The mean of their amounts.
    pub mean_absolute: f64,
    /// A quarter of them is below this.
    pub first_quartile: f64,
    /// Half of them are below this.
    pub median: f64,
    /// Three quarters of them are below this.
    pub third_quartile: f64,
    /// The part of them within 3 %, which JIS S 7200:1993 allows step counters; 0 to 1.
    pub within_band: f64,
    /// The standard deviation between the wearers' means.
    pub between_wearers: f64,
}

impl From<DeviceModel> for DeviceProduct {
    fn from(entry: DeviceModel) -> Self {
        let DeviceModel { manufacturer, model_number, name, trust, reliability, .. } = entry;
        let errors = reliability.map(|it| ProductErrors {
            kind: it.kind,
            field: it.field,
            determined_on: it.determined_on,
            pairs: it.pairs,
            wearers: it.wearers,
            mean: it.mean_error,
            mean_absolute: it.mean_absolute_error,
            first_quartile: it.first_quartile,
            median: it.median,
            third_quartile: it.third_quartile,
            within_band: it.within_band,
            between_wearers: it.between_wearers,
        });
        Self { manufacturer, model_number, name, trust, errors }
    }
}
