//! What ClickHouse's errors may be reported with.

/// An error of ClickHouse by its code and its name. Its text quotes the query, whose parameters name
/// patients: nothing else of it is kept.
#[must_use]
pub fn clickhouse_error(text: &str) -> String {
    let code = text.find(CODE).and_then(|begin| clickhouse_exception_code(&text[begin..]));
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
pub fn clickhouse_exception_code(text: &str) -> Option<i32> {
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
        assert_eq!(clickhouse_error(text), "code 60, UNKNOWN_TABLE");
        assert_eq!(clickhouse_error("CGM005/S001"), "an error without a code");
    }
}
