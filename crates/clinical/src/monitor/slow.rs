//! What the last readings of slow kinds are to a patient's monitor.

use super::{Monitor, Situation};
use crate::admission::Outcome;
use crate::alert::Alert;
use crate::kinds::Kind;
use crate::remembered::RememberedReading;
use crate::rules;
use crate::slow::SlowReadings;
use crate::time::Timestamp;
use crate::timeline::Admission;

impl Monitor {
    /// The last readings of slow kinds.
    pub fn slow(&self) -> &SlowReadings {
        &self.slow
    }

    /// Whether these have changed since this was asked last.
    pub fn take_slow_change(&mut self) -> bool {
        self.slow.take_change()
    }

    /// Forgets them: of what is not remembered any more there is no record.
    pub fn forget_slow(&mut self) {
        self.slow = SlowReadings::default();
    }

    /// Restores what was known of them at a time.
    pub fn restore_slow(&mut self, known: &[RememberedReading], at: Timestamp) {
        self.slow.restore(known, at);
    }

    /// Takes in a reading that was admitted, whatever its outcome: also a historical one counts. True
    /// where that changes what is remembered.
    pub(super) fn remember_slow(
        &mut self,
        reading: &RememberedReading,
        admission: &Admission,
        received: Timestamp,
    ) -> bool {
        if !reading.kind.is_slow() || admission.outcome == Outcome::Duplicate {
            return false;
        }
        let counted = RememberedReading { version: admission.version, ..*reading };
        self.slow.remember(&counted, received)
    }

    /// Assesses the rules of a kind of which a reading before the window has changed: what is compared
    /// with it may be another thing now.
    pub(super) fn judge_by_slow(&mut self, kind: Kind, situation: Situation<'_>) -> Vec<Alert> {
        let plan = situation.plan;
        let of_kind = rules::reading(kind).without(plan.places_off());
        let asked = of_kind.all().filter(|index| rules::applies(rules::all()[*index], plan));
        asked.flat_map(|index| self.assess(index, situation)).collect()
    }
}
