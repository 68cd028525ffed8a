//! The engine beside a crate's tests: in a process of its own, which is the test program started
//! again with one test as its only one. It ends when its standard input does, so with the program
//! that started it, however that one ends.
//!
//! A crate has one test like this, and its other tests use the URL:
//!
//! ```no_run
//! # const THIS: &str = "engine_tests::the_engine_answers";
//! fn the_engine_answers() {
//!     if !local_clickhouse::beside::serve_if_asked("libchdb.so") {
//!         assert!(local_clickhouse::beside::answers(local_clickhouse::beside::url(THIS)));
//!     }
//! }
//! ```

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use chassis::DrainArgs;
use chassis::telemetry::TelemetryArgs;
use clap::Parser;

use crate::LocalClickhouseArgs;

const LISTEN: &str = "MIMAMORI_BESIDE_TESTS_LISTEN";
const DATA: &str = "MIMAMORI_BESIDE_TESTS_DATA";
const PATIENCE: Duration = Duration::from_secs(60);

struct Beside {
    url: String,
    /// Ends with its standard input, which this process holds.
    _process: Child,
}

/// The URL of the engine, started at the first call. `test` is the full name of the test that calls
/// [`serve_if_asked`].
///
/// # Panics
/// When the engine does not start: these are tests.
pub fn url(test: &str) -> &'static str {
    static BESIDE: OnceLock<Beside> = OnceLock::new();
    &BESIDE.get_or_init(|| start(test)).url
}

fn start(test: &str) -> Beside {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let address = free.expect("a free port");
    let data: PathBuf =
        std::env::temp_dir().join(format!("mimamori-engine-{}", std::process::id()));
    let process = Command::new(std::env::current_exe().expect("the test program's path"))
        .args(["--exact", test, "--nocapture"])
        .env(LISTEN, address.to_string())
        .env(DATA, data)
        .stdin(Stdio::piped())
        .spawn()
        .expect("the test program starts again");
    let begun = Instant::now();
    let url = format!("http://{address}");
    while !answers(&url) {
        assert!(begun.elapsed() < PATIENCE, "the engine does not start; run `make setup`");
        std::thread::sleep(Duration::from_millis(20));
    }
    Beside { url, _process: process }
}

/// Whether the engine at a URL answers a ping.
pub fn answers(url: &str) -> bool {
    let Some(address) = url.strip_prefix("http://").and_then(|a| a.parse::<SocketAddr>().ok())
    else {
        return false;
    };
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.write_all(b"GET /ping HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.ends_with("Ok.\n"))
}

/// Creates a database at the engine's URL, and in it what statements say.
///
/// # Panics
/// When the engine refuses one of them: these are tests.
pub fn create_database<'a>(url: &str, name: &str, statements: impl IntoIterator<Item = &'a str>) {
    execute(url, "/", &format!("CREATE DATABASE {name}"));
    let within = format!("/?database={name}");
    for statement in statements {
        execute(url, &within, statement);
    }
}

fn execute(url: &str, path: &str, statement: &str) {
    let address = url.strip_prefix("http://").expect("the engine's URL");
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        let length = statement.len();
        write!(connection, "POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n")?;
        connection.write_all(statement.as_bytes())?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().expect("the engine answers");
    assert_eq!(answer.split(' ').nth(1), Some("200"), "{statement}\n{answer}");
}

/// In the process that [`url`] started, serves until its standard input ends; elsewhere returns false
/// at once.
///
/// # Panics
/// When the engine cannot be served: these are tests.
pub fn serve_if_asked(library: impl AsRef<Path>) -> bool {
    let (Ok(listen), Ok(data)) = (std::env::var(LISTEN), std::env::var(DATA)) else {
        return false;
    };
    let folder = data.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = std::fs::remove_dir_all(folder);
        // Not an orderly end, which would wait for the engine's threads.
        std::process::abort();
    });
    let args = LocalClickhouseArgs {
        data: data.into(),
        listen: listen.parse().expect("an address"),
        library: library.as_ref().to_owned(),
        queries: 16,
        drain: DrainArgs { drain_deadline_seconds: 20 },
        telemetry: quiet(),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(crate::run(args)).expect("the engine serves");
    true
}

fn quiet() -> TelemetryArgs {
    #[derive(Parser)]
    struct Quiet {
        #[command(flatten)]
        telemetry: TelemetryArgs,
    }
    Quiet::parse_from(["engine", "--log=warn"]).telemetry
}
