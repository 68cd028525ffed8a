//! What is asked of ClickHouse.

use std::pin::Pin;
use std::time::Duration;

use ::store::QueryError;
use chassis::ClickHouseArgs;
use clickhouse::error::Error;
use clickhouse::{Client, Row};
use clinical::clock::Said;
use clinical::source::SourceDigest;
use clinical::{Kind, PatientId, ReadingId, Timestamp};
use schemas::reading::DataInput;
use schemas::records::StoredOutcome;
use schemas::stored::{NOW, by_name, settled_after};
use serde::Deserialize;

use super::cursor::Cursor;
use super::question::Question;
use super::{DeliveredVersion, Deliveries, Delivery, Version, Warning, same_minute};
use crate::registry::Grant;

/// How long a query may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Memory and threads that a query may have: receipts must leave ClickHouse to what is stored and to
/// physicians.
const BOUNDS: [(&str, &str); 4] = [
    ("max_execution_time", "5"),
    ("max_memory_usage", "268435456"),
    ("max_threads", "1"),
    ("priority", "10"),
];
/// Versions of a reading that a receipt lists, at most.
const MOST_VERSIONS: u32 = 1_000;

/// What is waited for.
pub(crate) type Answer<T> = Pin<Box<dyn Future<Output = Result<T, QueryError>> + Send>>;

/// Where receipts come from, behind a seam so that tests can make it slow, wrong or gone.
pub(crate) trait ReceiptStore: Send + Sync + 'static {
    /// All versions of a reading, whoever has sent them, the greatest first.
    fn versions(&self, id: &ReadingId, vendor_id: &str) -> Answer<Vec<Version>>;

    /// The next deliveries that a grant may see, one more than the question's limit at most.
    fn deliveries(&self, grant: &Grant, question: &Question) -> Answer<Deliveries>;
}

/// The tables in ClickHouse.
#[derive(Clone)]
pub(crate) struct ClickHouse {
    client: Client,
    /// Milliseconds after which a row counts as stored.
    settling: i64,
}

impl ClickHouse {
    /// The tables of a database, into which an insert takes as long as given at most. ClickHouse
    /// need not be reachable yet.
    ///
    /// A row says when its insert began, and is seen when it ends. One that began before may end
    /// after one that began later; what a sender has read past must not come after it.
    pub(crate) fn new(clickhouse: &ClickHouseArgs, insert_timeout: Duration) -> Self {
        let mut client = ::store::client(clickhouse, "mimamori-gateway");
        for (name, value) in BOUNDS {
            client = client.with_setting(name, value);
        }
        let settling = settled_after(insert_timeout).as_millis();
        Self { client, settling: i64::try_from(settling).unwrap_or(i64::MAX) }
    }
}

async fn within<T>(question: impl Future<Output = Result<T, Error>>) -> Result<T, QueryError> {
    Ok(::store::within(DEADLINE, question).await?)
}

#[derive(Debug, Row, Deserialize)]
struct VersionRow {
    is_own: bool,
    updated_millis: i64,
    outcome_name: String,
    in_error: bool,
    data_input_name: String,
    written_warnings: String,
    received_millis: i64,
    origin_partition: i32,
    origin_offset: i64,
}

/// Versions that were written before a source was known as it is now may be of another `source`.
fn versions_sql(kind: Kind) -> String {
    format!(
        "SELECT toBool(toString(vendor) = {{vendor:String}}) AS is_own, toUnixTimestamp64Milli(update_time) AS updated_millis, \
         toString(outcome) AS outcome_name, entered_in_error AS in_error, \
         toString(data_input) AS data_input_name, toString(warnings) AS written_warnings, \
         toUnixTimestamp64Milli(received_at) AS received_millis, \
         origin_partition, origin_offset \
         FROM {kind} WHERE patient = {{patient:String}} \
         AND observation_time = toDateTime({{observed:UInt32}}, 'UTC') \
         AND xxh3(toString(source_id)) = {{source:UInt64}} \
         ORDER BY version DESC, received_at DESC LIMIT 1 BY version LIMIT {MOST_VERSIONS}"
    )
}

#[derive(Debug, Row, Deserialize)]
struct DeliveryRow {
    stored_millis: i64,
    received_millis: i64,
    origin_partition: i32,
    origin_offset: i64,
    patient: String,
    kind_name: String,
    observed_seconds: i64,
    written_source: String,
    updated_millis: i64,
    in_error: bool,
    data_input_name: String,
    written_warnings: String,
    outcome_name: String,
    reason_name: String,
    detail: String,
}

/// In the order of the primary key, so that a page costs as much as it holds. `every` says that the
/// vendor may write for every consortium, and an empty outcome that all are asked for.
const DELIVERIES: &str = "\
     SELECT toUnixTimestamp64Milli(stored_at) AS stored_millis, \
     toUnixTimestamp64Milli(received_at) AS received_millis, \
     origin_partition, origin_offset, patient, toString(kind) AS kind_name, \
     toInt64(toUnixTimestamp(observation_time)) AS observed_seconds, \
     toString(source_id) AS written_source, \
     toUnixTimestamp64Milli(update_time) AS updated_millis, entered_in_error AS in_error, \
     toString(data_input) AS data_input_name, toString(warnings) AS written_warnings, \
     toString(outcome) AS outcome_name, toString(reason) AS reason_name, detail \
     FROM deliveries WHERE vendor = {vendor:String} \
     AND stored_at >= fromUnixTimestamp64Milli({after:Int64}, 'UTC') \
     AND stored_at <= fromUnixTimestamp64Milli({settled:Int64}, 'UTC') \
     AND (toUnixTimestamp64Milli(stored_at), origin_partition, origin_offset) \
         > ({after:Int64}, {after_partition:Int32}, {after_offset:Int64}) \
     AND received_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') \
     AND ({outcome:String} = '' OR outcome = {outcome:String}) \
     AND ({every:Bool} OR patient = '' \
          OR has({consortia:Array(String)}, substringIndex(patient, '/', 1))) \
     ORDER BY vendor, stored_at, origin_partition, origin_offset \
     LIMIT 1 BY stored_at, origin_partition, origin_offset LIMIT {limit:UInt64}";

impl ReceiptStore for ClickHouse {
    fn versions(&self, id: &ReadingId, vendor_id: &str) -> Answer<Vec<Version>> {
        let (kind, observed) = (id.kind(), id.observation_time());
        let Ok(seconds) = u32::try_from(observed.seconds()) else {
            return Box::pin(async { Ok(Vec::new()) });
        };
        let client = self.client.clone();
        let query = self
            .client
            .query(&versions_sql(kind))
            .param("vendor", vendor_id)
            .param("patient", id.patient().as_str())
            .param("observed", seconds)
            .param("source", id.source().bits());
        let id = id.clone();
        Box::pin(async move {
            let rows: Vec<VersionRow> = within(query.fetch_all()).await?;
            let concerns = |row: &&VersionRow| same_minute::concerns(row.said(kind), observed);
            let is_asked = rows.iter().filter(concerns).nth(1).is_some();
            let asked = if is_asked { std::slice::from_ref(&id) } else { &[] };
            let of_minute = within(same_minute::among(&client, asked)).await?;
            let is_of_minute = of_minute.contains(&id);
            let version = |row: VersionRow| row.into_version(kind, observed, is_of_minute);
            Ok(rows.into_iter().map(version).collect())
        })
    }

    fn deliveries(&self, grant: &Grant, question: &Question) -> Answer<Deliveries> {
        let consortia: Vec<&str> = grant.consortia().collect();
        let client = self.client.clone();
        let now = self.client.query(NOW);
        let settling = self.settling;
        let query = self
            .client
            .query(DELIVERIES)
            .param("vendor", grant.vendor_id.as_str())
            .param("after", question.after.stored_at)
            .param("after_partition", question.after.partition)
            .param("after_offset", question.after.offset)
            .param("since", question.since.millis())
            .param("outcome", question.outcome.unwrap_or_default())
            .param("every", grant.covers_every_consortium())
            .param("consortia", consortia)
            .param("limit", u64::from(question.limit) + 1);
        Box::pin(async move {
            let (settled, rows) = within(async move {
                let settled = now.fetch_one::<i64>().await?.saturating_sub(settling);
                let rows = query.param("settled", settled).fetch_all::<DeliveryRow>().await?;
                Ok::<_, Error>((settled, rows))
            })
            .await?;
            let list = rows.into_iter().map(DeliveryRow::into_delivery);
            let mut list: Vec<(Delivery, bool)> = list.collect::<Result<_, _>>()?;
            let second = list.iter().filter(|(_, may_be_second)| *may_be_second);
            let second = second.filter_map(|(delivery, _)| delivery.version.as_ref());
            let asked: Vec<ReadingId> = second.map(|version| version.id.clone()).collect();
            let of_minute = within(same_minute::among(&client, &asked)).await?;
            for (delivery, _) in list.iter_mut().filter(|(_, may_be_second)| *may_be_second) {
                let version = delivery.version.as_mut();
                if let Some(version) = version.filter(|it| of_minute.contains(&it.id)) {
                    version.warnings.push(Warning::of_minute());
                }
            }
            let list = list.into_iter().map(|(delivery, _)| delivery).collect();
            Ok(Deliveries { list, settled: Cursor::behind(settled) })
        })
    }
}

/// What a row says beside its times. Of deliveries from before the column was there nothing says who wrote
/// them: a device, as far as anybody knows.
fn said(kind: Kind, entered_in_error: bool, data_input: &str) -> Said {
    let data_input: Option<DataInput> = by_name(data_input);
    Said { kind, entered_in_error, by_hand: data_input.is_some_and(DataInput::is_by_hand) }
}

impl VersionRow {
    fn said(&self, kind: Kind) -> Said {
        said(kind, self.in_error, &self.data_input_name)
    }

    /// The version of a reading, of which versions of its device may have different values.
    fn into_version(self, kind: Kind, observed: Timestamp, is_of_minute: bool) -> Version {
        let update_time = Timestamp::from_millis(self.updated_millis);
        let received = Timestamp::from_millis(self.received_millis);
        let said = self.said(kind);
        let mut warnings = Warning::of_row(&self.written_warnings);
        warnings.extend(Warning::of_times(said, (observed, update_time), received));
        let is_second = is_of_minute && same_minute::concerns(said, observed);
        warnings.extend(is_second.then(Warning::of_minute));
        Version {
            is_own: self.is_own,
            update_time,
            outcome: self.outcome_name,
            entered_in_error: self.in_error,
            warnings,
            received,
            partition: self.origin_partition,
            offset: self.origin_offset,
        }
    }
}

impl DeliveryRow {
    /// The delivery, and whether it may be the second measurement of its minute: another version was there
    /// before it.
    fn into_delivery(self) -> Result<(Delivery, bool), QueryError> {
        let version = (!self.kind_name.is_empty()).then(|| self.version()).transpose()?;
        let (version, concerns) = version.unzip();
        let may_be_second =
            concerns == Some(true) && self.outcome_name != StoredOutcome::New.as_str();
        let delivery = Delivery {
            cursor: Cursor {
                stored_at: self.stored_millis,
                partition: self.origin_partition,
                offset: self.origin_offset,
            },
            received: Timestamp::from_millis(self.received_millis),
            rejection: version.is_none().then_some((self.reason_name, self.detail)),
            outcome: self.outcome_name,
            patient: self.patient,
            version,
        };
        Ok((delivery, may_be_second))
    }

    /// The version, and whether it may be one of two measurements of its minute.
    fn version(&self) -> Result<(DeliveredVersion, bool), QueryError> {
        let patient =
            PatientId::parse(&self.patient).map_err(|_| QueryError::NotUnderstood("patient"))?;
        let kind = Kind::parse(&self.kind_name).ok_or(QueryError::NotUnderstood("kind"))?;
        let observed = Timestamp::from_seconds(self.observed_seconds);
        let source = SourceDigest::of_written(&self.written_source);
        let update_time = Timestamp::from_millis(self.updated_millis);
        let received = Timestamp::from_millis(self.received_millis);
        let said = said(kind, self.in_error, &self.data_input_name);
        let mut warnings = Warning::of_row(&self.written_warnings);
        warnings.extend(Warning::of_times(said, (observed, update_time), received));
        let version = DeliveredVersion {
            id: ReadingId::new(patient, kind, observed, source),
            update_time,
            entered_in_error: self.in_error,
            warnings,
        };
        Ok((version, same_minute::concerns(said, observed)))
    }
}
