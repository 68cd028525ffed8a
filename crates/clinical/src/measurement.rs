//! What was measured: one variant a record kind of the exchange standard.

pub use crate::kinds::Kind;
use crate::plausibility::{
    BodyFat, BodyWeight, Diastolic, Distance, Energy, Exercise, GlucoseValue, Hba1cValue,
    Implausible, MinutesOfDay, PhysicalActivity, PulseRate, Spo2, Steps, Systolic, Temperature,
};
use crate::sample::Sample;

/// A measurement whose every value is plausible.
#[derive(Debug, Clone, PartialEq)]
pub enum Measurement {
    /// Body weight and fat.
    WeighingScale(WeighingScale),
    /// Home blood pressure.
    BloodPressure(BloodPressure),
    /// Steps and activity of a day.
    Activity(Activity),
    /// Glycated haemoglobin.
    Hba1c(Hba1c),
    /// Blood pressure at a check-up or in the office.
    BloodPressureCheckup(BloodPressure),
    /// Glucose.
    BloodGlucose(BloodGlucose),
    /// Body temperature.
    BodyTemperature(Temperature),
    /// Oxygen saturation.
    OxygenSaturation(OxygenSaturation),
}

/// Body weight and fat.
#[derive(Debug, Clone, PartialEq)]
pub struct WeighingScale {
    /// Weight, kg.
    pub body_weight: BodyWeight,
    /// Fat, % of weight.
    pub body_fat: Option<BodyFat>,
}

/// One blood pressure reading; systolic is above diastolic.
#[derive(Debug, Clone, PartialEq)]
pub struct BloodPressure {
    systolic: Systolic,
    diastolic: Diastolic,
    pulse_rate: Option<PulseRate>,
    irregular_pulse: Option<bool>,
    measurement_position: Option<Box<str>>,
}

impl BloodPressure {
    /// Believes a reading.
    ///
    /// # Errors
    /// When diastolic is not below systolic.
    pub fn new(
        systolic: Systolic,
        diastolic: Diastolic,
        pulse_rate: Option<PulseRate>,
        irregular_pulse: Option<bool>,
        measurement_position: Option<Box<str>>,
    ) -> Result<Self, Implausible> {
        if diastolic.get() >= systolic.get() {
            return Err(Implausible::NotBelow { field: "diastolic", other: "systolic" });
        }
        Ok(Self { systolic, diastolic, pulse_rate, irregular_pulse, measurement_position })
    }

    /// Systolic pressure, mmHg.
    pub fn systolic(&self) -> Systolic {
        self.systolic
    }

    /// Diastolic pressure, mmHg.
    pub fn diastolic(&self) -> Diastolic {
        self.diastolic
    }

    /// Pulse rate, /min. Check-up and home records require it; a device that cannot count leaves it out.
    pub fn pulse_rate(&self) -> Option<PulseRate> {
        self.pulse_rate
    }

    /// Whether the device flagged an irregular pulse.
    pub fn irregular_pulse(&self) -> Option<bool> {
        self.irregular_pulse
    }

    /// Where and how it was measured, in the sender's words (at most 200 characters).
    pub fn measurement_position(&self) -> Option<&str> {
        self.measurement_position.as_deref()
    }
}

/// Steps and activity of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// Steps.
    pub step: Steps,
    /// Walking, min.
    pub walk_time: Option<MinutesOfDay>,
    /// Activity of moderate intensity or more, min.
    pub moderate_intensity_activity: Option<MinutesOfDay>,
    /// Energy of activity, kcal.
    pub calories: Option<Energy>,
    /// Energy of the whole day, kcal.
    pub total_calories: Option<Energy>,
    /// Distance, km.
    pub distance: Option<Distance>,
    /// Exercise, Ex.
    pub exercise: Option<Exercise>,
    /// Amount of activity, METs·h.
    pub physical_activity: Option<PhysicalActivity>,
    /// Active time, min.
    pub total_active_duration: Option<MinutesOfDay>,
    /// Where the device is worn: a code of the exchange standard.
    pub measurement_position_code: Option<Box<str>>,
}

/// Glycated haemoglobin.
#[derive(Debug, Clone, PartialEq)]
pub struct Hba1c {
    /// NGSP %.
    pub hba1c_value: Hba1cValue,
    /// The assay, as the consortium registered it.
    pub measurement_method_code: Option<Box<str>>,
    /// Judgement against the laboratory's range; 0 is normal.
    pub value_criteria_code: Option<Box<str>>,
}

/// How glucose was measured. Codes of the exchange standard's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlucoseMethod {
    /// 0: a drop of blood on a strip.
    FingerStick,
    /// 1: a continuous sensor.
    ContinuousSensor,
    /// 2: a laboratory.
    Laboratory,
}

/// When glucose was measured, relative to meals. Codes of the exchange standard's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MealTiming {
    /// 0.
    Fasting,
    /// 1.
    BeforeMeal,
    /// 2.
    AfterMeal,
    /// 3.
    Bedtime,
    /// 9.
    Unknown,
}

/// Glucose.
#[derive(Debug, Clone, PartialEq)]
pub struct BloodGlucose {
    /// mg/dL.
    pub glucose_value: GlucoseValue,
    /// How it was measured.
    pub method: GlucoseMethod,
    /// Relative to meals, where said.
    pub meal_timing: Option<MealTiming>,
}

/// Oxygen saturation.
#[derive(Debug, Clone, PartialEq)]
pub struct OxygenSaturation {
    /// %.
    pub spo2: Spo2,
    /// Pulse rate from the oximeter, /min.
    pub pulse_rate: Option<PulseRate>,
}

impl Measurement {
    /// The kind of record.
    pub fn kind(&self) -> Kind {
        match self {
            Self::WeighingScale(_) => Kind::WeighingScale,
            Self::BloodPressure(_) => Kind::BloodPressure,
            Self::Activity(_) => Kind::Activity,
            Self::Hba1c(_) => Kind::Hba1c,
            Self::BloodPressureCheckup(_) => Kind::BloodPressureCheckup,
            Self::BloodGlucose(_) => Kind::BloodGlucose,
            Self::BodyTemperature(_) => Kind::BodyTemperature,
            Self::OxygenSaturation(_) => Kind::OxygenSaturation,
        }
    }

    /// What the rules need of it, in six bytes.
    pub fn sample(&self) -> Sample {
        let hundredths = |value: f64| (value * 100.0).round() as u16;
        let tenths = |value: f64| (value * 10.0).round() as u16;
        match self {
            Self::BloodPressure(bp) | Self::BloodPressureCheckup(bp) => Sample::blood_pressure(
                bp.systolic.get(),
                bp.diastolic.get(),
                bp.pulse_rate.map(PulseRate::get),
                bp.irregular_pulse == Some(true),
            ),
            Self::WeighingScale(w) => Sample([
                hundredths(w.body_weight.get()),
                w.body_fat.map_or(0, |fat| hundredths(fat.get())),
                0,
            ]),
            Self::Activity(a) => {
                let steps = a.step.get();
                Sample([(steps >> 16) as u16, steps as u16, 0])
            }
            Self::Hba1c(h) => Sample([hundredths(h.hba1c_value.get()), 0, 0]),
            Self::BloodGlucose(g) => Sample([tenths(g.glucose_value.get()), g.method as u16, 0]),
            Self::BodyTemperature(t) => Sample([hundredths(t.get()), 0, 0]),
            Self::OxygenSaturation(o) => {
                Sample([hundredths(o.spo2.get()), o.pulse_rate.map_or(0, PulseRate::get), 0])
            }
        }
    }
}
