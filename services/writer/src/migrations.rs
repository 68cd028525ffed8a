//! Brings the tables to the shape that this version writes.

use std::time::Duration;

use chassis::ClickHouseArgs;
use schemas::migrations::{MIGRATIONS, Migration};
use xxhash_rust::xxh3::xxh3_64;

use crate::faults::StoreError;
use crate::store::{self, Store};

/// Creates the database and applies the migrations that it lacks, in order. What was applied is in
/// its table `schema_migrations`.
///
/// Several writers may do this at once: every statement of a migration changes nothing when it is
/// repeated, a migration that is noted twice is noted once after a merge, and a writer that is
/// behind goes on when a statement fails in a migration that another writer has noted.
///
/// # Errors
/// When ClickHouse cannot be reached, does not answer, or refuses a statement. What was applied
/// before stays.
pub async fn apply(clickhouse: &ClickHouseArgs, timeout: Duration) -> Result<(), StoreError> {
    apply_each(MIGRATIONS, clickhouse, timeout).await
}

/// Applies these migrations, which are the first ones.
pub(crate) async fn apply_each(
    migrations: &[Migration],
    clickhouse: &ClickHouseArgs,
    timeout: Duration,
) -> Result<(), StoreError> {
    let server = Store::new(store::server(clickhouse), timeout);
    let create = format!("CREATE DATABASE IF NOT EXISTS {}", clickhouse.clickhouse_database);
    server.bounded(server.client().query(&create).execute()).await?;

    let store = Store::new(store::client(clickhouse), timeout);
    execute(&store, APPLIED).await?;
    let query = "SELECT number, max(digest) FROM schema_migrations GROUP BY number";
    let applied: Vec<(u32, u64)> = store.bounded(store.client().query(query).fetch_all()).await?;
    for migration in migrations {
        let digest = xxh3_64(migration.sql.as_bytes());
        match applied.iter().find(|(number, _)| *number == migration.number) {
            None => match run(&store, migration, digest).await {
                Ok(()) => {}
                // Where two writers apply them at once, one may be past a later migration, which
                // this one's statements know nothing of.
                Err(error) if is_noted(&store, migration).await? => tracing::info!(
                    migration = migration.name,
                    "another writer has applied this migration meanwhile: {error}"
                ),
                Err(error) => return Err(error),
            },
            Some((_, known)) if *known != digest => tracing::warn!(
                migration = migration.name,
                "this migration was applied in another wording; what it says now is not applied"
            ),
            Some(_) => {}
        }
    }
    Ok(())
}

const APPLIED: &str = "CREATE TABLE IF NOT EXISTS schema_migrations \
    (number UInt32, name String, digest UInt64, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) \
    ENGINE = ReplacingMergeTree ORDER BY number";

async fn run(store: &Store, migration: &Migration, digest: u64) -> Result<(), StoreError> {
    for statement in migration.statements() {
        execute(store, statement).await?;
    }
    let Migration { number, name, .. } = migration;
    let note = format!(
        "INSERT INTO schema_migrations (number, name, digest) VALUES ({number}, '{name}', {digest})"
    );
    execute(store, &note).await?;
    tracing::info!(migration = name, "applied");
    Ok(())
}

/// Whether a migration is noted as applied.
async fn is_noted(store: &Store, migration: &Migration) -> Result<bool, StoreError> {
    let query = "SELECT count() > 0 FROM schema_migrations WHERE number = ?";
    let asked = store.client().query(query).bind(migration.number).fetch_one();
    store.bounded(asked).await
}

async fn execute(store: &Store, statement: &str) -> Result<(), StoreError> {
    // Not `query`, which would take a question mark in a comment for a parameter.
    store.bounded(store.client().query_raw(statement).execute()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_without_a_gap() {
        for (migration, number) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.number, number);
            assert!(migration.name.starts_with(&format!("{number:04}_")), "{}", migration.name);
        }
    }

    #[test]
    fn every_statement_may_be_repeated() {
        for statement in MIGRATIONS.iter().flat_map(Migration::statements) {
            let code = statement
                .lines()
                .filter(|line| !line.trim_start().starts_with("--"))
                .collect::<Vec<_>>()
                .join("\n");
            let repeatable = code.contains("IF NOT EXISTS")
                || code.contains("IF EXISTS")
                || code.starts_with("CREATE OR REPLACE")
                || code.contains("MODIFY SETTING")
                || code.contains("MODIFY QUERY");
            assert!(repeatable, "running this twice is an error:\n{statement}");
        }
    }
}
