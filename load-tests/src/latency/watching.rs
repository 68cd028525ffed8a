//! What physicians' pages see: the dashboard's live streams, each alert with the moment at which it
//! was there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use reqwest::Client;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde::Deserialize;
use serde_json::json;

use super::schedule::Marked;

/// When each marked patient's urgent alert was first seen. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<HashMap<Marked, Instant>>>);

impl Seen {
    /// When a patient's alert was seen.
    pub fn at(&self, patient: Marked) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&patient).copied()
    }

    fn note(&self, patient: Marked, at: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(patient).or_insert(at);
    }
}

/// Signs a physician in: a client, and the cookie of the session.
///
/// # Errors
/// When the dashboard refuses.
pub async fn sign_in(
    dashboard: &str,
    user: &str,
    password: &str,
) -> anyhow::Result<(Client, String)> {
    let client = Client::builder().no_proxy().build()?;
    let signed_in = client
        .post(format!("{dashboard}/api/v1/session"))
        .json(&json!({ "user": user, "password": password }))
        .send()
        .await?
        .error_for_status()
        .context("signing in")?;
    let cookie = signed_in.headers().get(SET_COOKIE).context("no session cookie")?;
    let cookie = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
    Ok((client, cookie))
}

/// Signs a physician in and follows the live stream until the task is dropped; returns when the
/// stream has begun.
///
/// # Errors
/// When the dashboard refuses.
pub async fn watch(
    dashboard: &str,
    user: &str,
    password: &str,
    seen: Seen,
) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
    let (client, cookie) = sign_in(dashboard, user, password).await?;
    let mut stream = client
        .get(format!("{dashboard}/api/v1/alerts/stream"))
        .header(COOKIE, cookie)
        .send()
        .await?
        .error_for_status()
        .context("opening the live stream")?;
    let mut events = Events::default();
    // The snapshot, so that nothing is missed from now on.
    while events.taken == 0 {
        let chunk = stream.chunk().await?.context("the live stream ended")?;
        events.take(&chunk, &seen);
    }
    Ok(tokio::spawn(async move {
        while let Some(chunk) = stream.chunk().await? {
            events.take(&chunk, &seen);
        }
        anyhow::bail!("a live stream ended")
    }))
}

/// Server-sent events as they come in pieces.
#[derive(Default)]
struct Events {
    unfinished: Vec<u8>,
    taken: usize,
}

#[derive(Deserialize)]
struct Alert {
    patient: String,
    severity: String,
    status: String,
}

impl Events {
    fn take(&mut self, chunk: &[u8], seen: &Seen) {
        let at = Instant::now();
        self.unfinished.extend_from_slice(chunk);
        let Some(end) = self.unfinished.iter().rposition(|byte| *byte == b'\n') else { return };
        let rest = self.unfinished.split_off(end + 1);
        let lines = std::mem::replace(&mut self.unfinished, rest);
        for line in lines.split(|byte| *byte == b'\n') {
            let Some(data) = line.strip_prefix(b"data:") else { continue };
            self.taken += 1;
            // A snapshot is no alert; what it holds was raised before.
            let Ok(alert) = serde_json::from_slice::<Alert>(data) else { continue };
            if alert.severity == "urgent"
                && alert.status == "open"
                && let Some(patient) = Marked::parse(&alert.patient)
            {
                seen.note(patient, at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgent_alerts_of_marked_patients_are_seen_however_the_stream_is_cut() {
        let text = "event: snapshot\ndata: {\"alerts\":[]}\n\nevent: alert\ndata: {\"patient\":\
                    \"DEMO01/MARKED00020\",\"severity\":\"urgent\",\"status\":\"open\"}\n\n\
                    event: alert\ndata: {\"patient\":\"DEMO01/MARKED00040\",\"severity\":\
                    \"review\",\"status\":\"open\"}\n\n: still here\n\n";
        for size in [1, 7, text.len()] {
            let (mut events, seen) = (Events::default(), Seen::default());
            for chunk in text.as_bytes().chunks(size) {
                events.take(chunk, &seen);
            }
            assert_eq!(events.taken, 3);
            assert!(seen.at(Marked(20)).is_some());
            assert!(seen.at(Marked(40)).is_none());
        }
    }
}
