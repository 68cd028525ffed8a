//! A trace on equal steps of time, for what compares values that lie hours apart.

use crate::statistics::{mean, standard_deviation};
use crate::time::Span;

use super::trace::Trace;

/// The step, in milliseconds: five minutes.
const STEP: i64 = Span::from_minutes(5).millis();

/// Between neighbours that are further apart nothing is filled in. Ours; the implementations in use have
/// the same.
const LONGEST_FILLED: Span = Span::from_minutes(45);

/// A day in steps.
const DAY: usize = 24 * HOUR;
/// An hour in steps.
const HOUR: usize = 12;

/// The values at each full five minutes, linear between neighbours that are at most 45 minutes apart,
/// mg/dL. None where there is nothing to go by; a value beyond what the sensor can say is no neighbour,
/// and nothing is filled in across it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grid {
    steps: Vec<Option<f64>>,
}

impl Grid {
    /// The grid of a trace.
    pub fn of(trace: &Trace) -> Self {
        let values = trace.values();
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            return Self::default();
        };
        let begin = step_at_or_after(first.time.millis());
        let length = (step_at_or_after(last.time.millis() + 1) - begin).max(0);
        let mut steps = vec![None; usize::try_from(length).unwrap_or(0)];
        for pair in values.windows(2) {
            let (Some(one), Some(other)) = (pair[0].exact(), pair[1].exact()) else { continue };
            let (from, to) = (pair[0].time.millis(), pair[1].time.millis());
            if to == from || pair[1].time - pair[0].time > LONGEST_FILLED {
                continue;
            }
            let mut step = step_at_or_after(from);
            while step * STEP <= to {
                let share = (step * STEP - from) as f64 / (to - from) as f64;
                if let Ok(place) = usize::try_from(step - begin) {
                    steps[place] = Some(one + (other - one) * share);
                }
                step += 1;
            }
        }
        Self { steps }
    }

    /// The mean absolute difference to the value 24 hours before (MODD), mg/dL.
    pub fn modd(&self) -> Option<f64> {
        mean(self.differences(DAY).map(f64::abs))
    }

    /// The standard deviation of the differences to the value so many hours before (CONGA), mg/dL.
    pub fn conga(&self, hours: usize) -> Option<f64> {
        standard_deviation(&self.differences(hours * HOUR).collect::<Vec<_>>())
    }

    fn differences(&self, steps: usize) -> impl Iterator<Item = f64> {
        let later = self.steps.iter().skip(steps);
        self.steps.iter().zip(later).filter_map(|(before, now)| Some((*now)? - (*before)?))
    }

    /// What there is without a break of more steps than a number, each stretch for itself.
    pub(super) fn stretches(&self, longest_break: usize) -> Vec<Vec<f64>> {
        let mut stretches: Vec<Vec<f64>> = Vec::new();
        let mut missing = usize::MAX;
        for value in &self.steps {
            let Some(value) = value else {
                missing = missing.saturating_add(1);
                continue;
            };
            match stretches.last_mut().filter(|_| missing < longest_break) {
                Some(stretch) => stretch.push(*value),
                None => stretches.push(vec![*value]),
            }
            missing = 0;
        }
        stretches
    }
}

/// The first step at a time or after it.
fn step_at_or_after(millis: i64) -> i64 {
    millis.div_euclid(STEP) + i64::from(millis.rem_euclid(STEP) != 0)
}
