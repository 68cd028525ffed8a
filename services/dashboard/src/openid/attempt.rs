//! A sign-in on its way: what the dashboard has to know again when the provider sends the person back,
//! sealed into a cookie of the browser that began it.

use axum_extra::extract::cookie::{Cookie, SameSite};
use clinical::{Span, Timestamp};
use openidconnect::url::Url;
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// Name of the cookie.
pub const COOKIE: &str = "mimamori_oidc";
/// Only the routes of sign-in get it.
const PATH: &str = "/api/v1/session/oidc";
/// How long somebody may take at the provider.
const LIFETIME: Span = Span::from_minutes(10);
/// No path to come back to is longer, in bytes: a cookie has 4 KiB.
const LONGEST_PATH: usize = 1024;

/// A sign-in on its way.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    /// Where the person wants to go.
    to: String,
    expires_at: Timestamp,
}

impl Attempt {
    /// One that begins now.
    pub fn beginning(
        (state, nonce, verifier): (&CsrfToken, &Nonce, &PkceCodeVerifier),
        to: String,
        now: Timestamp,
    ) -> Self {
        let (state, nonce) = (state.secret().clone(), nonce.secret().clone());
        Self { state, nonce, verifier: verifier.secret().clone(), to, expires_at: now + LIFETIME }
    }

    /// Reads a cookie that was opened; none where it took too long.
    pub fn parse(text: &str, now: Timestamp) -> Option<Self> {
        let attempt: Self = serde_json::from_str(text).ok()?;
        (attempt.expires_at > now).then_some(attempt)
    }

    /// Whether an answer of the provider belongs to it.
    pub fn is_of(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// What the ID token has to hold.
    pub fn nonce(&self) -> Nonce {
        Nonce::new(self.nonce.clone())
    }

    /// What only this browser's attempt knows of the code.
    pub fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.verifier.clone())
    }

    /// Where the person wants to go.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// Its cookie, to be sealed. The provider sends the person back from another site, and a `Strict`
    /// cookie would not come along.
    pub fn cookie(&self) -> Cookie<'static> {
        let text = serde_json::to_string(self).unwrap_or_default();
        cookie(text, LIFETIME.millis() / 1000)
    }
}

/// The cookie that ends an attempt in the browser.
pub fn end() -> Cookie<'static> {
    cookie(String::new(), 0)
}

fn cookie(value: String, seconds: i64) -> Cookie<'static> {
    let attributes = format!("{COOKIE}=; HttpOnly; Secure; Path={PATH}; Max-Age={seconds}");
    let mut cookie = Cookie::parse(attributes).expect("a cookie of our own writing parses");
    cookie.set_same_site(SameSite::Lax);
    cookie.set_value(value);
    cookie
}

/// A path of these pages; the first page for everything else, so that no link leads from here elsewhere.
pub fn own_path(to: &str) -> &str {
    let is_written_plainly = to.len() <= LONGEST_PATH
        && to.starts_with('/')
        && to.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>`".contains(&byte));
    let here = Url::parse("https://here.invalid/").expect("an address of our own writing");
    let stays =
        is_written_plainly && here.join(to).is_ok_and(|joined| joined.origin() == here.origin());
    let leads_to_a_page = !to.starts_with("/api/") && !to.starts_with("/sign-in");
    if stays && leads_to_a_page { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn attempt() -> Attempt {
        let state = CsrfToken::new("state".to_owned());
        let (nonce, verifier) =
            (Nonce::new("nonce".to_owned()), PkceCodeVerifier::new("v".to_owned()));
        Attempt::beginning((&state, &nonce, &verifier), "/trends".to_owned(), NOW)
    }

    #[test]
    fn an_attempt_is_of_its_state_and_lasts_ten_minutes() {
        let text = attempt().cookie().value().to_owned();
        let read = Attempt::parse(&text, NOW + Span::from_minutes(9)).unwrap();
        assert!(read.is_of("state") && !read.is_of("stat") && !read.is_of(""));
        assert_eq!(read.to(), "/trends");
        assert!(Attempt::parse(&text, NOW + LIFETIME).is_none());
        assert!(Attempt::parse("", NOW).is_none());
    }

    #[test]
    fn its_cookie_comes_back_from_another_site_and_to_the_sign_in_only() {
        let cookie = attempt().cookie().to_string();
        for attribute in
            ["HttpOnly", "Secure", "SameSite=Lax", "Path=/api/v1/session/oidc", "Max-Age=600"]
        {
            assert!(cookie.contains(attribute), "{attribute} of {cookie}");
        }
        assert!(end().to_string().contains("Max-Age=0"));
    }

    #[test]
    fn nobody_is_led_to_another_site() {
        for own in ["/", "/trends?rows=7", "/patients/CGM005/S%20001/plan", "/patients/A/1#chart"] {
            assert_eq!(own_path(own), own);
        }
        for other in [
            "",
            "trends",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example/",
            "/\n",
            "/<script>",
            "/api/v1/session/oidc/start",
            "/sign-in?from=/",
        ] {
            assert_eq!(own_path(other), "/", "{other}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(2000))), "/");
    }
}
