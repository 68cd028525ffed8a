//! What a value must be to be believed. A value outside its range is a fault of device, unit or
//! typing, not a finding: it is rejected with its field and its range, and never reaches a rule.
//!
//! Ranges are wider than anything seen in a living patient at home, so that nothing true is lost.

/// A value that cannot be true.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Implausible {
    /// Outside the plausible range of its field.
    #[error("{field} must be between {low} and {high} {unit}")]
    OutOfRange {
        /// The exchange standard's name of the field.
        field: &'static str,
        /// Smallest plausible value.
        low: f64,
        /// Greatest plausible value.
        high: f64,
        /// The unit of both.
        unit: &'static str,
    },
    /// Two fields contradict each other.
    #[error("{field} must be below {other}")]
    NotBelow {
        /// The field that must be the smaller.
        field: &'static str,
        /// The field that must be the greater.
        other: &'static str,
    },
}

impl Implausible {
    /// The exchange standard's name of the field at fault.
    pub fn field(&self) -> &'static str {
        match self {
            Self::OutOfRange { field, .. } | Self::NotBelow { field, .. } => field,
        }
    }
}

macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident($inner:ty), $field:literal, $low:literal ..= $high:literal, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name($inner);

        impl $name {
            #[doc = concat!("Smallest plausible value, ", $unit, ".")]
            pub const LOW: $inner = $low as $inner;
            #[doc = concat!("Greatest plausible value, ", $unit, ".")]
            pub const HIGH: $inner = $high as $inner;

            /// Believes a value.
            ///
            /// # Errors
            /// When it is outside the plausible range (or not a number).
            pub fn new(value: impl Into<f64>) -> Result<Self, Implausible> {
                let value = value.into();
                if ($low as f64..=$high as f64).contains(&value) {
                    Ok(Self(value as $inner))
                } else {
                    Err(Implausible::OutOfRange {
                        field: $field,
                        low: $low as f64,
                        high: $high as f64,
                        unit: $unit,
                    })
                }
            }

            #[doc = concat!("The value in ", $unit, ".")]
            pub const fn get(self) -> $inner {
                self.0
            }
        }
    };
}

bounded! {
    /// Systolic pressure. Home devices under ISO 81060-2 indicate 0 to 300 mmHg; below 40 no cuff
    /// finds a pulse.
    Systolic(u16), "systolic", 40 ..= 300, "mmHg"
}
bounded! {
    /// Diastolic pressure. Upper end as home devices indicate it; 20 with severe aortic regurgitation.
    Diastolic(u16), "diastolic", 20 ..= 220, "mmHg"
}
bounded! {
    /// Pulse rate. 20: complete heart block; 300: the fastest conducted tachyarrhythmia.
    PulseRate(u16), "pulse_rate", 20 ..= 300, "/min"
}
bounded! {
    /// Body weight. 1 kg to the heaviest person on record (635 kg).
    BodyWeight(f64), "body_weight", 1 ..= 650, "kg"
}
bounded! {
    /// Body fat as scales estimate it by impedance.
    BodyFat(f64), "body_fat", 1 ..= 75, "%"
}
bounded! {
    /// Glucose. Finger-stick meters (ISO 15197) read 10 to 600, sensors 40 to 400, laboratories in
    /// hyperosmolar coma up to about 2000.
    GlucoseValue(f64), "glucose_value", 10 ..= 2000, "mg/dL"
}
bounded! {
    /// HbA1c (NGSP). Assays report 3 to 20 %.
    Hba1cValue(f64), "hba1c_value", 2 ..= 25, "%"
}
bounded! {
    /// Body temperature: deepest accidental hypothermia outside hospital to the highest fever survived.
    Temperature(f64), "temperature", 25 ..= 45, "Cel"
}
bounded! {
    /// Oxygen saturation by pulse oximetry; below 30 % no oximeter is calibrated.
    Spo2(f64), "spo2", 30 ..= 100, "%"
}
bounded! {
    /// Steps in a day: the exchange standard's five digits.
    Steps(u32), "step", 0 ..= 99999, "steps"
}
bounded! {
    /// A distance walked in a day.
    Distance(f64), "distance", 0 ..= 500, "km"
}
bounded! {
    /// Exercise in a day, METs·h above 3 METs ("Ex" of the 2006 exercise guideline).
    Exercise(f64), "exercise", 0 ..= 200, "Ex"
}
bounded! {
    /// Physical activity in a day.
    PhysicalActivity(f64), "physical_activity", 0 ..= 400, "METs.h"
}

/// Minutes within a day: 0 to 1440.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct MinutesOfDay(u16);

impl MinutesOfDay {
    /// Believes a number of minutes of the field named.
    ///
    /// # Errors
    /// When a day has fewer minutes.
    pub fn new(field: &'static str, value: impl Into<f64>) -> Result<Self, Implausible> {
        let (low, high) = (0.0, 1440.0);
        let value = value.into();
        if (low..=high).contains(&value) {
            Ok(Self(value as u16))
        } else {
            Err(Implausible::OutOfRange { field, low, high, unit: "min" })
        }
    }

    /// Minutes.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// Energy spent in a day: 0 to 9999.9 kcal, the exchange standard's `XXXX.X`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Energy(f64);

impl Energy {
    /// Believes an energy of the field named.
    ///
    /// # Errors
    /// When it is negative or needs more than four digits before the point.
    pub fn new(field: &'static str, value: impl Into<f64>) -> Result<Self, Implausible> {
        let (low, high) = (0.0, 9999.9);
        let value = value.into();
        if (low..=high).contains(&value) {
            Ok(Self(value))
        } else {
            Err(Implausible::OutOfRange { field, low, high, unit: "kcal" })
        }
    }

    /// Kilocalories.
    pub const fn get(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_either_end_of_its_range_is_believed_and_one_beyond_is_not() {
        assert!(Systolic::new(40).is_ok());
        assert!(Systolic::new(300).is_ok());
        assert!(Systolic::new(301).is_err());
        assert!(GlucoseValue::new(9.9).is_err());
        assert!(GlucoseValue::new(f64::NAN).is_err());
        assert!(BodyWeight::new(f64::INFINITY).is_err());
    }

    #[test]
    fn an_implausible_value_is_answered_with_field_range_and_unit() {
        let error = PulseRate::new(5).unwrap_err();
        assert_eq!(error.to_string(), "pulse_rate must be between 20 and 300 /min");
        assert_eq!(error.field(), "pulse_rate");
    }
}
