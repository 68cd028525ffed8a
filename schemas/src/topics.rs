//! The topics: names, how many partitions, how long they keep.

mod check;

use std::fmt;

pub use check::FoundTopics;

macro_rules! topics {
    ($($(#[$doc:meta])+ $topic:ident = $name:literal,)+) => {
        /// What a topic is for; [`Topics::name`] gives its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Topic {
            $($(#[$doc])+ $topic,)+
        }

        impl Topic {
            /// Every topic.
            pub const ALL: [Topic; [$(Topic::$topic),+].len()] = [$(Topic::$topic),+];

            /// The name without the deployment's prefix.
            pub const fn base_name(self) -> &'static str {
                match self {
                    $(Topic::$topic => $name,)+
                }
            }
        }
    };
}

topics! {
    /// Readings as sent. Key: patient.
    ReadingsRaw = "readings.raw",
    /// Versions kept. Key: reading id.
    ReadingsAccepted = "readings.accepted",
    /// Raw records that were not accepted, whole, with the reason.
    ReadingsRejected = "readings.rejected",
    /// What became of each range of raw records. Key: partition.
    ReadingsOutcomes = "readings.outcomes",
    /// The last readings of slow kinds. Key: patient.
    ReadingsSlow = "readings.slow",
    /// Alert events. Key: alert id.
    Alerts = "alerts",
    /// Plans of patients. Key: patient.
    CarePlans = "care.plans",
    /// What changes of the built-in rule set, and from when on. Key: the rule set's name.
    RuleSets = "rule.sets",
    /// How many patients of each group were heard, and which groups are silent. Key: partition.
    Silences = "silences",
    /// Who did what for a patient. Key: patient.
    CareEvents = "care.events",
    /// Who was notified of alerts that nobody saw to, and who could not be. Key: patient.
    Notifications = "notifications",
    /// Accesses, allowed or denied.
    AuditEvents = "audit.events",
    /// Records that ClickHouse refuses, whole, with its error. The dead-letter topic of the writer.
    StoreDeadLetters = "store.dead_letters",
    /// Master list of consortia.
    RegistryConsortia = "registry.consortia",
    /// Master list of patients.
    RegistryParticipants = "registry.participants",
    /// Master list of laboratories.
    RegistryTestLabs = "registry.test_labs",
    /// Master list of HbA1c assays.
    RegistryAssays = "registry.assays",
    /// Master list of device models.
    RegistryDevices = "registry.devices",
    /// How models aggregate activity.
    RegistryActivityAggregations = "registry.activity_aggregations",
    /// Vendors and their credentials.
    RegistryVendors = "registry.vendors",
    /// Physicians and operators.
    RegistryPractitioners = "registry.practitioners",
    /// Who follows whom.
    RegistryCareTeams = "registry.care_teams",
    /// The keys that patients' free text and identities are sealed with, wrapped. Key: patient; a tombstone erases one.
    RegistryKeys = "registry.keys",
    /// Who patients are to people, sealed. Key: patient.
    RegistryIdentities = "registry.identities",
    /// Sessions that have ended before their time. Key: session.
    SessionsEnded = "sessions.ended",
    /// The sets of patients that accesses to lists refer to. Key: set and part.
    AuditSets = "audit.sets",
}

/// The largest batch of raw records that the broker takes, bytes. A reading has a few hundred; what
/// could not be carried whole to `readings.rejected` must not come in.
const LARGEST_RAW_RECORD: u32 = 1 << 20;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Topic {
    /// Whether it has as many partitions as `readings.raw`, so that one process owns partition *n*
    /// of them all; the others have one.
    pub const fn is_partitioned_by_patient(self) -> bool {
        matches!(
            self,
            Topic::ReadingsRaw
                | Topic::ReadingsAccepted
                | Topic::ReadingsRejected
                | Topic::ReadingsOutcomes
                | Topic::ReadingsSlow
                | Topic::Alerts
                | Topic::Silences
                | Topic::CarePlans
                | Topic::CareEvents
                | Topic::Notifications
        )
    }

    /// The topic's settings at the broker.
    pub fn settings(self) -> Vec<(&'static str, String)> {
        let keep = |days: i64| {
            vec![
                ("cleanup.policy", "delete".to_owned()),
                ("retention.ms", (days * DAY_MS).to_string()),
            ]
        };
        match self {
            // The broker's clock says when a reading was received; a sender's cannot be trusted.
            Topic::ReadingsRaw => {
                let mut settings = keep(7);
                settings.push(("message.timestamp.type", "LogAppendTime".to_owned()));
                settings.push(("max.message.bytes", LARGEST_RAW_RECORD.to_string()));
                settings
            }
            // Longer than the window of versions and rules (40 days), from which state is rebuilt.
            Topic::ReadingsAccepted => keep(60),
            // They carry raw records whole, and something about them.
            Topic::ReadingsRejected | Topic::StoreDeadLetters => {
                let mut settings = keep(30);
                settings.push(("max.message.bytes", (2 * LARGEST_RAW_RECORD).to_string()));
                settings
            }
            Topic::ReadingsOutcomes => keep(30),
            Topic::Alerts => vec![
                ("cleanup.policy", "compact,delete".to_owned()),
                ("retention.ms", (400 * DAY_MS).to_string()),
            ],
            Topic::CareEvents | Topic::Notifications | Topic::AuditEvents => keep(5 * 366),
            // A key that was erased has to be gone from the brokers' disks as well, a day later at most;
            // its tombstone stays for as long as a dashboard may be away.
            Topic::RegistryKeys => vec![
                ("cleanup.policy", "compact".to_owned()),
                ("max.compaction.lag.ms", DAY_MS.to_string()),
                ("segment.ms", DAY_MS.to_string()),
                ("delete.retention.ms", (30 * DAY_MS).to_string()),
            ],
            // No session lasts longer than a working day: what is older would have ended by itself. A
            // broker deletes whole segments, so they are short.
            Topic::SessionsEnded => vec![
                ("cleanup.policy", "compact,delete".to_owned()),
                ("retention.ms", DAY_MS.to_string()),
                ("segment.ms", (DAY_MS / 8).to_string()),
            ],
            _ => vec![("cleanup.policy", "compact".to_owned())],
        }
    }
}

/// The topics of a deployment: their names begin with its prefix.
#[derive(Debug, Clone, Default)]
pub struct Topics {
    prefix: String,
}

impl Topics {
    /// Topics whose names begin with a prefix (may be empty).
    pub fn with_prefix(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// A topic's full name.
    pub fn name(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.base_name())
    }

    /// The consumer group that brings records to ClickHouse: what it has consumed is stored.
    pub fn writer_group(&self) -> String {
        format!("{}mimamori-writer", self.prefix)
    }

    /// Full names of topics.
    pub fn names(&self, topics: &[Topic]) -> Vec<String> {
        topics.iter().map(|topic| self.name(*topic)).collect()
    }

    /// The prefix; consumer groups and transactional ids begin with it too.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base_name())
    }
}
