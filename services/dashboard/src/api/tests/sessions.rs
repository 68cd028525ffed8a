//! Sessions: one page, one session; and what has ended has ended everywhere.

use axum::http::HeaderMap;
use schemas::registry::Role;

use super::*;
use crate::ended_sessions::tests::MemorySessionEnds;
use crate::registry::tests::team;
use crate::session::SESSION as HEADER;

/// Two instances behind one address, and the topic between them.
fn instances() -> ([Api; 2], Arc<MemorySessionEnds>) {
    let ends = Arc::default();
    (instances_of(|| testing::instance(&ends)), ends)
}

/// Two of what is made.
pub(super) fn instances_of(
    instance: impl Fn() -> (Arc<Dashboard>, Arc<MemoryAuditLog>),
) -> [Api; 2] {
    [(), ()].map(|()| {
        let (dashboard, audit) = instance();
        Api::of(dashboard, audit)
    })
}

/// What a browser holds.
#[derive(Clone)]
struct Browser {
    cookie: String,
    /// The session that its page belongs to.
    session: String,
}

impl Api {
    async fn browser_of(&self, user: &str) -> Browser {
        let response = self.sign_in(user, &format!("{user}-pass")).await;
        assert_eq!(response.status(), 200);
        browser(response).await
    }

    async fn ask(&self, browser: &Browser, method: &str, path: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, &browser.cookie)
            .header(HEADER, &browser.session);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn status(&self, browser: &Browser, path: &str) -> u16 {
        self.ask(browser, "GET", path).await.status().as_u16()
    }

    /// A stream whose snapshot has come.
    async fn stream(&self, browser: &Browser) -> Body {
        let response = self.ask(browser, "GET", "/api/v1/alerts/stream").await;
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        assert!(next(&mut body).await.unwrap().starts_with("event: snapshot"));
        body
    }
}

async fn browser(signed_in: Response) -> Browser {
    let cookie = signed_in.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let named = signed_in.headers()[HEADER].to_str().unwrap().to_owned();
    let session = json_of(signed_in).await["id"].as_str().unwrap().to_owned();
    assert_eq!(session, named);
    Browser { cookie, session }
}

pub(super) async fn next(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?.unwrap().into_data().unwrap();
    Some(String::from_utf8(frame.to_vec()).unwrap())
}

async fn kind_of(response: Response) -> String {
    json_of(response).await["type"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_signed_out_cookie_lets_nobody_in_and_its_streams_end_on_every_instance() {
    let ([here, there], _) = instances();
    let sato = here.browser_of("dr.sato").await;
    let other_browser = there.browser_of("dr.sato").await;
    let (mut stream_here, mut stream_there) = (here.stream(&sato).await, there.stream(&sato).await);

    let ended = here.ask(&sato, "DELETE", SESSION).await;
    assert_eq!(ended.status(), 204);
    assert!(ended.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    for stream in [&mut stream_here, &mut stream_there] {
        assert_eq!(next(stream).await.unwrap(), "event: ended\ndata: {}\n\n");
        assert_eq!(next(stream).await, None);
    }
    for instance in [&here, &there] {
        for path in paths_of_patients().into_iter().chain([SESSION.to_owned()]) {
            assert_eq!(instance.status(&sato, &path).await, 401, "{path}");
        }
        assert_eq!(instance.status(&other_browser, SESSION).await, 200, "a session of its own");
        assert_eq!(instance.ask(&sato, "DELETE", SESSION).await.status(), 204, "once more");
    }
    let signed_out = here.audit.said().into_iter().filter(|(action, ..)| action == "sign_out");
    assert_eq!(signed_out.count(), 1);
}

#[tokio::test]
async fn a_sign_out_that_cannot_be_made_known_is_none() {
    let ([here, there], ends) = instances();
    let sato = here.browser_of("dr.sato").await;
    ends.broken.store(true, Ordering::Relaxed);
    let refused = here.ask(&sato, "DELETE", SESSION).await;
    assert_eq!(refused.status(), 503);
    assert!(!refused.headers().contains_key(header::SET_COOKIE));
    assert_eq!(kind_of(refused).await, "urn:mimamori:problem:session-not-ended");
    assert_eq!(there.status(&sato, SESSION).await, 200);
    ends.broken.store(false, Ordering::Relaxed);
    assert_eq!(here.ask(&sato, "DELETE", SESSION).await.status(), 204);
    assert_eq!(there.status(&sato, SESSION).await, 401);
}

#[tokio::test]
async fn a_page_never_gets_what_the_next_person_of_its_browser_may_see() {
    let ([here, there], _) = instances();
    let sato = here.browser_of("dr.sato").await;
    let mut stream = there.stream(&sato).await;
    // Another tab of the browser: the cookie goes along, and is replaced.
    let body = json!({ "user": "dr.ito", "password": "dr.ito-pass" }).to_string();
    let request = Request::post(SESSION)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, &sato.cookie)
        .body(body.into())
        .unwrap();
    let ito = browser(here.send(request).await).await;
    assert_eq!(next(&mut stream).await.unwrap(), "event: ended\ndata: {}\n\n");

    let old_page = Browser { session: sato.session.clone(), ..ito.clone() };
    for path in paths_of_patients().into_iter().chain([SESSION.to_owned()]) {
        let refused = here.ask(&old_page, "GET", &path).await;
        assert_eq!(refused.status(), 401, "{path}");
        assert_eq!(refused.headers()[HEADER].to_str().unwrap(), ito.session);
        assert_eq!(kind_of(refused).await, "urn:mimamori:problem:other-session");
    }
    assert_eq!(here.ask(&old_page, "DELETE", SESSION).await.status(), 401);
    let listed = here.ask(&ito, "GET", "/api/v1/patients").await;
    assert_eq!(listed.headers()[HEADER].to_str().unwrap(), ito.session);
    assert_eq!(json_of(listed).await["patients"][0]["patient"], "B/1");
    assert!(here.audit.listed().iter().all(|(_, patients)| patients == &["B/1"]));
    assert_eq!(there.status(&sato, SESSION).await, 401, "a copy of the former cookie");
}

#[tokio::test]
async fn a_session_ends_with_the_person_s_place_on_the_list_and_with_another_role() {
    let ([api, _], _) = instances();
    let sato = api.browser_of("dr.sato").await;
    for role in [None, Some(Role::Operator)] {
        let mut stream = api.stream(&sato).await;
        api.dashboard.registry.apply(practitioner("dr.sato", role));
        assert_eq!(next(&mut stream).await.unwrap(), "event: ended\ndata: {}\n\n");
        assert_eq!(next(&mut stream).await, None);
        assert_eq!(api.status(&sato, SESSION).await, 401);
        api.dashboard.registry.apply(practitioner("dr.sato", Some(Role::Physician)));
    }
}

#[tokio::test]
async fn before_the_ended_sessions_are_read_nobody_is_let_in() {
    let ends = Arc::default();
    let (running, audit) = testing::instance(&ends);
    let running = Api::of(running, audit);
    let sato = running.browser_of("dr.sato").await;
    let (starting, audit) = testing::empty_dashboard();
    for change in ["dr.sato", "dr.ito"] {
        starting.registry.apply(practitioner(change, Some(Role::Physician)));
    }
    starting.registry.caught_up();
    starting.alerts.caught_up();
    let starting = Api::of(starting, audit);
    assert_eq!(starting.status(&sato, "/api/v1/patients").await, 503);
    assert_eq!(starting.status(&sato, SESSION).await, 503);
    // What was there at the start: the session has ended meanwhile.
    let times = (now(), now() + crate::session::LIFETIME);
    starting.dashboard.ended.apply(sato.session.clone(), times, now());
    starting.dashboard.ended.caught_up();
    assert_eq!(starting.status(&sato, "/api/v1/patients").await, 401);
    assert_eq!(running.status(&sato, SESSION).await, 200);
}

#[tokio::test]
async fn a_list_is_recorded_once_a_session_and_change_and_says_whose_data_it_showed() {
    let ([api, _], _) = instances();
    let sato = api.browser_of("dr.sato").await;
    let list = async || assert_eq!(api.status(&sato, "/api/v1/patients").await, 200);
    let lists = || {
        let all = api.audit.listed().into_iter();
        all.filter(|(action, _)| action == "list_patients").map(|(_, patients)| patients)
    };
    for _ in 0..3 {
        list().await;
    }
    assert_eq!(lists().collect::<Vec<_>>(), [["A/1", "A/2"]]);
    assert_eq!(api.status(&sato, "/api/v1/alerts").await, 200);
    assert_eq!(api.audit.listed().len(), 2, "another list");
    assert_eq!(api.audit.sets.lock().unwrap().len(), 1, "of the same patients");

    api.dashboard.registry.apply(team("A/3", &["dr.sato"]));
    list().await;
    api.dashboard.registry.apply(team("A/3", &[]));
    list().await;
    list().await;
    let shown: Vec<Vec<String>> = lists().collect();
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[1], ["A/1", "A/2", "A/3"]);
    assert_eq!(shown[2], shown[0]);
    assert_eq!(api.audit.sets.lock().unwrap().len(), 2, "each set is stored once");

    let again = api.browser_of("dr.sato").await;
    assert_eq!(api.status(&again, "/api/v1/patients").await, 200);
    assert_eq!(lists().count(), 4, "another session");
    let events = api.audit.events.lock().unwrap();
    let listing = events.iter().filter(|event| event.action == "list_patients");
    let sessions: Vec<_> = listing.map(|event| event.session.clone().unwrap()).collect();
    assert_eq!(sessions[..3], [&*sato.session; 3]);
    assert_eq!(sessions[3], again.session);
}

#[tokio::test]
async fn a_list_that_has_changed_and_changed_back_is_recorded_though_another_instance_showed_it() {
    let (ends, audit) = (Arc::default(), Arc::default());
    let instance = || Api::of(testing::instance_with(&ends, &audit), Arc::clone(&audit));
    let (here, there) = (instance(), instance());
    let sato = here.browser_of("dr.sato").await;
    let list = async |api: &Api| assert_eq!(api.status(&sato, "/api/v1/patients").await, 200);
    let change = |practitioners: &[&str]| {
        for api in [&here, &there] {
            api.dashboard.registry.apply(team("A/3", practitioners));
        }
    };
    list(&here).await;
    change(&["dr.sato"]);
    list(&there).await;
    change(&[]);
    list(&here).await;
    list(&here).await;
    let shown: Vec<usize> = audit.listed().iter().map(|(_, patients)| patients.len()).collect();
    assert_eq!(shown, [2, 3, 2]);
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_is_not_shown() {
    let ([api, _], _) = instances();
    let sato = api.browser_of("dr.sato").await;
    assert_eq!(api.status(&sato, "/api/v1/patients").await, 200);
    api.audit.broken.store(true, Ordering::Relaxed);
    assert_eq!(api.status(&sato, "/api/v1/patients").await, 200, "on record already");
    api.dashboard.registry.apply(team("A/3", &["dr.sato"]));
    assert_eq!(api.status(&sato, "/api/v1/patients").await, 503);
    assert_eq!(api.status(&sato, "/api/v1/alerts").await, 503);
    api.audit.broken.store(false, Ordering::Relaxed);
    assert_eq!(api.status(&sato, "/api/v1/patients").await, 200);
    assert_eq!(api.audit.listed().last().unwrap().1, ["A/1", "A/2", "A/3"]);
}

#[tokio::test]
async fn a_sign_in_without_tls_is_refused_and_one_on_the_machine_itself_is_not() {
    let api = api();
    let sign_in = async |headers: &[(&'static str, &'static str)]| {
        let body = json!({ "user": "dr.sato", "password": "dr.sato-pass" }).to_string();
        let mut request = Request::post(SESSION).body(Body::from(body)).unwrap();
        let headers = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
        });
        request.headers_mut().extend(HeaderMap::from_iter(headers));
        let json = header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        api.send(request).await
    };
    let refused: [&[_]; 4] = [
        &[("origin", "http://dashboard.example:8090"), ("host", "dashboard.example:8090")],
        &[("origin", "http://192.0.2.7"), ("host", "192.0.2.7")],
        &[("x-forwarded-proto", "http"), ("host", "dashboard.example")],
        &[("x-forwarded-proto", "http, https"), ("host", "dashboard.example")],
    ];
    for headers in refused {
        let response = sign_in(headers).await;
        assert_eq!(response.status(), 403, "{headers:?}");
        assert!(!response.headers().contains_key(header::SET_COOKIE));
        assert_eq!(kind_of(response).await, "urn:mimamori:problem:tls-missing");
    }
    let taken: [&[_]; 8] = [
        &[],
        &[("origin", "https://dashboard.example"), ("host", "dashboard.example")],
        &[
            ("origin", "https://dashboard.example"),
            ("host", "dashboard.example"),
            ("x-forwarded-proto", "http"),
        ],
        &[("origin", "http://localhost:8090"), ("host", "localhost:8090")],
        &[("origin", "http://127.0.0.1:8090"), ("host", "127.0.0.1:8090")],
        &[("origin", "http://[::1]:8090"), ("host", "[::1]:8090")],
        &[("x-forwarded-proto", "https"), ("host", "dashboard.example")],
        &[("x-forwarded-proto", "https,http"), ("host", "dashboard.example")],
    ];
    for headers in taken {
        assert_eq!(sign_in(headers).await.status(), 200, "{headers:?}");
    }
}
