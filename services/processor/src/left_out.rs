//! What rules have to do without because it cannot be read or followed.

use std::fmt::Display;

use chassis::Metrics;
use prometheus::{IntCounter, IntCounterVec};
use schemas::topics::Topic;
use stream::record::Incoming;
use stream::transaction::Record;

use crate::replayed::Replayed;

/// What is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A record of a partition's state that cannot be read, or whose content cannot be restored.
    OfState(Topic),
    /// An entry of the list of consortia that cannot be read, or names no zone that there is.
    Consortium,
    /// An entry of the list of devices that cannot be read.
    Device,
    /// A report about silent groups that cannot be read.
    Report,
    /// A rule set that cannot be read, or asks for what no rule can do.
    RuleSet,
    /// A care plan that asks for what no rule can do.
    Plan,
}

impl What {
    fn topic(self) -> Topic {
        match self {
            Self::OfState(topic) => topic,
            Self::Consortium => Topic::RegistryConsortia,
            Self::Device => Topic::RegistryDevices,
            Self::Report => Topic::Silences,
            Self::RuleSet => Topic::RuleSets,
            Self::Plan => Topic::CarePlans,
        }
    }

    fn consequence(self) -> &'static str {
        match self {
            Self::OfState(_) => "a record is left out of its patient's state",
            Self::Consortium => {
                "an entry of the list of consortia cannot be used: days, mornings and evenings of its \
                 patients without a schedule are Japan's. Enter the consortium again"
            }
            Self::Device => {
                "an entry of the list of devices cannot be read: its product is not trusted"
            }
            Self::Report => {
                "a report about silent groups cannot be read: as long as it would be used no silence \
                 begins or ends"
            }
            Self::RuleSet => {
                "a rule set is not usable, and its name has none any more: what came into force before \
                 it holds. `mimamori rules check` says why"
            }
            Self::Plan => "a care plan is not usable; the defaults of the rule set hold",
        }
    }
}

/// Where a record is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    partition: i32,
    offset: i64,
}

impl From<&Record<'_>> for Place {
    fn from(record: &Record<'_>) -> Self {
        Self { partition: record.partition, offset: record.offset }
    }
}

impl From<&Incoming> for Place {
    fn from(record: &Incoming) -> Self {
        Self { partition: record.partition, offset: record.offset }
    }
}

/// Counts what rules have to do without. Clones share the counters.
#[derive(Clone)]
pub struct LeftOut {
    records: IntCounterVec,
    plans: IntCounter,
    rule_sets: IntCounter,
}

impl LeftOut {
    /// The counters, at nothing.
    ///
    /// # Errors
    /// When the names are taken.
    pub fn register(metrics: &Metrics) -> chassis::metrics::Registered<Self> {
        let records = metrics.counters(
            "left_out_total",
            "Records that have no part in a patient's state because they cannot be read",
            &["topic"],
        )?;
        // Only a series that is there from the start is seen to grow.
        for replayed in Replayed::ALL {
            records.with_label_values(&[replayed.topic().base_name()]);
        }
        for list in [Topic::RegistryConsortia, Topic::RegistryDevices] {
            records.with_label_values(&[list.base_name()]);
        }
        Ok(Self {
            records,
            plans: metrics.counter(
                "unusable_plans_total",
                "Care plans that no rule can follow; the defaults of the rule set hold instead",
            )?,
            rule_sets: metrics.counter(
                "unusable_rule_sets_total",
                "Rule sets that cannot be read or followed; each takes away the former record of its name",
            )?,
        })
    }

    /// Counts what is left out, and logs where it is and what follows.
    pub(crate) fn count(&self, what: What, at: impl Into<Place>, error: impl Display) {
        match what {
            What::Plan => self.plans.inc(),
            What::RuleSet => self.rule_sets.inc(),
            _ => self.records.with_label_values(&[what.topic().base_name()]).inc(),
        }
        let (Place { partition, offset }, consequence) = (at.into(), what.consequence());
        let topic = what.topic().base_name();
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    kafka.topic = topic,
                    kafka.partition = partition,
                    kafka.offset = offset,
                    %error,
                    "{consequence}"
                )
            };
        }
        match what {
            // Its author is informed as well, and the patient is watched by the defaults.
            What::Plan => log!(warn),
            _ => log!(error),
        }
    }
}
