//! What ClickHouse's errors may be reported with.

/// An error of ClickHouse by its code and its name. Its text quotes the query, whose parameters name
/// patients: nothing else of it is kept.
#[must_use]
pub fn clickhouse_error(text: &str) -> String {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let code = text.split_once("Code: ").map(|(_, rest)| digits(rest)).unwrap_or_default();
    let is_name = |name: &&str| {
        name.len() > 3
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
    };
    let name = text.split(['(', ')']).rfind(is_name).unwrap_or("no name");
    if code.is_empty() {
        "an error without a code".to_owned()
    } else {
        format!("code {code}, {name}")
    }
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
