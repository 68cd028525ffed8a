//! How sessions begin and end: by password or at a provider, and what makes somebody be signed in no more.

use std::time::Duration;

use axum::http::request::Parts;
use clinical::Timestamp;
use schemas::EndedSession;

use crate::access::SignedIn;
use crate::clock::now;
use crate::ended_sessions::Ending;
use crate::model::Session;
use crate::openid::{Failure, Logout, Person};
use crate::problem::Problem;
use crate::session::{AtProvider, LIFETIME, Sealed};
use crate::sign_in::{SignInError, Verified, Way};
use crate::state::{Access, Dashboard};

impl Dashboard {
    /// Checks a user's password and records the result; a check of a moment ago is recorded
    /// already.
    ///
    /// # Errors
    /// The problem to answer with.
    pub async fn sign_in(&self, user: &str, password: &str) -> Result<Session, Problem> {
        if !self.registry.is_caught_up() {
            return Err(Problem::still_loading("list of practitioners"));
        }
        let Way::Accounts(accounts) = &self.sign_in else {
            return Err(Problem::sign_in_at_provider());
        };
        let verified = accounts.verify(user, password).await;
        let count = |result: &str| self.metrics.sign_ins.with_label_values(&[result]).inc();
        match verified {
            Ok(verified) => {
                let Some(session) = self.session_of(user) else {
                    count("not_registered");
                    let detail = "not registered as a practitioner".to_owned();
                    let access = Access { user, action: "sign_in", detail, ..Access::default() };
                    self.record(access).await?;
                    return Err(Problem::not_registered());
                };
                if verified == Verified::Now {
                    count("signed_in");
                    self.record(Access {
                        user,
                        role: session.role.as_str(),
                        action: "sign_in",
                        allowed: true,
                        ..Access::default()
                    })
                    .await?;
                }
                Ok(session)
            }
            Err(SignInError::WrongCredentials) => {
                count("wrong_credentials");
                // An unknown name may be a password in the wrong field: it is not written down.
                let detail = match accounts.account_state(user) {
                    Some(_) => format!("wrong password for {user}"),
                    None => "no such user".to_owned(),
                };
                self.record(Access { action: "sign_in", detail, ..Access::default() }).await?;
                Err(Problem::wrong_credentials())
            }
            Err(SignInError::TooManyFailures(wait)) => {
                count("too_many_failures");
                Err(Problem::too_many_sign_ins(wait))
            }
            Err(SignInError::Busy) => {
                count("busy");
                Err(Problem::sign_in_busy())
            }
        }
    }

    /// Who a user is; none where the registry knows no such practitioner (any more).
    pub fn session_of(&self, user: &str) -> Option<Session> {
        let staff = self.registry.staff(user)?;
        Some(Session { id: None, user: user.to_owned(), name: staff.name, role: staff.role })
    }

    /// Begins a session of somebody who has just signed in.
    ///
    /// # Errors
    /// When the account is gone meanwhile.
    pub fn begin_session(
        &self,
        session: &Session,
        provider: Option<AtProvider>,
    ) -> Result<Sealed, Problem> {
        let account = self.sign_in.account_state(&session.user);
        let account = account.ok_or_else(Problem::wrong_credentials)?;
        let sealed = Sealed::beginning(&session.user, session.role, account, now());
        Ok(Sealed { provider, ..sealed })
    }

    /// Lets somebody in whom the provider vouches for, and records it. What the person may do is the
    /// registry's to say, and where the provider is asked for roles, both must say it.
    ///
    /// # Errors
    /// Why the person is not let in.
    pub async fn sign_in_by_provider(
        &self,
        person: &Person,
    ) -> Result<(Session, AtProvider), Failure> {
        if !self.registry.is_caught_up() {
            return Err(Failure::Later);
        }
        let user = &*person.user;
        let refused = Access { user, action: "sign_in", ..Access::default() };
        let refused = async |detail: String, failure| {
            let recorded = self.record(Access { detail, ..refused.clone() }).await;
            Err(recorded.map_or(Failure::Later, |()| failure))
        };
        let Some(session) = self.session_of(user) else {
            let detail = "not registered as a practitioner".to_owned();
            return refused(detail, Failure::NotRegistered).await;
        };
        let role = session.role.as_str();
        if !person.has(session.role) {
            let detail = format!("the provider does not give the role {role}");
            return refused(detail, Failure::RoleMissing).await;
        }
        let granted = Access { user, role, action: "sign_in", allowed: true, ..Access::default() };
        self.record(granted).await.map_err(|_| Failure::Later)?;
        self.metrics.sign_ins.with_label_values(&["signed_in"]).inc();
        let provider = AtProvider {
            session: person.session.as_ref().map(|session| self.digest("sid", session)),
            subject: self.digest("sub", &person.subject),
        };
        Ok((session, provider))
    }

    /// Ends the sessions that the provider says have ended. False where it has said so before by the same
    /// token.
    ///
    /// # Errors
    /// The problem to answer with; sessions may go on.
    pub async fn end_by_provider(&self, logout: &Logout) -> Result<bool, Problem> {
        let token = Ending::Token(self.digest("jti", &logout.id));
        if self.ended.contains(&token.key()) {
            return Ok(false);
        }
        let session = logout.session.as_ref().map(|session| self.digest("sid", session));
        let person = logout.subject.as_ref().map(|subject| self.digest("sub", subject));
        let endings = match (session, person) {
            // A session that its ID token did not name is known by its person alone.
            (Some(session), Some(person)) => {
                vec![Ending::OfProvider(session), Ending::OfPersonUnnamed(person)]
            }
            (Some(session), None) => vec![Ending::OfProvider(session)],
            (None, Some(person)) => vec![Ending::OfPerson(person)],
            (None, None) => Vec::new(),
        };
        let detail = "at the provider".to_owned();
        self.record(Access { action: "sign_out", allowed: true, detail, ..Access::default() })
            .await?;
        let ended_at = now();
        for ending in endings {
            self.end(ending.key(), ended_at, ended_at + LIFETIME).await?;
        }
        // Last, so that the provider may try again what has failed.
        self.end(token.key(), ended_at, logout.expires_at).await?;
        Ok(true)
    }

    fn digest(&self, what: &str, text: &str) -> String {
        self.session_key.digest(&format!("{what} {text}"))
    }

    /// Ends a session before its time, on every instance: here when this resolves, elsewhere within
    /// a second.
    ///
    /// # Errors
    /// The problem to answer with; the session may go on.
    pub async fn end_session(&self, sealed: &Sealed) -> Result<(), Problem> {
        if self.ended.has_ended(sealed) {
            return Ok(());
        }
        self.record(Access {
            user: &sealed.user,
            role: sealed.role.as_str(),
            action: "sign_out",
            allowed: true,
            session: Some(&sealed.id),
            ..Access::default()
        })
        .await?;
        self.end(sealed.id.clone(), now(), sealed.expires_at).await
    }

    async fn end(
        &self,
        session: String,
        ended_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), Problem> {
        let record = EndedSession {
            session: session.clone(),
            ended_at: ended_at.millis(),
            expires_at: expires_at.millis(),
        };
        self.session_ends.publish(record).await.map_err(|error| {
            tracing::error!(%error, "a session goes on because its end cannot be made known");
            Problem::session_not_ended()
        })?;
        self.ended.apply(session, (ended_at, expires_at), ended_at);
        Ok(())
    }

    /// Resolves when somebody is not signed in any more: the time is over, the session was ended, or
    /// the person has another role or none.
    pub async fn signed_out(&self, signed_in: &SignedIn) {
        let over = async {
            match &signed_in.sealed {
                Some(sealed) => {
                    let left = (sealed.expires_at - now()).millis();
                    let left = u64::try_from(left).unwrap_or(0);
                    tokio::time::sleep(Duration::from_millis(left)).await;
                }
                None => std::future::pending().await,
            }
        };
        let ended = async {
            match &signed_in.sealed {
                Some(sealed) => self.ended.wait_for(sealed).await,
                None => std::future::pending().await,
            }
        };
        let struck_off = async {
            let mut changes = self.registry.changes();
            let Session { user, role, .. } = &signed_in.session;
            while self.registry.staff(user).is_some_and(|staff| staff.role == *role) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = over => {}
            () = ended => {}
            () = struck_off => {}
        }
    }

    /// Who is signed in by the cookie of a request.
    pub(crate) fn by_cookie(&self, parts: &Parts) -> Option<SignedIn> {
        let sealed = self.session_key.open(&parts.headers, now())?;
        if self.ended.has_ended(&sealed) {
            return None;
        }
        // The account may have been removed or its password changed since.
        if self.sign_in.account_state(&sealed.user) != Some(sealed.account) {
            return None;
        }
        let session = self.session_of(&sealed.user).filter(|now| now.role == sealed.role)?;
        let session = Session { id: Some(sealed.id.clone()), ..session };
        Some(SignedIn { session, sealed: Some(sealed) })
    }
}
