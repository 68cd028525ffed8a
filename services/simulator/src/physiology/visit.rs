//! Visits to the laboratory: HbA1c as glucose has been, and blood pressure in the office.

use clinical::Span;
use schemas::Reading;
use schemas::reading::{BloodPressureCheckup, Hba1c, Measurement};

use super::{blood_pressure, glucose, registered};
use crate::chance::{Purpose, tenths};
use crate::civil::Day;
use crate::population::Patient;

/// Code of the HbA1c assay in the master list.
pub(crate) const ASSAY_CODE: &str = "HPLC01";

pub(super) fn of_day(patient: &Patient, day: Day, readings: &mut Vec<Reading>) {
    let shift = patient.chance(Purpose::Visit, i64::MIN).whole(0, patient.visit_days - 1);
    if (day.0 + shift).rem_euclid(patient.visit_days) != 0 || day.is_sunday() {
        return;
    }
    let mut chance = patient.chance(Purpose::Visit, day.0);
    let arrived = day.at_minute(chance.between(540.0, 690.0));
    // In the office people are tense.
    let excess = blood_pressure::excess(patient, arrived) + chance.normal(7.0, 4.0);
    let systolic = (patient.pressure.systolic + excess).round().clamp(85.0, 215.0);
    let diastolic = (patient.pressure.diastolic + 0.5 * excess).round().min(systolic - 20.0);
    let pressure = Measurement::BloodPressureCheckup(BloodPressureCheckup {
        systolic: systolic as i32,
        diastolic: diastolic.clamp(42.0, 125.0) as i32,
        pulse_rate: Some(
            (patient.pressure.pulse + chance.normal(4.0, 3.0)).round().clamp(45.0, 130.0) as i32,
        ),
        measurement_position: None,
    });
    let entered = arrived + Span::from_minutes(chance.whole(5, 40));
    readings.push(registered(patient, arrived, entered, true, pressure));

    // The estimated HbA1c of the consensus: (mean + 46.7) / 28.7, with the assay's own error.
    let mean = glucose::mean_before(patient, day);
    let value = tenths(((mean + 46.7) / 28.7 + chance.normal(0.0, 0.1)).clamp(4.2, 14.0));
    let hba1c = Measurement::Hba1c(Hba1c {
        hba1c_value: value,
        measurement_method_code: Some(ASSAY_CODE.to_owned()),
        value_criteria_code: Some(if value <= 6.2 { "0" } else { "1" }.to_owned()),
    });
    let drawn = arrived + Span::from_minutes(chance.whole(10, 30));
    let reported = drawn + Span::from_minutes(chance.whole(120, 1800));
    readings.push(registered(patient, drawn, reported, false, hba1c));
}
