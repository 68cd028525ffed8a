//! One byte for each offset of a partition of `readings.raw`: whether the record is there, and what
//! the outputs say became of it.

use std::collections::BTreeMap;
use std::ops::Range;

use schemas::OutcomeTally;
use schemas::records::{RawOutcome, StoredOutcome};

/// Offsets in a page. A page is made when the first of its offsets is noted, so an output that names
/// an absurd origin costs a page, not the memory up to it.
const PAGE: i64 = 4096;

const OUTCOME: u8 = 0b0000_0111;
const RAW: u8 = 0b0000_1000;
const TWICE: u8 = 0b0001_0000;
const REPEATED: u8 = 0b0010_0000;
const DEAD_LETTER: u8 = 0b0100_0000;
const REJECTED: u8 = 6;

/// From 1 on.
fn code(outcome: StoredOutcome) -> u8 {
    outcome as u8 + 1
}

/// The outcome that is noted in a byte; none where there is no output.
fn outcome_in(byte: u8) -> Option<RawOutcome> {
    match byte & OUTCOME {
        0 => None,
        REJECTED => Some(RawOutcome::Rejected),
        code => StoredOutcome::ALL.get(usize::from(code) - 1).copied().map(RawOutcome::from),
    }
}

/// What is known of a partition's raw records.
#[derive(Debug, Default)]
pub(super) struct OutcomeMap {
    pages: BTreeMap<i64, Box<[u8; PAGE as usize]>>,
}

/// What a range of an outcome map holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Raw records.
    pub raw: u64,
    /// Of outputs, by outcome.
    pub published: OutcomeTally,
    /// Raw records with more than one output, and the first of them.
    pub twice: u64,
    pub first_twice: Option<i64>,
    /// Outputs of raw records that are not there, and the first of them.
    pub from_nothing: u64,
    pub first_from_nothing: Option<i64>,
    /// Accepted records whose version was accepted before, under an earlier offset.
    pub repeated: u64,
    /// Versions, and rejected records, that ClickHouse refused.
    pub dead_letter_versions: u64,
    pub dead_letter_rejections: u64,
}

impl Counts {
    /// Records of `readings.accepted`.
    pub fn accepted(&self) -> u64 {
        self.published.stored().unsigned_abs()
    }

    /// Records of `readings.rejected`.
    pub fn rejected(&self) -> u64 {
        self.published.rejected.unsigned_abs()
    }

    /// Versions that were first accepted in the range.
    pub fn versions(&self) -> u64 {
        self.accepted() - self.repeated
    }

    fn add(&mut self, offset: i64, byte: u8) {
        let Some(outcome) = outcome_in(byte) else {
            self.raw += u64::from(byte & RAW != 0);
            return;
        };
        self.published.count(outcome);
        if outcome == RawOutcome::Rejected {
            self.dead_letter_rejections += u64::from(byte & DEAD_LETTER != 0);
        } else {
            self.repeated += u64::from(byte & REPEATED != 0);
            self.dead_letter_versions += u64::from(byte & DEAD_LETTER != 0 && byte & REPEATED == 0);
        }
        if byte & TWICE != 0 {
            self.twice += 1;
            self.first_twice.get_or_insert(offset);
        }
        if byte & RAW != 0 {
            self.raw += 1;
        } else {
            self.from_nothing += 1;
            self.first_from_nothing.get_or_insert(offset);
        }
    }
}

impl OutcomeMap {
    fn byte(&mut self, offset: i64) -> &mut u8 {
        let page = offset.div_euclid(PAGE);
        let bytes = self.pages.entry(page).or_insert_with(|| Box::new([0; PAGE as usize]));
        &mut bytes[offset.rem_euclid(PAGE) as usize]
    }

    /// A raw record.
    pub fn raw(&mut self, offset: i64) {
        *self.byte(offset) |= RAW;
    }

    /// An accepted record of a raw record. `is_first` says whether the version was met for the
    /// first time.
    pub fn accepted(&mut self, origin: i64, outcome: StoredOutcome, is_first: bool) {
        self.output(origin, code(outcome) | if is_first { 0 } else { REPEATED });
    }

    /// A rejected record of a raw record.
    pub fn rejected(&mut self, origin: i64) {
        self.output(origin, REJECTED);
    }

    fn output(&mut self, origin: i64, what: u8) {
        let byte = self.byte(origin);
        *byte |= if *byte & OUTCOME == 0 { what } else { TWICE };
    }

    /// The output of a raw record is a dead letter: ClickHouse refused it.
    pub fn dead_letter(&mut self, origin: i64) {
        *self.byte(origin) |= DEAD_LETTER;
    }

    /// Counts a range of offsets.
    pub fn count(&self, range: Range<i64>) -> Counts {
        let mut counts = Counts::default();
        if range.is_empty() {
            return counts;
        }
        for (page, bytes) in self.pages.range(range.start.div_euclid(PAGE)..) {
            let first = page * PAGE;
            if first >= range.end {
                break;
            }
            for (byte, offset) in bytes.iter().zip(first..) {
                if *byte != 0 && range.contains(&offset) {
                    counts.add(offset, *byte);
                }
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_counts_its_own_offsets_only() {
        let mut outcomes = OutcomeMap::default();
        for offset in 0..10_000 {
            outcomes.raw(offset);
        }
        outcomes.accepted(5000, StoredOutcome::New, true);
        outcomes.rejected(6000);
        let counts = outcomes.count(5000..6000);
        assert_eq!((counts.raw, counts.published.new, counts.rejected()), (1000, 1, 0));
        assert_eq!(outcomes.count(9_999..i64::MAX).raw, 1);
        assert_eq!(outcomes.count(7..7), Counts::default());
    }

    #[test]
    fn an_output_of_an_absurd_origin_costs_a_page() {
        let mut outcomes = OutcomeMap::default();
        outcomes.rejected(i64::MAX - 1);
        outcomes.rejected(i64::MIN + 1);
        assert_eq!(outcomes.pages.len(), 2);
        assert_eq!(outcomes.count(0..10).from_nothing, 0);
    }
}
