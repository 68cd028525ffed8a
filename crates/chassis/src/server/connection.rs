//! One connection, from its first byte to an end that loses no answer.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::limits::{Connections, Place};
use super::progress::{Deadlines, Progress, Watched};
use super::unread::{KeptBody, MOST, Rest, WatchedAnswer};
use crate::shutdown::Shutdown;

/// How often it is looked whether the peer owes something for too long.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// The same when the service is to end.
const BETWEEN_LOOKS_WHEN_STOPPING: Duration = Duration::from_millis(50);
/// How long a peer may send on, and be silent, after an answer to a request that was not read.
const SENDING_ON: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(2));
/// How long a peer may take to end the connection after the server has.
const ENDING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(2));
/// The same when the service is to end.
const ENDING_WHEN_STOPPING: Duration = Duration::from_millis(300);

/// What a connection needs of its server.
#[derive(Clone)]
pub(super) struct Serving {
    pub(super) router: Router,
    pub(super) connections: Connections,
    pub(super) shutdown: Shutdown,
}

impl Serving {
    /// Serves a connection to its end.
    pub(super) async fn connection(
        self,
        stream: TcpStream,
        progress: Arc<Progress>,
        _place: Place,
    ) {
        let service = service_fn(|request| {
            let (router, progress) = (self.router.clone(), progress.clone());
            let shutdown = self.shutdown.clone();
            progress.asked();
            Box::pin(async {
                Ok::<_, Infallible>(answer(router, request, progress, shutdown).await)
            })
        });
        let io = TokioIo::new(Watched { stream, progress: &progress });
        let mut connection = http1::Builder::new().serve_connection(io, service);
        let mut stopping = self.shutdown.is_requested();
        if stopping {
            Pin::new(&mut connection).graceful_shutdown();
        }
        loop {
            let (deadlines, between) = match stopping {
                false => (Deadlines::SERVING, BETWEEN_LOOKS),
                true => (Deadlines::STOPPING, BETWEEN_LOOKS_WHEN_STOPPING),
            };
            tokio::select! {
                ended = poll_fn(|context| connection.poll_without_shutdown(context)) => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ends");
                    }
                    break;
                }
                () = self.shutdown.requested(), if !stopping => {
                    stopping = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
                () = progress.has_to_give_way() => return,
                () = sleep(between) => {
                    if let Some(owed) = progress.overdue(&deadlines, Instant::now()) {
                        tracing::debug!(owed = owed.name(), "a peer owes this for too long");
                        self.connections.count(owed.name());
                        return;
                    }
                }
            }
        }
        let stream = connection.into_parts().io.into_inner().stream;
        let ending = end(stream, progress.has_left_unread());
        tokio::select! {
            () = ending => {}
            () = progress.has_to_give_way() => {}
            () = async {
                self.shutdown.requested().await;
                sleep(ENDING_WHEN_STOPPING).await;
            } => {}
        }
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    progress: Arc<Progress>,
    shutdown: Shutdown,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = KeptBody::new(body, progress.clone());
    let rest = Rest::new(body.clone(), &parts.headers);
    let request = Request::from_parts(parts, Body::new(body));
    let answer = match router.oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    let answer = rest.before(answer, &shutdown).await;
    answer.map(|body| Body::new(WatchedAnswer { body, progress }))
}

/// Ends a connection so that what was written last arrives: a socket that is closed with bytes in
/// it that nobody has read resets the connection.
async fn end(mut stream: TcpStream, sends_on: bool) {
    let mut left = MOST;
    if sends_on {
        throw_away(&mut stream, SENDING_ON, &mut left).await;
    }
    if stream.shutdown().await.is_ok() {
        throw_away(&mut stream, ENDING, &mut left).await;
    }
}

/// Throws away what comes until the peer ends, is silent, or sends for too long or too much.
async fn throw_away(
    stream: &mut TcpStream,
    (longest, silence): (Duration, Duration),
    left: &mut u64,
) {
    let mut buffer = [0; 8192];
    let all = async {
        while let Ok(Ok(read @ 1..)) = timeout(silence, stream.read(&mut buffer)).await
            && let Some(fewer) = left.checked_sub(read as u64)
        {
            *left = fewer;
        }
    };
    // Where it takes too long, the connection ends as it is.
    let _ = timeout(longest, all).await;
}
