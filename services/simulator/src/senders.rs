//! All ways out of the simulator.

use std::sync::Arc;
use std::time::Duration;

use chassis::Shutdown;
use tokio::task::JoinSet;

use crate::send_http::HttpSenders;
use crate::send_kafka::KafkaSender;
use crate::send_log::SendLog;
use crate::transmission::{Route, Sending};

const GLANCE: Duration = Duration::from_millis(20);

/// The senders of a run.
pub(crate) struct Senders {
    pub(crate) http: Option<HttpSenders>,
    pub(crate) kafka: KafkaSender,
    pub(crate) tasks: JoinSet<()>,
    pub(crate) send_log: Arc<SendLog>,
    pub(crate) shutdown: Shutdown,
}

impl Senders {
    /// Hands over what is due; it is sent in this order for each patient and route.
    pub(crate) fn send(&self, due: Vec<Sending>) {
        self.send_log.handed_over(due.len() as u64);
        let (by_http, by_kafka) = due.into_iter().partition(|sending| sending.via == Route::Http);
        if let Some(http) = &self.http {
            http.send(by_http);
        }
        self.kafka.send(by_kafka);
    }

    /// Waits until at most so many readings are on their way, or until the end is requested.
    pub(crate) async fn at_most(&self, count: u64) {
        while self.send_log.on_the_way() > count && !self.shutdown.is_requested() {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Takes nothing more and waits until everything taken is acknowledged or given up.
    pub(crate) async fn close(self) {
        let Self { http, kafka, mut tasks, .. } = self;
        drop((http, kafka));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a sender failed");
            }
        }
    }
}
