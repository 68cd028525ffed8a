//! Different values of one device at one whole minute, that came in several requests or over Kafka: a device
//! that does not know seconds has measured twice within it, and to the platform the second is a version of
//! the first. Nothing but the receipt tells the sender that it may be no correction.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use clickhouse::error::Error;
use clickhouse::{Client, Row};
use clinical::clock::{self, Said};
use clinical::source::SourceDigest;
use clinical::{Kind, PatientId, ReadingId, Timestamp};
use schemas::fields::columns;
use serde::Deserialize;

/// Whether a version may be one of two measurements of a minute: no person has written it, or taken it back.
pub(super) fn concerns(said: Said, observed: Timestamp) -> bool {
    clock::is_doubted(said.kind)
        && !said.entered_in_error
        && !said.by_hand
        && clock::is_whole_minute(observed)
}

/// Of some readings those of which versions that [concern](concerns) have different values.
pub(super) async fn among(
    client: &Client,
    readings: &[ReadingId],
) -> Result<HashSet<ReadingId>, Error> {
    let mut asked: BTreeMap<Kind, (BTreeSet<&str>, BTreeSet<u32>)> = BTreeMap::new();
    for id in readings {
        let Ok(seconds) = u32::try_from(id.observation_time().seconds()) else { continue };
        let (patients, times) = asked.entry(id.kind()).or_default();
        patients.insert(id.patient().as_str());
        times.insert(seconds);
    }
    let mut found = HashSet::new();
    for (kind, (patients, times)) in asked {
        let query = client.query(&sql(kind)).param("patients", patients).param("times", times);
        let rows: Vec<ReadingRow> = query.fetch_all().await?;
        found.extend(rows.into_iter().filter_map(|row| row.into_id(kind)));
    }
    Ok(found)
}

/// Of all pairs of a patient and a time: that is more than is asked for, and of few there are two values.
fn sql(kind: Kind) -> String {
    let values: Vec<&str> = columns(kind).map(|(name, _)| name).collect();
    let values = values.join(", ");
    format!(
        "SELECT patient, toInt64(toUnixTimestamp(observation_time)) AS observed_seconds, \
         toString(source_id) AS written_source FROM {kind} \
         WHERE patient IN {{patients:Array(String)}} AND observation_time IN \
             (SELECT toDateTime(arrayJoin({{times:Array(UInt32)}}), 'UTC')) \
         AND data_input = 'device' AND NOT entered_in_error \
         GROUP BY patient, observation_time, source_id HAVING uniqExact({values}) > 1"
    )
}

#[derive(Debug, Row, Deserialize)]
struct ReadingRow {
    patient: String,
    observed_seconds: i64,
    written_source: String,
}

impl ReadingRow {
    fn into_id(self, kind: Kind) -> Option<ReadingId> {
        let patient = PatientId::parse(&self.patient).ok()?;
        let observed = Timestamp::from_seconds(self.observed_seconds);
        let source = SourceDigest::of_written(&self.written_source);
        Some(ReadingId::new(patient, kind, observed, source))
    }
}
