//! Answers that are given before a request has come to its end, as they are on the wire. Real clients
//! are tested against the gateway, among the black-box tests.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::post;
use chassis::{Shutdown, server};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANY_PORT: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const MIB: usize = 1 << 20;

/// Answers without a look at the body, and after a part of it.
async fn refusing() -> (String, Shutdown) {
    let router = Router::new()
        .route("/unread", post(|| async { (StatusCode::UNAUTHORIZED, "who are you?") }))
        .route("/begun", post(after_a_part));
    let listener = server::bind(ANY_PORT, "--listen").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let shutdown = Shutdown::new();
    tokio::spawn(server::serve(listener, router, shutdown.clone()));
    (format!("http://{address}"), shutdown)
}

async fn after_a_part(request: Request) -> (StatusCode, &'static str) {
    let mut body: Body = request.into_body();
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, |data| data.len());
        if read > MIB {
            return (StatusCode::PAYLOAD_TOO_LARGE, "too much");
        }
    }
    (StatusCode::OK, "all of it")
}

#[tokio::test]
async fn after_an_early_answer_the_connection_takes_the_next_request() {
    let (server, shutdown) = refusing().await;
    let address = server.strip_prefix("http://").expect("an address");
    let mut connection = TcpStream::connect(address).await.expect("connects");
    let body = vec![b' '; 3 * MIB];
    let early = [("unread", "401", "who are you?"), ("begun", "413", "too much")];
    for (path, status, said) in early.into_iter().cycle().take(4) {
        let head = format!(
            "POST /{path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes()).await.expect("sends");
        connection.write_all(&body).await.expect("sends all of the body");
        let mut answer = vec![0; 4096];
        let mut read = 0;
        while !answer[..read].ends_with(said.as_bytes()) {
            let more = connection.read(&mut answer[read..]).await.expect("no reset");
            assert!(more > 0, "ended: {}", String::from_utf8_lossy(&answer[..read]));
            read += more;
        }
        assert!(answer.starts_with(format!("HTTP/1.1 {status}").as_bytes()), "{path}");
    }
    shutdown.trigger();
}

#[tokio::test]
async fn who_waits_to_be_asked_for_a_body_is_not_asked_and_answered_at_once() {
    let (server, shutdown) = refusing().await;
    let address = server.strip_prefix("http://").expect("an address");
    let mut connection = TcpStream::connect(address).await.expect("connects");
    let head = format!(
        "POST /unread HTTP/1.1\r\nhost: {address}\r\ncontent-length: 9000000\r\n\
         expect: 100-continue\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.expect("sends");
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(10), connection.read_to_string(&mut answer))
        .await
        .expect("ends in time")
        .expect("no reset");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    shutdown.trigger();
}
