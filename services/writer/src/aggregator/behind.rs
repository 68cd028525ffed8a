//! How far behind the aggregates are.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::metrics::WriterMetrics;

/// Between two times that it is reported.
const BETWEEN_REPORTS: Duration = Duration::from_secs(5);

/// Grows by itself until something better is known, so that an alarm rings also where nothing is ever done.
pub(super) struct Behind {
    metrics: WriterMetrics,
    /// How far it was, and when that was so.
    known: Mutex<(Duration, Instant)>,
}

impl Behind {
    /// Not behind at all.
    pub(super) fn new(metrics: WriterMetrics) -> Self {
        Self { metrics, known: Mutex::new((Duration::ZERO, Instant::now())) }
    }

    /// It is so far now.
    pub(super) fn is(&self, behind: Duration) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = (behind, Instant::now());
        self.metrics.aggregates_behind(behind);
    }

    /// Reports it again and again.
    pub(super) async fn report(&self) -> Infallible {
        loop {
            let (known, at) = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
            self.metrics.aggregates_behind(known.saturating_add(at.elapsed()));
            tokio::time::sleep(BETWEEN_REPORTS).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::Metrics;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn while_something_takes_long_the_aggregates_are_ever_further_behind() {
        let metrics = WriterMetrics::register(&Metrics::for_service("writer")).unwrap();
        let behind = Behind::new(metrics.clone());
        for (known, reported) in [(0, 895.0), (60, 955.0)] {
            behind.is(Duration::from_secs(known));
            let fifteen_minutes = Duration::from_secs(15 * 60);
            tokio::time::timeout(fifteen_minutes, behind.report()).await.unwrap_err();
            assert!(metrics.behind_seconds() >= reported, "{}", metrics.behind_seconds());
        }
    }
}
