//! A JSON document as it was written: members in their order, repeated names kept, texts borrowed
//! from the body where they need no unescaping.
//!
//! A small body must not become a large tree. So a tree is one list of nodes, in which each value
//! is followed by what is inside it: a node stands for at least two bytes of the text (`1,`, `""`,
//! `[]`), and besides the list only unescaped texts take memory. All of it is asked for before it
//! is taken. Depth and number of values are bounded while the tree is built.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::memory::{NoRoom, Share};

/// A JSON value, looked at in its tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Json<'t> {
    Null,
    Bool(bool),
    Number(f64),
    Text(&'t str),
    Array(Items<'t>),
    Object(Members<'t>),
}

/// The values of an array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Items<'t>(&'t [Node<'t>]);

/// The members of an object in the order in which they were written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Members<'t>(&'t [Node<'t>]);

impl<'t> Json<'t> {
    /// The first of some nodes with what is inside it, and the nodes behind it.
    fn first<'n>(nodes: &'n [Node<'t>]) -> Option<(Json<'n>, &'n [Node<'t>])> {
        let (node, rest) = nodes.split_first()?;
        let (inside, rest) = rest.split_at(node.inside());
        let json = match node {
            Node::Null => Json::Null,
            Node::Bool(value) => Json::Bool(*value),
            Node::Number(value) => Json::Number(*value),
            Node::Text(text) => Json::Text(text),
            Node::Array(_) => Json::Array(Items(inside)),
            Node::Object(_) => Json::Object(Members(inside)),
        };
        Some((json, rest))
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
enum Node<'a> {
    Null,
    Bool(bool),
    Number(f64),
    /// A value or a name.
    Text(Cow<'a, str>),
    /// With so many nodes inside.
    Array(usize),
    /// With so many nodes inside.
    Object(usize),
}

impl Node<'_> {
    /// How many nodes are inside.
    fn inside(&self) -> usize {
        match self {
            Node::Array(nodes) | Node::Object(nodes) => *nodes,
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => 0,
        }
    }
}

/// Why a text cannot be read as JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JsonError {
    /// No JSON, at a line and column of the text (both from 1).
    Syntax { line: usize, column: usize, what: String },
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
    nodes: Vec<Node<'a>>,
    /// What the unescaped texts of the tree take, in bytes.
    unescaped: usize,
    depth: usize,
    values_left: usize,
}

/// The list grows by at least so many nodes: a record of the exchange rules has some thirty.
const NODES: usize = 64;

/// What an allocation takes besides its bytes, at most.
const ALLOCATION: usize = 32;

impl<'a> Tree<'a> {
    /// At most `depth` arrays and objects inside one another, at most `values` values in all texts
    /// together.
    pub(super) fn new(depth: usize, values: usize) -> Self {
        Self { nodes: Vec::new(), unescaped: 0, depth, values_left: values }
    }

    /// Reads one JSON value in the place of the one before.
    pub(super) fn read(&mut self, text: &'a str, share: &mut Share) -> Result<Json<'_>, JsonError> {
        self.nodes.clear();
        share.give_back(std::mem::take(&mut self.unescaped));
        let depth_left = self.depth;
        let mut building = Building { tree: self, share, breach: None };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        if let Err(error) =
            (Value { building: &mut building, depth_left }).deserialize(&mut deserializer)
        {
            return Err(building.breach.unwrap_or_else(|| JsonError::Syntax {
                line: error.line(),
                column: column(&error),
                what: what_is_wrong(&error),
            }));
        }
        let read = Json::first(&self.nodes);
        Ok(read.map_or(Json::Null, |(json, _)| json))
    }
}

/// The column of an error, from 1. The parser says 0 where a text ends with a line end.
pub(super) fn column(error: &serde_json::Error) -> usize {
    error.column().max(1)
}

/// The parser's words without its line and column. They speak of syntax only and quote no values.
pub(super) fn what_is_wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// A tree that is being built.
struct Building<'t, 'a> {
    tree: &'t mut Tree<'a>,
    share: &'t mut Share,
    breach: Option<JsonError>,
}

impl<'a> Building<'_, 'a> {
    /// Ends the reading; the parser's own error is not looked at.
    #[cold]
    fn stop<E: serde::de::Error>(&mut self, breach: JsonError) -> E {
        self.breach = Some(breach);
        E::custom("a limit is broken")
    }

    fn push<E: serde::de::Error>(&mut self, node: Node<'a>) -> Result<(), E> {
        let nodes = &mut self.tree.nodes;
        if nodes.len() == nodes.capacity()
            && let Err(no_room) = self.share.reserve(nodes, NODES)
        {
            return Err(self.stop(JsonError::NoRoom(no_room)));
        }
        self.tree.nodes.push(node);
        Ok(())
    }

    fn push_unescaped<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        let bytes = text.len() + ALLOCATION;
        if let Err(no_room) = self.share.take(bytes) {
            return Err(self.stop(JsonError::NoRoom(no_room)));
        }
        self.tree.unescaped += bytes;
        self.push(Node::Text(Cow::Owned(text.to_owned())))
    }
}

/// Puts a value into the tree.
struct Value<'b, 't, 'a> {
    building: &'b mut Building<'t, 'a>,
    depth_left: usize,
}

impl<'t, 'a> Value<'_, 't, 'a> {
    /// Puts an array or an object into the tree, and what `read` puts there inside it.
    fn around<E: serde::de::Error>(
        self,
        node: fn(usize) -> Node<'a>,
        read: impl FnOnce(&mut Building<'t, 'a>, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            return Err(self.building.stop(JsonError::TooDeep));
        };
        let place = self.building.tree.nodes.len();
        self.building.push(node(0))?;
        read(self.building, depth_left)?;
        let nodes = &mut self.building.tree.nodes;
        nodes[place] = node(nodes.len() - place - 1);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.building.tree.values_left.checked_sub(1) {
            Some(left) => self.building.tree.values_left = left,
            None => return Err(self.building.stop(JsonError::TooManyValues)),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.building.push(Node::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.building.push(Node::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.building.push(Node::Number(value as f64))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.building.push(Node::Number(value as f64))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.building.push(Node::Number(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.building.push_unescaped(value)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, value: &'de str) -> Result<(), E> {
        self.building.push(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.around(Node::Array, |building, depth_left| {
            while items.next_element_seed(Value { building, depth_left })?.is_some() {}
            Ok(())
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.around(Node::Object, |building, depth_left| {
            while members.next_key_seed(Name { building })?.is_some() {
                members.next_value_seed(Value { building, depth_left })?;
            }
            Ok(())
        })
    }
}

/// Puts the name of a member into the tree.
struct Name<'b, 't, 'a> {
    building: &'b mut Building<'t, 'a>,
}

impl<'de> DeserializeSeed<'de> for Name<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.building.push_unescaped(value)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, value: &'de str) -> Result<(), E> {
        self.building.push(Node::Text(Cow::Borrowed(value)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::memory::Memory;

    fn share() -> Share {
        Memory::new(usize::MAX).share()
    }

    fn tree() -> Tree<'static> {
        Tree::new(16, 10_000_000)
    }

    #[test]
    fn members_keep_their_order_and_repeated_names_stay() {
        let mut tree = tree();
        let json = tree.read(r#"{"b":1,"a":[true,{"c":null}],"b":"x"}"#, &mut share()).unwrap();
        let members: Vec<(&str, Json<'_>)> = json.members().unwrap().iter().collect();
        let [("b", Json::Number(1.0)), ("a", Json::Array(items)), ("b", Json::Text("x"))] =
            members[..]
        else {
            panic!("{members:?}")
        };
        let items: Vec<Json<'_>> = items.iter().collect();
        let [Json::Bool(true), Json::Object(inside)] = items[..] else { panic!("{items:?}") };
        assert!(inside.iter().eq([("c", Json::Null)]));
        let members = json.members().unwrap();
        assert_eq!(members.find("b"), Some((0, Json::Number(1.0))));
        assert!(matches!(members.find("a"), Some((1, Json::Array(_)))));
        assert_eq!(members.find("c"), None);
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let (mut tree, mut share) = (tree(), share());
        assert_eq!(tree.read(r#""abc""#, &mut share), Ok(Json::Text("abc")));
        assert!(matches!(tree.nodes[0], Node::Text(Cow::Borrowed("abc"))));
        assert_eq!(tree.read(r#""a\u0062c""#, &mut share), Ok(Json::Text("abc")));
        assert!(matches!(tree.nodes[0], Node::Text(Cow::Owned(_))));
        let with_text = share.bytes();
        tree.read("1", &mut share).unwrap();
        assert_eq!(share.bytes(), with_text - 3 - ALLOCATION, "what a text took is given back");
    }

    #[test]
    fn depth_is_allowed_up_to_the_limit_and_not_beyond() {
        let read = |text| Tree::new(3, 100).read(text, &mut share()).map(|_| ());
        assert_eq!(read("[[[1]]]"), Ok(()));
        assert_eq!(read("[[[[1]]]]"), Err(JsonError::TooDeep));
    }

    #[test]
    fn values_are_counted_over_all_texts_of_a_tree() {
        let (mut tree, mut share) = (Tree::new(3, 5), share());
        assert!(tree.read("[1,2]", &mut share).is_ok());
        assert_eq!(tree.read("[1,2]", &mut share), Err(JsonError::TooManyValues));
    }

    #[test]
    fn a_syntax_error_has_its_place_and_no_values() {
        let mut tree = tree();
        let read = tree.read("{\n \"a\": 1,\n \"secret\" 2}", &mut share());
        let what = "expected `:`".to_owned();
        assert_eq!(read, Err(JsonError::Syntax { line: 3, column: 11, what }));
    }

    /// What a tree has allocated and what it has taken of its share, in bytes.
    fn taken(text: &str) -> (usize, usize) {
        let (mut tree, mut share) = (tree(), share());
        tree.read(text, &mut share).unwrap();
        let texts = tree.nodes.iter().map(|node| match node {
            Node::Text(Cow::Owned(text)) => text.capacity() + ALLOCATION,
            _ => 0,
        });
        (tree.nodes.capacity() * size_of::<Node<'_>>() + texts.sum::<usize>(), share.bytes())
    }

    #[test]
    fn a_tree_takes_at_most_a_fixed_multiple_of_its_text() {
        assert_eq!(size_of::<Node<'_>>(), 24);
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth) + ",";
        let (deep, deepest) = (nested(8), nested(15));
        let elements: [&str; 14] = [
            "{},",
            "[],",
            "[[]],",
            "1,",
            r#""","#,
            "[1],",
            r#"{"":1},"#,
            r#"{"":{}},"#,
            r#"{"a":0,"b":[]},"#,
            r#""\n","#,
            r#"{"\n":"\n"},"#,
            r#"{"observation_time":"20260131073100","systolic":128,"data_input_code":"0"},"#,
            &deep,
            &deepest,
        ];
        for element in elements {
            for count in [1, 10, 1000, 100_000] {
                let mut text = format!("[{}", element.repeat(count));
                text.pop();
                text.push(']');
                let (allocated, charged) = taken(&text);
                assert_eq!(allocated, charged, "{count} times {element}");
                // 24 bytes for two of the text, in a list that is at most half too long.
                let most = 18 * text.len() + NODES * size_of::<Node<'_>>();
                assert!(charged <= most, "{count} times {element}: {charged} for {}", text.len());
            }
        }
        let members: Vec<String> = (0..100_000).map(|n| format!(r#""{n:x}":1"#)).collect();
        let object = format!("{{{}}}", members.join(","));
        assert!(taken(&object).1 <= 18 * object.len());
    }

    #[test]
    fn an_ordinary_document_takes_little_more_than_its_text() {
        let (_, text) = examples::GOOD_DOCUMENTS.iter().max_by_key(|(_, text)| text.len()).unwrap();
        let (_, charged) = taken(text);
        assert!(charged < 2 * text.len(), "{charged} for {}", text.len());
    }

    #[test]
    fn a_tree_without_room_is_refused_before_it_is_allocated() {
        let memory = Memory::new(4096);
        let text = format!("[{}1]", "1,".repeat(1000));
        let (mut tree, mut share) = (tree(), memory.share());
        let read = tree.read(&text, &mut share).map(|_| ());
        assert_eq!(read, Err(JsonError::NoRoom(NoRoom::Ever { limit: 4096 })));
        assert!(tree.nodes.capacity() * size_of::<Node<'_>>() <= 4096);
        drop(share);
        let (mut tree, mut share) = (self::tree(), memory.share());
        let mut other = memory.share();
        other.take(4000).unwrap();
        let read = tree.read("[1]", &mut share).map(|_| ());
        assert_eq!(read, Err(JsonError::NoRoom(NoRoom::Now)));
    }

    proptest! {
        #[test]
        fn any_json_takes_at_most_a_fixed_multiple_of_its_text(
            text in r#"[\[\]{}:,"\\n1 ]{0,40}"#,
            count in 1..50_usize,
        ) {
            // Most are no JSON: what is one is looked at many times over.
            let text = format!("[{}{text}]", format!("{text},").repeat(count));
            let mut share = share();
            let mut tree = tree();
            let _ = tree.read(&text, &mut share);
            prop_assert!(share.bytes() <= 18 * text.len() + NODES * size_of::<Node<'_>>());
        }
    }
}
