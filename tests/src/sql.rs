//! Asking the store.

use serde_json::Value;

use crate::stack::Stack;

impl Stack {
    /// The rows of a query.
    ///
    /// # Errors
    /// What ClickHouse says instead, also that a table is not there yet.
    pub fn try_sql(&self, query: &str) -> Result<Vec<Value>, String> {
        let answer = self
            .http
            .post(format!(
                "{}/?database={}&default_format=JSONEachRow",
                self.clickhouse, self.database
            ))
            .body(query.to_owned())
            .send()
            .map_err(|error| error.to_string())?;
        let status = answer.status();
        let text = answer.text().map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{status}: {text}"));
        }
        Ok(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// The rows of a query.
    #[track_caller]
    pub fn sql(&self, query: &str) -> Vec<Value> {
        self.try_sql(query).unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// The one number of a query.
    ///
    /// # Errors
    /// What ClickHouse says instead.
    pub fn number(&self, query: &str) -> Result<u64, String> {
        let rows = self.try_sql(&format!("SELECT toUInt64(({query})) AS number"))?;
        let number = &rows.first().ok_or("no row")?["number"];
        let as_text = || number.as_str().and_then(|text| text.parse().ok());
        number.as_u64().or_else(as_text).ok_or_else(|| format!("{number} is no number"))
    }
}
