//! A JSON document as it was written: members in their order, repeated names kept, texts borrowed
//! from the body where they need no unescaping. Depth and number of values are bounded while it is
//! built, so that a small body cannot become a large tree.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Members<'a>),
}

impl<'a> Json<'a> {
    /// The members of an object; none of anything else.
    pub(super) fn members(&self) -> Option<&Members<'a>> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }
}

/// The members of an object in the order in which they were written.
pub(super) type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// Why a text cannot be read as JSON.
#[derive(Debug)]
pub(super) enum JsonError {
    /// No JSON, at a line and column of the text (both from 1).
    Syntax { line: usize, column: usize, what: String },
    /// Arrays and objects nested deeper than the limit.
    TooDeep,
    /// More values than the limit.
    TooManyValues,
}

/// How much a tree may hold.
#[derive(Debug)]
pub(super) struct Bounds {
    depth: usize,
    values_left: Cell<usize>,
    breach: Cell<Option<Breach>>,
}

#[derive(Debug, Clone, Copy)]
enum Breach {
    Depth,
    Values,
}

impl Bounds {
    /// At most `depth` arrays and objects inside one another, at most `values` values in all texts
    /// that are read with these bounds.
    pub(super) fn new(depth: usize, values: usize) -> Self {
        Self { depth, values_left: Cell::new(values), breach: Cell::new(None) }
    }
}

/// Reads one JSON value.
pub(super) fn read<'a>(text: &'a str, bounds: &Bounds) -> Result<Json<'a>, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Value { depth_left: bounds.depth, bounds };
    value.deserialize(&mut deserializer).map_err(|error| match bounds.breach.get() {
        Some(Breach::Depth) => JsonError::TooDeep,
        Some(Breach::Values) => JsonError::TooManyValues,
        None => JsonError::Syntax {
            line: error.line(),
            column: column(&error),
            what: what_is_wrong(&error),
        },
    })
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

struct Value<'b> {
    depth_left: usize,
    bounds: &'b Bounds,
}

impl Value<'_> {
    fn inside<E: serde::de::Error>(&self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, bounds: self.bounds }),
            None => {
                self.bounds.breach.set(Some(Breach::Depth));
                Err(E::custom("nested too deep"))
            }
        }
    }

    fn again(&self) -> Self {
        Self { depth_left: self.depth_left, bounds: self.bounds }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        match self.bounds.values_left.get().checked_sub(1) {
            Some(left) => self.bounds.values_left.set(left),
            None => {
                self.bounds.breach.set(Some(Breach::Values));
                return Err(D::Error::custom("too many values"));
            }
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inside()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner.again())? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inside()?;
        let mut object = Vec::with_capacity(8);
        while let Some(name) = members.next_key_seed(Name)? {
            object.push((name, members.next_value_seed(inner.again())?));
        }
        Ok(Json::Object(object))
    }
}

/// The name of a member, borrowed where possible.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_repeated_names_stay() {
        let Ok(Json::Object(members)) = read(r#"{"b":1,"a":[true,null],"b":"x"}"#, &bounds())
        else {
            panic!("an object")
        };
        let names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["b", "a", "b"]);
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let plain = read(r#""abc""#, &bounds()).unwrap();
        assert!(matches!(plain, Json::Text(Cow::Borrowed("abc"))));
        let escaped = read(r#""a\u0062c""#, &bounds()).unwrap();
        assert!(matches!(escaped, Json::Text(Cow::Owned(text)) if text == "abc"));
    }

    #[test]
    fn depth_is_allowed_up_to_the_limit_and_not_beyond() {
        assert!(read("[[[1]]]", &Bounds::new(3, 100)).is_ok());
        assert!(matches!(read("[[[[1]]]]", &Bounds::new(3, 100)), Err(JsonError::TooDeep)));
    }

    #[test]
    fn values_are_counted_over_all_texts_read_with_the_same_bounds() {
        let bounds = Bounds::new(3, 5);
        assert!(read("[1,2]", &bounds).is_ok());
        assert!(matches!(read("[1,2]", &bounds), Err(JsonError::TooManyValues)));
    }

    #[test]
    fn a_syntax_error_has_its_place_and_no_values() {
        let Err(JsonError::Syntax { line, column, what }) =
            read("{\n \"a\": 1,\n \"secret\" 2}", &bounds())
        else {
            panic!("a syntax error")
        };
        assert_eq!((line, column), (3, 11));
        assert_eq!(what, "expected `:`");
    }

    fn bounds() -> Bounds {
        Bounds::new(16, 100)
    }
}
