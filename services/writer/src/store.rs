//! ClickHouse as the writer uses it.

use std::time::Duration;

use bytes::Bytes;
use chassis::ClickHouseArgs;
use clickhouse::Client;
use clickhouse::query::Query;

use crate::batch::deduplication_token;
use crate::columns::Shape;
use crate::faults::StoreError;
use crate::tables::Table;

const PRODUCT: &str = "mimamori-writer";

/// A client that works in the database.
pub fn client(clickhouse: &ClickHouseArgs) -> Client {
    ::store::client(clickhouse, PRODUCT)
}

/// A client that works in no database yet.
pub(crate) fn server(clickhouse: &ClickHouseArgs) -> Client {
    ::store::server(clickhouse, PRODUCT)
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
        // reach far back, and a limit on the months in one insert would stop them. A batch that is
        // tried again, because the views on its table had failed, fills them then.
        let client = client
            .with_setting("async_insert", "0")
            .with_setting("deduplicate_blocks_in_dependent_materialized_views", "1")
            .with_setting("max_partitions_per_insert_block", "0");
        Self { client, timeout }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Runs a statement that may take longer than what else is asked. The server ends it when it is no
    /// longer waited for: what is tried again would else be done several times at once.
    ///
    /// # Errors
    /// It failed, or [`StoreError::TimedOut`].
    pub async fn execute_within(
        &self,
        longest: Duration,
        statement: Query,
    ) -> Result<(), StoreError> {
        let statement = statement.with_setting("max_execution_time", ends_after(longest));
        Ok(::store::within(longest, statement.execute()).await?)
    }

    /// Bounds anything asked of ClickHouse.
    ///
    /// # Errors
    /// What was asked failed, or [`StoreError::TimedOut`].
    pub async fn bounded<T>(
        &self,
        asked: impl Future<Output = clickhouse::error::Result<T>>,
    ) -> Result<T, StoreError> {
        Ok(::store::within(self.timeout, asked).await?)
    }
}

/// Seconds after which the server ends what nobody waits for. 0 would be no limit.
fn ends_after(longest: Duration) -> String {
    longest.as_secs().max(1).to_string()
}

/// Pieces in which rows are handed to the connection.
const PIECE: usize = 1 << 20;

impl Inserter for Store {
    async fn insert(&self, table: Table, shape: &Shape, rows: Bytes) -> Result<(), StoreError> {
        let token = deduplication_token(table, &rows);
        // What is not waited for any more must not be stored later all the same: the gateway counts
        // on it that an insert ends within this time, whoever reads the answer.
        let mut insert = self
            .client
            .insert_formatted_with(shape.insert_statement(table.name()))
            .with_setting("insert_deduplication_token", token)
            .with_setting("max_execution_time", ends_after(self.timeout));
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

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::rows::Row;
    use crate::rows::samples::{place, weight};

    /// A store that nobody serves yet.
    async fn store() -> (TcpListener, Store) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = client(&ClickHouseArgs::local(&url, "mimamori"));
        (listener, Store::new(client, Duration::from_secs(30)))
    }

    /// The first line of what is asked. Closing the connection is the answer.
    async fn asked(listener: TcpListener) -> String {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    #[tokio::test]
    async fn the_server_ends_an_insert_when_it_is_no_longer_waited_for() {
        let (listener, store) = store().await;
        let row = Row::Reading(weight(61.0));
        let shape = row.shape(place(0)).unwrap();
        let insert = store.insert(row.table(), &shape, Bytes::from_static(b"a row"));
        let (asked, inserted) = tokio::join!(asked(listener), insert);
        assert!(asked.contains("max_execution_time=30"), "{asked}");
        assert_eq!(inserted, Err(StoreError::Unreachable));
    }

    #[tokio::test]
    async fn the_server_ends_a_long_statement_when_it_is_no_longer_waited_for() {
        let (listener, store) = store().await;
        let statement = store.client().query("INSERT INTO there SELECT * FROM here");
        let executed = store.execute_within(Duration::from_secs(600), statement);
        let (asked, executed) = tokio::join!(asked(listener), executed);
        assert!(asked.contains("max_execution_time=600"), "{asked}");
        assert_eq!(executed, Err(StoreError::Unreachable));
    }
}
