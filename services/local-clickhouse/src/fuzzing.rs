//! For the fuzzer: what reads foreign bytes here and is otherwise this crate's own business.

use axum::http::request::Builder;

use crate::exception::Exception;
use crate::request::Request;
use crate::statement;

/// What prepares the session of a request, and its parameters' names; none when it is refused.
pub fn preparation(
    method: &str,
    address: &str,
    headers: &[(&str, &[u8])],
    form: Option<(&str, &[u8])>,
) -> Option<(Vec<String>, Vec<String>)> {
    let request = Builder::new().method(method).uri(address);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let (parts, ()) = request.body(()).ok()?.into_parts();
    let mut request = Request::parse(&parts).ok()?;
    if let Some((content_type, body)) = form {
        request.add_form(content_type, body).ok()?;
    }
    let names = request.parameters.iter().map(|(name, _)| name.clone()).collect();
    Some((request.preparation().ok()?, names))
}

/// What a statement is taken for, in words, and where its rows begin if it is an INSERT; none when
/// more is needed to tell.
pub fn statement(text: &[u8], complete: bool) -> Option<(String, Option<usize>)> {
    let looked = statement::look(text, complete)?;
    let rows = match &looked {
        statement::Statement::Insert { rows, .. } => Some(*rows),
        _ => None,
    };
    Some((format!("{looked:?}"), rows))
}

/// The code that the text of an exception says.
pub fn exception_code(text: &str) -> u32 {
    Exception::parse(text).code()
}
