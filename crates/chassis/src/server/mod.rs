//! HTTP serving with an orderly end, and the pages that operations need of every service.

mod connection;
mod limits;
mod progress;
mod unread;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::health::Health;
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;
use connection::Serving;
use limits::{Admission, Place};
pub use limits::{ConnectionArgs, Connections, Network, NoNetwork};
use progress::Progress;

/// How long no connection is accepted after one could not be.
const AFTER_A_FAULT: Duration = Duration::from_millis(200);

/// Why a server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is not to be had.
    #[error("{}", bind_message(*address, setting, source))]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// The flag and environment variable that choose it.
        setting: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// The listener failed.
    #[error("the HTTP server stopped: {0}")]
    Serve(#[source] io::Error),
}

fn bind_message(address: SocketAddr, setting: &str, source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is taken by another process; stop that one or choose another address with {setting}"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "this user may not listen on {address}; choose a port from 1024 upwards with {setting}"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("{address} is not an address of this machine; choose one with {setting}")
        }
        _ => format!("cannot listen on {address}: {source}; choose another address with {setting}"),
    }
}

/// Listens on an address. `setting` names the flag and environment variable that choose it.
///
/// # Errors
/// [`ServerError::Bind`], which says which address it was and what to do.
pub async fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|source| ServerError::Bind {
        address,
        setting,
        source,
    })
}

/// Serves until the shutdown is requested, then takes no new connections and finishes the
/// requests in hand. Handlers with endless answers, such as server-sent events, have to end
/// them when the shutdown is requested; otherwise the drain deadline ends the process. Peers that
/// owe something, such as the rest of a request, are waited for no longer than a second.
///
/// # Errors
/// [`ServerError::Serve`] when the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: Shutdown,
) -> Result<(), ServerError> {
    serve_within(listener, router, Connections::default(), shutdown).await
}

/// Serves as [`serve`] does, within bounds of its own.
///
/// # Errors
/// [`ServerError::Serve`] when the listener fails.
pub async fn serve_within(
    listener: TcpListener,
    router: Router,
    connections: Connections,
    shutdown: Shutdown,
) -> Result<(), ServerError> {
    let mut served = JoinSet::new();
    let serving = Serving { router, connections, shutdown: shutdown.clone() };
    tokio::select! {
        error = accept_all(&listener, &serving, &mut served) => {
            return Err(ServerError::Serve(error));
        }
        () = shutdown.requested() => {}
    }
    drop(listener);
    while served.join_next().await.is_some() {}
    Ok(())
}

/// Accepts connections until the listener fails: with what.
async fn accept_all(
    listener: &TcpListener,
    serving: &Serving,
    served: &mut JoinSet<()>,
) -> io::Error {
    loop {
        while served.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, address)) => {
                // Small answers must not wait for the acknowledgement of earlier ones.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "cannot set TCP_NODELAY");
                }
                let progress = Arc::new(Progress::new(Instant::now()));
                if let Some(place) = place(&serving.connections, address.ip(), &progress).await {
                    served.spawn(serving.clone().connection(stream, progress, place));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return error,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted; are too many files open?");
                sleep(AFTER_A_FAULT).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A place for a connection. Where all are in work it is waited for; a peer that has all of its own
/// in work gets none.
async fn place(
    connections: &Connections,
    address: IpAddr,
    progress: &Arc<Progress>,
) -> Option<Place> {
    let mut has_waited = false;
    loop {
        match connections.admit(address, progress.clone()) {
            Admission::Admitted(place) => return Some(place),
            Admission::PeerHasTooMany => return None,
            Admission::Full => {
                // Once, however often it asks again.
                if !has_waited {
                    connections.count("full");
                    has_waited = true;
                }
                // One whose request has been answered meanwhile may give way as well.
                let _ = timeout(AFTER_A_FAULT, connections.one_ended()).await;
            }
        }
    }
}

/// `/healthz`, `/readyz` and `/metrics`.
pub fn operations_router(health: Health, metrics: Metrics) -> Router {
    let alive = health.clone();
    Router::new()
        .route("/healthz", get(move || async move { verdict(alive.liveness()) }))
        .route("/readyz", get(move || async move { verdict(health.readiness()) }))
        .route("/metrics", get(move || async move { exposition(&metrics) }))
}

fn verdict((good, body): (bool, Value)) -> Response {
    let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

fn exposition(metrics: &Metrics) -> Response {
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics have no text form");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
