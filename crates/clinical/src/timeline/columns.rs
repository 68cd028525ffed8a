//! Whole numbers in columns, bit-packed: each number as its difference from the least of its column,
//! divided by the step that all differences share, in as many bits as the greatest of them takes.
//! A column of equal numbers takes no bits but those that describe it.

/// Writes columns one after the other into at most `WORDS` words.
pub(super) struct Writer<const WORDS: usize> {
    words: [u64; WORDS],
    /// So many words are whole.
    whole: usize,
    /// The word after these, of which so many bits are used.
    last: u64,
    used: u32,
}

/// The most bits that describe a column, before its numbers.
pub(super) const MOST_DESCRIPTION: usize = 3 * WIDTH_BITS as usize + 64 + 64;

/// The bits in which the width of a number is written; a width is at most 64.
const WIDTH_BITS: u32 = 7;

impl<const WORDS: usize> Writer<WORDS> {
    pub(super) fn new() -> Self {
        Self { words: [0; WORDS], whole: 0, last: 0, used: 0 }
    }

    /// Appends a column.
    #[inline]
    pub(super) fn column(&mut self, numbers: impl Iterator<Item = i64> + Clone) {
        let mut rest = numbers.clone();
        let first = rest.next().unwrap_or(0);
        if rest.all(|number| number == first) {
            self.put(0, WIDTH_BITS);
            self.put_with_width(zigzag(first));
            return;
        }
        let (least, greatest) =
            numbers.clone().fold((first, first), |(least, greatest), number| {
                (number.min(least), number.max(greatest))
            });
        let differences = numbers.map(|number| number.wrapping_sub(least) as u64);
        let greatest = greatest.wrapping_sub(least) as u64;
        let mut step = greatest;
        for difference in differences.clone() {
            if step == 1 {
                break;
            }
            step = greatest_common_divisor(step, difference);
        }
        let width = width_of(greatest / step);
        self.put(u64::from(width), WIDTH_BITS);
        self.put_with_width(zigzag(least));
        self.put_with_width(step);
        if step == 1 {
            self.put_all(differences, width);
        } else {
            self.put_all(differences.map(|difference| difference / step), width);
        }
    }

    /// What was written.
    pub(super) fn words(&mut self) -> &[u64] {
        if self.used > 0 {
            self.words[self.whole] = self.last;
        }
        &self.words[..self.whole + usize::from(self.used > 0)]
    }

    fn put_with_width(&mut self, number: u64) {
        let width = width_of(number);
        self.put(u64::from(width), WIDTH_BITS);
        if width > 0 {
            self.put(number, width);
        }
    }

    fn put(&mut self, number: u64, width: u32) {
        self.put_all(std::iter::once(number), width);
    }

    /// The numbers have at most `width` bits, which is at least 1.
    fn put_all(&mut self, numbers: impl Iterator<Item = u64>, width: u32) {
        let Self { whole, mut last, mut used, .. } = *self;
        let mut words = self.words[whole..].iter_mut();
        for number in numbers {
            last |= number << used;
            used += width;
            if used >= 64 {
                *words.next().expect("WORDS hold every column") = last;
                used -= 64;
                // What has not found room: shifted in two steps, for all of it may have.
                last = number >> 1 >> (width - 1 - used);
            }
        }
        self.whole = WORDS - words.len();
        (self.last, self.used) = (last, used);
    }
}

/// Reads columns one after the other.
pub(super) struct Reader<'a> {
    words: &'a [u64],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(words: &'a [u64]) -> Self {
        Self { words, at: 0 }
    }

    /// The next column, which has `length` numbers.
    pub(super) fn column(&mut self, length: usize) -> Column<'a> {
        let width = self.take(WIDTH_BITS) as u32;
        let least = self.take_with_width();
        let step = if width == 0 { 0 } else { self.take_with_width() };
        let column = Column {
            words: self.words,
            least: (least >> 1) as i64 ^ -((least & 1) as i64),
            step,
            width,
            at: self.at,
        };
        self.at += length * width as usize;
        column
    }

    fn take_with_width(&mut self) -> u64 {
        let width = self.take(WIDTH_BITS) as u32;
        self.take(width)
    }

    fn take(&mut self, width: u32) -> u64 {
        let number = bits(self.words, self.at, width);
        self.at += width as usize;
        number
    }
}

/// A written column, any number of which is read without the others.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    words: &'a [u64],
    least: i64,
    step: u64,
    width: u32,
    at: usize,
}

impl Column<'_> {
    /// The number at `index`, which is less than the column's length.
    #[inline]
    pub(super) fn get(&self, index: usize) -> i64 {
        let quotient = bits(self.words, self.at + index * self.width as usize, self.width);
        self.least.wrapping_add(quotient.wrapping_mul(self.step) as i64)
    }

    /// Gives the numbers from `from` on to one of `to` each.
    #[inline]
    pub(super) fn give<T>(&self, from: usize, to: &mut [T], give: impl Fn(&mut T, i64)) {
        if self.width == 0 {
            to.iter_mut().for_each(|each| give(each, self.least));
            return;
        }
        for (index, each) in (from..).zip(to) {
            give(each, self.get(index));
        }
    }
}

/// A number of `width` bits.
#[inline]
fn bits(words: &[u64], at: usize, width: u32) -> u64 {
    if width == 0 {
        return 0;
    }
    let (word, shift) = (at / 64, at % 64);
    // Without a branch, for whether a number ends in the next word is hard to predict.
    let next = words.get(word + 1).copied().unwrap_or(0);
    let number = words[word] >> shift | next << 1 << (63 - shift);
    number & (u64::MAX >> (64 - width))
}

fn width_of(number: u64) -> u32 {
    64 - number.leading_zeros()
}

/// Small for small numbers of either sign.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// Of a number that is not 0, and another.
fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    loop {
        other %= one;
        if other == 0 {
            return one;
        }
        (one, other) = (other, one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: usize = 40;
    const WORDS: usize = (3 * (MOST * 64 + MOST_DESCRIPTION)).div_ceil(64);

    fn bits_of(columns: &[&[i64]]) -> usize {
        let mut writer = Writer::<WORDS>::new();
        columns.iter().for_each(|column| writer.column(column.iter().copied()));
        writer.whole * 64 + writer.used as usize
    }

    fn column() -> impl Strategy<Value = Vec<i64>> {
        let length = 0..=MOST;
        prop_oneof![
            proptest::collection::vec(any::<i64>(), length.clone()),
            proptest::collection::vec(prop_oneof![Just(i64::MIN), Just(i64::MAX)], length.clone()),
            (any::<i32>(), 1_i64..100_000, proptest::collection::vec(0_i64..9, length)).prop_map(
                |(least, step, all)| all.iter().map(|n| i64::from(least) + n * step).collect()
            ),
        ]
    }

    proptest! {
        #[test]
        fn columns_of_any_numbers_come_back(columns in proptest::collection::vec(column(), 0..=3)) {
            let mut writer = Writer::<WORDS>::new();
            columns.iter().for_each(|column| writer.column(column.iter().copied()));
            let mut reader = Reader::new(writer.words());
            for column in columns {
                let read = reader.column(column.len());
                let numbers: Vec<i64> = (0..column.len()).map(|index| read.get(index)).collect();
                prop_assert_eq!(&numbers, &column);
            }
        }
    }

    #[test]
    fn a_number_takes_the_bits_that_its_column_needs() {
        let described = |length| bits_of(&[&vec![1040; length]]);
        assert_eq!(described(1), described(MOST), "equal numbers take none");
        let tens = [1040, 1050, 1060, 1110];
        let more = [1040, 1050, 1060, 1110, 1100, 1090];
        assert_eq!(bits_of(&[&more]) - bits_of(&[&tens]), 2 * 3);
        assert!(bits_of(&[&[i64::MIN, i64::MAX]]) <= MOST_DESCRIPTION + 2 * 64);
    }
}
