//! Walking over values that are not looked at.

use super::{Promotion, Shape, ShapeId};
use crate::body::{Body, FieldError, LONGEST_NUMBER};

/// No record of ours goes deeper than four; a schema of somebody else's may contain itself.
const DEEPEST: usize = 64;

/// A body of which some is walked over.
pub(super) struct Walk<'p, 'b> {
    shapes: &'p [Shape],
    /// What has not been walked over yet.
    pub(super) rest: Body<'b>,
    /// How many items of arrays and maps there can still be. Nobody writes more of them than bytes,
    /// but a count is quickly said of items that take none.
    items: usize,
}

impl<'p, 'b> Walk<'p, 'b> {
    pub(super) fn new(shapes: &'p [Shape], body: &'b [u8]) -> Self {
        Self { shapes, rest: Body::new(body), items: body.len() }
    }

    /// Walks over a value.
    pub(super) fn over(&mut self, field: &'static str, shape: ShapeId) -> Result<(), FieldError> {
        self.over_inner(field, shape, 0)
    }

    fn over_inner(
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
                self.over_inner(field, branches[index], depth + 1)
            }
            Shape::Fields(fields) => fields
                .iter()
                .try_for_each(|(field, shape)| self.over_inner(field, *shape, depth + 1)),
            Shape::Items { keyed, item } => loop {
                let count = self.block(field)?;
                if count == 0 {
                    return Ok(());
                }
                for _ in 0..count {
                    if *keyed {
                        self.rest.str(field)?;
                    }
                    self.over_inner(field, *item, depth + 1)?;
                }
            },
        }
    }

    /// Items come in blocks, each after how many it has; the last one has none.
    pub(super) fn block(&mut self, field: &'static str) -> Result<usize, FieldError> {
        let mut count = self.rest.long(field)?;
        if count < 0 {
            // A block may say how many bytes it has: for those who skip it.
            self.rest.long(field)?;
            count = count.checked_neg().unwrap_or(i64::MAX);
        }
        let too_many = FieldError::new(field, "has more items than bytes");
        let count = usize::try_from(count).map_err(|_| too_many)?;
        self.items = self.items.checked_sub(count).ok_or(too_many)?;
        Ok(count)
    }
}

/// Reads a number and writes it as another type: the bytes, and how many of them count.
pub(super) fn promoted(
    body: &mut Body<'_>,
    field: &'static str,
    promotion: Promotion,
) -> Result<([u8; LONGEST_NUMBER], usize), FieldError> {
    fn padded<const N: usize>(number: [u8; N]) -> ([u8; LONGEST_NUMBER], usize) {
        let mut bytes = [0; LONGEST_NUMBER];
        bytes[..N].copy_from_slice(&number);
        (bytes, N)
    }
    Ok(match promotion {
        Promotion::IntToLong => {
            let before = body.rest();
            body.int(field)?;
            let length = before.len() - body.rest().len();
            let mut bytes = [0; LONGEST_NUMBER];
            bytes[..length].copy_from_slice(&before[..length]);
            (bytes, length)
        }
        Promotion::IntToFloat => padded((body.int(field)? as f32).to_le_bytes()),
        Promotion::IntToDouble => padded(f64::from(body.int(field)?).to_le_bytes()),
        Promotion::LongToFloat => padded((body.long(field)? as f32).to_le_bytes()),
        Promotion::LongToDouble => padded((body.long(field)? as f64).to_le_bytes()),
        Promotion::FloatToDouble => padded(f64::from(body.float(field)?).to_le_bytes()),
    })
}
