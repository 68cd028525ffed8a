//! What ClickHouse's errors may be reported with.

use clickhouse::error::Error;

/// A question that got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// ClickHouse was not reached or did not answer in time.
    #[error("ClickHouse does not answer; check CLICKHOUSE_URL and that it runs")]
    Unreachable,
    /// ClickHouse answered with an error.
    #[error("ClickHouse refuses: {0}")]
    Refused(String),
    /// ClickHouse's answer is not of the form that this version expects.
    #[error("ClickHouse's answer is not understood ({0}); check that all migrations are applied")]
    NotUnderstood(&'static str),
}

impl From<Error> for QueryError {
    fn from(error: Error) -> Self {
        match error {
            Error::Network(_) | Error::TimedOut => Self::Unreachable,
            Error::BadResponse(text) => Self::Refused(code_and_name(&text)),
            Error::SchemaMismatch(_) | Error::InvalidColumnsHeader(_) | Error::NotEnoughData => {
                Self::NotUnderstood("columns")
            }
            _ => Self::NotUnderstood("rows"),
        }
    }
}

/// An error of ClickHouse by its code and its name. Its text quotes the query, whose parameters name
/// patients: nothing else of it is kept.
fn code_and_name(text: &str) -> String {
    let code = text.find(CODE).and_then(|begin| exception_code(&text[begin..]));
    let is_name = |name: &&str| {
        name.len() > 3
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
    };
    let name = text.split(['(', ')']).rfind(is_name).unwrap_or("no name");
    match code {
        Some(code) => format!("code {code}, {name}"),
        None => "an error without a code".to_owned(),
    }
}

/// What the text of an exception begins with, before its code.
const CODE: &str = "Code: ";

/// The code of an exception of ClickHouse, as in `system.errors`, whose text begins with it; none of any
/// other text. The text holds values of rows and goes nowhere else.
#[must_use]
pub fn exception_code(text: &str) -> Option<i32> {
    let digits = text.trim_start().strip_prefix(CODE)?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_reported_without_what_it_quotes() {
        let text = "Code: 60. DB::Exception: Unknown table 'x' in query … 'CGM005/S001' …. (UNKNOWN_TABLE) (version 26.7.3.1 (official build))";
        assert_eq!(code_and_name(text), "code 60, UNKNOWN_TABLE");
        assert_eq!(code_and_name("CGM005/S001"), "an error without a code");
    }
}
