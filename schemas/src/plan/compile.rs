//! The rules of schema resolution, applied once for a pair of schemas.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use apache_avro::Schema;
use apache_avro::schema::{EnumSchema, RecordField, RecordSchema, UnionSchema};
use serde_json::Value;

use super::types::{Type, Types, fit};
use super::{
    Action, Branch, Index, Part, Plan, Promotion, Reorder, Shape, ShapeId, Step, Steps, default,
};
use crate::body::{FieldError, append_long};

pub(super) fn plan(writer: &'static Schema, reader: &'static Schema) -> Plan {
    let root = |schema: &'static Schema| schema.name().map_or("the body", |name| name.name());
    let (Some(writers), Some(readers)) = (Types::of(writer), Types::of(reader)) else {
        let error = FieldError::new(root(writer), "refers to a type that is not defined");
        let steps = Steps::one(root(writer), Action::Refuse(error));
        return Plan { steps: Some(steps), shapes: Vec::new(), in_place: None };
    };
    let mut compiler = Compiler {
        writers,
        readers,
        shapes: Vec::new(),
        shapes_of_records: HashMap::new(),
        records: HashMap::new(),
    };
    let steps = match compiler.action(root(reader), writer, reader) {
        Action::Keep(_) => None,
        action => Some(Steps::one(root(reader), action)),
    };
    let in_place = steps.as_ref().and_then(|steps| match &steps.all[0].action {
        Action::Fields(fields) if fields.are_in_place() => Some(Arc::clone(fields)),
        _ => None,
    });
    Plan { steps, shapes: compiler.shapes, in_place }
}

impl Steps {
    fn new(mut all: Box<[Step]>) -> Self {
        let is_change = |step: &Step| !matches!(step.action, Action::Keep(_));
        let changing = all.iter().rposition(is_change).map_or(0, |last| last + 1);
        let mut kept = 0;
        for step in all.iter_mut().rev() {
            kept = if is_change(step) { 0 } else { kept + 1 };
            step.kept = kept;
        }
        Self { all, changing }
    }

    fn one(field: &'static str, action: Action) -> Self {
        Self::new([Step::new(field, action)].into())
    }

    fn are_in_place(&self) -> bool {
        self.all.iter().all(|step| step.action.is_in_place())
    }
}

impl Step {
    fn new(field: &'static str, action: Action) -> Self {
        Self { field, action, kept: 0 }
    }
}

impl Action {
    /// Whether what it makes can be read where it stands.
    fn is_in_place(&self) -> bool {
        match self {
            Self::Keep(_)
            | Self::Drop(_)
            | Self::Insert(_)
            | Self::Promote(_)
            | Self::Symbol(_)
            | Self::Refuse(_) => true,
            Self::Branch(branches) => branches.iter().all(Branch::is_in_place),
            Self::Fields(steps) => steps.are_in_place(),
            Self::InUnion { .. } | Self::Reorder(_) | Self::Items { .. } => false,
        }
    }
}

impl Branch {
    fn is_in_place(&self) -> bool {
        let is_refused = || matches!(self.steps.all[0].action, Action::Refuse(_));
        (self.index != Index::Drop || is_refused()) && self.steps.are_in_place()
    }
}

struct Compiler {
    writers: Types,
    readers: Types,
    shapes: Vec<Shape>,
    /// By where the record's schema is.
    shapes_of_records: HashMap<usize, ShapeId>,
    /// What to do with a record, by where both schemas are; none as long as it is compiled.
    records: HashMap<(usize, usize), Option<Action>>,
}

impl Compiler {
    fn action(
        &mut self,
        field: &'static str,
        writer: &'static Schema,
        reader: &'static Schema,
    ) -> Action {
        let (written, read) = (self.writers.get(writer), self.readers.get(reader));
        match (written, read) {
            (Type::Union(written), _) => self.each_branch(field, written, reader),
            (_, Type::Union(read)) => match self.branch_for(field, writer, read) {
                None => Action::Refuse(unknown(field, written.name())),
                Some((index, action)) => {
                    let value = Arc::new(Steps::one(field, action));
                    Action::InUnion { index: long(index as i64), value }
                }
            },
            (Type::Record(written), Type::Record(read)) => self.record(field, written, read),
            (Type::Enum(written), Type::Enum(read)) => self.symbols(field, writer, written, read),
            (Type::Array(written), Type::Array(read)) => {
                self.items(field, writer, false, written, read)
            }
            (Type::Map(written), Type::Map(read)) => self.items(field, writer, true, written, read),
            (Type::Int, Type::Long) => Action::Promote(Promotion::IntToLong),
            (Type::Int, Type::Float) => Action::Promote(Promotion::IntToFloat),
            (Type::Int, Type::Double) => Action::Promote(Promotion::IntToDouble),
            (Type::Long, Type::Float) => Action::Promote(Promotion::LongToFloat),
            (Type::Long, Type::Double) => Action::Promote(Promotion::LongToDouble),
            (Type::Float, Type::Double) => Action::Promote(Promotion::FloatToDouble),
            (Type::Fixed(_, written), Type::Fixed(_, read)) if written == read => {
                Action::Keep(self.shape(writer))
            }
            _ if fit(written, read).is_some() => Action::Keep(self.shape(writer)),
            _ => Action::Refuse(unknown(field, written.name())),
        }
    }

    /// Which branch of the reader's union takes what was written, and what to do with it: of the
    /// branches that fit, the first of those that fit best.
    fn branch_for(
        &mut self,
        field: &'static str,
        writer: &'static Schema,
        reader: &'static UnionSchema,
    ) -> Option<(usize, Action)> {
        let written = self.writers.get(writer);
        let fits = reader.variants().iter().enumerate().filter_map(|(index, branch)| {
            Some((fit(written, self.readers.get(branch))?, Reverse(index)))
        });
        let (_, Reverse(index)) = fits.max()?;
        Some((index, self.action(field, writer, &reader.variants()[index])))
    }

    /// Each branch by itself; where the reader has a union too, its index comes before it.
    fn each_branch(
        &mut self,
        field: &'static str,
        writer: &'static UnionSchema,
        reader: &'static Schema,
    ) -> Action {
        let of_reader = match self.readers.get(reader) {
            Type::Union(union) => Some(union),
            _ => None,
        };
        let mut branches = Vec::new();
        for (written, branch) in writer.variants().iter().enumerate() {
            let (index, action) = match of_reader {
                None => (Index::Drop, self.action(field, branch, reader)),
                Some(union) => match self.branch_for(field, branch, union) {
                    None => {
                        let error = unknown(field, self.writers.get(branch).name());
                        (Index::Drop, Action::Refuse(error))
                    }
                    Some((read, action)) if read == written => (Index::Keep, action),
                    Some((read, action)) => (Index::Replace(read as i64), action),
                },
            };
            branches.push(Branch { index, steps: Steps::one(field, action) });
        }
        let is_kept = |branch: &Branch| branch.index == Index::Keep && branch.steps.changing == 0;
        // With more branches the reader would take an index that no writer of this schema means.
        let are_as_many = of_reader.is_some_and(|union| union.variants().len() == branches.len());
        if are_as_many && branches.iter().all(is_kept) {
            let shapes = writer.variants().iter().map(|branch| self.shape(branch)).collect();
            return Action::Keep(self.shape_of(Shape::Branches(shapes)));
        }
        Action::Branch(branches.into())
    }

    fn symbols(
        &mut self,
        field: &'static str,
        writer: &'static Schema,
        written: &'static EnumSchema,
        read: &'static EnumSchema,
    ) -> Action {
        let of_reader = |symbol: &String| read.symbols.iter().position(|known| known == symbol);
        let instead = read.default.as_ref().and_then(of_reader);
        let mut indices = Vec::new();
        for symbol in &written.symbols {
            indices.push(match of_reader(symbol).or(instead) {
                Some(index) => Ok(index),
                None => Err(unknown(field, symbol)),
            });
        }
        let are_as_many = written.symbols.len() == read.symbols.len();
        if are_as_many && indices.iter().zip(0..).all(|(index, written)| *index == Ok(written)) {
            return Action::Keep(self.shape(writer));
        }
        let written = |index: Result<usize, _>| index.map(|index| long(index as i64));
        Action::Symbol(indices.into_iter().map(written).collect())
    }

    fn items(
        &mut self,
        field: &'static str,
        writer: &'static Schema,
        keyed: bool,
        written: &'static Schema,
        read: &'static Schema,
    ) -> Action {
        match self.action(field, written, read) {
            Action::Keep(_) => Action::Keep(self.shape(writer)),
            action => Action::Items { keyed, item: Arc::new(Steps::one(field, action)) },
        }
    }

    fn record(
        &mut self,
        field: &'static str,
        written: &'static RecordSchema,
        read: &'static RecordSchema,
    ) -> Action {
        let key = (address(written), address(read));
        match self.records.get(&key) {
            Some(Some(known)) => return known.clone(),
            Some(None) => {
                let problem = "contains itself, which no record of ours does";
                return Action::Refuse(FieldError::new(field, problem));
            }
            None => {}
        }
        self.records.insert(key, None);
        let action = self.fields(written, read);
        self.records.insert(key, Some(action.clone()));
        action
    }

    fn fields(&mut self, written: &'static RecordSchema, read: &'static RecordSchema) -> Action {
        let places: Vec<_> = read.fields.iter().map(|field| place(written, field)).collect();
        let parts: Vec<_> = (read.fields.iter().zip(&places))
            .map(|(field, from)| {
                let action = match from {
                    None => self.default(field),
                    Some(from) => {
                        self.action(&field.name, &written.fields[*from].schema, &field.schema)
                    }
                };
                Part { from: *from, step: Step::new(&field.name, action) }
            })
            .collect();
        if !places.iter().flatten().is_sorted_by(|one, next| one < next) {
            let written = self.field_shapes(written);
            return Action::Reorder(Arc::new(Reorder { written, read: parts.into() }));
        }
        let mut steps = Vec::new();
        let mut next = 0;
        for Part { from, step } in parts {
            if let Some(from) = from {
                steps.extend(written.fields[next..from].iter().map(|field| self.drop(field)));
                next = from + 1;
            }
            self.append(&mut steps, step);
        }
        steps.extend(written.fields[next..].iter().map(|field| self.drop(field)));
        let steps = Steps::new(steps.into());
        if steps.changing == 0 {
            let fields = self.field_shapes(written);
            return Action::Keep(self.shape_of_fields(fields));
        }
        Action::Fields(Arc::new(steps))
    }

    /// Appends a step; a record's, field by field.
    fn append(&self, steps: &mut Vec<Step>, step: Step) {
        match &step.action {
            Action::Keep(shape) => match &self.shapes[shape.0] {
                Shape::Fields(fields) => {
                    for (field, shape) in fields {
                        self.append(steps, Step::new(field, Action::Keep(*shape)));
                    }
                }
                _ => steps.push(step),
            },
            Action::Fields(of_record) => steps.extend(of_record.all.iter().cloned()),
            _ => steps.push(step),
        }
    }

    fn drop(&mut self, field: &'static RecordField) -> Step {
        Step::new(&field.name, Action::Drop(self.shape(&field.schema)))
    }

    fn default(&self, field: &'static RecordField) -> Action {
        match &field.default {
            Some(json) => self.inserted(&field.name, json, &field.schema),
            None => {
                let problem = "is missing in the schema it was written with, and has no default";
                Action::Refuse(FieldError::new(&field.name, problem))
            }
        }
    }

    /// Puts in a default; a record's, field by field.
    fn inserted(&self, field: &'static str, json: &Value, schema: &'static Schema) -> Action {
        let of_another_type =
            || Action::Refuse(FieldError::new(field, "has a default that is not of its type"));
        if let (Type::Record(record), Value::Object(values)) = (self.readers.get(schema), json) {
            let of_field = |part: &'static RecordField| {
                let json = values.get(&part.name).or(part.default.as_ref());
                let of_part = |json| self.inserted(&part.name, json, &part.schema);
                Step::new(&part.name, json.map_or_else(of_another_type, of_part))
            };
            return Action::Fields(Arc::new(Steps::new(
                record.fields.iter().map(of_field).collect(),
            )));
        }
        let mut bytes = Vec::new();
        match default::append(&mut bytes, json, schema, &self.readers) {
            Some(()) => Action::Insert(bytes.into()),
            None => of_another_type(),
        }
    }

    fn shape(&mut self, schema: &'static Schema) -> ShapeId {
        let shape = match self.writers.get(schema) {
            Type::Null | Type::Fixed(_, 0) => Shape::Nothing,
            Type::Boolean => Shape::Boolean,
            Type::Int => Shape::Int,
            Type::Long => Shape::Long,
            Type::Float => Shape::Fixed(4),
            Type::Double => Shape::Fixed(8),
            Type::Bytes => Shape::Bytes,
            Type::Text => Shape::Text,
            Type::Fixed(_, size) => Shape::Fixed(size),
            Type::Array(items) => Shape::Items { keyed: false, item: self.shape(items) },
            Type::Map(values) => Shape::Items { keyed: true, item: self.shape(values) },
            Type::Union(union) => {
                Shape::Branches(union.variants().iter().map(|branch| self.shape(branch)).collect())
            }
            Type::Enum(symbols) => Shape::Symbol(symbols.symbols.len()),
            Type::Record(record) => {
                if let Some(known) = self.shapes_of_records.get(&address(record)) {
                    return *known;
                }
                // A record may contain itself.
                let id = self.shape_of(Shape::Fields([].into()));
                self.shapes_of_records.insert(address(record), id);
                let fields = self.field_shapes(record);
                self.shapes[id.0] = self.fields_or_nothing(fields);
                return id;
            }
        };
        self.shape_of(shape)
    }

    fn field_shapes(&mut self, record: &'static RecordSchema) -> Box<[(&'static str, ShapeId)]> {
        record.fields.iter().map(|field| (field.name.as_str(), self.shape(&field.schema))).collect()
    }

    fn shape_of_fields(&mut self, fields: Box<[(&'static str, ShapeId)]>) -> ShapeId {
        let shape = self.fields_or_nothing(fields);
        self.shape_of(shape)
    }

    /// Records without a byte are not walked into: there may be any number of them in each other.
    fn fields_or_nothing(&self, fields: Box<[(&'static str, ShapeId)]>) -> Shape {
        let is_nothing = |id: ShapeId| matches!(self.shapes[id.0], Shape::Nothing);
        match fields.iter().all(|(_, id)| is_nothing(*id)) {
            true => Shape::Nothing,
            false => Shape::Fields(fields),
        }
    }

    fn shape_of(&mut self, shape: Shape) -> ShapeId {
        self.shapes.push(shape);
        ShapeId(self.shapes.len() - 1)
    }
}

/// Where a field of the reader stands with the writer: under its name, or one that it had before.
fn place(written: &'static RecordSchema, field: &RecordField) -> Option<usize> {
    let named = |name: &String| written.fields.iter().position(|field| field.name == *name);
    named(&field.name).or_else(|| field.aliases.iter().find_map(named))
}

/// What was written is nothing that the reader can have there.
fn unknown(field: &'static str, written: &str) -> FieldError {
    // Plans live as long as the process.
    FieldError::new(field, format!("is {written}, which the current schema does not have").leak())
}

fn address(record: &'static RecordSchema) -> usize {
    std::ptr::from_ref(record).addr()
}

fn long<B: From<Vec<u8>>>(value: i64) -> B {
    let mut bytes = Vec::new();
    append_long(&mut bytes, value);
    bytes.into()
}
