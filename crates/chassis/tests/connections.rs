//! Connections whose peers owe something: they keep neither the end of the service nor its other
//! senders waiting.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::{get, post};
use chassis::server::{self, ConnectionArgs, Connections, ServerError};
use chassis::{Metrics, Shutdown};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const SOON: Duration = Duration::from_secs(10);
/// Within which a service ends that has nothing honest in work, with a machine that is busy.
const A_SECOND: Duration = Duration::from_millis(1500);

struct Served {
    address: SocketAddr,
    shutdown: Shutdown,
    metrics: Metrics,
    serving: JoinHandle<Result<(), ServerError>>,
}

async fn served(connections: usize, connections_per_peer: usize) -> Served {
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/refused", post(|| async { StatusCode::UNAUTHORIZED }))
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }));
    let listener = server::bind(ANY_PORT, "--listen").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let (shutdown, metrics) = (Shutdown::new(), Metrics::for_service("gateway"));
    let args = ConnectionArgs { connections, connections_per_peer, trusted_proxies: Vec::new() };
    let connections = Connections::with_metrics(&args, &metrics).expect("free names");
    let serving =
        tokio::spawn(server::serve_within(listener, router, connections, shutdown.clone()));
    Served { address, shutdown, metrics, serving }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("connects")
    }

    async fn send(&self, text: &str) -> TcpStream {
        let mut connection = self.connect().await;
        connection.write_all(text.as_bytes()).await.expect("sends");
        connection
    }

    /// The answer to a request on a connection of its own.
    async fn page(&self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
        let mut connection = self.send(&request).await;
        let mut answer = String::new();
        timeout(SOON, connection.read_to_string(&mut answer))
            .await
            .expect("in time")
            .expect("text");
        answer
    }

    fn metric(&self, line: &str) -> bool {
        let text = String::from_utf8(self.metrics.text().expect("text")).expect("UTF-8");
        text.lines().any(|found| found == line)
    }

    /// Whether a counter has counted anything.
    fn has_counted(&self, series: &str) -> bool {
        let text = String::from_utf8(self.metrics.text().expect("text")).expect("UTF-8");
        let of = |line: &str| line.strip_prefix(series).map(|rest| rest != " 0");
        text.lines().find_map(of).unwrap_or_default()
    }

    async fn until_metric(&self, line: &str) {
        let end = Instant::now() + SOON;
        while !self.metric(line) {
            assert!(Instant::now() < end, "never {line}");
            tokio::task::yield_now().await;
        }
    }

    async fn ends_within_a_second(self) {
        let asked = Instant::now();
        self.shutdown.trigger();
        timeout(SOON, self.serving).await.expect("ends").expect("no panic").expect("no error");
        assert!(asked.elapsed() < A_SECOND, "it took {:?}", asked.elapsed());
    }
}

const HALF_A_HEAD: &str = "POST /length HTTP/1.1\r\nhost: h\r\nx-half: ";
const HALF_A_BODY: &str = "POST /length HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\nhalf";

#[tokio::test]
async fn half_a_head_a_silent_connection_and_an_idle_one_do_not_keep_a_service_from_ending() {
    let served = served(100, 100).await;
    let _head = served.send(HALF_A_HEAD).await;
    let _silent = served.connect().await;
    let mut idle = served.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    let mut answer = vec![0; 1024];
    let read = idle.read(&mut answer).await.expect("answers");
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
    idle.write_all(HALF_A_HEAD.as_bytes()).await.expect("sends");
    served.until_metric("mimamori_gateway_connections_count 3").await;
    served.ends_within_a_second().await;
}

#[tokio::test]
async fn half_a_body_does_not_keep_a_service_from_ending() {
    let served = served(100, 100).await;
    let _body = served.send(HALF_A_BODY).await;
    served.until_metric("mimamori_gateway_connections_count 1").await;
    served.ends_within_a_second().await;
}

#[tokio::test]
async fn an_answer_that_nobody_reads_does_not_keep_a_service_from_ending() {
    let served = served(100, 100).await;
    let connection = served.send("GET /large HTTP/1.1\r\nhost: h\r\n\r\n").await;
    connection.readable().await.expect("the answer begins");
    served.ends_within_a_second().await;
}

#[tokio::test]
async fn what_is_honestly_in_work_is_finished_before_a_service_ends() {
    let served = served(100, 100).await;
    let mut sending = served.send(HALF_A_BODY).await;
    served.until_metric("mimamori_gateway_connections_count 1").await;
    served.shutdown.trigger();
    let mut piece = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..96 {
        piece.tick().await;
        sending.write_all(b"x").await.expect("who goes on sending is heard");
    }
    let mut answer = String::new();
    timeout(SOON, sending.read_to_string(&mut answer)).await.expect("in time").expect("text");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("100"), "{answer}");
    timeout(SOON, served.serving).await.expect("ends").expect("no panic").expect("no error");
}

#[tokio::test]
async fn three_hundred_half_heads_starve_nobody() {
    let served = served(40, 30).await;
    let mut heads = Vec::new();
    for _ in 0..300 {
        heads.push(served.send(HALF_A_HEAD).await);
    }
    for _ in 0..20 {
        let answer = served.page("/").await;
        assert!(answer.ends_with("hello"), "{answer}");
    }
    let first = &mut heads[0];
    let mut rest = Vec::new();
    let ended = timeout(SOON, first.read_to_end(&mut rest)).await.expect("the oldest gave way");
    assert!(ended.is_err() || rest.is_empty(), "it has no answer");
    served.ends_within_a_second().await;
}

#[tokio::test]
async fn a_peer_with_all_its_connections_in_work_gets_no_more() {
    let served = served(40, 5).await;
    let mut bodies = Vec::new();
    for _ in 0..5 {
        bodies.push(served.send(HALF_A_BODY).await);
    }
    let end = Instant::now() + SOON;
    // Until all five are in work, one of them gives way.
    while !served.has_counted(r#"mimamori_gateway_connections_ended_total{reason="peer_limit"}"#) {
        assert!(Instant::now() < end, "the peer has as many connections as it likes");
        // One whose head has not been read yet gives way to the next as well: both are given time.
        for text in ["", HALF_A_BODY] {
            let mut connection = served.send(text).await;
            let mut nothing = Vec::new();
            let _ = timeout(Duration::from_millis(50), connection.read_to_end(&mut nothing)).await;
            bodies.push(connection);
        }
    }
    served.ends_within_a_second().await;
}

/// A request in work for as long as its hundred bytes have not come: it was asked for them.
async fn in_work(served: &Served) -> TcpStream {
    let head =
        "POST /length HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n";
    let mut connection = served.send(head).await;
    let mut answer = vec![0; 1024];
    let read = timeout(SOON, connection.read(&mut answer)).await.expect("in time").expect("asks");
    assert!(answer[..read].starts_with(b"HTTP/1.1 100"));
    connection
}

#[tokio::test]
async fn who_has_to_wait_for_a_place_is_counted_once_and_served_in_the_end() {
    let served = served(1, 100).await;
    let mut working = in_work(&served).await;
    let request = "GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let mut waiting = served.send(request).await;
    let counted = r#"mimamori_gateway_connections_ended_total{reason="full"} 1"#;
    served.until_metric(counted).await;
    // It asks again several times.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(served.metric(counted));
    working.write_all(&[b'x'; 100]).await.expect("sends");
    let mut answer = String::new();
    timeout(SOON, waiting.read_to_string(&mut answer)).await.expect("in time").expect("text");
    assert!(answer.ends_with("hello"), "{answer}");
    assert!(served.metric(counted));
}

#[tokio::test]
async fn who_was_refused_and_sends_on_slowly_keeps_no_place_from_others() {
    let served = served(1, 100).await;
    let head = "POST /refused HTTP/1.1\r\nhost: h\r\ncontent-length: 10000\r\n\r\n";
    let mut refused = served.send(head).await;
    let sending_on = tokio::spawn(async move {
        let mut piece = tokio::time::interval(Duration::from_millis(50));
        while refused.write_all(b"x").await.is_ok() {
            piece.tick().await;
        }
    });
    // Until its head is read and refused; the rest would be read for 15 s.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = served.page("/").await;
    assert!(answer.ends_with("hello"), "{answer}");
    timeout(SOON, sending_on).await.expect("its connection has ended").expect("no panic");
}
