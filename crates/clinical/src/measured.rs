//! What a device shows: a number, or that the value is beyond what the device can say.
//!
//! A sensor for glucose, for example, measures from 40 to 400 mg/dL. Outside of that it says LO or
//! HI: the value is known to be below 40, and nothing more. Such a value takes part in every
//! comparison with a limit and in no mean.

use std::cmp::Ordering;

use crate::kinds::{Quantity, Readout, ReadoutDevice, Status};

/// A measured value in the field's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// Less than this limit of the device: '< 40'.
    Below(f64),
    /// This value.
    Exactly(f64),
    /// More than this limit of the device: '> 400'.
    Above(f64),
}

impl Measured {
    /// The value, or the limit beyond which it is.
    pub const fn number(self) -> f64 {
        let (Self::Below(number) | Self::Exactly(number) | Self::Above(number)) = self;
        number
    }

    /// The place of its comparator among [`Side`]'s codes; none of a plain value.
    pub const fn side(self) -> Option<Side> {
        match self {
            Self::Below(_) => Some(Side::Below),
            Self::Exactly(_) => None,
            Self::Above(_) => Some(Side::Above),
        }
    }

    /// The value that is on a side of a limit.
    pub const fn of(side: Option<Side>, number: f64) -> Self {
        match side {
            Some(Side::Below) => Self::Below(number),
            None => Self::Exactly(number),
            Some(Side::Above) => Self::Above(number),
        }
    }
}

impl Measured {
    /// The order of what is known: `< 40` is just before 40, and `> 400` just after 400. A meter's 25
    /// is lower than a sensor's `< 40`, of which no more is known.
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        let place = |measured: &Self| match measured.side() {
            Some(Side::Below) => 0_u8,
            None => 1,
            Some(Side::Above) => 2,
        };
        self.number().total_cmp(&other.number()).then_with(|| place(self).cmp(&place(other)))
    }
}

/// On which side of a device's limit a value is: FHIR's comparators `<` and `>`. The numbers are
/// those of the declared codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `<`
    Below = 0,
    /// `>`
    Above = 1,
}

impl Side {
    /// Both.
    pub const ALL: [Side; 2] = [Side::Below, Side::Above];

    /// The side that a declared code says, by the code's place.
    pub const fn of_code(place: usize) -> Self {
        match place {
            0 => Self::Below,
            _ => Self::Above,
        }
    }

    /// How it is written before a limit.
    pub const fn sign(self) -> char {
        match self {
            Self::Below => '<',
            Self::Above => '>',
        }
    }

    /// The word of devices for a value that is there.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Below => "LO",
            Self::Above => "HI",
        }
    }

    /// How a value on this side of a limit is shown: `< 40`.
    pub fn shown(self, limit: &str) -> String {
        format!("{} {limit}", self.sign())
    }
}

/// What was sent: a number, and the places among their codes of what is said of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sent {
    /// The number.
    pub number: f64,
    /// Its unit.
    pub unit: Option<usize>,
    /// On which side of it the value is.
    pub side: Option<Side>,
    /// What measured it.
    pub device: usize,
}

impl Sent {
    /// Whether nothing but a number was said.
    pub const fn is_plain(&self) -> bool {
        self.unit.is_none() && self.side.is_none()
    }
}

/// Why what was sent is no value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NotMeasured {
    /// It looks like another unit, and no unit was said.
    UnitSuspected,
    /// It is a status code of the device.
    Status(Status),
    /// It is not plausible.
    Implausible,
    /// The device cannot show it: its values.
    BeyondDevice {
        /// The device.
        device: &'static ReadoutDevice,
        /// Its smallest value.
        low: f64,
        /// Its greatest value.
        high: f64,
    },
    /// The device has no such limit: its limits.
    NoLimit(Option<&'static ReadoutDevice>),
}

impl Readout {
    /// By how much at most one measurement differs from itself as another device shows it.
    pub fn rounding(&self) -> f64 {
        self.units.iter().map(|(_, factor)| rounding(*factor)).fold(0.0, f64::max)
    }

    /// The limit that a device means by its word for a side, as it writes a number of a unit: of one
    /// that is not the field's in tenths. 0 of what has no such word. Unit and device are by their
    /// places among their codes.
    pub fn limit_of_word(&self, side: Side, unit: Option<usize>, device: Option<usize>) -> f64 {
        let device = device.and_then(|device| self.devices.get(device)?.as_ref());
        let limit = device.map_or(0.0, |device| match side {
            Side::Below => device.low,
            Side::Above => device.high,
        });
        let factor = self.factor(unit);
        if factor == 1.0 { limit } else { (limit / factor * 10.0).round() / 10.0 }
    }

    /// How much of the field's unit one of a unit is.
    fn factor(&self, unit: Option<usize>) -> f64 {
        self.units.get(unit.unwrap_or(0)).map_or(1.0, |(_, factor)| *factor)
    }

    /// What was measured, in the field's unit.
    ///
    /// # Errors
    /// [`NotMeasured`] says why it is no value.
    pub fn measured(
        &'static self,
        quantity: &Quantity,
        sent: Sent,
    ) -> Result<Measured, NotMeasured> {
        let Sent { number, unit, side, device } = sent;
        let device = self.devices.get(device).and_then(Option::as_ref);
        let factor = self.factor(unit);
        let value = number * factor;
        let is_suspected = unit.is_none() && number < self.fraction_below && number.fract() != 0.0;
        if let Some(side) = side {
            if is_suspected {
                return Err(NotMeasured::UnitSuspected);
            }
            let none = NotMeasured::NoLimit(device);
            let Some(device) = device else { return Err(none) };
            let (low, high) = match side {
                Side::Below => device.below,
                Side::Above => device.above,
            };
            if !is_within(value, low, high, factor) {
                return Err(none);
            }
            return Ok(Measured::of(Some(side), value.clamp(low, high)));
        }
        if let Some((device, (low, high))) = device.and_then(|it| Some((it, it.flags?))) {
            if is_flag(number, low, device.low, factor) {
                return Ok(Measured::Below(device.low));
            } else if is_flag(number, high, device.high, factor) {
                return Ok(Measured::Above(device.high));
            }
        }
        let status = device.filter(|_| factor == 1.0).map_or(&[][..], |device| device.status);
        if let Some(status) = status.iter().find(|it| f64::from(it.code) == number) {
            return Err(NotMeasured::Status(*status));
        }
        if is_suspected {
            return Err(NotMeasured::UnitSuspected);
        }
        if !quantity.holds(value) {
            return Err(NotMeasured::Implausible);
        }
        match device.and_then(|device| Some((device, device.values?))) {
            Some((device, (low, high))) if !is_within(value, low, high, factor) => {
                Err(NotMeasured::BeyondDevice { device, low, high })
            }
            _ => Ok(Measured::Exactly(value)),
        }
    }
}

/// Whether a number is the one by which a device says that it is beyond its limit: in another unit than the
/// field's rounded to tenths or hundredths, where that is not how its limit is written too.
fn is_flag(number: f64, flag: f64, limit: f64, factor: f64) -> bool {
    if factor == 1.0 {
        return number == flag;
    }
    let in_tenths = |value: f64| (value / factor * 10.0).round() / 10.0;
    let is_written_so = number == in_tenths(flag) || (number * factor - flag).abs() < 0.5;
    is_written_so && number != in_tenths(limit)
}

/// By how much at most a value that was shown in tenths of another unit differs from what was
/// measured; nothing in the unit itself.
fn rounding(factor: f64) -> f64 {
    if factor == 1.0 { 0.0 } else { 0.05 * factor }
}

/// Whether a value is within limits that a device rounds to tenths of another unit: a sensor's 40
/// to 400 mg/dL are 2.2 to 22.2 mmol/L on its display, which are 39.6 and 400.0.
fn is_within(value: f64, low: f64, high: f64, factor: f64) -> bool {
    let rounding = rounding(factor);
    (low - rounding..=high + rounding).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{Field, Kind};

    const FINGER_STICK: usize = 0;
    const SENSOR: usize = 1;
    const LABORATORY: usize = 2;
    const MMOL: Option<usize> = Some(1);

    fn glucose() -> &'static Field {
        &Kind::BloodGlucose.fields()[0]
    }

    fn measured(
        number: f64,
        unit: Option<usize>,
        side: Option<Side>,
        device: usize,
    ) -> Result<Measured, NotMeasured> {
        let (readout, quantity) = (glucose().readout.unwrap(), glucose().quantity().unwrap());
        readout.measured(quantity, Sent { number, unit, side, device })
    }

    #[test]
    fn millimoles_are_converted_by_the_one_factor() {
        for device in [FINGER_STICK, SENSOR, LABORATORY] {
            assert_eq!(measured(5.5, MMOL, None, device), Ok(Measured::Exactly(5.5 * 18.016)));
        }
        assert_eq!(measured(120.0, MMOL, None, LABORATORY), Err(NotMeasured::Implausible));
        assert_eq!(measured(0.5, MMOL, None, FINGER_STICK), Err(NotMeasured::Implausible));
        assert_eq!(measured(0.5, Some(0), None, FINGER_STICK), Err(NotMeasured::Implausible));
    }

    #[test]
    fn a_small_fraction_without_a_unit_is_suspected_and_a_whole_number_is_taken() {
        for number in [5.4, 16.7, 22.2, 34.9] {
            for device in [FINGER_STICK, SENSOR, LABORATORY] {
                for side in [None, Some(Side::Below), Some(Side::Above)] {
                    let found = measured(number, None, side, device);
                    assert_eq!(found, Err(NotMeasured::UnitSuspected));
                }
            }
            let said = measured(number, Some(0), None, FINGER_STICK);
            assert_ne!(said, Err(NotMeasured::UnitSuspected));
        }
        assert_eq!(measured(22.0, None, None, FINGER_STICK), Ok(Measured::Exactly(22.0)));
        assert_eq!(measured(35.5, None, None, FINGER_STICK), Ok(Measured::Exactly(35.5)));
    }

    #[test]
    fn a_sensor_says_40_to_400_and_low_and_high_beyond() {
        assert_eq!(measured(40.0, None, None, SENSOR), Ok(Measured::Exactly(40.0)));
        assert_eq!(measured(400.0, None, None, SENSOR), Ok(Measured::Exactly(400.0)));
        assert_eq!(measured(39.0, None, None, SENSOR), Ok(Measured::Below(40.0)));
        assert_eq!(measured(401.0, None, None, SENSOR), Ok(Measured::Above(400.0)));
        assert_eq!(measured(40.0, None, Some(Side::Below), SENSOR), Ok(Measured::Below(40.0)));
        assert_eq!(measured(400.0, None, Some(Side::Above), SENSOR), Ok(Measured::Above(400.0)));
        assert_eq!(measured(2.2, MMOL, Some(Side::Below), SENSOR), Ok(Measured::Below(40.0)));
        assert_eq!(measured(2.2, MMOL, None, SENSOR), Ok(Measured::Exactly(2.2 * 18.016)));
        assert_eq!(measured(22.2, MMOL, None, SENSOR), Ok(Measured::Exactly(22.2 * 18.016)));
        // 39 and 401 in the other unit. To tenths, 39 is written as 40 is.
        assert_eq!(measured(2.16, MMOL, None, SENSOR), Ok(Measured::Below(40.0)));
        assert_eq!(measured(2.17, MMOL, None, SENSOR), Ok(Measured::Below(40.0)));
        assert_eq!(measured(22.26, MMOL, None, SENSOR), Ok(Measured::Above(400.0)));
        assert_eq!(measured(22.28, MMOL, None, SENSOR), Ok(Measured::Above(400.0)));
        assert_eq!(measured(22.3, MMOL, None, SENSOR), Ok(Measured::Above(400.0)));
        assert_eq!(measured(22.3, MMOL, None, FINGER_STICK), Ok(Measured::Exactly(22.3 * 18.016)));
        for (beyond, unit) in
            [(35.0, None), (39.5, None), (402.0, None), (500.0, None), (2.1, MMOL), (22.4, MMOL)]
        {
            let fault = measured(beyond, unit, None, SENSOR).unwrap_err();
            assert!(matches!(fault, NotMeasured::BeyondDevice { low: 40.0, high: 400.0, .. }));
        }
        for (limit, side) in [(70.0, Side::Below), (500.5, Side::Above)] {
            let fault = measured(limit, None, Some(side), SENSOR).unwrap_err();
            assert!(matches!(fault, NotMeasured::NoLimit(Some(_))));
        }
        assert_eq!(measured(500.0, None, Some(Side::Above), SENSOR), Ok(Measured::Above(500.0)));
        assert_eq!(measured(39.0, None, None, FINGER_STICK), Ok(Measured::Exactly(39.0)));
    }

    #[test]
    fn a_meters_limit_is_its_own_and_a_laboratory_has_none() {
        assert_eq!(
            measured(20.0, None, Some(Side::Below), FINGER_STICK),
            Ok(Measured::Below(20.0))
        );
        assert_eq!(
            measured(33.3, MMOL, Some(Side::Above), FINGER_STICK),
            Ok(Measured::Above(33.3 * 18.016))
        );
        let of_meter = measured(70.0, None, Some(Side::Below), FINGER_STICK);
        assert!(matches!(of_meter, Err(NotMeasured::NoLimit(Some(_)))));
        let of_laboratory = measured(20.0, None, Some(Side::Below), LABORATORY);
        assert_eq!(of_laboratory, Err(NotMeasured::NoLimit(None)));
    }

    #[test]
    fn a_word_of_a_device_is_the_limit_that_the_device_would_write() {
        let readout = glucose().readout.unwrap();
        for (device, unit) in [FINGER_STICK, SENSOR].map(|it| [(it, None), (it, MMOL)]).concat() {
            for side in Side::ALL {
                let limit = readout.limit_of_word(side, unit, Some(device));
                let found = measured(limit, unit, Some(side), device).unwrap();
                assert_eq!(found.side(), Some(side), "{limit}");
            }
        }
        assert_eq!(readout.limit_of_word(Side::Below, None, Some(SENSOR)), 40.0);
        assert_eq!(readout.limit_of_word(Side::Below, MMOL, Some(SENSOR)), 2.2);
        assert_eq!(readout.limit_of_word(Side::Above, None, Some(LABORATORY)), 0.0);
    }

    #[test]
    fn status_codes_of_a_sensor_are_no_values_and_of_a_meter_they_are() {
        for code in [10, 12, 38, 769, 771, 777] {
            let fault = measured(f64::from(code), None, None, SENSOR).unwrap_err();
            assert!(matches!(fault, NotMeasured::Status(status) if status.code == code));
            assert!(measured(f64::from(code), None, None, FINGER_STICK).is_ok());
        }
    }
}
