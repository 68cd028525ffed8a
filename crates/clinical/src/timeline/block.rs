//! Readings of a kind that follow each other, packed into a third or less of what the entries take.

use super::columns::{MOST_DESCRIPTION, Reader, Writer};
use super::entry::{Entry, Key};
use crate::remembered::CurrentReading;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::version::Version;

/// The most readings of a block.
pub(super) const MOST: usize = 96;

/// Seconds, source, status, three of the sample, update time less observation time, digest.
const MOST_BITS: [usize; 8] = [32, 10, 6, 16, 16, 16, 44, Version::DIGEST_BITS as usize];
const MOST_WORDS: usize = {
    let (mut bits, mut column) = (0, 0);
    while column < MOST_BITS.len() {
        bits += MOST_BITS[column] * MOST + MOST_DESCRIPTION;
        column += 1;
    }
    bits.div_ceil(64)
};

/// Set in [`Block::source`] when not all readings of the block are of that source.
const SEVERAL: u16 = 1 << 15;

/// At least one reading, in the order of their keys.
#[derive(Debug)]
pub(super) struct Block {
    /// Of the first reading, be it forgotten or not.
    seconds: u32,
    /// Of the first reading: its index among the patient's, and [`SEVERAL`].
    source: u16,
    length: u8,
    /// So many of the first are forgotten, and wait for the block to be packed again.
    forgotten: u8,
    /// The columns.
    words: Box<[u64]>,
}

const _: () = assert!(std::mem::size_of::<Block>() == 24);

impl Block {
    /// Packs entries: 1 to [`MOST`], in the order of their keys.
    pub(super) fn pack(entries: &[Entry]) -> Self {
        let mut writer = Writer::<MOST_WORDS>::new();
        let seconds_since_last =
            |pair: &[Entry]| i64::from(pair[1].seconds) - i64::from(pair[0].seconds);
        writer.column(entries.windows(2).map(seconds_since_last));
        writer.column(entries.iter().map(|entry| entry.source() as i64));
        writer.column(entries.iter().map(|entry| i64::from(entry.status())));
        writer.column(entries.iter().map(|entry| i64::from(entry.sample.0[0])));
        writer.column(entries.iter().map(|entry| i64::from(entry.sample.0[1])));
        writer.column(entries.iter().map(|entry| i64::from(entry.sample.0[2])));
        let updated_after =
            |entry: &Entry| entry.version().update_time().millis() - entry.time().millis();
        writer.column(entries.iter().map(updated_after));
        writer.column(entries.iter().map(|entry| i64::from(entry.version().digest())));
        let source = entries[0].source();
        let is_several = entries.iter().any(|entry| entry.source() != source);
        Self {
            seconds: entries[0].seconds,
            source: source as u16 | if is_several { SEVERAL } else { 0 },
            length: entries.len() as u8,
            forgotten: 0,
            words: writer.words().into(),
        }
    }

    /// How many readings are remembered.
    pub(super) fn len(&self) -> usize {
        usize::from(self.length - self.forgotten)
    }

    /// Not greater than the key of any of the readings, and greater than that of any before them.
    pub(super) fn first_key(&self, sources: &[SourceDigest]) -> Key {
        (self.seconds, sources[usize::from(self.source & !SEVERAL)])
    }

    /// When the first was observed, be it forgotten or not: none was earlier.
    pub(super) fn first_time(&self) -> Timestamp {
        Timestamp::from_seconds(i64::from(self.seconds))
    }

    /// The source of all readings, by its index among the patient's, if it is one.
    pub(super) fn only_source(&self) -> Option<usize> {
        (self.source & SEVERAL == 0).then_some(usize::from(self.source))
    }

    /// Where a reading is, or where it would be.
    pub(super) fn find(&self, key: Key, sources: &[SourceDigest]) -> Result<usize, usize> {
        let length = usize::from(self.length);
        let mut reader = Reader::new(&self.words);
        let seconds_since_last = reader.column(length - 1);
        let source = reader.column(length);
        let mut seconds = self.seconds;
        for index in 0..length {
            if index > 0 {
                seconds += seconds_since_last.get(index - 1) as u32;
            }
            if seconds < key.0 || index < usize::from(self.forgotten) {
                continue;
            }
            let found = (seconds, sources[source.get(index) as usize]);
            if found >= key {
                let index = index - usize::from(self.forgotten);
                return if found == key { Ok(index) } else { Err(index) };
            }
        }
        Err(self.len())
    }

    /// The version of a reading.
    pub(super) fn version(&self, index: usize) -> Version {
        let (length, index) = (usize::from(self.length), usize::from(self.forgotten) + index);
        let mut reader = Reader::new(&self.words);
        let seconds_since_last = reader.column(length - 1);
        let since_first: i64 = (0..index).map(|before| seconds_since_last.get(before)).sum();
        for _source_status_and_sample in 0..5 {
            reader.column(length);
        }
        let (updated_after, digest) = (reader.column(length), reader.column(length));
        let observation_time = self.first_time() + Span::from_seconds(since_first);
        let update_time = observation_time + Span::from_millis(updated_after.get(index));
        Version::with_digest(update_time, digest.get(index) as u32)
    }

    /// When the first reading was observed that is remembered.
    pub(super) fn first_remembered_time(&self) -> Option<Timestamp> {
        (self.len() > 0).then(|| {
            let since_last = Reader::new(&self.words).column(usize::from(self.length) - 1);
            let gone = usize::from(self.forgotten);
            let since_first: i64 = (0..gone).map(|before| since_last.get(before)).sum();
            self.first_time() + Span::from_seconds(since_first)
        })
    }

    /// The entries as they were packed.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let (mut entries, mut rest) = self.entries_without_versions();
        let (forgotten, length) = (usize::from(self.forgotten), usize::from(self.length));
        rest.column(length).give(forgotten, &mut entries, |entry, updated_after| {
            let update_time = entry.time() + Span::from_millis(updated_after);
            entry.set_version(Version::with_digest(update_time, 0));
        });
        rest.column(length).give(forgotten, &mut entries, |entry, digest| {
            let update_time = entry.version().update_time();
            entry.set_version(Version::with_digest(update_time, digest as u32));
        });
        entries
    }

    /// The current readings.
    pub(super) fn current(
        &self,
        sources: &[SourceDigest],
    ) -> impl DoubleEndedIterator<Item = CurrentReading> {
        let (entries, _) = self.entries_without_versions();
        entries.into_iter().filter_map(|entry| entry.current(sources))
    }

    /// Of how many readings the memory waits to be given back.
    pub(super) fn forgotten(&self) -> usize {
        usize::from(self.forgotten)
    }

    /// Forgets what was observed before a time, and says how many readings that were.
    pub(super) fn forget_before(&mut self, time: Timestamp) -> usize {
        let length = usize::from(self.length);
        let seconds_since_last = Reader::new(&self.words).column(length - 1);
        let (mut seconds, mut before) = (self.seconds, 0);
        while Timestamp::from_seconds(i64::from(seconds)) < time {
            before += 1;
            if before == length {
                break;
            }
            seconds += seconds_since_last.get(before - 1) as u32;
        }
        let known = self.forgotten;
        self.forgotten = known.max(before as u8);
        usize::from(self.forgotten - known)
    }

    /// Marks the sources of the remembered readings, by their indices among the patient's.
    pub(super) fn mark_sources(&self, used: &mut [bool]) {
        if let Some(source) = self.only_source() {
            used[source] = true;
            return;
        }
        let length = usize::from(self.length);
        let mut reader = Reader::new(&self.words);
        let _seconds_since_last = reader.column(length - 1);
        let source = reader.column(length);
        for index in usize::from(self.forgotten)..length {
            used[source.get(index) as usize] = true;
        }
    }

    /// The remembered entries but for their versions, and the columns of these.
    fn entries_without_versions(&self) -> (Vec<Entry>, Reader<'_>) {
        let (forgotten, length) = (usize::from(self.forgotten), usize::from(self.length));
        let mut reader = Reader::new(&self.words);
        let seconds_since_last = reader.column(length - 1);
        let mut seconds = self.seconds;
        let mut entries = Vec::with_capacity(self.len());
        for index in 0..length {
            if index > 0 {
                seconds += seconds_since_last.get(index - 1) as u32;
            }
            if index >= forgotten {
                entries.push(Entry::from_seconds(seconds));
            }
        }
        let to = &mut entries[..];
        reader.column(length).give(forgotten, to, |entry, index| entry.set_source(index as usize));
        reader.column(length).give(forgotten, to, |entry, bits| entry.set_status(bits as u16));
        reader.column(length).give(forgotten, to, |entry, value| entry.sample.0[0] = value as u16);
        reader.column(length).give(forgotten, to, |entry, value| entry.sample.0[1] = value as u16);
        reader.column(length).give(forgotten, to, |entry, value| entry.sample.0[2] = value as u16);
        (entries, reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn sources() -> Vec<SourceDigest> {
        (0..1024).map(SourceDigest::from_bits).collect()
    }

    /// Of few sources or of all that an entry can name, of few values or any.
    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let of_any = || (any::<u32>(), 0_usize..1024, 0_u16..32, any::<[u16; 3]>(), any::<u64>());
        let of_few = || {
            let sample = prop_oneof![Just([0; 3]), Just([u16::MAX; 3])];
            let version = prop_oneof![Just(0), Just(u64::MAX), Just(1_780_000_000_000 << 22)];
            (0_u32..20, 1022_usize..1024, 30_u16..32, sample, version)
        };
        prop_oneof![vec(of_any(), 1..=MOST), vec(of_few(), 1..=40)].prop_map(|all| {
            let all = all.into_iter().map(|(seconds, source, status, sample, version)| {
                let mut entry = Entry::from_seconds(seconds);
                entry.set_source(source);
                entry.set_status(status);
                entry.sample.0 = sample;
                entry.set_version(Version::from_bits(version));
                entry
            });
            let mut entries: Vec<Entry> = all.collect();
            entries.sort_by_key(|entry| entry.key(&sources()));
            entries.dedup_by_key(|entry| entry.key(&sources()));
            entries
        })
    }

    proptest! {
        #[test]
        fn entries_of_any_values_come_back(entries in entries(), forgotten: usize) {
            let sources = sources();
            let mut block = Block::pack(&entries);
            prop_assert_eq!(block.entries(), entries.clone());
            prop_assert_eq!(block.first_key(&sources), entries[0].key(&sources));

            let begin = entries[forgotten % entries.len()].time();
            let (gone, left) = entries.split_at(entries.partition_point(|e| e.time() < begin));
            prop_assert_eq!(block.forget_before(begin), gone.len());
            prop_assert_eq!(block.forget_before(begin), 0);
            prop_assert_eq!(block.forget_before(entries[0].time()), 0);
            prop_assert_eq!(block.len(), left.len());
            prop_assert_eq!(block.first_remembered_time(), left.first().map(Entry::time));
            prop_assert_eq!(block.entries(), left);
            for entry in gone {
                prop_assert_eq!(block.find(entry.key(&sources), &sources), Err(0));
            }
            for (index, entry) in left.iter().enumerate() {
                let (seconds, source) = entry.key(&sources);
                prop_assert_eq!(block.find((seconds, source), &sources), Ok(index));
                prop_assert_eq!(block.version(index), entry.version());
                let beside = (seconds, SourceDigest::from_bits(source.bits() + 1));
                let found = block.find(beside, &sources);
                let is_known = left.get(index + 1).is_some_and(|e| e.key(&sources) == beside);
                prop_assert_eq!(found, if is_known { Ok(index + 1) } else { Err(index + 1) });
            }
            let current: Vec<_> = left.iter().filter_map(|entry| entry.current(&sources)).collect();
            prop_assert_eq!(block.current(&sources).collect::<Vec<_>>(), current);
            let (mut marked, mut used) = (vec![false; 1024], vec![false; 1024]);
            block.mark_sources(&mut marked);
            left.iter().for_each(|entry| used[entry.source()] = true);
            prop_assert_eq!(marked, used);
            let first = entries[0].source();
            let is_one = entries.iter().all(|entry| entry.source() == first);
            prop_assert_eq!(block.only_source(), is_one.then_some(first));
        }
    }

    #[test]
    fn readings_of_one_cadence_take_little_more_than_their_digests() {
        let of = |number: u32| {
            let mut entry = Entry::from_seconds(1_780_000_000 + number * 300);
            let update = entry.time() + Span::from_seconds(5);
            let digest = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            entry.set_version(Version::new(update, digest));
            entry.sample.0 = [1040 + number as u16 % 16 * 10, 1, 0];
            entry
        };
        let entries: Vec<Entry> = (0..64).map(of).collect();
        let bits = Block::pack(&entries).words.len() * 64;
        assert!(bits <= 64 * (22 + 4) + 256, "{bits} bits");
    }
}
