//! What was read of one partition, from every topic.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use schemas::records::StoredOutcome;
use schemas::{AcceptedReading, OutcomeTally};

use super::outcome_map::OutcomeMap;

/// Tallies are added up in blocks of about so many offsets: a differing sum then says where to look,
/// and a week of transactions costs no memory to speak of.
const BLOCK: i64 = 4096;

/// Every so many records of an output it is noted how far the origins had come.
const STRIDE: u64 = 64;

/// How far the writer has consumed a partition of each of its inputs: the offset it reads next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WriterAt {
    pub accepted: Option<i64>,
    pub rejected: Option<i64>,
    pub alerts: Option<i64>,
}

/// One partition of every topic.
#[derive(Debug, Default)]
pub(super) struct PartitionRecords {
    /// The first offset of `readings.raw`: of what came before, nothing is noted.
    pub start: i64,
    pub outcomes: OutcomeMap,
    pub tallies: Tallies,
    pub accepted: Output,
    pub rejected: Output,
    pub alerts: Alerts,
    /// Hashes of reading id and version.
    versions: HashSet<u64>,
}

impl PartitionRecords {
    /// No records yet, of a partition whose raw records begin at an offset.
    pub fn beginning_at(start: i64) -> Self {
        Self { start, ..Self::default() }
    }

    /// Notes a raw record.
    pub fn raw(&mut self, offset: i64) {
        if offset >= self.start {
            self.outcomes.raw(offset);
        }
    }

    /// Notes an accepted record at an offset of `readings.accepted`.
    pub fn accept(&mut self, offset: i64, accepted: &AcceptedReading) {
        let mut hash = DefaultHasher::new();
        (&accepted.reading_id, accepted.version).hash(&mut hash);
        self.accept_version(offset, accepted.origin.offset, accepted.outcome, hash.finish());
    }

    /// As [`PartitionRecords::accept`], of a version's hash.
    pub fn accept_version(&mut self, at: i64, origin: i64, outcome: StoredOutcome, version: u64) {
        if self.accepted.note(at, origin) && origin >= self.start {
            let is_first = self.versions.insert(version);
            self.outcomes.accepted(origin, outcome, is_first);
        }
    }

    /// Notes a rejected record at an offset of `readings.rejected`.
    pub fn reject(&mut self, at: i64, origin: i64) {
        if self.rejected.note(at, origin) && origin >= self.start {
            self.outcomes.rejected(origin);
        }
    }

    /// Notes that the output of a raw record is in `store.dead_letters`.
    pub fn dead_letter(&mut self, origin: i64) {
        if origin >= self.start {
            self.outcomes.dead_letter(origin);
        }
    }

    /// Notes a tally.
    pub fn tally(&mut self, tally: OutcomeTally) {
        self.tallies.add(tally, self.start);
    }

    /// Where the tallies end now. Later ones are kept apart from those before.
    pub fn freeze(&mut self) -> i64 {
        self.tallies.sealed = true;
        self.tallies.next.unwrap_or(self.start).max(self.start)
    }

    /// Where comparing begins: with the first offset of which everything is still there.
    pub fn begin(&self) -> i64 {
        let outputs = self.accepted.begin().max(self.rejected.begin());
        let mut begin = self.start.max(self.tallies.begin()).max(outputs);
        for block in &self.tallies.blocks {
            if block.from_offset < begin && begin < block.next_offset {
                begin = block.next_offset;
            }
        }
        begin
    }

    /// Below this origin the writer has consumed every output there was.
    pub fn written_to(&self, writer: &WriterAt) -> i64 {
        self.accepted.origin_at(writer.accepted).min(self.rejected.origin_at(writer.rejected))
    }
}

/// The tallies of a partition, in the order in which they were published.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    /// Neighbours added up.
    pub blocks: Vec<OutcomeTally>,
    /// Whether tallies are gone from the topic's beginning, by its retention.
    pub is_trimmed: bool,
    /// Records that are no tallies.
    pub unreadable: u64,
    /// Where the tallies that lie before the log's start end.
    before: Option<i64>,
    next: Option<i64>,
    sealed: bool,
}

impl Tallies {
    fn add(&mut self, tally: OutcomeTally, start: i64) {
        if tally.next_offset <= tally.from_offset {
            self.unreadable += 1;
            return;
        }
        self.next = Some(self.next.unwrap_or(i64::MIN).max(tally.next_offset));
        if tally.from_offset < start {
            self.before = Some(self.before.unwrap_or(i64::MIN).max(tally.next_offset));
            return;
        }
        match self.blocks.last_mut() {
            Some(block)
                if !self.sealed
                    && block.next_offset == tally.from_offset
                    && block.next_offset - block.from_offset < BLOCK =>
            {
                block.next_offset = tally.next_offset;
                block.add_counts(&tally);
            }
            _ => self.blocks.push(tally),
        }
        self.sealed = false;
    }

    fn begin(&self) -> i64 {
        let first = self.blocks.first().map(|block| block.from_offset);
        match (self.before, self.is_trimmed) {
            (Some(before), _) => before,
            (None, true) => first.unwrap_or(i64::MIN),
            (None, false) => i64::MIN,
        }
    }
}

/// A partition of an output topic, whose records follow the order of their origins.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Whether records are gone from the topic's beginning, by its retention.
    pub is_trimmed: bool,
    /// Records that are none of the topic's.
    pub unreadable: u64,
    /// Records whose origin is in another partition.
    pub elsewhere: u64,
    records: u64,
    last: Option<i64>,
    first_origin: Option<i64>,
    /// Offset and origin of every [`STRIDE`]th record.
    marks: Vec<(i64, i64)>,
}

impl Output {
    /// Notes a record; false when it was noted before, because the client read it again.
    fn note(&mut self, offset: i64, origin: i64) -> bool {
        if self.last.is_some_and(|last| offset <= last) {
            return false;
        }
        self.last = Some(offset);
        self.first_origin.get_or_insert(origin);
        if self.records.is_multiple_of(STRIDE) {
            self.marks.push((offset, origin));
        }
        self.records += 1;
        true
    }

    fn begin(&self) -> i64 {
        match (self.is_trimmed, self.first_origin) {
            (false, _) => i64::MIN,
            (true, Some(origin)) => origin,
            // Everything there was has expired.
            (true, None) => i64::MAX,
        }
    }

    /// Below which origin every record is before an offset of the topic.
    fn origin_at(&self, offset: Option<i64>) -> i64 {
        let Some(last) = self.last else { return i64::MAX };
        let Some(offset) = offset else { return i64::MIN };
        if last < offset {
            return i64::MAX;
        }
        let passed = self.marks.partition_point(|(own, _)| *own < offset);
        passed.checked_sub(1).map_or(i64::MIN, |mark| self.marks[mark].1 + 1)
    }
}

/// A partition of `alerts`.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    /// The offsets of the events, ascending.
    pub offsets: Vec<i64>,
    /// Events that repeat the alert's state as it was.
    pub repeated: u64,
    /// Hashes of alert ids and of their newest states.
    states: HashMap<u64, u64>,
    dead_letters: HashSet<i64>,
}

impl Alerts {
    /// Notes an event: its offset, its alert and the whole of its state.
    pub fn note(&mut self, offset: i64, alert: &[u8], state: &[u8]) {
        if self.offsets.last().is_some_and(|last| offset <= *last) {
            return;
        }
        self.offsets.push(offset);
        let hash = |bytes: &[u8]| {
            let mut hash = DefaultHasher::new();
            bytes.hash(&mut hash);
            hash.finish()
        };
        let state = hash(state);
        if self.states.insert(hash(alert), state) == Some(state) {
            self.repeated += 1;
        }
    }

    /// Notes that an event is in `store.dead_letters`.
    pub fn dead_letter(&mut self, offset: i64) {
        self.dead_letters.insert(offset);
    }

    /// Events before an offset, and how many of them are dead letters.
    pub fn before(&self, offset: i64) -> (u64, u64) {
        let events = &self.offsets[..self.offsets.partition_point(|own| *own < offset)];
        let dead_letters = events.iter().filter(|own| self.dead_letters.contains(own)).count();
        (events.len() as u64, dead_letters as u64)
    }
}
