//! Tables that people write: values with commas between them, a line for each row, the names of the
//! columns in the first.

/// What is wrong with a line. Names columns and what they must hold, never what stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// What to do about it.
    pub what: String,
}

impl Fault {
    /// A line and what must be changed there.
    pub fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

/// A row: its line, counted from 1, and its values without the spaces around them.
pub type Row<'a, const N: usize> = (usize, [&'a str; N]);

/// The rows of a table of these columns. Empty lines are passed over.
///
/// # Errors
/// Every line that is not of the form; the first line where it does not name the columns.
pub fn rows<'a, const N: usize>(
    text: &'a str,
    columns: [&str; N],
) -> Result<Vec<Row<'a, N>>, Vec<Fault>> {
    // Spreadsheets begin a file of UTF-8 so.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().zip(1..).map(|(text, line)| (line, text));
    let is_header = |text: &str| text.split(',').map(str::trim).eq(columns);
    if !lines.next().is_some_and(|(_, text)| is_header(text)) {
        let what = format!("write the names of the columns here: {}", columns.join(","));
        return Err(vec![Fault::new(1, what)]);
    }
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (line, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
        if text.contains('"') {
            faults.push(Fault::new(line, "write the values without quotation marks"));
            continue;
        }
        let values: Vec<&str> = text.split(',').map(str::trim).collect();
        match values.try_into() {
            Ok(values) => rows.push((line, values)),
            Err(_) => faults.push(Fault::new(line, format!("give {N} values, one a column"))),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// A day such as `2026-11-22`; none where the text is something else.
pub(super) fn day(text: &str) -> Option<jiff::civil::Date> {
    // `parse` alone would take the day of a time as well.
    if text.len() == "2026-11-22".len() { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_their_lines_whatever_program_wrote_the_file() {
        let text = "\u{feff}a, b\r\n1,2\r\n\r\n 3 , 4\r\n";
        assert_eq!(rows(text, ["a", "b"]), Ok(vec![(2, ["1", "2"]), (4, ["3", "4"])]));
        assert_eq!(rows("a,b\n", ["a", "b"]), Ok(vec![]));
    }

    #[test]
    fn every_line_that_is_not_of_the_form_is_named() {
        let faults = rows("a,b\n1\n1,2\n\"1\",2\n1,2,3\n", ["a", "b"]).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 4, 5]);
        let faults = rows("1,2\n3,4\n", ["a", "b"]).unwrap_err();
        assert_eq!(faults[0].to_string(), "line 1: write the names of the columns here: a,b");
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn a_day_is_a_date_and_nothing_more() {
        assert!(day("2026-11-22").is_some());
        assert_eq!(day("2026-02-30"), None);
        assert_eq!(day("2026-11-22T10:00"), None);
        assert_eq!(day("22.11.2026"), None);
    }
}
