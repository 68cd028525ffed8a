//! A plan, carried out over one body.

use std::borrow::Cow;

use super::walk::{Walk, promoted};
use super::{Action, Branch, Index, Promotion, Reorder, Shape, Step, Steps};
use crate::body::{Body, FieldError, append_long};

/// How much longer bodies usually become.
const GROWTH: usize = 32;

pub(super) fn run<'b>(
    steps: &Steps,
    shapes: &[Shape],
    body: &'b [u8],
) -> Result<Cow<'b, [u8]>, FieldError> {
    let mut run = Run { walk: Walk::new(shapes, body), body, kept: 0, made: Vec::new() };
    run.steps(steps, true)?;
    if run.kept == 0 && run.made.is_empty() {
        return Ok(Cow::Borrowed(body));
    }
    let Run { kept, mut made, .. } = run;
    made.extend_from_slice(&body[kept..]);
    Ok(Cow::Owned(made))
}

struct Run<'p, 'b> {
    walk: Walk<'p, 'b>,
    body: &'b [u8],
    /// Up to here the body has been copied or replaced; from here to where the walk is it is as it
    /// will be.
    kept: usize,
    made: Vec<u8>,
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
            Action::Keep(shape) => self.walk.over(field, *shape),
            Action::Drop(shape) => {
                self.copy();
                self.walk.over(field, *shape)?;
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
                let index = self.walk.rest.index(field, indices.len())?;
                self.leave_out();
                self.made.extend_from_slice(indices[index].as_ref().map_err(|error| *error)?);
                Ok(())
            }
            Action::Branch(branches) => self.branch(field, branches, last),
            Action::InUnion { index, value } => {
                self.copy();
                self.made.extend_from_slice(index);
                self.steps(value, last)
            }
            Action::Fields(steps) => self.steps(steps, last),
            Action::Reorder(reorder) => self.reorder(reorder),
            Action::Items { keyed, item } => {
                self.blocks(field, *keyed, |run| run.steps(item, false))
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
        let before = self.walk.rest;
        let Branch { index, steps } = &branches[self.walk.rest.index(field, branches.len())?];
        if *index != Index::Keep {
            let after = std::mem::replace(&mut self.walk.rest, before);
            self.copy();
            self.walk.rest = after;
            self.leave_out();
        }
        if let Index::Replace(index) = index {
            append_long(&mut self.made, *index);
        }
        self.steps(steps, last)
    }

    fn at(&self) -> usize {
        self.body.len() - self.walk.rest.rest().len()
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
            return self.walk.rest.int(field).map(|_| ());
        }
        self.copy();
        let (bytes, length) = promoted(&mut self.walk.rest, field, promotion)?;
        self.made.extend_from_slice(&bytes[..length]);
        self.leave_out();
        Ok(())
    }

    fn reorder(&mut self, reorder: &Reorder) -> Result<(), FieldError> {
        self.copy();
        let mut starts = Vec::with_capacity(reorder.written.len());
        for (field, shape) in &reorder.written {
            starts.push(self.at());
            self.walk.over(field, *shape)?;
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
        self.walk.rest = Body::new(&self.body[place..]);
        self.kept = place;
    }

    /// Items come in blocks, each after how many it has; the last one has none.
    fn blocks(
        &mut self,
        field: &'static str,
        keyed: bool,
        mut item: impl FnMut(&mut Self) -> Result<(), FieldError>,
    ) -> Result<(), FieldError> {
        loop {
            self.copy();
            let count = self.walk.block(field)?;
            // As the items will be, the number of bytes that a block may say is not true.
            self.leave_out();
            append_long(&mut self.made, count as i64);
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                if keyed {
                    self.walk.rest.str(field)?;
                }
                item(self)?;
            }
        }
    }
}
