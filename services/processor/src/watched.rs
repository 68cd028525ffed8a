//! One patient of a partition, and where to find them.

use std::collections::BTreeSet;

use clinical::monitor::Monitor;
use clinical::silence::Heard;
use clinical::{PatientId, Timestamp};
use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::effective::{Defaults, EffectivePlan};

/// A patient, and what is known of them. In this order what every reading asks for takes two lines of
/// the processor's cache, and patients are so many that each line is far in memory.
#[repr(C, align(64))]
pub(crate) struct Watched {
    pub(crate) patient: PatientId,
    /// What the rules work with.
    pub(crate) plan: EffectivePlan,
    pub(crate) monitor: Monitor,
    /// When the partition's timers come to this patient, never later than the monitor asks for;
    /// the latest time where there is no timer.
    pub(crate) timer: Timestamp,
    /// By which products their readings come.
    pub(crate) heard: Heard,
}

const _: () = assert!(std::mem::offset_of!(Watched, monitor) + Monitor::HOT == 128);
const _: () = assert!(std::mem::size_of::<Watched>() == 192);

impl Watched {
    fn new(patient: PatientId, plan: EffectivePlan) -> Self {
        Self {
            patient,
            plan,
            monitor: Monitor::default(),
            timer: Timestamp::LATEST,
            heard: Heard::default(),
        }
    }

    /// The rules work by these from now on: with them as they are where the patient has no plan.
    pub(crate) fn work_by(&mut self, defaults: &Defaults) {
        match self.plan.own_mut() {
            Some(plan) => *plan = defaults.around(&self.patient, std::mem::take(plan)),
            None => self.plan = defaults.of(&self.patient),
        }
    }

    /// Sets the timer forward to when the monitor wants to look again. One that would go off too
    /// early stays: it looks, finds nothing and is set anew.
    pub(crate) fn set_timer(&mut self, timers: &mut BTreeSet<(Timestamp, PatientId)>) {
        let Some(due) = self.monitor.next_assessment() else { return };
        if self.timer <= due {
            return;
        }
        let timer = std::mem::replace(&mut self.timer, due);
        if timer < Timestamp::LATEST {
            timers.remove(&(timer, self.patient.clone()));
        }
        timers.insert((due, self.patient.clone()));
    }
}

pub(crate) fn find<'a>(
    patients: &'a mut HashTable<Box<Watched>>,
    patient: &PatientId,
) -> Option<&'a mut Watched> {
    let found = patients.find_mut(hash(patient.as_str()), |known| known.patient == *patient);
    found.map(|watched| &mut **watched)
}

/// A patient, who is one of the partition from now on: without a plan where they were not before.
pub(crate) fn watched<'a>(
    patients: &'a mut HashTable<Box<Watched>>,
    patient: &PatientId,
    defaults: &Defaults,
) -> &'a mut Watched {
    patients
        .entry(
            hash(patient.as_str()),
            |known| known.patient == *patient,
            |known| hash(known.patient.as_str()),
        )
        .or_insert_with(|| Box::new(Watched::new(patient.clone(), defaults.of(patient))))
        .into_mut()
}

pub(crate) fn hash(patient: &str) -> u64 {
    xxh3_64(patient.as_bytes())
}
