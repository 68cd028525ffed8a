//! For the fuzzer: what reads foreign bytes here and is otherwise this crate's own business.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use schemas::Codec;
use stream::record::Incoming;
use tokio::sync::Semaphore;

use crate::body::{Encoding, Taken, decompress};
use crate::credentials::bearer;
use crate::registry::MasterLists;

/// A body decompressed as `gzip` or `zstd`, taken as it is otherwise; none when it is broken or has
/// more bytes than `most`.
pub fn decompressed(encoding: &str, sent: &[u8], most: usize) -> Option<Vec<u8>> {
    let encoding = match encoding {
        "gzip" => Encoding::Gzip,
        "zstd" => Encoding::Zstd,
        _ => Encoding::Identity,
    };
    let memory = Arc::new(Semaphore::new(2 * most));
    decompress(Taken::of(sent), encoding, most, &memory).ok().map(|taken| taken.bytes)
}

/// Whether an `Authorization` header holds a bearer token.
pub fn has_bearer_token(authorization: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(authorization) else { return false };
    bearer(&HeaderMap::from_iter([(header::AUTHORIZATION, value)])).is_ok()
}

/// Reads entries of `registry.vendors` (true) and `registry.consortia` (false), each with its key.
/// Returns how many tokens are known then, and whether the consortium asked for has a usable zone.
pub fn master_lists<'r>(
    codec: &Codec,
    entries: impl IntoIterator<Item = (bool, &'r [u8], Option<&'r [u8]>)>,
    consortium: &str,
) -> (usize, bool) {
    let mut lists = MasterLists::new(codec);
    for (is_vendor, key, payload) in entries {
        let record = Incoming {
            topic: "registry".into(),
            partition: 0,
            offset: 0,
            timestamp_ms: 0,
            key: Some(key.to_vec()),
            payload: payload.map(<[u8]>::to_vec),
        };
        if is_vendor {
            lists.take_vendor(&record);
        } else {
            lists.take_consortium(&record);
        }
    }
    let snapshot = lists.snapshot();
    let _ = snapshot.zone(consortium);
    (snapshot.tokens(), snapshot.has_usable_zone(consortium))
}
