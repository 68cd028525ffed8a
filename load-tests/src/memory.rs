//! How much memory the processor's state takes for each patient.
#![allow(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; this one only counts and passes everything on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use clinical::measurement::BloodPressure;
use clinical::plausibility::{Diastolic, PulseRate, Systolic};
use clinical::window::WINDOW;
use clinical::{Measurement, PatientId, Reading, Source, Span, Timestamp, Version};
use processor::Partition;
use stream::partition_for_key;

use crate::machine;
use crate::report::Measure;

/// At most so many bytes a patient.
const MOST: f64 = 2000.0;
const PARTITIONS: i32 = 12;
/// Longer than the window, so that the oldest readings have left it and new ones take their place.
const DAYS: i64 = 45;

/// Counts the bytes that are allocated and not freed, while it is told to: the other measurements
/// are not to pay for it.
struct Counting;

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);

fn count(bytes: i64) {
    if IS_COUNTING.load(Ordering::Relaxed) {
        LIVE.fetch_add(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the state of patients weighs.
pub struct Weighed {
    patients: u32,
    readings: usize,
    /// Bytes that the state asked for and holds.
    allocated: i64,
    /// Growth of the process's resident memory.
    resident: i64,
    applied: usize,
    seconds: f64,
}

impl Weighed {
    /// Bytes a patient against the limit.
    pub fn measure(&self) -> Measure {
        let each = self.allocated as f64 / f64::from(self.patients);
        Measure::limit("memory", "bytes/patient", each, MOST)
    }

    /// What else was seen.
    pub fn notes(&self) -> Vec<String> {
        let each = |total: f64| total / f64::from(self.patients);
        vec![
            format!(
                "{} patients, {:.1} readings each remembered; {:.0} bytes a patient resident",
                self.patients,
                each(self.readings as f64),
                each(self.resident as f64)
            ),
            format!("{:.0} readings/s applied", self.applied as f64 / self.seconds),
        ]
    }
}

/// Lets patients measure their blood pressure twice a day for longer than the window, and weighs
/// what the partitions remember then.
///
/// # Errors
/// When a made reading is not believable, or is not admitted.
pub fn weigh(patients: u32) -> anyhow::Result<Weighed> {
    let ids: Vec<(usize, PatientId)> = (0..patients)
        .map(|number| {
            let id = PatientId::from_parts("AB0001", &format!("P{number:07}"))?;
            Ok((partition_for_key(id.as_str().as_bytes(), PARTITIONS) as usize, id))
        })
        .collect::<anyhow::Result<_>>()?;
    let mut partitions: Vec<Partition> = Vec::new();
    partitions.resize_with(PARTITIONS as usize, Partition::default);
    let resident = resident_bytes()?;
    IS_COUNTING.store(true, Ordering::Relaxed);
    let begun = std::time::Instant::now();
    let start = Timestamp::from_seconds(1_767_538_800);
    let mut applied = 0;
    for half_day in 0..DAYS * 2 {
        for (number, (partition, patient)) in ids.iter().enumerate() {
            let observed = start
                + Span::from_hours(12 * half_day)
                + Span::from_seconds(number as i64 * 7200 / i64::from(patients));
            let received = observed + Span::from_seconds(30);
            let partition = &mut partitions[*partition];
            let alerts = partition.advance(received);
            anyhow::ensure!(alerts.is_empty(), "ordinary readings have raised an alert");
            partition.apply(&reading(patient, number, observed, half_day)?, received)?;
            applied += 1;
        }
        let now = start + Span::from_hours(12 * half_day + 3);
        for partition in &mut partitions {
            partition.sweep(now);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    IS_COUNTING.store(false, Ordering::Relaxed);
    let readings: usize = partitions.iter().map(Partition::readings).sum();
    let expected = (WINDOW.millis() / Span::from_hours(12).millis()) as usize * ids.len();
    anyhow::ensure!(readings >= expected, "{readings} readings remembered, not {expected}");
    Ok(Weighed {
        patients,
        readings,
        allocated: LIVE.load(Ordering::Relaxed),
        resident: resident_bytes()? - resident,
        applied,
        seconds,
    })
}

fn reading(
    patient: &PatientId,
    number: usize,
    observed: Timestamp,
    half_day: i64,
) -> anyhow::Result<Reading> {
    let swing = (half_day * 7 + number as i64 * 13) as i32 % 25;
    let pressure = BloodPressure::new(
        Systolic::new(118 + swing)?,
        Diastolic::new(72 + swing / 3)?,
        Some(PulseRate::new(60 + swing)?),
        Some(false),
        None,
    )?;
    Ok(Reading {
        patient: patient.clone(),
        observation_time: observed.floor_to_second(),
        version: Version::new(observed + Span::from_seconds(5), observed.millis() as u64),
        source: Source::Device {
            manufacturer: "OMRON".into(),
            model_number: Some("HEM-7600T".into()),
            serial: format!("{number:010}").into(),
        },
        entered_in_error: false,
        measurement: Measurement::BloodPressure(pressure),
    })
}

fn resident_bytes() -> anyhow::Result<i64> {
    Ok(machine::memory_of(std::process::id(), "VmRSS")? as i64)
}
