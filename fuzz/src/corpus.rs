//! Inputs that are kept: `corpus/TARGET/NAME`.

use std::path::PathBuf;

/// The folder of all targets.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"))
}

/// The inputs that are kept for a target, with their names, in the order of these.
///
/// # Panics
/// When a file cannot be read.
pub fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder().join(target)) else { return Vec::new() };
    let mut inputs: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let entry = entry.expect("the corpus can be read");
            let bytes = std::fs::read(entry.path()).expect("the corpus can be read");
            (entry.file_name().to_string_lossy().into_owned(), bytes)
        })
        .collect();
    inputs.sort();
    inputs
}

/// Keeps an input under a name made of its bytes.
///
/// # Errors
/// When it cannot be written.
pub fn keep(target: &str, input: &[u8]) -> std::io::Result<PathBuf> {
    let folder = folder().join(target);
    std::fs::create_dir_all(&folder)?;
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let file = folder.join(format!("{hash:016x}"));
    std::fs::write(&file, input)?;
    Ok(file)
}
