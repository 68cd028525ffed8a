//! The processor's topics.

use schemas::topics::{Topic, Topics};
use stream::transaction::Inputs;

/// What the processor consumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// `readings.raw`.
    RawReadings,
    /// `care.plans`.
    CarePlans,
}

/// The names of the topics the processor reads and writes.
#[derive(Debug, Clone)]
pub struct TaskTopics {
    /// `readings.raw`.
    pub raw: String,
    /// `readings.accepted`.
    pub accepted: String,
    /// `readings.rejected`.
    pub rejected: String,
    /// `readings.outcomes`.
    pub outcomes: String,
    /// `alerts`.
    pub alerts: String,
    /// `care.plans`.
    pub plans: String,
    /// `silences`.
    pub silences: String,
    /// `readings.slow`.
    pub slow: String,
}

impl TaskTopics {
    /// The topics of a deployment.
    pub fn of(topics: &Topics) -> Self {
        Self {
            raw: topics.name(Topic::ReadingsRaw),
            accepted: topics.name(Topic::ReadingsAccepted),
            rejected: topics.name(Topic::ReadingsRejected),
            outcomes: topics.name(Topic::ReadingsOutcomes),
            alerts: topics.name(Topic::Alerts),
            plans: topics.name(Topic::CarePlans),
            silences: topics.name(Topic::Silences),
            slow: topics.name(Topic::ReadingsSlow),
        }
    }

    /// The inputs of the loop, which raw readings drive.
    pub fn inputs(&self) -> Inputs<Input> {
        Inputs::driven_by(Input::RawReadings, &self.raw).and(Input::CarePlans, &self.plans)
    }

    /// The outputs that belong to the owner of a partition. Into `readings.raw` others reroute too.
    pub fn outputs(&self) -> Vec<String> {
        let Self { accepted, rejected, outcomes, alerts, silences, slow, .. } = self;
        [accepted, rejected, outcomes, alerts, silences, slow].map(String::clone).into()
    }
}
