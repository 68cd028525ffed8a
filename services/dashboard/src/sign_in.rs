//! Checking users and passwords.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::RngCore;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::accounts::{AccountState, Accounts};
use crate::openid::OpenId;
use crate::throttle::Throttle;

/// How long a pair of user and password that was right need not be checked again.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);
/// Pairs that are remembered.
const MOST_REMEMBERED: usize = 1024;
/// How long a sign-in waits for its turn.
const LONGEST_QUEUE: Duration = Duration::from_secs(5);
/// No user name and no password is longer, in bytes.
const LONGEST_TEXT: usize = 256;

/// How people sign in: one way, and not two, of which the weaker one would count.
#[derive(Debug)]
pub enum Way {
    /// With the accounts of a file, for demos.
    Accounts(SignIn),
    /// At a provider, by OpenID Connect.
    OpenId(Arc<OpenId>),
}

impl Way {
    /// What a session of the user stands on: another state ends it, and so does none.
    pub fn account_state(&self, user: &str) -> Option<AccountState> {
        match self {
            Self::Accounts(accounts) => accounts.account_state(user),
            Self::OpenId(openid) => Some(openid.state()),
        }
    }
}

/// Checks users and passwords, one at a time: Argon2 is meant to be slow, and a flood of attempts
/// must not take the machine.
pub struct SignIn {
    accounts: Arc<Accounts>,
    throttle: Throttle,
    turn: Arc<Semaphore>,
    /// Scripts send their password with each request. Pairs that were right, as SHA-256 with a
    /// secret salt: looking one up tells nothing by the time it takes.
    remembered: Mutex<HashMap<[u8; 32], Instant>>,
    salt: [u8; 32],
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInError {
    /// User and password do not belong together.
    WrongCredentials,
    /// The user failed too often: wait this long.
    TooManyFailures(Duration),
    /// Too many people at once.
    Busy,
}

/// Credentials that were right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// Checked now.
    Now,
    /// Checked a moment ago.
    Recently,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(sign-in of {:?})", self.accounts)
    }
}

impl SignIn {
    /// Sign-in with the accounts.
    pub fn new(accounts: Accounts) -> Self {
        let mut salt = [0; 32];
        rand::rng().fill_bytes(&mut salt);
        Self {
            accounts: Arc::new(accounts),
            throttle: Throttle::default(),
            turn: Arc::new(Semaphore::new(1)),
            remembered: Mutex::default(),
            salt,
        }
    }

    /// The state of a user's account; none where there is none.
    pub fn account_state(&self, user: &str) -> Option<AccountState> {
        self.accounts.state(user)
    }

    /// Checks a user's password.
    ///
    /// # Errors
    /// [`SignInError`]; for a wrong user the same as for a wrong password, after as long.
    pub async fn verify(&self, user: &str, password: &str) -> Result<Verified, SignInError> {
        if user.len() > LONGEST_TEXT || password.len() > LONGEST_TEXT {
            return Err(SignInError::WrongCredentials);
        }
        let pair = self.pair(user, password);
        if self.is_remembered(&pair) {
            return Ok(Verified::Recently);
        }
        let turn = match timeout(LONGEST_QUEUE, Arc::clone(&self.turn).acquire_owned()).await {
            Ok(Ok(turn)) => turn,
            _ => return Err(SignInError::Busy),
        };
        // A request before this one may have brought the same pair.
        if self.is_remembered(&pair) {
            return Ok(Verified::Recently);
        }
        self.throttle.begin(user, Instant::now()).map_err(SignInError::TooManyFailures)?;
        let accounts = Arc::clone(&self.accounts);
        let (owned_user, owned_password) = (user.to_owned(), password.to_owned());
        // The turn ends with the work, not with a client that hangs up in between.
        let checking = spawn_blocking(move || {
            let _turn = turn;
            accounts.verify(&owned_user, &owned_password)
        });
        if !checking.await.unwrap_or(false) {
            return Err(SignInError::WrongCredentials);
        }
        self.throttle.succeeded(user);
        self.remember(pair);
        Ok(Verified::Now)
    }

    fn pair(&self, user: &str, password: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.salt);
        digest.update(user.len().to_le_bytes());
        digest.update(user);
        digest.update(password);
        digest.finalize().into()
    }

    fn is_remembered(&self, pair: &[u8; 32]) -> bool {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(pair).is_some_and(|at| at.elapsed() < REMEMBERED_FOR)
    }

    fn remember(&self, pair: [u8; 32]) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, at| at.elapsed() < REMEMBERED_FOR);
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(pair, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::tests::accounts;

    #[tokio::test]
    async fn neither_accounts_nor_the_sign_in_print_what_they_keep_secret() {
        let accounts = accounts(&[("sato", "right")]);
        assert_eq!(format!("{accounts:?}"), "(1 accounts)");
        let sign_in = SignIn::new(accounts);
        sign_in.verify("sato", "right").await.unwrap();
        assert_eq!(format!("{sign_in:?}"), "(sign-in of (1 accounts))");
    }

    #[tokio::test]
    async fn a_right_password_is_remembered_and_a_wrong_one_is_not() {
        let sign_in = SignIn::new(accounts(&[("sato", "right")]));
        assert_eq!(sign_in.verify("sato", "right").await, Ok(Verified::Now));
        assert_eq!(sign_in.verify("sato", "right").await, Ok(Verified::Recently));
        assert_eq!(sign_in.verify("sato", "wrong").await, Err(SignInError::WrongCredentials));
        assert_eq!(sign_in.verify("nobody", "right").await, Err(SignInError::WrongCredentials));
        assert_eq!(sign_in.remembered.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn guessing_is_slowed_down_and_does_not_lock_out_who_is_at_work() {
        let sign_in = SignIn::new(accounts(&[("sato", "right")]));
        sign_in.verify("sato", "right").await.unwrap();
        for _ in 0..5 {
            assert_eq!(sign_in.verify("sato", "guess").await, Err(SignInError::WrongCredentials));
        }
        assert!(matches!(
            sign_in.verify("sato", "guess").await,
            Err(SignInError::TooManyFailures(_))
        ));
        assert_eq!(sign_in.verify("sato", "right").await, Ok(Verified::Recently));
    }

    #[tokio::test]
    async fn requests_at_the_same_moment_with_the_right_password_are_all_let_in() {
        let sign_in = SignIn::new(accounts(&[("sato", "right")]));
        let all = (0..20).map(|_| sign_in.verify("sato", "right"));
        for verified in futures_util::future::join_all(all).await {
            assert!(verified.is_ok(), "{verified:?}");
        }
    }
}
