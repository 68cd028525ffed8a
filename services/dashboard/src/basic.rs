//! HTTP Basic credentials, for scripts.

use axum::http::HeaderValue;
use axum_extra::headers::authorization::{Basic, Credentials};

/// User and password of an `Authorization` header; none where it is of another scheme.
pub fn parse(header: &HeaderValue) -> Option<(String, String)> {
    let scheme = header.as_bytes().get(..6)?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let basic = Basic::decode(header)?;
    Some((basic.username().to_owned(), basic.password().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_colons() {
        let header = HeaderValue::from_static("Basic c2F0bzphOmI=");
        assert_eq!(parse(&header), Some(("sato".to_owned(), "a:b".to_owned())));
    }

    #[test]
    fn other_schemes_and_garbage_are_no_credentials() {
        for header in ["Bearer abc", "Basic ***", "Basic", ""] {
            assert_eq!(parse(&HeaderValue::from_static(header)), None, "{header}");
        }
    }
}
