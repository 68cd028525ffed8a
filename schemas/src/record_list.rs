//! Every record that travels through a topic, with its schemas.

use crate::codec::{ReadBody, Record};
use crate::{body, reading, records, registry};

macro_rules! records {
    ($($record:ty = $name:literal $published:ident $(read by $read:path)?),+ $(,)?) => {
        $(impl Record for $record {
            const NAME: &'static str = $name;
            const SCHEMA: &'static str = include_str!(concat!("../avro/", $name, ".avsc"));
            const PUBLISHED: &'static [&'static str] = crate::published::$published;
            $(const READ: Option<ReadBody<Self>> = Some(ReadBody {
                current: |body| $read(body),
                planned: |body| $read(body),
            });)?
        })+

        /// Name, current schema and published schemas of every record.
        pub const RECORDS: &[(&str, &str, &[&str])] =
            &[$(($name, <$record>::SCHEMA, <$record>::PUBLISHED)),+];
    };
}

records! {
    reading::Reading = "reading" READING read by body::reading,
    records::AcceptedReading = "accepted_reading" ACCEPTED_READING read by body::accepted_reading,
    records::RejectedReading = "rejected_reading" REJECTED_READING,
    records::OutcomeTally = "outcome_tally" OUTCOME_TALLY,
    records::AlertEvent = "alert_event" ALERT_EVENT,
    records::CarePlan = "care_plan" CARE_PLAN,
    records::CareEvent = "care_event" CARE_EVENT,
    records::AuditEvent = "audit_event" AUDIT_EVENT,
    registry::Consortium = "registry_consortium" REGISTRY_CONSORTIUM,
    registry::Participant = "registry_participant" REGISTRY_PARTICIPANT,
    registry::TestLabEntry = "registry_test_lab" REGISTRY_TEST_LAB,
    registry::Assay = "registry_assay" REGISTRY_ASSAY,
    registry::DeviceModel = "registry_device" REGISTRY_DEVICE,
    registry::ActivityAggregation = "registry_activity_aggregation" REGISTRY_ACTIVITY_AGGREGATION,
    registry::Vendor = "registry_vendor" REGISTRY_VENDOR,
    registry::Practitioner = "registry_practitioner" REGISTRY_PRACTITIONER,
    registry::CareTeam = "registry_care_team" REGISTRY_CARE_TEAM,
    registry::SealedIdentity = "registry_identity" REGISTRY_IDENTITY,
    records::AuditSet = "audit_set" AUDIT_SET,
    records::EndedSession = "ended_session" ENDED_SESSION,
    records::RuleSet = "rule_set" RULE_SET,
    records::SilenceReport = "silence_report" SILENCE_REPORT,
    records::SlowReadings = "slow_readings" SLOW_READINGS,
    records::PersonKey = "person_key" PERSON_KEY,
    records::NotificationEvent = "notification_event" NOTIFICATION_EVENT,
}
