//! How the platform uses ClickHouse: the client made of a deployment's settings, questions that are
//! answered in time, and what of ClickHouse's errors may be reported. No medical word, and no SQL.

mod error;

use std::time::Duration;

use chassis::ClickHouseArgs;
use clickhouse::Client;
use clickhouse::error::Error;

pub use error::{QueryError, exception_code};

/// A client that works in the deployment's database. ClickHouse need not be reachable yet; in its logs of
/// queries the service stands as `product`.
#[must_use]
pub fn client(clickhouse: &ClickHouseArgs, product: &str) -> Client {
    server(clickhouse, product).with_database(&clickhouse.clickhouse_database)
}

/// A client that works in no database: the deployment's may not be there yet.
#[must_use]
pub fn server(clickhouse: &ClickHouseArgs, product: &str) -> Client {
    let mut client = Client::default()
        .with_url(&clickhouse.clickhouse_url)
        .with_product_info(product, env!("CARGO_PKG_VERSION"));
    if let Some(user) = &clickhouse.clickhouse_user {
        client = client.with_user(user);
    }
    if let Some(password) = &clickhouse.clickhouse_password {
        client = client.with_password(password.expose());
    }
    client
}

/// What is asked, or that it timed out after `deadline`.
///
/// # Errors
/// [`Error::TimedOut`], and those of what is asked.
pub async fn within<T>(
    deadline: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(deadline, asked).await.unwrap_or(Err(Error::TimedOut))
}
