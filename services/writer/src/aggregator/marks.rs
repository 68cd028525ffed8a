//! Which hours have to be computed anew, and how far that has come.

use std::collections::BTreeSet;
use std::time::Duration;

use clickhouse::Row;
use clickhouse::query::Query;
use clinical::Kind;
use clinical::metrics;
use schemas::stored::NOW;
use serde::{Deserialize, Serialize};

use crate::faults::StoreError;
use crate::store::Store;

/// An hour that was touched by an insert. Their order is that of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Row, Serialize, Deserialize)]
pub(super) struct Mark {
    /// When the insert began, milliseconds since the epoch.
    pub(super) touched_millis: i64,
    pub(super) of_kind: String,
    pub(super) of_patient: String,
    /// The hour's beginning, seconds since the epoch.
    pub(super) hour_seconds: u32,
}

impl Mark {
    /// Before all marks of an instant.
    pub(super) fn before(touched_millis: i64) -> Self {
        Self { touched_millis, ..Self::default() }
    }
}

/// The present by the clock of ClickHouse, milliseconds since the epoch.
pub(super) async fn clock(store: &Store) -> Result<i64, StoreError> {
    store.bounded(store.client().query(NOW).fetch_one()).await
}

/// The mark that was computed last; none where nothing ever was.
pub(super) async fn progress(store: &Store) -> Result<Option<Mark>, StoreError> {
    let query = "SELECT toUnixTimestamp64Milli(touched_at) AS touched_millis, kind AS of_kind, \
         patient AS of_patient, toUnixTimestamp(hour) AS hour_seconds FROM aggregation_progress \
         WHERE name = 'hours' ORDER BY touched_at DESC, kind DESC, patient DESC, hour DESC LIMIT 1";
    store.bounded(store.client().query(query).fetch_optional()).await
}

/// Notes that everything up to a mark is computed.
pub(super) async fn keep_progress(store: &Store, done: &Mark) -> Result<(), StoreError> {
    let statement = "INSERT INTO aggregation_progress (name, touched_at, kind, patient, hour) \
         SELECT 'hours', fromUnixTimestamp64Milli({touched:Int64}, 'UTC'), {kind:String}, \
         {patient:String}, toDateTime({hour:UInt32}, 'UTC')";
    store.bounded(with(store.client().query(statement), done).execute()).await
}

/// The first marks after one, of inserts that began before a time.
pub(super) async fn after(
    store: &Store,
    done: &Mark,
    before_millis: i64,
    most: u32,
) -> Result<Vec<Mark>, StoreError> {
    // The condition on the time alone is for the primary key.
    let query = "SELECT toUnixTimestamp64Milli(touched_at) AS touched_millis, toString(kind) AS of_kind, \
         patient AS of_patient, toUnixTimestamp(hour) AS hour_seconds FROM touched_hours \
         WHERE touched_at >= fromUnixTimestamp64Milli({touched:Int64}, 'UTC') \
         AND touched_at < fromUnixTimestamp64Milli({before:Int64}, 'UTC') \
         AND (touched_at, toString(kind), patient, toUnixTimestamp(hour)) > \
         (fromUnixTimestamp64Milli({touched:Int64}, 'UTC'), {kind:String}, {patient:String}, {hour:UInt32}) \
         ORDER BY touched_at, kind, patient, hour LIMIT {most:UInt32}";
    let query =
        with(store.client().query(query), done).param("before", before_millis).param("most", most);
    store.bounded(query.fetch_all()).await
}

fn with(query: Query, mark: &Mark) -> Query {
    query
        .param("touched", mark.touched_millis)
        .param("kind", &mark.of_kind)
        .param("patient", &mark.of_patient)
        .param("hour", mark.hour_seconds)
}

/// A month of a kind is marked in so much time.
const MONTH_WITHIN: Duration = Duration::from_secs(600);
/// What the end of the first marking is noted as: until progress has passed it, hours are missing.
const FIRST: &str = "first";

/// Marks, unless it is done, the hours of all that was stored before there were marks, month by month.
/// Each month is noted when it is marked. Where it fails, it goes on there when it is called again.
pub(super) async fn mark_first(store: &Store) -> Result<(), StoreError> {
    let query = "SELECT DISTINCT toString(name) FROM aggregation_progress";
    let noted: Vec<String> = store.bounded(store.client().query(query).fetch_all()).await?;
    let mut noted: BTreeSet<String> = noted.into_iter().collect();
    if noted.contains(FIRST) {
        return Ok(());
    }
    for kind in Kind::ALL.into_iter().filter(|kind| !metrics::series(*kind).is_empty()) {
        for month in months(store, kind).await? {
            let name = format!("marked {kind} {month}");
            if noted.insert(name.clone()) {
                mark_month(store, kind, &month).await?;
                note(store, &name).await?;
            }
        }
    }
    note(store, FIRST).await
}

/// The months of which readings of a kind are stored, as partitions.
async fn months(store: &Store, kind: Kind) -> Result<Vec<String>, StoreError> {
    let query = "SELECT DISTINCT partition_id FROM system.parts \
         WHERE database = currentDatabase() AND table = {kind:String} AND active ORDER BY partition_id";
    let query = store.client().query(query).param("kind", kind.as_str());
    store.bounded(query.fetch_all()).await
}

/// A mark that is there twice changes nothing.
async fn mark_month(store: &Store, kind: Kind, month: &str) -> Result<(), StoreError> {
    let statement = format!(
        "INSERT INTO touched_hours (touched_at, kind, patient, hour) \
         SELECT DISTINCT now64(3, 'UTC'), '{kind}', patient, \
         arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) \
         FROM {kind} WHERE _partition_id = {{month:String}} \
         AND toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175"
    );
    let marking = store.client().query(&statement).param("month", month);
    let marking = marking.with_setting("max_threads", "1").with_setting("priority", "10");
    store.execute_within(MONTH_WITHIN, marking).await
}

/// Notes that something is done by now.
async fn note(store: &Store, name: &str) -> Result<(), StoreError> {
    let statement = "INSERT INTO aggregation_progress (name, touched_at) \
         SELECT {name:String}, now64(3, 'UTC')";
    store.bounded(store.client().query(statement).param("name", name).execute()).await
}
