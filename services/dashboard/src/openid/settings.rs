//! How the dashboard is known at the provider, and whom it lets in.

use std::fmt;

use chassis::Secret;
use openidconnect::url::{Host, Url};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl, Scope};
use sha2::{Digest, Sha256};

use crate::accounts::AccountState;

/// Where the provider sends people back to.
pub const CALLBACK: &str = "/api/v1/session/oidc/callback";

/// Sign-in by OpenID Connect.
#[derive(Debug, Clone, clap::Args)]
pub struct OpenIdArgs {
    /// OpenID Connect: the provider's issuer, written as the provider writes it; with https, or on this
    /// machine. People then sign in there, and --demo-accounts has to be left out
    #[arg(long, env = "MIMAMORI_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,

    /// OpenID Connect: what the provider calls the dashboard
    #[arg(long, env = "MIMAMORI_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,

    /// OpenID Connect: the dashboard's secret at the provider; without it the dashboard is a public
    /// client, which PKCE protects all the same. Better given by the environment
    #[arg(
        long,
        env = "MIMAMORI_OIDC_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub oidc_client_secret: Option<Secret>,

    /// OpenID Connect: the claim of the ID token that is the practitioner's id in the registry. It has to be
    /// one that people cannot change themselves; of an object inside the claims, its path with dots
    #[arg(long, env = "MIMAMORI_OIDC_USER_CLAIM", value_name = "CLAIM", default_value = "sub")]
    pub oidc_user_claim: String,

    /// OpenID Connect: the claim with a person's roles, such as realm_access.roles. Where it is given,
    /// nobody is let in whose role in the registry, physician or operator, is not among them
    #[arg(long, env = "MIMAMORI_OIDC_ROLE_CLAIM", value_name = "CLAIM")]
    pub oidc_role_claim: Option<String>,

    /// OpenID Connect: scopes beside openid that the claims need, such as profile, with blanks between them
    #[arg(long, env = "MIMAMORI_OIDC_SCOPES", value_name = "SCOPES")]
    pub oidc_scopes: Option<String>,

    /// Where people open the dashboard, such as https://mimamori.example: the provider sends them back
    /// there. OpenID Connect needs it
    #[arg(long, env = "MIMAMORI_DASHBOARD_URL", value_name = "URL")]
    pub dashboard_url: Option<String>,
}

/// A provider, and the dashboard as its client.
#[derive(Clone)]
pub struct Settings {
    /// The provider.
    pub issuer: IssuerUrl,
    /// The dashboard's name there.
    pub client_id: ClientId,
    /// Its secret there.
    pub client_secret: Option<ClientSecret>,
    /// Where people come back to.
    pub redirect: RedirectUrl,
    /// The page to sign in, where people land who have signed out at the provider.
    pub sign_in_page: Url,
    /// The claim that names the practitioner.
    pub user_claim: String,
    /// The claim that names a person's roles.
    pub role_claim: Option<String>,
    /// Scopes beside `openid`.
    pub scopes: Vec<Scope>,
}

/// Settings with which nobody could sign in, or others too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Something that is needed.
    #[error(
        "sign-in by OpenID Connect needs {what} ({flag} or {variable}); give it beside --oidc-issuer"
    )]
    Missing {
        /// What.
        what: &'static str,
        /// Its flag.
        flag: &'static str,
        /// Its variable.
        variable: &'static str,
    },
    /// An address that none of ours may have.
    #[error("{flag} is no address that people can sign in by: {why}; write it as {example}")]
    Address {
        /// Its flag.
        flag: &'static str,
        /// What is wrong with it.
        why: &'static str,
        /// How it looks.
        example: &'static str,
    },
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(client {} of {})", self.client_id.as_str(), self.issuer.as_str())
    }
}

impl OpenIdArgs {
    /// What was given; none where sign-in is not by OpenID Connect.
    ///
    /// # Errors
    /// When something is missing, or an address would send secrets in the clear.
    pub fn settings(&self) -> Result<Option<Settings>, SettingsError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let missing = |what, flag, variable| SettingsError::Missing { what, flag, variable };
        let Some(issuer) = given(&self.oidc_issuer) else {
            return match given(&self.oidc_client_id) {
                Some(_) => Err(missing("the issuer", "--oidc-issuer", "MIMAMORI_OIDC_ISSUER")),
                None => Ok(None),
            };
        };
        let client_id = given(&self.oidc_client_id).ok_or_else(|| {
            missing("the client's id", "--oidc-client-id", "MIMAMORI_OIDC_CLIENT_ID")
        })?;
        let dashboard = given(&self.dashboard_url).ok_or_else(|| {
            missing("where people open the dashboard", "--dashboard-url", "MIMAMORI_DASHBOARD_URL")
        })?;
        address("--oidc-issuer", &issuer, "https://login.example/realms/clinic")?;
        let dashboard =
            address("--dashboard-url", &dashboard, "https://mimamori.example, without a path")?;
        if dashboard.path() != "/" {
            return Err(SettingsError::Address {
                flag: "--dashboard-url",
                why: "the pages are at the root of their address",
                example: "https://mimamori.example, without a path",
            });
        }
        let page = |path: &str| dashboard.join(path).expect("a path of our own writing");
        let secret = self.oidc_client_secret.as_ref().filter(|secret| !secret.expose().is_empty());
        let scopes = self.oidc_scopes.iter().flat_map(|scopes| scopes.split_whitespace());
        let scopes = scopes.filter(|scope| *scope != "openid");
        Ok(Some(Settings {
            // As it was written: a provider's name is compared letter by letter.
            issuer: IssuerUrl::new(issuer.trim().to_owned()).expect("it is an address"),
            client_id: ClientId::new(client_id),
            client_secret: secret.map(|secret| ClientSecret::new(secret.expose().to_owned())),
            redirect: RedirectUrl::from_url(page(CALLBACK)),
            sign_in_page: page("/sign-in"),
            user_claim: self.oidc_user_claim.clone(),
            role_claim: given(&self.oidc_role_claim),
            scopes: scopes.map(|scope| Scope::new(scope.to_owned())).collect(),
        }))
    }
}

impl Settings {
    /// What a session stands on: with another provider, or other claims, nobody stays signed in.
    pub fn state(&self) -> AccountState {
        let mut digest = Sha256::new();
        let role_claim = self.role_claim.as_deref().unwrap_or_default();
        let texts = [self.issuer.as_str(), self.client_id.as_str(), &self.user_claim, role_claim];
        for text in texts {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        }
        let digest: [u8; 32] = digest.finalize().into();
        *digest.first_chunk().expect("32 bytes have a beginning")
    }
}

fn address(flag: &'static str, text: &str, example: &'static str) -> Result<Url, SettingsError> {
    let refused = |why| SettingsError::Address { flag, why, example };
    let url = Url::parse(text.trim()).map_err(|_| refused("it is no URL"))?;
    if !is_fit(&url) {
        return Err(refused("what is sent there would be read on the way, without https"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(refused("it has more than a host, a port and a path"));
    }
    Ok(url)
}

/// Whether nobody on the way reads what is sent to an address: it has TLS, or is on this machine.
pub fn is_fit(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: OpenIdArgs,
    }

    pub(crate) const ISSUER: &str = "https://login.example/realms/clinic";

    /// What these arguments come to, beside those that are always needed.
    pub(crate) fn settings(further: &[&str]) -> Result<Option<Settings>, SettingsError> {
        let own = ["--oidc-issuer", ISSUER, "--oidc-client-id", "mimamori"];
        let url = ["--dashboard-url", "https://mimamori.example"];
        of(&[&own[..], &url, further].concat())
    }

    fn of(arguments: &[&str]) -> Result<Option<Settings>, SettingsError> {
        let all = ["dashboard"].iter().chain(arguments);
        Command::try_parse_from(all).map_err(|error| error.to_string()).unwrap().args.settings()
    }

    #[test]
    fn what_is_needed_beside_the_issuer_is_asked_for_by_name() {
        assert!(of(&[]).unwrap().is_none());
        let said = |arguments: &[&str]| of(arguments).unwrap_err().to_string();
        assert!(said(&["--oidc-client-id", "m"]).contains("MIMAMORI_OIDC_ISSUER"));
        let issuer = ["--oidc-issuer", ISSUER];
        assert!(said(&issuer).contains("MIMAMORI_OIDC_CLIENT_ID"));
        let with_id = [&issuer[..], &["--oidc-client-id", "m"]].concat();
        assert!(said(&with_id).contains("MIMAMORI_DASHBOARD_URL"));
        let settings = settings(&["--oidc-scopes", "openid profile  email"]).unwrap().unwrap();
        assert_eq!(
            settings.redirect.as_str(),
            "https://mimamori.example/api/v1/session/oidc/callback"
        );
        let scopes: Vec<&str> = settings.scopes.iter().map(|scope| scope.as_str()).collect();
        assert_eq!(scopes, ["profile", "email"]);
    }

    #[test]
    fn without_tls_only_an_address_on_this_machine_is_taken() {
        let issuer = |issuer: &str| {
            let with = ["--oidc-client-id", "m", "--dashboard-url", "http://127.0.0.1:8090/"];
            of(&[&["--oidc-issuer", issuer][..], &with].concat())
        };
        for taken in [
            "https://login.example",
            "http://127.0.0.1:4000",
            "http://[::1]:1/a",
            "http://localhost",
        ] {
            let settings = issuer(taken).unwrap().unwrap();
            assert_eq!(settings.issuer.as_str(), taken, "as it was written");
        }
        for refused in [
            "http://login.example",
            "http://127.0.0.1.login.example",
            "login.example",
            "ftp://127.0.0.1",
            "https://login.example/?realm=1",
            "https://somebody@login.example",
        ] {
            let error = issuer(refused).unwrap_err().to_string();
            assert!(error.contains("--oidc-issuer") && error.contains("https"), "{error}");
        }
        let below = ["--dashboard-url", "https://clinic.example/mimamori"];
        assert!(
            of(&[&["--oidc-issuer", ISSUER, "--oidc-client-id", "m"][..], &below].concat())
                .is_err()
        );
    }

    #[test]
    fn nobody_stays_signed_in_under_another_provider_or_by_other_claims() {
        let state = |further: &[&str]| settings(further).unwrap().unwrap().state();
        let own = state(&[]);
        assert_eq!(own, state(&["--oidc-scopes", "profile"]));
        assert_ne!(own, state(&["--oidc-user-claim", "email"]));
        assert_ne!(own, state(&["--oidc-role-claim", "roles"]));
    }

    #[test]
    fn settings_and_arguments_do_not_show_the_secret() {
        let settings = settings(&["--oidc-client-secret", "hunter2"]).unwrap().unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.client_secret.unwrap().secret(), "hunter2");
    }
}
