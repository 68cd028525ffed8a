//! Cases from the field: what senders really sent, and what must be seen of it and where. One file a
//! case, in `cases/`; `README.md` says how a report becomes one.
//!
//! Pure: [`case`] and [`seen`] are the form of a file, [`sent`] makes the bytes and readings that are sent at a
//! present that is given, [`judge`] holds what was seen to what the case expects. The black-box tests
//! send every case to a whole platform, and the fuzz targets begin with the bodies and readings.

pub mod case;
pub mod ids;
pub mod judge;
pub mod seen;
pub mod sent;
mod text;
pub mod time;

use std::path::PathBuf;

pub use case::Case;

/// Why a case cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("tests/field/cases/{file}: {what}")]
pub struct BadCase {
    /// Its file.
    pub file: String,
    /// What is wrong, and where.
    pub what: String,
}

/// The folder of the cases.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"))
}

/// Every case, in the order of the files' names.
///
/// # Errors
/// The first file that is no case.
pub fn all() -> Result<Vec<Case>, BadCase> {
    let bad = |file: &str, what: String| BadCase { file: file.to_owned(), what };
    let entries = std::fs::read_dir(folder()).map_err(|error| bad("", error.to_string()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let read = |(number, path): (usize, &PathBuf)| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(path).map_err(|error| bad(&file, error.to_string()))?;
        Case::parse(&file, number, &text)
    };
    files.iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests;
