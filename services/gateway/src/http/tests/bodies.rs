//! Bodies: how they are compressed, how large they may be, and what is read of them.

use std::io::Write;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;

use super::{TOKEN, bad, fixture, good, problem, zstd};

#[tokio::test]
async fn compressed_bodies_are_taken_whole_or_not_at_all() {
    let fixture = fixture();
    let text = good("two_documents.ndjson");
    for name in ["gzip", "zstd"] {
        let compress = |text: &str| if name == "gzip" { gzip(text) } else { zstd(text) };
        let headers = [("authorization", TOKEN), ("content-encoding", name)];
        let answered = fixture.post(&headers, compress(text)).await;
        assert_eq!(answered.status, StatusCode::ACCEPTED, "{name}: {}", answered.body);
        assert_eq!(answered.body["accepted"], 2, "{name}");

        let joined = [compress(text), compress(text)].concat();
        assert_eq!(fixture.post(&headers, joined).await.body["accepted"], 4, "{name}");

        let mut cut = compress(text);
        cut.truncate(cut.len() / 2);
        assert_eq!(problem(&fixture.post(&headers, cut).await), "broken-body", "{name}");
        let followed = [compress(text), text.as_bytes().to_vec()].concat();
        assert_eq!(problem(&fixture.post(&headers, followed).await), "broken-body", "{name}");
        assert_eq!(problem(&fixture.post(&headers, text).await), "broken-body", "{name}");

        let bomb = compress(&" ".repeat(1024 * 1024));
        assert!(bomb.len() < 16 * 1024);
        let answered = fixture.post(&headers, bomb).await;
        assert_eq!(answered.status, StatusCode::PAYLOAD_TOO_LARGE, "{name}");
        assert_eq!(answered.body["limit"], "decompressed_bytes", "{name}");
    }
    assert_eq!(fixture.gateway.memory.taken(), 0, "memory is given back");
}

#[tokio::test]
async fn every_limit_is_named_by_the_answer_that_it_causes() {
    let fixture = fixture();
    let announced = fixture.post_with_token(" ".repeat(16 * 1024 + 1)).await;
    let chunks = (0..3).map(|_| Ok::<_, std::io::Error>(Bytes::from(" ".repeat(8 * 1024))));
    let streamed = Body::from_stream(futures_util::stream::iter(chunks));
    let streamed = fixture.post_with_token(streamed).await;
    for answered in [announced, streamed] {
        assert_eq!(answered.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answered.body["limit"], "body_bytes");
        assert_eq!(answered.body["maximum"], 16 * 1024);
    }
    let readings = r#"{"person_information":[{"healthcare_information":{"activity":[RECORDS]}}]}"#
        .replace("RECORDS", &vec!["1"; 51].join(","));
    let answered = fixture.post_with_token(readings).await;
    assert_eq!(answered.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answered.body["limit"], "readings");
    let answered = fixture.post_with_token(bad("nested_too_deep")).await;
    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    assert_eq!(answered.body["limit"], "nesting");
}

#[tokio::test]
async fn what_is_no_json_is_answered_with_its_line_and_column() {
    let fixture = fixture();
    let answered = fixture.post_with_token("\n{\"a\" 1}".to_owned()).await;
    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    assert_eq!(problem(&answered), "malformed-json");
    assert_eq!(answered.body["line"], 2);
    assert_eq!(answered.body["column"], 6);
    assert_eq!(answered.body["document"], 0);
    assert!(fixture.kafka.readings().is_empty());
}

#[tokio::test]
async fn what_is_no_json_among_documents_is_named_and_costs_none_of_them() {
    let fixture = fixture();
    let body = format!("{}{{\"a\" 1}}", good("activity.json"));
    let answered = fixture.post_with_token(body).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED);
    let line = good("activity.json").lines().count() + 1;
    let last = answered.body["readings"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["document"], &last["status"]), (&1.into(), &"rejected".into()));
    let message = last["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("line {line}, column 6: ")), "{message}");
    assert_eq!(answered.body["rejected"], 1);
    assert_eq!(answered.body["accepted"], fixture.kafka.readings().len());
}

#[tokio::test]
async fn padding_behind_a_compressed_body_is_reported() {
    let fixture = fixture();
    let headers = [("authorization", TOKEN), ("content-encoding", "gzip")];
    let body = [gzip(good("activity.json")), vec![0; 512]].concat();
    let answered = fixture.post(&headers, body).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED);
    assert_eq!(answered.body["warnings"][0]["rule"], "trailing_bytes");
}

#[tokio::test]
async fn any_content_type_that_devices_send_is_understood_and_others_are_named() {
    let fixture = fixture();
    for media_type in [
        "application/json; charset=utf-8",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
    ] {
        let headers = [("authorization", TOKEN), ("content-type", media_type)];
        let answered = fixture.post(&headers, good("two_documents.ndjson")).await;
        assert_eq!(answered.status, StatusCode::ACCEPTED, "{media_type}");
    }
    for (header, value, code) in [
        ("content-type", "application/xml", "media-type"),
        ("content-encoding", "br", "content-encoding"),
    ] {
        let headers = [("authorization", TOKEN), (header, value)];
        let answered = fixture.post(&headers, good("activity.json")).await;
        assert_eq!(answered.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(problem(&answered), code);
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}
