//! What became of values beyond a limit: a system without any judgement would make an alert of each.

use clinical::alert::{Alert, RuleName, Transition};
use clinical::limit::Limit;
use clinical::plan::Plan;
use clinical::rule::Rule;
use clinical::{Reading, Timestamp, rules};

/// What became of the values beyond a rule's limit, as a chart draws it. Each counts once:
/// `beyond = unconfirmed + crossings + further + alerts`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Saved {
    /// Values beyond the limit.
    pub beyond: u64,
    /// Of these, those that raised nothing: what came after did not confirm them, or they were not
    /// there for long enough.
    pub unconfirmed: u64,
    /// Those that went beyond the limit again while the alert was open, after a value within it:
    /// without hysteresis, that had ended the alert and raised another.
    pub crossings: u64,
    /// Those that belonged to an alert besides the first: one alert is open at a time.
    pub further: u64,
    /// Alerts that were raised by such values.
    pub alerts: u64,
}

impl Saved {
    pub(super) fn add(&mut self, other: &Self) {
        self.beyond += other.beyond;
        self.unconfirmed += other.unconfirmed;
        self.crossings += other.crossings;
        self.further += other.further;
        self.alerts += other.alerts;
    }
}

/// The values of one patient.
pub(super) struct Values {
    rules: Vec<OfRule>,
}

struct OfRule {
    rule: &'static str,
    limits: Vec<Limit>,
    saved: Saved,
    /// Whether the newest value was beyond.
    was_beyond: bool,
    /// When values beyond were observed that have raised nothing yet.
    waiting: Vec<Timestamp>,
}

impl Values {
    pub(super) fn of(plan: &Plan) -> Self {
        let of_rule = |rule: &'static dyn Rule| {
            let limits = rule.limits(plan);
            let saved = Saved::default();
            let (was_beyond, waiting) = (false, Vec::new());
            OfRule { rule: rule.name(), limits, saved, was_beyond, waiting }
        };
        let all = rules::all().iter().copied().map(of_rule);
        Self { rules: all.filter(|of| !of.limits.is_empty()).collect() }
    }

    pub(super) fn note_reading(&mut self, reading: &Reading, open: &[RuleName]) {
        for of in &mut self.rules {
            let is_open = open.iter().any(|rule| rule.as_str() == of.rule);
            of.note(reading, is_open);
        }
    }

    pub(super) fn note_alert(&mut self, alert: &Alert) {
        if alert.transition != Transition::Raised {
            return;
        }
        for of in self.rules.iter_mut().filter(|of| of.rule == alert.rule.as_str()) {
            let waiting = std::mem::take(&mut of.waiting);
            let count = waiting.len() as u64;
            let raising =
                waiting.iter().filter(|at| **at >= alert.first_observed_at).count() as u64;
            of.saved.unconfirmed += count - raising;
            of.saved.further += raising.saturating_sub(1);
            of.saved.alerts += raising.min(1);
        }
    }

    pub(super) fn end(self) -> impl Iterator<Item = (&'static str, Saved)> {
        self.rules.into_iter().map(|mut of| {
            of.saved.unconfirmed += of.waiting.len() as u64;
            (of.rule, of.saved)
        })
    }
}

impl OfRule {
    fn note(&mut self, reading: &Reading, is_open: bool) {
        let of_kind = self.limits.iter().filter(|limit| limit.kind() == reading.kind);
        let sides = of_kind.filter_map(|limit| {
            let value = reading.sample.value(limit.field)?;
            Some(limit.is_beyond(value))
        });
        // Nothing where the reading has no such value.
        let Some(is_beyond) = sides.reduce(|one, other| one || other) else { return };
        if is_beyond {
            self.saved.beyond += 1;
            match (is_open, self.was_beyond) {
                (false, _) => self.waiting.push(reading.observation_time),
                (true, false) => self.saved.crossings += 1,
                (true, true) => self.saved.further += 1,
            }
        }
        self.was_beyond = is_beyond;
    }
}
