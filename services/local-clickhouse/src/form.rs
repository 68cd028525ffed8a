//! multipart/form-data, as far as ClickHouse's clients use it: named parts, whole in memory.

/// A part's name and content.
pub type Part = (String, Vec<u8>);

/// Takes a form apart.
///
/// # Errors
/// A sentence that says what is wrong with the form.
pub fn parts(content_type: &str, body: &[u8]) -> Result<Vec<Part>, String> {
    let boundary = attribute(content_type, "boundary")
        .filter(|boundary| !boundary.is_empty())
        .ok_or("the form's content type names no boundary")?;
    let delimiter = format!("--{boundary}");
    let unfinished = || "the form ends before its last boundary".to_owned();
    let mut rest = after(body, delimiter.as_bytes()).ok_or_else(unfinished)?;
    let mut parts = Vec::new();
    let between = format!("\r\n{delimiter}");
    while !rest.starts_with(b"--") {
        rest = rest
            .strip_prefix(b"\r\n")
            .ok_or("a boundary of the form is not followed by a line end")?;
        let end = find(rest, between.as_bytes()).ok_or_else(unfinished)?;
        parts.push(part(&rest[..end])?);
        rest = &rest[end + between.len()..];
    }
    Ok(parts)
}

fn part(text: &[u8]) -> Result<Part, String> {
    let end = find(text, b"\r\n\r\n").ok_or("a part of the form has no end of its headers")?;
    let headers = String::from_utf8_lossy(&text[..end]);
    let name = headers
        .lines()
        .filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case("content-disposition")
        })
        .find_map(|line| attribute(line, "name"))
        .ok_or("a part of the form has no name")?;
    Ok((name, text[end + 4..].to_vec()))
}

/// The value of `; name=value` or `; name="value"` in a header.
fn attribute(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|attribute| {
        let (key, value) = attribute.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn after<'text>(text: &'text [u8], mark: &[u8]) -> Option<&'text [u8]> {
    find(text, mark).map(|start| &text[start + mark.len()..])
}

fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    text.windows(mark.len()).position(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_parts_come_out_as_they_went_in() {
        let body = b"--XY\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT\r\n1\r\n--XY\r\ncontent-disposition: form-data; name=\"param_a\"\r\nContent-Type: text/plain\r\n\r\n--X\r\n--XY--\r\n";
        assert_eq!(
            parts("multipart/form-data; boundary=XY", body),
            Ok(vec![
                ("query".to_owned(), b"SELECT\r\n1".to_vec()),
                ("param_a".to_owned(), b"--X".to_vec()),
            ])
        );
    }

    #[test]
    fn a_broken_form_is_refused() {
        for (content_type, body) in [
            ("multipart/form-data", "--X--"),
            ("multipart/form-data; boundary=X", ""),
            ("multipart/form-data; boundary=X", "--X\r\nno end"),
            ("multipart/form-data; boundary=X", "--X\r\n\r\n\r\nnameless\r\n--X--"),
            ("multipart/form-data; boundary=X", "--X garbage"),
        ] {
            assert!(parts(content_type, body.as_bytes()).is_err(), "{body}");
        }
    }
}
