//! Single faults: a number that cannot be true, a clock that is wrong, a value that was corrected.

use clinical::{Span, Timestamp};
use schemas::Reading;
use schemas::reading::{BloodGlucose, GlucoseMethod, GlucoseUnit, Measurement};

use crate::chance::{Chance, tenths};
use crate::physiology::glucose::MG_DL_IN_MMOL_L;
use crate::values::change_number;

/// Puts in a number that cannot be true, of the form that the exchange standard allows.
pub(crate) fn wrong_number(measurement: &mut Measurement, chance: &mut Chance) {
    match measurement {
        Measurement::BloodPressure(bp) => match chance.whole(0, 2) {
            0 => bp.systolic = 999,
            // The two fields were taken for one another.
            1 => std::mem::swap(&mut bp.systolic, &mut bp.diastolic),
            _ => bp.diastolic = 0,
        },
        Measurement::BloodPressureCheckup(bp) => bp.systolic = 0,
        // Grams for kilograms, or nobody on the scale.
        Measurement::WeighingScale(w) => {
            w.body_weight = if chance.happens(0.5) { tenths(w.body_weight * 100.0) } else { 0.0 };
        }
        Measurement::Activity(a) => a.step = -1,
        Measurement::Hba1c(h) => h.hba1c_value = 0.6,
        Measurement::BloodGlucose(g) => wrong_glucose(g, chance),
        Measurement::BodyTemperature(t) => {
            t.temperature = tenths(if chance.happens(0.5) {
                t.temperature / 10.0
            } else {
                t.temperature * 1.8 + 32.0
            });
        }
        Measurement::OxygenSaturation(o) => o.spo2 = 0.0,
        other => change_number(
            other,
            |quantity, _| if quantity.low > 0.0 { 0.0 } else { quantity.high + 1.0 },
        ),
    }
}

/// mmol/L said to be mg/dL, mmol/L without a word, or a status code of a sensor.
fn wrong_glucose(glucose: &mut BloodGlucose, chance: &mut Chance) {
    const STATUS_CODES: [f64; 6] = [10.0, 12.0, 38.0, 769.0, 771.0, 777.0];
    let is_sensor = glucose.glucose_method == GlucoseMethod::ContinuousSensor;
    let millimoles = match glucose.glucose_unit {
        Some(GlucoseUnit::MmolL) => glucose.glucose_value,
        _ => glucose.glucose_value / MG_DL_IN_MMOL_L,
    };
    glucose.glucose_comparator = None;
    (glucose.glucose_value, glucose.glucose_unit) = match chance.whole(0, 2) {
        0 if is_sensor => (chance.one_of(&STATUS_CODES), None),
        // Never a whole number, which is a low value of mg/dL.
        0 | 1 => (millimoles.floor() + 0.5, None),
        _ => (tenths(millimoles).min(9.9), Some(GlucoseUnit::MgDL)),
    };
}

/// Puts in the time of a clock that is wrong: lost (1970), years ahead, or nine hours off because
/// it runs in UTC or counts the offset twice.
pub(crate) fn wrong_clock(reading: &mut Reading, received: Timestamp, chance: &mut Chance) {
    let observed = Timestamp::from_millis(reading.observation_time);
    let nine_hours = Span::from_hours(9);
    let shown = match chance.whole(0, 9) {
        0..=2 => {
            // A device without battery counts from its first second.
            let since = observed.millis().rem_euclid(Span::from_days(9).millis());
            Timestamp::from_millis(since).floor_to_second()
        }
        3..=4 => observed + Span::from_days(365 * chance.whole(1, 5)),
        5..=7 => observed - nine_hours,
        _ => {
            let ahead = observed + nine_hours;
            let limit = received + schemas::validation::CLOCK_TOLERANCE;
            // Close to the limit it would be chance whether the reading is valid.
            if (ahead - limit).abs() < Span::from_hours(1) { observed - nine_hours } else { ahead }
        }
    };
    reading.observation_time = shown.millis();
}

/// Puts in another value near the one that is there, as a correction does. Always a different one,
/// and plausible when that was.
pub(crate) fn another_value(measurement: &mut Measurement, chance: &mut Chance) {
    let sign = if chance.happens(0.5) { 1 } else { -1 };
    let size = f64::from(sign) * chance.between(1.0, 2.0);
    match measurement {
        Measurement::BloodPressure(bp) => {
            bp.systolic += sign * chance.whole(2, 9) as i32;
        }
        Measurement::BloodPressureCheckup(bp) => {
            bp.systolic += sign * chance.whole(2, 9) as i32;
        }
        Measurement::WeighingScale(w) => w.body_weight = tenths((w.body_weight + size).max(0.0)),
        Measurement::Activity(a) => {
            a.step = (f64::from(a.step) * (1.0 + 0.05 * size.abs())).round() as i32 + 1;
        }
        Measurement::Hba1c(h) => h.hba1c_value = tenths(h.hba1c_value + 0.1 * size),
        Measurement::BloodGlucose(g) => {
            let is_in_millimoles = g.glucose_unit == Some(GlucoseUnit::MmolL);
            let factor = if is_in_millimoles { MG_DL_IN_MMOL_L } else { 1.0 };
            // Into what a sensor can say.
            let step = match g.glucose_value * factor {
                low if low < 50.0 => 4.0 * size.abs(),
                high if high > 390.0 => -4.0 * size.abs(),
                _ => 4.0 * size,
            };
            let value = g.glucose_value + step / factor;
            g.glucose_value = if is_in_millimoles { tenths(value) } else { value.round() };
            g.glucose_comparator = None;
        }
        Measurement::BodyTemperature(t) => t.temperature = tenths(t.temperature + 0.1 * size),
        Measurement::OxygenSaturation(o) => {
            o.spo2 = if o.spo2 >= 99.0 { o.spo2 - 1.0 } else { o.spo2 + 1.0 };
        }
        other => change_number(other, |quantity, number| {
            let step = 10_f64.powi(-i32::from(quantity.decimals));
            if number + step <= quantity.high { number + step } else { number - step }
        }),
    }
}
