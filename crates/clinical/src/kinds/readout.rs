//! What is declared of the devices that show a field: their units, their limits, and the numbers that
//! are no values.

/// What devices show in the place of a number of the field's unit.
#[derive(Debug)]
pub struct Readout {
    /// Number of the field that says the unit as sent; absent it is the first.
    pub unit: u8,
    /// Number of the field that says the side of a limit.
    pub comparator: u8,
    /// Number of the field that says which device it was.
    pub device: u8,
    /// Without a unit, a fraction below this is of another unit.
    pub fraction_below: f64,
    /// Each unit with the one factor that makes it the field's, by the codes of the unit's field.
    pub units: &'static [(&'static str, f64)],
    /// What each device can say, by the codes of the device's field; none where no more is known.
    pub devices: &'static [Option<ReadoutDevice>],
}

/// What a device can say, in the field's unit.
#[derive(Debug, PartialEq)]
pub struct ReadoutDevice {
    /// What it is.
    pub name: &'static str,
    /// Its values, where they are fewer than what is plausible. Both ends are values.
    pub values: Option<(f64, f64)>,
    /// What LO is below.
    pub low: f64,
    /// What HI is above.
    pub high: f64,
    /// Where a limit may be that a value is below.
    pub below: (f64, f64),
    /// Where a limit may be that a value is above.
    pub above: (f64, f64),
    /// The numbers that stand for LO and HI.
    pub flags: Option<(f64, f64)>,
    /// Numbers that are no values.
    pub status: &'static [Status],
}

/// A number that a device sends in the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The number.
    pub code: u16,
    /// What it means.
    pub meaning: &'static str,
}
