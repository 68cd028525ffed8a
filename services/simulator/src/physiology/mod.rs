//! What is true of a virtual patient: every value that devices and laboratories measure, as if
//! nothing ever went wrong on the way.
//!
//! Everything is a function of patient and time. A day is generated from draws of its own, so any
//! window gives the readings that a larger one gives for it.

pub mod activity;
pub mod blood_pressure;
mod declared;
pub mod glucose;
mod planted;
mod visit;
pub mod vitals;
pub mod weight;

pub(crate) use visit::ASSAY_CODE;

use std::collections::VecDeque;

use clinical::{Span, Timestamp};
use schemas::Reading;
use schemas::reading::{
    DataInput, Measurement, OriginOfTime, ReadingStatus, Source, TestLab, japan,
};

use crate::chance::Purpose;
use crate::civil::Day;
use crate::devices;
use crate::population::Patient;

/// A patient's true readings observed from `from` until before `to`, in the order of observation.
/// `update_time` says when the sender registered each. Where a scenario has reset a device's clock, a
/// reading says another time than that of its observation.
pub fn truth(patient: &Patient, from: Timestamp, to: Timestamp) -> Truth<'_> {
    Truth { patient, from, to, day: Day::of(from), ready: VecDeque::new() }
}

/// The iterator of [`truth`].
pub struct Truth<'p> {
    patient: &'p Patient,
    from: Timestamp,
    to: Timestamp,
    day: Day,
    ready: VecDeque<Reading>,
}

impl Iterator for Truth<'_> {
    type Item = Reading;

    fn next(&mut self) -> Option<Reading> {
        loop {
            if let Some(reading) = self.ready.pop_front() {
                return Some(reading);
            }
            if self.day.start() >= self.to {
                return None;
            }
            let window = self.from.millis()..self.to.millis();
            self.ready.extend(
                of_day(self.patient, self.day)
                    .into_iter()
                    .filter(|reading| window.contains(&reading.observation_time))
                    .filter_map(|reading| as_registered(self.patient, reading)),
            );
            self.day = self.day.next();
        }
    }
}

/// All readings observed on a civil day, in the order of observation.
fn of_day(patient: &Patient, day: Day) -> Vec<Reading> {
    let mut readings = Vec::new();
    activity::of_day(patient, day, &mut readings);
    weight::of_day(patient, day, &mut readings);
    blood_pressure::of_day(patient, day, &mut readings);
    glucose::of_day(patient, day, &mut readings);
    vitals::of_day(patient, day, &mut readings);
    visit::of_day(patient, day, &mut readings);
    declared::of_day(patient, day, &mut readings);
    planted::of_day(patient, day, &mut readings);
    // Stable: readings of one second keep the order above.
    readings.sort_by_key(|reading| reading.observation_time);
    readings
}

/// What becomes of a reading by the patient's scenario before anybody sends it; none where the device
/// is not used.
pub(crate) fn as_registered(patient: &Patient, reading: Reading) -> Option<Reading> {
    match &patient.planted {
        Some(planted) => planted.registered(reading),
        None => Some(reading),
    }
}

/// The part of the truth that does not depend on the patient's doing: sensor, tracker, laboratory.
/// A live stream adds its own, more frequent habits to it.
pub fn is_automatic(reading: &Reading) -> bool {
    use schemas::reading::GlucoseMethod::ContinuousSensor;
    match &reading.measurement {
        Measurement::BloodGlucose(glucose) => glucose.glucose_method == ContinuousSensor,
        Measurement::Activity(_) | Measurement::Hba1c(_) | Measurement::BloodPressureCheckup(_) => {
            true
        }
        _ => false,
    }
}

/// A reading as the patient's device or app registers it: at once, or after a while where the
/// patient types it in.
pub(crate) fn at_home(patient: &Patient, observed: Timestamp, measurement: Measurement) -> Reading {
    let number = i64::from(measurement.kind().number());
    let mut chance = patient.chance(Purpose::Registration, observed.millis() * 8 + number);
    let automatic = is_automatic_device(&measurement);
    let by_hand = patient.habits.types_by_hand && !automatic;
    let wait = if by_hand { chance.whole(60_000, 1_500_000) } else { chance.whole(900, 9_000) };
    registered(patient, observed, observed + Span::from_millis(wait), by_hand, measurement)
}

fn is_automatic_device(measurement: &Measurement) -> bool {
    devices::model_for(measurement)
        .is_some_and(|model| model == devices::GLUCOSE_SENSOR || model == devices::TRACKER)
}

/// A reading with its time of registration.
pub(crate) fn registered(
    patient: &Patient,
    observed: Timestamp,
    registered: Timestamp,
    by_hand: bool,
    measurement: Measurement,
) -> Reading {
    let model = devices::model_for(&measurement);
    let (source, origin_of_time) = match model {
        Some(model) => (
            Source::Device(devices::device(model, patient.index)),
            Some(if model.corrects_clock { OriginOfTime::App } else { OriginOfTime::Device }),
        ),
        None => (Source::TestLab(TestLab { test_lab_id: lab_id(patient.id.consortium()) }), None),
    };
    Reading {
        consortium_id: patient.id.consortium().to_owned(),
        person_id: patient.id.person().to_owned(),
        observation_time: observed.floor_to_second().millis(),
        utc_offset_minutes: japan(),
        update_time: registered.millis(),
        source,
        data_input: if by_hand { DataInput::Manual } else { DataInput::Device },
        origin_of_time,
        status: ReadingStatus::Final,
        measurement,
        send_time: None,
        vendor: None,
    }
}

/// The laboratory of a consortium.
pub fn lab_id(consortium_id: &str) -> String {
    format!("LAB{consortium_id}")
}
