//! Reading a request body, within limits.

use std::io::{BufRead, BufReader, Read};

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::bufread::GzDecoder;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use crate::args::LimitArgs;
use crate::error_response::ErrorResponse;
use crate::exchange::is_padding;
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

impl Encoding {
    /// The encoding of a name in `Content-Encoding`; none where the gateway does not know it.
    pub fn named(name: &[u8]) -> Option<Self> {
        // RFC 9110 has two names for gzip.
        let names: [(&[u8], Self); 4] = [
            (b"identity", Self::Identity),
            (b"gzip", Self::Gzip),
            (b"x-gzip", Self::Gzip),
            (b"zstd", Self::Zstd),
        ];
        let known = names.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        known.map(|(_, encoding)| encoding)
    }
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
    let encoding = match headers.get(header::CONTENT_ENCODING) {
        None => Encoding::Identity,
        Some(name) => {
            Encoding::named(name.as_bytes()).ok_or_else(ErrorResponse::content_encoding)?
        }
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

/// A body as it was before it was compressed.
#[derive(Debug, PartialEq, Eq)]
pub struct Decompressed {
    /// The body.
    pub bytes: Vec<u8>,
    /// Whether behind what was compressed there was padding.
    pub is_padded: bool,
}

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
) -> Result<Decompressed, ErrorResponse> {
    if encoding == Encoding::Identity {
        if sent.len() > limit {
            return Err(ErrorResponse::body_too_large("decompressed_bytes", limit));
        }
        return Ok(Decompressed { bytes: sent, is_padded: false });
    }
    let of_sent = share.bytes();
    let mut rest = &sent[..];
    let mut bytes = Vec::new();
    let mut is_padded = false;
    // A body may have several members (gzip) or frames (Zstandard), and none but padding behind them.
    while !rest.is_empty() && !is_padded {
        if encoding == Encoding::Gzip {
            read_all(GzDecoder::new(&mut rest), &mut bytes, limit, share)?;
        } else {
            let decoder = zstd::Decoder::with_buffer(&mut rest).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(decoder.single_frame())
            });
            let decoder = decoder.map_err(|_| ErrorResponse::body_broken())?;
            read_all(decoder, &mut bytes, limit, share)?;
        }
        is_padded = !rest.is_empty() && rest.iter().all(|byte| is_filling(*byte));
    }
    drop(sent);
    share.give_back(of_sent);
    Ok(Decompressed { bytes, is_padded })
}

/// What programs fill blocks and end texts with.
fn is_filling(byte: u8) -> bool {
    matches!(byte, b' ' | b'\r' | b'\n') || is_padding(byte)
}

/// Appends to a body what a decoder gives.
fn read_all(
    decoder: impl Read,
    decompressed: &mut Vec<u8>,
    limit: usize,
    share: &mut Share,
) -> Result<(), ErrorResponse> {
    const STEP: usize = 64 * 1024;
    let mut decoder = BufReader::with_capacity(STEP, decoder);
    loop {
        let data = decoder.fill_buf().map_err(|_| ErrorResponse::body_broken())?;
        let read = data.len();
        if read == 0 {
            return Ok(());
        }
        if decompressed.len() + read > limit {
            return Err(ErrorResponse::body_too_large("decompressed_bytes", limit));
        }
        extend(decompressed, data, share)?;
        decoder.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::memory::Memory;

    const TEXT: &[u8] = b"{\"a\": 1}\n";

    fn compressed(encoding: Encoding) -> Vec<u8> {
        match encoding {
            Encoding::Gzip => {
                let to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                let mut encoder = to;
                encoder.write_all(TEXT).unwrap();
                encoder.finish().unwrap()
            }
            Encoding::Zstd => zstd::encode_all(TEXT, 1).unwrap(),
            Encoding::Identity => TEXT.to_vec(),
        }
    }

    fn read(encoding: Encoding, sent: Vec<u8>) -> Result<Decompressed, ErrorResponse> {
        let mut share = Memory::new(usize::MAX).share();
        let read = decompress(sent, encoding, 1000, &mut share);
        if let (Ok(read), false) = (&read, encoding == Encoding::Identity) {
            assert_eq!(share.bytes(), read.bytes.capacity(), "the share has what is returned");
        }
        read
    }

    #[test]
    fn padding_behind_what_was_compressed_is_ignored_and_reported() {
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            for (padding, is_padded) in [
                (&b""[..], false),
                (&[0; 512], true),
                (b"\r\n", true),
                (b"\x1a", true),
                (&[0xff; 512], true),
            ] {
                let sent = [&compressed(encoding), padding].concat();
                let read = read(encoding, sent).unwrap();
                assert_eq!(read, Decompressed { bytes: TEXT.to_vec(), is_padded }, "{padding:?}");
            }
        }
    }

    #[test]
    fn several_members_are_one_body_and_anything_else_behind_them_is_refused() {
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            let one = compressed(encoding);
            let two = read(encoding, [&one[..], &one, &[0; 3]].concat()).unwrap();
            assert_eq!(two, Decompressed { bytes: [TEXT, TEXT].concat(), is_padded: true });
            for bad in [&b"x"[..], b"\0x", &one[..one.len() - 1]] {
                assert!(read(encoding, [&one[..], bad].concat()).is_err(), "{bad:?}");
            }
            assert!(read(encoding, vec![0; 8]).is_err());
        }
    }

    /// Of a stream whose length is not known when its frame begins.
    fn with_window(window_log: u32) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(b"[").unwrap();
        encoder.flush().unwrap();
        encoder.write_all(b"]").unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_zstandard_window_of_more_than_8_mib_is_refused_before_it_is_allocated() {
        assert_eq!(read(Encoding::Zstd, with_window(23)).unwrap().bytes, b"[]");
        for window_log in [24, 27] {
            assert!(read(Encoding::Zstd, with_window(window_log)).is_err());
        }
    }
}
