//! What is asked of ClickHouse: one module for each read model, and no SQL elsewhere.

mod aggregates;
#[cfg(test)]
mod aggregates_engine_tests;
mod alerts;
#[cfg(test)]
mod audit_engine_tests;
mod by_receipt;
#[cfg(test)]
mod clock_tests;
mod cohorts;
mod copies;
mod current;
#[cfg(test)]
mod engine_tests;
#[cfg(test)]
mod hours_for_tests;
mod latest;
#[cfg(test)]
mod latest_engine_tests;
mod readings;
mod received;
mod samples;
#[cfg(test)]
mod samples_engine_tests;
#[cfg(test)]
mod suspect_engine_tests;
mod trends;
#[cfg(test)]
mod trends_engine_tests;
mod versions;
#[cfg(test)]
mod versions_engine_tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chassis::ClickHouseArgs;
use clickhouse::Client;
use clickhouse::error::Error;
use store::{QueryError, within};

use crate::metrics::DashboardMetrics;

pub use readings::{Page, Wanted};
pub use trends::{DaysOfPatient, OneZone};

/// How long a query may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long ClickHouse may take to say that it is there.
const PING_DEADLINE: Duration = Duration::from_secs(2);

/// Patients in one question: their ids stay well below the limit of a form's field.
const PATIENTS_AT_ONCE: usize = 2_000;

/// An answer is made of so many readings of a patient at most: in a hundred days a sensor that says one a
/// minute has 144,000.
const MOST_READINGS: usize = 200_000;

/// The store of readings and alerts. Clones share it.
#[derive(Clone)]
pub struct Store {
    client: Client,
    metrics: DashboardMetrics,
    available: Arc<AtomicBool>,
}

/// A question that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// ClickHouse gave none, or one that is not understood.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The patient has more readings in the period than an answer is made of.
    #[error("there are more than {0} readings of the patient in these days; choose fewer days")]
    TooMany(usize),
}

/// All rows, or none where there are more than so many: of one more was asked.
fn at_most<T>(most: usize, rows: Vec<T>) -> Result<Vec<T>, StoreError> {
    if rows.len() > most { Err(StoreError::TooMany(most)) } else { Ok(rows) }
}

impl Store {
    /// A store. ClickHouse need not be reachable yet.
    pub fn new(clickhouse: &ClickHouseArgs, metrics: DashboardMetrics) -> Self {
        let client = ::store::client(clickhouse, "mimamori-dashboard")
            .with_setting("max_execution_time", DEADLINE.as_secs().to_string());
        Self { client, metrics, available: Arc::new(AtomicBool::new(true)) }
    }

    /// Asks whether ClickHouse is there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let answer = within(PING_DEADLINE, self.client.query("SELECT 1").fetch_one::<u8>()).await;
        self.noted(answer.map(|_| ()))
    }

    /// Whether the last question was answered.
    pub fn is_available(&self) -> bool {
        self.available.load(Ordering::Relaxed)
    }

    /// Asks within the deadline, counts and times it.
    async fn ask<T>(
        &self,
        read_model: &str,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let started = Instant::now();
        let answer = within(DEADLINE, question).await;
        let seconds = started.elapsed().as_secs_f64();
        self.metrics.query_seconds.with_label_values(&[read_model]).observe(seconds);
        let result = match &answer {
            Ok(_) => "answered",
            Err(Error::TimedOut) => "timed_out",
            Err(_) => "failed",
        };
        self.metrics.queries.with_label_values(&[read_model, result]).inc();
        let answer = self.noted(answer);
        answer.inspect_err(|error| tracing::warn!(%error, read_model, "a query failed"))
    }

    fn noted<T>(&self, answer: Result<T, Error>) -> Result<T, StoreError> {
        self.available.store(answer.is_ok(), Ordering::Relaxed);
        Ok(answer.map_err(QueryError::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_more_readings_than_an_answer_is_made_of_none_is_left_out_unsaid() {
        assert_eq!(at_most(2, vec![1, 2]).unwrap(), [1, 2]);
        let error = at_most(2, vec![1, 2, 3]).unwrap_err();
        assert!(matches!(error, StoreError::TooMany(2)), "{error:?}");
        assert!(error.to_string().contains("more than 2 readings"), "{error}");
    }
}
