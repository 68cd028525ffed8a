//! For the fuzzer: what reads foreign bytes here and is otherwise this crate's own business.

use schemas::Codec;
use stream::record::Incoming;

use crate::columns::{RowBinary, Shape};
use crate::dead_letter::{DeadLetterReason, envelope};
use crate::decode::{Decoders, Input, place_of};

/// What becomes of records in the writer.
pub struct Rows {
    decoders: Decoders,
}

/// What became of a record.
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    /// It says nothing to the store.
    Nothing,
    /// A row of a table, so many bytes long.
    Row(&'static str, usize),
    /// A dead letter, as a record of so many bytes; the reason is said.
    DeadLetter(String, usize),
}

impl Rows {
    /// How many topics are read.
    pub const INPUTS: usize = Input::ALL.len();

    /// Reads with the codec's schemas.
    pub fn new(codec: &Codec) -> Self {
        Self { decoders: Decoders::new(codec) }
    }

    /// Takes a record of the topic with a number below [`Self::INPUTS`].
    ///
    /// # Panics
    /// When a row has another shape than its table.
    pub fn take(&self, input: usize, record: &Incoming) -> Written {
        let (row, problem) = match self.decoders.decode(Input::ALL[input], record) {
            Ok(None) => return Written::Nothing,
            Err(error) => (None, error.to_string()),
            Ok(Some(row)) => {
                let place = place_of(record);
                let mut bytes = RowBinary::default();
                match (Shape::of(&row, place), row.walk(place, &mut bytes)) {
                    (Ok(_), Ok(())) => return Written::Row(row.table().name(), bytes.len()),
                    (Err(unfit), Err(again)) if unfit == again => (Some(row), unfit.to_string()),
                    other => panic!("a row has two shapes: {other:?}"),
                }
            }
        };
        let dead_letter = envelope(record, row.as_ref(), DeadLetterReason::StoreRefused, &problem);
        Written::DeadLetter(
            problem,
            dead_letter.bytes.len() + dead_letter.key.map_or(0, |key| 2 * key.len()),
        )
    }
}
