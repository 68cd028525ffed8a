//! The lists that patients are judged by, beside what is of each patient alone.

use std::sync::Arc;

use clinical::local_time::ConsortiumTimes;
use clinical::reliability::TrustedProducts;
use clinical::rule_set::RuleSets;

use crate::consortia::FollowedConsortia;
use crate::devices::FollowedDevices;
use crate::rule_sets::FollowedRuleSets;

/// The lists as their topics say now.
#[derive(Clone, Default)]
pub struct FollowedLists {
    /// The rule sets.
    pub rule_sets: FollowedRuleSets,
    /// How far products are trusted.
    pub devices: FollowedDevices,
    /// By which local times consortia live.
    pub consortia: FollowedConsortia,
}

impl FollowedLists {
    /// All of them, as they are now.
    pub(crate) fn current(&self) -> Lists {
        Lists {
            rule_sets: self.rule_sets.current(),
            trusted: self.devices.current(),
            consortia: self.consortia.current(),
        }
    }
}

/// The lists as they were at a moment.
#[derive(Clone, Default)]
pub(crate) struct Lists {
    pub(crate) rule_sets: Arc<RuleSets>,
    pub(crate) trusted: Arc<TrustedProducts>,
    pub(crate) consortia: Arc<ConsortiumTimes>,
}
