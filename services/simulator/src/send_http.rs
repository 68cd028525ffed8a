//! Sending exchange documents to the gateway: at least once, in each patient's order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use chassis::{Backoff, Secret, Shutdown};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::exchange;
use crate::oracle::validated;
use crate::send_log::{SendLog, now};
use crate::transmission::{Payload, Route, Sending};

/// Readings of one document.
const DOCUMENT: usize = 500;
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long credentials may be unknown to a gateway that has just learnt of them or is learning.
const REGISTRATION: Duration = Duration::from_secs(30);

/// Where the gateway is and who asks.
#[derive(Clone)]
pub(crate) struct Gateway {
    client: Client,
    url: Url,
    token: Secret,
}

impl Gateway {
    pub(crate) fn new(base: &str, token: &str) -> anyhow::Result<Self> {
        let url = Url::parse(base).and_then(|url| url.join("/v1/readings")).with_context(|| {
            format!("--gateway-url {base} is no address such as http://host:port")
        })?;
        let client = Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .context("cannot set up the HTTP client")?;
        Ok(Self { client, url, token: Secret::from(token.to_owned()) })
    }
}

/// Senders to the gateway. A patient keeps to one sender, so its readings keep their order.
pub(crate) struct HttpSenders {
    queues: Vec<mpsc::UnboundedSender<Vec<Sending>>>,
}

impl HttpSenders {
    pub(crate) fn start(
        gateway: &Gateway,
        count: u32,
        send_log: &Arc<SendLog>,
        shutdown: &Shutdown,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let queues = (0..count.max(1))
            .map(|_| {
                let (queue, waiting) = mpsc::unbounded_channel();
                let (gateway, send_log) = (gateway.clone(), Arc::clone(send_log));
                tasks.spawn(Sender { gateway, send_log, shutdown: shutdown.clone() }.run(waiting));
                queue
            })
            .collect();
        Self { queues }
    }

    pub(crate) fn send(&self, sendings: Vec<Sending>) {
        let mut shares: Vec<Vec<Sending>> = vec![Vec::new(); self.queues.len()];
        for sending in sendings {
            shares[sending.patient_index as usize % self.queues.len()].push(sending);
        }
        for (queue, share) in self.queues.iter().zip(shares) {
            // A sender lives until this side is dropped.
            if !share.is_empty() && queue.send(share).is_err() {
                tracing::error!("a sender has ended before its time");
            }
        }
    }
}

struct Sender {
    gateway: Gateway,
    send_log: Arc<SendLog>,
    shutdown: Shutdown,
}

/// What the gateway says about the readings of a document.
#[derive(Deserialize)]
struct Answer {
    rejected: u64,
}

enum Attempt {
    /// Each reading was answered.
    Answered(Option<Answer>),
    /// Try again, after the time that the gateway asks for.
    Again { wait: Option<Duration>, why: String },
    /// Nobody knows the credentials (yet).
    Unknown(StatusCode),
    /// The document as a whole was refused.
    Refused(StatusCode, String),
}

impl Sender {
    async fn run(self, mut waiting: mpsc::UnboundedReceiver<Vec<Sending>>) {
        while let Some(sendings) = waiting.recv().await {
            let mut by_consortium: Vec<(String, Vec<Sending>)> = Vec::new();
            for sending in sendings {
                let Payload::Reading(reading) = &sending.payload else { continue };
                let id = &reading.consortium_id;
                match by_consortium.iter_mut().find(|(known, _)| known == id) {
                    Some((_, share)) => share.push(sending),
                    None => by_consortium.push((id.clone(), vec![sending])),
                }
            }
            for (consortium_id, share) in by_consortium {
                for readings in share.chunks(DOCUMENT) {
                    self.deliver(&consortium_id, readings).await;
                }
            }
        }
    }

    async fn deliver(&self, consortium_id: &str, sendings: &[Sending]) {
        let begun = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(100), LONGEST_WAIT);
        let mut attempted = false;
        loop {
            // Nothing new is begun once the end is requested.
            if self.shutdown.is_requested() {
                sendings.iter().for_each(|sending| self.send_log.given_up(sending, attempted));
                return;
            }
            let wait = match self.attempt(consortium_id, sendings).await {
                Attempt::Answered(answer) => {
                    self.compare(sendings, answer.as_ref());
                    sendings.iter().for_each(|sending| self.send_log.acknowledged(sending));
                    return;
                }
                Attempt::Refused(status, detail) => {
                    tracing::error!(%status, detail, readings = sendings.len(), "the gateway refused a document");
                    sendings.iter().for_each(|sending| self.send_log.given_up(sending, false));
                    return;
                }
                Attempt::Unknown(status) if begun.elapsed() > REGISTRATION => {
                    tracing::error!(%status, "the gateway does not know the device token; is it registered in the same deployment (--topic-prefix)?");
                    sendings.iter().for_each(|sending| self.send_log.given_up(sending, false));
                    return;
                }
                Attempt::Unknown(_) => None,
                Attempt::Again { wait, why } => {
                    attempted = true;
                    tracing::debug!(why, "sending again");
                    if backoff.is_at_longest() {
                        tracing::warn!(why, "the gateway does not accept readings; trying on");
                    }
                    wait
                }
            };
            let own = backoff.next_wait();
            let wait = wait.unwrap_or(own).min(LONGEST_WAIT);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shutdown.requested() => {}
            }
        }
    }

    async fn attempt(&self, consortium_id: &str, sendings: &[Sending]) -> Attempt {
        let readings = sendings.iter().filter_map(|sending| match &sending.payload {
            Payload::Reading(reading) => Some(&**reading),
            Payload::Bytes { .. } => None,
        });
        let document = exchange::document(consortium_id, now(), readings);
        let timer = self.send_log.metrics.request_duration.start_timer();
        let answered = self
            .gateway
            .client
            .post(self.gateway.url.clone())
            .bearer_auth(self.gateway.token.expose())
            .json(&document)
            .send()
            .await;
        timer.observe_duration();
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                self.send_log.metrics.answers.with_label_values(&["none"]).inc();
                return Attempt::Again { wait: None, why: error.without_url().to_string() };
            }
        };
        let status = answer.status();
        self.send_log.metrics.answers.with_label_values(&[status.as_str()]).inc();
        let wait =
            answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.bytes().await.unwrap_or_default();
        let readable = serde_json::from_slice::<Answer>(&body).ok();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Attempt::Unknown(status),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Attempt::Again { wait: wait.map(Duration::from_secs), why: status.to_string() }
            }
            _ if status.is_server_error() => {
                Attempt::Again { wait: wait.map(Duration::from_secs), why: status.to_string() }
            }
            _ if status.is_success() => Attempt::Answered(readable),
            // Every single reading was rejected: also an answer for each.
            StatusCode::UNPROCESSABLE_ENTITY if readable.is_some() => Attempt::Answered(readable),
            _ => Attempt::Refused(status, title(&body)),
        }
    }

    /// The gateway rejects what must be rejected and nothing else.
    fn compare(&self, sendings: &[Sending], answer: Option<&Answer>) {
        let Some(answer) = answer else { return };
        let expected = sendings
            .iter()
            .filter(|sending| match &sending.payload {
                Payload::Reading(reading) => validated(reading, now()).is_err(),
                Payload::Bytes { .. } => false,
            })
            .count() as u64;
        if answer.rejected != expected {
            self.send_log.metrics.disagreements.inc();
            tracing::warn!(
                rejected = answer.rejected,
                expected,
                route = Route::Http.as_str(),
                "the gateway rejected another number of readings than it had to"
            );
        }
    }
}

/// The title of a problem document; its details might name fields of patients.
fn title(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problem {
        title: String,
    }
    serde_json::from_slice::<Problem>(body).map(|problem| problem.title).unwrap_or_default()
}

#[cfg(test)]
mod tests;
