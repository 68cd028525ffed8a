//! The two calls of the schema registry's interface that are needed.

use std::time::Duration;

use serde::Deserialize;

/// The schema registry does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No answer, or one that says try again.
    #[error(
        "the schema registry does not answer ({0}); check SCHEMA_REGISTRY_URL and that it runs"
    )]
    Unavailable(String),
    /// An answer that will not change by asking again.
    #[error("the schema registry refuses: {0}")]
    Refused(String),
}

impl RegistryError {
    /// Whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

#[derive(Debug)]
pub(crate) struct SchemaRegistry {
    url: String,
    timeout: Duration,
}

#[derive(Deserialize)]
struct Registered {
    id: u32,
}

#[derive(Deserialize)]
struct Stored {
    schema: String,
}

impl SchemaRegistry {
    pub(crate) fn new(url: &str) -> Result<Self, RegistryError> {
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(RegistryError::Refused(format!(
                "SCHEMA_REGISTRY_URL must begin with http:// or https://, not {url:?}"
            )));
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), timeout: Duration::from_secs(10) })
    }

    /// The id of a schema under a subject, registered if new.
    pub(crate) fn register(&self, subject: &str, schema: &str) -> Result<u32, RegistryError> {
        let url = format!("{}/subjects/{subject}/versions", self.url);
        let body = serde_json::json!({ "schema": schema });
        let answer = self.call(|client| client.post(&url).json(&body))?;
        let status = answer.status;
        if status != 200 {
            return Err(RegistryError::Refused(format!("status {status} for subject {subject}")));
        }
        let registered: Registered = answer.parse()?;
        Ok(registered.id)
    }

    /// The schema of an id; none where the registry has no such id.
    pub(crate) fn schema(&self, id: u32) -> Result<Option<String>, RegistryError> {
        let url = format!("{}/schemas/ids/{id}", self.url);
        let answer = self.call(|client| client.get(&url))?;
        match answer.status {
            200 => Ok(Some(answer.parse::<Stored>()?.schema)),
            404 => Ok(None),
            status => Err(RegistryError::Refused(format!("status {status} for schema id {id}"))),
        }
    }

    /// Asks on a thread of its own: the blocking client must not be used, nor even dropped, on a
    /// thread of an asynchronous runtime, and callers may be on one.
    fn call(
        &self,
        request: impl FnOnce(&reqwest::blocking::Client) -> reqwest::blocking::RequestBuilder + Send,
    ) -> Result<Answer, RegistryError> {
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| -> Result<Answer, reqwest::Error> {
                let client = reqwest::blocking::Client::builder().timeout(self.timeout).build()?;
                let response = request(&client).send()?;
                Ok(Answer { status: response.status().as_u16(), body: response.bytes()?.to_vec() })
            });
            match asking.join() {
                Ok(Ok(answer)) if answer.status >= 500 || answer.status == 429 => {
                    Err(RegistryError::Unavailable(format!("status {}", answer.status)))
                }
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(RegistryError::Unavailable(error.to_string())),
                Err(_) => Err(RegistryError::Unavailable("its client panicked".to_owned())),
            }
        })
    }
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, RegistryError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            RegistryError::Refused(format!("its answer is not understood: {error}"))
        })
    }
}
