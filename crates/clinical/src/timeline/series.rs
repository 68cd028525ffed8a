//! The remembered readings of one kind.

use super::block::{self, Block};
use super::entry::{Entry, Key};
use crate::copies::COPY_WITHIN;
use crate::kinds::Kind;
use crate::remembered::{CurrentReading, RememberedReading};
use crate::source::SourceDigest;
use crate::time::Timestamp;
use crate::version::Version;

/// So many entries are packed into a block at a time, and a quarter as many stay as they are: most of
/// what comes again and most of what the lookback of rules reaches is among them.
const PACKED: usize = 24;
/// The same of a series that has [`MANY_BLOCKS`]: of many readings few wait.
const PACKED_OF_MANY: usize = 64;
const MANY_BLOCKS: usize = 8;
/// By so many entries the newest grow, and by half as many while they are few: memory is what bounds
/// the number of patients.
const GROWTH: usize = 8;
/// A block is packed again when so many of its readings are forgotten.
const MOST_FORGOTTEN: usize = 16;

/// Readings in the order of their keys: packed blocks, then the newest as entries. There are no
/// blocks without entries after them.
#[derive(Debug)]
pub(super) struct Series {
    kind: Kind,
    /// How many readings the blocks have.
    packed: u32,
    blocks: Vec<Block>,
    newest: Vec<Entry>,
}

/// Where a reading is, or where it would be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// In a block, at an index among its readings.
    Packed(usize, usize),
    /// Among the newest.
    Newest(usize),
}

impl Series {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, packed: 0, blocks: Vec::new(), newest: Vec::new() }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn len(&self) -> usize {
        self.packed as usize + self.newest.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    /// Whether one more entry needs memory.
    pub(super) fn is_full(&self) -> bool {
        self.newest.len() == self.newest.capacity()
    }

    /// When the oldest reading was observed.
    pub(super) fn first_time(&self) -> Option<Timestamp> {
        match self.blocks.first() {
            Some(block) => block.first_remembered_time(),
            None => self.newest.first().map(Entry::time),
        }
    }

    /// When the newest reading was observed.
    pub(super) fn last_time(&self) -> Option<Timestamp> {
        self.newest.last().map(Entry::time)
    }

    /// Whether a reading of a time is the newest, and no other is so near that one may be a copy of
    /// the other.
    pub(super) fn is_last_apart(&self, time: Timestamp) -> bool {
        let last_two = self.newest.last_chunk::<2>();
        last_two
            .is_some_and(|[before, last]| last.time() == time && before.time() < time - COPY_WITHIN)
    }

    /// Makes room for one more among the newest entries. Before they grow, those that are not as new
    /// any more are packed. Their memory stays as it is then: if it shrank and grew with every block,
    /// blocks of other patients would come to lie in what it leaves, and most of the heap would be
    /// gaps.
    pub(super) fn make_room(&mut self) {
        if !self.is_full() {
            return;
        }
        let packed = if self.blocks.len() < MANY_BLOCKS { PACKED } else { PACKED_OF_MANY };
        let (length, most) = (self.newest.len(), packed + packed / 4);
        if length >= most {
            self.insert_block(self.blocks.len(), Block::pack(&self.newest[..packed]));
            self.packed += packed as u32;
            self.newest.drain(..packed);
        } else {
            let growth = if length < 2 * GROWTH { GROWTH / 2 } else { GROWTH };
            self.newest.reserve_exact(growth.min(most - length));
        }
    }

    /// Where a reading is, or else where it would be.
    pub(super) fn find(&self, key: Key, sources: &[SourceDigest]) -> Result<Place, Place> {
        let key_of = |entry: &Entry| entry.key(sources);
        if self.newest.last().is_none_or(|last| key_of(last) < key) {
            return Err(Place::Newest(self.newest.len()));
        }
        if self.blocks.is_empty() || key_of(&self.newest[0]) <= key {
            let found = self.newest.binary_search_by_key(&key, key_of);
            return found.map(Place::Newest).map_err(Place::Newest);
        }
        let after = self.blocks.partition_point(|block| block.first_key(sources) <= key);
        let number = after.saturating_sub(1);
        let block = &self.blocks[number];
        match block.find(key, sources) {
            Ok(index) => Ok(Place::Packed(number, index)),
            Err(index) if index == block.len() && number + 1 == self.blocks.len() => {
                Err(Place::Newest(0))
            }
            Err(index) => Err(Place::Packed(number, index)),
        }
    }

    /// The version of the reading at a place.
    pub(super) fn version(&self, place: Place) -> Version {
        match place {
            Place::Packed(number, index) => self.blocks[number].version(index),
            Place::Newest(index) => self.newest[index].version(),
        }
    }

    /// The reading at a place.
    pub(super) fn entry(&self, place: Place) -> Entry {
        match place {
            Place::Packed(number, index) => self.blocks[number].entries()[index],
            Place::Newest(index) => self.newest[index],
        }
    }

    /// Whether a version of a reading is remembered.
    pub(super) fn knows(&self, reading: &RememberedReading, sources: &[SourceDigest]) -> bool {
        let key = (reading.observation_time.seconds() as u32, reading.source);
        self.find(key, sources).is_ok()
    }

    /// Remembers a reading where [`Self::find`] did not find it.
    pub(super) fn insert(&mut self, place: Place, entry: Entry) {
        match place {
            Place::Packed(number, index) => {
                self.change(number, |entries| entries.insert(index, entry));
                self.packed += 1;
            }
            Place::Newest(index) => self.newest.insert(index, entry),
        }
    }

    /// Puts another version in the place of the known one.
    pub(super) fn replace(&mut self, place: Place, entry: Entry) {
        match place {
            Place::Packed(number, index) => {
                self.change(number, |entries| entries[index] = entry);
            }
            Place::Newest(index) => self.newest[index] = entry,
        }
    }

    /// The current readings that were observed at `from` or later.
    pub(super) fn current(
        &self,
        from: Timestamp,
        sources: &[SourceDigest],
    ) -> impl DoubleEndedIterator<Item = CurrentReading> {
        let (blocks, newest) = self.since(from);
        let packed = blocks.iter().flat_map(|block| block.current(sources));
        let newest = newest.iter().filter_map(|entry| entry.current(sources));
        packed.filter(move |reading| reading.time >= from).chain(newest)
    }

    /// Whether all readings that were observed at `from` or later are known to be of one source.
    pub(super) fn is_of_one_source(&self, from: Timestamp) -> bool {
        let (blocks, newest) = self.since(from);
        let Some(source) = newest.last().map(Entry::source) else { return true };
        newest.iter().all(|entry| entry.source() == source)
            && blocks.iter().all(|block| block.only_source() == Some(source))
    }

    /// The blocks of which readings may have been observed at `from` or later, and the newest that
    /// were.
    fn since(&self, from: Timestamp) -> (&[Block], &[Entry]) {
        // From the end: mostly the last few are asked for, and each is far in memory.
        let first =
            self.newest.iter().rposition(|entry| entry.time() < from).map_or(0, |at| at + 1);
        // Of the blocks the last that begins earlier is the first of which a reading may be later.
        let begins_earlier = |block: &Block| block.first_time() < from;
        let blocks = match first {
            0 => &self.blocks[self.blocks.partition_point(begins_earlier).saturating_sub(1)..],
            _ => &[],
        };
        (blocks, &self.newest[first..])
    }

    /// Forgets what was observed before a time.
    pub(super) fn forget_before(&mut self, time: Timestamp) {
        let begins_earlier = |block: &Block| block.first_time() < time;
        let begun = self.blocks.partition_point(begins_earlier);
        let mut gone = begun.saturating_sub(1);
        self.packed -= self.blocks[..gone].iter().map(|block| block.len() as u32).sum::<u32>();
        if let Some(block) = self.blocks[..begun].last_mut() {
            self.packed -= block.forget_before(time) as u32;
            if block.len() == 0 {
                gone += 1;
            } else if block.forgotten() >= MOST_FORGOTTEN {
                *block = Block::pack(&block.entries());
            }
        }
        self.blocks.drain(..gone);
        if self.blocks.is_empty() {
            let left = self.newest.partition_point(|entry| entry.time() < time);
            self.newest.drain(..left);
        }
    }

    /// Gives back memory that is not needed any more.
    pub(super) fn shrink(&mut self) {
        let is_large = self.newest.capacity() > self.newest.len() + 2 * GROWTH;
        if is_large && self.blocks.is_empty() {
            self.newest.shrink_to(self.newest.len() + GROWTH / 2);
        }
        if self.blocks.capacity() > self.blocks.len() * 2 {
            self.blocks.shrink_to_fit();
        }
    }

    /// Marks the sources of the readings, by their indices among the patient's.
    pub(super) fn mark_sources(&self, used: &mut [bool]) {
        self.blocks.iter().for_each(|block| block.mark_sources(used));
        self.newest.iter().for_each(|entry| used[entry.source()] = true);
    }

    /// Finds when the newest reading of each source was observed, by the sources' indices.
    pub(super) fn newest_of_sources(&self, newest: &mut [Timestamp]) {
        let mut note = |entry: &Entry| {
            let known = &mut newest[entry.source()];
            *known = entry.time().max(*known);
        };
        self.blocks.iter().for_each(|block| block.entries().iter().for_each(&mut note));
        self.newest.iter().for_each(note);
    }

    /// Gives each source the index that it has moved to.
    pub(super) fn move_sources(&mut self, moved_to: &[usize]) {
        let move_source = |entry: &mut Entry| entry.set_source(moved_to[entry.source()]);
        for block in &mut self.blocks {
            let mut entries = block.entries();
            entries.iter_mut().for_each(move_source);
            *block = Block::pack(&entries);
        }
        self.newest.iter_mut().for_each(move_source);
    }

    /// All entries, once it is seen that they are kept as they should be.
    #[cfg(test)]
    pub(super) fn entries(&self) -> Vec<Entry> {
        assert!(self.blocks.is_empty() || !self.newest.is_empty());
        let packed: Vec<Entry> = self.blocks.iter().flat_map(Block::entries).collect();
        assert_eq!(packed.len(), self.packed as usize);
        assert_eq!(packed.len(), self.blocks.iter().map(Block::len).sum::<usize>());
        assert!(self.blocks.iter().all(|block| block.forgotten() < MOST_FORGOTTEN));
        [packed, self.newest.clone()].concat()
    }

    /// Unpacks a block, changes its entries and packs them again.
    fn change(&mut self, number: usize, change: impl FnOnce(&mut Vec<Entry>)) {
        let mut entries = self.blocks[number].entries();
        change(&mut entries);
        if entries.len() > block::MOST {
            let later = entries.split_off(entries.len() / 2);
            self.insert_block(number + 1, Block::pack(&later));
        }
        self.blocks[number] = Block::pack(&entries);
    }

    fn insert_block(&mut self, number: usize, block: Block) {
        if self.blocks.len() == self.blocks.capacity() {
            self.blocks.reserve_exact((self.blocks.len() / 16).max(1));
        }
        self.blocks.insert(number, block);
    }
}
