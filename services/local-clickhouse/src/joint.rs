//! How the blocks of a streamed SELECT join to one output.
//!
//! The engine writes each block as a document of its own: a format with a header repeats it. So
//! only formats whose blocks can be joined are streamed; the others are written whole.

use bytes::{Buf, Bytes};

/// How one block follows another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joint {
    /// Blocks follow one another as they are.
    Seamless,
    /// Each block begins with the columns' names, once or, with types, twice as many texts. It
    /// counts in the first block only.
    Header { texts_per_column: usize },
}

impl Joint {
    /// The joint of a format, if its blocks can be joined.
    pub fn of(format: &str) -> Option<Self> {
        let is = |name: &&str| format.eq_ignore_ascii_case(name);
        if ["RowBinary", "Native", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV"]
            .iter()
            .any(is)
        {
            Some(Self::Seamless)
        } else if is(&"RowBinaryWithNames") {
            Some(Self::Header { texts_per_column: 1 })
        } else if is(&"RowBinaryWithNamesAndTypes") {
            Some(Self::Header { texts_per_column: 2 })
        } else {
            None
        }
    }

    /// A later block as it follows the ones before it. None: the block is not of the format.
    pub fn join(self, block: Bytes) -> Option<Bytes> {
        match self {
            Self::Seamless => Some(block),
            Self::Header { texts_per_column } => without_header(block, texts_per_column),
        }
    }
}

fn without_header(mut block: Bytes, texts_per_column: usize) -> Option<Bytes> {
    let columns = variable_length_number(&mut block)?;
    for _ in 0..columns.checked_mul(texts_per_column)? {
        let length = variable_length_number(&mut block)?;
        if length > block.len() {
            return None;
        }
        block.advance(length);
    }
    Some(block)
}

/// LEB128, ClickHouse's VarUInt.
fn variable_length_number(block: &mut Bytes) -> Option<usize> {
    let mut number = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = block.try_get_u8().ok()?;
        number |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_header_is_dropped_and_rows_stay() {
        let name = "n".repeat(200);
        let mut block = vec![1, 200, 1];
        block.extend_from_slice(name.as_bytes());
        block.extend_from_slice(b"\x05UInt8\x07\x08");
        let joint = Joint::of("RowBinaryWithNamesAndTypes").expect("joins");
        assert_eq!(joint.join(block.into()), Some(Bytes::from_static(b"\x07\x08")));
    }

    #[test]
    fn a_block_that_is_not_of_its_format_is_noticed() {
        let joint = Joint::of("RowBinaryWithNames").expect("joins");
        assert_eq!(joint.join(Bytes::from_static(b"\x01\x09a")), None);
    }

    #[test]
    fn formats_with_a_frame_around_the_rows_are_not_streamed() {
        for format in ["JSON", "CSVWithNames", "Parquet", "Values", "Pretty"] {
            assert_eq!(Joint::of(format), None, "{format}");
        }
        assert_eq!(Joint::of("tsv"), Some(Joint::Seamless));
    }
}
