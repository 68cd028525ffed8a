//! What a partition knows of silent groups: who is heard, what the others have counted, and what it has
//! judged itself.

use std::sync::Arc;

use clinical::held_back::HeldBack;
use clinical::silence::{
    Group, Groups, Judged, Known, Limits, ProductId, Report, Silences, always, report,
};
use clinical::{Kind, Span, Timestamp};
use schemas::Product;

use crate::silences::Reports;
use crate::watched::Watched;

/// So many counts are made up for where a backlog is worked off, or a partition is consumed for the
/// first time: three days of them. Nobody's alert would be held back by what was silent before.
const MADE_UP_FOR: i64 = 3 * 24 * 4;

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
    /// How many groups are not in it, because there are too many.
    left_out: usize,
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
            let plan = Some(&*watched.plan).filter(|plan| plan.schedule.is_some())?;
            Some((&watched.patient, plan, &watched.heard))
        });
        let known = Known {
            others: self.reports.of_others(self.number),
            is_unsure: self.reports.is_unsure(self.number, at, &self.limits),
            silences: &self.silences,
        };
        let judged = report(counted, &self.groups, known, at, &self.limits);
        let Judged { report, changed, left_out } = judged;
        if left_out > self.left_out {
            tracing::warn!(
                kafka.partition = self.number,
                groups = left_out,
                "vendors, models or consortia with the fewest patients are not reported: there are too many"
            );
        }
        self.left_out = left_out;
        self.is_counting = !report.tallies.is_empty() || report.silences.open().next().is_some();
        self.silences.clone_from(&report.silences);
        self.report = Some(report);
        !changed.is_empty()
    }

    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    pub(crate) fn take_report(&mut self) -> Option<Report> {
        self.report.take()
    }

    /// Takes in that a patient was heard. True where alerts are held back otherwise than before.
    pub(crate) fn hear(
        &mut self,
        watched: &mut Watched,
        kind: Kind,
        product: Option<Product<'_>>,
        received: Timestamp,
    ) -> bool {
        let product = product.map_or(ProductId::NONE, |product| {
            self.groups.product(product.manufacturer, product.model_number)
        });
        let is_new = watched.heard.hear(kind, product, received, &mut self.groups);
        let is_expected = watched.plan.schedule.is_some();
        self.is_counting |= is_expected;
        is_expected && is_new && self.hold(watched)
    }

    /// Forgets by what a patient was heard long ago, or everything where they are watched no more.
    pub(crate) fn forget(&mut self, watched: &mut Watched, now: Timestamp, is_watched: bool) {
        match is_watched {
            true => watched.heard.forget(now, &mut self.groups),
            false => watched.heard.forget_all(&mut self.groups),
        }
    }

    /// Lets a patient's alerts be held back while their groups are silent. True where that is otherwise than
    /// before.
    pub(crate) fn hold(&mut self, watched: &mut Watched) -> bool {
        let held_back = self.held_back(watched);
        let Some(plan) = watched.plan.own_mut() else { return false };
        self.is_counting |= plan.schedule.is_some();
        let is_news = plan.held_back != held_back;
        plan.held_back = held_back;
        is_news
    }

    /// Whether a patient's alerts are held back otherwise than they were.
    pub(crate) fn is_held_back_otherwise(&self, watched: &Watched) -> bool {
        watched.plan.held_back != self.held_back(watched)
    }

    fn held_back(&self, watched: &Watched) -> Vec<HeldBack> {
        let schedule = watched.plan.schedule.as_deref();
        let Some(schedule) = schedule.filter(|_| !self.silences.is_empty()) else {
            return Vec::new();
        };
        let mut held = Vec::new();
        for kind in schedule.expected().iter().map(|expected| expected.kind()) {
            let times_of = |group: &Group| match group {
                Group::Consortium(name) if **name == *watched.patient.consortium() => always(),
                group => watched.heard.times_of(kind, group, &self.groups),
            };
            held.extend(self.silences.held_back(kind, &self.limits, times_of));
        }
        held
    }
}
