//! A plan, carried out over one body.

use std::borrow::Cow;

use super::{Action, Branch, Index, Promotion, Reorder, Shape, ShapeId, Step, Steps};
use crate::body::{Body, FieldError, append_long};

/// No record of ours goes deeper than four; a schema of somebody else's may contain itself.
const DEEPEST: usize = 64;

/// How much longer bodies usually become.
const GROWTH: usize = 32;

pub(super) fn run<'b>(
    steps: &Steps,
    shapes: &[Shape],
    body: &'b [u8],
) -> Result<Cow<'b, [u8]>, FieldError> {
    let mut run =
        Run { shapes, body, rest: Body::new(body), kept: 0, made: Vec::new(), items: body.len() };
    run.steps(steps, true)?;
    if run.kept == 0 && run.made.is_empty() {
        return Ok(Cow::Borrowed(body));
    }
    let Run { kept, mut made, .. } = run;
    made.extend_from_slice(&body[kept..]);
    Ok(Cow::Owned(made))
}

struct Run<'p, 'b> {
    shapes: &'p [Shape],
    body: &'b [u8],
    rest: Body<'b>,
    /// Up to here the body has been copied or replaced; from here to `rest` it is as it will be.
    kept: usize,
    made: Vec<u8>,
    /// How many items of arrays and maps there can still be. Nobody writes more of them than bytes,
    /// but a count is quickly said of items that take none.
    items: usize,
}

impl<'b> Run<'_, 'b> {
    /// `last` where nothing follows that could change.
    fn steps(&mut self, steps: &Steps, last: bool) -> Result<(), FieldError> {
        let (needed, end) =
            if last { (steps.changing, steps.changing) } else { (steps.all.len(), 0) };
        for (index, step) in steps.all[..needed].iter().enumerate() {
            self.step(step, index + 1 == end)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, last: bool) -> Result<(), FieldError> {
        let field = step.field;
        match &step.action {
            Action::Keep(shape) => self.walk(field, *shape, 0),
            Action::Drop(shape) => {
                self.copy();
                self.walk(field, *shape, 0)?;
                self.leave_out();
                Ok(())
            }
            Action::Insert(bytes) => {
                self.copy();
                self.made.extend_from_slice(bytes);
                Ok(())
            }
            Action::Promote(promotion) => self.promote(field, *promotion),
            Action::Symbol(indices) => {
                self.copy();
                let index = self.rest.one_of(field, indices)?;
                self.leave_out();
                append_long(&mut self.made, index?);
                Ok(())
            }
            Action::Branch(branches) => self.branch(field, branches, last),
            Action::Fields(steps) => self.steps(steps, last),
            Action::Reorder(reorder) => self.reorder(reorder),
            Action::Items { keyed, item } => {
                self.blocks(field, Blocks { keyed: *keyed, change: true }, |run| {
                    run.steps(item, false)
                })
            }
            Action::Refuse(error) => Err(*error),
        }
    }

    fn branch(
        &mut self,
        field: &'static str,
        branches: &[Branch],
        last: bool,
    ) -> Result<(), FieldError> {
        let before = self.rest;
        let Branch { index, steps } = &branches[self.rest.index(field, branches.len())?];
        if *index != Index::Keep {
            let after = std::mem::replace(&mut self.rest, before);
            self.copy();
            self.rest = after;
            self.leave_out();
        }
        if let Index::Replace(index) = index {
            append_long(&mut self.made, *index);
        }
        self.steps(steps, last)
    }

    fn at(&self) -> usize {
        self.body.len() - self.rest.rest().len()
    }

    /// Copies what was walked over since the last change.
    fn copy(&mut self) {
        let at = self.at();
        if self.made.capacity() == 0 {
            self.made.reserve(self.body.len() + GROWTH);
        }
        self.made.extend_from_slice(&self.body[self.kept..at]);
        self.kept = at;
    }

    /// What was walked over since then is not copied.
    fn leave_out(&mut self) {
        self.kept = self.at();
    }

    fn promote(&mut self, field: &'static str, promotion: Promotion) -> Result<(), FieldError> {
        if promotion == Promotion::IntToLong {
            // The same bytes.
            return self.rest.int(field).map(|_| ());
        }
        self.copy();
        let made = &mut self.made;
        match promotion {
            Promotion::IntToLong => {}
            Promotion::IntToFloat => made.extend((self.rest.int(field)? as f32).to_le_bytes()),
            Promotion::IntToDouble => made.extend(f64::from(self.rest.int(field)?).to_le_bytes()),
            Promotion::LongToFloat => made.extend((self.rest.long(field)? as f32).to_le_bytes()),
            Promotion::LongToDouble => made.extend((self.rest.long(field)? as f64).to_le_bytes()),
            Promotion::FloatToDouble => {
                made.extend(f64::from(self.rest.float(field)?).to_le_bytes());
            }
        }
        self.leave_out();
        Ok(())
    }

    fn reorder(&mut self, reorder: &Reorder) -> Result<(), FieldError> {
        self.copy();
        let mut starts = Vec::with_capacity(reorder.written.len());
        for (field, shape) in &reorder.written {
            starts.push(self.at());
            self.walk(field, *shape, 0)?;
        }
        let end = self.at();
        for part in &reorder.read {
            if let Some(from) = part.from {
                self.go_to(starts[from]);
            }
            self.step(&part.step, false)?;
            self.copy();
        }
        self.go_to(end);
        Ok(())
    }

    fn go_to(&mut self, place: usize) {
        self.rest = Body::new(&self.body[place..]);
        self.kept = place;
    }

    fn walk(
        &mut self,
        field: &'static str,
        shape: ShapeId,
        depth: usize,
    ) -> Result<(), FieldError> {
        if depth > DEEPEST {
            return Err(FieldError::new(field, "is nested too deep"));
        }
        match &self.shapes[shape.0] {
            Shape::Nothing => Ok(()),
            Shape::Boolean => self.rest.boolean(field).map(|_| ()),
            Shape::Int => self.rest.int(field).map(|_| ()),
            Shape::Long => self.rest.long(field).map(|_| ()),
            Shape::Fixed(size) => self.rest.bytes(field, *size).map(|_| ()),
            Shape::Bytes => self.rest.skip_text(field),
            Shape::Text => self.rest.str(field).map(|_| ()),
            Shape::Symbol(count) => self.rest.index(field, *count).map(|_| ()),
            Shape::Branches(branches) => {
                let index = self.rest.index(field, branches.len())?;
                self.walk(field, branches[index], depth + 1)
            }
            Shape::Fields(fields) => {
                fields.iter().try_for_each(|(field, shape)| self.walk(field, *shape, depth + 1))
            }
            Shape::Items { keyed, item } => {
                self.blocks(field, Blocks { keyed: *keyed, change: false }, |run| {
                    run.walk(field, *item, depth + 1)
                })
            }
        }
    }

    /// Items come in blocks, each after how many it has; the last one has none.
    fn blocks(
        &mut self,
        field: &'static str,
        Blocks { keyed, change }: Blocks,
        mut item: impl FnMut(&mut Self) -> Result<(), FieldError>,
    ) -> Result<(), FieldError> {
        loop {
            if change {
                self.copy();
            }
            let mut count = self.rest.long(field)?;
            if count < 0 {
                // A block may say how many bytes it has: for those who skip it.
                self.rest.long(field)?;
                count = count.checked_neg().unwrap_or(i64::MAX);
            }
            if change {
                // As the items will be, that number of bytes is not true.
                self.leave_out();
                append_long(&mut self.made, count);
            }
            if count == 0 {
                return Ok(());
            }
            let left = usize::try_from(count).ok().and_then(|n| self.items.checked_sub(n));
            self.items = left.ok_or(FieldError::new(field, "has more items than bytes"))?;
            for _ in 0..count {
                if keyed {
                    self.rest.str(field)?;
                }
                item(self)?;
            }
        }
    }
}

/// Whether items have keys, and whether they change.
#[derive(Clone, Copy)]
struct Blocks {
    keyed: bool,
    change: bool,
}
