//! Logout tokens, by which the provider says that a session there has ended (OpenID Connect Back-Channel
//! Logout 1.0). The library verifies ID tokens only: here are the checks of the others, with its keys.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clinical::{Span, Timestamp};
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyUse, JwsSigningAlgorithm};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Invalid;
use super::provider::{ALGORITHMS, LEEWAY};
use super::settings::Settings;

/// The event that a logout token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How long ago a logout token may have been made: a provider tries again for a while.
const OLDEST: Duration = Duration::from_secs(10 * 60);
/// No token is of later than the year 9999, in seconds.
const LATEST: i64 = 253_402_300_799;
/// No id in a token is longer, in bytes.
const LONGEST_ID: usize = 1024;

/// Whose sessions have ended, as the provider names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logout {
    /// The session there.
    pub session: Option<String>,
    /// The person there.
    pub subject: Option<String>,
    /// The token's own id.
    pub id: String,
    /// Until when the token might be sent again.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Payload {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    jti: String,
    sub: Option<String>,
    sid: Option<String>,
    events: Map<String, Value>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Verifies a logout token.
///
/// # Errors
/// What does not hold; [`Invalid::Key`] where the keys may be out of date.
pub fn verify(
    token: &str,
    keys: &CoreJsonWebKeySet,
    settings: &Settings,
    now: Timestamp,
) -> Result<Logout, Invalid> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Invalid::Form)?;
    let (header, payload) = signed.split_once('.').ok_or(Invalid::Form)?;
    let header: Header = part(header)?;
    let is_logout = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        matches!(typ.strip_prefix("application/").unwrap_or(&typ), "logout+jwt" | "jwt")
    };
    if header.crit.is_some() || !header.typ.as_deref().is_none_or(is_logout) {
        return Err(Invalid::Form);
    }
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Invalid::Signature);
    }
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| Invalid::Form)?;
    let fit: Vec<_> = keys.keys().iter().filter(|key| is_fit(key, &header)).collect();
    let [key] = fit[..] else {
        return Err(if fit.is_empty() { Invalid::Key } else { Invalid::Signature });
    };
    key.verify_signature(&header.alg, signed.as_bytes(), &signature).map_err(|_| Invalid::Key)?;

    let payload: Payload = part(payload)?;
    if payload.iss != settings.issuer.as_str() {
        return Err(Invalid::Issuer);
    }
    let own = settings.client_id.as_str();
    let is_ours = match &payload.aud {
        Audience::One(audience) => audience == own,
        Audience::Several(audiences) => audiences.iter().any(|audience| audience == own),
    };
    if !is_ours {
        return Err(Invalid::Audience);
    }
    let leeway = span(LEEWAY);
    let at =
        |seconds: i64| (0..=LATEST).contains(&seconds).then(|| Timestamp::from_seconds(seconds));
    let (issued_at, expires_at) = at(payload.iat).zip(at(payload.exp)).ok_or(Invalid::Form)?;
    let is_now = issued_at <= now + leeway
        && now - issued_at <= span(OLDEST) + leeway
        && expires_at > now - leeway;
    if !is_now {
        return Err(Invalid::Time);
    }
    if !payload.events.get(EVENT).is_some_and(Value::is_object) || payload.nonce.is_some() {
        return Err(Invalid::Form);
    }
    let named = |id: &String| !id.is_empty() && id.len() <= LONGEST_ID;
    let (session, subject) = (payload.sid.filter(named), payload.sub.filter(named));
    if session.is_none() && subject.is_none() || !named(&payload.jti) {
        return Err(Invalid::Form);
    }
    // After that, its age alone refuses it.
    let expires_at = (issued_at + span(OLDEST) + leeway + leeway).min(expires_at + leeway + leeway);
    Ok(Logout { session, subject, id: payload.jti, expires_at })
}

fn span(duration: Duration) -> Span {
    Span::from_millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Invalid> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Invalid::Form)?;
    serde_json::from_slice(&bytes).map_err(|_| Invalid::Form)
}

/// Whether a key is the one that a token names, and made for what the token was signed by.
fn is_fit(key: &CoreJsonWebKey, header: &Header) -> bool {
    let own_id = key.key_id().map(|id| id.as_str());
    let is_named = header.kid.is_none() || header.kid.as_deref() == own_id;
    let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
    let is_of_type = header.alg.key_type().as_ref() == Some(key.key_type());
    let is_of_algorithm = match key.signing_alg() {
        JsonWebKeyAlgorithm::Algorithm(of_key) => *of_key == header.alg,
        JsonWebKeyAlgorithm::Unspecified => true,
        JsonWebKeyAlgorithm::Unsupported => false,
    };
    is_named && signs && is_of_type && is_of_algorithm
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;
    use openidconnect::core::CoreEdDsaPrivateSigningKey;
    use openidconnect::{JsonWebKeyId, PrivateSigningKey};
    use serde_json::json;

    use super::super::settings::tests::{ISSUER, settings};
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    /// The provider's key of a name, the same for the same seed.
    fn key(seed: u8, id: &str) -> CoreEdDsaPrivateSigningKey {
        let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        der.extend([seed; 32]);
        let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
        let pem = format!("{begin}\n{}\n{end}\n", BASE64_STANDARD.encode(der));
        let id = Some(JsonWebKeyId::new(id.to_owned()));
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, id).unwrap()
    }

    fn keys() -> CoreJsonWebKeySet {
        CoreJsonWebKeySet::new(vec![
            key(1, "one").as_verification_key(),
            key(2, "two").as_verification_key(),
        ])
    }

    fn signed(header: &Value, payload: &Value, key: &CoreEdDsaPrivateSigningKey) -> String {
        let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(header), encoded(payload));
        let signature = key.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    fn header() -> Value {
        json!({ "alg": "EdDSA", "kid": "one", "typ": "logout+jwt" })
    }

    fn payload() -> Value {
        let now = NOW.millis() / 1000;
        json!({
            "iss": ISSUER, "aud": "mimamori", "iat": now, "exp": now + 120, "jti": "t1",
            "sub": "7f3a", "sid": "s1", "events": { EVENT: {} },
        })
    }

    fn verified(token: &str) -> Result<Logout, Invalid> {
        verify(token, &keys(), &settings(&[]).unwrap().unwrap(), NOW)
    }

    /// With other claims, or without those that are null.
    fn of(changed: Value) -> Result<Logout, Invalid> {
        let mut payload = payload();
        for (name, value) in changed.as_object().unwrap() {
            payload[name] = value.clone();
        }
        payload.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        verified(&signed(&header(), &payload, &key(1, "one")))
    }

    #[test]
    fn a_logout_token_says_whose_sessions_have_ended() {
        let whole = of(json!({})).unwrap();
        assert_eq!(
            (whole.session.as_deref(), whole.subject.as_deref()),
            (Some("s1"), Some("7f3a"))
        );
        assert_eq!(whole.id, "t1");
        assert!(whole.expires_at >= NOW + Span::from_seconds(120));
        assert_eq!(of(json!({ "sub": null })).unwrap().subject, None);
        assert_eq!(of(json!({ "sid": null })).unwrap().session, None);
        assert!(of(json!({ "aud": ["other", "mimamori"] })).is_ok());
        for typ in [json!("JWT"), json!("application/logout+jwt"), Value::Null] {
            let header = json!({ "alg": "EdDSA", "kid": "one", "typ": typ });
            assert!(verified(&signed(&header, &payload(), &key(1, "one"))).is_ok(), "{header}");
        }
    }

    #[test]
    fn what_is_missing_or_another_s_ends_nothing() {
        let seconds = |seconds: i64| NOW.millis() / 1000 + seconds;
        for (changed, what) in [
            (json!({ "iss": "https://login.example" }), Invalid::Issuer),
            (json!({ "aud": "other" }), Invalid::Audience),
            (json!({ "aud": [] }), Invalid::Audience),
            (json!({ "iat": seconds(-661) }), Invalid::Time),
            (json!({ "iat": seconds(61) }), Invalid::Time),
            (json!({ "exp": seconds(-60) }), Invalid::Time),
            (json!({ "iat": i64::MIN }), Invalid::Form),
            (json!({ "exp": i64::MAX }), Invalid::Form),
            (json!({ "exp": null }), Invalid::Form),
            (json!({ "jti": null }), Invalid::Form),
            (json!({ "jti": "" }), Invalid::Form),
            (json!({ "sub": null, "sid": null }), Invalid::Form),
            (json!({ "sub": "", "sid": "" }), Invalid::Form),
            (json!({ "events": null }), Invalid::Form),
            (json!({ "events": {} }), Invalid::Form),
            (json!({ "events": { EVENT: true } }), Invalid::Form),
            // An ID token is none.
            (json!({ "nonce": "n" }), Invalid::Form),
        ] {
            assert_eq!(of(changed.clone()).unwrap_err(), what, "{changed}");
        }
        assert!(of(json!({ "iat": seconds(-600), "exp": seconds(-59) })).is_ok(), "clocks differ");
    }

    #[test]
    fn what_the_provider_has_not_signed_ends_nothing() {
        let with = |header: Value, by| verified(&signed(&header, &payload(), &by)).unwrap_err();
        assert_eq!(with(header(), key(2, "one")), Invalid::Key, "another key of the name");
        let unknown = json!({ "alg": "EdDSA", "kid": "three" });
        assert_eq!(with(unknown, key(1, "three")), Invalid::Key);
        let unnamed = json!({ "alg": "EdDSA" });
        assert_eq!(with(unnamed, key(1, "one")), Invalid::Signature, "which of two");
        for alg in ["HS256", "none"] {
            let header = json!({ "alg": alg, "kid": "one" });
            assert_eq!(with(header, key(1, "one")), Invalid::Signature, "{alg}");
        }
        assert_eq!(with(json!({ "alg": "RS256", "kid": "one" }), key(1, "one")), Invalid::Key);
        let critical = json!({ "alg": "EdDSA", "kid": "one", "crit": ["b64"], "b64": false });
        assert_eq!(with(critical, key(1, "one")), Invalid::Form);
        let access = json!({ "alg": "EdDSA", "kid": "one", "typ": "at+jwt" });
        assert_eq!(with(access, key(1, "one")), Invalid::Form);

        let token = signed(&header(), &payload(), &key(1, "one"));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let other = BASE64_URL_SAFE_NO_PAD.encode(json!({ "sid": "s2" }).to_string());
        let changed = format!("{}.{other}.{signature}", signed.split_once('.').unwrap().0);
        assert_eq!(verified(&changed).unwrap_err(), Invalid::Key);
        for no_token in ["", ".", "..", "a.b.c", signed, &format!("{signed}.")] {
            assert!(verified(no_token).is_err(), "{no_token}");
        }
    }
}
