//! What a request asks for, read from its address, its headers and its form.

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{Method, header};

use crate::exception::{Exception, code};
use crate::form;

/// A request without its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The text of `query=`, to which the body is appended.
    pub query: String,
    /// The database that tables without one are in; the server's default where none is given.
    pub database: Option<String>,
    /// The format of an answer whose statement names none.
    pub default_format: String,
    /// The sender's name for the query.
    pub query_id: Option<String>,
    /// Values of `param_NAME`.
    pub parameters: Vec<(String, String)>,
    /// Everything else, which the engine knows or refuses.
    pub settings: Vec<(String, String)>,
}

/// Formats are words; a request without one gets this, as from a server.
const DEFAULT_FORMAT: &str = "TabSeparated";

impl Request {
    /// Reads address and headers.
    ///
    /// # Errors
    /// When the address cannot be read, or it asks for what this server does not do.
    pub fn parse(parts: &Parts) -> Result<Self, Exception> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|error| bad(&format!("the address cannot be read: {error}")))?;
        let mut request = Self { default_format: DEFAULT_FORMAT.to_owned(), ..Self::default() };
        for (name, value) in pairs {
            request.take(name, value)?;
        }
        let header = |name| {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        if let Some(encoding) = header(header::CONTENT_ENCODING.as_str())
            && encoding != "identity"
        {
            return Err(Exception::not_implemented("a compressed request"));
        }
        if let Some(database) = header("x-clickhouse-database") {
            request.database = Some(database);
        }
        if let Some(format) = header("x-clickhouse-format") {
            request.set_default_format(format)?;
        }
        // As with a server, a GET changes nothing. Last, so that nothing lifts it again.
        if matches!(parts.method, Method::GET | Method::HEAD) {
            request.settings.retain(|(name, _)| name != "readonly");
            request.settings.push(("readonly".to_owned(), "2".to_owned()));
        }
        Ok(request)
    }

    /// Adds what a form holds: the query, and values of parameters.
    ///
    /// # Errors
    /// When the form cannot be read, or holds an external table.
    pub fn add_form(&mut self, content_type: &str, body: &[u8]) -> Result<(), Exception> {
        for (name, value) in form::parts(content_type, body).map_err(|error| bad(&error))? {
            if name != "query" && !name.starts_with("param_") {
                return Err(Exception::not_implemented("a form with an external table"));
            }
            let value = String::from_utf8(value)
                .map_err(|_| bad(&format!("the part '{name}' of the form is not UTF-8")))?;
            self.take(name, value)?;
        }
        Ok(())
    }

    /// The statements that prepare a fresh session for this request.
    ///
    /// # Errors
    /// When a setting's name is none.
    pub fn preparation(&self) -> Result<Vec<String>, Exception> {
        let mut statements = Vec::new();
        if let Some(database) = &self.database {
            statements.push(format!("USE {}", quoted(database, '`')));
        }
        let mut assignments = Vec::new();
        for (name, value) in &self.settings {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
            if name.is_empty() || !name.bytes().all(is_name) {
                let message = format!("'{name}' is no name of a setting");
                return Err(Exception::new(code::UNKNOWN_SETTING, "UNKNOWN_SETTING", &message));
            }
            assignments.push(format!("{name} = {}", quoted(value, '\'')));
        }
        if !assignments.is_empty() {
            statements.push(format!("SET {}", assignments.join(", ")));
        }
        Ok(statements)
    }

    fn take(&mut self, name: String, value: String) -> Result<(), Exception> {
        if let Some(parameter) = name.strip_prefix("param_") {
            self.parameters.push((parameter.to_owned(), value));
            return Ok(());
        }
        let is_off = matches!(value.as_str(), "" | "0" | "false");
        match name.as_str() {
            "query" => self.query.push_str(&value),
            "database" => self.database = Some(value).filter(|name| !name.is_empty()),
            "default_format" => self.set_default_format(value)?,
            "query_id" => self.query_id = Some(value).filter(|id| !id.is_empty()),
            // There are no users, quotas and roles here, and answers are never held back.
            "user"
            | "password"
            | "quota_key"
            | "role"
            | "buffer_size"
            | "wait_end_of_query"
            | "send_progress_in_http_headers"
            | "client_protocol_version"
            | "stacktrace"
            | "enable_http_compression"
            | "session_timeout"
            | "session_check"
            | "close_session" => {}
            "compress" | "decompress" if is_off => {}
            "compress" | "decompress" | "session_id" => {
                return Err(Exception::not_implemented(&format!("'{name}'")));
            }
            _ => self.settings.push((name, value)),
        }
        Ok(())
    }

    fn set_default_format(&mut self, format: String) -> Result<(), Exception> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if format.is_empty() || !format.bytes().all(is_word) {
            return Err(Exception::new(73, "UNKNOWN_FORMAT", &format!("Unknown format {format}")));
        }
        self.default_format = format;
        Ok(())
    }
}

fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        if character == quote || character == '\\' {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push(quote);
    quoted
}

fn bad(message: &str) -> Exception {
    Exception::new(code::BAD_ARGUMENTS, "BAD_ARGUMENTS", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: Method, uri: &str) -> Result<Request, Exception> {
        let request =
            axum::http::Request::builder().method(method).uri(uri).body(()).expect("a request");
        Request::parse(&request.into_parts().0)
    }

    #[test]
    fn query_database_parameters_and_settings_are_distinguished() {
        let request = parse(
            Method::POST,
            "/?query=SELECT+%7Bx:UInt8%7D&database=d&param_x=1&max_threads=2&default_format=JSON&user=u&query_id=q",
        )
        .expect("a good request");
        assert_eq!(
            request,
            Request {
                query: "SELECT {x:UInt8}".to_owned(),
                database: Some("d".to_owned()),
                default_format: "JSON".to_owned(),
                query_id: Some("q".to_owned()),
                parameters: vec![("x".to_owned(), "1".to_owned())],
                settings: vec![("max_threads".to_owned(), "2".to_owned())],
            }
        );
    }

    #[test]
    fn names_and_values_cannot_leave_their_quotes() {
        let request = parse(Method::POST, "/?database=a%60b&log_comment=x'%5C,y=1").expect("good");
        assert_eq!(
            request.preparation().expect("good names"),
            ["USE `a\\`b`", "SET log_comment = 'x\\'\\\\,y=1'"]
        );
        let request = parse(Method::POST, "/?a%20b=1").expect("read");
        assert_eq!(request.preparation().expect_err("no name").code(), code::UNKNOWN_SETTING);
    }

    #[test]
    fn a_get_is_read_only_whatever_it_says() {
        let request = parse(Method::GET, "/?query=SELECT+1&readonly=0").expect("good");
        assert_eq!(request.settings, [("readonly".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn what_cannot_be_done_is_said_instead_of_ignored() {
        for uri in ["/?session_id=a", "/?compress=1", "/?decompress=1"] {
            let error = parse(Method::POST, uri).expect_err("not done here");
            assert_eq!(error.code(), code::NOT_IMPLEMENTED);
        }
        assert!(parse(Method::POST, "/?compress=0").is_ok());
    }
}
