//! What a partition knows of silent groups: who is heard, what the others have counted, and what it has
//! judged itself.

use std::sync::Arc;

use clinical::silence::{Group, Groups, Held, Limits, ProductId, Report, Silences, report};
use clinical::{Kind, Span, Timestamp};
use schemas::Product;

use crate::silences::Reports;
use crate::watched::Watched;

/// So many counts are made up for where a backlog is worked off, or a partition is consumed for the
/// first time: three days of them. Nobody's alert would be held back by what was silent before.
const MADE_UP_FOR: i64 = 72;

/// See the module.
#[derive(Default)]
pub(crate) struct Listening {
    limits: Limits,
    groups: Groups,
    silences: Silences,
    /// The newest reports of all partitions, and which of them is this one.
    reports: Arc<Reports>,
    number: i32,
    /// Whether there may be somebody to be counted, or a report of this partition says so still.
    is_counting: bool,
    /// To be published.
    report: Option<Report>,
}

impl Listening {
    pub(crate) fn by(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    pub(crate) fn learn(&mut self, number: i32, reports: &Arc<Reports>) {
        if !Arc::ptr_eq(&self.reports, reports) {
            self.reports = reports.clone();
        }
        self.number = number;
    }

    pub(crate) fn restore(&mut self, report: Report) {
        self.is_counting |= !report.tallies.is_empty() || !report.silences.is_empty();
        self.silences = report.silences;
    }

    /// When patients are to be counted next after a time, with the clock at another.
    pub(crate) fn next_count(&self, after: Timestamp, clock: Timestamp) -> Option<Timestamp> {
        let made_up_for = Span::from_millis(self.limits.every.millis().saturating_mul(MADE_UP_FOR));
        let after = after.max(clock - made_up_for);
        self.is_counting.then(|| self.limits.next_count(after))
    }

    /// Counts who is heard at a time, and judges. True where a silence has begun or ended.
    pub(crate) fn count<'w>(
        &mut self,
        patients: impl Iterator<Item = &'w Watched> + Clone,
        at: Timestamp,
    ) -> bool {
        let counted = patients.filter_map(|watched| {
            let plan = watched.plan.as_deref().filter(|plan| plan.schedule.is_some())?;
            Some((&watched.patient, plan, &watched.heard))
        });
        let number = self.number;
        let others = self.reports.iter().filter(|(other, _)| **other != number);
        let known = (others.map(|(_, report)| &**report), &self.silences);
        let (report, changed) = report(counted, &mut self.groups, known, at, &self.limits);
        self.is_counting = !report.tallies.is_empty() || report.silences.open().next().is_some();
        self.silences.clone_from(&report.silences);
        self.report = Some(report);
        !changed.is_empty()
    }

    pub(crate) fn take_report(&mut self) -> Option<Report> {
        self.report.take()
    }

    /// Takes in that a patient was heard.
    pub(crate) fn hear(
        &mut self,
        watched: &mut Watched,
        kind: Kind,
        product: Option<Product<'_>>,
        received: Timestamp,
    ) {
        let product = product.map_or(ProductId::NONE, |product| {
            self.groups.product(product.manufacturer, product.model_number)
        });
        let is_new = watched.heard.hear(kind, product, received);
        if watched.plan.as_ref().is_some_and(|plan| plan.schedule.is_some()) {
            self.is_counting = true;
            if is_new {
                self.hold(watched);
            }
        }
    }

    /// Lets a patient's alerts be held back while their groups are silent.
    pub(crate) fn hold(&mut self, watched: &mut Watched) {
        let held = self.held(watched);
        if let Some(plan) = &mut watched.plan {
            self.is_counting |= plan.schedule.is_some();
            plan.held = held;
        }
    }

    /// Whether a patient's alerts are held back otherwise than they were.
    pub(crate) fn is_held_otherwise(&self, watched: &Watched) -> bool {
        watched.plan.as_ref().is_some_and(|plan| plan.held != self.held(watched))
    }

    fn held(&self, watched: &Watched) -> Vec<Held> {
        let schedule = watched.plan.as_ref().and_then(|plan| plan.schedule.as_deref());
        let Some(schedule) = schedule.filter(|_| !self.silences.is_empty()) else {
            return Vec::new();
        };
        let mut held = Vec::new();
        for kind in schedule.expected().iter().map(|expected| expected.kind()) {
            let is_of = |group: &Group| match group {
                Group::Consortium(name) => **name == *watched.patient.consortium(),
                of_device => watched.heard.is_of(kind, of_device, &self.groups),
            };
            held.extend(self.silences.holding(kind, &self.limits, is_of));
        }
        held
    }
}
