//! ClickHouse's exceptions: their text, their code, and the HTTP status that a server gives them.

use axum::http::StatusCode;

/// An error in ClickHouse's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    code: u32,
    /// The whole text, as a server writes it: 'Code: N. DB::Exception: … (NAME)'.
    text: String,
}

/// The codes that this crate raises or tells apart itself.
#[allow(missing_docs, reason = "ClickHouse's own names")]
pub mod code {
    pub const BAD_ARGUMENTS: u32 = 36;
    pub const NOT_IMPLEMENTED: u32 = 48;
    pub const SYNTAX_ERROR: u32 = 62;
    pub const UNKNOWN_SETTING: u32 = 115;
    pub const QUERY_IS_TOO_LARGE: u32 = 223;
    pub const ABORTED: u32 = 236;
    /// STD_EXCEPTION: what has no code of its own.
    pub const OTHER: u32 = 1001;
}

impl Exception {
    /// Reads a text of the engine.
    pub fn parse(text: &str) -> Self {
        let code = text
            .strip_prefix("Code: ")
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(digits, _)| digits.parse().ok());
        match code {
            Some(code) => Self { code, text: text.trim_end().to_owned() },
            None => Self::other(text.trim_end()),
        }
    }

    /// An exception of this process, in the engine's form.
    pub fn new(code: u32, name: &str, message: &str) -> Self {
        Self { code, text: format!("Code: {code}. DB::Exception: {message} ({name})") }
    }

    /// What has no code of its own.
    pub fn other(message: &str) -> Self {
        Self::new(code::OTHER, "STD_EXCEPTION", message)
    }

    /// A request of a kind that this stand-in does not serve.
    pub fn not_implemented(what: &str) -> Self {
        let message = format!("{what}: the local stand-in for ClickHouse does not do this");
        Self::new(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", &message)
    }

    /// ClickHouse's number of the error.
    pub fn code(&self) -> u32 {
        self.code
    }

    /// Whether the engine merely cannot stream this statement's output.
    pub fn is_about_streaming(&self) -> bool {
        self.code == code::BAD_ARGUMENTS && self.text.contains("Streaming query is not supported")
    }

    /// The text with the version at its end, as a server writes it, and without a line end.
    pub fn text(&self, version: &str) -> String {
        if self.text.contains(" (version ") {
            self.text.clone()
        } else {
            format!("{} (version {version})", self.text)
        }
    }

    /// The status that ClickHouse's HTTP interface answers with.
    pub fn status(&self) -> StatusCode {
        match self.code {
            // What cannot be parsed or does not fit its type.
            6 | 25 | 26 | 27 | 33 | 38 | 41 | 43 | 53 | 62 | 69 | 72 | 117 | 167 | 168 | 224 => {
                StatusCode::BAD_REQUEST
            }
            // Unknown table, function, identifier, type, storage, format, database, setting.
            46 | 47 | 50 | 56 | 60 | 63 | 73 | 81 | 115 => StatusCode::NOT_FOUND,
            // What a read-only request may not do.
            164 => StatusCode::FORBIDDEN,
            159 => StatusCode::REQUEST_TIMEOUT,
            code::QUERY_IS_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
            code::NOT_IMPLEMENTED => StatusCode::NOT_IMPLEMENTED,
            76 | 209 | code::ABORTED => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_text_keeps_its_words_and_gives_its_code() {
        let exception = Exception::parse("Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)");
        assert_eq!(exception.code(), 60);
        assert_eq!(exception.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            exception.text("26.7.2.1"),
            "Code: 60. DB::Exception: No table. (UNKNOWN_TABLE) (version 26.7.2.1)"
        );
    }

    #[test]
    fn a_version_in_the_text_is_not_repeated() {
        let text = "Code: 27. DB::Exception: Bad. (X) (version 26.7.2.1)";
        assert_eq!(Exception::parse(text).text("1"), text);
    }

    #[test]
    fn a_text_without_a_code_becomes_an_exception_all_the_same() {
        let exception = Exception::parse("No active streaming query");
        assert_eq!(exception.code(), code::OTHER);
        assert_eq!(exception.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
