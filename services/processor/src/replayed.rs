//! The topics that partitions are rebuilt from.

use schemas::topics::Topic;

/// A topic that partitions are rebuilt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// `readings.slow`: whole, and before what was accepted since.
    SlowReadings,
    /// `readings.accepted`.
    AcceptedReadings,
    /// `alerts`.
    Alerts,
    /// `care.plans`.
    CarePlans,
    /// `silences`.
    Silences,
}

impl Replayed {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::SlowReadings, Self::AcceptedReadings, Self::Alerts, Self::CarePlans, Self::Silences];

    /// The topic, without a deployment's prefix.
    pub(crate) fn topic(self) -> Topic {
        match self {
            Self::SlowReadings => Topic::ReadingsSlow,
            Self::AcceptedReadings => Topic::ReadingsAccepted,
            Self::Alerts => Topic::Alerts,
            Self::CarePlans => Topic::CarePlans,
            Self::Silences => Topic::Silences,
        }
    }
}
