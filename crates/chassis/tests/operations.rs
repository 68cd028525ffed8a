//! The operations pages over real connections.

use std::time::Duration;

use chassis::{Health, Metrics, Shutdown, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SOON: Duration = Duration::from_secs(5);
const ANY_PORT: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

async fn page(address: std::net::SocketAddr, path: &str) -> String {
    let mut connection = TcpStream::connect(address).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nhost: operations\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("sends");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("answers");
    answer
}

#[tokio::test]
async fn the_pages_tell_the_truth_and_the_server_ends_when_asked() {
    let health = Health::new();
    let kafka = health.component("kafka");
    let metrics = Metrics::for_service("gateway");
    metrics.counter("requests_total", "Requests").expect("free name").inc();
    let shutdown = Shutdown::new();
    let listener = server::bind(ANY_PORT, "--listen").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let router = server::operations_router(health.clone(), metrics);
    let serving = tokio::spawn(server::serve(listener, router, shutdown.clone()));

    let waiting = page(address, "/readyz").await;
    assert!(waiting.starts_with("HTTP/1.1 503"), "{waiting}");
    assert!(waiting.contains("starting"), "{waiting}");
    kafka.ready();
    assert!(page(address, "/readyz").await.starts_with("HTTP/1.1 200"));
    assert!(page(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    let _stalled = health.heartbeat("poll", Duration::ZERO);
    let stalled = page(address, "/healthz").await;
    assert!(stalled.starts_with("HTTP/1.1 503"), "{stalled}");
    assert!(stalled.contains("poll"), "{stalled}");
    let exposition = page(address, "/metrics").await;
    assert!(exposition.contains("mimamori_gateway_requests_total 1"), "{exposition}");

    shutdown.trigger();
    tokio::time::timeout(SOON, serving)
        .await
        .expect("ends in time")
        .expect("no panic")
        .expect("no error");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_taken_address_is_named_with_the_flag_that_changes_it() {
    let listener = server::bind(ANY_PORT, "--listen").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let error = server::bind(address, "--listen or MIMAMORI_LISTEN").await.expect_err("taken");
    let message = error.to_string();
    assert!(message.contains(&address.to_string()), "{message}");
    assert!(message.contains("--listen or MIMAMORI_LISTEN"), "{message}");
}
