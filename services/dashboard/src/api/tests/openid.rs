//! Signing in by OpenID Connect, as far as no provider is needed: `tests/tests/black_box/openid.rs` has one.

use super::sessions::{instances_of, next};
use super::*;
use crate::openid::{Failure, Logout};
use crate::session::{AtProvider, SESSION as HEADER};

const START: &str = "/api/v1/session/oidc/start";
const CALLBACK: &str = "/api/v1/session/oidc/callback";
const LOGOUT: &str = "/api/v1/session/oidc/logout";

fn with_provider() -> Api {
    let (dashboard, audit) = testing::instance_with_provider(&Arc::default());
    Api::of(dashboard, audit)
}

impl Api {
    async fn asked(&self, path: &str) -> Response {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// What the sign-ins came to, of a kind.
    fn counted(&self, result: &str) -> u64 {
        self.dashboard.metrics.sign_ins.with_label_values(&[result]).get()
    }

    /// The cookie of a session in a session of the provider.
    fn cookie_of(&self, user: &str, session: Option<&str>) -> String {
        let digest = |what: &str| self.dashboard.session_key.digest(what);
        let provider = AtProvider {
            session: session.map(|session| digest(&format!("sid {session}"))),
            subject: digest(&format!("sub {user}")),
        };
        let who = self.dashboard.session_of(user).unwrap();
        let sealed = self.dashboard.begin_session(&who, Some(provider)).unwrap();
        let jar = self.dashboard.session_key.seal(&sealed);
        let response = axum::response::IntoResponse::into_response((jar, ""));
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn with_cookie(&self, cookie: &str, path: &str) -> Response {
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

fn location(response: &Response) -> &str {
    response.headers()[header::LOCATION].to_str().unwrap()
}

#[tokio::test]
async fn the_page_to_sign_in_learns_how_people_sign_in() {
    let way = async |api: &Api| api.get("", "/api/v1/session/way").await.1["by"].clone();
    assert_eq!(way(&api()).await, "password");
    assert_eq!(way(&with_provider()).await, "openid_connect");
}

#[tokio::test]
async fn with_accounts_of_a_file_there_is_no_provider() {
    let api = api();
    for path in [START, CALLBACK] {
        assert_eq!(api.asked(path).await.status(), 404, "{path}");
    }
    let logout = Request::post(LOGOUT).body(Body::from("logout_token=a.b.c")).unwrap();
    assert_eq!(api.send(logout).await.status(), 404);
}

#[tokio::test]
async fn where_people_sign_in_at_a_provider_no_password_is_taken() {
    let api = with_provider();
    let refused = api.sign_in("dr.sato", "dr.sato-pass").await;
    assert_eq!(refused.status(), 403);
    assert_eq!(json_of(refused).await["type"], "urn:mimamori:problem:sign-in-at-provider");
    assert_eq!(api.get("dr.sato", "/api/v1/patients").await.0, 403);
    assert!(api.audit.said().is_empty());
}

#[tokio::test]
async fn while_the_provider_is_away_the_page_to_sign_in_says_so_and_keeps_the_way_back() {
    let api = with_provider();
    let response = api.asked(&format!("{START}?to=/patients/A/1%3Fdays%3D7")).await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response), "/sign-in?failed=away&from=%2Fpatients%2FA%2F1%3Fdays%3D7");
    assert_eq!(api.counted("provider_away"), 1);
    let elsewhere = api.asked(&format!("{START}?to=//evil.example/")).await;
    assert_eq!(location(&elsewhere), "/sign-in?failed=away&from=%2F");
}

#[tokio::test]
async fn an_answer_that_no_attempt_of_this_browser_asked_for_lets_nobody_in() {
    let api = with_provider();
    for answer in ["", "?code=c&state=s", "?error=access_denied&state=s", "?code=a&code=b"] {
        let response = api.asked(&format!("{CALLBACK}{answer}")).await;
        assert_eq!(response.status(), 303);
        assert_eq!(location(&response), "/sign-in?failed=expired&from=%2F");
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let cookies: Vec<&str> = cookies.map(|cookie| cookie.to_str().unwrap()).collect();
        assert!(cookies.iter().all(|cookie| cookie.contains("Max-Age=0")), "{cookies:?}");
    }
    assert_eq!(api.counted("expired"), 4);
    assert!(api.audit.said().is_empty());
}

#[tokio::test]
async fn whom_the_provider_vouches_for_is_let_in_as_the_registry_says() {
    let api = with_provider();
    let person = crate::openid::Person::for_test;
    let let_in = async |user: &str, roles: Option<&[&str]>| {
        api.dashboard
            .sign_in_by_provider(&person(user, roles))
            .await
            .map(|(session, _)| session.role)
    };
    assert_eq!(let_in("dr.sato", None).await.unwrap().as_str(), "physician");
    assert_eq!(let_in("ops", Some(&["operator"])).await.unwrap().as_str(), "operator");
    assert_eq!(let_in("dr.sato", Some(&["operator"])).await, Err(Failure::RoleMissing));
    assert_eq!(let_in("ops", Some(&["physician"])).await, Err(Failure::RoleMissing));
    assert_eq!(let_in("dr.who", None).await, Err(Failure::NotRegistered));
    let allowed: Vec<bool> = api.audit.said().iter().map(|(_, _, allowed)| *allowed).collect();
    assert_eq!(allowed, [true, true, false, false, false]);
    api.audit.broken.store(true, Ordering::Relaxed);
    assert_eq!(let_in("dr.sato", None).await, Err(Failure::Later), "nothing without its record");
}

#[tokio::test]
async fn a_logout_at_the_provider_ends_sessions_and_streams_on_every_instance_and_counts_once() {
    let ends = Arc::default();
    let [here, there] = instances_of(|| testing::instance_with_provider(&ends));
    let (named, other) =
        (here.cookie_of("dr.sato", Some("s1")), here.cookie_of("dr.sato", Some("s2")));
    let (unnamed, ito) = (here.cookie_of("dr.sato", None), here.cookie_of("dr.ito", Some("s3")));
    let mut stream = there.with_cookie(&named, "/api/v1/alerts/stream").await.into_body();
    assert!(next(&mut stream).await.unwrap().starts_with("event: snapshot"));

    let logout = |session: Option<&str>, subject: Option<&str>, id: &str| Logout {
        session: session.map(str::to_owned),
        subject: subject.map(str::to_owned),
        id: id.to_owned(),
        expires_at: now() + Span::from_minutes(5),
    };
    let of_session = logout(Some("s1"), Some("dr.sato"), "t1");
    assert!(here.dashboard.end_by_provider(&of_session).await.unwrap());
    assert_eq!(next(&mut stream).await.unwrap(), "event: ended\ndata: {}\n\n");
    assert_eq!(next(&mut stream).await, None);
    for api in [&here, &there] {
        let status = async |cookie: &str| api.with_cookie(cookie, SESSION).await.status();
        assert_eq!(status(&named).await, 401);
        assert_eq!(status(&unnamed).await, 401, "of the person, in a session without a name");
        assert_eq!(status(&other).await, 200);
        assert_eq!(status(&ito).await, 200);
        assert!(!api.dashboard.end_by_provider(&of_session).await.unwrap(), "sent again");
    }

    let of_person = logout(None, Some("dr.sato"), "t2");
    assert!(there.dashboard.end_by_provider(&of_person).await.unwrap());
    assert_eq!(here.with_cookie(&other, SESSION).await.status(), 401);
    assert_eq!(here.with_cookie(&ito, SESSION).await.status(), 200);
    let said = here.audit.said().into_iter().chain(there.audit.said());
    assert_eq!(said.filter(|(action, ..)| action == "sign_out").count(), 2);
}

#[tokio::test]
async fn a_logout_that_cannot_be_made_known_may_be_sent_again() {
    let ends: Arc<crate::ended_sessions::tests::MemorySessionEnds> = Arc::default();
    let [api, _] = instances_of(|| testing::instance_with_provider(&ends));
    let sato = api.cookie_of("dr.sato", Some("s1"));
    let (session, expires_at) = (Some("s1".to_owned()), now() + Span::from_minutes(5));
    let logout = Logout { session, subject: None, id: "t1".to_owned(), expires_at };
    ends.broken.store(true, Ordering::Relaxed);
    assert_eq!(api.dashboard.end_by_provider(&logout).await.unwrap_err().status(), 503);
    ends.broken.store(false, Ordering::Relaxed);
    assert_eq!(api.with_cookie(&sato, SESSION).await.status(), 200);
    assert!(api.dashboard.end_by_provider(&logout).await.unwrap());
    assert_eq!(api.with_cookie(&sato, SESSION).await.status(), 401);
}

#[tokio::test]
async fn without_a_token_or_without_the_providers_keys_nothing_ends() {
    let api = with_provider();
    let post = async |body: &'static str| {
        let form = Request::post(LOGOUT)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.into());
        api.send(form.unwrap()).await
    };
    let nothing = post("token=x").await;
    assert_eq!(nothing.status(), 400);
    assert_eq!(json_of(nothing).await["type"], "urn:mimamori:problem:bad-request");
    let away = post("logout_token=a.b.c").await;
    assert_eq!(away.status(), 503);
    assert_eq!(away.headers()[header::RETRY_AFTER], "5");
    assert!(api.audit.said().is_empty());
}

#[tokio::test]
async fn with_the_provider_unknown_who_signs_out_is_signed_out_here() {
    let api = with_provider();
    let cookie = api.cookie_of("dr.sato", Some("s1"));
    let request = Request::delete(SESSION).header(header::COOKIE, &cookie);
    let response = api.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 204);
    assert!(response.headers().contains_key(HEADER));
    assert_eq!(api.with_cookie(&cookie, SESSION).await.status(), 401);
}
