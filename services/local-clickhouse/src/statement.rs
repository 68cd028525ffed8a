//! Just enough of ClickHouse's SQL to see what a statement wants: whether it is an INSERT and
//! where its rows begin, whether its output can be streamed, which FORMAT it names.

use std::ops::Range;

/// What to do with a statement.
#[derive(Debug, PartialEq, Eq)]
pub enum Statement {
    /// An INSERT of rows.
    Insert {
        /// The statement up to its FORMAT or VALUES.
        head: Range<usize>,
        /// The rows' format.
        format: String,
        /// Where the rows begin, in the text that was looked at.
        rows: usize,
    },
    /// A query whose output may be large.
    Select {
        /// The FORMAT at its end.
        format: Option<String>,
    },
    /// Everything else.
    Other {
        /// The FORMAT at its end.
        format: Option<String>,
    },
    /// More than one statement.
    Several,
}

/// Looks at the beginning of a request's text: statement and, for an INSERT, rows. `complete`
/// says whether more of it may come. None: more is needed to tell.
pub fn look(text: &[u8], complete: bool) -> Option<Statement> {
    let mut tokens = Tokens { text, at: 0, complete };
    let Some(first) = tokens.next()? else {
        return Some(Statement::Other { format: None });
    };
    if tokens.is(&first, "INSERT") {
        return look_at_insert(tokens);
    }
    // Only an INSERT may be recognised before its end: the rest is the statement itself.
    if !complete {
        return None;
    }
    let selects = ["SELECT", "WITH", "FROM"].iter().any(|word| tokens.is(&first, word))
        || first.kind == Kind::Mark(b'(');
    let (several, format) = look_at_end(tokens, first)?;
    Some(match (several, selects) {
        (true, _) => Statement::Several,
        (false, true) => Statement::Select { format },
        (false, false) => Statement::Other { format },
    })
}

fn look_at_insert(mut tokens: Tokens<'_>) -> Option<Statement> {
    let start = tokens.text.len() - tokens.text.trim_ascii_start().len();
    let mut token = tokens.next()?;
    for word in ["INTO", "TABLE", "FUNCTION"] {
        if token.as_ref().is_some_and(|token| tokens.is(token, word)) {
            token = tokens.next()?;
        }
    }
    // The table's name, which may be any word: `INSERT INTO format FORMAT CSV`.
    token = tokens.next()?;
    while token.as_ref().is_some_and(|token| token.kind == Kind::Mark(b'.')) {
        tokens.next()?;
        token = tokens.next()?;
    }
    let mut depth = 0_usize;
    while let Some(current) = token {
        match current.kind {
            Kind::Mark(b'(' | b'[' | b'{') => depth += 1,
            Kind::Mark(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 => {
                if tokens.is(&current, "VALUES") {
                    return Some(Statement::Insert {
                        head: start..current.range.start,
                        format: "Values".to_owned(),
                        rows: current.range.end,
                    });
                }
                if tokens.is(&current, "FORMAT") {
                    let Some(name) = tokens.next()? else {
                        break;
                    };
                    let format = tokens.word(&name);
                    return Some(Statement::Insert {
                        head: start..current.range.start,
                        format,
                        rows: rows_after(&tokens, name.range.end)?,
                    });
                }
                // The rows come from a query or a file.
                if ["SELECT", "WITH", "FROM", "WATCH"].iter().any(|word| tokens.is(&current, word))
                {
                    return tokens.complete.then_some(Statement::Other { format: None });
                }
            }
            // What follows may be another statement, or nothing.
            Kind::Mark(b';') if !tokens.complete => return None,
            Kind::Mark(b';') => break,
            _ => {}
        }
        token = tokens.next()?;
    }
    // Neither FORMAT nor VALUES: rows, if any come, would be values.
    Some(Statement::Insert {
        head: start..tokens.text.len(),
        format: "Values".to_owned(),
        rows: tokens.text.len(),
    })
}

/// Rows begin after the blanks behind the format's name and at most one line end.
fn rows_after(tokens: &Tokens<'_>, mut at: usize) -> Option<usize> {
    let byte = |at: usize| tokens.text.get(at).copied();
    while matches!(byte(at), Some(b' ' | b'\t' | b'\x0c')) {
        at += 1;
    }
    if byte(at) == Some(b'\r') {
        at += 1;
    }
    match byte(at) {
        Some(b'\n') => Some(at + 1),
        None if !tokens.complete => None,
        _ => Some(at),
    }
}

/// Whether another statement follows, and the FORMAT that the first one ends with.
fn look_at_end(mut tokens: Tokens<'_>, first: Token) -> Option<(bool, Option<String>)> {
    let mut before = first;
    let mut ended = before.kind == Kind::Mark(b';');
    let mut format = None;
    let mut follows_format = false;
    while let Some(token) = tokens.next()? {
        if token.kind == Kind::Mark(b';') {
            ended = true;
            continue;
        }
        if ended {
            return Some((true, None));
        }
        // Only settings may follow a real FORMAT; `SELECT format FROM …` has a column of that name.
        if follows_format && !tokens.is(&token, "SETTINGS") {
            format = None;
        }
        follows_format = token.kind == Kind::Word && tokens.is(&before, "FORMAT");
        if follows_format {
            format = Some(tokens.word(&token));
        }
        before = token;
    }
    Some((false, format))
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    kind: Kind,
    range: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Letters, digits and underscores.
    Word,
    /// In quotes of any kind.
    Quoted,
    Mark(u8),
}

struct Tokens<'text> {
    text: &'text [u8],
    at: usize,
    complete: bool,
}

impl Tokens<'_> {
    /// The next token, or none at the end. The outer none: the token may go on in what is yet to
    /// come.
    #[expect(
        clippy::option_option,
        reason = "the outer one passes through `?` as the answer 'more is needed'"
    )]
    fn next(&mut self) -> Option<Option<Token>> {
        self.skip_blanks_and_comments()?;
        let start = self.at;
        let Some(&byte) = self.text.get(start) else {
            return self.complete.then_some(None);
        };
        let kind = match byte {
            b'\'' | b'"' | b'`' => {
                self.skip_quoted(byte)?;
                Kind::Quoted
            }
            byte if is_word(byte) => {
                while self.text.get(self.at).copied().is_some_and(is_word) {
                    self.at += 1;
                }
                Kind::Word
            }
            mark => {
                self.at += 1;
                Kind::Mark(mark)
            }
        };
        if kind == Kind::Word && self.at == self.text.len() && !self.complete {
            return None;
        }
        Some(Some(Token { kind, range: start..self.at }))
    }

    fn skip_blanks_and_comments(&mut self) -> Option<()> {
        loop {
            let rest = &self.text[self.at..];
            let skipped = if rest.first().is_some_and(u8::is_ascii_whitespace) {
                1
            } else if rest.starts_with(b"--") || rest.starts_with(b"#") {
                match rest.iter().position(|byte| *byte == b'\n') {
                    Some(end) => end + 1,
                    None if self.complete => rest.len(),
                    None => return None,
                }
            } else if rest.starts_with(b"/*") {
                match rest.windows(2).skip(2).position(|pair| pair == b"*/") {
                    Some(end) => end + 4,
                    None if self.complete => rest.len(),
                    None => return None,
                }
            } else if !self.complete && (rest == b"-" || rest == b"/") {
                return None;
            } else {
                return Some(());
            };
            self.at += skipped;
        }
    }

    fn skip_quoted(&mut self, quote: u8) -> Option<()> {
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                // A doubled quote reads as two quoted tokens in a row, which does no harm here.
                byte if byte == quote => return Some(()),
                _ => {}
            }
        }
        self.at = self.text.len();
        self.complete.then_some(())
    }

    fn is(&self, token: &Token, word: &str) -> bool {
        token.kind == Kind::Word
            && self.text[token.range.clone()].eq_ignore_ascii_case(word.as_bytes())
    }

    fn word(&self, token: &Token) -> String {
        String::from_utf8_lossy(&self.text[token.range.clone()]).into_owned()
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(text: &str) -> (String, String, String) {
        match look(text.as_bytes(), true) {
            Some(Statement::Insert { head, format, rows }) => {
                (text[head].trim().to_owned(), format, text[rows..].to_owned())
            }
            other => panic!("{text} is an INSERT, not {other:?}"),
        }
    }

    fn parts(head: &str, format: &str, rows: &str) -> (String, String, String) {
        (head.to_owned(), format.to_owned(), rows.to_owned())
    }

    #[test]
    fn an_insert_is_cut_where_its_rows_begin() {
        for (text, expected) in [
            ("INSERT INTO t FORMAT CSV\n1,2\n", parts("INSERT INTO t", "CSV", "1,2\n")),
            (
                "insert into t(a, b) format RowBinary \n\n\x01",
                parts("insert into t(a, b)", "RowBinary", "\n\x01"),
            ),
            (" INSERT INTO t VALUES (1), (2)", parts("INSERT INTO t", "Values", " (1), (2)")),
            (
                "INSERT INTO `a b`.`FORMAT` (\"values\") SETTINGS async_insert=0 FORMAT TSV x",
                parts(
                    "INSERT INTO `a b`.`FORMAT` (\"values\") SETTINGS async_insert=0",
                    "TSV",
                    "x",
                ),
            ),
            ("INSERT INTO format FORMAT TSV\n", parts("INSERT INTO format", "TSV", "")),
            (
                "INSERT INTO TABLE FUNCTION null('a FORMAT CSV') FORMAT TSV\n1",
                parts("INSERT INTO TABLE FUNCTION null('a FORMAT CSV')", "TSV", "1"),
            ),
            (
                "INSERT /* FORMAT X */ INTO t -- VALUES\n FORMAT CSV\n1",
                parts("INSERT /* FORMAT X */ INTO t -- VALUES", "CSV", "1"),
            ),
            ("INSERT INTO t (a)", parts("INSERT INTO t (a)", "Values", "")),
        ] {
            assert_eq!(insert(text), expected);
        }
    }

    #[test]
    fn an_insert_is_never_cut_too_early_however_it_arrives() {
        let text = b"INSERT INTO db.t /* x */ (a, `b``c`) FORMAT RowBinary\n\n\x00";
        let whole = look(text, true);
        let mut recognised = false;
        for length in 0..=text.len() {
            match look(&text[..length], false) {
                None => assert!(!recognised, "recognised before, but not at {length}"),
                early => {
                    recognised = true;
                    assert_eq!(early, whole, "at {length}");
                }
            }
        }
        assert!(recognised);
    }

    #[test]
    fn an_insert_from_a_query_is_no_insert_of_rows() {
        for text in [
            "INSERT INTO t SELECT 1",
            "INSERT INTO t (a) WITH 1 AS x SELECT x",
            "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
        ] {
            assert_eq!(look(text.as_bytes(), true), Some(Statement::Other { format: None }));
        }
    }

    #[test]
    fn a_query_names_its_format() {
        let select =
            |format: Option<&str>| Some(Statement::Select { format: format.map(str::to_owned) });
        for (text, format) in [
            ("SELECT 1", None),
            ("SELECT 1 FORMAT JSON", Some("JSON")),
            ("SELECT 1 format JSON;", Some("JSON")),
            ("SELECT 1 FORMAT CSV SETTINGS max_threads = 1", Some("CSV")),
            ("SELECT format FROM t", None),
            ("SELECT 'FORMAT JSON'", None),
            ("(SELECT 1)", None),
            ("-- c\nWITH 1 AS x SELECT x", None),
        ] {
            assert_eq!(look(text.as_bytes(), true), select(format), "{text}");
        }
    }

    #[test]
    fn several_statements_are_seen_and_a_semicolon_at_the_end_is_not_one_more() {
        assert_eq!(look(b"SELECT 1; SELECT 2", true), Some(Statement::Several));
        assert_eq!(look(b"DROP TABLE a; SELECT ';'", true), Some(Statement::Several));
        assert_eq!(look(b"DROP TABLE a ; -- done", true), Some(Statement::Other { format: None }));
    }
}
