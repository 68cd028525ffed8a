//! What a computation of a rule's episodes belongs to.

use crate::alert::RuleName;
use crate::judged::Judged;
use crate::patient::PatientId;
use crate::plan::Plan;
use crate::reading::ReadingId;
use crate::time::Timestamp;

/// What a computation of a rule's episodes belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Computation<'a> {
    /// Of which alerts it is said what is found.
    pub judged: Judged,
    /// Whose.
    pub patient: &'a PatientId,
    /// Of which rule.
    pub rule: RuleName,
    /// The version of the rule's wording.
    pub wording_version: i32,
    /// The care plan.
    pub plan: &'a Plan,
    /// As of when.
    pub at: Timestamp,
    /// The reading that made it necessary; none when time did.
    pub cause: Option<&'a ReadingId>,
}

impl Computation<'_> {
    /// Whether readings made it necessary, also those that were waited for, and not time or other numbers.
    pub(crate) fn is_by_readings(&self) -> bool {
        self.cause.is_some() || matches!(self.judged, Judged::OfReadings(..))
    }
}
