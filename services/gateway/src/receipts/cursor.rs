//! Where a page of deliveries ended. Senders keep it and give it back; what is in it is not theirs to
//! read, so that it may change.

use std::fmt;
use std::str::FromStr;

/// A place among the deliveries of a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    /// When the row was stored, milliseconds since the epoch.
    pub(crate) stored_at: i64,
    /// Of `readings.raw`.
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoCursor;

/// Hexadecimal digits of each part.
const DIGITS: [usize; 3] = [16, 8, 16];

impl Cursor {
    /// Before everything that was stored at a time or later.
    pub(crate) fn before(stored_at: i64) -> Self {
        Self::behind(stored_at.saturating_sub(1))
    }

    /// Behind everything that was stored up to a time.
    pub(crate) fn behind(stored_at: i64) -> Self {
        Self { stored_at, partition: i32::MAX, offset: i64::MAX }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:08x}{:016x}", self.stored_at, self.partition, self.offset)
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let [stored_at, partition, offset] = DIGITS;
        let is_written_so = text.len() == stored_at + partition + offset
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_written_so {
            return Err(NoCursor);
        }
        let number = |from: usize, digits: usize| {
            u64::from_str_radix(&text[from..from + digits], 16).map_err(|_| NoCursor)
        };
        let partition_bits = number(stored_at, partition)?;
        Ok(Self {
            stored_at: number(0, stored_at)?.cast_signed(),
            partition: u32::try_from(partition_bits).map_err(|_| NoCursor)?.cast_signed(),
            offset: number(stored_at + partition, offset)?.cast_signed(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        for cursor in [
            Cursor { stored_at: 1_795_305_600_123, partition: 11, offset: 7 },
            Cursor::before(0),
            Cursor { stored_at: i64::MIN, partition: i32::MIN, offset: i64::MIN },
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let written = Cursor::before(5).to_string();
        for other in ["", "1", &written[1..], &format!("{written}0"), &written.to_uppercase()] {
            assert_eq!(other.parse::<Cursor>(), Err(NoCursor), "{other}");
        }
        assert_eq!("é".repeat(20).parse::<Cursor>(), Err(NoCursor));
    }
}
