//! HTTP serving with an orderly end, and the pages that operations need of every service.

use std::io;
use std::net::SocketAddr;

use axum::Json;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::health::Health;
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;

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
/// them when the shutdown is requested; otherwise the drain deadline ends the process.
///
/// # Errors
/// [`ServerError::Serve`] when the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: Shutdown,
) -> Result<(), ServerError> {
    // Small answers must not wait for the acknowledgement of earlier ones.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
    });
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { shutdown.requested().await })
        .await
        .map_err(ServerError::Serve)
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
