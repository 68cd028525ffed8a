//! A body of another schema, read field after field where it stands.
//!
//! The reader of the current schema asks for its fields in their order; the plan's steps say where
//! each one is. As long as steps only keep what they find, which is nearly all of the time, a field
//! costs no more than in a body of the current schema.

use super::walk::{Walk, promoted};
use super::{Action, Branch, Index, Shape, Step, Steps};
use crate::body::{Body, FieldError, Fields};

/// All that follows is read as it stands.
const ALL: usize = usize::MAX;

/// The fields of a body as the current schema has them.
pub(crate) struct Planned<'b> {
    walk: Walk<'static, 'b>,
    /// So many of the next parts are read as they stand.
    kept: usize,
    /// What is to be done then, to the end of the record or branch that is being read.
    steps: &'static [Step],
}

impl<'b> Planned<'b> {
    pub(super) fn new(fields: &'static Steps, shapes: &'static [Shape], body: &'b [u8]) -> Self {
        Self { walk: Walk::new(shapes, body), kept: 0, steps: &fields.all }
    }

    /// Reads the record, to the end of its body.
    ///
    /// # Errors
    /// When it is not of the writer's schema, or says something that the reader's cannot.
    pub(crate) fn whole<T>(
        mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let value = read(&mut self)?;
        self.end_of_steps()?;
        self.walk.rest.end()?;
        Ok(value)
    }

    /// The next part's action, behind what only the writer has.
    fn next(&mut self, field: &'static str) -> Result<&'static Action, FieldError> {
        loop {
            let (step, rest) = self.steps.split_first().ok_or(unplanned(field))?;
            match &step.action {
                Action::Drop(shape) => self.walk.over(step.field, *shape)?,
                Action::Keep(_) => {
                    self.kept = step.kept - 1;
                    self.steps = &self.steps[step.kept..];
                    return Ok(&step.action);
                }
                Action::Refuse(error) => return Err(*error),
                action => {
                    self.steps = rest;
                    return Ok(action);
                }
            }
            self.steps = rest;
        }
    }

    /// Whether the next part is read as it stands.
    #[inline]
    fn is_kept(&mut self) -> bool {
        let is_kept = self.kept > 0;
        self.kept -= usize::from(is_kept);
        is_kept
    }

    /// Reads what stands here as it is, with all its parts.
    #[inline]
    fn as_it_is<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let outside = std::mem::replace(&mut self.kept, ALL);
        let value = read(self)?;
        self.kept = outside;
        Ok(value)
    }

    /// Reads what a plan has put in.
    fn inserted<T>(
        &mut self,
        bytes: &'static [u8],
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let outside = std::mem::replace(&mut self.walk.rest, Body::new(bytes));
        let value = self.as_it_is(read)?;
        self.walk.rest = outside;
        Ok(value)
    }

    /// Reads the parts of a record or branch that has steps of its own.
    fn by_steps<T>(
        &mut self,
        steps: &'static Steps,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let outside =
            (std::mem::replace(&mut self.kept, 0), std::mem::replace(&mut self.steps, &steps.all));
        let value = read(self)?;
        self.end_of_steps()?;
        (self.kept, self.steps) = outside;
        Ok(value)
    }

    /// Behind the last field of the reader there may be some of the writer.
    fn end_of_steps(&mut self) -> Result<(), FieldError> {
        for step in self.steps {
            let Action::Drop(shape) = &step.action else { return Err(unplanned(step.field)) };
            self.walk.over(step.field, *shape)?;
        }
        Ok(())
    }

    /// Reads which branch of the reader's union comes, and what is to be done with it.
    fn branch_index(
        &mut self,
        field: &'static str,
        branches: &'static [Branch],
    ) -> Result<(usize, &'static Branch), FieldError> {
        let written = self.walk.rest.index(field, branches.len())?;
        let branch = &branches[written];
        match (branch.index, &branch.steps.all[0].action) {
            (_, Action::Refuse(error)) => Err(*error),
            (Index::Keep, _) => Ok((written, branch)),
            (Index::Replace(read), _) => Ok((read as usize, branch)),
            (Index::Drop, _) => Err(unplanned(field)),
        }
    }

    #[inline(never)]
    fn changed_value<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Body<'_>, &'static str) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match self.next(field)? {
            Action::Keep(_) => read(&mut self.walk.rest, field),
            Action::Insert(bytes) => read(&mut Body::new(bytes), field),
            Action::Promote(promotion) => {
                let (bytes, length) = promoted(&mut self.walk.rest, field, *promotion)?;
                read(&mut Body::new(&bytes[..length]), field)
            }
            Action::Symbol(indices) => {
                let index = self.walk.rest.index(field, indices.len())?;
                let index = indices[index].as_ref().map_err(|error| *error)?;
                read(&mut Body::new(index), field)
            }
            // Of a union no branch of which the reader has.
            Action::Branch(branches) => Err(match self.branch_index(field, branches) {
                Err(error) => error,
                Ok(_) => unplanned(field),
            }),
            _ => Err(unplanned(field)),
        }
    }

    #[inline(never)]
    fn changed_text(&mut self, field: &'static str) -> Result<&'b str, FieldError> {
        match self.next(field)? {
            Action::Keep(_) => self.walk.rest.str(field),
            Action::Insert(bytes) => Body::new(bytes).str(field),
            _ => Err(unplanned(field)),
        }
    }

    #[inline(never)]
    fn changed_optional<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        match self.next(field)? {
            Action::Keep(_) => self.as_it_is(|planned| planned.optional_as_it_is(field, read)),
            Action::Insert(bytes) => {
                self.inserted(bytes, |planned| planned.optional_as_it_is(field, read))
            }
            Action::Branch(branches) => match self.branch_index(field, branches)? {
                (0, _) => Ok(None),
                (_, branch) => self.by_steps(&branch.steps, read).map(Some),
            },
            _ => Err(unplanned(field)),
        }
    }

    #[inline]
    fn optional_as_it_is<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let is_there = self.walk.rest.is_there(field)?;
        is_there.then(|| read(self)).transpose()
    }

    #[inline(never)]
    fn changed_branch<B: Copy, T>(
        &mut self,
        field: &'static str,
        all: &[B],
        read: impl FnOnce(&mut Self, B) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match self.next(field)? {
            Action::Keep(_) => self.as_it_is(|planned| planned.branch_as_it_is(field, all, read)),
            Action::Insert(bytes) => {
                self.inserted(bytes, |planned| planned.branch_as_it_is(field, all, read))
            }
            Action::Branch(branches) => {
                let (index, branch) = self.branch_index(field, branches)?;
                let which = *all.get(index).ok_or(unplanned(field))?;
                match &branch.steps.all[0].action {
                    Action::Keep(_) => self.as_it_is(|planned| read(planned, which)),
                    Action::Fields(steps) => self.by_steps(steps, |planned| read(planned, which)),
                    _ => Err(unplanned(field)),
                }
            }
            _ => Err(unplanned(field)),
        }
    }

    #[inline]
    fn branch_as_it_is<B: Copy, T>(
        &mut self,
        field: &'static str,
        all: &[B],
        read: impl FnOnce(&mut Self, B) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let which = self.walk.rest.one_of(field, all)?;
        read(self, which)
    }

    #[inline(never)]
    fn changed_record<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match self.next(field)? {
            Action::Keep(_) => self.as_it_is(read),
            Action::Insert(bytes) => self.inserted(bytes, read),
            Action::Fields(steps) => self.by_steps(steps, read),
            _ => Err(unplanned(field)),
        }
    }
}

impl<'b> Fields<'b> for Planned<'b> {
    #[inline]
    fn value<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Body<'_>, &'static str) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match self.is_kept() {
            true => read(&mut self.walk.rest, field),
            false => self.changed_value(field, read),
        }
    }

    #[inline]
    fn str(&mut self, field: &'static str) -> Result<&'b str, FieldError> {
        match self.is_kept() {
            true => self.walk.rest.str(field),
            false => self.changed_text(field),
        }
    }

    #[inline]
    fn nullable<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        match self.is_kept() {
            true => self.as_it_is(|planned| planned.optional_as_it_is(field, read)),
            false => self.changed_optional(field, read),
        }
    }

    #[inline]
    fn branch<B: Copy, T>(
        &mut self,
        field: &'static str,
        all: &[B],
        read: impl FnOnce(&mut Self, B) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match self.is_kept() {
            true => self.as_it_is(|planned| planned.branch_as_it_is(field, all, read)),
            false => self.changed_branch(field, all, read),
        }
    }

    #[inline]
    fn record<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match self.is_kept() {
            true => self.as_it_is(read),
            false => self.changed_record(field, read),
        }
    }
}

/// A reader that asks for something else than the schema says.
const fn unplanned(field: &'static str) -> FieldError {
    FieldError::new(field, "is not where the plan has it")
}
