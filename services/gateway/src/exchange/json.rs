//! A JSON document as it was written: members in their order, repeated names kept, texts borrowed
//! from the body where they need no unescaping.
//!
//! A small body must not become a large tree. So a tree is one list of nodes, in which each value
//! is followed by what is inside it: a node stands for at least two bytes of the text (`1,`, `""`,
//! `[]`), and besides the list only unescaped texts take memory. All of it is asked for before it
//! is taken. Depth and number of values are bounded while the tree is built.
//!
//! One bad value must not cost its document. So what no JSON has is a value of the tree as well, a
//! [`Fault`], where its end is certain: [`NaN`](Fault::NotANumber), a number that no double can hold,
//! a text that is none.

use std::borrow::Cow;

use clinical::kinds;

use crate::memory::NoRoom;

/// A JSON value, looked at in its tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Json<'t> {
    Null,
    Bool(bool),
    Number(f64),
    Text(&'t str),
    Array(Items<'t>),
    Object(Members<'t>),
    /// What no JSON has, in the place of a value.
    Fault(Fault),
}

/// What stands in the place of a value and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// `NaN`.
    NotANumber,
    /// `Infinity` or `-Infinity`.
    Infinite,
    /// A number that no double can hold: `1e999`.
    BeyondDoubles,
    /// A text with half of a surrogate pair.
    LoneSurrogate,
    /// A text with another escape than JSON has.
    Escape,
    /// A text with a control character.
    Control,
    /// A text that is not UTF-8.
    NotUtf8,
    /// Anything else: `--`, `undefined`, `.5`.
    NoJson,
}

impl Fault {
    /// What a word is that programs write for a number that is none, however they write it.
    pub(super) fn of_word(word: &[u8]) -> Option<Self> {
        let unsigned = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
        match unsigned.len() {
            3 if unsigned.eq_ignore_ascii_case(b"nan") => Some(Self::NotANumber),
            3 if unsigned.eq_ignore_ascii_case(b"inf") => Some(Self::Infinite),
            8 if unsigned.eq_ignore_ascii_case(b"infinity") => Some(Self::Infinite),
            _ => None,
        }
    }

    /// What it is, in words that follow the name of a field.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::NotANumber => "is NaN, which is no number",
            Self::Infinite => "is Infinity, which is no number",
            Self::BeyondDoubles => "is larger than any number can be (1e308)",
            Self::LoneSurrogate => "is no text: it has half of a surrogate pair",
            Self::Escape => "is no text: it has an escape that JSON does not have",
            Self::Control => "is no text: it has a control character that is not escaped",
            Self::NotUtf8 => "is no text: it is not UTF-8",
            Self::NoJson => "is no JSON value",
        }
    }
}

/// The values of an array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Items<'t>(&'t [Node<'t>]);

/// The members of an object in the order in which they were written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Members<'t>(&'t [Node<'t>]);

impl<'t> Json<'t> {
    /// The first of some nodes with what is inside it, and the nodes behind it.
    pub(super) fn first<'n>(nodes: &'n [Node<'t>]) -> Option<(Json<'n>, &'n [Node<'t>])> {
        let (node, rest) = nodes.split_first()?;
        let (inside, rest) = rest.split_at(node.inside());
        let json = match node {
            Node::Null => Json::Null,
            Node::Bool(value) => Json::Bool(*value),
            Node::Number(value) => Json::Number(*value),
            Node::Text(text) => Json::Text(text),
            Node::Fault(fault) => Json::Fault(*fault),
            Node::Array(_) => Json::Array(Items(inside)),
            Node::Object(_) => Json::Object(Members(inside)),
        };
        Some((json, rest))
    }

    /// Whether it says that there is no value.
    pub(super) fn says_none(self) -> bool {
        match self {
            Json::Null => true,
            Json::Text(text) => kinds::says_none(text),
            _ => false,
        }
    }

    /// The members of an object; none of anything else.
    pub(super) fn members(self) -> Option<Members<'t>> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }
}

impl<'t> Items<'t> {
    /// The values in their order.
    pub(super) fn iter(self) -> impl Iterator<Item = Json<'t>> {
        let mut nodes = self.0;
        std::iter::from_fn(move || {
            let (item, rest) = Json::first(nodes)?;
            nodes = rest;
            Some(item)
        })
    }
}

impl<'t> Members<'t> {
    /// The first member of a name: which one it is, from 0, and its value.
    pub(super) fn find(self, name: &str) -> Option<(usize, Json<'t>)> {
        let mut nodes = self.0;
        for index in 0.. {
            let (Node::Text(written), behind) = nodes.split_first()? else { break };
            if written == name {
                let (value, _) = Json::first(behind)?;
                return Some((index, value));
            }
            nodes = behind.get(1 + behind.first()?.inside()..)?;
        }
        None
    }

    /// Names and values in their order.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'t str, Json<'t>)> {
        let mut nodes = self.0;
        std::iter::from_fn(move || {
            let Some((Node::Text(name), behind)) = nodes.split_first() else { return None };
            let (value, rest) = Json::first(behind)?;
            nodes = rest;
            Some((&**name, value))
        })
    }
}

/// A value of a tree. What is inside of it follows it: the values of an array, of an object each
/// name and then its value.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'a> {
    Null,
    Bool(bool),
    Number(f64),
    /// A value or a name.
    Text(Cow<'a, str>),
    Fault(Fault),
    /// With so many nodes inside; while it is open, the place of the one around it.
    Array(usize),
    /// With so many nodes inside; while it is open, the place of the one around it.
    Object(usize),
}

impl Node<'_> {
    /// How many nodes are inside.
    fn inside(&self) -> usize {
        match self {
            Node::Array(nodes) | Node::Object(nodes) => *nodes,
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Fault(_) => 0,
        }
    }
}

/// Why a text cannot be read as JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JsonError {
    /// No JSON from a byte of the text on.
    Syntax { at: usize, what: &'static str },
    /// Arrays and objects nested deeper than the limit.
    TooDeep,
    /// More values than the limit.
    TooManyValues,
    /// The tree has no room.
    NoRoom(NoRoom),
}

/// The tree of one text after another; its list is used again.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    /// What the unescaped texts of the tree take, in bytes.
    pub(super) unescaped: usize,
    /// A text that is being unescaped.
    pub(super) scratch: String,
    pub(super) depth: usize,
    pub(super) values_left: usize,
}

/// The list grows by at least so many nodes: a record of the exchange rules has some thirty.
pub(super) const NODES: usize = 64;

/// What an allocation takes besides its bytes, at most.
pub(super) const ALLOCATION: usize = 32;

impl<'a> Tree<'a> {
    /// At most `depth` arrays and objects inside one another, at most `values` values in all texts
    /// together.
    pub(super) fn new(depth: usize, values: usize) -> Self {
        let scratch = String::new();
        Self { nodes: Vec::new(), unescaped: 0, scratch, depth, values_left: values }
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
