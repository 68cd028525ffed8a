//! Answers that are given before a request has come to its end, as real clients see them.

use std::path::PathBuf;
use std::process::{Command, Stdio};
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
const ATTEMPTS: usize = 50;
const MIB: usize = 1 << 20;
const MINUTES: Duration = Duration::from_secs(240);

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

fn client(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients").join(name)
}

/// What the clients print, a line for each attempt.
async fn statuses(program: &str, file: &str, url: &str, bytes: usize, way: &str) -> Vec<String> {
    let mut command = Command::new(program);
    command.arg(client(file)).args([url, "nobody", &bytes.to_string(), &ATTEMPTS.to_string(), way]);
    let ended = tokio::task::spawn_blocking(move || {
        command.stdin(Stdio::null()).output().expect("the client is installed")
    });
    let ended = tokio::time::timeout(MINUTES, ended).await.expect("in time").expect("no panic");
    let said = String::from_utf8_lossy(&ended.stdout).lines().map(str::to_owned).collect();
    assert!(ended.status.success(), "{program}: {}", String::from_utf8_lossy(&ended.stderr));
    said
}

async fn every_attempt_has_its_status(program: &str, file: &str) {
    let (server, shutdown) = refusing().await;
    for (path, status) in [("unread", "401"), ("begun", "413")] {
        for (bytes, way) in [(20 * MIB, "announced"), (20 * MIB, "chunked"), (2 * MIB, "announced")]
        {
            let url = format!("{server}/{path}");
            let said = statuses(program, file, &url, bytes, way).await;
            let lost: Vec<_> = said.iter().filter(|line| *line != status).collect();
            assert!(lost.is_empty(), "{program} {path} {bytes} {way}: {lost:?}");
            assert_eq!(said.len(), ATTEMPTS, "{program} {path} {bytes} {way}");
        }
    }
    shutdown.trigger();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_gets_every_early_answer() {
    every_attempt_has_its_status("sh", "early_answers.sh").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn java_gets_every_early_answer() {
    every_attempt_has_its_status("java", "EarlyAnswers.java").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_gets_every_early_answer() {
    every_attempt_has_its_status("python3", "early_answers.py").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_gets_every_early_answer() {
    every_attempt_has_its_status("node", "early_answers.mjs").await;
}

#[tokio::test]
async fn after_an_early_answer_the_connection_takes_the_next_request() {
    let (server, shutdown) = refusing().await;
    let address = server.strip_prefix("http://").expect("an address");
    let mut connection = TcpStream::connect(address).await.expect("connects");
    let body = vec![b' '; 3 * MIB];
    for _ in 0..3 {
        let head = format!(
            "POST /unread HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes()).await.expect("sends");
        connection.write_all(&body).await.expect("sends all of the body");
        let mut answer = vec![0; 4096];
        let mut read = 0;
        while !answer[..read].ends_with(b"who are you?") {
            let more = connection.read(&mut answer[read..]).await.expect("no reset");
            assert!(more > 0, "ended: {}", String::from_utf8_lossy(&answer[..read]));
            read += more;
        }
        assert!(answer.starts_with(b"HTTP/1.1 401"));
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
