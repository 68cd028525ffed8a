//! The newest reading of each kind of each of a physician's patients that is counted: by the time by which
//! it was measured for certain, so that a clock that is ahead hides nothing, and no copy of another, as on
//! the patient's page.
//!
//! Most patients sent something within days, and to find that ClickHouse reads one or two months;
//! the whole past is read only for kinds and patients of whom nothing recent came. What the newest may be a
//! copy of is asked for only where a second source has said something near it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use clinical::copies::COPY_WITHIN;
use clinical::{Kind, Span, Timestamp};
use schemas::validation::CLOCK_TOLERANCE;

use crate::model::Reading;
use crate::queries::current::{self, CurrentRow, newest_first};
use crate::queries::readings::bound;
use crate::queries::{PATIENTS_AT_ONCE, Store, StoreError, copies};

/// What counts as recent.
const RECENT: Span = Span::from_days(8);

/// So far back from the newest reading one is looked for that is counted. Of two sources it is at most two
/// minutes away, and two minutes more are what it may be a copy of itself; of each further source two more.
const NEAR: Span = Span::from_minutes(10);

/// So many readings of a kind and a patient are looked at for it: those of two sources that measure each
/// second for two minutes.
const MOST_NEAR: usize = 250;

/// Current readings by patient and kind, the newest first.
type Found = BTreeMap<(String, Kind), Vec<Reading>>;

/// What is asked about a kind.
#[derive(Default)]
struct Asked<'a> {
    patients: Vec<&'a str>,
    /// From when on, of each patient, where that is not one time for all.
    from: Vec<u32>,
}

impl Store {
    /// The newest reading of each kind that is counted, by patient. Patients without any are left out.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn latest_readings(
        &self,
        patients: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<HashMap<String, Vec<Reading>>, StoreError> {
        let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
        let recent = now - RECENT;
        let mut latest: HashMap<String, Vec<Reading>> = HashMap::new();
        for patients in patients.chunks(PATIENTS_AT_ONCE) {
            let ask = |kind, patients| (kind, Asked { patients, from: Vec::new() });
            let all = Kind::ALL.map(|kind| ask(kind, patients.to_vec()));
            let mut newest = self.gather(all, recent, of_two_sources).await?;
            let missing = Kind::ALL.map(|kind| {
                let is_missing =
                    |patient: &&str| !newest.contains_key(&((*patient).to_owned(), kind));
                ask(kind, patients.iter().copied().filter(is_missing).collect())
            });
            let older = self.gather(missing, Timestamp::from_seconds(0), of_two_sources).await?;
            newest.extend(older);
            let counted = self.counted(&newest, recent).await?;
            newest.extend(counted);
            for ((patient, _), readings) in newest {
                latest.entry(patient).or_default().extend(readings.into_iter().next());
            }
        }
        Ok(latest)
    }

    /// In the place of the newest readings that may be copies, the newest ones that are counted. Where all
    /// that is near is copies, the newest, which says that it is one.
    async fn counted(&self, newest: &Found, recent: Timestamp) -> Result<Found, StoreError> {
        let mut asked: BTreeMap<Kind, Asked<'_>> = BTreeMap::new();
        let mut since = Timestamp::LATEST;
        for ((patient, kind), readings) in newest {
            if let Some(begin) = looked_at_from(readings, recent) {
                since = since.min(begin);
                let of_kind = asked.entry(*kind).or_default();
                of_kind.patients.push(patient);
                of_kind.from.push(bound(begin));
            }
        }
        let mut counted = self.gather(asked, since, of_each_from_a_time).await?;
        for readings in counted.values_mut() {
            copies::mark(readings, Vec::new());
            let place = readings.iter().position(|reading| reading.copy_of.is_none());
            readings.swap(0, place.unwrap_or(0));
        }
        Ok(counted)
    }

    async fn gather<'a>(
        &self,
        asked: impl IntoIterator<Item = (Kind, Asked<'a>)>,
        since: Timestamp,
        sql: fn(Kind) -> String,
    ) -> Result<Found, StoreError> {
        let is_asked = |(_, asked): &(Kind, Asked<'_>)| !asked.patients.is_empty();
        let asked: Vec<_> = asked.into_iter().filter(is_asked).collect();
        if asked.is_empty() {
            return Ok(Found::new());
        }
        let each: Vec<String> = asked.iter().map(|(kind, _)| sql(*kind)).collect();
        let mut query = self.client.query(&each.join(" UNION ALL ")).param("since", bound(since));
        for (kind, asked) in &asked {
            query = query.param(&patients_of(*kind), &asked.patients);
            if !asked.from.is_empty() {
                query = query.param(&from_of(*kind), &asked.from);
            }
        }
        let mut rows: Vec<CurrentRow> = self.ask("latest_readings", query.fetch_all()).await?;
        // The answers about several kinds come in any order.
        rows.sort_by(|one, other| other.age_order().cmp(&one.age_order()));
        let mut found = Found::new();
        for row in rows {
            let patient = row.patient.clone();
            let reading = row.into_reading()?;
            found.entry((patient, reading.measurement.kind)).or_default().push(reading);
        }
        Ok(found)
    }
}

/// From when on is to be looked at whether the newest reading is a copy, given those of the two sources that
/// said something last; none where no other source said anything near it.
fn looked_at_from(newest: &[Reading], recent: Timestamp) -> Option<Timestamp> {
    let by = |reading: &Reading| reading.observed_at.at().min(reading.received_at.at());
    let first = newest.first()?;
    // What a clock said that was ahead, by no more than is accepted, was measured before it.
    let near = by(first) - NEAR - CLOCK_TOLERANCE;
    let is_near_another = newest.get(1).is_some_and(|other| by(other) >= near);
    // What it may be a copy of may be just before what was asked for.
    let is_first_of_recent = by(first) >= recent && by(first) < recent + COPY_WITHIN;
    (is_near_another || is_first_of_recent).then(|| by(first) - NEAR)
}

fn patients_of(kind: Kind) -> String {
    format!("patients_of_{kind}")
}

fn from_of(kind: Kind) -> String {
    format!("from_of_{kind}")
}

/// The newest readings of the two sources that said something last, of each patient.
fn of_two_sources(kind: Kind) -> String {
    let condition = format!(
        "patient IN {{{}:Array(String)}} AND observation_time >= toDateTime({{since:UInt32}}, 'UTC')",
        patients_of(kind)
    );
    let newest_first = newest_first();
    format!(
        "SELECT * FROM (SELECT * FROM ({}) {newest_first} LIMIT 1 BY patient, written_source) \
         {newest_first} LIMIT 2 BY patient",
        current::readings(kind, &condition)
    )
}

/// The newest readings from a time on, which is each patient's own.
fn of_each_from_a_time(kind: Kind) -> String {
    let patients = patients_of(kind);
    let condition = format!(
        "patient IN {{{patients}:Array(String)}} \
         AND observation_time >= toDateTime({{since:UInt32}}, 'UTC') \
         AND toUnixTimestamp(observation_time) >= \
         transform(patient, {{{patients}:Array(String)}}, {{{}:Array(UInt32)}}, toUInt32(0))",
        from_of(kind)
    );
    format!(
        "SELECT * FROM ({}) {} LIMIT {MOST_NEAR} BY patient",
        current::readings(kind, &condition),
        newest_first()
    )
}
