//! How much memory the processor's state takes for each patient.
#![allow(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; this one only counts and passes everything on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use clinical::kinds::{blood_glucose, blood_pressure};
use clinical::sample::Sample;
use clinical::window::WINDOW;
use clinical::{Kind, PatientId, Reading, Source, Span, Timestamp, Version};
use processor::Partition;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stream::partition_for_key;

use crate::machine;
use crate::report::Measure;

const PARTITIONS: i32 = 12;
/// Longer than the window, so that the oldest readings have left it and new ones take their place.
const DAYS: i64 = 45;
const START: Timestamp = Timestamp::from_seconds(1_767_538_800);
/// Of so many sensor patients the notes say what they take.
const MANY: f64 = 10_000.0;

/// What patients measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Blood pressure twice a day.
    Pressure,
    /// Glucose every five minutes, by a sensor that is changed every ten days and sends over a phone:
    /// up to four minutes late, and now and then not at all for an hour.
    Sensor,
}

/// Counts the bytes that are allocated and not freed, while it is asked to: the other measurements
/// are not to pay for it.
struct Counting;

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
/// Bytes that were asked for.
static ASKED: AtomicI64 = AtomicI64::new(0);
/// Bytes that the system's allocator took for them.
static TAKEN: AtomicI64 = AtomicI64::new(0);

fn count(more: usize, less: usize) {
    if IS_COUNTING.load(Ordering::Relaxed) {
        ASKED.fetch_add(more as i64 - less as i64, Ordering::Relaxed);
        TAKEN.fetch_add(taken(more) - taken(less), Ordering::Relaxed);
    }
}

/// What glibc takes on 64 bits: eight bytes more for itself, in steps of sixteen, at least 32.
fn taken(bytes: usize) -> i64 {
    if bytes == 0 { 0 } else { (bytes + 8).next_multiple_of(16).max(32) as i64 }
}

// SAFETY: every call is passed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the state of patients weighs.
pub struct Weighed {
    habit: Habit,
    patients: u32,
    readings: usize,
    /// Bytes that the state asked for and holds.
    asked: i64,
    /// With what the system's allocator adds.
    taken: i64,
    /// Growth of the process's resident memory: with the gaps in the heap too.
    resident: i64,
    applied: usize,
    /// Events of alerts, whose evidence is part of the state.
    changes: usize,
    seconds: f64,
    /// Kept, so that what is weighed next does not take its place.
    _state: Vec<Partition>,
}

impl Weighed {
    /// Bytes a patient, or a reading of a sensor, against the limit.
    pub fn measure(&self) -> Measure {
        match self.habit {
            Habit::Pressure => {
                let each = self.asked as f64 / f64::from(self.patients);
                Measure::limit("memory", "bytes/patient", each, 2000.0)
            }
            Habit::Sensor => {
                let each = self.resident as f64 / self.readings as f64;
                Measure::limit("memory, sensors", "bytes/reading", each, 10.0)
            }
        }
    }

    /// What else was seen.
    pub fn notes(&self) -> Vec<String> {
        let each = |total: f64| total / f64::from(self.patients);
        let mut notes = vec![
            format!(
                "{} patients, {:.1} readings each remembered; {:.0} bytes a patient, {:.0} with \
                 what the allocator takes for itself, {:.0} resident",
                self.patients,
                each(self.readings as f64),
                each(self.asked as f64),
                each(self.taken as f64),
                each(self.resident as f64)
            ),
            format!(
                "{:.0} readings/s applied, {} events of alerts",
                self.applied as f64 / self.seconds,
                self.changes
            ),
        ];
        if self.habit == Habit::Sensor {
            let megabytes = each(self.resident as f64) * MANY / 1e6;
            notes.push(format!("{MANY} such patients take {megabytes:.0} MB"));
        }
        notes
    }
}

/// Lets patients measure for longer than the window, and weighs what the partitions remember then.
///
/// # Errors
/// When a made reading is not plausible, or is not admitted.
pub fn weigh(patients: u32, habit: Habit) -> anyhow::Result<Weighed> {
    let window_days = WINDOW.millis() / Span::from_days(1).millis();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut people = (0..patients)
        .map(|number| Person::new(number, patients))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut partitions: Vec<Partition> = Vec::new();
    partitions.resize_with(PARTITIONS as usize, Partition::default);
    let (asked, taken) = (ASKED.load(Ordering::Relaxed), TAKEN.load(Ordering::Relaxed));
    let resident = resident_bytes()?;
    IS_COUNTING.store(true, Ordering::Relaxed);
    let begun = std::time::Instant::now();
    let (mut applied, mut applied_in_window, mut changes) = (0, 0, 0);
    for turn in 0..DAYS * habit.a_day() {
        let begin = habit.begin_of(turn);
        for person in &mut people {
            let Some(reading) = person.measures(habit, turn, &mut random) else { continue };
            let received = reading.version.update_time() + Span::from_seconds(1);
            let partition = &mut partitions[person.partition];
            changes += partition.advance(received).len();
            changes += partition.apply(&reading, received).changes.len();
            applied += 1;
            applied_in_window += usize::from(turn >= (DAYS - window_days) * habit.a_day());
        }
        for partition in &mut partitions {
            partition.sweep(begin + Span::from_hours(3));
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    IS_COUNTING.store(false, Ordering::Relaxed);
    let readings: usize = partitions.iter().map(Partition::readings).sum();
    anyhow::ensure!(
        readings >= applied_in_window,
        "{readings} readings remembered, not {applied_in_window}"
    );
    Ok(Weighed {
        habit,
        patients,
        readings,
        asked: ASKED.load(Ordering::Relaxed) - asked,
        taken: TAKEN.load(Ordering::Relaxed) - taken,
        resident: resident_bytes()? - resident,
        applied,
        changes,
        seconds,
        _state: partitions,
    })
}

impl Habit {
    const fn a_day(self) -> i64 {
        match self {
            Habit::Pressure => 2,
            Habit::Sensor => 288,
        }
    }

    fn begin_of(self, turn: i64) -> Timestamp {
        START + Span::from_seconds(turn * 86_400 / self.a_day())
    }
}

struct Person {
    partition: usize,
    patient: PatientId,
    number: u32,
    /// When in a turn the person measures: a share of the time that people are apart.
    share: f64,
    /// mg/dL.
    glucose: i32,
    /// The turn in which the phone is there again.
    back: i64,
}

impl Person {
    fn new(number: u32, of: u32) -> anyhow::Result<Self> {
        let patient = PatientId::from_parts("AB0001", &format!("P{number:07}"))?;
        Ok(Self {
            partition: partition_for_key(patient.as_str().as_bytes(), PARTITIONS) as usize,
            patient,
            number,
            share: f64::from(number) / f64::from(of),
            glucose: 140,
            back: 0,
        })
    }

    /// What the person measures in a turn; none while the phone is away.
    fn measures(&mut self, habit: Habit, turn: i64, random: &mut impl Rng) -> Option<Reading> {
        let begin = habit.begin_of(turn);
        let (after, later, source, (kind, sample)) = match habit {
            Habit::Pressure => (
                Span::from_seconds((7200.0 * self.share) as i64 + random.random_range(0..5400)),
                Span::from_millis(random.random_range(1_000..60_000)),
                ("OMRON", format!("{:010}", self.number)),
                (Kind::BloodPressure, {
                    use blood_pressure::{DIASTOLIC, IRREGULAR_PULSE, PULSE_RATE, SYSTOLIC};
                    // The pulse of one person in fifty is irregular now and then.
                    let is_irregular = self.number.is_multiple_of(50) && random.random_ratio(1, 4);
                    Sample::default()
                        .with(SYSTOLIC, random.random_range(110..136).into())
                        .with(DIASTOLIC, random.random_range(72..81).into())
                        .with(PULSE_RATE, random.random_range(60..85).into())
                        .with(IRREGULAR_PULSE, f64::from(u8::from(is_irregular)))
                }),
            ),
            Habit::Sensor => {
                if random.random_ratio(1, 600) {
                    self.back = turn + 12;
                }
                if turn < self.back {
                    return None;
                }
                self.glucose = (self.glucose + random.random_range(-6..=6)).clamp(80, 240);
                let sensor = turn / (10 * habit.a_day());
                (
                    Span::from_seconds((290.0 * self.share) as i64 + random.random_range(0..4)),
                    Span::from_millis(random.random_range(1_000..240_000)),
                    ("DEXCOM", format!("{:06}-{sensor}", self.number)),
                    (Kind::BloodGlucose, {
                        use blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
                        // Method 1 is a continuous sensor.
                        Sample::default()
                            .with(GLUCOSE_VALUE, self.glucose.into())
                            .with(GLUCOSE_METHOD, 1.0)
                    }),
                )
            }
        };
        let (manufacturer, serial) = source;
        let observation_time = begin + after;
        Some(Reading {
            patient: self.patient.clone(),
            kind,
            observation_time,
            version: Version::new(observation_time + later, random.random()),
            source: Source::device(manufacturer, &serial).expect("a device"),
            entered_in_error: false,
            by_hand: false,
            sample,
        })
    }
}

fn resident_bytes() -> anyhow::Result<i64> {
    Ok(machine::memory_of(std::process::id(), "VmRSS")? as i64)
}
