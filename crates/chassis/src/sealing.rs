//! Free text about a patient, sealed with a key of the patient's own, which a master key wraps: who
//! erases the patient's key has erased the text, wherever copies of it lie.
//!
//! AES-256-GCM with a random nonce of 96 bits. What is sealed is bound to what it belongs to, so that
//! it opens nowhere else.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};

use crate::hex;

/// Bytes of a key.
const KEY: usize = 32;
const NONCE: usize = 12;
/// The first byte of what is sealed: of which form it is.
const FORM: u8 = 1;

/// Sealed bytes that do not open: under another key, for something else, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "sealed under another key, for something else, or damaged; where many are so, the file of master keys \
     is not that of the other instances"
)]
pub struct NotOpened;

/// A master key that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the master key {0} is not known; add its line to the file of master keys")]
pub struct UnknownMasterKey(pub String);

/// Why a data key cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUnwrapped {
    /// Under a master key that is not there.
    #[error(transparent)]
    UnknownMasterKey(#[from] UnknownMasterKey),
    /// Damaged, or another patient's.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
}

/// What wraps data keys: a file of keys, or a service that keeps them.
pub trait MasterKeys: Send + Sync {
    /// Wraps the data key of a patient. Gives the id of the master key too, by which it is unwrapped.
    fn wrap(&self, patient: &str, key: &DataKey) -> Wrapped;

    /// The data key of a patient.
    ///
    /// # Errors
    /// When the master key is not there or the bytes are no such key.
    fn unwrap(&self, patient: &str, wrapped: &Wrapped) -> Result<DataKey, NotUnwrapped>;
}

/// A data key as it may be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The id of the master key.
    pub master_key: String,
    /// The wrapped key.
    pub bytes: Vec<u8>,
}

/// The key that one patient's text is sealed with.
#[derive(Clone)]
pub struct DataKey(Sealer);

impl DataKey {
    /// A new key.
    pub fn random() -> Self {
        Self(Sealer(rand::random()))
    }

    /// Seals a text that belongs to something, such as a patient's event.
    pub fn seal(&self, of: &[&str], text: &str) -> Vec<u8> {
        self.0.seal(&bound("text", of), text.as_bytes())
    }

    /// The text that was sealed for something.
    ///
    /// # Errors
    /// When it was not sealed with this key, or belongs to something else.
    pub fn open(&self, of: &[&str], sealed: &[u8]) -> Result<String, NotOpened> {
        let text = self.0.open(&bound("text", of), sealed)?;
        String::from_utf8(text).map_err(|_| NotOpened)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(data key)")
    }
}

/// Each part with its length, so that no two lists of parts are the same bytes.
fn bound(purpose: &str, of: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in std::iter::once(&purpose).chain(of) {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

#[derive(Clone)]
struct Sealer([u8; KEY]);

impl Sealer {
    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(&self.0))
    }

    fn seal(&self, aad: &[u8], msg: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let sealed = self.cipher().encrypt(Nonce::from_slice(&nonce), Payload { msg, aad });
        // Only messages of more than 64 GiB cannot be sealed.
        let sealed = sealed.expect("a text is short");
        [&[FORM], &nonce[..], &sealed].concat()
    }

    fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let rest = sealed.strip_prefix(&[FORM]).ok_or(NotOpened)?;
        let (nonce, msg) = rest.split_at_checked(NONCE).ok_or(NotOpened)?;
        let opened = self.cipher().decrypt(Nonce::from_slice(nonce), Payload { msg, aad });
        opened.map_err(|_| NotOpened)
    }
}

/// Master keys in a file: a line each, `ID KEY`, the key in 64 hexadecimal digits. The first wraps new
/// data keys; the others open what they have wrapped before.
pub struct KeyFile {
    first: String,
    keys: HashMap<String, Sealer>,
}

/// Why a file of master keys is not used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableKeyFile {
    /// None is named.
    #[error(
        "the master key is missing, which wraps the keys that patients' free text and identities are sealed \
         with: give --master-key-file FILE (or MIMAMORI_MASTER_KEY_FILE); a file is made by \
         echo \"$(date +%Y-%m)-$(openssl rand -hex 4) $(openssl rand -hex 32)\" > FILE, and has to be kept: \
         without it what is sealed is lost"
    )]
    NotGiven,
    /// It cannot be read.
    #[error("the file of master keys {path} cannot be read: {error}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line that is none. It is not repeated.
    #[error(
        "line {line} of the file of master keys {path} is no `ID KEY` with a new id of letters, digits, `.`, `_` and `-`, and \
         64 hexadecimal digits; a line is made by: echo \"$(date +%Y-%m)-$(openssl rand -hex 4) $(openssl rand -hex 32)\""
    )]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// It has no key.
    #[error(
        "the file of master keys {0} has no line; make one: echo \"$(date +%Y-%m)-$(openssl rand -hex 4) $(openssl rand -hex 32)\" > {0}"
    )]
    Empty(PathBuf),
}

impl KeyFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is none; the message says what to do.
    pub fn load(path: &Path) -> Result<Self, UnusableKeyFile> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| UnusableKeyFile::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&text).map_err(|line| match line {
            Some(line) => UnusableKeyFile::Line { path: path.to_owned(), line },
            None => UnusableKeyFile::Empty(path.to_owned()),
        })
    }

    /// The line that is at fault; none where there is no key.
    fn parse(text: &str) -> Result<Self, Option<usize>> {
        let mut first = None;
        let mut keys = HashMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, key) = parts(line).ok_or(Some(number))?;
            first.get_or_insert_with(|| id.to_owned());
            if keys.insert(id.to_owned(), key).is_some() {
                return Err(Some(number));
            }
        }
        Ok(Self { first: first.ok_or(None)?, keys })
    }

    /// A line with a new key.
    pub fn new_line(id: &str) -> String {
        format!("{id} {}\n", hex(&rand::random::<[u8; KEY]>()))
    }

    /// One new key, which no file holds.
    pub fn with_new_key(id: &str) -> Self {
        Self { first: id.to_owned(), keys: [(id.to_owned(), Sealer(rand::random()))].into() }
    }
}

fn parts(line: &str) -> Option<(&str, Sealer)> {
    let (id, digits) = line.trim().split_once(char::is_whitespace)?;
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let digits = digits.trim();
    if id.len() > 64 || !id.bytes().all(is_fit) || digits.len() != 2 * KEY || !digits.is_ascii() {
        return None;
    }
    let mut key = [0; KEY];
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        // Of hexadecimal digits a sign would be none.
        *byte = u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))?;
    }
    Some((id, Sealer(key)))
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(master keys, {} the first)", self.first)
    }
}

impl MasterKeys for KeyFile {
    fn wrap(&self, patient: &str, key: &DataKey) -> Wrapped {
        let master_key = self.first.clone();
        let bound = bound("key", &[master_key.as_str(), patient]);
        Wrapped { bytes: self.keys[&master_key].seal(&bound, &key.0.0), master_key }
    }

    fn unwrap(&self, patient: &str, wrapped: &Wrapped) -> Result<DataKey, NotUnwrapped> {
        let id = &wrapped.master_key;
        let master = self.keys.get(id).ok_or_else(|| UnknownMasterKey(id.clone()))?;
        let key = master.open(&bound("key", &[id.as_str(), patient]), &wrapped.bytes)?;
        let key = key.try_into().map_err(|_| NotOpened)?;
        Ok(DataKey(Sealer(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "電話した。痛みはない";

    #[test]
    fn a_text_opens_with_its_key_for_what_it_belongs_to_and_not_otherwise() {
        let key = DataKey::random();
        let of = ["CGM005/S001", "alert", "act"];
        let sealed = key.seal(&of, TEXT);
        assert_eq!(key.open(&of, &sealed).as_deref(), Ok(TEXT));
        assert_ne!(key.seal(&of, TEXT), sealed, "a nonce of its own");
        let is_in_clear = sealed.windows(TEXT.len()).any(|part| part == TEXT.as_bytes());
        assert!(!is_in_clear);
        assert_eq!(DataKey::random().open(&of, &sealed), Err(NotOpened));
        for other in [
            &["CGM005/S002", "alert", "act"][..],
            &["CGM005/S001", "alert", "act2"],
            &["CGM005/S001", "alertact", ""],
            &["CGM005/S001", "alert"],
        ] {
            assert_eq!(key.open(other, &sealed), Err(NotOpened), "{other:?}");
        }
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(key.open(&of, &damaged), Err(NotOpened), "{at}");
            assert_eq!(key.open(&of, &sealed[..at]), Err(NotOpened), "{at}");
        }
    }

    #[test]
    fn what_an_earlier_master_key_has_wrapped_opens_as_long_as_its_line_is_there() {
        let (old, new) = (KeyFile::new_line("2026-11"), KeyFile::new_line("2027-01"));
        let before = KeyFile::parse(&old).unwrap();
        let after = KeyFile::parse(&format!("# the first wraps\n{new}\n{old}")).unwrap();
        let key = DataKey::random();
        let wrapped = before.wrap("A/1", &key);
        let sealed = key.seal(&["A/1"], TEXT);
        let again = after.unwrap("A/1", &wrapped).unwrap();
        assert_eq!(again.open(&["A/1"], &sealed).as_deref(), Ok(TEXT));
        assert_eq!(after.wrap("A/1", &key).master_key, "2027-01");
        let gone = KeyFile::parse(&new).unwrap().unwrap("A/1", &wrapped).unwrap_err();
        assert_eq!(gone, UnknownMasterKey("2026-11".to_owned()).into());
        assert!(after.unwrap("A/2", &wrapped).is_err(), "another patient's");
    }

    #[test]
    fn a_line_that_is_none_is_named_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let said = |text: &str| {
            std::fs::write(&path, text).unwrap();
            KeyFile::load(&path).unwrap_err().to_string()
        };
        let good = KeyFile::new_line("a");
        for bad in ["hunter2", "a +1", "a/b 00", "日 00"] {
            let message = said(&format!("{good}{bad}\n"));
            assert!(message.contains("line 2") && !message.contains("hunter2"), "{message}");
        }
        assert!(said(&format!("{good}{good}")).contains("line 2"), "the same id twice");
        assert!(said(&format!("a {}", "+1".repeat(32))).contains("line 1"));
        assert!(said("\n# none\n").contains("has no line"));
        std::fs::write(&path, &good).unwrap();
        assert!(
            !format!("{:?}", KeyFile::load(&path).unwrap())
                .contains(good.trim().split(' ').next_back().unwrap())
        );
        std::fs::remove_file(&path).unwrap();
        assert!(KeyFile::load(&path).unwrap_err().to_string().contains("cannot be read"));
    }
}
