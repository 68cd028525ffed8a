//! A body of another schema, read field after field where it stands.
//!
//! The reader of the current schema asks for its fields in their order; the plan's steps say where
//! each one is. Where steps only keep what they find, which is nearly everywhere, the reader is given
//! the bytes themselves ([`Fields::unchanged`]), and reads them as those of the current schema.

use super::walk::{Walk, promoted};
use super::{Action, Branch, Index, Shape, Step, Steps};
use crate::body::{Body, FieldError, Fields, field_source};

/// All that follows is read as it stands.
const ALL: usize = usize::MAX;

/// The fields of a body as the current schema has them.
pub(crate) struct Planned<'b> {
    walk: Walk<'static, 'b>,
    /// So many of the next parts are read as they stand.
    kept: usize,
    /// What is to be done then, to the end of the body or branch that is being read.
    steps: &'static [Step],
}

/// Where reading goes on behind a branch.
pub(crate) struct Outside<'b> {
    kept: usize,
    steps: &'static [Step],
    /// The rest of the body, where what a plan has put in is read instead of it.
    rest: Option<Body<'b>>,
}

impl<'b> Planned<'b> {
    pub(super) fn new(fields: &'static Steps, shapes: &'static [Shape], body: &'b [u8]) -> Self {
        let mut planned = Self { walk: Walk::new(shapes, body), kept: 0, steps: &[] };
        planned.follow(&fields.all);
        planned
    }

    /// Reads the record, to the end of its body.
    ///
    /// # Errors
    /// When it is not of the writer's schema, or says something that the reader's cannot.
    #[inline]
    pub(crate) fn whole<T>(
        mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let mut value = read(&mut self);
        // A record is large: it stays where it is.
        if value.is_ok()
            && let Err(error) = self.end_of_steps().and_then(|()| self.walk.rest.end())
        {
            value = Err(error);
        }
        value
    }

    /// These steps are next.
    fn follow(&mut self, steps: &'static [Step]) {
        self.kept = steps.first().map_or(0, |step| step.kept);
        self.steps = &steps[self.kept..];
    }

    /// What is to be done with the next part, behind what only the writer has; none where it is read
    /// as it stands.
    fn next(&mut self, field: &'static str) -> Result<Option<&'static Action>, FieldError> {
        loop {
            if self.unchanged(1).is_some() {
                return Ok(None);
            }
            let (step, rest) = self.steps.split_first().ok_or(unplanned(field))?;
            self.follow(rest);
            match &step.action {
                Action::Drop(shape) => self.walk.over(step.field, *shape)?,
                Action::Refuse(error) => return Err(*error),
                action => return Ok(Some(action)),
            }
        }
    }

    /// Into a branch that is read as it stands.
    fn enter_unchanged(&mut self) -> Outside<'b> {
        let kept = std::mem::replace(&mut self.kept, ALL);
        Outside { kept, steps: std::mem::take(&mut self.steps), rest: None }
    }

    /// Into a union that a plan has put in.
    fn enter_inserted(&mut self, bytes: &'static [u8]) -> Outside<'b> {
        let rest = std::mem::replace(&mut self.walk.rest, Body::new(bytes));
        Outside { rest: Some(rest), ..self.enter_unchanged() }
    }

    /// Into a branch that has steps of its own.
    fn enter_changed(&mut self, steps: &'static Steps) -> Outside<'b> {
        let outside = Outside { kept: self.kept, steps: self.steps, rest: None };
        self.follow(&steps.all);
        outside
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

    fn changed_value<T>(
        &mut self,
        field: &'static str,
        action: &'static Action,
        read: impl FnOnce(&mut Body<'_>, &'static str) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match action {
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
}

impl<'b> Fields<'b> for Planned<'b> {
    type Outside = Outside<'b>;

    #[inline]
    fn unchanged(&mut self, fields: usize) -> Option<&mut Body<'b>> {
        self.kept = self.kept.checked_sub(fields)?;
        Some(&mut self.walk.rest)
    }

    #[inline]
    fn value<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Body<'_>, &'static str) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match self.next(field)? {
            None => read(&mut self.walk.rest, field),
            Some(action) => self.changed_value(field, action, read),
        }
    }

    fn str(&mut self, field: &'static str) -> Result<&'b str, FieldError> {
        match self.next(field)? {
            None => self.walk.rest.str(field),
            Some(Action::Insert(bytes)) => Body::new(bytes).str(field),
            // Of a union no branch of which the reader has.
            Some(_) => Err(unplanned(field)),
        }
    }

    fn enter_branch(
        &mut self,
        field: &'static str,
        branches: usize,
    ) -> Result<(usize, Outside<'b>), FieldError> {
        let outside = match self.next(field)? {
            None => self.enter_unchanged(),
            Some(Action::Insert(bytes)) => self.enter_inserted(bytes),
            Some(Action::Branch(written)) => {
                let (index, branch) = self.branch_index(field, written)?;
                if index >= branches {
                    return Err(unplanned(field));
                }
                let outside = match &branch.steps.all[0].action {
                    Action::Keep(_) => self.enter_unchanged(),
                    Action::Fields(steps) => self.enter_changed(steps),
                    _ => self.enter_changed(&branch.steps),
                };
                return Ok((index, outside));
            }
            Some(_) => return Err(unplanned(field)),
        };
        Ok((self.walk.rest.index(field, branches)?, outside))
    }

    fn leave(&mut self, outside: Outside<'b>) -> Result<(), FieldError> {
        self.end_of_steps()?;
        Outside { kept: self.kept, steps: self.steps, .. } = outside;
        if let Some(rest) = outside.rest {
            self.walk.rest = rest;
        }
        Ok(())
    }
}

field_source!(Planned<'_>);

/// A reader that asks for something else than the schema says.
const fn unplanned(field: &'static str) -> FieldError {
    FieldError::new(field, "is not where the plan has it")
}
