//! Aggregates of hours for tests: rows of the table as the writer leaves them.

use clickhouse::Client;
use clinical::Kind;

/// Rows of hours that are computed at one time. Each is of a number from 0 on, which SQL calls `number`.
#[derive(Clone, Copy)]
pub(super) struct Hours<'a> {
    pub(super) kind: Kind,
    /// The patient, as SQL.
    pub(super) patient: &'a str,
    /// The hour in seconds since the epoch, as SQL.
    pub(super) hour: &'a str,
    /// The computation of the greatest time is current.
    pub(super) computed_at: i64,
    /// What `v` is in the values, as SQL.
    pub(super) value: &'a str,
    /// Field, method, values, values in the mean, sum, lowest, highest, seconds in bands, as SQL.
    pub(super) values: &'a str,
    /// How many rows.
    pub(super) rows: u64,
}

/// An hour of sensor and finger-stick.
pub(super) const GLUCOSE: Hours<'static> = Hours {
    kind: Kind::BloodGlucose,
    patient: "'A/1'",
    hour: "0",
    computed_at: 1_000,
    value: "100",
    values: "['glucose_value', 'glucose_value'], ['continuous_sensor', 'finger_stick'], [12, 1], \
             [11, 1], [11 * v, v], [40, v], [180, v], [300, 0, 3300, 0, 0]",
    rows: 1,
};

/// An hour of one measurement of blood pressure.
pub(super) const PRESSURES: Hours<'static> = Hours {
    kind: Kind::BloodPressure,
    values: "['systolic', 'diastolic'], ['', ''], [1, 1], [1, 1], [v, v - 50], [v, v - 50], \
             [v, v - 50], []",
    ..GLUCOSE
};

/// The values of an hour that has none any more.
pub(super) const NONE: &str = "[], [], [], [], [], [], [], []";

pub(super) async fn insert(client: &Client, hours: Hours<'_>) {
    let Hours { kind, patient, hour, computed_at, value, values, rows } = hours;
    let sql = format!(
        "INSERT INTO hourly_aggregates (patient, kind, hour, computed_at, field, method, value_count, \
         mean_count, sum, lowest, highest, band_seconds) \
         WITH {value} AS v SELECT {patient}, '{kind}', {hour}, {computed_at}, {values} FROM numbers({rows})"
    );
    client.query_raw(&sql).execute().await.unwrap();
}
