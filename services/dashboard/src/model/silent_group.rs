//! Silent groups of patients as the API says them.

use clinical::silence;
use schemas::clinical_silence::names_of;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// The vendors, models and consortia of which nearly no patient is heard any more.
#[derive(Debug, Serialize, ToSchema)]
pub struct SilentGroups {
    /// Those with the most silent patients first. Of one outage, the largest group.
    pub groups: Vec<SilentGroup>,
}

/// A group of patients that has fallen silent.
#[derive(Debug, Serialize, ToSchema)]
pub struct SilentGroup {
    /// `vendor`, `model` or `consortium`.
    pub group: &'static str,
    /// The manufacturer, of a model too; of a consortium its id.
    pub name: String,
    /// The model number, of a model.
    pub model: Option<String>,
    /// Patients of the group who are not heard.
    pub patients: u32,
    /// Patients of the group of whom care plans expect readings.
    pub members: u32,
    /// Since when it has been silent.
    #[schema(value_type = String, format = DateTime)]
    pub since: Instant,
    /// When patients were counted last.
    #[schema(value_type = String, format = DateTime)]
    pub counted_at: Instant,
}

impl From<silence::SilentGroup> for SilentGroup {
    fn from(silent: silence::SilentGroup) -> Self {
        let (group, name, model) = names_of(&silent.group);
        Self {
            group,
            name: name.to_owned(),
            model: model.map(str::to_owned),
            patients: silent.patients,
            members: silent.members,
            since: Instant::utc(silent.since),
            counted_at: Instant::utc(silent.counted_at),
        }
    }
}
