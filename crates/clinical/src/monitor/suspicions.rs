//! When the rules are assessed that look at what a patient's data are suspected of.

use super::{Monitor, Situation};
use crate::alert::Alert;
use crate::rules;
use crate::suspicions::Replaced;
use crate::time::Timestamp;

impl Monitor {
    pub(super) fn assess_suspicions(&mut self, situation: Situation<'_>) -> Vec<Alert> {
        rules::of_suspicions().all().flat_map(|index| self.assess(index, situation)).collect()
    }

    /// What has changed, and what follows from it for readings that were replaced: alerts may tell of them
    /// otherwise than before.
    pub(super) fn with_replaced(
        &mut self,
        mut changes: Vec<Alert>,
        situation: Situation<'_>,
    ) -> Vec<Alert> {
        if self.may_report_replaced(&changes, situation.now) {
            changes.extend(self.assess_suspicions(situation));
        }
        changes
    }

    pub(super) fn may_report_replaced(&self, changes: &[Alert], now: Timestamp) -> bool {
        let suspicions = || self.timeline.suspicions();
        !changes.is_empty()
            && suspicions().is_some_and(|of| of.replaced(now).any(Replaced::was_current))
    }
}
