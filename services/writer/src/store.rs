//! ClickHouse as the writer uses it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use clickhouse::Client;

use crate::batch::deduplication_token;
use crate::columns::Shape;
use crate::faults::StoreError;
use crate::tables::Table;

/// How to reach ClickHouse.
#[derive(Clone, clap::Args)]
pub struct ClickHouseArgs {
    /// Address of ClickHouse's HTTP interface, such as http://localhost:8123
    #[arg(long, env = "CLICKHOUSE_URL", value_name = "URL")]
    pub clickhouse_url: String,

    /// Database of the tables; created if missing
    #[arg(
        long,
        env = "MIMAMORI_CLICKHOUSE_DATABASE",
        value_name = "NAME",
        default_value = "mimamori",
        value_parser = database_name
    )]
    pub clickhouse_database: String,

    /// User; ClickHouse's default user where none is given
    #[arg(long, env = "MIMAMORI_CLICKHOUSE_USER", value_name = "NAME")]
    pub clickhouse_user: Option<String>,

    /// Password of the user
    #[arg(
        long,
        env = "MIMAMORI_CLICKHOUSE_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub clickhouse_password: Option<String>,
}

fn database_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !text.is_empty()
        && text.chars().all(plain)
        && !text.starts_with(|c: char| c.is_ascii_digit())
    {
        Ok(text.to_owned())
    } else {
        Err("a database name has letters, digits and underscores, and no digit first".to_owned())
    }
}

impl fmt::Debug for ClickHouseArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClickHouseArgs")
            .field("clickhouse_url", &self.clickhouse_url)
            .field("clickhouse_database", &self.clickhouse_database)
            .field("clickhouse_user", &self.clickhouse_user)
            .finish_non_exhaustive()
    }
}

impl ClickHouseArgs {
    /// A client that works in the database.
    pub fn client(&self) -> Client {
        self.server().with_database(&self.clickhouse_database)
    }

    /// A client that works in no database yet.
    pub(crate) fn server(&self) -> Client {
        let mut client = Client::default()
            .with_url(self.clickhouse_url.trim_end_matches('/'))
            .with_product_info("mimamori-writer", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &self.clickhouse_user {
            client = client.with_user(user);
        }
        if let Some(password) = &self.clickhouse_password {
            client = client.with_password(password);
        }
        client
    }
}

/// Takes rows of a table.
pub trait Inserter: Send + Sync + 'static {
    /// Inserts rows (in RowBinary, columns as in `shape`), all or none.
    ///
    /// # Errors
    /// When they were not inserted, or it is not known whether they were.
    fn insert(
        &self,
        table: Table,
        shape: &Shape,
        rows: Bytes,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether the table is as rows of the shape are written.
    ///
    /// # Errors
    /// [`StoreError::OtherShape`] when it is not, and others when it cannot be asked.
    fn check(
        &self,
        table: Table,
        shape: &Shape,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The tables in ClickHouse.
#[derive(Clone)]
pub struct Store {
    client: Client,
    timeout: Duration,
}

impl Store {
    /// The tables of a client's database. Nothing is waited for longer than `timeout`.
    pub fn new(client: Client, timeout: Duration) -> Self {
        // The rows are a batch already and must be safe when ClickHouse answers; late uploads may
        // reach far back, and a limit on the months in one insert would stop them.
        let client = client
            .with_setting("async_insert", "0")
            .with_setting("max_partitions_per_insert_block", "0");
        Self { client, timeout }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Bounds anything asked of ClickHouse.
    ///
    /// # Errors
    /// What was asked failed, or [`StoreError::TimedOut`].
    pub async fn bounded<T>(
        &self,
        asked: impl Future<Output = clickhouse::error::Result<T>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(answer) => answer.map_err(StoreError::from),
            Err(_) => Err(StoreError::TimedOut),
        }
    }
}

/// Pieces in which rows are handed to the connection.
const PIECE: usize = 1 << 20;

impl Inserter for Store {
    async fn insert(&self, table: Table, shape: &Shape, rows: Bytes) -> Result<(), StoreError> {
        let token = deduplication_token(table, &rows);
        let mut insert = self
            .client
            .insert_formatted_with(shape.insert_statement(table.name()))
            .with_setting("insert_deduplication_token", token);
        self.bounded(async {
            let mut rest = rows;
            while !rest.is_empty() {
                insert.send(rest.split_to(PIECE.min(rest.len()))).await?;
            }
            insert.end().await
        })
        .await
    }

    async fn check(&self, table: Table, shape: &Shape) -> Result<(), StoreError> {
        let columns: Vec<(String, String)> = self
            .bounded(
                self.client
                    .query(&format!(
                        "SELECT name, type FROM system.columns \
                         WHERE database = currentDatabase() AND table = '{table}'"
                    ))
                    .fetch_all(),
            )
            .await?;
        if columns.is_empty() {
            return Err(StoreError::Exception { code: 60 });
        }
        match shape.difference(&columns) {
            None => Ok(()),
            Some(difference) => {
                Err(StoreError::OtherShape { table: table.name().to_owned(), difference })
            }
        }
    }
}
