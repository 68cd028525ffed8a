//! What an ID token says of a person.

use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, IdTokenClaims};
use schemas::registry::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::Settings;
use super::{Failure, Invalid};

/// No user and no role has a longer name, in bytes.
const LONGEST_NAME: usize = 256;

/// The claims that OpenID Connect does not name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllClaims(Map<String, Value>);

impl AdditionalClaims for AllClaims {}

/// The claims of an ID token that was verified.
pub struct Claims(Value);

/// Somebody whom the provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The practitioner's id.
    pub user: String,
    /// The roles that the provider gives; none where it is not asked.
    roles: Option<Vec<String>>,
    /// The person's name at the provider.
    pub subject: String,
    /// The session there.
    pub session: Option<String>,
}

impl Claims {
    /// Of the claims of a token that was verified.
    pub fn of(claims: &IdTokenClaims<AllClaims, CoreGenderClaim>) -> Option<Self> {
        serde_json::to_value(claims).ok().map(Self)
    }

    /// Who it is, by the claims that are set.
    ///
    /// # Errors
    /// When the claims do not say.
    pub fn person(&self, settings: &Settings) -> Result<Person, Failure> {
        let text = |name| self.at(name).and_then(Value::as_str).map(str::to_owned);
        let nameless = Failure::Invalid(Invalid::User);
        let user = text(&settings.user_claim).filter(|user| is_name(user)).ok_or(nameless)?;
        // An address that nobody has seen to may be another person's.
        if settings.user_claim == "email" && self.at("email_verified") != Some(&Value::Bool(true)) {
            return Err(nameless);
        }
        Ok(Person {
            user,
            roles: settings.role_claim.as_deref().map(|claim| self.roles(claim)),
            subject: text("sub").ok_or(Failure::Invalid(Invalid::Form))?,
            session: text("sid"),
        })
    }

    fn roles(&self, claim: &str) -> Vec<String> {
        match self.at(claim) {
            Some(Value::String(role)) => vec![role.clone()],
            Some(Value::Array(roles)) => {
                roles.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A claim by its name, which may have dots itself, or by its path.
    fn at(&self, name: &str) -> Option<&Value> {
        let by_path = || name.split('.').try_fold(&self.0, |value, part| value.get(part));
        self.0.get(name).or_else(by_path)
    }
}

impl Person {
    #[cfg(test)]
    pub(crate) fn for_test(user: &str, roles: Option<&[&str]>) -> Self {
        let roles = roles.map(|roles| roles.iter().map(|role| (*role).to_owned()).collect());
        Self { user: user.to_owned(), roles, subject: user.to_owned(), session: None }
    }

    /// Whether the provider gives the person a role, too. Where it is not asked, it does.
    pub fn has(&self, role: Role) -> bool {
        let has = |roles: &Vec<String>| roles.iter().any(|given| given == role.as_str());
        self.roles.as_ref().is_none_or(has)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_NAME && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::settings::tests::settings;
    use super::*;

    fn person(further: &[&str], claims: Value) -> Result<Person, Failure> {
        Claims(claims).person(&settings(further).unwrap().unwrap())
    }

    #[test]
    fn the_claim_that_is_set_names_the_practitioner() {
        let claims = json!({
            "sub": "7f3a", "sid": "s1", "preferred_username": "dr.sato", "https://clinic.example/id": "x.y",
        });
        let who = person(&[], claims.clone()).unwrap();
        assert_eq!(
            (&*who.user, &*who.subject, who.session.as_deref()),
            ("7f3a", "7f3a", Some("s1"))
        );
        let by = |claim| person(&["--oidc-user-claim", claim], claims.clone()).map(|who| who.user);
        assert_eq!(by("preferred_username").unwrap(), "dr.sato");
        assert_eq!(by("https://clinic.example/id").unwrap(), "x.y");
        assert_eq!(by("email").unwrap_err(), Failure::Invalid(Invalid::User));
    }

    #[test]
    fn what_is_no_name_names_nobody() {
        for user in [json!(""), json!(7), json!(["dr.sato"]), json!("a\nb"), json!("x".repeat(257))]
        {
            let claims = json!({ "sub": "7f3a", "id": user });
            let unnamed = person(&["--oidc-user-claim", "id"], claims).unwrap_err();
            assert_eq!(unnamed, Failure::Invalid(Invalid::User));
        }
        let email = |verified: Value| {
            let claims =
                json!({ "sub": "1", "email": "a@clinic.example", "email_verified": verified });
            person(&["--oidc-user-claim", "email"], claims).is_ok()
        };
        assert!(email(json!(true)) && !email(json!(false)) && !email(json!(null)));
    }

    #[test]
    fn a_role_is_asked_of_the_provider_where_its_claim_is_set() {
        let has = |further: &[&str], claims| person(further, claims).unwrap().has(Role::Physician);
        assert!(has(&[], json!({ "sub": "1" })));
        let path = ["--oidc-role-claim", "realm_access.roles"];
        assert!(has(&path, json!({ "sub": "1", "realm_access": { "roles": ["x", "physician"] } })));
        assert!(has(&path, json!({ "sub": "1", "realm_access.roles": "physician" })));
        for without in [
            json!({ "sub": "1" }),
            json!({ "sub": "1", "realm_access": { "roles": ["operator", "physician-in-training"] } }),
            json!({ "sub": "1", "realm_access": "physician" }),
            json!({ "sub": "1", "realm_access": { "roles": { "physician": true } } }),
        ] {
            assert!(!has(&path, without.clone()), "{without}");
        }
    }
}
