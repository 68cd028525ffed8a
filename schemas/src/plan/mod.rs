//! From the schema that a message was written with to the current one.
//!
//! A [`Plan`] is compiled once for a pair of schemas by the rules of Avro's specification, and then
//! brings each body of the one to the form of the other: fields are matched by name, what only the
//! writer has is dropped, what only the reader has takes its default, symbols and the branches of
//! unions are matched by name, and numbers are promoted. What is alike in both is copied as it
//! stands. So there is one reader of each record, that of the current schema, whatever a message
//! was written with; and a message of the current schema goes to it untouched.
//!
//! Where nothing but the record itself is wanted, the copy is not even made: the reader asks the
//! plan for field after field ([`Planned`]).
//!
//! apache-avro's own resolution is not used: of a union it takes the first branch whose fields fit,
//! whatever its name. A blood pressure of a check-up with one field more became one taken at home.

mod compile;
mod default;
mod read;
mod run;
mod types;
mod walk;

pub(crate) use read::Planned;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use apache_avro::Schema;

use crate::body::FieldError;

/// How bodies of one schema become bodies of another.
#[derive(Debug)]
pub(crate) struct Plan {
    /// None where both forms are the same.
    steps: Option<Steps>,
    shapes: Vec<Shape>,
    /// What to do with the fields, where they can be read in place: not where they come in another
    /// order.
    in_place: Option<Arc<Steps>>,
}

impl Plan {
    /// The plan from what was written with `writer` to what is read with `reader`; compiled once for
    /// both, as schemas live as long as the process.
    pub(crate) fn between(writer: &'static Schema, reader: &'static Schema) -> &'static Self {
        type Plans = HashMap<(usize, usize), &'static Plan>;
        static KNOWN: LazyLock<Mutex<Plans>> = LazyLock::new(Mutex::default);
        let address = |schema: &'static Schema| std::ptr::from_ref(schema).addr();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry((address(writer), address(reader)))
            .or_insert_with(|| Box::leak(Box::new(compile::plan(writer, reader))))
    }

    /// A body in the form of the reader's schema; as it is where both forms are the same.
    ///
    /// Only what has to be understood on the way is checked. Whoever reads the body finds the rest.
    ///
    /// # Errors
    /// When it is not of the writer's schema, or says something that the reader's cannot.
    pub(crate) fn apply<'b>(&self, body: &'b [u8]) -> Result<Cow<'b, [u8]>, FieldError> {
        match &self.steps {
            None => Ok(Cow::Borrowed(body)),
            Some(steps) => run::run(steps, &self.shapes, body),
        }
    }

    /// Whether there is a body [`Self::in_place`].
    pub(crate) fn is_in_place(&self) -> bool {
        self.in_place.is_some()
    }

    /// The body as the reader's schema has its fields, without a copy; none where they can only be
    /// had from a copy, or both forms are the same.
    pub(crate) fn in_place<'b>(&'static self, body: &'b [u8]) -> Option<Planned<'b>> {
        let fields = self.in_place.as_ref()?;
        Some(Planned::new(fields, &self.shapes, body))
    }
}

/// What to do with the parts of a record, one after another. A record in a record is nothing but its
/// parts.
#[derive(Debug)]
struct Steps {
    all: Box<[Step]>,
    /// So many of them, until nothing changes any more: at the end of a body the others need not be
    /// walked over, as what is left of it is copied whole.
    changing: usize,
}

#[derive(Debug, Clone)]
struct Step {
    field: &'static str,
    action: Action,
    /// How many steps from this one on, itself included, only keep what they find.
    kept: usize,
}

/// What to do with the next part of a body. The same named types in several places share what is
/// to be done with them.
#[derive(Debug, Clone)]
enum Action {
    /// Copied as it stands.
    Keep(ShapeId),
    /// Left out: only the writer has it.
    Drop(ShapeId),
    /// Put in: a default, or the index of a union's branch. Reads nothing.
    Insert(Arc<[u8]>),
    Promote(Promotion),
    /// For each symbol of the writer: the index of the reader's, as it is written.
    Symbol(Arc<[Result<Box<[u8]>, FieldError>]>),
    /// For each branch of the writer: what to do with it.
    Branch(Arc<[Branch]>),
    /// What becomes a branch of the reader's union: after the index of it.
    InUnion {
        index: Arc<[u8]>,
        value: Arc<Steps>,
    },
    /// A record whose fields come in the reader's order.
    Fields(Arc<Steps>),
    /// A record whose fields come in another order.
    Reorder(Arc<Reorder>),
    /// Items of an array, or values of a map after their keys.
    Items {
        keyed: bool,
        item: Arc<Steps>,
    },
    /// Nothing can be made of it.
    Refuse(FieldError),
}

/// A branch of the writer's union.
#[derive(Debug)]
struct Branch {
    index: Index,
    steps: Steps,
}

/// What becomes of the index that says which branch it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Index {
    Keep,
    Replace(i64),
    /// The reader has no union there.
    Drop,
}

/// A record whose fields come in another order.
#[derive(Debug)]
struct Reorder {
    /// In the writer's order.
    written: Box<[(&'static str, ShapeId)]>,
    /// In the reader's order.
    read: Box<[Part]>,
}

/// A field of a record in another order.
#[derive(Debug)]
struct Part {
    /// Where it stands in the writer's order; none where it takes its default.
    from: Option<usize>,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Promotion {
    IntToLong,
    IntToFloat,
    IntToDouble,
    LongToFloat,
    LongToDouble,
    FloatToDouble,
}

/// Which of a plan's shapes; a schema may contain itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ShapeId(usize);

/// As much of a type as is needed to walk over a value of it.
#[derive(Debug)]
enum Shape {
    /// Takes no bytes at all.
    Nothing,
    Boolean,
    Int,
    Long,
    Fixed(usize),
    Bytes,
    Text,
    /// Of so many symbols.
    Symbol(usize),
    Branches(Box<[ShapeId]>),
    Fields(Box<[(&'static str, ShapeId)]>),
    Items {
        keyed: bool,
        item: ShapeId,
    },
}

#[cfg(test)]
mod tests;
