//! Holds the packed timeline to a plain map, over made histories.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use xxhash_rust::xxh3::xxh3_64;

use super::entry::Key;
use super::*;
use crate::remembered::Delay;
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::suspicions::AskSevere;
use crate::time::Span;
use crate::version::Version;

const KINDS: [Kind; 2] = [Kind::BloodGlucose, Kind::BloodPressure];

/// What happens to a patient's timeline.
#[derive(Debug, Clone)]
enum Event {
    /// So many readings come, each some seconds and a jitter after the one before.
    Stream { count: u32, cadence: u32, sent: Sent },
    /// So many come at once, the newest first, as some devices empty their memories.
    NewestFirst { count: u32, cadence: u32, sent: Sent },
    /// From so many other sources comes a reading at the time of a known one.
    Beside { which: Index, count: u32, sent: Sent },
    /// A version of a reading that was sent comes, by a clock that is so many seconds behind.
    Again { which: Index, change: Change, behind: u32 },
    /// So many seconds pass.
    Wait(u32),
    /// What was observed before the lookback is forgotten.
    Forget,
}

#[derive(Debug, Clone)]
struct Sent {
    kind: usize,
    source: u16,
    /// From the observation to the receipt, s.
    delay: u32,
    /// From the observation to the update time, ms.
    updated_after: i64,
    values: Values,
    entered_in_error: bool,
    is_restored: bool,
    seed: u64,
}

#[derive(Debug, Clone, Copy)]
enum Values {
    Glucose,
    Pressure,
    Extremes,
    Any,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Nothing,
    Digest,
    UpdateTime(i64),
    EnteredInError,
    Version(u64),
}

fn sent() -> impl Strategy<Value = Sent> {
    let source = prop_oneof![8 => 0_u16..4, 1 => 0_u16..400];
    let delay = prop_oneof![0_u32..900, 0_u32..8 * 86_400];
    let updated_after = prop_oneof![Just(2_000_i64), 0_i64..300_000, any::<i64>()];
    let values = prop_oneof![
        Just(Values::Glucose),
        Just(Values::Pressure),
        Just(Values::Extremes),
        Just(Values::Any)
    ];
    let flags = (proptest::bool::weighted(0.1), proptest::bool::weighted(0.2));
    (0..KINDS.len(), source, delay, updated_after, values, flags, any::<u64>()).prop_map(
        |(kind, source, delay, updated_after, values, flags, seed)| {
            let (entered_in_error, is_restored) = flags;
            Sent { kind, source, delay, updated_after, values, entered_in_error, is_restored, seed }
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let cadence = || prop_oneof![Just(0_u32), Just(1), Just(300), 0..5_000_u32, 0..100_000_u32];
    let change = prop_oneof![
        3 => Just(Change::Nothing),
        1 => Just(Change::Digest),
        3 => (-100_000_i64..100_000).prop_map(Change::UpdateTime),
        1 => Just(Change::EnteredInError),
        1 => any::<u64>().prop_map(Change::Version),
    ];
    let wait = prop_oneof![0..86_400_u32, 0..45 * 86_400_u32];
    prop_oneof![
        4 => (0..150_u32, cadence(), sent())
            .prop_map(|(count, cadence, sent)| Event::Stream { count, cadence, sent }),
        2 => (0..120_u32, cadence(), sent())
            .prop_map(|(count, cadence, sent)| Event::NewestFirst { count, cadence, sent }),
        1 => (any::<Index>(), 0..120_u32, sent())
            .prop_map(|(which, count, sent)| Event::Beside { which, count, sent }),
        6 => (any::<Index>(), change, prop_oneof![Just(0_u32), 0..=86_400_u32])
            .prop_map(|(which, change, behind)| Event::Again { which, change, behind }),
        1 => wait.prop_map(Event::Wait),
        2 => Just(Event::Forget),
    ]
}

fn mixed(number: u64) -> u64 {
    xxh3_64(&number.to_le_bytes())
}

impl Sent {
    fn reading(&self, source: u16, time: Timestamp, number: u32) -> RememberedReading {
        let random = mixed(self.seed.wrapping_add(u64::from(number)));
        let least = |most: u64| (random % most) as u16;
        let sample = match self.values {
            Values::Glucose => [1040 + 10 * least(30), 1, 0],
            Values::Pressure => [120 + least(9), 80, 60 | least(2) << 15],
            Values::Extremes => [least(2) * u16::MAX, u16::MAX, 7],
            Values::Any => [random as u16, (random >> 16) as u16, (random >> 32) as u16],
        };
        let time = time.floor_to_second();
        let update = time.millis().saturating_add(self.updated_after);
        let update = update.clamp(Timestamp::EARLIEST.millis(), Timestamp::LATEST.millis());
        RememberedReading {
            kind: KINDS[self.kind],
            observation_time: time,
            source: SourceDigest::from_bits(mixed(u64::from(source))),
            version: Version::new(Timestamp::from_millis(update), random),
            entered_in_error: self.entered_in_error,
            by_hand: false,
            sample: Sample(sample),
        }
    }
}

impl Change {
    fn of(self, reading: &RememberedReading) -> RememberedReading {
        let mut changed = *reading;
        match self {
            Change::Nothing => {}
            Change::Digest => changed.version = Version::from_bits(reading.version.bits() ^ 1),
            Change::UpdateTime(later) => {
                let update = reading.version.update_time() + Span::from_millis(later);
                let update = update.clamp(Timestamp::EARLIEST, Timestamp::LATEST);
                changed.version = Version::new(update, mixed(later as u64));
                changed.sample.0[0] ^= later as u16;
            }
            Change::EnteredInError => {
                let version = Version::from_bits(reading.version.bits().saturating_add(1 << 30));
                (changed.version, changed.entered_in_error) = (version, true);
            }
            Change::Version(bits) => changed.version = Version::from_bits(bits),
        }
        changed
    }
}

/// The timeline and the map beside it.
struct Both {
    timeline: Timeline,
    known: BTreeMap<(usize, Key), (RememberedReading, Delay)>,
    sent: Vec<RememberedReading>,
    /// What the versions that were ahead of their receipt counted as, of each reading.
    ahead: BTreeMap<(usize, Key), Vec<Version>>,
    /// Whether some of them were historical when they came.
    is_any_historical: bool,
    now: Timestamp,
}

impl Both {
    fn begin_at(now: Timestamp) -> Self {
        let (known, sent) = (BTreeMap::new(), Vec::new());
        let ahead = BTreeMap::new();
        let timeline = Timeline::default();
        Self { timeline, known, sent, ahead, is_any_historical: false, now }
    }

    fn happens(&mut self, event: &Event) {
        match event {
            Event::Stream { count, cadence, sent } => {
                for number in 0..*count {
                    let jitter = (mixed(sent.seed ^ u64::from(number)) % 4) as i64;
                    self.now = self.now + Span::from_seconds(i64::from(*cadence) + jitter);
                    let time = self.now - Span::from_seconds(i64::from(sent.delay));
                    self.comes(sent.reading(sent.source, time, number), sent.is_restored);
                }
            }
            Event::NewestFirst { count, cadence, sent } => {
                for number in 0..*count {
                    let before = i64::from(sent.delay) + i64::from(*cadence) * i64::from(number);
                    let time = self.now - Span::from_seconds(before);
                    self.comes(sent.reading(sent.source, time, number), sent.is_restored);
                }
            }
            Event::Beside { which, count, sent } if !self.sent.is_empty() => {
                let time = which.get(&self.sent).observation_time;
                for number in 0..*count {
                    let source = sent.source + number as u16;
                    self.comes(sent.reading(source, time, number), sent.is_restored);
                }
            }
            Event::Again { which, change, behind } if !self.sent.is_empty() => {
                let received = self.now - Span::from_seconds(i64::from(*behind));
                self.comes_at(received, change.of(which.get(&self.sent)), false);
            }
            Event::Beside { .. } | Event::Again { .. } => {}
            Event::Wait(seconds) => self.now = self.now + Span::from_seconds(i64::from(*seconds)),
            Event::Forget => {
                self.timeline.forget(self.now, Window::default());
                let start = self.lookback_start();
                self.ahead.retain(|(_, (seconds, _)), _| {
                    Timestamp::from_seconds(i64::from(*seconds)) >= start
                });
                self.known.retain(|_, (reading, _)| reading.observation_time >= start);
                if !self.is_any_historical {
                    assert_eq!(self.timeline.len(), self.known.len());
                }
                assert_eq!(self.remembered(Timestamp::EARLIEST), self.expected(start));
            }
        }
    }

    fn comes(&mut self, reading: RememberedReading, is_restored: bool) {
        self.comes_at(self.now, reading, is_restored);
    }

    fn comes_at(&mut self, received: Timestamp, reading: RememberedReading, is_restored: bool) {
        if !(Timestamp::EARLIEST..=Timestamp::LATEST).contains(&reading.observation_time) {
            return;
        }
        let window = Window::default();
        self.sent.push(reading);
        if reading.observation_time < window.start(received) {
            self.is_any_historical = true;
            let admission = self.timeline.admit(&reading, received, window, AskSevere::NOTHING);
            assert!(!admission.changes_current && !admission.in_order);
            return;
        }
        let sent_version = reading.version;
        let kind = KINDS.iter().position(|kind| *kind == reading.kind).unwrap();
        let key = (kind, (reading.observation_time.seconds() as u32, reading.source));
        let last = self.known.keys().rfind(|(of, _)| *of == kind);
        let is_newest = last.is_none_or(|(_, (seconds, _))| *seconds < key.1.0);
        let known = self.known.get(&key).map(|(known, _)| known.version);
        // The same version counts as of its first receipt.
        let ahead = self.ahead.entry(key).or_default();
        let version = match ahead.iter().find(|first| first.is_counted_of(sent_version)) {
            Some(first) => *first,
            None => sent_version.counted(received),
        };
        if version != sent_version && !ahead.contains(&version) {
            ahead.push(version);
        }
        let reading = RememberedReading { version, ..reading };
        let is_greatest = known.is_none_or(|known| reading.version > known);
        if is_greatest {
            self.known.insert(key, (reading, Delay::between(reading.observation_time, received)));
        }
        let outcome =
            known.map_or(Outcome::New, |known| Outcome::of_version(reading.version, known, false));
        if is_restored {
            self.timeline.restore(&reading, received, outcome, window, AskSevere::NOTHING);
            return;
        }
        let expected = Admission {
            outcome,
            changes_current: match known {
                None => !reading.entered_in_error,
                Some(_) => is_greatest,
            },
            in_order: known.is_none() && is_newest,
            source: reading.source,
            version,
            changes_suspicions: false,
        };
        let sent = RememberedReading { version: sent_version, ..reading };
        let admission = self.timeline.admit(&sent, received, window, AskSevere::NOTHING);
        let found = Admission { changes_suspicions: false, ..admission };
        assert_eq!(found, expected, "{reading:?}");
    }

    fn lookback_start(&self) -> Timestamp {
        Window::default().lookback_start(self.now)
    }

    /// All that is remembered of readings observed at `from` or later.
    fn remembered(&self, from: Timestamp) -> Vec<(RememberedReading, Delay)> {
        let mut remembered = Vec::new();
        for kind in KINDS {
            let series = self.timeline.series.iter().filter(|series| series.kind() == kind);
            let entries = series.flat_map(Series::entries);
            let entries = entries.filter(|entry| entry.time() >= from);
            remembered.extend(entries.map(|entry| entry.unpacked(kind, &self.timeline.sources)));
        }
        remembered
    }

    fn expected(&self, from: Timestamp) -> Vec<(RememberedReading, Delay)> {
        let known = self.known.values().filter(|(reading, _)| reading.observation_time >= from);
        known.copied().collect()
    }

    /// Compares all that both know of what may be asked for.
    fn agree(&self, random: u64) {
        let start = self.lookback_start();
        assert_eq!(self.remembered(start), self.expected(start));
        for kind in KINDS {
            let of_kind = self.known.values().filter(|(reading, _)| reading.kind == kind);
            let times: Vec<_> = of_kind.map(|(reading, _)| reading.observation_time).collect();
            let some_time = times.get(random as usize % times.len().max(1));
            for from in [Some(&start), times.last(), some_time].into_iter().flatten() {
                self.agree_on_current(kind, (*from).max(start), random);
            }
        }
    }

    fn agree_on_current(&self, kind: Kind, from: Timestamp, random: u64) {
        let known = self.expected(from).into_iter();
        let known = known.filter(|(reading, _)| reading.kind == kind && !reading.entered_in_error);
        let expected: Vec<_> = known
            .map(|(reading, delay)| CurrentReading {
                time: reading.observation_time,
                source: reading.source,
                sample: reading.sample,
                delay,
            })
            .collect();
        let current = || self.timeline.current(kind, from);
        assert_eq!(current().collect::<Vec<_>>(), expected);
        let backwards: Vec<_> = current().rev().collect();
        assert_eq!(backwards, expected.iter().rev().copied().collect::<Vec<_>>());
        let (mut found, mut expected) = (current(), expected.into_iter());
        for number in 0.. {
            let from_the_end = mixed(random ^ number).is_multiple_of(2);
            let next = if from_the_end { found.next_back() } else { found.next() };
            assert_eq!(next, if from_the_end { expected.next_back() } else { expected.next() });
            if next.is_none() {
                break;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_packed_timeline_remembers_what_a_map_remembers(
        begin in prop_oneof![
            Just(Timestamp::EARLIEST),
            Just(Timestamp::from_seconds(1_780_000_000)),
            Just(Timestamp::LATEST - Span::from_days(100)),
        ],
        events in proptest::collection::vec((event(), any::<u64>()), 1..25),
    ) {
        let mut both = Both::begin_at(begin);
        for (event, random) in events {
            both.happens(&event);
            both.agree(random);
        }
    }
}
