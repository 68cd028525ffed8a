//! Sessions: a sealed cookie that the server can open and the browser cannot, so that a session
//! survives a restart without a store.

use axum::http::{HeaderMap, HeaderName};
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Key};
use clinical::{Span, Timestamp};
use hmac::{Hmac, Mac};
use rand::RngCore;
use schemas::registry::Role;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

use crate::accounts::AccountState;

/// Name of the cookie.
const COOKIE: &str = "mimamori_session";
/// In a request: the session that a page belongs to. In an answer: the session that it was given in.
pub const SESSION: HeaderName = HeaderName::from_static("mimamori-session");
/// How long somebody stays signed in: a working day.
pub const LIFETIME: Span = Span::from_hours(8);
/// Random bytes that a key has at least.
const SHORTEST_KEY: usize = 32;

/// The key that seals sessions.
#[derive(Clone)]
pub struct SessionKey {
    seals: Key,
    /// Of what a provider calls a session or a person: nobody finds it in a digest by trying.
    digests: [u8; 64],
}

/// A session key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the session key must be at least 64 hexadecimal digits of randomness, such as \
     `openssl rand -hex 64` prints; give it as MIMAMORI_SESSION_KEY, and keep it over restarts"
)]
pub struct InvalidSessionKey;

/// What a session cookie holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The session's number: random, and no key to the session.
    pub id: String,
    /// Who.
    pub user: String,
    /// What the person might do at sign-in: another role ends the session.
    pub role: Role,
    /// State of the account at sign-in: a changed password ends the session.
    pub account: AccountState,
    /// Milliseconds since the epoch. Inside the seal: a browser that keeps the cookie longer gains
    /// nothing.
    pub expires_at: Timestamp,
    /// Where the person signed in at a provider: what ends the session there ends it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<AtProvider>,
}

/// A session of a provider, as digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtProvider {
    /// The session, where the provider names it.
    pub session: Option<String>,
    /// The person.
    pub subject: String,
}

impl Sealed {
    /// A session that begins now.
    pub fn beginning(user: &str, role: Role, account: AccountState, now: Timestamp) -> Self {
        let mut id = [0; 16];
        rand::rng().fill_bytes(&mut id);
        let (id, user, expires_at) = (chassis::hex(&id), user.to_owned(), now + LIFETIME);
        Self { id, user, role, account, expires_at, provider: None }
    }

    /// When it began.
    pub fn began_at(&self) -> Timestamp {
        self.expires_at - LIFETIME
    }
}

impl SessionKey {
    /// Reads a key from hexadecimal digits.
    ///
    /// # Errors
    /// When there are fewer than 64, or others.
    pub fn parse(hexadecimal: &str) -> Result<Self, InvalidSessionKey> {
        let digits = hexadecimal.trim().as_bytes();
        if !digits.len().is_multiple_of(2) || digits.len() < 2 * SHORTEST_KEY {
            return Err(InvalidSessionKey);
        }
        let value = |digit: u8| char::from(digit).to_digit(16).ok_or(InvalidSessionKey);
        let bytes = digits
            .chunks_exact(2)
            .map(|pair| Ok((value(pair[0])? << 4 | value(pair[1])?) as u8))
            .collect::<Result<Vec<u8>, _>>()?;
        // The jar wants 64 bytes; whatever length was given becomes that.
        let expanded =
            |purpose: &[u8]| Sha512::new().chain_update(purpose).chain_update(&bytes).finalize();
        Ok(Self {
            seals: Key::from(&expanded(b"mimamori dashboard session")),
            digests: expanded(b"mimamori dashboard provider").into(),
        })
    }

    /// A digest of what a provider calls something, the same on every instance.
    pub fn digest(&self, text: &str) -> String {
        let mut digest = <Hmac<Sha256> as Mac>::new_from_slice(&self.digests)
            .expect("a key of HMAC has any length");
        digest.update(text.as_bytes());
        chassis::hex(&digest.finalize().into_bytes()[..16])
    }

    /// The sealed text of a cookie of a request; none where there is none or it is not sealed with this key.
    pub fn opened(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        let jar = PrivateCookieJar::from_headers(headers, self.seals.clone());
        Some(jar.get(name)?.value().to_owned())
    }

    /// A cookie that signs in with a session that begins now.
    pub fn seal(&self, sealed: &Sealed) -> PrivateCookieJar {
        let value = serde_json::to_string(sealed).unwrap_or_default();
        self.jar().add(cookie(value, LIFETIME))
    }

    /// A cookie that ends a session in the browser.
    pub fn end(&self) -> Cookie<'static> {
        cookie(String::new(), Span::ZERO)
    }

    /// The session of a request; none where there is none, it is not sealed with this key, or it
    /// has ended.
    pub fn open(&self, headers: &HeaderMap, now: Timestamp) -> Option<Sealed> {
        let sealed: Sealed = serde_json::from_str(&self.opened(headers, COOKIE)?).ok()?;
        (sealed.expires_at > now).then_some(sealed)
    }

    /// Seals the cookies that are added to it.
    pub fn jar(&self) -> PrivateCookieJar {
        PrivateCookieJar::new(self.seals.clone())
    }
}

fn cookie(value: String, lifetime: Span) -> Cookie<'static> {
    let seconds = lifetime.millis() / 1000;
    let attributes =
        format!("{COOKIE}=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age={seconds}");
    let mut cookie = Cookie::parse(attributes).expect("a cookie of our own writing parses");
    cookie.set_value(value);
    cookie
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::{COOKIE as COOKIE_HEADER, SET_COOKIE};
    use axum::response::IntoResponse;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn key(digit: char) -> SessionKey {
        SessionKey::parse(&digit.to_string().repeat(128)).unwrap()
    }

    fn set_cookie(key: &SessionKey) -> String {
        let sealed = Sealed::beginning("sato", Role::Physician, [7; 8], NOW);
        let response = (key.seal(&sealed), "").into_response();
        response.headers()[SET_COOKIE].to_str().unwrap().to_owned()
    }

    fn request(set_cookie: &str) -> HeaderMap {
        let pair = set_cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE_HEADER, pair.parse().unwrap())])
    }

    #[test]
    fn a_session_ends_after_eight_hours_whatever_the_browser_keeps() {
        let key = key('a');
        let request = request(&set_cookie(&key));
        let almost = NOW + Span::from_minutes(8 * 60 - 1);
        assert_eq!(key.open(&request, almost).unwrap().user, "sato");
        assert!(key.open(&request, NOW + LIFETIME).is_none());
    }

    #[test]
    fn every_session_has_a_number_of_its_own() {
        let key = key('a');
        let number = || key.open(&request(&set_cookie(&key)), NOW).unwrap().id;
        let (one, other) = (number(), number());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }

    #[test]
    fn a_session_survives_a_restart_with_the_same_key_and_no_other() {
        let request = request(&set_cookie(&key('a')));
        assert!(key('a').open(&request, NOW).is_some());
        assert!(key('b').open(&request, NOW).is_none());
    }

    #[test]
    fn a_session_from_before_there_were_providers_is_one_still() {
        let sealed = Sealed::beginning("sato", Role::Physician, [7; 8], NOW);
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains("provider"));
        assert_eq!(serde_json::from_str::<Sealed>(&text).unwrap(), sealed);
        assert_eq!(sealed.began_at(), NOW);
    }

    #[test]
    fn what_a_provider_calls_somebody_is_told_by_digest_on_every_instance_and_by_nobody_else() {
        let digest = key('a').digest("dr.sato");
        assert_eq!(digest.len(), 32);
        assert_eq!(digest, key('a').digest("dr.sato"));
        assert_ne!(digest, key('a').digest("dr.ito"));
        assert_ne!(digest, key('b').digest("dr.sato"));
    }

    #[test]
    fn a_session_that_was_changed_or_written_by_hand_is_none() {
        let key = key('a');
        let cookie = set_cookie(&key);
        let mut changed = cookie.into_bytes();
        changed[40] = if changed[40] == b'A' { b'B' } else { b'A' };
        assert!(key.open(&request(&String::from_utf8(changed).unwrap()), NOW).is_none());
        let by_hand = r#"mimamori_session={"user":"sato"}"#;
        assert!(key.open(&request(by_hand), NOW).is_none());
    }

    #[test]
    fn the_cookie_tells_nothing_and_travels_only_where_it_should() {
        let cookie = set_cookie(&key('a'));
        assert!(!cookie.contains("sato"));
        for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=28800"] {
            assert!(cookie.contains(attribute), "{attribute} of {cookie}");
        }
    }

    #[test]
    fn a_key_that_is_short_or_no_number_is_refused() {
        assert_eq!(SessionKey::parse("abc").unwrap_err(), InvalidSessionKey);
        assert_eq!(SessionKey::parse(&"g".repeat(128)).unwrap_err(), InvalidSessionKey);
        assert!(SessionKey::parse(&"0f".repeat(32)).is_ok());
    }
}
