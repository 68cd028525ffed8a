//! The stand-in in a process of its own, for one test.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

/// Longer than anything here takes, even on a busy machine.
pub const LONG: Duration = Duration::from_secs(60);

/// A running stand-in, killed when dropped.
pub struct Served {
    process: Child,
    pub url: String,
    /// The lines of its log; the channel closes when it ends.
    log: Mutex<mpsc::Receiver<String>>,
}

impl Served {
    /// Starts it on a free port and waits until it serves.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same, with further arguments.
    pub fn start_with(data: &Path, arguments: &[&str]) -> Self {
        match Self::try_start(data, arguments) {
            Ok(served) => served,
            Err(log) => panic!("the stand-in does not start: {log}"),
        }
    }

    /// The same, or what it says when it cannot start.
    pub fn try_start(data: &Path, arguments: &[&str]) -> Result<Self, String> {
        Self::try_start_as(data, "127.0.0.1:0", &library(), arguments)
    }

    /// The same, with everything chosen.
    pub fn try_start_as(
        data: &Path,
        listen: &str,
        library: &Path,
        arguments: &[&str],
    ) -> Result<Self, String> {
        let mut process = Command::new(program())
            .args(["--listen", listen, "--data"])
            .arg(data)
            .arg("--library")
            .arg(library)
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example 'serve' is built with the tests; run them without --test once");
        let stderr = process.stderr.take().expect("piped");
        let (sender, log) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut said = String::new();
        let deadline = Instant::now() + LONG;
        loop {
            match log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let event: Option<serde_json::Value> = serde_json::from_str(&line).ok();
                    let address = event.as_ref().and_then(|event| event["address"].as_str());
                    if let Some(address) = address {
                        let url = format!("http://{address}");
                        let log = Mutex::new(log);
                        return Ok(Self { process, url, log });
                    }
                    said.push_str(&line);
                    said.push('\n');
                }
                Err(_) => {
                    let _ = process.kill();
                    let _ = process.wait();
                    return Err(said);
                }
            }
        }
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.process.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(status) = self.process.try_wait().expect("waits") {
                return status;
            }
            assert!(Instant::now() < deadline, "the stand-in does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// SIGTERM, and its end, which has to be a clean one.
    pub fn stop(mut self) {
        self.signal("TERM");
        let status = self.wait();
        let log: Vec<String> = self.log.get_mut().expect("unpoisoned").try_iter().collect();
        assert!(status.success(), "{status}: {log:#?}");
    }

    /// POSTs a statement and gives the status, the exception's code and the text.
    pub fn post(&self, address: &str, body: impl Into<reqwest::blocking::Body>) -> Answer {
        let client = reqwest::blocking::Client::new();
        let url = format!("{}{address}", self.url);
        Answer::of(client.post(url).body(body).timeout(LONG).send().expect("answers"))
    }

    /// GETs an address.
    pub fn get(&self, address: &str) -> Answer {
        let client = reqwest::blocking::Client::new();
        let url = format!("{}{address}", self.url);
        Answer::of(client.get(url).timeout(LONG).send().expect("answers"))
    }

    /// The output of a statement that has to succeed, without the line end.
    pub fn query(&self, sql: &str) -> String {
        let answer = self.post("/", sql.to_owned());
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().trim_end().to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub code: Option<u32>,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    fn of(mut response: reqwest::blocking::Response) -> Self {
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let status = response.status().as_u16();
        response.read_to_end(&mut body).expect("a whole answer");
        let code = headers.get("x-clickhouse-exception-code");
        let code = code.and_then(|value| value.to_str().ok()?.parse().ok());
        Self { status, code, headers, body }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A folder that vanishes after the test.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let profile = test.ancestors().nth(2).expect("target/profile/deps/test");
    profile.join("examples").join("serve")
}

/// The engine that the tests use.
pub fn library() -> PathBuf {
    std::env::var_os("MIMAMORI_LIBCHDB").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/clickhouse/libchdb.so"),
        PathBuf::from,
    )
}
