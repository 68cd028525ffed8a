//! What the tests of one run share: a Kafka, a ClickHouse, a folder for their state, ports.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use mimamori_dev::local::{self, Clickhouse, Kafka, KafkaSpeed, Layout};

/// What is shared. Kafka and ClickHouse start with the first test that needs them.
pub struct Run {
    layout: Layout,
    mimamori: PathBuf,
    mimamori_dev: PathBuf,
    folder: PathBuf,
    kafka: Mutex<Option<Kafka>>,
    clickhouse: Mutex<Option<Clickhouse>>,
    runtime: tokio::runtime::Runtime,
}

static RUN: OnceLock<Run> = OnceLock::new();

/// The run.
///
/// # Panics
/// When a binary is not there.
pub fn run() -> &'static Run {
    RUN.get_or_init(Run::new)
}

/// Ends what the run has started. The state of a run that failed is kept, to be looked at.
pub fn end(passed: bool) {
    let Some(run) = RUN.get() else { return };
    if let Some(kafka) = lock(&run.kafka).take() {
        kafka.stop();
    }
    if let Some(clickhouse) = lock(&run.clickhouse).take() {
        clickhouse.stop();
    }
    if passed {
        let _ = std::fs::remove_dir_all(&run.folder);
    } else {
        let folder = run.folder.display();
        if crate::disk::was_any_mounted() {
            eprintln!("logs of this run are kept in {folder}; the data went with the small disks");
        } else {
            eprintln!("logs and data of this run are kept in {folder}");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run {
    fn new() -> Self {
        let layout = Layout::of(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
        let folder = layout.state(format!("test-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self {
            layout,
            mimamori: built("mimamori"),
            mimamori_dev: built("mimamori-dev"),
            folder,
            kafka: Mutex::default(),
            clickhouse: Mutex::default(),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    /// The project's files.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The binary under test: what production ships.
    pub fn mimamori(&self) -> &Path {
        &self.mimamori
    }

    /// The binary with the demo, the virtual patients and the engine.
    pub fn mimamori_dev(&self) -> &Path {
        &self.mimamori_dev
    }

    /// A folder of this run's, made.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// `host:port` of the Kafka that the tests share.
    pub fn kafka(&self) -> String {
        let mut shared = lock(&self.kafka);
        let kafka = shared.get_or_insert_with(|| self.kafka_in(&self.folder("kafka"), free_port()));
        kafka.bootstrap_servers()
    }

    /// URL of the ClickHouse that the tests share.
    pub fn clickhouse(&self) -> String {
        let mut shared = lock(&self.clickhouse);
        let start = || self.clickhouse_in(&self.folder("clickhouse"), free_port());
        shared.get_or_insert_with(start).url()
    }

    /// A Kafka with its data in a folder; its log is in this run's.
    pub fn kafka_in(&self, folder: &Path, port: u16) -> Kafka {
        let log = self.log_of(folder);
        Kafka::start(&self.layout, folder, port, KafkaSpeed::Start, &log)
            .unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// A ClickHouse with its data in a folder; its log is in this run's.
    pub fn clickhouse_in(&self, folder: &Path, port: u16) -> Clickhouse {
        let log = self.log_of(folder);
        Clickhouse::start(&self.layout, &self.mimamori_dev, &folder.join("data"), port, &log)
            .unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// A server's log, not among its data: a full disk must not swallow what it says about that.
    fn log_of(&self, folder: &Path) -> PathBuf {
        let name = folder.strip_prefix(&self.folder).unwrap_or(folder).display().to_string();
        self.folder.join(name.replace('/', "-")).with_extension("log")
    }

    /// Waits for something asynchronous.
    pub fn wait_for<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

/// One of the project's binaries, which `make test` builds before the tests.
///
/// # Panics
/// When it is not there.
pub fn built(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    // target/debug/deps/black_box-… stands beside target/debug/mimamori.
    let folder = this.parent().and_then(Path::parent).unwrap();
    local::built(folder, name).unwrap_or_else(|error| panic!("{error:#}"))
}

/// A port that nobody else gets in this run.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of so many ports in a row that nobody else gets in this run. Below those that the
/// system gives to clients, so that a service finds its port free again after a restart.
pub fn free_ports(count: u16) -> u16 {
    const FIRST: u16 = 18_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = (std::process::id() as u16).wrapping_mul(101) % COUNT;
    for _ in 0..COUNT {
        let port = FIRST + (own + NEXT.fetch_add(count, Ordering::Relaxed) % COUNT) % COUNT;
        if (port..port + count).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return port;
        }
    }
    panic!("no port is free between {FIRST} and {}", FIRST + COUNT);
}
