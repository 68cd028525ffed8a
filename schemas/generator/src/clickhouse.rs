//! The table of a kind and the view of its current readings, as a migration of its own.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::declaration::{FIRST, Field, Form, Kind};
use crate::migrations::{FOLDER, GENERATED, Migration};

/// The migrations of the kinds that have one of their own, with their statements.
pub fn migrations(kinds: &[Kind]) -> Vec<(Migration, String)> {
    let own = kinds.iter().filter(|kind| kind.migration > FIRST);
    own.map(|kind| {
        let (number, name) = (kind.migration, kind.name.clone());
        (Migration { number, name, is_generated: true }, statements(kind))
    })
    .collect()
}

/// The file names of all migrations in their order: of those that are there, and of these.
///
/// # Errors
/// When numbers are not from 1 without a gap, or a generated one is of no kind.
pub fn names(here: &[Migration], own: &[(Migration, String)]) -> Result<Vec<String>, String> {
    let mut all: BTreeSet<&Migration> = own.iter().map(|(migration, _)| migration).collect();
    for migration in here {
        if migration.is_generated && !all.contains(migration) {
            return Err(format!(
                "{FOLDER}/{}.sql is the table of no kind that is declared: delete it",
                migration.file_name()
            ));
        }
        all.insert(migration);
    }
    for (number, migration) in (1..).zip(&all) {
        if migration.number != number {
            return Err(format!(
                "{FOLDER}/{}.sql is not the migration {number}; where it has not landed, give it \
                 another number, or delete it if it is generated",
                migration.file_name()
            ));
        }
    }
    Ok(all.into_iter().map(Migration::file_name).collect())
}

/// The file `schemas/src/migrations/generated.rs`.
pub fn code(names: &[String]) -> String {
    let mut out = String::from(
        "use super::Migration;\n/// Every migration, in order.\npub const MIGRATIONS: &[Migration] = &[\n",
    );
    for (index, name) in names.iter().enumerate() {
        let _ = writeln!(
            out,
            "Migration {{ number: {}, name: {name:?}, sql: include_str!(\"../../clickhouse/{name}.sql\") }},",
            index + 1
        );
    }
    out + "];\n"
}

/// The migration that gave every table its columns `source_id` and `model_number`.
const SOURCE_ID: u32 = 8;

/// The migration that made the table `deliveries`, and the views that fill it for the kinds of that time.
const DELIVERIES: u32 = 11;

/// The migration that made the table `touched_hours`, and the views that fill it for the kinds of that time.
const TOUCHED_HOURS: u32 = 13;

/// The migration that gave every table its column `warnings`, and `deliveries` too.
const WARNINGS: u32 = 14;

/// The migration that gave `deliveries` its column `data_input`.
const DELIVERED_DATA_INPUT: u32 = 15;

const WARNINGS_COLUMN: &str = "    warnings           LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule',
";

const SENT_SOURCE_COLUMN: &str = "    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
";

const SOURCE_COLUMNS: &str = "    source             LowCardinality(String) COMMENT 'manufacturer||serial, or lab|test_lab_id',
    source_id          LowCardinality(String) COMMENT 'what the source is known by: the same, normalised',
    model_number       LowCardinality(String) COMMENT 'as sent; not part of what a source is known by',
";

fn statements(kind: &Kind) -> String {
    let name = &kind.name;
    let mut columns = String::new();
    // A field that came later has its column by a migration of its own.
    for field in kind.field.iter().filter(|field| !field.is_added(kind)) {
        let _ = writeln!(columns, "    {:<18} {},", field.name, column(field));
    }
    // The tables from before have these two by a migration of their own.
    let (source_columns, identity) = if kind.migration > SOURCE_ID {
        (SOURCE_COLUMNS, "source_id")
    } else {
        (SENT_SOURCE_COLUMN, "source")
    };
    let has_warnings = kind.migration > WARNINGS;
    let warnings = if has_warnings { WARNINGS_COLUMN } else { "" };
    let deliveries = if kind.migration > DELIVERIES { deliveries(kind) } else { String::new() };
    let touched = if kind.migration > TOUCHED_HOURS { touched_hours(name) } else { String::new() };
    format!(
        "{GENERATED}{name}.toml; do not edit.
CREATE TABLE IF NOT EXISTS {name}
(
    patient            String COMMENT 'consortium_id/person_id',
{source_columns}    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest is current' CODEC(ZSTD(1)),
    entered_in_error   Bool COMMENT 'this version says that there is no reading',
{columns}    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
{warnings}    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS current_{name} AS
SELECT *
FROM
(
    SELECT * FROM {name} ORDER BY version DESC LIMIT 1 BY patient, {identity}, observation_time
)
WHERE NOT entered_in_error;
{deliveries}{touched}"
    )
}

/// The view that marks the hours whose aggregates have to be computed anew. A kind of which nothing is
/// aggregated may do without; with it the marks are read and nothing comes of them.
fn touched_hours(name: &str) -> String {
    format!(
        "
CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_{name} TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, '{name}' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM {name}
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;
"
    )
}

/// The view that copies what vendors may ask about into the table `deliveries`.
fn deliveries(kind: &Kind) -> String {
    let name = &kind.name;
    let warnings = if kind.migration > WARNINGS { ", warnings" } else { "" };
    let has_data_input = kind.migration > DELIVERED_DATA_INPUT;
    let data_input = if has_data_input { "toString(data_input) AS data_input, " } else { "" };
    format!(
        "
CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_{name} TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    '{name}' AS kind, observation_time, source_id, update_time, entered_in_error,
    {data_input}toString(outcome) AS outcome{warnings}
FROM {name}
WHERE vendor != '';
"
    )
}

fn column(field: &Field) -> String {
    let mut comment = field.doc.replace('\'', "\\'");
    if let Some(unit) = &field.unit {
        let _ = write!(comment, ", {unit}");
    }
    if let Some(absent) = field.absent {
        let _ = write!(comment, ", {absent} where not measured");
    }
    let column = match field.form {
        Form::Code => {
            let mut values: Vec<String> = field
                .codes
                .iter()
                .map(|code| format!("'{}' = {}", code.symbol, code.stored()))
                .collect();
            if !field.required {
                values.insert(0, "'' = -1".to_owned());
            }
            format!("Enum8({})", values.join(", "))
        }
        _ => field.column.clone(),
    };
    if field.form == Form::Flag {
        comment.push_str(": 1 yes, 0 no, -1 not said");
    }
    format!("{column} COMMENT '{comment}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(number: u32, name: &str, is_generated: bool) -> Migration {
        Migration { number, name: name.to_owned(), is_generated }
    }

    #[test]
    fn the_table_of_a_kind_that_is_not_declared_is_refused() {
        let (readings, rate) = (migration(1, "readings", false), migration(2, "rate", true));
        let own = [(rate.clone(), String::new())];
        let here = [readings.clone(), rate.clone()];
        assert_eq!(names(&here, &own), Ok(vec!["0001_readings".into(), "0002_rate".into()]));
        let refused = names(&here, &[]).unwrap_err();
        assert!(refused.contains("0002_rate.sql is the table of no kind"), "{refused}");
        let twice = names(&[readings, rate, migration(3, "rate", true)], &own).unwrap_err();
        assert!(twice.contains("0003_rate.sql is the table of no kind"), "{twice}");
    }

    #[test]
    fn two_migrations_of_one_number_are_refused() {
        let here = [migration(1, "readings", false), migration(1, "alerts", false)];
        let refused = names(&here, &[]).unwrap_err();
        assert!(refused.contains("0001_readings.sql is not the migration 2"), "{refused}");
    }
}
