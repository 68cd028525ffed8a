//! Answers that are given before the request has come to its end. A peer that is still sending may
//! not look for an answer before it has sent everything; and where a connection is closed while
//! bytes are under way, its end is a reset, which takes the answer with it. So the rest is taken and
//! thrown away, within bounds, and only then the answer is given.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, timeout_at};

use super::progress::Progress;
use crate::shutdown::Shutdown;

/// The most of a request that is thrown away, bytes: four times the largest body that the gateway
/// takes where nothing else is set.
pub(super) const MOST: u64 = 64 * 1024 * 1024;
/// The longest time that it may take.
const LONGEST: Duration = Duration::from_secs(15);
/// The longest time without a byte.
const SILENCE: Duration = Duration::from_secs(2);
/// The longest time when the service is to end.
const WHEN_STOPPING: Duration = Duration::from_millis(500);

/// A request's body, which stays when the service lets go of it.
#[derive(Clone)]
pub(super) struct KeptBody {
    inner: Arc<Mutex<Incoming>>,
    /// Whether the service has begun to read it.
    is_begun: Arc<AtomicBool>,
    progress: Arc<Progress>,
}

impl KeptBody {
    pub(super) fn new(body: Incoming, progress: Arc<Progress>) -> Self {
        Self { inner: Arc::new(Mutex::new(body)), is_begun: Arc::default(), progress }
    }

    fn inner(&self) -> MutexGuard<'_, Incoming> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Throws away what is left, within bounds: whether it has come to its end.
    async fn drain(&mut self, shutdown: &Shutdown) -> bool {
        let draining = async {
            let end = Instant::now() + LONGEST;
            let mut left = MOST;
            loop {
                let silent = Instant::now() + SILENCE;
                match timeout_at(silent.min(end), self.frame()).await {
                    Ok(None) => return true,
                    Ok(Some(Ok(frame))) => {
                        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                        let Some(fewer) = left.checked_sub(bytes) else { return false };
                        left = fewer;
                    }
                    Ok(Some(Err(_))) | Err(_) => return false,
                }
            }
        };
        let stopping = async {
            shutdown.requested().await;
            tokio::time::sleep(WHEN_STOPPING).await;
        };
        tokio::select! {
            ended = draining => ended,
            () = stopping => false,
        }
    }
}

impl HttpBody for KeptBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.is_begun.store(true, Ordering::Relaxed);
        let frame = Pin::new(&mut *self.inner()).poll_frame(context);
        self.progress.wants_body(frame.is_pending());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner().size_hint()
    }
}

/// The rest of a request whose answer is made.
pub(super) struct Rest {
    body: KeptBody,
    /// Whether the peer sends the body only when it is asked for it.
    waits_to_be_asked: bool,
}

impl Rest {
    pub(super) fn new(body: KeptBody, headers: &HeaderMap) -> Self {
        let waits_to_be_asked = headers
            .get(header::EXPECT)
            .is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Self { body, waits_to_be_asked }
    }

    /// Sees to it that the answer arrives: the rest of the request is thrown away, or the answer
    /// says that the connection ends.
    pub(super) async fn before(mut self, mut answer: Response, shutdown: &Shutdown) -> Response {
        let progress = self.body.progress.clone();
        let is_whole = self.body.is_end_stream() || {
            // From here on it gives way to those who have something in work.
            progress.drains(true);
            self.is_worth_reading() && self.body.drain(shutdown).await
        };
        progress.drains(false);
        progress.wants_body(false);
        if !is_whole {
            progress.leaves_unread();
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }

    fn is_worth_reading(&self) -> bool {
        let is_under_way = !self.waits_to_be_asked || self.body.is_begun.load(Ordering::Relaxed);
        is_under_way && self.body.size_hint().lower() <= MOST
    }
}

/// An answer that says when it is made to its end.
pub(super) struct WatchedAnswer {
    pub(super) body: Body,
    pub(super) progress: Arc<Progress>,
}

impl HttpBody for WatchedAnswer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedAnswer {
    fn drop(&mut self) {
        self.progress.answered();
    }
}
