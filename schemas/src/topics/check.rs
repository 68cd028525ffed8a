//! Whether the topics at the broker are as the platform needs them. A topic that somebody else made,
//! or changed, is used no better than it is: with the senders' time instead of the broker's, true
//! readings are refused and late ones wake a physician.

use std::collections::BTreeMap;

use super::{DAY_MS, LARGEST_RAW_RECORD, Topic, Topics};

/// Topics as they are at the broker, by full name: how many partitions, and the settings; none where
/// the broker does not tell them.
pub type FoundTopics = BTreeMap<String, (i32, Option<BTreeMap<String, String>>)>;

impl Topic {
    /// The least time that it has to keep its records, days; none where it keeps the newest of each
    /// key. Shorter than what `mimamori topics create` sets, for those who have to save room.
    pub const fn least_retention_days(self) -> Option<i64> {
        match self {
            // A weekend on which nobody processes, and the day after it.
            Topic::ReadingsRaw => Some(3),
            // The window of versions and rules, of which the state is rebuilt: 41 days and an hour.
            Topic::ReadingsAccepted => Some(42),
            // As long as people come back to what was refused.
            Topic::ReadingsRejected | Topic::ReadingsOutcomes | Topic::StoreDeadLetters => Some(7),
            // What medical records require.
            Topic::CareEvents | Topic::Notifications | Topic::AuditEvents => Some(5 * 365),
            // Longer than any session lasts.
            Topic::SessionsEnded => Some(1),
            // An alert's last event has to be there as long as its readings are.
            Topic::Alerts => Some(42),
            _ => None,
        }
    }

    /// The least size of a batch that it has to take, bytes; none where it does not matter.
    const fn least_message_bytes(self) -> Option<i64> {
        match self {
            Topic::ReadingsRejected | Topic::StoreDeadLetters => {
                Some(2 * LARGEST_RAW_RECORD as i64)
            }
            _ => None,
        }
    }

    /// What is wrong with a topic's settings, in one clause each.
    fn faults(self, settings: &BTreeMap<String, String>) -> Vec<String> {
        let get = |name: &str| settings.get(name).map(String::as_str);
        let number = |name: &str| get(name).and_then(|value| value.parse::<i64>().ok());
        let mut faults = Vec::new();
        let wanted = |name: &str| {
            self.settings().into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
        };
        if let (Some(wanted), Some(found)) =
            (wanted("message.timestamp.type"), get("message.timestamp.type"))
            && wanted != found
        {
            faults.push(format!(
                "message.timestamp.type is {found} and has to be {wanted}, or the time of receipt \
                 is whatever senders say"
            ));
        }
        if let (Some(wanted), Some(found)) = (wanted("cleanup.policy"), get("cleanup.policy"))
            && !is_good_policy(&wanted, found)
        {
            faults.push(format!(
                "cleanup.policy is {found} and has to be {wanted}, or records vanish that are needed"
            ));
        }
        let deletes = get("cleanup.policy").is_none_or(|policy| policy.contains("delete"));
        if let Some(days) = self.least_retention_days()
            && deletes
        {
            // A negative number is for ever.
            if let Some(found) = number("retention.ms").filter(|ms| (0..days * DAY_MS).contains(ms))
            {
                faults.push(format!(
                    "retention.ms is {found} and has to be at least {} ({days} days)",
                    days * DAY_MS
                ));
            }
            if let Some(found) = number("retention.bytes").filter(|bytes| *bytes >= 0) {
                faults.push(format!(
                    "retention.bytes is {found} and has to be -1, or records vanish before their time"
                ));
            }
        }
        if let (Some(least), Some(found)) =
            (self.least_message_bytes(), number("max.message.bytes"))
            && found < least
        {
            faults.push(format!(
                "max.message.bytes is {found} and has to be at least {least}, or what was refused \
                 cannot be kept whole"
            ));
        }
        faults
    }
}

/// Whether a clean-up keeps what the wanted one keeps.
fn is_good_policy(wanted: &str, found: &str) -> bool {
    let parts = |policy: &str| {
        let mut parts: Vec<_> = policy.split(',').map(|part| part.trim().to_owned()).collect();
        parts.sort();
        parts
    };
    let (wanted, found) = (parts(wanted), parts(found));
    // Compacted only, a topic keeps more than if it is compacted and in the end deleted.
    wanted == found || (wanted == ["compact", "delete"] && found == ["compact"])
}

impl Topics {
    /// What is wrong with topics at the broker: one sentence for each of them that is not fit. One
    /// that the broker does not have is not found, and nothing is said of it.
    pub fn faults(&self, used: &[Topic], found: &FoundTopics) -> Vec<String> {
        let found: Vec<_> = (used.iter())
            .filter_map(|topic| Some((*topic, found.get(&self.name(*topic))?)))
            .collect();
        let by_patient: Vec<_> =
            found.iter().filter(|(topic, _)| topic.is_partitioned_by_patient()).collect();
        // Raw readings decide, or the first that is there.
        let common = by_patient
            .iter()
            .find(|(topic, _)| *topic == Topic::ReadingsRaw)
            .or_else(|| by_patient.first())
            .map(|(topic, (partitions, _))| (*topic, *partitions));
        found
            .iter()
            .filter_map(|(topic, (found, settings))| {
                let settings = settings.as_ref();
                let mut faults = settings.map(|all| topic.faults(all)).unwrap_or_default();
                match common.filter(|_| topic.is_partitioned_by_patient()) {
                    Some((other, number)) if number != *found => faults.push(format!(
                        "it has {found} partitions and {} has {number}; they have to be as many, or \
                         a patient's records are not together",
                        self.name(other)
                    )),
                    None if !topic.is_partitioned_by_patient() && *found != 1 => {
                        faults.push(format!("it has {found} partitions and has to have 1"));
                    }
                    _ => {}
                }
                (!faults.is_empty())
                    .then(|| format!("topic {} is not fit: {}", self.name(*topic), faults.join("; ")))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USED: [Topic; 4] =
        [Topic::ReadingsRaw, Topic::ReadingsAccepted, Topic::ReadingsRejected, Topic::Alerts];

    /// The topics as they are created, with one setting changed.
    fn faults(
        changed: Topic,
        change: impl Fn(&mut i32, &mut BTreeMap<String, String>),
    ) -> Vec<String> {
        let topics = Topics::with_prefix("demo.");
        let found: FoundTopics = Topic::ALL
            .into_iter()
            .map(|topic| {
                let mut partitions = if topic.is_partitioned_by_patient() { 12 } else { 1 };
                let mut settings: BTreeMap<_, _> = (topic.settings().into_iter())
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect();
                settings.entry("message.timestamp.type".to_owned()).or_insert("CreateTime".into());
                settings.insert("retention.bytes".to_owned(), "-1".to_owned());
                if topic == changed {
                    change(&mut partitions, &mut settings);
                }
                (topics.name(topic), (partitions, Some(settings)))
            })
            .collect();
        topics.faults(&Topic::ALL, &found)
    }

    fn setting(topic: Topic, name: &str, value: &str) -> Vec<String> {
        faults(topic, |_, settings| {
            settings.insert(name.to_owned(), value.to_owned());
        })
    }

    #[test]
    fn topics_as_they_are_created_are_fit() {
        assert_eq!(faults(Topic::ReadingsRaw, |_, _| {}), Vec::<String>::new());
        assert_eq!(setting(Topic::Alerts, "cleanup.policy", "delete,compact"), [""; 0]);
        assert_eq!(setting(Topic::Alerts, "cleanup.policy", "compact"), [""; 0]);
        assert_eq!(setting(Topic::ReadingsAccepted, "retention.ms", "-1"), [""; 0]);
        assert_eq!(setting(Topic::ReadingsRaw, "max.message.bytes", "9000000"), [""; 0]);
    }

    #[test]
    fn senders_time_instead_of_the_brokers_is_a_fault() {
        let [fault] = &setting(Topic::ReadingsRaw, "message.timestamp.type", "CreateTime")[..]
        else {
            panic!("one sentence")
        };
        assert!(fault.starts_with("topic demo.readings.raw is not fit: "), "{fault}");
        assert!(fault.contains("LogAppendTime"), "{fault}");
    }

    #[test]
    fn one_partition_among_twelve_is_a_fault_of_whoever_differs() {
        let faults_of = |topic, number| faults(topic, |partitions, _| *partitions = number);
        let [fault] = &faults_of(Topic::Alerts, 1)[..] else { panic!("one sentence") };
        assert!(fault.contains("demo.alerts") && fault.contains("1 partitions"), "{fault}");
        let all = faults_of(Topic::ReadingsRaw, 1);
        assert_eq!(all.len(), 9, "raw readings decide: {all:?}");
        let [fault] = &faults_of(Topic::AuditEvents, 3)[..] else { panic!("one sentence") };
        assert!(fault.contains("has to have 1"), "{fault}");
    }

    #[test]
    fn what_vanishes_too_early_is_a_fault_and_one_sentence_says_all_of_a_topic() {
        assert_eq!(setting(Topic::ReadingsAccepted, "retention.ms", "604800000").len(), 1);
        assert_eq!(setting(Topic::SessionsEnded, "retention.ms", "28800000").len(), 1);
        assert_eq!(setting(Topic::ReadingsRaw, "retention.bytes", "1000000").len(), 1);
        assert_eq!(setting(Topic::CarePlans, "cleanup.policy", "delete").len(), 1);
        assert_eq!(setting(Topic::RuleSets, "cleanup.policy", "delete").len(), 1);
        assert_eq!(setting(Topic::ReadingsSlow, "cleanup.policy", "delete").len(), 1);
        assert_eq!(setting(Topic::ReadingsAccepted, "cleanup.policy", "compact").len(), 1);
        assert_eq!(setting(Topic::ReadingsRejected, "max.message.bytes", "1048588").len(), 1);
        let [fault] = &faults(Topic::ReadingsRejected, |partitions, settings| {
            *partitions = 3;
            settings.insert("retention.ms".to_owned(), "1".to_owned());
        })[..] else {
            panic!("one sentence")
        };
        assert!(fault.contains("retention.ms") && fault.contains("3 partitions"), "{fault}");
    }

    #[test]
    fn what_the_broker_does_not_tell_is_no_fault() {
        let topics = Topics::default();
        let silent = topics.names(&USED).into_iter().map(|name| (name, (12, None))).collect();
        assert!(topics.faults(&USED, &silent).is_empty());
        assert!(topics.faults(&USED, &FoundTopics::new()).is_empty());
    }
}
