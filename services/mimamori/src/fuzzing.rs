//! For the fuzzer: what reads foreign bytes here and is otherwise this crate's own business.

use schemas::{Codec, Reading, Record};

use crate::registry::Lists;
use crate::rejected;

/// The entries of a registry file, as they would be written; none when it is none.
///
/// # Errors
/// What an entry's schema cannot hold.
pub fn registry_entries(codec: &Codec, file: &[u8]) -> Option<Result<Vec<Vec<u8>>, String>> {
    fn encode<T: Record>(
        codec: &Codec,
        entries: &[T],
        to: &mut Vec<Vec<u8>>,
    ) -> Result<(), String> {
        let encoder = codec.encoder("registry").map_err(|error| error.to_string())?;
        for entry in entries {
            to.push(encoder.encode(entry).map_err(|error| error.to_string())?);
        }
        Ok(())
    }
    let lists: Lists = serde_json::from_slice(file).ok()?;
    let mut all = Vec::new();
    let encoded = encode(codec, &lists.consortia, &mut all)
        .and_then(|()| encode(codec, &lists.participants, &mut all))
        .and_then(|()| encode(codec, &lists.test_labs, &mut all))
        .and_then(|()| encode(codec, &lists.assays, &mut all))
        .and_then(|()| encode(codec, &lists.devices, &mut all))
        .and_then(|()| encode(codec, &lists.activity_aggregations, &mut all))
        .and_then(|()| encode(codec, &lists.vendors, &mut all))
        .and_then(|()| encode(codec, &lists.practitioners, &mut all))
        .and_then(|()| encode(codec, &lists.care_teams, &mut all));
    Some(encoded.map(|()| all))
}

/// A repaired reading, as `mimamori rejected replay --reading` takes it.
pub fn repaired_reading(json: &[u8]) -> Option<Reading> {
    rejected::repair::parse(json).ok()
}

/// The address of a rejected record, written again.
pub fn address(text: &str) -> Option<String> {
    text.parse::<rejected::address::Address>().ok().map(|address| address.to_string())
}

/// Whether a text is a time of a command line.
pub fn is_time(text: &str) -> bool {
    text.parse::<rejected::since::Since>().is_ok()
}
