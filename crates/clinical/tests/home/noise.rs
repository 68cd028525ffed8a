//! What hovers around a limit, and how often it is reported.

use std::collections::BTreeMap;

use clinical::alert::{Alert, Transition};
use clinical::{Span, Timestamp};

/// A small generator: the same numbers each time.
#[derive(Debug, Clone)]
pub struct Noise(u32);

impl Noise {
    pub fn seeded(seed: u32) -> Self {
        Self(seed)
    }

    /// From 0 to 255, each as often.
    pub fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 24) as u8
    }

    /// Normally distributed around a mean, as the sum of twelve numbers is.
    pub fn around(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| (f64::from(self.byte()) + 0.5) / 256.0).sum();
        mean + deviation * (sum - 6.0)
    }
}

/// How often a rule reported, and how soon it took that back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reports {
    pub raised: usize,
    pub updated: usize,
    pub resolved: usize,
    /// The shortest time from an end to the next beginning.
    pub shortest_calm: Option<Span>,
    /// The shortest time from a beginning to the end.
    pub shortest_alert: Option<Span>,
}

impl Reports {
    /// Of a rule, by what was reported in order. No alert is raised twice, nor while another is open.
    pub fn of(reported: &[Alert], rule: &str) -> Self {
        let mut all = Self::default();
        let (mut began, mut ended) = (None::<Timestamp>, None::<Timestamp>);
        let mut by_id = BTreeMap::new();
        for alert in reported.iter().filter(|alert| alert.rule.as_str() == rule) {
            match alert.transition {
                Transition::Raised => {
                    assert!(began.is_none(), "{rule}: one is open already");
                    assert_eq!(by_id.insert(alert.id, ()), None, "{rule}: one is raised twice");
                    all.raised += 1;
                    let calm = ended.map(|ended| alert.changed_at - ended);
                    all.shortest_calm = all.shortest_calm.into_iter().chain(calm).min();
                    began = Some(alert.changed_at);
                }
                Transition::Resolved => {
                    all.resolved += 1;
                    let lasted = began.take().map(|began| alert.changed_at - began);
                    all.shortest_alert = all.shortest_alert.into_iter().chain(lasted).min();
                    ended = Some(alert.changed_at);
                }
                Transition::Updated => all.updated += 1,
                other => panic!("{rule}: {other:?} although nothing was changed"),
            }
        }
        all
    }
}
