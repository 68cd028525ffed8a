//! What is remembered of a measurement.

/// What a rule needs of a measurement: three 16-bit numbers whose meaning depends on the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample(pub(crate) [u16; 3]);

const IRREGULAR: u16 = 1 << 15;

impl Sample {
    pub(crate) fn blood_pressure(
        systolic: u16,
        diastolic: u16,
        pulse_rate: Option<u16>,
        irregular: bool,
    ) -> Self {
        let pulse = pulse_rate.unwrap_or(0) | if irregular { IRREGULAR } else { 0 };
        Self([systolic, diastolic, pulse])
    }

    /// Systolic pressure of a blood pressure sample, mmHg.
    pub const fn systolic(self) -> u16 {
        self.0[0]
    }

    /// Diastolic pressure of a blood pressure sample, mmHg.
    pub const fn diastolic(self) -> u16 {
        self.0[1]
    }
}
