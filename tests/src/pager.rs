//! A paging service: it takes webhooks, or does not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::stack::WEBHOOK_SECRET;

/// What it does with a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Takes it.
    Takes,
    /// Says no.
    Refuses,
    /// Never answers.
    Hangs,
}

/// A webhook that came, whatever was answered.
#[derive(Debug, Clone)]
pub struct Called {
    pub path: String,
    pub key: String,
    pub body: Value,
}

/// A paging service.
#[derive(Clone)]
pub struct Pager {
    port: u16,
    state: Arc<Mutex<(Answers, Vec<Called>)>>,
}

impl Pager {
    /// Listens on a port of its own, and answers as it is asked to.
    pub fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let pager = Self { port, state: Arc::new(Mutex::new((answers, Vec::new()))) };
        let taking = pager.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taking = taking.clone();
                // Who is killed in the middle of a request has not called.
                std::thread::spawn(move || taking.take(stream));
            }
        });
        pager
    }

    /// The address of a webhook.
    pub fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// From now on.
    pub fn answer(&self, answers: Answers) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = answers;
    }

    /// What came, the oldest first.
    pub fn calls(&self) -> Vec<Called> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    fn take(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let header = |name: &str| {
            let of = head.iter().filter_map(|line| line.split_once(": "));
            of.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
        };
        let mut body = vec![0; header("content-length")?.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
        mac.update(format!("{}.", header("mimamori-timestamp")?).as_bytes());
        mac.update(&body);
        let signed = format!("v1={}", chassis::hex(&mac.finalize().into_bytes()));
        let called = Called {
            path: head[0].split(' ').nth(1)?.to_owned(),
            key: header("idempotency-key")?.to_owned(),
            body: serde_json::from_slice(&body).ok()?,
        };
        let answers = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            // What is not signed by the notifier is nobody's.
            if header("mimamori-signature") == Some(&signed) {
                state.1.push(called);
            }
            state.0
        };
        let answer = match answers {
            Answers::Takes => "204 No Content",
            Answers::Refuses => "503 Service Unavailable",
            Answers::Hangs => {
                // Until the caller gives up.
                stream.set_read_timeout(Some(Duration::from_secs(600))).ok()?;
                let _ = reader.read(&mut [0]);
                return None;
            }
        };
        write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()
    }
}
