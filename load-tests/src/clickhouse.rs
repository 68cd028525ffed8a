//! Statements for the stage's ClickHouse, by its HTTP interface.

use anyhow::Context;
use bytes::Bytes;
use reqwest::Url;

use crate::stage::Stage;

/// Executes a statement.
///
/// # Errors
/// When ClickHouse refuses.
pub fn execute(stage: &Stage, statement: &str) -> anyhow::Result<()> {
    ask(stage, &[], Bytes::from(statement.to_owned())).map(|_| ())
}

/// The answer to a query, as text.
///
/// # Errors
/// When ClickHouse refuses.
pub fn text(stage: &Stage, query: &str) -> anyhow::Result<String> {
    Ok(String::from_utf8(ask(stage, &[("query", query)], Bytes::new())?.into())?)
}

/// The answer to a request with parameters of the URL and a body.
///
/// # Errors
/// When ClickHouse refuses.
pub fn ask(stage: &Stage, parameters: &[(&str, &str)], body: Bytes) -> anyhow::Result<Bytes> {
    let url = Url::parse_with_params(&stage.clickhouse_url(), parameters)?;
    let answer = stage.http().post(url).body(body).send().context("ClickHouse does not answer")?;
    let status = answer.status();
    let bytes = answer.bytes()?;
    anyhow::ensure!(status.is_success(), "refused: {}", String::from_utf8_lossy(&bytes));
    Ok(bytes)
}
