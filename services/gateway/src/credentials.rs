//! Bearer tokens (RFC 6750).

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use crate::registry::TokenHash;

/// Why a request shows no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoToken {
    /// No `Authorization` header.
    Missing,
    /// Another scheme than `Bearer`, or no token behind it.
    NotBearer,
}

/// The SHA-256 of the bearer token of a request.
///
/// # Errors
/// When there is none.
pub fn bearer(headers: &HeaderMap) -> Result<TokenHash, NoToken> {
    let written = headers.get(header::AUTHORIZATION).ok_or(NoToken::Missing)?;
    let written = written.to_str().map_err(|_| NoToken::NotBearer)?;
    let (scheme, token) = written.split_once(' ').ok_or(NoToken::NotBearer)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(Sha256::digest(token.as_bytes()).into())
    } else {
        Err(NoToken::NotBearer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(authorization: &'static str) -> Result<TokenHash, NoToken> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        bearer(&headers)
    }

    #[test]
    fn a_token_is_known_by_its_sha_256() {
        // SHA-256 of "abc", FIPS 180-2, appendix B.1.
        let hash = of("Bearer abc").unwrap();
        assert_eq!(hash[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(of("bearer  abc "), Ok(hash));
    }

    #[test]
    fn anything_but_a_bearer_token_is_no_credential() {
        assert_eq!(bearer(&HeaderMap::new()), Err(NoToken::Missing));
        assert_eq!(of("Basic abc"), Err(NoToken::NotBearer));
        assert_eq!(of("Bearer"), Err(NoToken::NotBearer));
        assert_eq!(of("Bearer "), Err(NoToken::NotBearer));
    }
}
