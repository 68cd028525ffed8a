//! Local accounts, for demos: users and their hashed passwords in a file.
//!
//! What a user may do and what they are called is not in the file but in `registry.practitioners`.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use rand::RngCore;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The accounts of a file.
#[derive(Clone)]
pub struct Accounts {
    /// Argon2 hashes in PHC form by user.
    hashes: HashMap<String, String>,
    /// What the passwords of unknown users are compared with, so that they cost as much.
    decoy: String,
}

/// Tells one state of an account from another: it changes with the password.
pub type AccountState = [u8; 8];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    user: String,
    password_hash: String,
}

/// A file that holds no accounts.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// It cannot be read.
    #[error("cannot read the demo accounts of {}: {source}; check --demo-accounts", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// It is not of its form.
    #[error(
        "{} holds no accounts ({detail}); write [{{\"user\": …, \"password_hash\": \"$argon2id$…\"}}]",
        path.display()
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} accounts)", self.hashes.len())
    }
}

impl Accounts {
    /// Reads a file: a JSON array of `{"user", "password_hash"}`, the hash in Argon2's PHC form.
    ///
    /// # Errors
    /// When the file cannot be read or is not of that form.
    pub fn load(path: &Path) -> Result<Self, AccountsError> {
        let text = fs::read_to_string(path)
            .map_err(|source| AccountsError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text)
            .map_err(|detail| AccountsError::Malformed { path: path.to_owned(), detail })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut hashes = HashMap::new();
        for Entry { user, password_hash } in entries {
            if PasswordHash::new(&password_hash).is_err() {
                return Err(format!("the password_hash of {user} is not an Argon2 hash"));
            }
            if hashes.insert(user.clone(), password_hash).is_some() {
                return Err(format!("{user} is there twice"));
            }
        }
        let mut nobody = [0; 16];
        rand::rng().fill_bytes(&mut nobody);
        Ok(Self { hashes, decoy: hash_bytes(&nobody) })
    }

    /// Whether the password is the user's. Takes tens of milliseconds of a core, for unknown users
    /// too: not for the threads of an asynchronous runtime.
    pub fn verify(&self, user: &str, password: &str) -> bool {
        let (known, hash) = match self.hashes.get(user) {
            Some(hash) => (true, hash),
            None => (false, &self.decoy),
        };
        let matches = PasswordHash::new(hash).is_ok_and(|hash| {
            Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        });
        known && matches
    }

    /// The state of a user's account; none where there is none.
    pub fn state(&self, user: &str) -> Option<AccountState> {
        let hash = self.hashes.get(user)?;
        Sha256::digest(hash.as_bytes()).first_chunk().copied()
    }
}

/// Hashes a password for an account: Argon2id in PHC form, with a salt of its own.
pub fn hash_password(password: &str) -> String {
    hash_bytes(password.as_bytes())
}

fn hash_bytes(password: &[u8]) -> String {
    let mut salt = [0; 16];
    rand::rng().fill_bytes(&mut salt);
    let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
    Argon2::default()
        .hash_password(password, &salt)
        .expect("Argon2's own parameters and a salt of 16 bytes are valid")
        .to_string()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Accounts that hold the given users and passwords.
    pub(crate) fn accounts(users: &[(&str, &str)]) -> Accounts {
        let entries: Vec<_> = users
            .iter()
            .map(|(user, password)| {
                serde_json::json!({ "user": user, "password_hash": hash_password(password) })
            })
            .collect();
        Accounts::parse(&serde_json::to_string(&entries).unwrap()).unwrap()
    }

    #[test]
    fn a_password_is_the_users_and_nobody_elses() {
        let accounts = accounts(&[("sato", "correct horse"), ("ito", "battery staple")]);
        assert!(accounts.verify("sato", "correct horse"));
        assert!(!accounts.verify("sato", "battery staple"));
        assert!(!accounts.verify("nobody", "correct horse"));
        assert!(accounts.state("nobody").is_none());
        assert_ne!(accounts.state("sato"), accounts.state("ito"));
    }

    #[test]
    fn a_file_with_a_password_in_the_clear_is_refused() {
        let error = Accounts::parse(r#"[{"user":"sato","password_hash":"secret"}]"#).unwrap_err();
        assert!(error.contains("sato") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Accounts::load(Path::new("/nowhere/accounts.json")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/accounts.json") && error.contains("--demo-accounts"));
    }
}
