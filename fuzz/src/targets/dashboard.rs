//! What browsers and scripts ask of the dashboard, and the alerts that are reported to it.

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::IntoResponse;
use clinical::Timestamp;
use dashboard::api::patients::ReadingsQuery;
use dashboard::basic;
use dashboard::model::session::Credentials;
use dashboard::model::{Alert, time};
use dashboard::open_alerts::OpenAlerts;
use dashboard::session::{Sealed, SessionKey};
use schemas::AlertEvent;
use schemas::registry::Role;
use serde_json::Value;

use super::{registry, samples};
use crate::target::{Form, Target, promise};

const QUERIES: &[&str] = &[
    "/api/v1/patients/CGM005/S001/readings?kind=blood_pressure&from=2026-11-22T07:31:00%2B09:00&to=2026-11-23T00:00:00Z&limit=100",
    "/api/v1/patients/CGM005%2FS001/readings?limit=50000",
    "/?from=2026-11-22T07:31:00 09:00",
    "/?limit=0&limit=1",
];

const WORDS: &[&str] = &[
    "&",
    "=",
    "%",
    "%00",
    "%ff",
    "+",
    "kind=",
    "from=",
    "to=",
    "limit=",
    "hba1c",
    "T24:00:00",
    "-271821-04-20T00:00:00Z",
    "+275760-09-13",
    "[Asia/Tokyo]",
    "W53",
    "Basic ",
    "mimamori_session=",
    "; ",
    "user",
    "password",
];

/// When cookies are opened.
const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

pub(super) fn targets() -> Vec<Target> {
    let text = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let basic = ["Basic c2F0bzphOmI=", "basic OnB3", "Basic ***", "Bearer abc", "Basic Og=="];
    let sign_ins = [r#"{"user": "dr.sato", "password": "桜"}"#, r#"{"user": 1}"#];
    let times = ["2026-11-22T07:31:00+09:00", "2026-11-22T07:31:00 09:00", "2026-11-22", "Z"];
    let alerts = samples::of("alert_event").into_iter().map(|event| event.to_string().into_bytes());
    vec![
        Target::new("dashboard_query", Form::Text(WORDS), text(QUERIES), |input| {
            let Ok(text) = std::str::from_utf8(input) else { return Ok("no text".to_owned()) };
            let Ok(address) = text.parse::<Uri>() else { return Ok("no address".to_owned()) };
            let query = Query::<ReadingsQuery>::try_from_uri(&address);
            Ok(query.map(|Query(query)| query.parse().is_ok()).is_ok_and(|asks| asks).to_string())
        })
        .often(2),
        Target::new("dashboard_time", Form::Text(WORDS), text(&times), |input| {
            let text = String::from_utf8_lossy(input);
            let Some(at) = time::parse(&text) else { return Ok("no time".to_owned()) };
            let again = time::parse(&time::Instant::utc(at).to_string());
            promise(again == Some(at), || format!("{text:?} is {at}, then {again:?}"))?;
            for offset in [-1080, -210, 540, 1080] {
                let _ = time::Instant::with_offset(at, offset).to_string();
            }
            Ok("a time".to_owned())
        }),
        cookie(),
        Target::new("dashboard_basic", Form::Text(WORDS), text(&basic), |input| {
            let Ok(value) = HeaderValue::from_bytes(input) else {
                return Ok("no header".to_owned());
            };
            Ok(basic::parse(&value).is_some().to_string())
        }),
        Target::new("dashboard_sign_in", Form::Json(WORDS), text(&sign_ins), |input| {
            Ok(serde_json::from_slice::<Credentials>(input).is_ok().to_string())
        }),
        Target::new("dashboard_alert", Form::Json(&samples::NAMES), alerts.collect(), alert()),
    ]
}

/// What a browser sends back that was given a session.
fn sealed_cookie(key: &SessionKey, user: &str, now: Timestamp) -> Vec<u8> {
    let sealed = Sealed::beginning(user, Role::Physician, [7; 8], now);
    let response = (key.seal(&sealed), "").into_response();
    let cookie = response.headers().get(header::SET_COOKIE).map_or(&b""[..], |it| it.as_bytes());
    cookie.split(|byte| *byte == b';').next().unwrap_or_default().to_vec()
}

fn cookie() -> Target {
    let key = |digit: &str| SessionKey::parse(&digit.repeat(128)).expect("a key");
    let ours = key("a");
    let users = ["dr.sato", "佐藤"];
    let [sato, other] = users.map(|user| sealed_cookie(&ours, user, NOW));
    let theirs = sealed_cookie(&key("b"), "dr.ito", NOW);
    let by_hand = br#"mimamori_session={"user":"dr.sato"}"#.to_vec();
    let seeds = vec![sato, other, theirs, by_hand];
    Target::new("dashboard_cookie", Form::Text(WORDS), seeds, move |input| {
        let Ok(value) = HeaderValue::from_bytes(input) else { return Ok("no header".to_owned()) };
        let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
        let Some(sealed) = ours.open(&headers, NOW) else { return Ok("no session".to_owned()) };
        let user = sealed.user;
        // Only what was sealed opens, whatever stands beside it and however it is written.
        promise(users.contains(&user.as_str()), || format!("nobody sealed a session of {user}"))?;
        Ok("a session".to_owned())
    })
}

fn alert() -> impl Fn(&[u8]) -> Result<String, String> {
    let codec = registry();
    let (encoder, decoder) =
        (codec.encoder::<AlertEvent>("alerts").expect("held"), codec.decoder::<AlertEvent>());
    move |input| {
        let Ok(event) = serde_json::from_slice::<AlertEvent>(input) else {
            return Ok("no event".to_owned());
        };
        let bytes = encoder.encode(&event).map_err(|error| error.to_string())?;
        let event = decoder.decode(&bytes).map_err(|error| error.to_string())?;
        let understood = clinical::alert::Alert::try_from(&event);
        if let Ok(alert) = &understood {
            let again = clinical::alert::Alert::try_from(&AlertEvent::from(alert));
            let same = again.as_ref().map(|again| format!("{again:?}"));
            promise(same == Ok(format!("{alert:?}")), || format!("{alert:?} becomes {again:?}"))?;
        }
        let understood = understood.is_ok();
        let Ok(alert) = Alert::try_from(event) else { return Ok("not understood".to_owned()) };
        OpenAlerts::default().apply(alert.clone());
        let shown = serde_json::to_string(&alert).map_err(|error| error.to_string())?;
        let json: Result<Value, _> = serde_json::from_str(&shown);
        promise(json.is_ok(), || format!("{shown} is no JSON"))?;
        Ok(format!("shown, {understood}"))
    }
}
