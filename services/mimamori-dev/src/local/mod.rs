//! Starting the real parts on this machine, for the demo and the tests: Apache Kafka, the ClickHouse
//! engine and the services, each a process of its own that ends with the one that started it.

mod clickhouse;
mod kafka;
mod process;

pub use clickhouse::Clickhouse;
pub use kafka::{Kafka, KafkaSpeed};
pub use process::{Process, ProcessError, free_port, wait_until};

use std::path::{Path, PathBuf};

/// One of the project's binaries in the folder that cargo builds into.
///
/// # Errors
/// When it is not there; the text says how to build it.
pub fn built(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let binary = folder.join(name);
    anyhow::ensure!(
        binary.is_file(),
        "{} is missing; build it with `cargo build -p {name}`, with --release where the other \
         binaries are release builds",
        binary.display()
    );
    Ok(binary)
}

/// Where the project's own files and what `make setup` fetched are.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout of a checkout.
    ///
    /// # Errors
    /// When the folder does not hold the project's files.
    pub fn of(root: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let root: PathBuf = root.into();
        let root = root.canonicalize().unwrap_or(root);
        anyhow::ensure!(
            root.join("deploy/local/kafka").is_dir(),
            "{} is not a checkout of Mimamori; run this in its folder or name it with --root",
            root.display()
        );
        Ok(Self { root })
    }

    /// A file or folder of the project.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// What was fetched or is made at run time.
    pub fn state(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(".local").join(relative)
    }
}
