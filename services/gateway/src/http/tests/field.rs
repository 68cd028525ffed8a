//! What senders really sent (`tests/field/`) is answered as the cases say.

use std::collections::HashMap;

use field_cases::case::{Case, Patient, Step};
use field_cases::judge;
use field_cases::sent::{Sent, rendered};
use jiff::tz::TimeZone;
use schemas::registry::Vendor;
use sha2::{Digest, Sha256};

use super::{LimitArgs, TOKEN, fixture_with, limits};
use crate::registry::Snapshot;

/// Whether the case's patients are registered and followed: others are warned of by lists that this
/// gateway does not keep.
fn are_registered(case: &Case) -> bool {
    let is_registered = |patient: &Patient| {
        patient.consortium_is_registered && patient.is_registered && !patient.followed_by.is_empty()
    };
    case.patients.values().all(is_registered)
}

#[tokio::test]
async fn every_case_from_the_field_is_answered_as_it_says() {
    let cases = field_cases::all().unwrap_or_else(|error| panic!("{error}"));
    let fixture = fixture_with(LimitArgs {
        body_bytes: 16 << 20,
        decompressed_bytes: 64 << 20,
        body_memory_bytes: 512 << 20,
        readings: 100_000,
        acknowledgement_deadline_ms: 5_000,
        ..limits()
    });
    let mut zones = HashMap::new();
    for (case, name) in cases.iter().flat_map(|case| case.patients.keys().map(move |it| (case, it)))
    {
        let zone = TimeZone::get(&case.patients[name].time_zone).ok();
        zones.insert(case.address(Some(name)).unwrap().consortium, zone);
    }
    let vendor = Vendor {
        vendor_id: "acme".to_owned(),
        name: "Acme".to_owned(),
        token_hashes: vec![chassis::hex(&Sha256::digest("acme-token"))],
        consortia: Vec::new(),
        every_consortium: true,
    };
    fixture.gateway.registry.replace(Snapshot::new([&vendor], zones));
    let now = jiff::Timestamp::from_millisecond(chassis::now_ms()).unwrap();
    let now = field_cases::time::present(now);
    let mut failures = Vec::new();
    for case in cases.iter().filter(|case| are_registered(case)) {
        for (place, step) in case.send.iter().enumerate() {
            let (Step::Http(http), Ok(Sent::Http(body))) = (step, rendered(case, step, now)) else {
                continue;
            };
            let mut headers = vec![("authorization", TOKEN)];
            headers.extend(http.encoding.as_deref().map(|encoding| ("content-encoding", encoding)));
            let answered = fixture.post(&headers, body).await;
            let of_step = judge::answer(&http.answer, answered.status.as_u16(), &answered.body);
            failures.extend(
                of_step.iter().map(|failure| format!("{}: send {place}: {failure}", case.file)),
            );
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
