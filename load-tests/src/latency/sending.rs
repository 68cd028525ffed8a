//! The open loop: documents go out when they are due, whatever became of those before them. When
//! every connection waits for an answer, a document waits too, and that counts, because its time is
//! taken from when it was due.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::schedule::Schedule;

/// Connections to the gateway: half of the requests that it takes at a time.
const CONNECTIONS: usize = 32;

/// What became of a document.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// Which document of the schedule.
    pub document: usize,
    /// When its answer was there.
    pub at: Instant,
    /// The answer's status.
    pub status: u16,
}

/// Sends a schedule from `begun` on; returns the answers in any order.
///
/// # Errors
/// When a connection breaks: then nothing can be said about what was measured.
pub async fn send(
    gateway: SocketAddr,
    token: &str,
    schedule: &Arc<Schedule>,
    begun: Instant,
) -> anyhow::Result<Vec<Answered>> {
    let head = format!(
        "POST /v1/readings HTTP/1.1\r\nhost: {gateway}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: "
    );
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(gateway, &head).await?;
        let (next, schedule) = (next.clone(), schedule.clone());
        connections.spawn(async move {
            let mut answered = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(document) = schedule.documents.get(number) else { break Ok(answered) };
                tokio::time::sleep_until((begun + document.due).into()).await;
                match connection.post(&document.text).await {
                    Ok(status) => {
                        answered.push(Answered { document: number, at: Instant::now(), status });
                    }
                    Err(error) => break Err(error),
                }
            }
        });
    }
    let mut answered = Vec::with_capacity(schedule.documents.len());
    while let Some(done) = connections.join_next().await {
        answered.extend(done??);
    }
    Ok(answered)
}

/// A connection that is kept. A client library would cost the machine as much as the gateway does.
struct Connection {
    stream: TcpStream,
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(gateway: SocketAddr, head: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(gateway).await.context("the gateway is not reached")?;
        stream.set_nodelay(true)?;
        let (request, answer) = (Vec::new(), Vec::new());
        Ok(Self { stream, head: head.to_owned(), request, answer })
    }

    /// Sends a document and reads the whole answer.
    async fn post(&mut self, document: &str) -> anyhow::Result<u16> {
        self.request.clear();
        self.request.extend_from_slice(self.head.as_bytes());
        self.request.extend_from_slice(document.len().to_string().as_bytes());
        self.request.extend_from_slice(b"\r\n\r\n");
        self.request.extend_from_slice(document.as_bytes());
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            anyhow::ensure!(read > 0, "the gateway has closed a connection");
            if let Some(status) = whole(&self.answer)? {
                return Ok(status);
            }
        }
    }
}

/// The status of an answer that is there to its end; none as long as something is missing.
fn whole(answer: &[u8]) -> anyhow::Result<Option<u16>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..end]).context("an answer's head is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let (Some(status), Some(length)) = (status, length) else {
        anyhow::bail!("an answer without status or content-length: {head}");
    };
    Ok((answer.len() >= end + 4 + length).then_some(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is_there() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello";
        for length in 0..answer.len() {
            assert_eq!(whole(&answer[..length]).unwrap(), None);
        }
        assert_eq!(whole(answer).unwrap(), Some(202));
        assert!(whole(b"HTTP/1.1 202 Accepted\r\n\r\n").is_err());
    }
}
