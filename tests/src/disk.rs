//! Small disks that can be full, without harm to the machine's own.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

const IN_A_SPACE_OF_ITS_OWN: &str = "MIMAMORI_TESTS_MOUNT_NAMESPACE";

/// Gives this process mounts of its own, which end with it: begins the program anew where it has
/// none yet. To be called before anything else. Needs root, or a kernel with user namespaces; without
/// either there are no small disks.
pub fn with_mounts_of_its_own() {
    if std::env::var_os(IN_A_SPACE_OF_ITS_OWN).is_some() {
        return;
    }
    const WAYS: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let unshare = |way: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(way).args(["--propagation", "private", "--"]);
        command
    };
    let is_open = |way: &&&[&str]| {
        let tried = unshare(way).arg("true").output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    let Some(way) = WAYS.iter().find(is_open) else { return };
    let mut command = unshare(way);
    command.arg(std::env::current_exe().unwrap()).args(std::env::args_os().skip(1));
    let error = command.env(IN_A_SPACE_OF_ITS_OWN, "yes").exec();
    panic!("the program cannot be begun anew: {error}");
}

static MOUNTED: AtomicBool = AtomicBool::new(false);

/// Whether this process has kept data on small disks, which are gone with it.
pub fn was_any_mounted() -> bool {
    MOUNTED.load(Ordering::Relaxed)
}

/// A file system in memory, of a size.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one over a folder; none where the system does not allow it, or this process has no
    /// mounts of its own. See [`with_mounts_of_its_own`].
    pub fn mount(folder: &Path, megabytes: u32) -> Option<Self> {
        std::env::var_os(IN_A_SPACE_OF_ITS_OWN)?;
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder)
            .status();
        done.is_ok_and(|done| done.success()).then(|| {
            MOUNTED.store(true, Ordering::Relaxed);
            Self { folder: folder.to_owned() }
        })
    }

    /// Fills what is left of it, to the last byte.
    pub fn fill(&self) {
        let mut ballast =
            OpenOptions::new().create(true).append(true).open(self.ballast()).unwrap();
        // Smaller and smaller pieces: a write that does not fit writes nothing, or a part.
        for piece in [1 << 20, 1 << 12, 1] {
            while write(&mut ballast, piece) {}
        }
    }

    /// Gives back what [`Self::fill`] took.
    pub fn make_room(&self) {
        let _ = std::fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

fn write(file: &mut File, length: usize) -> bool {
    match file.write(&vec![0; length]) {
        Ok(written) => written == length,
        Err(error) if error.kind() == ErrorKind::StorageFull => false,
        Err(error) => panic!("the ballast cannot be written: {error}"),
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that was killed may still hold files.
        let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
    }
}
