//! Reads JSON (RFC 8259) into a tree, byte by byte.
//!
//! What no JSON has is a fault in its place where its end is certain: a word between two separators,
//! a text between two quotation marks. Everything else ends the reading.

use std::borrow::Cow;
use std::str::Chars;

use super::json::{ALLOCATION, Fault, Json, JsonError, NODES, Node, Tree};
use crate::memory::{NoRoom, Share};

impl<'a> Tree<'a> {
    /// Reads the JSON value at the beginning of a text in the place of the one before, and says how
    /// many bytes it has. Of the share it takes what the tree takes; for the text that is being
    /// unescaped, as many bytes as the text has are to be taken before.
    pub(super) fn read(
        &mut self,
        text: &'a [u8],
        share: &mut Share,
    ) -> Result<(Json<'_>, usize), JsonError> {
        self.nodes.clear();
        share.give_back(std::mem::take(&mut self.unescaped));
        let length = Reader::new(text, self, share).read()?;
        let read = Json::first(&self.nodes);
        Ok((read.map_or(Json::Null, |(json, _)| json), length))
    }
}

/// A text that is being read into a tree.
struct Reader<'r, 'a> {
    text: &'a [u8],
    /// The next byte to be read.
    at: usize,
    tree: &'r mut Tree<'a>,
    share: &'r mut Share,
}

/// There is no array or object around.
const OUTSIDE: usize = usize::MAX;

impl From<NoRoom> for JsonError {
    fn from(no_room: NoRoom) -> Self {
        Self::NoRoom(no_room)
    }
}

impl<'r, 'a> Reader<'r, 'a> {
    fn new(text: &'a [u8], tree: &'r mut Tree<'a>, share: &'r mut Share) -> Self {
        Self { text, at: 0, tree, share }
    }

    /// Reads one value and says how many bytes it has.
    fn read(mut self) -> Result<usize, JsonError> {
        let mut depth_left = self.tree.depth;
        let mut around = OUTSIDE;
        loop {
            self.blanks();
            self.count()?;
            let opened = match self.peek() {
                Some(b'[') => Some(Node::Array(around)),
                Some(b'{') => Some(Node::Object(around)),
                Some(b'"') => {
                    let text = self.string()?;
                    self.push_text(text)?;
                    None
                }
                _ => {
                    let node = self.word(around == OUTSIDE)?;
                    self.push(node)?;
                    None
                }
            };
            if let Some(node) = opened {
                depth_left = depth_left.checked_sub(1).ok_or(JsonError::TooDeep)?;
                self.at += 1;
                around = self.tree.nodes.len();
                let is_object = matches!(node, Node::Object(_));
                self.push(node)?;
                self.blanks();
                let is_empty = self.peek() == Some(if is_object { b'}' } else { b']' });
                if !is_empty {
                    if is_object {
                        self.name()?;
                    }
                    continue;
                }
            }
            // A value has ended.
            loop {
                if around == OUTSIDE {
                    return Ok(self.at);
                }
                let is_object = matches!(self.tree.nodes[around], Node::Object(_));
                self.blanks();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.blanks();
                        match self.peek() {
                            Some(b']' | b'}') => return Err(self.syntax("trailing comma")),
                            _ if is_object => self.name()?,
                            _ => {}
                        }
                        break;
                    }
                    Some(b'}') if is_object => {}
                    Some(b']') if !is_object => {}
                    None => {
                        return Err(self.ends(match is_object {
                            true => "EOF while parsing an object",
                            false => "EOF while parsing a list",
                        }));
                    }
                    Some(_) if is_object => return Err(self.syntax("expected `,` or `}`")),
                    Some(_) => return Err(self.syntax("expected `,` or `]`")),
                }
                self.at += 1;
                depth_left += 1;
                around = self.close(around);
            }
        }
    }

    /// Writes into an array or object how many nodes are inside it, and gives the place of the one
    /// around it.
    fn close(&mut self, place: usize) -> usize {
        let nodes = &mut self.tree.nodes;
        let inside = nodes.len() - place - 1;
        match &mut nodes[place] {
            Node::Array(count) | Node::Object(count) => std::mem::replace(count, inside),
            _ => OUTSIDE,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[cold]
    fn syntax(&self, what: &'static str) -> JsonError {
        JsonError::Syntax { at: self.at, what }
    }

    /// That the text ends inside something, at its last byte.
    #[cold]
    fn ends(&self, what: &'static str) -> JsonError {
        JsonError::Syntax { at: self.text.len().saturating_sub(1), what }
    }

    fn count(&mut self) -> Result<(), JsonError> {
        let left = self.tree.values_left.checked_sub(1).ok_or(JsonError::TooManyValues)?;
        self.tree.values_left = left;
        Ok(())
    }

    fn push(&mut self, node: Node<'a>) -> Result<(), JsonError> {
        let nodes = &mut self.tree.nodes;
        if nodes.len() == nodes.capacity() {
            self.share.reserve(nodes, NODES)?;
        }
        nodes.push(node);
        Ok(())
    }

    /// The name of a member and the colon behind it.
    fn name(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => {}
            None => return Err(self.ends("EOF while parsing an object")),
            Some(_) => return Err(self.syntax("key must be a string")),
        }
        let text = match self.string()? {
            // No field is called so.
            Text::Faulty(_) => Text::Plain("\u{fffd}"),
            text => text,
        };
        self.push_text(text)?;
        self.blanks();
        match self.peek() {
            Some(b':') => {
                self.at += 1;
                Ok(())
            }
            None => Err(self.ends("EOF while parsing an object")),
            Some(_) => Err(self.syntax("expected `:`")),
        }
    }

    fn push_text(&mut self, text: Text<'a>) -> Result<(), JsonError> {
        match text {
            Text::Plain(text) => self.push(Node::Text(Cow::Borrowed(text))),
            Text::Faulty(fault) => self.push(Node::Fault(fault)),
            Text::Escaped => {
                let bytes = self.tree.scratch.len() + ALLOCATION;
                self.share.take(bytes)?;
                self.tree.unescaped += bytes;
                let text = self.tree.scratch.as_str().to_owned();
                self.push(Node::Text(Cow::Owned(text)))
            }
        }
    }

    /// What is between two separators and no text: a number, `true`, `false`, `null`, or no JSON.
    fn word(&mut self, is_alone: bool) -> Result<Node<'a>, JsonError> {
        let rest = &self.text[self.at..];
        let is_end = |byte: &u8| {
            matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'"')
                || matches!(byte, b'[' | b']' | b'{' | b'}')
        };
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        let word = &rest[..length];
        let node = match word {
            [] if rest.is_empty() => return Err(self.ends("EOF while parsing a value")),
            [] => return Err(self.syntax("expected value")),
            b"true" => Node::Bool(true),
            b"false" => Node::Bool(false),
            b"null" => Node::Null,
            _ => match number(word) {
                Ok(number) => Node::Number(number),
                Err(Fault::NotUtf8) if is_alone => return Err(self.syntax("not UTF-8")),
                // Nothing around it says that its end is the end of a value.
                Err(_) if is_alone => return Err(self.syntax("expected value")),
                Err(fault) => Node::Fault(fault),
            },
        };
        self.at += length;
        Ok(node)
    }

    /// A text with its quotation marks.
    fn string(&mut self) -> Result<Text<'a>, JsonError> {
        let start = self.at + 1;
        let (mut at, mut has_escapes, mut has_controls) = (start, false, false);
        let end = loop {
            match self.text.get(at) {
                Some(b'"') => break at,
                Some(b'\\') => {
                    has_escapes = true;
                    at += 1;
                }
                Some(b'\n' | b'\r') => {
                    self.at = at;
                    return Err(self.syntax("a line ends inside a string"));
                }
                Some(0x00..0x20) => has_controls = true,
                Some(_) => {}
                None => return Err(self.ends("EOF while parsing a string")),
            }
            at += 1;
        };
        self.at = end + 1;
        let raw = &self.text[start..end];
        let Ok(text) = std::str::from_utf8(raw) else { return Ok(Text::Faulty(Fault::NotUtf8)) };
        if has_controls {
            return Ok(Text::Faulty(Fault::Control));
        }
        if !has_escapes {
            return Ok(Text::Plain(text));
        }
        let scratch = &mut self.tree.scratch;
        scratch.clear();
        scratch.reserve_exact(raw.len());
        Ok(unescape(text, scratch).map_or_else(Text::Faulty, |()| Text::Escaped))
    }
}

/// A text that was read.
enum Text<'a> {
    /// As it stands there.
    Plain(&'a str),
    /// Unescaped, in the tree's scratch.
    Escaped,
    /// None.
    Faulty(Fault),
}

/// A number of JSON.
fn number(word: &[u8]) -> Result<f64, Fault> {
    if !is_number(word) {
        return Err(match Fault::of_word(word) {
            Some(fault) => fault,
            None if std::str::from_utf8(word).is_err() => Fault::NotUtf8,
            None => Fault::NoJson,
        });
    }
    let text = std::str::from_utf8(word).map_err(|_| Fault::NotUtf8)?;
    let number: f64 = text.parse().map_err(|_| Fault::NoJson)?;
    if number.is_finite() { Ok(number) } else { Err(Fault::BeyondDoubles) }
}

/// Whether a word is a number by the grammar of JSON.
fn is_number(word: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = word.strip_prefix(b"-").unwrap_or(word);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    rest = &rest[whole..];
    if let [b'.', fraction @ ..] = rest {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            _ => exponent,
        };
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = &exponent[count..];
    }
    rest.is_empty()
}

/// Unescapes a text that ends with no single backslash.
fn unescape(text: &str, to: &mut String) -> Result<(), Fault> {
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        to.push_str(plain);
        let mut escaped = escaped.chars();
        to.push(match escaped.next() {
            Some(itself @ ('"' | '\\' | '/')) => itself,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => unicode(&mut escaped)?,
            _ => return Err(Fault::Escape),
        });
        rest = escaped.as_str();
    }
    to.push_str(rest);
    Ok(())
}

/// The character of four hexadecimal digits, or of two times four with `\u` between them.
fn unicode(rest: &mut Chars<'_>) -> Result<char, Fault> {
    let first = hexadecimal(rest)?;
    let code = match first {
        0xd800..0xdc00 => {
            if (rest.next(), rest.next()) != (Some('\\'), Some('u')) {
                return Err(Fault::LoneSurrogate);
            }
            let second = hexadecimal(rest)?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(Fault::LoneSurrogate);
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        }
        _ => first,
    };
    char::from_u32(code).ok_or(Fault::LoneSurrogate)
}

fn hexadecimal(rest: &mut Chars<'_>) -> Result<u32, Fault> {
    let mut code = 0;
    for _ in 0..4 {
        let digit = rest.next().and_then(|digit| digit.to_digit(16));
        code = code << 4 | digit.ok_or(Fault::Escape)?;
    }
    Ok(code)
}
