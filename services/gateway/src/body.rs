//! Reading a request body, within limits.

use std::io::{BufRead, BufReader, Read};

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::bufread::MultiGzDecoder;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use crate::args::LimitArgs;
use crate::error_response::ErrorResponse;
use crate::memory::{NoRoom, Share};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// gzip, of one member or more.
    Gzip,
    /// Zstandard, of one frame or more.
    Zstd,
}

/// Appends to a body what its share has room for.
fn extend(body: &mut Vec<u8>, data: &[u8], share: &mut Share) -> Result<(), NoRoom> {
    share.reserve(body, data.len())?;
    body.extend_from_slice(data);
    Ok(())
}

/// How the body is compressed, and whether it may hold JSON. `curl --data-binary` calls everything
/// a form, and many devices call nothing anything; so only what is certainly something else is
/// refused.
pub(crate) fn check_headers(
    headers: &HeaderMap,
    limits: &LimitArgs,
) -> Result<Encoding, ErrorResponse> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes as u64) {
        return Err(ErrorResponse::body_too_large("body_bytes", limits.body_bytes));
    }
    let encoding = match headers.get(header::CONTENT_ENCODING).map(|encoding| encoding.as_bytes()) {
        None => Encoding::Identity,
        Some(name) if name.eq_ignore_ascii_case(b"identity") => Encoding::Identity,
        Some(name) if name.eq_ignore_ascii_case(b"gzip") => Encoding::Gzip,
        Some(name) if name.eq_ignore_ascii_case(b"zstd") => Encoding::Zstd,
        Some(_) => return Err(ErrorResponse::content_encoding()),
    };
    let Some(written) = headers.get(header::CONTENT_TYPE) else { return Ok(encoding) };
    let written = written.to_str().map_err(|_| ErrorResponse::media_type())?;
    let media_type = written.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/json"
        | "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/octet-stream"
        | "application/x-www-form-urlencoded"
        | "text/plain"
        | "text/json" => Ok(encoding),
        other if other.ends_with("+json") => Ok(encoding),
        _ => Err(ErrorResponse::media_type()),
    }
}

/// Reads a body as it is sent.
pub(crate) async fn read(
    mut body: Body,
    limits: &LimitArgs,
    share: &mut Share,
) -> Result<Vec<u8>, ErrorResponse> {
    let deadline = Instant::now() + limits.body_deadline();
    let mut received = Vec::new();
    loop {
        let frame = timeout_at(deadline, body.frame())
            .await
            .map_err(|_elapsed| ErrorResponse::body_too_slow(limits.body_deadline_seconds))?;
        let Some(frame) = frame else { return Ok(received) };
        let frame = frame.map_err(|_| ErrorResponse::body_broken())?;
        let Ok(data) = frame.into_data() else { continue };
        if received.len() + data.len() > limits.body_bytes {
            return Err(ErrorResponse::body_too_large("body_bytes", limits.body_bytes));
        }
        extend(&mut received, &data, share)?;
    }
}

/// The largest window of Zstandard over HTTP, as a power of two: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// Decompresses a body, to at most `limit` bytes. Blocks the thread for as long as that takes. The
/// share has the body as it was sent, and then the one that is returned.
///
/// # Errors
/// When it is broken or would be longer, or the share has no room for it.
pub fn decompress(
    sent: Vec<u8>,
    encoding: Encoding,
    limit: usize,
    share: &mut Share,
) -> Result<Vec<u8>, ErrorResponse> {
    let of_sent = share.bytes();
    let decompressed = match encoding {
        Encoding::Identity if sent.len() > limit => {
            return Err(ErrorResponse::body_too_large("decompressed_bytes", limit));
        }
        Encoding::Identity => return Ok(sent),
        Encoding::Gzip => read_all(MultiGzDecoder::new(&sent[..]), limit, share)?,
        Encoding::Zstd => {
            let decoder = zstd::Decoder::with_buffer(&sent[..]).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(decoder)
            });
            read_all(decoder.map_err(|_| ErrorResponse::body_broken())?, limit, share)?
        }
    };
    drop(sent);
    share.give_back(of_sent);
    Ok(decompressed)
}

fn read_all(decoder: impl Read, limit: usize, share: &mut Share) -> Result<Vec<u8>, ErrorResponse> {
    const STEP: usize = 64 * 1024;
    let mut decoder = BufReader::with_capacity(STEP, decoder);
    let mut decompressed = Vec::new();
    loop {
        let data = decoder.fill_buf().map_err(|_| ErrorResponse::body_broken())?;
        let read = data.len();
        if read == 0 {
            return Ok(decompressed);
        }
        if decompressed.len() + read > limit {
            return Err(ErrorResponse::body_too_large("decompressed_bytes", limit));
        }
        extend(&mut decompressed, data, share)?;
        decoder.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::memory::Memory;

    /// Of a stream whose length is not known when its frame begins.
    fn compressed(window_log: u32) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(b"[").unwrap();
        encoder.flush().unwrap();
        encoder.write_all(b"]").unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_zstandard_window_of_more_than_8_mib_is_refused_before_it_is_allocated() {
        let read = |window_log| {
            let mut share = Memory::new(1 << 20).share();
            decompress(compressed(window_log), Encoding::Zstd, 1024, &mut share)
        };
        assert_eq!(read(23).unwrap(), b"[]");
        assert!(read(24).is_err());
        assert!(read(27).is_err());
    }
}
