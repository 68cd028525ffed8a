//! The table of a kind and the view of its current readings, as a migration of its own; and the columns of
//! fields that came to a kind later, as further ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::declaration::{FIRST, Field, Form, Kind};
use crate::migrations::{FOLDER, GENERATED, Migration};

/// The migrations of the kinds that have one of their own and of fields that came later, with their
/// statements; `here` are those that are there.
pub fn migrations(kinds: &[Kind], here: &[Migration]) -> Vec<(Migration, String)> {
    let with_own = kinds.iter().filter(|kind| kind.migration > FIRST);
    let mut own: Vec<_> = with_own
        .map(|kind| (generated(kind.migration, kind.name.clone()), statements(kind)))
        .collect();
    let numbers = here.iter().chain(own.iter().map(|(migration, _)| migration));
    let mut last = numbers.map(|migration| migration.number).max().unwrap_or(FIRST);
    for kind in kinds {
        for (since, fields) in added_fields(kind, here) {
            let name = format!("{}_fields_{since}", kind.name);
            let known = here.iter().find(|it| it.is_generated && it.name == name);
            let number = known.map_or(last + 1, |migration| migration.number);
            last = last.max(number);
            own.push((generated(number, name), columns_statements(kind, &fields)));
        }
    }
    own
}

fn generated(number: u32, name: String) -> Migration {
    Migration { number, name, is_generated: true, added: BTreeSet::new() }
}

/// The fields that came to a kind later, by the version of the schema `reading` that has them first:
/// without those whose column a migration adds that was written by hand.
fn added_fields<'k>(kind: &'k Kind, here: &[Migration]) -> BTreeMap<u32, Vec<&'k Field>> {
    let mut added: BTreeMap<u32, Vec<&Field>> = BTreeMap::new();
    for field in kind.field.iter().filter(|field| field.is_added(kind)) {
        let column = (kind.name.clone(), field.name.clone());
        if !here.iter().any(|migration| migration.added.contains(&column)) {
            added.entry(field.since).or_default().push(field);
        }
    }
    added
}

/// The columns of fields that came later, and the view that says them too: what `SELECT *` stands for is
/// settled when a view is made. Rows from before say that the value is absent.
fn columns_statements(kind: &Kind, fields: &[&Field]) -> String {
    let name = &kind.name;
    let mut columns: Vec<String> = Vec::new();
    for field in fields {
        let before = kind.field.iter().take_while(|other| other.number < field.number).last();
        let after = before.map(|before| format!(" AFTER {}", before.name)).unwrap_or_default();
        columns.push(format!(
            "    ADD COLUMN IF NOT EXISTS {} {}{after}",
            field.name,
            column(field, default_of(field))
        ));
    }
    let (columns, view) = (columns.join(",\n"), current_view(kind, "CREATE OR REPLACE VIEW"));
    format!(
        "{GENERATED}{name}.toml; do not edit.
ALTER TABLE {name}
{columns};

{view}"
    )
}

/// What the column of a field says of rows from before the field, where that is not the type's own.
fn default_of(field: &Field) -> Option<String> {
    match field.form {
        Form::Code => Some("''".to_owned()),
        Form::Flag => Some("-1".to_owned()),
        _ => field.absent.map(|absent| absent.to_string()),
    }
}

/// The view of a kind's current readings: as tables have been since migration 8.
fn current_view(kind: &Kind, create: &str) -> String {
    let name = &kind.name;
    let (all, identity) = if kind.migration > SOURCE_ID {
        ("*", "source_id")
    } else if create == "CREATE VIEW IF NOT EXISTS" {
        ("*", "source")
    } else {
        ("* EXCEPT (source_id) REPLACE (source_id AS source)", "source_id")
    };
    format!(
        "{create} current_{name} AS
SELECT {all}
FROM
(
    SELECT * FROM {name} ORDER BY version DESC LIMIT 1 BY patient, {identity}, observation_time
)
WHERE NOT entered_in_error;
"
    )
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
                "{FOLDER}/{}.sql is of no kind or field that is declared: delete it",
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
        let _ = writeln!(columns, "    {:<18} {},", field.name, column(field, None));
    }
    // The tables from before have these two by a migration of their own.
    let source_columns =
        if kind.migration > SOURCE_ID { SOURCE_COLUMNS } else { SENT_SOURCE_COLUMN };
    let has_warnings = kind.migration > WARNINGS;
    let warnings = if has_warnings { WARNINGS_COLUMN } else { "" };
    let deliveries = if kind.migration > DELIVERIES { deliveries(kind) } else { String::new() };
    let touched = if kind.migration > TOUCHED_HOURS { touched_hours(name) } else { String::new() };
    let view = current_view(kind, "CREATE VIEW IF NOT EXISTS");
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

{view}{deliveries}{touched}"
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

/// A field's column, with its default where one is given.
fn column(field: &Field, default: Option<String>) -> String {
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
    let default = default.map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
    format!("{column}{default} COMMENT '{comment}'")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::declaration;
    use crate::migrations::read;

    fn migration(number: u32, name: &str, is_generated: bool) -> Migration {
        Migration { number, name: name.to_owned(), is_generated, added: BTreeSet::new() }
    }

    #[test]
    fn the_table_of_a_kind_that_is_not_declared_is_refused() {
        let (readings, rate) = (migration(1, "readings", false), migration(2, "rate", true));
        let own = [(rate.clone(), String::new())];
        let here = [readings.clone(), rate.clone()];
        assert_eq!(names(&here, &own), Ok(vec!["0001_readings".into(), "0002_rate".into()]));
        let refused = names(&here, &[]).unwrap_err();
        assert!(refused.contains("0002_rate.sql is of no kind or field"), "{refused}");
        let twice = names(&[readings, rate, migration(3, "rate", true)], &own).unwrap_err();
        assert!(twice.contains("0003_rate.sql is of no kind or field"), "{twice}");
    }

    #[test]
    fn a_field_that_came_later_has_a_migration_that_keeps_its_number() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let (mut kinds, here) = (declaration::read(root).unwrap(), read(root).unwrap());
        let before = migrations(&kinds, &here);
        let kind = kinds.iter_mut().find(|kind| kind.name == "blood_pressure").unwrap();
        let mut flag = kind.field.iter().find(|field| field.form == Form::Flag).unwrap().clone();
        flag.name = "cuff_loose".to_owned();
        flag.number = kind.field.iter().map(|field| field.number).max().unwrap() + 1;
        flag.since = u32::MAX;
        kind.field.push(flag);
        let with = migrations(&kinds, &here);
        let (added, statements) = with.iter().find(|own| !before.contains(own)).unwrap();
        let last = here.iter().map(|migration| migration.number).max().unwrap();
        assert_eq!(added.number, last + 1);
        assert!(statements.contains("ALTER TABLE blood_pressure\n"), "{statements}");
        assert!(statements.contains("cuff_loose Int8 DEFAULT -1 COMMENT"), "{statements}");
        assert!(statements.contains("CREATE OR REPLACE VIEW current_blood_pressure"));
        // Made anew, also after others have come.
        let later = migration(last + 2, "other", false);
        let again: Vec<_> = here.iter().cloned().chain([added.clone(), later]).collect();
        assert_eq!(migrations(&kinds, &again), with);
    }

    #[test]
    fn two_migrations_of_one_number_are_refused() {
        let here = [migration(1, "readings", false), migration(1, "alerts", false)];
        let refused = names(&here, &[]).unwrap_err();
        assert!(refused.contains("0001_readings.sql is not the migration 2"), "{refused}");
    }
}
