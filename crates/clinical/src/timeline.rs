//! What is remembered of one patient: the versions seen and the values the rules look at.
//!
//! Made small, because one process remembers a million patients: a reading costs 20 bytes.

use crate::admission::Outcome;
use crate::measurement::Kind;
use crate::reading::{Reading, SourceDigest};
use crate::time::{Span, Timestamp};
use crate::version::Version;

/// How long versions are remembered, counted back from the present in observation time. An older
/// reading is *historical*: stored, never a page.
pub const WINDOW: Span = Span::from_days(40);

/// How long a historical reading is remembered after its receipt, so that a send repeated because
/// its answer was lost counts as a duplicate.
pub const HISTORICAL_MEMORY: Span = Span::from_hours(24);

/// More sources than this in one patient's window are no patient's devices.
pub const MOST_SOURCES: usize = 1024;

/// More readings of a kind in one patient's window than one a minute for two months are no patient's:
/// they would take memory and time from all others. 100,000 cost 2 MB.
pub const MOST_READINGS: usize = 100_000;

/// What a rule needs of a measurement: three 16-bit numbers whose meaning depends on the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample(pub(crate) [u16; 3]);

const IRREGULAR: u16 = 1 << 15;

impl Sample {
    pub(crate) fn blood_pressure(
        systolic: u16,
        diastolic: u16,
        pulse_rate: Option<u16>,
        irregular: bool,
    ) -> Self {
        let pulse = pulse_rate.unwrap_or(0) | if irregular { IRREGULAR } else { 0 };
        Self([systolic, diastolic, pulse])
    }

    /// Systolic pressure of a blood pressure sample, mmHg.
    pub const fn systolic(self) -> u16 {
        self.0[0]
    }

    /// Diastolic pressure of a blood pressure sample, mmHg.
    pub const fn diastolic(self) -> u16 {
        self.0[1]
    }
}

/// How long after its observation a reading was received, in the steps that rules distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delay(u8);

impl Delay {
    const STEPS: [Span; 7] = [
        Span::from_minutes(15),
        Span::from_hours(1),
        Span::from_hours(3),
        Span::from_hours(6),
        Span::from_hours(12),
        Span::from_hours(24),
        Span::from_hours(72),
    ];

    /// The delay between observation and receipt.
    pub fn between(observed: Timestamp, received: Timestamp) -> Self {
        let delay = received - observed;
        Self(Self::STEPS.iter().filter(|step| delay > **step).count() as u8)
    }

    /// Whether the delay is longer than a rule's patience (rounded down to a step).
    pub fn exceeds(self, patience: Span) -> bool {
        let allowed = Self::STEPS.iter().filter(|step| **step <= patience).count() as u8;
        self.0 >= allowed
    }
}

/// A reading as the rules see it: one that stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// When it was observed.
    pub time: Timestamp,
    /// What measured it.
    pub source: SourceDigest,
    /// Its values.
    pub sample: Sample,
    /// How late it came.
    pub delay: Delay,
}

/// A reading as far as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// Its kind.
    pub kind: Kind,
    /// When it was observed, in whole seconds.
    pub observation_time: Timestamp,
    /// What measured it.
    pub source: SourceDigest,
    /// Its version.
    pub version: Version,
    /// Whether this version says that the reading is none.
    pub withdrawn: bool,
    /// Its values.
    pub sample: Sample,
}

impl From<&Reading> for Trace {
    fn from(reading: &Reading) -> Self {
        Self {
            kind: reading.kind(),
            observation_time: reading.observation_time,
            source: reading.source.digest(),
            version: reading.version,
            withdrawn: reading.withdrawn,
            sample: reading.measurement.sample(),
        }
    }
}

// Bits of `Entry::marks`: source index in the lower ten, then three of delay, then two flags.
const SOURCE_MASK: u16 = 0x03ff;
const DELAY_SHIFT: u16 = 10;
const WITHDRAWN: u16 = 1 << 13;
const HISTORICAL: u16 = 1 << 14;

/// 20 bytes, aligned to four: the version is kept in halves for that.
#[derive(Debug, Clone, Copy)]
struct Entry {
    seconds: u32,
    version: [u32; 2],
    sample: Sample,
    marks: u16,
}

const _: () = assert!(std::mem::size_of::<Entry>() == 20);

impl Entry {
    fn version(&self) -> Version {
        Version::from_bits(u64::from(self.version[0]) << 32 | u64::from(self.version[1]))
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_seconds(i64::from(self.seconds))
    }

    fn source_index(&self) -> usize {
        usize::from(self.marks & SOURCE_MASK)
    }

    fn is(&self, mark: u16) -> bool {
        self.marks & mark != 0
    }

    /// A historical entry has no use for values: it keeps the minute of its receipt there.
    fn received_minute(&self) -> u32 {
        u32::from(self.sample.0[0]) << 16 | u32::from(self.sample.0[1])
    }

    fn is_forgotten(&self, now: Timestamp) -> bool {
        if self.is(HISTORICAL) {
            let received = Timestamp::from_seconds(i64::from(self.received_minute()) * 60);
            received + HISTORICAL_MEMORY < now
        } else {
            self.time() + WINDOW < now
        }
    }
}

#[derive(Debug)]
struct Series {
    kind: Kind,
    /// In observation order, equal times by source digest.
    entries: Vec<Entry>,
}

/// One patient's remembered readings, per kind in observation order.
#[derive(Debug, Default)]
pub struct Timeline {
    series: Vec<Series>,
    sources: Vec<SourceDigest>,
}

/// What admission found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// What becomes of the reading.
    pub outcome: Outcome,
    /// Whether what stands has changed, so that rules must look again.
    pub changes_standing: bool,
    /// Whether it was appended: newer than every remembered reading of its kind.
    pub in_order: bool,
    /// What measured it.
    pub source: SourceDigest,
}

/// More of one patient within the window than is remembered of any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// More sources than [`MOST_SOURCES`].
    #[error("more than {MOST_SOURCES} devices for one patient within the window")]
    Sources,
    /// More readings of a kind than [`MOST_READINGS`].
    #[error("more than {MOST_READINGS} readings of a kind for one patient within the window")]
    Readings,
}

impl Timeline {
    /// Admits a reading received at `received` and remembers its version if it is to stand.
    ///
    /// # Errors
    /// [`TooMany`]; nothing is remembered then.
    pub fn admit(&mut self, reading: &Trace, received: Timestamp) -> Result<Admission, TooMany> {
        let Trace { kind, observation_time: time, source: digest, .. } = *reading;
        let historical = time + WINDOW < received;
        self.make_room(kind, received);
        let source = self.source_index(digest)?;

        let mut marks = source as u16 | u16::from(Delay::between(time, received).0) << DELAY_SHIFT;
        if reading.withdrawn {
            marks |= WITHDRAWN;
        }
        let sample = if historical {
            marks |= HISTORICAL;
            let minute = (received.seconds() / 60) as u32;
            Sample([(minute >> 16) as u16, minute as u16, 0])
        } else {
            reading.sample
        };
        let bits = reading.version.bits();
        let entry = Entry {
            seconds: time.seconds() as u32,
            version: [(bits >> 32) as u32, bits as u32],
            sample,
            marks,
        };

        let sources = &self.sources;
        let series = match self.series.iter().position(|s| s.kind == kind) {
            Some(at) => &mut self.series[at],
            None => {
                self.series.reserve_exact(1);
                self.series.push(Series { kind, entries: Vec::new() });
                self.series.last_mut().expect("just pushed")
            }
        };
        let entries = &mut series.entries;
        let key = (entry.seconds, digest);
        let key_of = |e: &Entry| (e.seconds, sources[e.source_index()]);
        let position = match entries.last() {
            None => Err(0),
            Some(last) if key_of(last) < key => Err(entries.len()),
            Some(_) => entries.binary_search_by_key(&key, key_of),
        };
        Ok(match position {
            Err(_) if entries.len() >= MOST_READINGS && historical => Admission {
                // Stored all the same; only a repetition will not be known for one.
                outcome: Outcome::Historical,
                changes_standing: false,
                in_order: false,
                source: digest,
            },
            Err(_) if entries.len() >= MOST_READINGS => return Err(TooMany::Readings),
            Err(at) => {
                let in_order = entries.last().is_none_or(|last| last.seconds < entry.seconds);
                entries.insert(at, entry);
                Admission {
                    outcome: if historical { Outcome::Historical } else { Outcome::New },
                    changes_standing: !historical && !reading.withdrawn,
                    in_order,
                    source: digest,
                }
            }
            Ok(at) => {
                let known = entries[at];
                let outcome = Outcome::of_version(reading.version, known.version(), historical);
                let wins = reading.version > known.version();
                if wins {
                    entries[at] = entry;
                }
                Admission {
                    outcome,
                    changes_standing: wins && !historical,
                    in_order: false,
                    source: digest,
                }
            }
        })
    }

    /// The readings of a kind that stand and were observed at `from` or later, in observation order.
    pub fn standing(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl DoubleEndedIterator<Item = Standing> {
        let entries = self
            .series
            .iter()
            .find(|series| series.kind == kind)
            .map_or(&[][..], |series| &series.entries[..]);
        let start = entries.partition_point(|entry| entry.time() < from);
        entries[start..].iter().filter(|entry| !entry.is(WITHDRAWN) && !entry.is(HISTORICAL)).map(
            |entry| Standing {
                time: entry.time(),
                source: self.sources[entry.source_index()],
                sample: entry.sample,
                delay: Delay((entry.marks >> DELAY_SHIFT & 0b111) as u8),
            },
        )
    }

    /// Forgets what has left the window. True when nothing is left.
    pub fn forget(&mut self, now: Timestamp) -> bool {
        for series in &mut self.series {
            series.entries.retain(|entry| !entry.is_forgotten(now));
            if series.entries.capacity() > series.entries.len() * 2 {
                series.entries.shrink_to(series.entries.len() + 4);
            }
        }
        self.series.retain(|series| !series.entries.is_empty());
        self.drop_unused_sources();
        self.series.is_empty()
    }

    /// How many readings are remembered.
    pub fn len(&self) -> usize {
        self.series.iter().map(|series| series.entries.len()).sum()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Before a full vector grows, what has left the window makes room. It grows by a quarter and
    /// later by a sixteenth, not to its double as `Vec` would: memory is what bounds the number of
    /// patients. In these steps two readings a day for 40 days fill 82 places.
    fn make_room(&mut self, kind: Kind, now: Timestamp) {
        let Some(series) = self.series.iter_mut().find(|series| series.kind == kind) else {
            return;
        };
        let entries = &mut series.entries;
        if entries.len() < entries.capacity().min(MOST_READINGS) {
            return;
        }
        entries.retain(|entry| !entry.is_forgotten(now));
        if entries.len() == entries.capacity() {
            let length = entries.len();
            let more = (length / 4).clamp(4, 12).max(length / 16);
            entries.reserve_exact(more.min(MOST_READINGS.saturating_sub(length)));
        }
    }

    fn source_index(&mut self, digest: SourceDigest) -> Result<usize, TooMany> {
        if let Some(index) = self.sources.iter().rposition(|known| *known == digest) {
            return Ok(index);
        }
        if self.sources.len() >= MOST_SOURCES {
            self.drop_unused_sources();
            if self.sources.len() >= MOST_SOURCES {
                return Err(TooMany::Sources);
            }
        }
        self.sources.reserve_exact(1);
        self.sources.push(digest);
        Ok(self.sources.len() - 1)
    }

    fn drop_unused_sources(&mut self) {
        let mut used = vec![false; self.sources.len()];
        for entry in self.series.iter().flat_map(|series| &series.entries) {
            used[entry.source_index()] = true;
        }
        if used.iter().all(|used| *used) {
            return;
        }
        let mut moved_to = vec![0_u16; used.len()];
        let mut kept = Vec::with_capacity(used.len());
        for (index, used) in used.iter().enumerate() {
            moved_to[index] = kept.len() as u16;
            if *used {
                kept.push(self.sources[index]);
            }
        }
        for entry in self.series.iter_mut().flat_map(|series| &mut series.entries) {
            let source = moved_to[entry.source_index()];
            entry.marks = entry.marks & !SOURCE_MASK | source;
        }
        self.sources = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_patients_readings_are_bounded_and_what_leaves_the_window_makes_room() {
        let start = Timestamp::from_seconds(1_780_000_000);
        let sensor = crate::reading::Source::Device {
            manufacturer: "KAWASEMI".into(),
            model_number: None,
            serial: "1".into(),
        };
        let reading = |second: usize| Trace {
            kind: Kind::BloodGlucose,
            observation_time: start + Span::from_seconds(second as i64),
            source: sensor.digest(),
            version: Version::from_bits(1),
            withdrawn: false,
            sample: Sample::default(),
        };
        let mut timeline = Timeline::default();
        let soon = start + Span::from_days(2);
        for second in 0..MOST_READINGS {
            timeline.admit(&reading(second), soon).unwrap();
        }
        let one_more = reading(MOST_READINGS);
        assert_eq!(timeline.admit(&one_more, soon), Err(TooMany::Readings));
        let corrected = Trace { version: Version::from_bits(2), ..reading(7) };
        let outcome = timeline.admit(&corrected, soon).unwrap().outcome;
        assert_eq!(outcome, Outcome::Conflict, "what is known can still be changed");
        let old = Trace { observation_time: start - Span::from_days(60), ..reading(0) };
        assert_eq!(timeline.admit(&old, soon).unwrap().outcome, Outcome::Historical);
        assert_eq!(timeline.len(), MOST_READINGS);

        let later = start + WINDOW + Span::from_seconds(100);
        assert_eq!(timeline.admit(&one_more, later).unwrap().outcome, Outcome::New);
        assert_eq!(timeline.len(), MOST_READINGS - 100 + 1);
    }
}
