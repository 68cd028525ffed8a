//! The provider: what it says of itself, its keys, and how it is asked.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::url::Url;
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClaimsVerificationError, Client, CsrfToken,
    DiscoveryError, EmptyExtraTokenFields, EndSessionUrl, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IdToken, IdTokenFields, LogoutRequest, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RequestTokenError, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
};

use super::claims::{AllClaims, Claims};
use super::settings::{Settings, is_fit};
use super::{Failure, Invalid};

/// How long the provider may take for an answer.
const DEADLINE: Duration = Duration::from_secs(8);
/// How long a connection to it may take.
const CONNECT: Duration = Duration::from_secs(3);
/// No answer of a provider is longer, in bytes.
const LONGEST_ANSWER: usize = 1024 * 1024;
/// How far the clocks of provider and dashboard may lie apart.
pub const LEEWAY: Duration = Duration::from_secs(60);
/// How old an ID token may be that a code has just been given for.
const OLDEST_ID_TOKEN: Duration = Duration::from_secs(10 * 60);

/// Signatures that need the provider's own key: never one that a client could have made, and never none.
pub const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type TokenFields = IdTokenFields<
    AllClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// An ID token before it is verified.
pub type Token =
    IdToken<AllClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

type OwnClient = Client<
    AllClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<TokenFields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The provider as it was found last.
pub struct Provider {
    client: OwnClient,
    keys: CoreJsonWebKeySet,
    end_session: Option<EndSessionUrl>,
    found_at: Instant,
}

/// What the browser takes along, and what its cookie has to hold.
pub struct Beginning {
    /// Where the person signs in.
    pub url: Url,
    /// Tells the answer's attempt.
    pub state: CsrfToken,
    /// Ties the ID token to the attempt.
    pub nonce: Nonce,
    /// Ties the code to the attempt.
    pub verifier: PkceCodeVerifier,
}

impl Provider {
    /// Asks the provider what it is and for its keys.
    ///
    /// # Errors
    /// Why it is of no use, in words for operators: none of them are the provider's.
    pub async fn discover(settings: &Settings, http: &Http) -> Result<Self, String> {
        let found = ProviderMetadataWithLogout::discover_async(settings.issuer.clone(), http);
        let metadata = found.await.map_err(|error| why_not_found(&error, settings))?;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let takes =
            |method: &CoreClientAuthMethod| methods.is_none_or(|methods| methods.contains(method));
        let by_header = takes(&CoreClientAuthMethod::ClientSecretBasic)
            || !takes(&CoreClientAuthMethod::ClientSecretPost);
        let end_session = metadata.additional_metadata().end_session_endpoint.clone();
        let token = metadata.token_endpoint().ok_or("it names no token_endpoint")?;
        let mut asked = vec![metadata.authorization_endpoint().url(), token.url()];
        asked.extend(end_session.as_ref().map(|url| url.url()));
        if !asked.into_iter().all(is_fit) {
            return Err("it names addresses without https".to_owned());
        }
        let keys = metadata.jwks().clone();
        if keys.keys().is_empty() {
            return Err("it has no key that signatures can be checked with".to_owned());
        }
        let client = OwnClient::from_provider_metadata(
            metadata,
            settings.client_id.clone(),
            settings.client_secret.clone(),
        )
        .set_redirect_uri(settings.redirect.clone())
        .set_auth_type(if by_header { AuthType::BasicAuth } else { AuthType::RequestBody });
        Ok(Self { client, keys, end_session, found_at: Instant::now() })
    }

    /// Whether it was found so long ago.
    pub fn is_older_than(&self, age: Duration) -> bool {
        self.found_at.elapsed() >= age
    }

    /// Its keys.
    pub fn keys(&self) -> &CoreJsonWebKeySet {
        &self.keys
    }

    /// Begins a sign-in.
    pub fn begin(&self, settings: &Settings) -> Beginning {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = self.client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let request = request.add_scopes(settings.scopes.iter().cloned());
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        Beginning { url, state, nonce, verifier }
    }

    /// Exchanges a code for an ID token, which is not verified yet.
    ///
    /// # Errors
    /// When the provider cannot be reached or does not take the code.
    pub async fn exchange(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        http: &Http,
    ) -> Result<Token, Failure> {
        let request = self.client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|_| Failure::Refused)?.set_pkce_verifier(verifier);
        let answer = request.request_async(http).await.map_err(|error| match error {
            RequestTokenError::Request(_) => Failure::Away,
            RequestTokenError::ServerResponse(_) => Failure::Refused,
            RequestTokenError::Parse(..) => Failure::Invalid(Invalid::Form),
            _ => Failure::Refused,
        })?;
        answer.extra_fields().id_token().cloned().ok_or(Failure::Invalid(Invalid::Form))
    }

    /// Verifies an ID token: signature, issuer, audience, times and nonce.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(
        &self,
        token: &Token,
        nonce: &Nonce,
        settings: &Settings,
    ) -> Result<Claims, Failure> {
        let now = SystemTime::now();
        let verifier = self
            .client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            // Further audiences are looked at below, with who the token was made for.
            .set_other_audience_verifier_fn(|_| true)
            .set_time_fn(move || (now - LEEWAY).into())
            .set_issue_time_verifier_fn(move |issued| {
                let issued = SystemTime::from(issued);
                let is_recent = issued <= now + LEEWAY && issued + OLDEST_ID_TOKEN + LEEWAY >= now;
                if is_recent { Ok(()) } else { Err("not issued now".to_owned()) }
            });
        let claims = token.claims(&verifier, nonce).map_err(|error| invalid(&error))?;
        let party = claims.authorized_party();
        let is_for_us = match (claims.audiences().len(), party) {
            (0 | 1, None) => true,
            (_, Some(party)) => *party == settings.client_id,
            (_, None) => false,
        };
        if !is_for_us {
            return Err(Failure::Invalid(Invalid::Audience));
        }
        Claims::of(claims).ok_or(Failure::Invalid(Invalid::Form))
    }

    /// Where a person signs out of the provider too; none where it has no such page.
    pub fn sign_out_url(&self, settings: &Settings) -> Option<Url> {
        let request = LogoutRequest::from(self.end_session.clone()?)
            .set_client_id(settings.client_id.clone())
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::from_url(
                settings.sign_in_page.clone(),
            ));
        Some(request.http_get_url())
    }
}

/// What of an ID token does not hold: the kind alone, because the text may quote the token.
fn invalid(error: &ClaimsVerificationError) -> Failure {
    match error {
        ClaimsVerificationError::Expired(_) => Failure::Clock,
        ClaimsVerificationError::InvalidAudience(_) => Failure::Invalid(Invalid::Audience),
        ClaimsVerificationError::InvalidIssuer(_) => Failure::Invalid(Invalid::Issuer),
        ClaimsVerificationError::InvalidNonce(_) => Failure::Invalid(Invalid::Nonce),
        ClaimsVerificationError::SignatureVerification(error) => {
            Failure::Invalid(match error {
                // With a key of the same name that is another one by now, too.
                SignatureVerificationError::NoMatchingKey
                | SignatureVerificationError::CryptoError(_) => Invalid::Key,
                _ => Invalid::Signature,
            })
        }
        _ => Failure::Invalid(Invalid::Form),
    }
}

fn why_not_found(error: &DiscoveryError<NoAnswer>, settings: &Settings) -> String {
    match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, ..) if !status.is_success() => {
            format!("it answers {} instead of its configuration", status.as_u16())
        }
        DiscoveryError::Response(..) | DiscoveryError::Parse(_) => {
            "what it answers is no configuration of OpenID Connect".to_owned()
        }
        DiscoveryError::Validation(_) => format!(
            "it calls itself otherwise than {}; write --oidc-issuer letter by letter as it does",
            settings.issuer.as_str()
        ),
        _ => "its configuration cannot be asked for".to_owned(),
    }
}

/// How the provider is asked: over TLS, without following redirects, and not for long.
pub struct Http(reqwest::Client);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// An address that others could read along at.
    #[error("it names addresses without https")]
    Clear,
    /// Nobody answers.
    #[error("it cannot be reached")]
    Unreachable,
    /// It took too long.
    #[error("it does not answer within {} s", DEADLINE.as_secs())]
    Late,
    /// An answer without end.
    #[error("its answer is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
    /// It is broken.
    #[error("it answers {0}")]
    Broken(u16),
}

impl Http {
    /// A client for providers.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(DEADLINE)
            .build()?;
        Ok(Self(client))
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let failed = |error: reqwest::Error| match error.is_timeout() && !error.is_connect() {
            true => NoAnswer::Late,
            false => NoAnswer::Unreachable,
        };
        let request = reqwest::Request::try_from(request).map_err(failed)?;
        if !is_fit(request.url()) {
            return Err(NoAnswer::Clear);
        }
        let mut answer = self.0.execute(request).await.map_err(failed)?;
        if answer.status().is_server_error() {
            return Err(NoAnswer::Broken(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            if body.len() + part.len() > LONGEST_ANSWER {
                return Err(NoAnswer::TooLong);
            }
            body.extend_from_slice(&part);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.answer(request))
    }
}
