//! What the demo keeps between starts besides data: its secrets, made once.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use chassis::Secret;
use mimamori::registry::random_token;
use serde::{Deserialize, Serialize, Serializer};

use super::places::Places;

/// Random, and known to this demo only.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Secrets {
    #[serde(serialize_with = "exposed")]
    pub(super) device_token: Secret,
    #[serde(serialize_with = "exposed")]
    pub(super) physician_password: Secret,
    #[serde(serialize_with = "exposed")]
    pub(super) second_physician_password: Secret,
    #[serde(serialize_with = "exposed")]
    pub(super) operator_password: Secret,
    #[serde(serialize_with = "exposed")]
    pub(super) session_key: Secret,
}

/// For the file that only its owner reads.
fn exposed<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose())
}

impl Secrets {
    pub(super) fn load_or_make(places: &Places) -> anyhow::Result<Self> {
        let path = places.state.join("secrets.json");
        if let Ok(text) = fs::read(&path) {
            return serde_json::from_slice(&text).with_context(|| {
                format!("{} is damaged; `make demo-reset` makes a new one", path.display())
            });
        }
        let secrets = Self {
            device_token: random_token().into(),
            physician_password: password(),
            second_physician_password: password(),
            operator_password: password(),
            session_key: (random_token() + &random_token()).into(),
        };
        write_private(&path, &serde_json::to_vec_pretty(&secrets)?)?;
        Ok(secrets)
    }
}

/// Short enough to be typed from the screen, 60 random bits.
fn password() -> Secret {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bits: u64 = rand::random();
    let letter = |place: u32| char::from(LETTERS[(bits >> (place * 5)) as usize & 31]);
    let group = |first: u32| (first..first + 4).map(letter).collect::<String>();
    format!("{}-{}-{}", group(0), group(4), group(8)).into()
}

/// Writes a file that only its owner reads, whole or not at all.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let unfinished = path.with_extension("new");
    let written = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&unfinished, path));
    written.with_context(|| format!("{} cannot be written", path.display()))
}
