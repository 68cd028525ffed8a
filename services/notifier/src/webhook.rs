//! Webhooks: a JSON body, signed.

use chassis::{Secret, hex};
use hmac::{Hmac, Mac};
use reqwest::redirect::Policy;
use sha2::Sha256;

use crate::failure::Failure;
use crate::message::Message;

/// Names the message: a receiver that has seen it has nothing to do.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// When it was sent, seconds since 1970: what is old is somebody's replay.
pub(crate) const TIMESTAMP: &str = "Mimamori-Timestamp";
/// `v1=` and the HMAC-SHA-256 of timestamp, point and body, in hexadecimal.
pub(crate) const SIGNATURE: &str = "Mimamori-Signature";

/// Calls webhooks.
#[derive(Clone)]
pub(crate) struct Webhooks {
    client: reqwest::Client,
    secret: Secret,
}

/// The signature of a body that is sent at a time.
fn signature(secret: &Secret, seconds: i64, body: &[u8]) -> String {
    // A key of any length is taken.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    format!("v1={}", hex(&mac.finalize().into_bytes()))
}

impl Webhooks {
    /// # Errors
    /// When the system's certificates cannot be read.
    pub(crate) fn new(secret: Secret) -> anyhow::Result<Self> {
        // Where a receiver sends on to is not what the team has named.
        let client = reqwest::Client::builder().redirect(Policy::none()).build()?;
        Ok(Self { client, secret })
    }

    pub(crate) async fn send(
        &self,
        address: &str,
        message: &Message,
        now_ms: i64,
    ) -> Result<(), Failure> {
        let body = message.json().to_string();
        let seconds = now_ms.div_euclid(1000);
        let answer = self
            .client
            .post(address)
            .header("Content-Type", "application/json")
            .header(IDEMPOTENCY_KEY, message.key.as_str())
            .header(TIMESTAMP, seconds.to_string())
            .header(SIGNATURE, signature(&self.secret, seconds, body.as_bytes()))
            .body(body)
            .send()
            .await
            .map_err(
                |error| if error.is_timeout() { Failure::Timeout } else { Failure::Unreachable },
            )?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(Failure::Refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_hmac_of_timestamp_and_body() {
        let secret = Secret::from("0123456789abcdef0123456789abcdef".to_owned());
        // printf '1795996800.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
        let expected = "v1=278cc52832428b84b3040f93236d4633a06eb5858dd67a0a88cf07ed8da60f9c";
        assert_eq!(signature(&secret, 1_795_996_800, br#"{"a":1}"#), expected);
    }
}
