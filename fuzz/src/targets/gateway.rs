//! What senders post, and the gateway's lists.

use std::io::Write;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use clinical::Timestamp;
use examples::{BAD_DOCUMENTS, ENVELOPE_TEXTS, GOOD_DOCUMENTS, RECEIVED, TOLERATED_DOCUMENTS};
use gateway::exchange::{Context, Limits, Unreadable, parse};
use gateway::{Encoding, MasterLists, Memory, TokenHash, bearer, decompress};
use jiff::tz::TimeZone;
use schemas::registry::{Consortium, Vendor};
use schemas::{Codec, Reading, Record};
use serde_json::Value;
use stream::record::Incoming;

use super::{field, plain, registry, samples};
use crate::json;
use crate::packed::{pack, unpack};
use crate::target::{Form, Target, kind, promise};

/// What documents are written with.
static NAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| ENVELOPE_TEXTS.iter().copied().chain(samples::declared()).collect());

/// The hash of the token of the vendor among the samples.
const TOKEN: TokenHash = [0x0a; 32];
/// What a body may be decompressed to here.
const MOST: usize = 1 << 20;

pub(super) fn targets() -> Vec<Target> {
    let good = GOOD_DOCUMENTS.iter().map(|(_, text)| text.as_bytes().to_vec());
    let bad = BAD_DOCUMENTS.iter().map(|document| document.text.as_bytes().to_vec());
    let tolerated = TOLERATED_DOCUMENTS.iter().map(|document| document.text.as_bytes().to_vec());
    let documents: Vec<Vec<u8>> = good.chain(bad).chain(tolerated).collect();
    let small: Vec<Vec<u8>> = documents.iter().take(4).cloned().collect();
    let bodies = ["identity", "gzip", "zstd"].iter().flat_map(|encoding| {
        small.iter().map(|document| pack([encoding.as_bytes(), &compressed(encoding, document)]))
    });
    let from_the_field = field::bodies().iter();
    let sent = from_the_field.clone().map(|body| pack([body.encoding.as_bytes(), &body.sent]));
    let bodies = bodies.chain(sent).collect();
    let read = from_the_field.filter_map(|body| body.text.clone());
    let documents = documents.into_iter().chain(read).collect();
    let encoder = plain().encoder::<Reading>("raw").expect("no registry");
    let decoder = plain().decoder::<Reading>();
    let checked = move |input: &[u8]| {
        document_read(input, &|reading| {
            let bytes = encoder.encode(reading).map_err(|error| error.to_string())?;
            let again = decoder.decode(&bytes).map_err(|error| error.to_string())?;
            promise(format!("{again:?}") == format!("{reading:?}"), || format!("{again:?}"))
        })
    };
    let tokens = ["Bearer abc", "bearer  x ", "Basic c2F0bzph", "Bearer"];
    let tokens = tokens.map(|token| token.as_bytes().to_vec()).into();
    vec![
        Target::new("gateway_document", Form::Json(&NAMES), documents, checked).often(5),
        Target::new("gateway_body", Form::Packed(2, &Form::Bytes), bodies, body_read).making(
            move |random| {
                let mut document = random.pick(&small).clone();
                let other = random.below(small.len());
                json::damage(&mut document, &small[other], &NAMES, random);
                if random.once_in(10) {
                    document = vec![b' '; random.below(3 * MOST)];
                }
                let encoding = random.pick(&["gzip", "x-gzip", "zstd", "identity"]);
                let mut body = compressed(encoding, &document);
                if random.once_in(4) {
                    let padding = *random.pick(&[&b"\0\0\0"[..], b"\r\n", b"\0x", b"\x1f"]);
                    body.extend_from_slice(padding);
                }
                Some(pack([encoding.as_bytes(), &body]))
            },
        ),
        Target::new("gateway_registry", Form::Packed(3, &Form::Bytes), entries(), lists_read()),
        Target::new("gateway_token", Form::Text(&["Bearer ", "Basic "]), tokens, |input| {
            let Ok(value) = HeaderValue::from_bytes(input) else {
                return Ok("no header".to_owned());
            };
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            Ok(format!("{:?}", bearer(&headers).err()))
        }),
    ]
}

fn compressed(encoding: &str, document: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" | "x-gzip" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(document).and_then(|()| encoder.finish()).expect("memory takes all")
        }
        "zstd" => zstd::encode_all(document, 1).expect("memory takes all"),
        _ => document.to_vec(),
    }
}

fn document_read(
    input: &[u8],
    travels: &dyn Fn(&Reading) -> Result<(), String>,
) -> Result<String, String> {
    let received = Timestamp::from_millis(RECEIVED);
    // Consortia in zones that move their clocks, by half an hour or a day too.
    let zone = |consortium: &str| {
        let name = match consortium.bytes().next() {
            Some(b'B') => "Europe/Berlin",
            Some(b'S') => "America/St_Johns",
            Some(b'A') => "Pacific/Apia",
            _ => "Asia/Tokyo",
        };
        TimeZone::get(name).expect("a zone of the database")
    };
    let limits = Limits { nesting: 16, readings: 200 };
    let mut share = Memory::new(usize::MAX).share();
    let context = Context { received, limits, zone: &zone, refused: &|_| None };
    let parsed = match parse(input, &context, &mut share) {
        Ok(parsed) => parsed,
        Err(Unreadable::Malformed { what, line, column, .. }) => {
            promise(line >= 1 && column >= 1, || format!("line {line}, column {column}"))?;
            return Ok(kind(&what));
        }
        Err(error) => return Ok(kind(&error)),
    };
    promise(parsed.entries.len() <= limits.readings, || "more readings than allowed".to_owned())?;
    let of_trees = share.bytes() - parsed.bytes();
    promise(of_trees <= 18 * input.len() + 2000, || format!("trees take {of_trees} bytes"))?;
    let documents: Vec<Value> =
        serde_json::Deserializer::from_slice(input).into_iter().map_while(Result::ok).collect();
    // A repeated name hides what a pointer points at.
    let is_plain = json::names(input) == documents.iter().map(json::members).sum::<usize>();
    let mut answer = std::collections::BTreeSet::new();
    for entry in parsed.entries {
        let known = documents.get(entry.document).filter(|_| is_plain);
        promise(known.is_none_or(|json| json.pointer(&entry.pointer).is_some()), || {
            format!("{} of document {} is nothing", entry.pointer, entry.document)
        })?;
        match entry.result {
            Ok(valid) => {
                let checked = valid.reading.validate(received);
                let id = checked.map(|reading| reading.id());
                promise(id.as_ref() == Ok(&valid.id), || format!("{id:?}, not {}", valid.id))?;
                travels(&valid.reading)?;
                answer.insert(format!("valid {}", valid.id.kind()));
            }
            Err(problems) => {
                promise(!problems.is_empty(), || "rejected for nothing".to_owned())?;
                answer.extend(problems.iter().map(|problem| format!("{:?}", problem.rule)));
            }
        }
    }
    Ok(answer.into_iter().collect::<Vec<_>>().join(" "))
}

fn body_read(input: &[u8]) -> Result<String, String> {
    let parts = unpack(input);
    let (Some(encoding), Some(body)) = (parts.first(), parts.get(1)) else {
        return Ok("no body".to_owned());
    };
    let encoding = Encoding::named(encoding).unwrap_or(Encoding::Identity);
    let memory = Memory::new(2 * MOST);
    let mut share = memory.share();
    let Ok(taken) = decompress(body.to_vec(), encoding, MOST, &mut share) else {
        return Ok(format!("{encoding:?}: broken or too long"));
    };
    let length = taken.bytes.len();
    promise(length <= MOST, || format!("{length} bytes were let in"))?;
    let is_charged = encoding == Encoding::Identity || share.bytes() == taken.bytes.capacity();
    promise(is_charged, || format!("{} bytes are charged for {length}", share.bytes()))?;
    drop(share);
    promise(memory.taken() == 0, || "memory is not given back".to_owned())?;
    Ok(format!("{encoding:?}: {:?}", length.checked_ilog2()))
}

fn encoded<T: Record>(codec: &Codec) -> Vec<u8> {
    let sample = samples::of(T::NAME).remove(0);
    let record = T::deserialize(&sample).expect("a good sample");
    codec.encoder("registry").expect("every schema is held").encode(&record).expect("it fits")
}

/// List, key and value of an entry, three parts each.
fn entries() -> Vec<Vec<u8>> {
    let codec = plain();
    let (vendor, consortium) = (encoded::<Vendor>(&codec), encoded::<Consortium>(&codec));
    let all: [[&[u8]; 3]; 5] = [
        [b"v", b"acme", &vendor],
        [b"c", b"CGM005", &consortium],
        [b"v", b"acme", b"garbage"],
        [b"v", b"acme", b""],
        [b"c", b"CGM005", b""],
    ];
    vec![pack(all[..2].concat()), pack(all.concat())]
}

fn lists_read() -> impl Fn(&[u8]) -> Result<String, String> {
    let codec = registry();
    move |input| {
        let mut lists = MasterLists::new(&codec, &chassis::Shutdown::new());
        for entry in unpack(input).chunks_exact(3).take(50) {
            let record = Incoming {
                topic: "registry".into(),
                partition: 0,
                offset: 0,
                timestamp_ms: 0,
                key: Some(entry[1].to_vec()),
                // An empty value stands for none here.
                payload: (!entry[2].is_empty()).then(|| entry[2].to_vec()),
            };
            if entry[0] == b"v" {
                lists.take_vendor(&record);
            } else {
                lists.take_consortium(&record);
            }
        }
        let snapshot = lists.snapshot();
        let _ = snapshot.zone("CGM005");
        let covers = snapshot.grant(&TOKEN).map(|grant| grant.covers("CGM005"));
        Ok(format!("{covers:?}, a zone: {}", snapshot.has_usable_zone("CGM005")))
    }
}
