//! Sign-in by OpenID Connect: the authorization code flow with PKCE at a provider that the operators
//! name, and its word that a session there has ended.
//!
//! The provider may be away when the dashboard starts, and at any time later: it is looked for again and
//! again, and until it is there nobody new is let in. Who is signed in already stays so.

pub mod attempt;
mod claims;
mod logout_token;
mod provider;
pub mod settings;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chassis::{Component, Shutdown};
use openidconnect::url::Url;
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use self::attempt::Attempt;
pub use self::claims::Person;
pub use self::logout_token::Logout;
pub use self::provider::Beginning;
use self::provider::{Http, Provider};
use self::settings::Settings;
use crate::accounts::AccountState;
use crate::clock::now;

/// How often a provider that is away is looked for.
const CHECK: Duration = Duration::from_secs(5);
/// The provider is not asked again sooner for what it is and for its keys, whoever asks for a sign-in.
const SOONEST: Duration = Duration::from_secs(3);
/// How long what the provider says of itself holds: a key that it has withdrawn counts no longer.
const HOLDS: Duration = Duration::from_secs(10 * 60);

/// Why nobody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The provider cannot be reached.
    Away,
    /// The attempt took too long, or was begun in another browser.
    Expired,
    /// The answer is of another attempt than this browser's last one.
    OtherAttempt,
    /// The person or the provider said no.
    Denied,
    /// The provider did not give what it was asked for.
    Refused,
    /// What the provider gave does not hold.
    Invalid(Invalid),
    /// The clocks of provider and dashboard differ, or the ID token came too late.
    Clock,
    /// The person is on no list.
    NotRegistered,
    /// The provider does not give the person the role that the registry does.
    RoleMissing,
    /// Just started, or the sign-in cannot be recorded.
    Later,
}

/// What of a token does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// It is made otherwise.
    Form,
    /// No key of the provider's fits.
    Key,
    /// It is not signed as it must be.
    Signature,
    /// Another provider's.
    Issuer,
    /// Another client's.
    Audience,
    /// Another attempt's.
    Nonce,
    /// Too old, or of the future.
    Time,
    /// The claim that is set names no user.
    User,
}

impl Failure {
    /// Its name among the results of sign-ins, and in the log.
    pub fn result(self) -> &'static str {
        match self {
            Self::Away => "provider_away",
            Self::Expired => "expired",
            Self::OtherAttempt => "other_attempt",
            Self::Denied => "denied",
            Self::Refused => "refused_by_provider",
            Self::Invalid(_) => "invalid_token",
            Self::Clock => "clock",
            Self::NotRegistered => "not_registered",
            Self::RoleMissing => "role_missing",
            Self::Later => "not_ready",
        }
    }

    /// What the page to sign in is told.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Expired | Self::OtherAttempt => "expired",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Invalid(_) => "invalid",
            Self::Clock => "clock",
            Self::NotRegistered => "not-registered",
            Self::RoleMissing => "role",
            Self::Later => "later",
        }
    }
}

/// What the provider's answer in the browser holds.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Sign-in by OpenID Connect.
pub struct OpenId {
    settings: Settings,
    http: Http,
    provider: RwLock<Option<Arc<Provider>>>,
    /// When the provider was looked for last; held by whoever looks.
    looked_at: Mutex<Option<Instant>>,
}

impl fmt::Debug for OpenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.settings)
    }
}

impl OpenId {
    /// Sign-in at a provider, which is not looked for yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        let http = Http::new()?;
        Ok(Self { settings, http, provider: RwLock::default(), looked_at: Mutex::default() })
    }

    /// What a session stands on.
    pub fn state(&self) -> AccountState {
        self.settings.state()
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// When the provider cannot be reached.
    pub async fn begin(&self) -> Result<Beginning, Failure> {
        Ok(self.found().await?.begin(&self.settings))
    }

    /// Completes a sign-in with what the provider sent the person back with.
    ///
    /// # Errors
    /// Why nobody is let in.
    pub async fn complete(
        &self,
        attempt: Option<&Attempt>,
        answer: Answer,
    ) -> Result<Person, Failure> {
        let attempt = attempt.ok_or(Failure::Expired)?;
        if !answer.state.is_some_and(|state| attempt.is_of(&state)) {
            return Err(Failure::OtherAttempt);
        }
        // Where the provider says who answers, nobody else may (RFC 9207).
        if answer.iss.is_some_and(|issuer| issuer != self.settings.issuer.as_str()) {
            return Err(Failure::Invalid(Invalid::Issuer));
        }
        let code = match (answer.error.as_deref(), answer.code) {
            (None, Some(code)) => code,
            (Some("access_denied"), _) => return Err(Failure::Denied),
            (Some("temporarily_unavailable" | "server_error"), _) => return Err(Failure::Away),
            _ => return Err(Failure::Refused),
        };
        let provider = self.found().await?;
        let token = provider.exchange(code, attempt.verifier(), &self.http).await?;
        let nonce = attempt.nonce();
        let claims = match provider.verify(&token, &nonce, &self.settings) {
            Err(Failure::Invalid(Invalid::Key)) => {
                self.look().await?.verify(&token, &nonce, &self.settings)?
            }
            verified => verified?,
        };
        claims.person(&self.settings)
    }

    /// Verifies the provider's word that somebody has signed out there.
    ///
    /// # Errors
    /// When it does not hold, or the provider's keys cannot be had.
    pub async fn verify_logout(&self, token: &str) -> Result<Logout, Failure> {
        let verify = |provider: &Provider| {
            logout_token::verify(token, provider.keys(), &self.settings, now())
        };
        match verify(&*self.found().await?) {
            Err(Invalid::Key) => verify(&*self.look().await?),
            verified => verified,
        }
        .map_err(Failure::Invalid)
    }

    /// Where a person signs out of the provider too; none where it has no such page or is not known.
    pub fn sign_out_url(&self) -> Option<Url> {
        self.known()?.sign_out_url(&self.settings)
    }

    fn known(&self) -> Option<Arc<Provider>> {
        self.provider.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn found(&self) -> Result<Arc<Provider>, Failure> {
        match self.known() {
            Some(provider) => Ok(provider),
            None => self.look().await,
        }
    }

    /// Asks the provider what it is and for its keys, where that was not done a moment ago.
    async fn look(&self) -> Result<Arc<Provider>, Failure> {
        // The reason is in the log and in the state of the service.
        self.look_within(SOONEST).await.unwrap_or(Ok(())).ok();
        self.known().ok_or(Failure::Away)
    }

    /// None where the provider was looked for within that time.
    async fn look_within(&self, time: Duration) -> Option<Result<(), String>> {
        let mut looked_at = self.looked_at.lock().await;
        if looked_at.is_some_and(|at| at.elapsed() < time) {
            return None;
        }
        let found = Provider::discover(&self.settings, &self.http).await;
        *looked_at = Some(Instant::now());
        let found = found.map(|provider| {
            let mut known = self.provider.write().unwrap_or_else(PoisonError::into_inner);
            *known = Some(Arc::new(provider));
        });
        Some(found.inspect_err(|reason| {
            tracing::warn!(%reason, "the OpenID provider is not to be had");
        }))
    }

    /// Looks for the provider until it is there, and again from time to time. The service is ready
    /// without it, because who is signed in goes on, and says what is missing.
    pub async fn watch(self: Arc<Self>, component: Component, shutdown: Shutdown) {
        component.ready();
        let mut ticks = interval(CHECK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_away = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = shutdown.requested() => return,
            }
            let is_fresh = self.known().is_some_and(|provider| !provider.is_older_than(HOLDS));
            if is_fresh {
                if std::mem::take(&mut is_away) {
                    component.ready();
                }
                continue;
            }
            match self.look_within(SOONEST).await {
                Some(Err(reason)) => {
                    is_away = true;
                    component.progress(format!(
                        "degraded: nobody new can sign in, because the OpenID provider is not to be \
                         had: {reason}; check --oidc-issuer, {}, and the way there",
                        self.settings.issuer.as_str()
                    ));
                }
                Some(Ok(())) => {
                    is_away = false;
                    component.ready();
                    tracing::info!("the OpenID provider was found");
                }
                None => {}
            }
        }
    }
}
